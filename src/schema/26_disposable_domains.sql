-- Domains that hand out throw-away addresses to anybody. Services that forward
-- mail to a person's own mailbox are not among them.

INSERT INTO @extschema@.rf_disposable_domain (domain, builtin)
SELECT listed.domain, true
FROM pg_catalog.regexp_split_to_table('
0-mail.com 10minutemail.co.uk 10minutemail.com 10minutemail.de 10minutemail.net 1chuan.com
1secmail.com 1secmail.net 1secmail.org 20minutemail.com 20minutemail.it 2prong.com
30minutemail.com 3d-painting.com 4warding.com 60minutemail.com 675hosting.com 6url.com
75hosting.com 9ox.net a-bc.net abyssmail.com afrobacon.com agedmail.com amilegit.com anonbox.net
anonymbox.com antichef.com antichef.net antispam.de armyspy.com azmeil.tk baxomale.ht.cx
beefmilk.com bigprofessor.so binkmail.com bio-muesli.net bobmail.info bofthew.com bouncr.com
brefmail.com broadbandninja.com bsnow.net bugmenot.com bumpymail.com burnermail.io byom.de
casualdx.com centermail.com chacuo.net chammy.info correo.blogos.net cosmorph.com
courrieltemporaire.com crazymailing.com cubiclink.com curryworld.de cust.in cuvox.de
dacoolest.com dandikmail.com dayrep.com deadaddress.com deadspam.com despam.it despammed.com
devnullmail.com discard.email discardmail.com discardmail.de disposableaddress.com
disposableemailaddresses.com disposableinbox.com dispose.it disposeamail.com disposemail.com
dispostable.com dodgeit.com dodgit.com dodgit.org donemail.ru dontreg.com dontsendmespam.de
drdrb.com dropmail.me dump-email.info dumpandjunk.com dumpmail.de dumpyemail.com
easytrashmail.com einrot.com email60.com emailias.com emailigo.de emailinfive.com emaillime.com
emailmiser.com emailondeck.com emailsensei.com emailtemporar.ro emailtemporario.com.br
emailthe.net emailtmp.com emailto.de emailwarden.com emailx.at.hm emailxfer.com emltmp.com
emz.net enterto.com ephemail.net etranquil.com etranquil.net evopo.com explodemail.com
fakeinbox.com fakeinformation.com fakemail.fr fakemailgenerator.com fakemailz.com fammix.com
fastacura.com fastmazda.com filzmail.com fizmail.com fleckens.hu flyspam.com frapmail.com
friendlymail.co.uk fudgerub.com garliclife.com get1mail.com get2mail.fr getairmail.com
getmails.eu getnada.com getonemail.com getonemail.net girlsundertheinfluence.com gishpuppy.com
goemailgo.com gotmail.net gotmail.org gowikibooks.com great-host.in greensloth.com grr.la
gsrv.co.uk guerillamail.biz guerillamail.com guerillamail.net guerillamail.org guerrillamail.biz
guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org
guerrillamailblock.com gustr.com haltospam.com harakirimail.com hatespam.org hidemail.de
hidzz.com hmamail.com hochsitze.com hulapla.de ieatspam.eu ieatspam.info imails.info imgof.com
inbax.tk inboxalias.com inboxbear.com inboxclean.com inboxclean.org inboxkitten.com
incognitomail.com incognitomail.net incognitomail.org insorg-mail.info instant-mail.de ipoo.org
irish2me.com iwi.net jetable.com jetable.net jetable.org jnxjn.com jourrapide.com junk1e.com
kasmail.com kaspop.com killmail.com killmail.net klassmaster.com klzlk.com koszmail.pl
kurzepost.de lawlita.com letthemeatspam.com lhsdv.com lifebyfood.com link2mail.net litedrop.com
lookugly.com lortemail.dk lr78.com lroid.com luxusmail.org mail-filter.com mail-temporaire.com
mail-temporaire.fr mail.tm mail4trash.com mailbidon.com mailblocks.com mailbucket.org
mailcat.biz mailcatch.com maildrop.cc maildx.com maileater.com mailed.ro mailexpire.com
mailfa.tk mailforspam.com mailfree.ga mailfreeonline.com mailguard.me mailimate.com mailin8r.com
mailinater.com mailinator.com mailinator.net mailinator.org mailinator2.com mailincubator.com
mailismagic.com mailmate.com mailmetrash.com mailmoat.com mailna.co mailnator.com mailnesia.com
mailnull.com mailpick.biz mailpoof.com mailquack.com mailrock.biz mailsac.com mailscrap.com
mailseal.de mailshell.com mailsiphon.com mailslapping.com mailslite.com mailtemp.info
mailtothis.com mailzilla.com mailzilla.org makemetheking.com manybrain.com mbx.cc mega.zik.dj
meinspamschutz.de meltmail.com messagebeamer.de mezimages.net mintemail.com moakt.cc moakt.com
moakt.ws mohmal.com mohmal.in monumentmail.com mt2009.com mt2014.com mvrht.com mycleaninbox.net
mypartyclip.de myphantomemail.com myspaceinc.com mytemp.email mytempemail.com mytrashmail.com
nada.email nepwk.com nervmich.net nervtmich.net netmails.com netmails.net netzidiot.de
neverbox.com nice-4u.com nmail.cf no-spam.ws nobulk.com noclickemail.com nogmailspam.info
nomail.xl.cx nomail2me.com nomorespamemails.com nospam.ze.tc nospam4.us nospamfor.us
notmailinator.com nowhere.org nowmymail.com nurfuerspam.de nwldx.com objectmail.com obobbo.com
oneoffemail.com onewaymail.com ordinaryamerican.net otherinbox.com ovpn.to owlpic.com
pancakemail.com pjjkp.com plexolan.de politikerclub.de poofy.org pookmail.com privy-mail.com
proxymail.eu prtnx.com punkass.com putthisinyourspamdatabase.com quickinbox.com rcpt.at
reallymymail.com recode.me recursor.net regbypass.com rejectmail.com rhyta.com rklips.com
rmqkr.net rppkn.com rtrtr.com s0ny.net safersignup.de safetymail.info safetypost.de sandelf.de
saynotospams.com selfdestructingmail.com sendspamhere.com sharklasers.com shiftmail.com
shitmail.me shortmail.net sinnlos-mail.de siteposter.net skeefmail.com slaskpost.se slipry.net
slopsbox.com smashmail.de smellfear.com snakemail.com snkmail.com sofimail.com sofort-mail.de
sogetthis.com solvemail.info soodonims.com spam.la spam.su spam4.me spamavert.com spambob.com
spambob.net spambob.org spambog.com spambog.de spambog.ru spambox.info spambox.us spamcannon.com
spamcannon.net spamcero.com spamcon.org spamcorptastic.com spamcowboy.com spamcowboy.net
spamcowboy.org spamday.com spamfree24.com spamfree24.de spamfree24.eu spamfree24.info
spamfree24.net spamfree24.org spamgoes.in spamherelots.com spamhereplease.com spamhole.com
spamify.com spaminator.de spamkill.info spaml.com spaml.de spammotel.com spamobox.com spamoff.de
spamslicer.com spamspot.com spamstack.net spamthis.co.uk spamthisplease.com spamtrail.com
spamtroll.net speed.1s.fr spoofmail.de squizzy.de startkeys.com stinkefinger.net stuffmail.de
superrito.com suremail.info talkinator.com teewars.org teleworm.com teleworm.us temp-mail.io
temp-mail.org temp-mail.ru tempail.com tempalias.com tempe-mail.com tempemail.biz
tempemail.co.za tempemail.com tempemail.net tempinbox.co.uk tempinbox.com tempmail.com
tempmail.de tempmail.eu tempmail.it tempmail.ninja tempmail.plus tempmail2.com tempmaildemo.com
tempmailer.com tempmailer.de tempomail.fr temporarily.de temporarioemail.com.br
temporaryemail.net temporaryemail.us temporaryforwarding.com temporaryinbox.com
temporarymailaddress.com tempr.email tempthe.net tempymail.com thanksnospam.info
thankyou2010.com thisisnotmyrealemail.com throam.com throwam.com throwawayemailaddress.com
throwawaymail.com tilien.com tittbit.in tmail.ws tmailinator.com tmpmail.net tmpmail.org
toiea.com toomail.biz tradermail.info trash-amil.com trash-mail.at trash-mail.com trash-mail.de
trash2009.com trashdevil.com trashdevil.de trashemail.de trashmail.at trashmail.com trashmail.de
trashmail.me trashmail.net trashmail.org trashmail.ws trashmailer.com trashymail.com
trashymail.net trbvm.com trillianpro.com turual.com twinmail.de tyldd.com uggsrock.com
upliftnow.com uplipht.com venompen.com veryrealemail.com viditag.com vomoto.com vsimcard.com
walala.org walkmail.net webemail.me webm4il.info wegwerf-emails.de wegwerfadresse.de
wegwerfemail.com wegwerfemail.de wegwerfmail.de wegwerfmail.info wegwerfmail.net wegwerfmail.org
wh4f.org whatpaas.com whyspam.me wilemail.com willselfdestruct.com winemaven.info wronghead.com
wuzup.net wuzupmail.net xagloo.com xemaps.com xents.com xmaily.com xoxy.net yep.it yogamaven.com
yopmail.com yopmail.fr yopmail.net you-spam.com yuurok.com zehnminutenmail.de zippymail.info
zoaxe.com zoemail.org zomg.info
', '[[:space:]]+') AS listed (domain)
WHERE listed.domain <> '';

CREATE TRIGGER rf_disposable_domain_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_disposable_domain
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_disposable_domain_valid();
-- A dump leaves out what came with the extension, so it would come back.
CREATE TRIGGER rf_disposable_domain_rows_kept
BEFORE DELETE OR UPDATE OF domain ON @extschema@.rf_disposable_domain
FOR EACH ROW WHEN (OLD.builtin)
EXECUTE FUNCTION @extschema@.rf_rows_kept('It came with the extension: set disposable to false instead.');
CREATE TRIGGER rf_disposable_domain_all_kept
BEFORE TRUNCATE ON @extschema@.rf_disposable_domain
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Domains are deleted one by one; set disposable to false for those that came with the extension.');
