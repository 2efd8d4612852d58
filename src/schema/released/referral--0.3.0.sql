-- Complain if the script is sourced in psql rather than by CREATE EXTENSION.
\echo Use "CREATE EXTENSION referral" to load this file. \quit
-- Campaigns: one self-contained referral programme each.

-- No table of ours has a foreign key. A parallel restore loads the tables of an
-- extension in any order, with their constraints in place, and would fail on
-- them. Instead new rows are checked when they come (restored ones are known by
-- created_at, see fresh.h), and what others refer to is kept by the triggers
-- rf_..._kept, which lock out the writers of the referring table first.

-- What a later version builds is refused today, never ignored. The arguments
-- name columns that must be null, or column=value pairs that must not occur.
CREATE FUNCTION @extschema@.rf_refuse_unbuilt() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_refuse_unbuilt() IS
'trigger: raises feature_not_supported (0A000) for columns or values whose behaviour this version does not have';

-- The caches of campaigns, rules and webhooks that every backend keeps learn
-- of changes through this trigger: row changes raise no message by themselves.
CREATE FUNCTION @extschema@.rf_programme_changed() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_programme_changed() IS
'trigger: invalidates what every backend caches of campaigns, rules and webhooks';

CREATE FUNCTION @extschema@.rf_rows_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rows_kept() IS
'trigger: refuses to delete rows or to change what others know them by; its argument is the hint';
CREATE FUNCTION @extschema@.rf_writers_locked_out() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_writers_locked_out() IS
'trigger: locks the tables that refer to rows about to be deleted, or count by what is about to change';
CREATE FUNCTION @extschema@.rf_campaign_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_kept() IS
'trigger: a campaign with people, rules or webhooks cannot be deleted';
CREATE FUNCTION @extschema@.rf_campaign_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_valid() IS
'trigger: the currency of a campaign is one of ISO 4217; a new one gets its home';

CREATE TABLE @extschema@.rf_campaign (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	slug text COLLATE "C" NOT NULL UNIQUE
		CHECK (slug ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 1024),
	tenant text,
	state text NOT NULL DEFAULT 'live'
		CHECK (state IN ('draft', 'live', 'paused', 'ended')),
	starts_at timestamptz,
	ends_at timestamptz,
	landing_url text
		CHECK (octet_length(landing_url) <= 2048),
	fallback_url text
		CHECK (octet_length(fallback_url) <= 2048),
	qualify_within interval
		CHECK (qualify_within > interval '0' AND qualify_within <= interval '100 years'),
	min_spend numeric
		CHECK (min_spend > 0 AND min_spend < 'Infinity'),
	currency text
		CHECK (currency ~ '^[A-Z]{3}$'),
	on_unqualify text NOT NULL DEFAULT 'cancel_due'
		CHECK (on_unqualify IN ('cancel_due', 'keep', 'clawback')),
	max_referrals integer
		CHECK (max_referrals > 0),
	code_prefix text
		CHECK (code_prefix ~ '^[A-Za-z0-9-]{1,16}$'),
	code_length integer NOT NULL DEFAULT 8
		CHECK (code_length BETWEEN 6 AND 32),
	created_at timestamptz NOT NULL DEFAULT now(),
	home bigint NOT NULL,
	CONSTRAINT rf_campaign_starts_ends_check
		CHECK (ends_at > starts_at),
	CONSTRAINT rf_campaign_min_spend_currency_check
		CHECK (min_spend IS NULL OR currency IS NOT NULL)
);

COMMENT ON TABLE @extschema@.rf_campaign IS
'referral campaigns: people, rules, limits and dates of one programme';
COMMENT ON COLUMN @extschema@.rf_campaign.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_campaign.slug IS
'short unique name by which functions find the campaign';
COMMENT ON COLUMN @extschema@.rf_campaign.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_campaign.tenant IS
'free text for applications that serve several customers';
COMMENT ON COLUMN @extschema@.rf_campaign.state IS
'draft: neither joins nor qualifications; live: both; paused: qualifications only; ended: neither';
COMMENT ON COLUMN @extschema@.rf_campaign.starts_at IS
'first instant at which the campaign is open; null: always was';
COMMENT ON COLUMN @extschema@.rf_campaign.ends_at IS
'first instant at which it is over; null: never';
COMMENT ON COLUMN @extschema@.rf_campaign.landing_url IS
'where links lead: {code} is replaced by the code, else ?ref=CODE or &ref=CODE is appended';
COMMENT ON COLUMN @extschema@.rf_campaign.fallback_url IS
'where links of a closed campaign lead';
COMMENT ON COLUMN @extschema@.rf_campaign.qualify_within IS
'an invited person qualifies at t with joined_at <= t < joined_at + qualify_within; null: at any time';
COMMENT ON COLUMN @extschema@.rf_campaign.min_spend IS
'net spend, in currency and within the window, at which an invited person qualifies by themselves; null: spend does not qualify';
COMMENT ON COLUMN @extschema@.rf_campaign.currency IS
'ISO 4217 currency of min_spend and of all purchases; null: purchases in any currency';
COMMENT ON COLUMN @extschema@.rf_campaign.on_unqualify IS
'cancel_due: rewards not yet issued are cancelled, issued ones stay; keep: all stay; clawback: issued ones are clawed back too';
COMMENT ON COLUMN @extschema@.rf_campaign.max_referrals IS
'most people one referrer may invite; null: no limit';
COMMENT ON COLUMN @extschema@.rf_campaign.code_prefix IS
'put before every generated code';
COMMENT ON COLUMN @extschema@.rf_campaign.code_length IS
'characters of a generated code after its prefix';
COMMENT ON COLUMN @extschema@.rf_campaign.created_at IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_campaign.home IS
'home (rf_home) in which it was created; set by the engine';

CREATE TRIGGER rf_campaign_valid
BEFORE INSERT OR UPDATE OF currency ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_valid();
CREATE TRIGGER rf_campaign_kept
BEFORE DELETE ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_kept();
CREATE TRIGGER rf_campaign_writers_locked_out
BEFORE DELETE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_writers_locked_out();
CREATE TRIGGER rf_campaign_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Campaigns without people are deleted one by one; others end by their state.');
CREATE TRIGGER rf_campaign_id_kept
BEFORE UPDATE OF id ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('People, rules and webhooks refer to it.');
CREATE TRIGGER rf_campaign_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
-- Participants: the people of a campaign, and who brought whom.

CREATE TABLE @extschema@.rf_participant (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	email text NOT NULL
		CHECK (octet_length(email) BETWEEN 3 AND 320),
	name text
		CHECK (octet_length(name) <= 1024),
	referred_by text,
	source text
		CHECK (octet_length(source) BETWEEN 1 AND 255),
	ip inet,
	meta jsonb NOT NULL DEFAULT '{}'
		CHECK (jsonb_typeof(meta) = 'object'),
	code text COLLATE "C" NOT NULL,
	joined_at timestamptz NOT NULL,
	email_key text COLLATE "C" NOT NULL,
	code_key text COLLATE "C" NOT NULL UNIQUE,
	referrer_id bigint,
	state text NOT NULL
		CHECK (state IN ('active', 'pending', 'qualified', 'held', 'blocked', 'expired')),
	qualified_at timestamptz,
	invited_count integer NOT NULL
		CHECK (invited_count >= 0),
	qualified_count integer NOT NULL
		CHECK (qualified_count >= 0),
	signals text[],
	review text,
	erased_at timestamptz,
	UNIQUE (campaign_id, email_key),
	CHECK (referrer_id <> id),
	CHECK (state IN ('held', 'blocked') OR (state = 'active') = (referrer_id IS NULL)),
	CHECK ((state = 'qualified') = (qualified_at IS NOT NULL) OR state IN ('held', 'blocked'))
) WITH (fillfactor = 85);

-- No index has the state in it or in its condition: changes of state stay HOT.
CREATE INDEX rf_participant_referrer_idx ON @extschema@.rf_participant (referrer_id, joined_at)
	WHERE referrer_id IS NOT NULL;

COMMENT ON TABLE @extschema@.rf_participant IS
'the people of a campaign; insert here, or COPY, or call rf_join';
COMMENT ON COLUMN @extschema@.rf_participant.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.campaign_id IS
'the campaign joined; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.email IS
'as given, without surrounding spaces; unique in the campaign without regard to case';
COMMENT ON COLUMN @extschema@.rf_participant.name IS
'the person''s name, at most 1024 bytes';
COMMENT ON COLUMN @extschema@.rf_participant.referred_by IS
'code of the person who invited this one, as given; null: joined on their own; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.source IS
'Direct, Referred, Api, Added, Import, Widget, Popup, Embed, Test or any other text; null becomes Referred with a referrer, else Api';
COMMENT ON COLUMN @extschema@.rf_participant.ip IS
'address from which the person joined, without netmask; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.meta IS
'what the application wants to keep: a JSON object, part of every payload';
COMMENT ON COLUMN @extschema@.rf_participant.code IS
'the person''s own code as shown; generated when null; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.joined_at IS
'when the person joined; imports may set it; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.email_key IS
'lower(email COLLATE "C"); set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.code_key IS
'code in capitals without dashes, unique in the database; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.referrer_id IS
'participant whose code was used; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.state IS
'active: joined on their own; pending, qualified, expired: invited; held: counts only after rf_release; blocked: counts for nothing; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.qualified_at IS
'when the invited person qualified; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.invited_count IS
'people this one invited that are pending, qualified or expired now; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.qualified_count IS
'people this one invited that are qualified now; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.signals IS
'signals of fraud that fired when the person joined; null: none; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.review IS
'the reason that rf_block was told; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.erased_at IS
'when the person was made anonymous by rf_erase; set by the engine';

-- How many days there are: without, each person would be thought to have a day of
-- their own, and neither hashing nor parallel workers would be considered.
CREATE STATISTICS @extschema@.rf_participant_days
	ON ((joined_at AT TIME ZONE 'UTC')::date), ((qualified_at AT TIME ZONE 'UTC')::date)
	FROM @extschema@.rf_participant;
COMMENT ON STATISTICS @extschema@.rf_participant_days IS
'days on which people join and qualify, for rf_daily_stats';

CREATE FUNCTION @extschema@.rf_participant_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_participant_admit() IS
'trigger: checks who wants to join and fills the engine''s columns';
CREATE FUNCTION @extschema@.rf_participant_joined() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_participant_joined() IS
'trigger: counts, rewards and events of all people who joined in one statement';
CREATE FUNCTION @extschema@.rf_participant_fixed() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_participant_fixed() IS
'trigger: keeps what is fixed after the insert, checks what may change, and keeps email_key true to email';

CREATE TRIGGER rf_participant_admit
BEFORE INSERT ON @extschema@.rf_participant
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_participant_admit();
CREATE TRIGGER rf_participant_joined
AFTER INSERT ON @extschema@.rf_participant
REFERENCING NEW TABLE AS joined
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_participant_joined();
CREATE TRIGGER rf_participant_fixed
BEFORE UPDATE OF id, campaign_id, email, name, source, meta, referred_by, ip, code, joined_at,
	email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count,
	signals, review, erased_at
ON @extschema@.rf_participant
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_participant_fixed();
CREATE TRIGGER rf_participant_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_participant
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_erase(participant_id) makes a person anonymous; a campaign ends by its state.');
-- What is looked for when somebody joins, and what it does to them.

CREATE TABLE @extschema@.rf_fraud_rule (
	campaign_id bigint NOT NULL,
	signal text NOT NULL
		CHECK (signal IN ('same_ip', 'plus_alias', 'disposable', 'velocity', 'duplicate_name', 'blocked_list')),
	action text NOT NULL
		CHECK (action IN ('allow', 'flag', 'hold', 'block')),
	threshold integer
		CHECK (threshold > 0),
	"within" interval
		CHECK ("within" > interval '0' AND "within" <= interval '100 years'),
	created_at timestamptz NOT NULL,
	PRIMARY KEY (campaign_id, signal),
	CONSTRAINT rf_fraud_rule_signal_terms_check
		CHECK (CASE signal
			WHEN 'velocity' THEN threshold IS NOT NULL AND "within" IS NOT NULL
			WHEN 'same_ip' THEN true
			ELSE threshold IS NULL AND "within" IS NULL
		END)
);

COMMENT ON TABLE @extschema@.rf_fraud_rule IS
'what a signal of fraud does to a person who joins; of several that fire the most severe action wins';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.campaign_id IS
'campaign the rule belongs to';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.signal IS
'same_ip: others came from that address; plus_alias: a +tag, or somebody''s mailbox written differently; disposable: a throw-away domain; velocity: too many of one referrer in a short time; duplicate_name: the name of the referrer or of another of their people; blocked_list: a row of rf_blocked';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.action IS
'allow and flag: only kept in the person''s signals; hold: counts after rf_release; block: counts for nothing';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.threshold IS
'how many others make the signal: same_ip (null: 1) and velocity';
COMMENT ON COLUMN @extschema@.rf_fraud_rule."within" IS
'how far back same_ip (null: ever) and velocity look';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.created_at IS
'set by the engine';

CREATE TRIGGER rf_fraud_rule_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_fraud_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
-- Fraud: the lists that its signals look up, and who may stand in them.

CREATE FUNCTION @extschema@.rf_mailbox(email text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_mailbox(text) IS
'the mailbox an e-mail address reaches: in small letters, without +tag, at Gmail without dots';

-- What the signals look up. Only addresses that are not their own mailbox are
-- in the second index, the others are found by email_key.
CREATE INDEX rf_participant_ip_idx ON @extschema@.rf_participant (campaign_id, ip, joined_at)
	WHERE ip IS NOT NULL;
CREATE INDEX rf_participant_mailbox_idx ON @extschema@.rf_participant
	(campaign_id, @extschema@.rf_mailbox(email_key))
	WHERE @extschema@.rf_mailbox(email_key) <> email_key;
-- Names as duplicate_name compares them, of the people of one referrer.
CREATE INDEX rf_participant_name_idx ON @extschema@.rf_participant
	(hashtextextended(lower(btrim(regexp_replace(name, '[[:space:]]+', ' ', 'g'))), referrer_id))
	WHERE referrer_id IS NOT NULL AND name IS NOT NULL;
-- Who is held has signals: found without a state in the index.
CREATE INDEX rf_participant_signals_idx ON @extschema@.rf_participant (referrer_id)
	WHERE signals IS NOT NULL;

CREATE TABLE @extschema@.rf_blocked (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint,
	email text COLLATE "C"
		CHECK (octet_length(email) <= 320 AND email ~ '^[^[:space:]]+@[^@[:space:]]+$'),
	domain text COLLATE "C"
		CHECK (octet_length(domain) <= 255 AND domain ~ '^[^@.[:space:]]+(\.[^@.[:space:]]+)*$'),
	network cidr,
	note text,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_blocked_one_check
		CHECK (num_nonnulls(email, domain, network) = 1)
);
CREATE INDEX rf_blocked_email_idx ON @extschema@.rf_blocked (email)
	WHERE email IS NOT NULL;
CREATE INDEX rf_blocked_domain_idx ON @extschema@.rf_blocked (domain)
	WHERE domain IS NOT NULL;
CREATE INDEX rf_blocked_network_idx ON @extschema@.rf_blocked USING spgist (network)
	WHERE network IS NOT NULL;

COMMENT ON TABLE @extschema@.rf_blocked IS
'who sets off the signal blocked_list; each row names an e-mail, a domain or a network';
COMMENT ON COLUMN @extschema@.rf_blocked.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_blocked.campaign_id IS
'only in this campaign; null: in all';
COMMENT ON COLUMN @extschema@.rf_blocked.email IS
'an e-mail address, also with a +tag (at Gmail with other dots); put into small letters';
COMMENT ON COLUMN @extschema@.rf_blocked.domain IS
'a domain of e-mail addresses and all those below it; put into small letters';
COMMENT ON COLUMN @extschema@.rf_blocked.network IS
'addresses from which people join';
COMMENT ON COLUMN @extschema@.rf_blocked.note IS
'why, for people to read';
COMMENT ON COLUMN @extschema@.rf_blocked.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_fraud_row_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fraud_row_valid() IS
'trigger: checks that the campaign of a new row exists, and puts addresses and domains into small letters';

CREATE TRIGGER rf_fraud_rule_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_fraud_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_fraud_row_valid();
CREATE TRIGGER rf_blocked_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_blocked
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_fraud_row_valid();

CREATE TABLE @extschema@.rf_disposable_domain (
	domain text COLLATE "C" PRIMARY KEY
		CHECK (octet_length(domain) <= 255 AND domain ~ '^[^@.[:space:]]+(\.[^@.[:space:]]+)*$'),
	disposable boolean NOT NULL DEFAULT true,
	builtin boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE @extschema@.rf_disposable_domain IS
'domains that hand out throw-away addresses; yours to extend';
COMMENT ON COLUMN @extschema@.rf_disposable_domain.domain IS
'the domain and all those below it; put into small letters';
COMMENT ON COLUMN @extschema@.rf_disposable_domain.disposable IS
'false: not disposable after all, whatever the domain above it is';
COMMENT ON COLUMN @extschema@.rf_disposable_domain.builtin IS
'true: came with the extension; set by the engine';

CREATE FUNCTION @extschema@.rf_disposable_domain_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_disposable_domain_valid() IS
'trigger: puts a domain into small letters; adding one that came with the extension changes that one';
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
-- The time in which invited people can qualify.

-- Apart from the people, so that no index there hangs on their state: it would
-- make every change of it, and of the counts, write to all their indexes.
CREATE TABLE @extschema@.rf_window (
	participant_id bigint PRIMARY KEY,
	ends_at timestamptz NOT NULL
);
CREATE INDEX rf_window_ends_idx ON @extschema@.rf_window (ends_at);

COMMENT ON TABLE @extschema@.rf_window IS
'who can still expire: people pending in a campaign with qualify_within; set by the engine';
COMMENT ON COLUMN @extschema@.rf_window.participant_id IS
'the invited person';
COMMENT ON COLUMN @extschema@.rf_window.ends_at IS
'joined_at + qualify_within';

CREATE FUNCTION @extschema@.rf_campaign_windows() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_windows() IS
'trigger: a new qualify_within is at once that of everybody who is pending';

CREATE TRIGGER rf_campaign_windows
AFTER UPDATE OF qualify_within ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_windows();
-- What is kept of people who were erased: that their codes are taken.

CREATE TABLE @extschema@.rf_erased_code (
	hash bytea PRIMARY KEY
		CHECK (octet_length(hash) = 32)
);

COMMENT ON TABLE @extschema@.rf_erased_code IS
'codes of people who were erased: nobody gets or uses them again';
COMMENT ON COLUMN @extschema@.rf_erased_code.hash IS
'SHA-256 of the code in capitals without dashes';
-- Reward rules, and the rewards they granted.

CREATE TABLE @extschema@.rf_reward_rule (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 1024),
	recipient text NOT NULL
		CHECK (recipient IN ('referrer', 'invited')),
	earned_on text NOT NULL
		CHECK (earned_on IN ('referrer_joins', 'invited_joins', 'invited_qualifies', 'purchase')),
	kind text NOT NULL DEFAULT 'standard'
		CHECK (kind IN ('standard', 'milestone', 'recurring')),
	every integer NOT NULL DEFAULT 1
		CHECK (every >= 1),
	metric text NOT NULL DEFAULT 'amount'
		CHECK (metric IN ('amount', 'commission', 'coupon', 'custom')),
	amount numeric
		CHECK (amount > 0 AND amount < 'Infinity'),
	unit text
		CHECK (octet_length(unit) BETWEEN 1 AND 64),
	percent numeric
		CHECK (percent > 0 AND percent <= 100),
	cap numeric
		CHECK (cap > 0 AND cap < 'Infinity'),
	pool text
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	hold interval NOT NULL DEFAULT '0'
		CHECK (hold BETWEEN interval '0' AND interval '100 years'),
	auto_issue boolean NOT NULL DEFAULT true,
	max_per_recipient integer
		CHECK (max_per_recipient > 0),
	max_total integer
		CHECK (max_total > 0),
	budget numeric
		CHECK (budget > 0 AND budget < 'Infinity'),
	period text NOT NULL DEFAULT 'ever'
		CHECK (period IN ('ever', 'day', 'week', 'month', 'year')),
	recur_every interval
		CHECK (recur_every BETWEEN interval '1 minute' AND interval '100 years'),
	recur_times integer
		CHECK (recur_times > 0),
	levels jsonb
		CHECK (jsonb_typeof(levels) = 'array'),
	condition jsonpath,
	active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_reward_rule_earned_on_kind_check
		CHECK (earned_on <> 'referrer_joins'
			OR (recipient = 'referrer' AND kind = 'standard' AND every = 1)),
	CONSTRAINT rf_reward_rule_recipient_kind_check
		CHECK ((kind <> 'milestone' AND every = 1)
			OR (recipient = 'referrer' AND earned_on IN ('invited_joins', 'invited_qualifies'))),
	CONSTRAINT rf_reward_rule_every_kind_check
		CHECK (kind = 'standard' OR every = 1),
	CONSTRAINT rf_reward_rule_metric_value_check
		CHECK (CASE metric
			WHEN 'commission' THEN percent IS NOT NULL AND kind <> 'milestone'
			WHEN 'coupon' THEN pool IS NOT NULL OR kind = 'milestone'
			ELSE (amount IS NOT NULL OR kind = 'milestone') AND unit IS NOT NULL
		END),
	CONSTRAINT rf_reward_rule_kind_recur_check
		CHECK ((kind = 'recurring') = (recur_every IS NOT NULL)),
	CONSTRAINT rf_reward_rule_recur_times_kind_check
		CHECK (recur_times IS NULL OR kind = 'recurring'),
	CONSTRAINT rf_reward_rule_kind_earned_on_check
		CHECK (kind <> 'recurring' OR earned_on = 'invited_qualifies'),
	CONSTRAINT rf_reward_rule_metric_columns_check
		CHECK (CASE metric
			WHEN 'commission' THEN amount IS NULL AND pool IS NULL
			WHEN 'coupon' THEN amount IS NULL AND unit IS NULL AND percent IS NULL AND cap IS NULL
			ELSE percent IS NULL AND cap IS NULL AND pool IS NULL
		END),
	CONSTRAINT rf_reward_rule_metric_earned_on_check
		CHECK (metric <> 'commission' OR earned_on IN ('invited_qualifies', 'purchase')),
	CONSTRAINT rf_reward_rule_budget_unit_check
		CHECK (budget IS NULL OR unit IS NOT NULL),
	CONSTRAINT rf_reward_rule_levels_kind_check
		CHECK (levels IS NULL OR (recipient = 'referrer' AND kind = 'standard' AND every = 1
			AND metric <> 'coupon'))
);

CREATE INDEX rf_reward_rule_campaign_idx ON @extschema@.rf_reward_rule (campaign_id);

COMMENT ON TABLE @extschema@.rf_reward_rule IS
'reward rules: who gets what, when';
COMMENT ON COLUMN @extschema@.rf_reward_rule.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_reward_rule.campaign_id IS
'campaign the rule belongs to';
COMMENT ON COLUMN @extschema@.rf_reward_rule.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recipient IS
'who is rewarded: the referrer or the invited person';
COMMENT ON COLUMN @extschema@.rf_reward_rule.earned_on IS
'what earns it: referrer_joins, invited_joins, invited_qualifies or purchase';
COMMENT ON COLUMN @extschema@.rf_reward_rule.kind IS
'standard: every so many; milestone: once at each threshold of rf_milestone; recurring: again and again over time';
COMMENT ON COLUMN @extschema@.rf_reward_rule.every IS
'standard rules: one reward for every so many people';
COMMENT ON COLUMN @extschema@.rf_reward_rule.metric IS
'amount: money; commission: percent of spend; coupon: a code from a pool; custom: a quantity of anything';
COMMENT ON COLUMN @extschema@.rf_reward_rule.amount IS
'value of one reward, in unit; milestones may have their own';
COMMENT ON COLUMN @extschema@.rf_reward_rule.unit IS
'ISO 4217 currency of an amount, free text of a custom reward; commission: only spend in that currency';
COMMENT ON COLUMN @extschema@.rf_reward_rule.percent IS
'commission in percent of spend';
COMMENT ON COLUMN @extschema@.rf_reward_rule.cap IS
'most that one commission may be, in its currency';
COMMENT ON COLUMN @extschema@.rf_reward_rule.pool IS
'pool from which coupons are handed out';
COMMENT ON COLUMN @extschema@.rf_reward_rule.hold IS
'time from what earned the reward until it is due';
COMMENT ON COLUMN @extschema@.rf_reward_rule.auto_issue IS
'true: a due reward is issued by itself; false: by rf_issue';
COMMENT ON COLUMN @extschema@.rf_reward_rule.max_per_recipient IS
'most rewards of this rule for one person in a period';
COMMENT ON COLUMN @extschema@.rf_reward_rule.max_total IS
'most rewards of this rule in a period';
COMMENT ON COLUMN @extschema@.rf_reward_rule.budget IS
'most that this rule may grant in a period, in its unit';
COMMENT ON COLUMN @extschema@.rf_reward_rule.period IS
'period of the limits, by the UTC calendar';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recur_every IS
'recurring rules: time between two rewards; the first comes with the qualification';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recur_times IS
'recurring rules: how many rewards at most; null: without end';
COMMENT ON COLUMN @extschema@.rf_reward_rule.levels IS
'JSON array of amounts (commission: percents): the first for the referrer''s referrer, the next one further up';
COMMENT ON COLUMN @extschema@.rf_reward_rule.condition IS
'jsonpath predicate on what happened, such as $.amount > 50 or $.meta.plan == "pro"; null: always';
COMMENT ON COLUMN @extschema@.rf_reward_rule.active IS
'false: grants nothing new';
COMMENT ON COLUMN @extschema@.rf_reward_rule.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_reward_rule_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_reward_rule_valid() IS
'trigger: checks a new rule or milestone against the rows it refers to and the currencies of ISO 4217';
CREATE FUNCTION @extschema@.rf_reward_rule_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_reward_rule_kept() IS
'trigger: a rule with grants cannot be deleted; one without takes its milestones along';

CREATE TRIGGER rf_reward_rule_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_valid();
CREATE TRIGGER rf_reward_rule_kept
BEFORE DELETE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_kept();
CREATE TRIGGER rf_reward_rule_writers_locked_out
BEFORE DELETE OR UPDATE OF max_per_recipient, max_total, budget, period, unit ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_writers_locked_out();
CREATE TRIGGER rf_reward_rule_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Rules without grants are deleted one by one; others are made inactive.');
CREATE TRIGGER rf_reward_rule_id_kept
BEFORE UPDATE OF id, campaign_id ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Make a new rule in the other campaign.');
CREATE TRIGGER rf_reward_rule_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_milestone (
	rule_id bigint NOT NULL,
	threshold integer NOT NULL
		CHECK (threshold >= 1),
	amount numeric
		CHECK (amount > 0 AND amount < 'Infinity'),
	unit text
		CHECK (octet_length(unit) BETWEEN 1 AND 64),
	pool text
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	created_at timestamptz NOT NULL,
	PRIMARY KEY (rule_id, threshold)
);

COMMENT ON TABLE @extschema@.rf_milestone IS
'thresholds of a milestone rule, each granted once when the count crosses it';
COMMENT ON COLUMN @extschema@.rf_milestone.rule_id IS
'rule of kind milestone';
COMMENT ON COLUMN @extschema@.rf_milestone.threshold IS
'number of people at which it is granted';
COMMENT ON COLUMN @extschema@.rf_milestone.amount IS
'value; null: the rule''s';
COMMENT ON COLUMN @extschema@.rf_milestone.unit IS
'unit; null: the rule''s';
COMMENT ON COLUMN @extschema@.rf_milestone.pool IS
'coupon pool; null: the rule''s';
COMMENT ON COLUMN @extschema@.rf_milestone.created_at IS
'set by the engine';

CREATE TRIGGER rf_milestone_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_milestone
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_valid();
CREATE TRIGGER rf_milestone_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_milestone
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_reward (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	rule_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	subject_id bigint NOT NULL,
	ordinal integer,
	purchase_id bigint,
	n integer,
	generation integer NOT NULL DEFAULT 1,
	original_id bigint,
	metric text NOT NULL,
	amount numeric,
	unit text,
	coupon text,
	state text NOT NULL
		CHECK (state IN ('pending', 'due', 'issued', 'fulfilled', 'cancelled', 'rejected', 'failed', 'clawed_back')),
	reason text,
	reference text,
	earned_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	issued_at timestamptz,
	fulfilled_at timestamptz,
	changed_at timestamptz NOT NULL,
	pool text,
	level integer,
	spend_base numeric,
	percent numeric,
	cap numeric,
	last_purchase_id bigint,
	CHECK ((original_id IS NOT NULL) = (amount < 0) OR amount IS NULL)
) WITH (fillfactor = 90);

-- One live row for each grant: people counted one by one, and people counted in numbers.
CREATE UNIQUE INDEX rf_reward_subject_key ON @extschema@.rf_reward
	(subject_id, rule_id, participant_id, purchase_id, n) NULLS NOT DISTINCT
	WHERE ordinal IS NULL AND state NOT IN ('cancelled', 'clawed_back');
CREATE UNIQUE INDEX rf_reward_ordinal_key ON @extschema@.rf_reward
	(participant_id, rule_id, ordinal)
	WHERE ordinal IS NOT NULL AND state NOT IN ('cancelled', 'clawed_back');
-- What was taken back decides the generation of the next grant.
CREATE INDEX rf_reward_taken_back_idx ON @extschema@.rf_reward
	(participant_id, rule_id, subject_id, ordinal)
	WHERE state IN ('cancelled', 'clawed_back');
CREATE INDEX rf_reward_participant_idx ON @extschema@.rf_reward (participant_id);
-- What a rule granted in a period, where its limits are reckoned anew.
CREATE INDEX rf_reward_rule_idx ON @extschema@.rf_reward (rule_id, earned_at);
CREATE INDEX rf_reward_pending_idx ON @extschema@.rf_reward (due_at)
	WHERE state = 'pending';
-- What waits for coupons.
CREATE INDEX rf_reward_waiting_idx ON @extschema@.rf_reward (pool, earned_at, id)
	WHERE state = 'due' AND metric = 'coupon' AND coupon IS NULL AND reason IS NOT NULL;
CREATE INDEX rf_reward_original_idx ON @extschema@.rf_reward (original_id)
	WHERE original_id IS NOT NULL;
-- What waits for a decision is a small part of all rewards.
CREATE INDEX rf_reward_approval_idx ON @extschema@.rf_reward (due_at, id)
	WHERE state IN ('due', 'failed');

COMMENT ON TABLE @extschema@.rf_reward IS
'grants of rules to people, each with its own life; nothing is ever deleted';
COMMENT ON COLUMN @extschema@.rf_reward.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_reward.rule_id IS
'rule that granted it';
COMMENT ON COLUMN @extschema@.rf_reward.participant_id IS
'person who gets it';
COMMENT ON COLUMN @extschema@.rf_reward.subject_id IS
'person whose joining or qualifying earned it';
COMMENT ON COLUMN @extschema@.rf_reward.ordinal IS
'milestones: the threshold; every N: the how manieth; else null';
COMMENT ON COLUMN @extschema@.rf_reward.purchase_id IS
'purchase that earned it, if one did';
COMMENT ON COLUMN @extschema@.rf_reward.n IS
'recurring rewards: the how manieth';
COMMENT ON COLUMN @extschema@.rf_reward.generation IS
'1, or higher where the same grant was taken back before';
COMMENT ON COLUMN @extschema@.rf_reward.original_id IS
'reward that this negative row claws back';
COMMENT ON COLUMN @extschema@.rf_reward.metric IS
'the rule''s metric when it was granted';
COMMENT ON COLUMN @extschema@.rf_reward.amount IS
'value in unit, rounded to the currency''s minor unit; negative where clawed back';
COMMENT ON COLUMN @extschema@.rf_reward.unit IS
'ISO 4217 currency, or the unit of a custom reward';
COMMENT ON COLUMN @extschema@.rf_reward.coupon IS
'the coupon handed out';
COMMENT ON COLUMN @extschema@.rf_reward.state IS
'pending (held), due, issued, fulfilled; cancelled, rejected, failed, clawed_back';
COMMENT ON COLUMN @extschema@.rf_reward.reason IS
'why it was cancelled, rejected, failed or clawed back';
COMMENT ON COLUMN @extschema@.rf_reward.reference IS
'what rf_fulfill was told, such as the number of a payment';
COMMENT ON COLUMN @extschema@.rf_reward.earned_at IS
'when what earned it happened';
COMMENT ON COLUMN @extschema@.rf_reward.due_at IS
'end of its hold';
COMMENT ON COLUMN @extschema@.rf_reward.issued_at IS
'when it was issued';
COMMENT ON COLUMN @extschema@.rf_reward.fulfilled_at IS
'when it was fulfilled';
COMMENT ON COLUMN @extschema@.rf_reward.changed_at IS
'when its state last changed';
COMMENT ON COLUMN @extschema@.rf_reward.pool IS
'pool its coupon comes from';
COMMENT ON COLUMN @extschema@.rf_reward.level IS
'rules with levels: 2 for the referrer''s referrer, 3 for theirs; else null';
COMMENT ON COLUMN @extschema@.rf_reward.spend_base IS
'commissions: spend it is a percentage of; refunds lower it';
COMMENT ON COLUMN @extschema@.rf_reward.percent IS
'commissions: the rule''s percentage when it was granted';
COMMENT ON COLUMN @extschema@.rf_reward.cap IS
'commissions: the rule''s cap when it was granted';
COMMENT ON COLUMN @extschema@.rf_reward.last_purchase_id IS
'commissions: newest purchase in spend_base';

-- See rf_participant_days.
CREATE STATISTICS @extschema@.rf_reward_days
	ON ((earned_at AT TIME ZONE 'UTC')::date)
	FROM @extschema@.rf_reward;
COMMENT ON STATISTICS @extschema@.rf_reward_days IS
'days on which rewards are earned, for rf_daily_stats';

CREATE TRIGGER rf_reward_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_reward
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_cancel(reward) cancels a reward that was not issued.');


CREATE TABLE @extschema@.rf_idempotency (
	campaign_id bigint NOT NULL,
	function text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL
		CHECK (octet_length(key) BETWEEN 1 AND 255),
	arguments jsonb NOT NULL,
	answer jsonb,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (campaign_id, function, key)
);
CREATE INDEX rf_idempotency_created_idx ON @extschema@.rf_idempotency (created_at);

COMMENT ON TABLE @extschema@.rf_idempotency IS
'first answers to calls that carried an idempotency key';
COMMENT ON COLUMN @extschema@.rf_idempotency.campaign_id IS
'campaign of the call';
COMMENT ON COLUMN @extschema@.rf_idempotency.function IS
'function that was called';
COMMENT ON COLUMN @extschema@.rf_idempotency.key IS
'the caller''s key';
COMMENT ON COLUMN @extschema@.rf_idempotency.arguments IS
'arguments of the first call; other arguments under the same key are an error';
COMMENT ON COLUMN @extschema@.rf_idempotency.answer IS
'what the first call returned';
COMMENT ON COLUMN @extschema@.rf_idempotency.created_at IS
'when the first call was made';
-- Limits of rules: what is used up, by period.

CREATE TABLE @extschema@.rf_quota (
	rule_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	period_start timestamptz NOT NULL,
	granted integer NOT NULL,
	amount numeric NOT NULL,
	PRIMARY KEY (rule_id, participant_id, period_start)
) WITH (fillfactor = 70);

COMMENT ON TABLE @extschema@.rf_quota IS
'how much of its limits a rule has used; made from rf_reward when it is first needed';
COMMENT ON COLUMN @extschema@.rf_quota.rule_id IS
'rule with limits';
COMMENT ON COLUMN @extschema@.rf_quota.participant_id IS
'person rewarded; 0: all of them';
COMMENT ON COLUMN @extschema@.rf_quota.period_start IS
'first instant of the day, week, month or year in UTC; -infinity: for ever';
COMMENT ON COLUMN @extschema@.rf_quota.granted IS
'live grants of the period';
COMMENT ON COLUMN @extschema@.rf_quota.amount IS
'their sum in the rule''s unit';
-- Recurring rewards: who gets the next one, and when.

CREATE TABLE @extschema@.rf_recurrence (
	subject_id bigint NOT NULL,
	rule_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	anchor timestamptz NOT NULL,
	recur_every interval NOT NULL,
	recur_times integer,
	n integer NOT NULL,
	next_at timestamptz NOT NULL,
	PRIMARY KEY (subject_id, rule_id)
);
CREATE INDEX rf_recurrence_next_idx ON @extschema@.rf_recurrence (next_at);

COMMENT ON TABLE @extschema@.rf_recurrence IS
'people who earn a recurring reward for as long as they are qualified';
COMMENT ON COLUMN @extschema@.rf_recurrence.subject_id IS
'person whose qualification earns it';
COMMENT ON COLUMN @extschema@.rf_recurrence.rule_id IS
'the recurring rule';
COMMENT ON COLUMN @extschema@.rf_recurrence.participant_id IS
'person who gets it';
COMMENT ON COLUMN @extschema@.rf_recurrence.anchor IS
'first qualification: reward n is earned at anchor + (n - 1) * recur_every, in UTC';
COMMENT ON COLUMN @extschema@.rf_recurrence.recur_every IS
'the rule''s when the person first qualified';
COMMENT ON COLUMN @extschema@.rf_recurrence.recur_times IS
'the rule''s when the person first qualified; null: without end';
COMMENT ON COLUMN @extschema@.rf_recurrence.n IS
'number of the next reward';
COMMENT ON COLUMN @extschema@.rf_recurrence.next_at IS
'when it is earned; infinity: never, or the person is not qualified now';
-- Coupons: pools of codes, each handed out once.

CREATE TABLE @extschema@.rf_coupon (
	pool text NOT NULL
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	code text COLLATE "C" NOT NULL UNIQUE
		CHECK (octet_length(code) BETWEEN 1 AND 255),
	state text NOT NULL
		CHECK (state IN ('free', 'given', 'seen')),
	reward_id bigint,
	given_at timestamptz,
	id bigint GENERATED ALWAYS AS IDENTITY,
	CHECK ((state = 'free') = (reward_id IS NULL))
);
-- First in, first out.
CREATE INDEX rf_coupon_free_idx ON @extschema@.rf_coupon (pool, id) WHERE state = 'free';

COMMENT ON TABLE @extschema@.rf_coupon IS
'coupons of a pool, one for one reward; insert pool and code, or COPY them';
COMMENT ON COLUMN @extschema@.rf_coupon.pool IS
'name of the pool, as rules and milestones name it';
COMMENT ON COLUMN @extschema@.rf_coupon.code IS
'the coupon itself';
COMMENT ON COLUMN @extschema@.rf_coupon.state IS
'free; given: handed out, may come back; seen: the person may know it; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.reward_id IS
'reward it was given for; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.given_at IS
'when it was given; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.id IS
'order in which coupons were loaded; set by the engine';
-- Purchases of the people in a campaign, and what was given back of them.

-- Only the engine writes these rows, in functions that do all that follows from
-- them; a row that comes in another way (a restore) has no effect.

CREATE TABLE @extschema@.rf_purchase (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	external_id text COLLATE "C"
		CHECK (octet_length(external_id) BETWEEN 1 AND 255),
	amount numeric NOT NULL
		CHECK (amount > 0 AND amount < 'Infinity'),
	currency text NOT NULL
		CHECK (currency ~ '^[A-Z]{3}$'),
	occurred_at timestamptz NOT NULL,
	refunded numeric NOT NULL
		CHECK (refunded >= 0 AND refunded <= amount),
	recorded_at timestamptz NOT NULL,
	UNIQUE (campaign_id, external_id)
);
CREATE INDEX rf_purchase_participant_idx ON @extschema@.rf_purchase (participant_id);

COMMENT ON TABLE @extschema@.rf_purchase IS
'what invited people spent; written by rf_record_purchase and rf_qualify';
COMMENT ON COLUMN @extschema@.rf_purchase.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_purchase.campaign_id IS
'campaign of the person';
COMMENT ON COLUMN @extschema@.rf_purchase.participant_id IS
'person who paid';
COMMENT ON COLUMN @extschema@.rf_purchase.external_id IS
'the shop''s own number, unique in the campaign; null: none, such a purchase cannot be refunded';
COMMENT ON COLUMN @extschema@.rf_purchase.amount IS
'sum paid, in currency, rounded to its minor unit';
COMMENT ON COLUMN @extschema@.rf_purchase.currency IS
'ISO 4217 currency';
COMMENT ON COLUMN @extschema@.rf_purchase.occurred_at IS
'when it was paid';
COMMENT ON COLUMN @extschema@.rf_purchase.refunded IS
'sum of its refunds; amount - refunded is the net spend';
COMMENT ON COLUMN @extschema@.rf_purchase.recorded_at IS
'when it was recorded';

CREATE TRIGGER rf_purchase_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_purchase
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_record_refund(campaign, external_id) takes a purchase back.');

CREATE TABLE @extschema@.rf_refund (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	purchase_id bigint NOT NULL,
	refund_id text COLLATE "C"
		CHECK (octet_length(refund_id) BETWEEN 1 AND 255),
	amount numeric NOT NULL
		CHECK (amount > 0 AND amount < 'Infinity'),
	occurred_at timestamptz NOT NULL,
	UNIQUE (purchase_id, refund_id)
);

COMMENT ON TABLE @extschema@.rf_refund IS
'refunds of purchases; written by rf_record_refund';
COMMENT ON COLUMN @extschema@.rf_refund.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_refund.purchase_id IS
'purchase that was refunded';
COMMENT ON COLUMN @extschema@.rf_refund.refund_id IS
'the shop''s own number of the refund, unique among those of the purchase';
COMMENT ON COLUMN @extschema@.rf_refund.amount IS
'sum given back, in the purchase''s currency';
COMMENT ON COLUMN @extschema@.rf_refund.occurred_at IS
'when it was recorded';

CREATE TRIGGER rf_refund_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_refund
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('What was given back stays known.');
-- Pools of coupons: how they are filled, and how much of them is used.

CREATE TABLE @extschema@.rf_coupon_pool (
	pool text PRIMARY KEY,
	total bigint NOT NULL,
	used bigint NOT NULL,
	told integer NOT NULL
);

COMMENT ON TABLE @extschema@.rf_coupon_pool IS
'how much of each pool is used; kept by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.pool IS
'name of the pool';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.total IS
'coupons loaded';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.used IS
'coupons given or seen';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.told IS
'highest mark (85, 95, 100 percent used) for which coupon.low was written; a refill lowers it';

CREATE FUNCTION @extschema@.rf_coupon_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_admit() IS
'trigger: fills the engine''s columns of a new coupon';
CREATE FUNCTION @extschema@.rf_coupon_loaded() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_loaded() IS
'trigger: counts new coupons and issues the rewards that wait for them';
CREATE FUNCTION @extschema@.rf_coupon_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_kept() IS
'trigger: coupons do not change, and only free ones are deleted';
CREATE FUNCTION @extschema@.rf_coupon_deleted() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_deleted() IS
'trigger: counts deleted coupons';
CREATE FUNCTION @extschema@.rf_coupon_pools_locked() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_pools_locked() IS
'trigger: nobody hands out coupons while some are deleted';

CREATE TRIGGER rf_coupon_admit
BEFORE INSERT ON @extschema@.rf_coupon
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_coupon_admit();
CREATE TRIGGER rf_coupon_loaded
AFTER INSERT ON @extschema@.rf_coupon
REFERENCING NEW TABLE AS loaded
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_coupon_loaded();
CREATE TRIGGER rf_coupon_kept
BEFORE UPDATE OR DELETE ON @extschema@.rf_coupon
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_coupon_kept();
CREATE TRIGGER rf_coupon_pools_locked
BEFORE DELETE ON @extschema@.rf_coupon
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_coupon_pools_locked();
CREATE TRIGGER rf_coupon_deleted
AFTER DELETE ON @extschema@.rf_coupon
REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_coupon_deleted();
CREATE TRIGGER rf_coupon_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_coupon
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Free coupons are deleted one by one.');
-- Events, and the outbox in which they wait to be sent.

-- No key: a dump must be able to add its row to the one written below.
CREATE TABLE @extschema@.rf_home (
	home bigint NOT NULL,
	place text NOT NULL,
	since timestamptz NOT NULL
);

COMMENT ON TABLE @extschema@.rf_home IS
'the place these rows live in; sending stops while a row names another place (see rf_adopt_database)';
COMMENT ON COLUMN @extschema@.rf_home.home IS
'random number of this database''s life, part of every webhook-id';
COMMENT ON COLUMN @extschema@.rf_home.place IS
'system identifier and database oid, or the setting referral.deliver_as';
COMMENT ON COLUMN @extschema@.rf_home.since IS
'when the row was written; the newest names the home of new events';

CREATE TRIGGER rf_home_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_home
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_event (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	home bigint NOT NULL,
	type text NOT NULL,
	campaign_id bigint,
	participant_id bigint,
	reward_id bigint,
	created_at timestamptz NOT NULL,
	payload bytea NOT NULL
);

-- For rf_erase and rf_export, which must not read all that ever happened.
CREATE INDEX rf_event_participant_idx ON @extschema@.rf_event (participant_id);

COMMENT ON TABLE @extschema@.rf_event IS
'facts that some webhook wanted when they happened; never changed, but when a person in them is erased';
COMMENT ON COLUMN @extschema@.rf_event.id IS
'ascending in the order of what happened to one person';
COMMENT ON COLUMN @extschema@.rf_event.home IS
'home (rf_home) in which it happened';
COMMENT ON COLUMN @extschema@.rf_event.type IS
'such as invited.qualified';
COMMENT ON COLUMN @extschema@.rf_event.campaign_id IS
'campaign it happened in; null: about a webhook of all campaigns';
COMMENT ON COLUMN @extschema@.rf_event.participant_id IS
'person it is about';
COMMENT ON COLUMN @extschema@.rf_event.reward_id IS
'reward it is about';
COMMENT ON COLUMN @extschema@.rf_event.created_at IS
'the clock of the transaction it happened in';
COMMENT ON COLUMN @extschema@.rf_event.payload IS
'body in the standard format: the exact UTF-8 bytes that are signed and sent';

-- Four tables, so that one can be filled while another is emptied by TRUNCATE:
-- rows are never deleted, and changed only by rf_erase, so reading costs the same
-- whatever snapshots are held. No foreign keys. Ids come from one sequence.
CREATE SEQUENCE @extschema@.rf_outbox_id_seq AS bigint;
COMMENT ON SEQUENCE @extschema@.rf_outbox_id_seq IS
'numbers deliveries';

CREATE TABLE @extschema@.rf_outbox_0 (
	id bigint PRIMARY KEY DEFAULT nextval('@extschema@.rf_outbox_id_seq'),
	xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea
);
CREATE INDEX rf_outbox_0_webhook_idx ON @extschema@.rf_outbox_0 (webhook_id, id);
COMMENT ON COLUMN @extschema@.rf_outbox_0.id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_outbox_0.xid IS
'transaction that wrote the row: ids do not commit in their order';
COMMENT ON COLUMN @extschema@.rf_outbox_0.event_id IS
'event to send';
COMMENT ON COLUMN @extschema@.rf_outbox_0.webhook_id IS
'endpoint that wants it';
COMMENT ON COLUMN @extschema@.rf_outbox_0.body IS
'bytes to send in another format than the standard one; null: the event''s payload';
CREATE TABLE @extschema@.rf_outbox_1 (LIKE @extschema@.rf_outbox_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_outbox_2 (LIKE @extschema@.rf_outbox_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_outbox_3 (LIKE @extschema@.rf_outbox_0 INCLUDING ALL);

CREATE VIEW @extschema@.rf_outbox AS
	SELECT 0 AS slot, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_0
	UNION ALL
	SELECT 1, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_1
	UNION ALL
	SELECT 2, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_2
	UNION ALL
	SELECT 3, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_3;

COMMENT ON TABLE @extschema@.rf_outbox_0 IS
'deliveries as their events committed; emptied as a whole when all of them were tried';
COMMENT ON TABLE @extschema@.rf_outbox_1 IS
'see rf_outbox_0';
COMMENT ON TABLE @extschema@.rf_outbox_2 IS
'see rf_outbox_0';
COMMENT ON TABLE @extschema@.rf_outbox_3 IS
'see rf_outbox_0';
COMMENT ON VIEW @extschema@.rf_outbox IS
'the four outbox tables as one';
-- Webhooks: the endpoints that want events, and what became of every delivery.

CREATE TABLE @extschema@.rf_webhook (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint,
	name text
		CHECK (octet_length(name) <= 1024),
	url text NOT NULL
		CHECK (octet_length(url) <= 2048),
	method text NOT NULL DEFAULT 'POST'
		CHECK (method IN ('POST', 'PUT', 'GET')),
	events text[] NOT NULL DEFAULT '{*}'
		CHECK (cardinality(events) > 0 AND array_position(events, NULL) IS NULL),
	sources text[]
		CHECK (cardinality(sources) > 0 AND array_position(sources, NULL) IS NULL),
	rule_id bigint,
	format text NOT NULL DEFAULT 'standard'
		CHECK (format IN ('standard', 'fields', 'form', 'cloudevents', 'template')),
	fields jsonb
		CHECK (jsonb_typeof(fields) = 'object'),
	extra jsonb
		CHECK (jsonb_typeof(extra) = 'object'),
	template jsonb,
	header_names text[] NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'enabled'
		CHECK (state IN ('enabled', 'paused', 'disabled')),
	timeout interval NOT NULL DEFAULT '15 s'
		CHECK (timeout BETWEEN interval '1 s' AND interval '60 s'),
	max_in_flight integer NOT NULL DEFAULT 8
		CHECK (max_in_flight BETWEEN 1 AND 1000),
	rate_limit numeric
		CHECK (rate_limit BETWEEN 0.00001 AND 1000000),
	ordering text NOT NULL DEFAULT 'parallel'
		CHECK (ordering IN ('parallel', 'fifo')),
	retry_schedule interval[]
		CHECK (cardinality(retry_schedule) BETWEEN 1 AND 50 AND array_position(retry_schedule, NULL) IS NULL),
	http_version text
		CHECK (http_version IN ('1.1', '2')),
	fulfills boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_webhook_format_fields_check
		CHECK ((format IN ('fields', 'form')) = (fields IS NOT NULL)),
	CONSTRAINT rf_webhook_format_extra_check
		CHECK (extra IS NULL OR format IN ('fields', 'form')),
	CONSTRAINT rf_webhook_method_format_check
		CHECK (method <> 'GET' OR format IN ('fields', 'form')),
	CONSTRAINT rf_webhook_format_template_check
		CHECK ((format = 'template') = (template IS NOT NULL)),
	CONSTRAINT rf_webhook_fulfills_events_check
		CHECK (NOT fulfills OR events && '{*,reward.*,reward.issued}')
);

COMMENT ON TABLE @extschema@.rf_webhook IS
'endpoints that want events; deleting one cancels what waits for it';
COMMENT ON COLUMN @extschema@.rf_webhook.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_webhook.campaign_id IS
'only events of this campaign; null: of all';
COMMENT ON COLUMN @extschema@.rf_webhook.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_webhook.url IS
'where to send: https, without user info (http only with referral.allow_http)';
COMMENT ON COLUMN @extschema@.rf_webhook.method IS
'POST, PUT, or GET with the fields in the query string';
COMMENT ON COLUMN @extschema@.rf_webhook.events IS
'exact names, groups such as reward.*, or *';
COMMENT ON COLUMN @extschema@.rf_webhook.sources IS
'only events of people with one of these sources; null: of all';
COMMENT ON COLUMN @extschema@.rf_webhook.rule_id IS
'only reward events of this rule; null: all events';
COMMENT ON COLUMN @extschema@.rf_webhook.format IS
'standard: the Standard Webhooks envelope; fields: a flat JSON object; form: the same urlencoded; cloudevents: CloudEvents 1.0; template: JSON of any shape';
COMMENT ON COLUMN @extschema@.rf_webhook.fields IS
'names of the receiver''s choice and what they hold: {"email_address": "participant.email"}';
COMMENT ON COLUMN @extschema@.rf_webhook.extra IS
'constants added to the fields; in JSON they may be objects and arrays';
COMMENT ON COLUMN @extschema@.rf_webhook.template IS
'JSON in whose strings {{participant.name}} and the like stand for values; the text {{ is written {{{{';
COMMENT ON COLUMN @extschema@.rf_webhook.header_names IS
'names of the headers given with rf_set_headers; their values are secrets';
COMMENT ON COLUMN @extschema@.rf_webhook.state IS
'enabled: sends; paused: collects; disabled: neither, and keeps what waits';
COMMENT ON COLUMN @extschema@.rf_webhook.timeout IS
'most time for a whole exchange, 1 to 60 s';
COMMENT ON COLUMN @extschema@.rf_webhook.max_in_flight IS
'most requests to it at the same time';
COMMENT ON COLUMN @extschema@.rf_webhook.rate_limit IS
'most requests per second, such as 0.2 for one in 5 s; null: no limit';
COMMENT ON COLUMN @extschema@.rf_webhook.ordering IS
'parallel, or fifo: one at a time in the order of events';
COMMENT ON COLUMN @extschema@.rf_webhook.retry_schedule IS
'delays before each attempt, the first included; null: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h';
COMMENT ON COLUMN @extschema@.rf_webhook.http_version IS
'1.1 or 2; null: the best that works';
COMMENT ON COLUMN @extschema@.rf_webhook.fulfills IS
'a 2xx to reward.issued fulfills the reward; where its delivery is dead, the reward has failed';
COMMENT ON COLUMN @extschema@.rf_webhook.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_webhook_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_admit() IS
'trigger: checks URL, events and fields of a webhook';
CREATE FUNCTION @extschema@.rf_webhook_created() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_created() IS
'trigger: makes the secrets of new webhooks';
CREATE FUNCTION @extschema@.rf_webhook_updated() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_updated() IS
'trigger: webhooks that are enabled again or get another URL begin anew';
CREATE FUNCTION @extschema@.rf_webhook_deleted() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_deleted() IS
'trigger: cancels what waits for deleted webhooks';

CREATE TRIGGER rf_webhook_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_webhook
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_webhook_admit();
CREATE TRIGGER rf_webhook_created
AFTER INSERT ON @extschema@.rf_webhook
REFERENCING NEW TABLE AS created
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_created();
CREATE TRIGGER rf_webhook_updated
AFTER UPDATE ON @extschema@.rf_webhook
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_updated();
CREATE TRIGGER rf_webhook_deleted
AFTER DELETE ON @extschema@.rf_webhook
REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_deleted();
CREATE TRIGGER rf_webhook_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_webhook
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_secret (
	webhook_id bigint NOT NULL,
	kind text NOT NULL
		CHECK (kind IN ('signing', 'headers', 'tls')),
	value text NOT NULL,
	valid_from timestamptz NOT NULL,
	valid_until timestamptz,
	CHECK (valid_until > valid_from)
);
CREATE INDEX rf_secret_webhook_idx ON @extschema@.rf_secret (webhook_id);
CREATE UNIQUE INDEX rf_secret_current_key ON @extschema@.rf_secret (webhook_id, kind)
	WHERE valid_until IS NULL;

COMMENT ON TABLE @extschema@.rf_secret IS
'signing secrets and header values of webhooks; readable by the owner only';
COMMENT ON COLUMN @extschema@.rf_secret.webhook_id IS
'webhook it belongs to';
COMMENT ON COLUMN @extschema@.rf_secret.kind IS
'signing: a whsec_ secret or a whsk_ key; headers: a JSON object of header values; tls: a JSON object of certificates and a key';
COMMENT ON COLUMN @extschema@.rf_secret.value IS
'the secret';
COMMENT ON COLUMN @extschema@.rf_secret.valid_from IS
'first instant at which it is used';
COMMENT ON COLUMN @extschema@.rf_secret.valid_until IS
'first instant at which it is not; null: no end';

CREATE FUNCTION @extschema@.rf_secret_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_secret_admit() IS
'trigger: checks secrets, without showing them as the constraints would';

CREATE TRIGGER rf_secret_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_secret
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_secret_admit();
CREATE TRIGGER rf_secret_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_secret
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_webhook_state (
	webhook_id bigint PRIMARY KEY,
	paused_until timestamptz,
	last_success_at timestamptz,
	last_failure_at timestamptz,
	last_error text,
	failing_since timestamptz,
	disabled_at timestamptz,
	disabled_reason text,
	breaker text NOT NULL DEFAULT 'closed'
		CHECK (breaker IN ('closed', 'open', 'probing')),
	open_until timestamptz,
	openings integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

COMMENT ON TABLE @extschema@.rf_webhook_state IS
'what the worker knows of endpoints';
COMMENT ON COLUMN @extschema@.rf_webhook_state.webhook_id IS
'webhook it is about';
COMMENT ON COLUMN @extschema@.rf_webhook_state.paused_until IS
'nothing is sent before, because the endpoint asked so (Retry-After)';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_success_at IS
'last 2xx';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_failure_at IS
'last failed attempt';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_error IS
'what the last failed attempt said';
COMMENT ON COLUMN @extschema@.rf_webhook_state.failing_since IS
'first failure since the last success';
COMMENT ON COLUMN @extschema@.rf_webhook_state.disabled_at IS
'when the engine disabled it';
COMMENT ON COLUMN @extschema@.rf_webhook_state.disabled_reason IS
'why the engine disabled it';
COMMENT ON COLUMN @extschema@.rf_webhook_state.breaker IS
'closed; open: most attempts failed, and nothing is sent; probing: one attempt is';
COMMENT ON COLUMN @extschema@.rf_webhook_state.open_until IS
'when the next probe is due; null while closed';
COMMENT ON COLUMN @extschema@.rf_webhook_state.openings IS
'how often in a row the breaker opened: each time for twice as long';

CREATE TABLE @extschema@.rf_retry (
	delivery_id bigint PRIMARY KEY,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea,
	attempts integer NOT NULL,
	next_at timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX rf_retry_due_idx ON @extschema@.rf_retry (webhook_id, next_at);
CREATE INDEX rf_retry_event_idx ON @extschema@.rf_retry (event_id);
CREATE INDEX rf_retry_order_idx ON @extschema@.rf_retry (webhook_id, event_id);

COMMENT ON TABLE @extschema@.rf_retry IS
'deliveries that failed and will be tried again, and those of webhooks that are not enabled';
COMMENT ON COLUMN @extschema@.rf_retry.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_retry.event_id IS
'event to send';
COMMENT ON COLUMN @extschema@.rf_retry.webhook_id IS
'endpoint that wants it';
COMMENT ON COLUMN @extschema@.rf_retry.body IS
'see rf_outbox_0.body';
COMMENT ON COLUMN @extschema@.rf_retry.attempts IS
'attempts made so far';
COMMENT ON COLUMN @extschema@.rf_retry.next_at IS
'not before; infinity: the webhook is not enabled';

CREATE TABLE @extschema@.rf_dead (
	delivery_id bigint PRIMARY KEY,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea,
	attempts integer NOT NULL,
	died_at timestamptz NOT NULL,
	last_error text
);
CREATE INDEX rf_dead_event_idx ON @extschema@.rf_dead (event_id);

COMMENT ON TABLE @extschema@.rf_dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_dead.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_dead.event_id IS
'event that was not delivered';
COMMENT ON COLUMN @extschema@.rf_dead.webhook_id IS
'endpoint that wanted it';
COMMENT ON COLUMN @extschema@.rf_dead.body IS
'see rf_outbox_0.body';
COMMENT ON COLUMN @extschema@.rf_dead.attempts IS
'attempts made';
COMMENT ON COLUMN @extschema@.rf_dead.died_at IS
'when the last one failed';
COMMENT ON COLUMN @extschema@.rf_dead.last_error IS
'what it said';

-- Attempts are only ever inserted, for a third of referral.retention into each table
-- in turn, so that what is past its time can go by TRUNCATE.
CREATE TABLE @extschema@.rf_attempt_0 (
	delivery_id bigint NOT NULL,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	attempt integer NOT NULL,
	started_at timestamptz NOT NULL,
	outcome text NOT NULL
		CHECK (outcome IN ('success', 'retry', 'dead', 'disabled')),
	status integer,
	error text,
	dns_us bigint,
	connect_us bigint,
	tls_us bigint,
	first_byte_us bigint,
	total_us bigint,
	peer inet,
	http_version text,
	response bytea,
	next_at timestamptz,
	error_class text,
	response_headers jsonb
);
CREATE INDEX rf_attempt_0_delivery_idx ON @extschema@.rf_attempt_0 (delivery_id);
COMMENT ON COLUMN @extschema@.rf_attempt_0.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_attempt_0.event_id IS
'event that was sent';
COMMENT ON COLUMN @extschema@.rf_attempt_0.webhook_id IS
'endpoint it was sent to';
COMMENT ON COLUMN @extschema@.rf_attempt_0.attempt IS
'1 for the first';
COMMENT ON COLUMN @extschema@.rf_attempt_0.started_at IS
'when the request began, by the system''s clock';
COMMENT ON COLUMN @extschema@.rf_attempt_0.outcome IS
'success; retry: will be tried again at next_at; dead: schedule exhausted; disabled: the endpoint answered 410';
COMMENT ON COLUMN @extschema@.rf_attempt_0.status IS
'HTTP status; null where none came';
COMMENT ON COLUMN @extschema@.rf_attempt_0.error IS
'what went wrong';
COMMENT ON COLUMN @extschema@.rf_attempt_0.dns_us IS
'microseconds until the name was resolved';
COMMENT ON COLUMN @extschema@.rf_attempt_0.connect_us IS
'microseconds until connected, counted from the start';
COMMENT ON COLUMN @extschema@.rf_attempt_0.tls_us IS
'microseconds until TLS was up, counted from the start; 0 without TLS';
COMMENT ON COLUMN @extschema@.rf_attempt_0.first_byte_us IS
'microseconds until the first byte of the answer';
COMMENT ON COLUMN @extschema@.rf_attempt_0.total_us IS
'microseconds of the whole exchange';
COMMENT ON COLUMN @extschema@.rf_attempt_0.peer IS
'address really dialled';
COMMENT ON COLUMN @extschema@.rf_attempt_0.http_version IS
'version of HTTP spoken';
COMMENT ON COLUMN @extschema@.rf_attempt_0.response IS
'first 4 KiB of the answer''s body';
COMMENT ON COLUMN @extschema@.rf_attempt_0.next_at IS
'when it will be tried again';
COMMENT ON COLUMN @extschema@.rf_attempt_0.error_class IS
'kind of what went wrong: dns, connect, tls, timeout, reset, protocol, too_large, forbidden, own (on this side), http (an answer that is no success)';
COMMENT ON COLUMN @extschema@.rf_attempt_0.response_headers IS
'headers of the answer that help to find it in the receiver''s logs, or say how to go on';
CREATE TABLE @extschema@.rf_attempt_1 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_attempt_2 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_attempt_3 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);

CREATE OR REPLACE VIEW @extschema@.rf_attempt AS
	SELECT * FROM @extschema@.rf_attempt_0
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_1
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_2
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_3;

COMMENT ON TABLE @extschema@.rf_attempt_0 IS
'attempts to deliver; read them in rf_attempt';
COMMENT ON TABLE @extschema@.rf_attempt_1 IS
'see rf_attempt_0';
COMMENT ON TABLE @extschema@.rf_attempt_2 IS
'see rf_attempt_0';
COMMENT ON TABLE @extschema@.rf_attempt_3 IS
'see rf_attempt_0';
COMMENT ON VIEW @extschema@.rf_attempt IS
'every attempt to deliver: when, how long each phase took, what came back';
-- What endpoints of webhooks that fulfill rewards said of them.

CREATE TABLE @extschema@.rf_fulfilment (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	delivery_id bigint NOT NULL,
	event_id bigint NOT NULL,
	reward_id bigint NOT NULL,
	issued_at timestamptz NOT NULL,
	reference text NOT NULL,
	ok boolean NOT NULL,
	error text
);

COMMENT ON TABLE @extschema@.rf_fulfilment IS
'what came of telling an endpoint that a reward was issued, written with the attempt, until the reward was told';
COMMENT ON COLUMN @extschema@.rf_fulfilment.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_fulfilment.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_fulfilment.event_id IS
'event that was sent';
COMMENT ON COLUMN @extschema@.rf_fulfilment.reward_id IS
'reward it was about';
COMMENT ON COLUMN @extschema@.rf_fulfilment.issued_at IS
'when the reward was issued; one that was issued again since is told by another delivery';
COMMENT ON COLUMN @extschema@.rf_fulfilment.reference IS
'webhook-id of the delivery';
COMMENT ON COLUMN @extschema@.rf_fulfilment.ok IS
'true: the endpoint answered 2xx; false: the delivery is dead';
COMMENT ON COLUMN @extschema@.rf_fulfilment.error IS
'what the last attempt of a dead delivery said';
-- Tables of what comes in from outside; their behaviour comes with a later version.

CREATE TABLE @extschema@.rf_inbound_token (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 255),
	campaign_id bigint,
	token_hash bytea NOT NULL UNIQUE
		CHECK (octet_length(token_hash) = 32),
	actions text[] NOT NULL,
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	created_at timestamptz NOT NULL
);

COMMENT ON TABLE @extschema@.rf_inbound_token IS
'secret URLs by which other systems call in; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_inbound_token.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_inbound_token.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_inbound_token.campaign_id IS
'only this campaign; null: all';
COMMENT ON COLUMN @extschema@.rf_inbound_token.token_hash IS
'SHA-256 of the token';
COMMENT ON COLUMN @extschema@.rf_inbound_token.actions IS
'calls it allows';
COMMENT ON COLUMN @extschema@.rf_inbound_token.expires_at IS
'when it expires';
COMMENT ON COLUMN @extschema@.rf_inbound_token.revoked_at IS
'when it was revoked';
COMMENT ON COLUMN @extschema@.rf_inbound_token.last_used_at IS
'when it was last used';
COMMENT ON COLUMN @extschema@.rf_inbound_token.created_at IS
'when it was made';

CREATE TRIGGER rf_inbound_token_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_inbound_token
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('name');

CREATE TABLE @extschema@.rf_click (
	campaign_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	day date NOT NULL,
	visitor bytea NOT NULL,
	clicks integer NOT NULL
		CHECK (clicks > 0),
	PRIMARY KEY (participant_id, day, visitor)
);

COMMENT ON TABLE @extschema@.rf_click IS
'clicks on links, by day';
COMMENT ON COLUMN @extschema@.rf_click.campaign_id IS
'campaign of the link';
COMMENT ON COLUMN @extschema@.rf_click.participant_id IS
'person whose link it is';
COMMENT ON COLUMN @extschema@.rf_click.day IS
'day in UTC';
COMMENT ON COLUMN @extschema@.rf_click.visitor IS
'hash with the day''s salt';
COMMENT ON COLUMN @extschema@.rf_click.clicks IS
'how many';
-- What attached tables brought and could not be credited.

CREATE TABLE @extschema@.rf_unmatched (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	target text NOT NULL,
	occurred_at timestamptz NOT NULL,
	"row" jsonb NOT NULL,
	reason text NOT NULL,
	sqlstate text NOT NULL
);

COMMENT ON TABLE @extschema@.rf_unmatched IS
'rows of attached tables that could not be credited, and why; delete them when they are dealt with';
COMMENT ON COLUMN @extschema@.rf_unmatched.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_unmatched.target IS
'attached table, with its schema: a name, as the table may be dropped';
COMMENT ON COLUMN @extschema@.rf_unmatched.occurred_at IS
'when the row came';
COMMENT ON COLUMN @extschema@.rf_unmatched."row" IS
'the columns that were looked at, as text';
COMMENT ON COLUMN @extschema@.rf_unmatched.reason IS
'why it was not credited';
COMMENT ON COLUMN @extschema@.rf_unmatched.sqlstate IS
'the code a call would have failed with, such as RF002 for an unknown referral code';
-- The functions of the programme.

CREATE OR REPLACE FUNCTION @extschema@.rf_join(campaign text, email text, name text DEFAULT NULL,
	referred_by text DEFAULT NULL, source text DEFAULT NULL, ip inet DEFAULT NULL,
	meta jsonb DEFAULT NULL,
	OUT participant_id bigint, OUT code text, OUT url text, OUT created boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_join(text, text, text, text, text, inet, jsonb) IS
'join a campaign, or return who is already there (created = false)';

CREATE OR REPLACE FUNCTION @extschema@.rf_link(code text) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_link(text) IS
'the link to share; null if the campaign has no landing_url';

CREATE OR REPLACE FUNCTION @extschema@.rf_import(campaign text, rows jsonb,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_jsonb';
COMMENT ON FUNCTION @extschema@.rf_import(text, jsonb) IS
'let the good rows of a JSON array join; returns each refused one with its SQLSTATE';

CREATE OR REPLACE FUNCTION @extschema@.rf_import(campaign text, source regclass,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_table';
COMMENT ON FUNCTION @extschema@.rf_import(text, regclass) IS
'let the good rows of a table or view join; its columns are found by name; returns each refused row with its SQLSTATE';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify(text, numeric, text, timestamptz, text) IS
'an invited person converted; again: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify_email(campaign text, email text,
	amount numeric DEFAULT NULL, currency text DEFAULT NULL,
	occurred_at timestamptz DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify_email(text, text, numeric, text, timestamptz, text) IS
'rf_qualify by e-mail';

CREATE OR REPLACE FUNCTION @extschema@.rf_unqualify(code text, reason text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_unqualify(text, text) IS
'back to pending; rewards go as the campaign''s on_unqualify says';

CREATE OR REPLACE FUNCTION @extschema@.rf_issue(reward bigint) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_issue(rewards bigint[]) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint) IS
'issue a reward that is due or failed';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint[]) IS
'issue rewards that are due or failed: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_fulfill(reward bigint, reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_fulfill(rewards bigint[], reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint, text) IS
'an issued reward was given; reference: such as the number of a payment';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint[], text) IS
'issued rewards were given: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_fail(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_fail(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint, text) IS
'an issued reward could not be given; rf_issue tries again';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint[], text) IS
'issued rewards could not be given: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_cancel(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_cancel(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint, text) IS
'cancel a reward that is pending, due or failed';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint[], text) IS
'cancel rewards that are pending, due or failed: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_tick() RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_tick() IS
'what time brings: ends holds and windows to qualify in, forgets old idempotency keys; at most 1000 of each at a time; returns how many things it did; the worker does the same by its clock';

CREATE OR REPLACE FUNCTION @extschema@.rf_explain(code text,
	OUT rule_id bigint, OUT recipient text, OUT granted boolean, OUT reason text,
	OUT have numeric, OUT need numeric)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_explain(text) IS
'what each rule granted this person, and who invited them for what they did; where it granted nothing, which number decided and what is missing';

CREATE OR REPLACE FUNCTION @extschema@.rf_message_id(home bigint, event_id bigint) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_message_id(bigint, bigint) IS
'the webhook-id under which an event is sent';

CREATE OR REPLACE FUNCTION @extschema@.rf_home_install() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_install() IS
'called once, by CREATE EXTENSION: writes the first row of rf_home';

CREATE OR REPLACE FUNCTION @extschema@.rf_home_status() RETURNS boolean
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_status() IS
'false in a restored copy that was not adopted: it sends nothing';

CREATE OR REPLACE FUNCTION @extschema@.rf_adopt_database() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_adopt_database() IS
'make this place the home of all rows: a restored copy begins to send, what waits included';

CREATE OR REPLACE FUNCTION @extschema@.rf_grant(role name, "set" text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_grant(name, text) IS
'grant a role what app, operator or reader needs';
-- The functions of spend.

CREATE OR REPLACE FUNCTION @extschema@.rf_record_purchase(code text, amount numeric,
	currency text DEFAULT NULL, external_id text DEFAULT NULL,
	occurred_at timestamptz DEFAULT NULL,
	OUT purchase_id bigint, OUT participant_id bigint, OUT state text, OUT changed boolean,
	OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_record_purchase(text, numeric, text, text, timestamptz) IS
'an invited person paid; the same external_id again: changed = false; net spend that reaches min_spend qualifies';

CREATE OR REPLACE FUNCTION @extschema@.rf_record_refund(campaign text, external_id text,
	amount numeric DEFAULT NULL, refund_id text DEFAULT NULL,
	OUT purchase_id bigint, OUT participant_id bigint, OUT state text, OUT changed boolean,
	OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_record_refund(text, text, numeric, text) IS
'something was given back of a purchase (amount null: all that is left); the same refund_id again: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify_coupon(coupon text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify_coupon(text, numeric, text, timestamptz, text) IS
'rf_qualify of the person to whom that coupon was given as a reward';
-- Webhooks: making them, their secrets and headers, signatures, and sending again.

CREATE OR REPLACE FUNCTION @extschema@.rf_create_webhook(
	url text,
	events text[] DEFAULT '{*}',
	campaign text DEFAULT NULL,
	name text DEFAULT NULL,
	method text DEFAULT 'POST',
	format text DEFAULT 'standard',
	fields jsonb DEFAULT NULL,
	extra jsonb DEFAULT NULL,
	sources text[] DEFAULT NULL,
	rule_id bigint DEFAULT NULL,
	headers jsonb DEFAULT NULL,
	template jsonb DEFAULT NULL,
	signature text DEFAULT 'v1',
	OUT webhook_id bigint,
	OUT secret text)
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_create_webhook(text, text[], text, text, text, text, jsonb, jsonb, text[], bigint, jsonb, jsonb, text) IS
'makes a webhook and the secret with which its receiver verifies what it is sent: of signature v1 a whsec_ secret that both sides have, of v1a the whpk_ key of a pair';

CREATE OR REPLACE FUNCTION @extschema@.rf_webhook_secret(webhook_id bigint) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_secret(bigint) IS
'the secret with which the receiver verifies what the webhook is sent: whsec_, or of signature v1a the public key, whpk_';

CREATE OR REPLACE FUNCTION @extschema@.rf_rotate_secret(webhook_id bigint, keep interval DEFAULT '24 hours',
	signature text DEFAULT NULL) RETURNS text
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rotate_secret(bigint, interval, text) IS
'a new secret for the webhook, and what its receiver needs: whsec_ or whpk_; the secrets before it sign as well for as long as keep says; signature v1 or v1a, null: as before';

CREATE OR REPLACE FUNCTION @extschema@.rf_set_headers(webhook_id bigint, headers jsonb) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_headers(bigint, jsonb) IS
'gives a webhook headers of its own, {"Authorization": "Bearer ..."}, instead of those it has; {{event.id}} in a value stands for the webhook-id of the message; null: none';

CREATE OR REPLACE FUNCTION @extschema@.rf_set_tls(webhook_id bigint, ca text DEFAULT NULL,
	certificate text DEFAULT NULL, key text DEFAULT NULL) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_tls(bigint, text, text, text) IS
'gives a webhook certificates in PEM, instead of those it has: authorities to trust instead of the system''s, and a certificate and its key to show; null: none';

CREATE OR REPLACE FUNCTION @extschema@.rf_check_url(url text) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_check_url(text) IS
'why a webhook with this URL would be refused; null: it would not';

CREATE OR REPLACE FUNCTION @extschema@.rf_sign(secret text, id text, "timestamp" bigint, body bytea) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sign(text, text, bigint, bytea) IS
'signature of Standard Webhooks: "v1,..." by a whsec_ secret, "v1a,..." by a whsk_ key; the timestamp is in seconds since 1970, a text becomes a body by convert_to(body, UTF8)';
CREATE OR REPLACE FUNCTION @extschema@.rf_verify(secret text, id text, "timestamp" bigint, body bytea, signature text,
	tolerance interval DEFAULT '5 minutes') RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_verify(text, text, bigint, bytea, text, interval) IS
'is one of the signatures, separated by spaces, right by the secret, whsec_, whsk_ or whpk_, and the timestamp within the tolerance? false for nulls; a null tolerance accepts any time';

CREATE OR REPLACE FUNCTION @extschema@.rf_test_webhook(webhook_id bigint) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_test_webhook(bigint) IS
'sends the webhook, and no other, an event webhook.test, whatever events it wants; returns the number of the delivery';

CREATE OR REPLACE FUNCTION @extschema@.rf_replay(delivery_id bigint) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_replay(bigint) IS
'sends a delivery that is delivered or dead once more, with the same webhook-id and as many attempts as a new one';

CREATE OR REPLACE FUNCTION @extschema@.rf_replay_webhook(
	webhook_id bigint,
	since timestamptz DEFAULT NULL,
	state text DEFAULT 'dead',
	filter text[] DEFAULT NULL,
	dry_run boolean DEFAULT false,
	rate numeric DEFAULT 10)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_replay_webhook(bigint, timestamptz, text, text[], boolean, numeric) IS
'sends deliveries of a webhook once more: dead, delivered or all; of what happened since; events as in rf_webhook.events; at most so many in a second; returns how many, and only that in a dry run';
-- Review of people who look like fraud, or turn out to be.

CREATE OR REPLACE FUNCTION @extschema@.rf_release(INOUT participant_id bigint,
	OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_release(bigint) IS
'a held or blocked person counts from now on, and has joined when they joined; anybody else: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_block(INOUT participant_id bigint, reason text DEFAULT NULL,
	OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_block(bigint, text) IS
'a person counts no more: what they earned others goes as the campaign''s on_unqualify says, their own rewards not yet issued are rejected';
-- The worker, as the server's processes see it.

CREATE OR REPLACE FUNCTION @extschema@.rf_worker_status(
	OUT pid integer, OUT state text, OUT since timestamptz, OUT detail text)
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_worker_status() IS
'the worker of this database: serving; silent (a restored copy); starting, waiting, held (DDL on the database), leaving, absent; no launcher; not preloaded';

CREATE OR REPLACE FUNCTION @extschema@.rf_workers(
	OUT worker integer, OUT pid integer, OUT state text, OUT since timestamptz, OUT shares integer)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_workers() IS
'the workers of this database (referral.workers), and how many of the 64 shares of its webhooks each of them serves';
-- A person's right to be forgotten, and to know what is kept about them.

CREATE OR REPLACE FUNCTION @extschema@.rf_erase(participant_id bigint) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_erase(bigint) IS
'make a person anonymous, in events and deliveries too; their code is dead for ever, others keep their rewards and counts; false: was erased before';

CREATE OR REPLACE FUNCTION @extschema@.rf_export(participant_id bigint) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
SET timezone = 'UTC'
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_export(bigint) IS
'all that is kept about one person, and of others no more than id, code, state and the day they joined';
-- What rules would grant, and what they would have granted.

CREATE OR REPLACE FUNCTION @extschema@.rf_apply_rule(rule_id bigint) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_apply_rule(bigint) IS
'grant retroactively what the rule would have granted; what limits rejected is judged again; returns how many; nobody else grants meanwhile';

CREATE OR REPLACE FUNCTION @extschema@.rf_simulate(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL,
	OUT rule_id bigint, OUT rule text, OUT recipient text, OUT recipient_code text,
	OUT ordinal integer, OUT reward_amount numeric, OUT unit text, OUT state text,
	OUT reason text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_simulate(text, numeric, text) IS
'what rf_qualify with these arguments would grant now, or a purchase of somebody qualified; nothing is written';
-- Tables of the application as the source of joins and purchases.

CREATE OR REPLACE FUNCTION @extschema@.rf_attached_joins() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attached_joins() IS
'trigger of tables attached by rf_attach_joins: their rows join';
CREATE OR REPLACE FUNCTION @extschema@.rf_attached_purchases() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attached_purchases() IS
'trigger of tables attached by rf_attach_purchases: their rows are purchases';

CREATE OR REPLACE FUNCTION @extschema@.rf_attach_joins(target regclass, campaign text, email text,
	name text DEFAULT NULL, referred_by text DEFAULT NULL, source text DEFAULT NULL,
	ip text DEFAULT NULL, meta text DEFAULT NULL, code text DEFAULT NULL,
	joined_at text DEFAULT NULL, on_mismatch text DEFAULT 'record') RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attach_joins(regclass, text, text, text, text, text, text, text, text, text, text) IS
'from now on the rows of a table join a campaign: each argument names the column to read; again: replaces it, new partitions included; returns the number of triggers';

CREATE OR REPLACE FUNCTION @extschema@.rf_attach_purchases(target regclass, campaign text DEFAULT NULL,
	code text DEFAULT NULL, email text DEFAULT NULL, amount text DEFAULT NULL,
	currency text DEFAULT NULL, external_id text DEFAULT NULL, occurred_at text DEFAULT NULL,
	on_mismatch text DEFAULT 'record') RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attach_purchases(regclass, text, text, text, text, text, text, text, text) IS
'from now on the rows of a table are purchases: each argument names the column to read; again: replaces it, new partitions included; returns the number of triggers';

CREATE OR REPLACE FUNCTION @extschema@.rf_detach(target regclass) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_detach(regclass) IS
'takes away what rf_attach_joins and rf_attach_purchases did to a table and its partitions; returns the number of triggers removed';

CREATE OR REPLACE VIEW @extschema@.rf_unattached_partition AS
	WITH RECURSIVE below AS (
		SELECT t.tgrelid AS attached, t.tgname AS name, i.inhrelid AS partition
		FROM pg_catalog.pg_trigger t
		JOIN pg_catalog.pg_inherits i ON i.inhparent = t.tgrelid
		WHERE t.tgfoid IN ('@extschema@.rf_attached_joins()'::regprocedure,
				'@extschema@.rf_attached_purchases()'::regprocedure)
			AND t.tgnewtable IS NOT NULL
			AND NOT EXISTS (
				SELECT FROM pg_catalog.pg_inherits above
				JOIN pg_catalog.pg_trigger a ON a.tgrelid = above.inhparent AND a.tgname = t.tgname
				WHERE above.inhrelid = t.tgrelid)
		UNION
		SELECT b.attached, b.name, i.inhrelid
		FROM below b
		JOIN pg_catalog.pg_inherits i ON i.inhparent = b.partition
	)
	SELECT DISTINCT b.partition::regclass AS partition, b.attached::regclass AS attached
	FROM below b
	WHERE NOT EXISTS (
		SELECT FROM pg_catalog.pg_trigger t
		WHERE t.tgrelid = b.partition AND t.tgname = b.name);
COMMENT ON VIEW @extschema@.rf_unattached_partition IS
'partitions that came after their table was attached: an INSERT that names one is not seen before the table is attached again';
-- What workers count in shared memory, for the views.

CREATE OR REPLACE FUNCTION @extschema@.rf_sending_status(
	OUT workers integer, OUT read_to bigint, OUT waiting bigint, OUT oldest_event bigint, OUT in_flight bigint,
	OUT attempts bigint, OUT failures bigint, OUT faults bigint, OUT last_fault text, OUT last_fault_at timestamptz,
	OUT counted_since timestamptz, OUT xmin_age integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sending_status() IS
'what the workers of this database say of themselves, twice a second at most; nulls where none does';

CREATE OR REPLACE FUNCTION @extschema@.rf_webhook_statistics(
	webhook_id bigint, OUT waiting bigint, OUT in_flight bigint, OUT oldest_event bigint, OUT http_version text,
	OUT attempts bigint, OUT failures bigint, OUT counted_since timestamptz,
	OUT attempts_5m bigint, OUT success_rate_5m double precision,
	OUT dns_us_p50_5m bigint, OUT dns_us_p95_5m bigint, OUT dns_us_p99_5m bigint,
	OUT connect_us_p50_5m bigint, OUT connect_us_p95_5m bigint, OUT connect_us_p99_5m bigint,
	OUT tls_us_p50_5m bigint, OUT tls_us_p95_5m bigint, OUT tls_us_p99_5m bigint,
	OUT first_byte_us_p50_5m bigint, OUT first_byte_us_p95_5m bigint, OUT first_byte_us_p99_5m bigint,
	OUT total_us_p50_5m bigint, OUT total_us_p95_5m bigint, OUT total_us_p99_5m bigint,
	OUT attempts_24h bigint, OUT success_rate_24h double precision,
	OUT dns_us_p50_24h bigint, OUT dns_us_p95_24h bigint, OUT dns_us_p99_24h bigint,
	OUT connect_us_p50_24h bigint, OUT connect_us_p95_24h bigint, OUT connect_us_p99_24h bigint,
	OUT tls_us_p50_24h bigint, OUT tls_us_p95_24h bigint, OUT tls_us_p99_24h bigint,
	OUT first_byte_us_p50_24h bigint, OUT first_byte_us_p95_24h bigint, OUT first_byte_us_p99_24h bigint,
	OUT total_us_p50_24h bigint, OUT total_us_p95_24h bigint, OUT total_us_p99_24h bigint)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_statistics(bigint) IS
'what was counted of the attempts of a webhook; times are microseconds and at most an eighth off';

CREATE OR REPLACE FUNCTION @extschema@.rf_stat_reset(webhook_id bigint DEFAULT NULL) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_stat_reset(bigint) IS
'begins to count anew what rf_webhook_status shows of a webhook, or of all and of rf_status; at once and whether or not the transaction commits. A restart of the server does, too';
-- Views.

CREATE OR REPLACE VIEW @extschema@.rf_leaderboard AS
	SELECT p.campaign_id,
		rank() OVER (PARTITION BY p.campaign_id
			ORDER BY p.qualified_count DESC, p.invited_count DESC, p.joined_at, p.id) AS rank,
		p.id AS participant_id,
		p.code,
		p.name,
		p.qualified_count,
		p.invited_count,
		p.joined_at
	FROM @extschema@.rf_participant p
	WHERE p.invited_count > 0 AND p.state NOT IN ('held', 'blocked') AND p.erased_at IS NULL;
COMMENT ON VIEW @extschema@.rf_leaderboard IS
'referrers by people qualified, then by people invited; who joined earlier ranks higher; reads all people of the campaign, because an index on counts would slow every join: 0.2 s for a million';

CREATE OR REPLACE FUNCTION @extschema@.rf_leaderboard(campaign text, since timestamptz, until timestamptz DEFAULT NULL,
	top integer DEFAULT 100)
RETURNS TABLE (rank bigint, participant_id bigint, code text, qualified_count bigint, invited_count bigint,
	joined_at timestamptz)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	SELECT rank() OVER (ORDER BY t.qualified DESC, t.invited DESC, t.joined_at, t.id),
		t.id, t.code, t.qualified, t.invited, t.joined_at
	FROM (
		SELECT n.qualified, n.invited, p.joined_at, p.id, p.code
		FROM (
			SELECT i.referrer_id,
				count(*) FILTER (WHERE i.state = 'qualified'
					AND i.qualified_at >= $2 AND i.qualified_at < coalesce($3, 'infinity')) AS qualified,
				count(*) FILTER (WHERE i.state NOT IN ('held', 'blocked')
					AND i.joined_at >= $2 AND i.joined_at < coalesce($3, 'infinity')) AS invited
			FROM @extschema@.rf_participant i
			WHERE i.campaign_id = (SELECT c.id FROM @extschema@.rf_campaign c WHERE c.slug = $1)
				AND i.referrer_id IS NOT NULL
				AND (i.joined_at >= $2 OR i.qualified_at >= $2)
			GROUP BY i.referrer_id
		) n
		-- one by one: there are far fewer of them than people
		CROSS JOIN LATERAL (
			SELECT * FROM @extschema@.rf_participant r WHERE r.id = n.referrer_id OFFSET 0
		) p
		WHERE n.qualified + n.invited > 0 AND p.state NOT IN ('held', 'blocked') AND p.erased_at IS NULL
		ORDER BY n.qualified DESC, n.invited DESC, p.joined_at, p.id
		LIMIT $4
	) t
	ORDER BY 1
$$;
COMMENT ON FUNCTION @extschema@.rf_leaderboard(text, timestamptz, timestamptz, integer) IS
'the first of a period, such as date_trunc(''week'', now(), ''UTC'') until null: by people who qualified in it, then by people who joined in it; top null: all; reads all people of the campaign, because an index on states or times of qualification would slow every qualification: 0.4 s for a million';

-- Each row finds its own way up: one person costs as many look-ups as they have
-- people above them. A row that comes by a second time ends it.
CREATE OR REPLACE VIEW @extschema@.rf_referral_tree AS
	SELECT p.campaign_id,
		p.id AS participant_id,
		p.referrer_id,
		p.code,
		p.state,
		up.depth,
		up.path
	FROM @extschema@.rf_participant p
	CROSS JOIN LATERAL (
		WITH RECURSIVE above AS (
			SELECT p.referrer_id AS next, 0 AS depth, ARRAY[p.id] AS path
			UNION ALL
			SELECT r.referrer_id, a.depth + 1, r.id || a.path
			FROM above a
			JOIN @extschema@.rf_participant r ON r.id = a.next
			WHERE r.id <> ALL (a.path)
		)
		SELECT a.depth, a.path FROM above a ORDER BY a.depth DESC LIMIT 1
	) up;
COMMENT ON VIEW @extschema@.rf_referral_tree IS
'who brought whom, with depth and path from the top; made for one person, one referrer''s people or a page (LIMIT): a whole campaign takes some 10 s for a million people, all of whom it returns; see the function for what is below a person';

CREATE OR REPLACE FUNCTION @extschema@.rf_referral_tree(participant_id bigint, levels integer DEFAULT NULL)
RETURNS TABLE (campaign_id bigint, participant_id bigint, referrer_id bigint, code text, state text,
	depth integer, path bigint[])
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE below AS (
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, 0 AS depth, ARRAY[p.id] AS path
		FROM @extschema@.rf_participant p
		WHERE p.id = $1
		UNION ALL
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, b.depth + 1, b.path || p.id
		FROM below b
		JOIN @extschema@.rf_participant p ON p.referrer_id = b.id
		WHERE p.id <> ALL (b.path) AND b.depth < coalesce($2, 2147483647)
	)
	SELECT * FROM below ORDER BY path
$$;
COMMENT ON FUNCTION @extschema@.rf_referral_tree(bigint, integer) IS
'a person and everybody below them, at most so many levels deep; depth and path count from that person';

CREATE OR REPLACE VIEW @extschema@.rf_reward_status AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		rule.name AS rule,
		rule.recipient,
		p.code,
		p.name,
		s.code AS earned_by,
		r.ordinal,
		r.metric,
		r.amount,
		r.unit,
		r.coupon,
		r.state,
		r.reason,
		r.earned_at,
		r.due_at,
		r.changed_at,
		r.rule_id,
		r.participant_id,
		r.subject_id,
		r.n,
		r.issued_at,
		r.fulfilled_at,
		r.reference,
		r.level,
		r.pool,
		r.purchase_id,
		r.original_id
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id;
COMMENT ON VIEW @extschema@.rf_reward_status IS
'rewards with the names of rule and people; ask by reward_id, participant_id or for a page (ORDER BY reward_id LIMIT)';

CREATE OR REPLACE VIEW @extschema@.rf_approval AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		r.rule_id,
		rule.name AS rule,
		rule.recipient,
		r.participant_id,
		p.code,
		p.name,
		p.email,
		p.state AS participant_state,
		s.code AS earned_by,
		r.metric,
		r.amount,
		r.unit,
		r.state,
		CASE
			WHEN r.state = 'failed' THEN coalesce('failed: ' || r.reason, 'failed')
			ELSE coalesce(r.reason, 'waits for approval')
		END AS why,
		r.earned_at,
		r.due_at
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id
	WHERE r.state IN ('due', 'failed')
	ORDER BY r.due_at, r.id;
COMMENT ON VIEW @extschema@.rf_approval IS
'rewards that wait for somebody, oldest first: due ones that are not issued by themselves or found no coupon, and failed ones; rf_issue, rf_cancel and the like take array_agg(reward_id)';

CREATE OR REPLACE VIEW @extschema@.rf_campaign_rewards AS
	SELECT rule.campaign_id,
		r.metric,
		r.unit,
		r.state,
		count(*) AS rewards,
		sum(r.amount) AS total
	FROM @extschema@.rf_reward_rule rule
	JOIN @extschema@.rf_reward r ON r.rule_id = rule.id
	GROUP BY rule.campaign_id, r.metric, r.unit, r.state;
COMMENT ON VIEW @extschema@.rf_campaign_rewards IS
'rewards of each campaign by metric, unit and state; clawed_back holds originals and the negative rows that take them back';

-- Joined, not correlated: what is asked of one campaign reaches each part, parts
-- whose columns are not asked for are not read, and each may be read in parallel.
CREATE OR REPLACE VIEW @extschema@.rf_campaign_stats AS
	SELECT c.id AS campaign_id,
		c.slug,
		coalesce(p.referrers, 0) AS referrers,
		coalesce(p.invited, 0) AS invited,
		coalesce(p.qualified, 0) AS qualified,
		round(100.0 * p.qualified / nullif(p.invited, 0), 2) AS qualified_percent,
		coalesce(p.joined, 0) AS joined,
		coalesce(p.pending, 0) AS pending,
		coalesce(p.expired, 0) AS expired,
		coalesce(p.held, 0) AS held,
		coalesce(p.blocked, 0) AS blocked,
		coalesce(k.reach, 0) AS reach,
		coalesce(k.clicks, 0) AS clicks,
		coalesce(r.rewarded, 0) AS rewarded,
		(SELECT jsonb_object_agg(m.key, round(m.value::numeric / nullif(p.qualified, 0), 2))
			FROM jsonb_each_text(m.cost) m) AS cost_per_qualified
	FROM @extschema@.rf_campaign c
	LEFT JOIN (
		SELECT campaign_id,
			count(*) AS joined,
			count(*) - count(referrer_id) AS referrers,
			count(referrer_id) AS invited,
			count(*) FILTER (WHERE state = 'pending') AS pending,
			count(*) FILTER (WHERE state = 'qualified') AS qualified,
			count(*) FILTER (WHERE state = 'expired') AS expired,
			count(*) FILTER (WHERE state = 'held') AS held,
			count(*) FILTER (WHERE state = 'blocked') AS blocked
		FROM @extschema@.rf_participant
		GROUP BY campaign_id
	) p ON p.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, count(*) AS reach, sum(clicks) AS clicks
		FROM @extschema@.rf_click
		GROUP BY campaign_id
	) k ON k.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, count(*) AS rewarded
		FROM (
			SELECT rule.campaign_id, w.participant_id
			FROM @extschema@.rf_reward_rule rule
			JOIN @extschema@.rf_reward w ON w.rule_id = rule.id
			WHERE w.state IN ('issued', 'fulfilled')
			GROUP BY rule.campaign_id, w.participant_id
		) each
		GROUP BY campaign_id
	) r ON r.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, jsonb_object_agg(unit, cost) AS cost
		FROM (
			SELECT rule.campaign_id, w.unit, sum(w.amount) AS cost
			FROM @extschema@.rf_reward_rule rule
			JOIN @extschema@.rf_reward w ON w.rule_id = rule.id
			WHERE w.metric IN ('amount', 'commission') AND w.state IN ('issued', 'fulfilled', 'clawed_back')
			GROUP BY rule.campaign_id, w.unit
		) each
		GROUP BY campaign_id
	) m ON m.campaign_id = c.id;
COMMENT ON VIEW @extschema@.rf_campaign_stats IS
'figures of each campaign: people by state, visitors of their links (reach: one a day and link), people whose reward was issued, net cost of rewards for each qualified person by currency; ask by campaign_id; counts all people and rewards at every read, because counters would make every join wait for one row: 0.3 s for a million';

CREATE OR REPLACE VIEW @extschema@.rf_funnel AS
	SELECT s.campaign_id,
		s.slug,
		step.step,
		step.stage,
		step.people,
		round(100.0 * step.people / nullif(step.before, 0), 2) AS percent_of_previous,
		round(100.0 * step.people / nullif(s.reach, 0), 2) AS percent_of_reach
	FROM @extschema@.rf_campaign_stats s
	CROSS JOIN LATERAL (VALUES
		(1, 'reach', s.reach, NULL),
		(2, 'joined', s.joined, s.reach),
		(3, 'invited', s.invited, s.joined),
		(4, 'qualified', s.qualified, s.invited),
		(5, 'rewarded', s.rewarded, s.qualified)
	) AS step (step, stage, people, before);
COMMENT ON VIEW @extschema@.rf_funnel IS
'how far people come, one row for each stage: reach, joined, invited, qualified, rewarded; costs what rf_campaign_stats costs';

CREATE OR REPLACE VIEW @extschema@.rf_daily_stats AS
	SELECT d.campaign_id,
		d.day,
		sum(d.joined)::bigint AS joined,
		sum(d.invited)::bigint AS invited,
		sum(d.qualified)::bigint AS qualified,
		sum(d.rewards)::bigint AS rewards,
		sum(d.reach)::bigint AS reach,
		sum(d.clicks)::bigint AS clicks
	FROM (
		SELECT p.campaign_id, v.day, v.joined, v.invited, v.qualified, 0 AS rewards, 0 AS reach, 0 AS clicks
		FROM (
			SELECT campaign_id,
				(joined_at AT TIME ZONE 'UTC')::date AS joined_on,
				(qualified_at AT TIME ZONE 'UTC')::date AS qualified_on,
				count(*) AS people,
				count(referrer_id) AS invited,
				count(*) FILTER (WHERE state = 'qualified') AS qualified
			FROM @extschema@.rf_participant
			GROUP BY 1, 2, 3
		) p
		CROSS JOIN LATERAL (VALUES
			(p.joined_on, p.people, p.invited, 0),
			(p.qualified_on, 0, 0, p.qualified)
		) AS v (day, joined, invited, qualified)
		WHERE v.day IS NOT NULL
		UNION ALL
		SELECT rule.campaign_id, (r.earned_at AT TIME ZONE 'UTC')::date, 0, 0, 0, count(*), 0, 0
		FROM @extschema@.rf_reward_rule rule
		JOIN @extschema@.rf_reward r ON r.rule_id = rule.id
		WHERE r.state IN ('pending', 'due', 'issued', 'fulfilled', 'failed') AND r.original_id IS NULL
		GROUP BY 1, 2
		UNION ALL
		SELECT campaign_id, day, 0, 0, 0, 0, count(*), sum(clicks)
		FROM @extschema@.rf_click
		GROUP BY 1, 2
	) d
	GROUP BY d.campaign_id, d.day;
COMMENT ON VIEW @extschema@.rf_daily_stats IS
'people who joined, came by a link and qualified, rewards that live, and visitors, by day in UTC; days on which nothing happened have no row; reads all people and rewards of the campaign, for there is no index by which states could be read alone: 0.4 s for a million';

CREATE OR REPLACE VIEW @extschema@.rf_delivery AS
	SELECT d.delivery_id,
		d.event_id,
		d.webhook_id,
		@extschema@.rf_message_id(e.home, e.id) AS message_id,
		e.type,
		CASE
			WHEN dead.delivery_id IS NOT NULL THEN 'dead'
			WHEN retry.delivery_id IS NOT NULL THEN
				CASE WHEN retry.next_at = 'infinity' THEN 'parked' ELSE 'retrying' END
			WHEN a.delivered THEN 'delivered'
			WHEN a.attempts IS NULL AND h.id IS NOT NULL THEN 'pending'
			ELSE 'cancelled'
		END AS state,
		coalesce(a.attempts, 0) AS attempts,
		a.last_at AS last_attempt_at,
		retry.next_at
	FROM (
		SELECT id AS delivery_id, event_id, webhook_id FROM @extschema@.rf_outbox
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_retry
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_dead
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_attempt
	) d
	JOIN @extschema@.rf_event e ON e.id = d.event_id
	LEFT JOIN (
		SELECT delivery_id, count(*) AS attempts, max(started_at) AS last_at,
			bool_or(outcome = 'success') AS delivered
		FROM @extschema@.rf_attempt
		GROUP BY delivery_id
	) a USING (delivery_id)
	LEFT JOIN @extschema@.rf_retry retry USING (delivery_id)
	LEFT JOIN @extschema@.rf_dead dead USING (delivery_id)
	LEFT JOIN @extschema@.rf_webhook h ON h.id = d.webhook_id;
COMMENT ON VIEW @extschema@.rf_delivery IS
'every delivery: pending, delivered, retrying, parked (webhook not enabled), dead, or cancelled (its webhook was deleted before)';

-- What waits and no worker has told of: all of it, if none runs. Rows above read_to
-- are few, and found by the keys of the outbox tables: the upper bound, which all
-- ids are below, lets the planner expect few rows, too.
CREATE OR REPLACE VIEW @extschema@.rf_unread AS
	SELECT o.id AS delivery_id, o.event_id, o.webhook_id
	FROM @extschema@.rf_sending_status() g,
		@extschema@.rf_outbox o
	WHERE o.id > coalesce(g.read_to, 0) AND o.id < coalesce(g.read_to, 0) + 4611686018427387904
		AND (g.read_to IS NOT NULL
			OR NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
			AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id))
		AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id);
COMMENT ON VIEW @extschema@.rf_unread IS
'deliveries that wait in the outbox and that no worker has read; part of rf_status';

CREATE OR REPLACE VIEW @extschema@.rf_status AS
	SELECT w.pid AS worker_pid,
		w.state AS worker_state,
		w.since AS worker_since,
		@extschema@.rf_home_status() AS at_home,
		coalesce(g.waiting, 0) + u.pending AS pending,
		r.retrying,
		r.parked,
		(SELECT count(*) FROM @extschema@.rf_dead) AS dead,
		(SELECT now() - e.created_at FROM @extschema@.rf_event e
			WHERE e.id = least(g.oldest_event, u.oldest_event)) AS oldest_pending,
		CASE
			WHEN NOT @extschema@.rf_home_status()
				THEN 'restored copy: sends nothing before rf_adopt_database()'
			ELSE w.detail
		END AS detail,
		ARRAY(SELECT DISTINCT u.partition FROM @extschema@.rf_unattached_partition u)
			AS unattached_partitions,
		g.workers,
		g.in_flight,
		g.attempts,
		g.failures,
		g.faults,
		g.last_fault,
		g.last_fault_at,
		g.counted_since,
		g.xmin_age
	FROM @extschema@.rf_worker_status() w,
		@extschema@.rf_sending_status() g,
		(SELECT count(*) AS pending, min(event_id) AS oldest_event FROM @extschema@.rf_unread) u,
		(SELECT count(*) FILTER (WHERE next_at <> 'infinity') AS retrying,
			count(*) FILTER (WHERE next_at = 'infinity') AS parked
		FROM @extschema@.rf_retry) r;
COMMENT ON VIEW @extschema@.rf_status IS
'one row: is the worker alive, what waits, and why nothing is sent if so';
COMMENT ON COLUMN @extschema@.rf_status.pending IS
'deliveries that wait for their first attempt or its end; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_status.retrying IS
'deliveries that failed and will be tried again, or wait for a first attempt that has a delay';
COMMENT ON COLUMN @extschema@.rf_status.parked IS
'deliveries of webhooks that are not enabled';
COMMENT ON COLUMN @extschema@.rf_status.dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_status.oldest_pending IS
'age of the oldest event among the pending';
COMMENT ON COLUMN @extschema@.rf_status.detail IS
'why nothing is sent, or what keeps failing; null: all is well';
COMMENT ON COLUMN @extschema@.rf_status.workers IS
'workers that send from this database';
COMMENT ON COLUMN @extschema@.rf_status.in_flight IS
'requests under way; null: no worker says';
COMMENT ON COLUMN @extschema@.rf_status.attempts IS
'attempts since counted_since';
COMMENT ON COLUMN @extschema@.rf_status.failures IS
'those of them that failed';
COMMENT ON COLUMN @extschema@.rf_status.faults IS
'faults on this side since counted_since, such as want of descriptors, a full disk or a lock: they cost no attempt';
COMMENT ON COLUMN @extschema@.rf_status.last_fault IS
'what the last of them said';
COMMENT ON COLUMN @extschema@.rf_status.last_fault_at IS
'when that was';
COMMENT ON COLUMN @extschema@.rf_status.counted_since IS
'first sending after the start of the server, or rf_stat_reset()';
COMMENT ON COLUMN @extschema@.rf_status.xmin_age IS
'transactions since the oldest snapshot that a worker holds; null, as it should mostly be: it holds none';

CREATE OR REPLACE VIEW @extschema@.rf_webhook_status AS
	SELECT h.id AS webhook_id,
		h.name,
		h.state,
		s.paused_until,
		s.last_success_at,
		s.last_failure_at,
		s.last_error,
		s.disabled_at,
		s.disabled_reason,
		coalesce(r.retrying, 0) AS retrying,
		coalesce(d.dead, 0) AS dead,
		s.failing_since,
		coalesce(s.breaker, 'closed') AS breaker,
		s.open_until,
		coalesce(s.openings, 0) AS openings,
		coalesce(t.waiting, 0) + coalesce(u.pending, 0) AS pending,
		coalesce(t.in_flight, 0) AS in_flight,
		(SELECT now() - e.created_at FROM @extschema@.rf_event e
			WHERE e.id = least(t.oldest_event, u.oldest_event)) AS oldest_pending,
		t.http_version,
		t.attempts,
		t.failures,
		t.counted_since,
		t.attempts_5m,
		round(t.success_rate_5m::numeric, 4) AS success_rate_5m,
		t.dns_us_p50_5m, t.dns_us_p95_5m, t.dns_us_p99_5m,
		t.connect_us_p50_5m, t.connect_us_p95_5m, t.connect_us_p99_5m,
		t.tls_us_p50_5m, t.tls_us_p95_5m, t.tls_us_p99_5m,
		t.first_byte_us_p50_5m, t.first_byte_us_p95_5m, t.first_byte_us_p99_5m,
		t.total_us_p50_5m, t.total_us_p95_5m, t.total_us_p99_5m,
		t.attempts_24h,
		round(t.success_rate_24h::numeric, 4) AS success_rate_24h,
		t.dns_us_p50_24h, t.dns_us_p95_24h, t.dns_us_p99_24h,
		t.connect_us_p50_24h, t.connect_us_p95_24h, t.connect_us_p99_24h,
		t.tls_us_p50_24h, t.tls_us_p95_24h, t.tls_us_p99_24h,
		t.first_byte_us_p50_24h, t.first_byte_us_p95_24h, t.first_byte_us_p99_24h,
		t.total_us_p50_24h, t.total_us_p95_24h, t.total_us_p99_24h
	FROM @extschema@.rf_webhook h
	LEFT JOIN @extschema@.rf_webhook_state s ON s.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS retrying
		FROM @extschema@.rf_retry GROUP BY webhook_id) r ON r.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS dead
		FROM @extschema@.rf_dead GROUP BY webhook_id) d ON d.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS pending, min(event_id) AS oldest_event
		FROM @extschema@.rf_unread GROUP BY webhook_id) u ON u.webhook_id = h.id
	CROSS JOIN LATERAL @extschema@.rf_webhook_statistics(h.id) t;
COMMENT ON VIEW @extschema@.rf_webhook_status IS
'what the workers know of each endpoint. dns, connect, tls: microseconds of that step, over new connections; first_byte, total: microseconds since the start of the attempt; p50, p95, p99: what so many percent did not exceed, at most an eighth off; 5m, 24h: the last 4 to 5 minutes, the last 21 to 24 hours; null: there were none';
COMMENT ON COLUMN @extschema@.rf_webhook_status.retrying IS
'deliveries in rf_retry, those of a webhook that is not enabled included';
COMMENT ON COLUMN @extschema@.rf_webhook_status.dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_webhook_status.failing_since IS
'first failure since the last success';
COMMENT ON COLUMN @extschema@.rf_webhook_status.breaker IS
'closed: sends; open: too many failures, nothing is sent before open_until; probing: one request decides';
COMMENT ON COLUMN @extschema@.rf_webhook_status.open_until IS
'until then the breaker keeps everything back';
COMMENT ON COLUMN @extschema@.rf_webhook_status.openings IS
'how often in a row the breaker opened';
COMMENT ON COLUMN @extschema@.rf_webhook_status.pending IS
'deliveries that wait for their first attempt or its end; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_webhook_status.in_flight IS
'requests under way; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_webhook_status.oldest_pending IS
'age of the oldest event among the pending';
COMMENT ON COLUMN @extschema@.rf_webhook_status.http_version IS
'version of HTTP that the last answer was in';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts IS
'attempts since counted_since';
COMMENT ON COLUMN @extschema@.rf_webhook_status.failures IS
'those of them that failed';
COMMENT ON COLUMN @extschema@.rf_webhook_status.counted_since IS
'first attempt after the start of the server, or rf_stat_reset()';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts_5m IS
'attempts in the last 5 minutes (4 to 5)';
COMMENT ON COLUMN @extschema@.rf_webhook_status.success_rate_5m IS
'how many of them succeeded, from 0 to 1; null: there were none';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts_24h IS
'attempts in the last 24 hours (21 to 24)';
COMMENT ON COLUMN @extschema@.rf_webhook_status.success_rate_24h IS
'how many of them succeeded, from 0 to 1; null: there were none';
-- What a dump keeps, who may do what, and the first row of rf_home.

-- Every table and sequence that holds rows of the programme. No row is shipped
-- with the extension but the one of rf_home, which a dump adds to.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_campaign', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_participant', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fraud_rule', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_rule', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_milestone', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_purchase', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_refund', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_idempotency', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_home', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_event', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_0', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_1', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_2', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_3', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_secret', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook_state', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_retry', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_dead', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_0', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_1', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_2', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_3', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_token', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_unmatched', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_click', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_campaign_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_participant_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_rule_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_purchase_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_refund_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_token_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_unmatched_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_quota', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_recurrence', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon_pool', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_window', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_erased_code', '');

-- Nobody but the owner may call anything before rf_grant.
REVOKE ALL ON FUNCTION
	@extschema@.rf_refuse_unbuilt, @extschema@.rf_programme_changed,
	@extschema@.rf_participant_admit, @extschema@.rf_participant_joined,
	@extschema@.rf_participant_fixed, @extschema@.rf_rows_kept,
	@extschema@.rf_campaign_kept, @extschema@.rf_reward_rule_kept,
	@extschema@.rf_reward_rule_valid, @extschema@.rf_webhook_admit,
	@extschema@.rf_webhook_created, @extschema@.rf_webhook_deleted,
	@extschema@.rf_join, @extschema@.rf_link,
	@extschema@.rf_import(text, jsonb), @extschema@.rf_import(text, regclass),
	@extschema@.rf_qualify, @extschema@.rf_qualify_email, @extschema@.rf_unqualify,
	@extschema@.rf_issue(bigint), @extschema@.rf_issue(bigint[]),
	@extschema@.rf_fulfill(bigint, text), @extschema@.rf_fulfill(bigint[], text),
	@extschema@.rf_fail(bigint, text), @extschema@.rf_fail(bigint[], text),
	@extschema@.rf_cancel(bigint, text), @extschema@.rf_cancel(bigint[], text),
	@extschema@.rf_tick, @extschema@.rf_explain, @extschema@.rf_message_id,
	@extschema@.rf_home_install, @extschema@.rf_home_status,
	@extschema@.rf_adopt_database, @extschema@.rf_grant,
	@extschema@.rf_worker_status, @extschema@.rf_create_webhook,
	@extschema@.rf_webhook_secret, @extschema@.rf_set_headers, @extschema@.rf_check_url,
	@extschema@.rf_sign, @extschema@.rf_verify,
	@extschema@.rf_coupon_admit, @extschema@.rf_coupon_loaded,
	@extschema@.rf_coupon_kept, @extschema@.rf_coupon_deleted,
	@extschema@.rf_campaign_windows,
	@extschema@.rf_erase, @extschema@.rf_export,
	@extschema@.rf_leaderboard, @extschema@.rf_referral_tree,
	@extschema@.rf_campaign_valid, @extschema@.rf_qualify_coupon,
	@extschema@.rf_record_purchase, @extschema@.rf_record_refund,
	@extschema@.rf_apply_rule, @extschema@.rf_simulate,
	@extschema@.rf_attached_joins, @extschema@.rf_attached_purchases,
	@extschema@.rf_attach_joins, @extschema@.rf_attach_purchases, @extschema@.rf_detach,
	@extschema@.rf_writers_locked_out, @extschema@.rf_coupon_pools_locked
FROM PUBLIC;

-- Caches must learn of changes whatever brought them, replication included.
ALTER TABLE @extschema@.rf_campaign ENABLE ALWAYS TRIGGER rf_campaign_changed;
ALTER TABLE @extschema@.rf_fraud_rule ENABLE ALWAYS TRIGGER rf_fraud_rule_changed;
ALTER TABLE @extschema@.rf_reward_rule ENABLE ALWAYS TRIGGER rf_reward_rule_changed;
ALTER TABLE @extschema@.rf_milestone ENABLE ALWAYS TRIGGER rf_milestone_changed;
ALTER TABLE @extschema@.rf_webhook ENABLE ALWAYS TRIGGER rf_webhook_changed;
ALTER TABLE @extschema@.rf_secret ENABLE ALWAYS TRIGGER rf_secret_changed;
ALTER TABLE @extschema@.rf_home ENABLE ALWAYS TRIGGER rf_home_changed;

-- Fraud. Domains that came with the extension come with it again, but whether
-- they are disposable is the user's to say.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_blocked', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_blocked_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_disposable_domain', 'WHERE NOT builtin OR NOT disposable');
-- rf_mailbox stays everybody's: an index uses it, with the rights of whoever
-- inserts or restores a row, and it knows nothing but its argument.
REVOKE ALL ON FUNCTION
	@extschema@.rf_fraud_row_valid, @extschema@.rf_disposable_domain_valid,
	@extschema@.rf_release, @extschema@.rf_block
FROM PUBLIC;
REVOKE ALL ON FUNCTION
	@extschema@.rf_sending_status, @extschema@.rf_webhook_statistics, @extschema@.rf_stat_reset
FROM PUBLIC;

-- Sending.
REVOKE ALL ON FUNCTION @extschema@.rf_webhook_updated FROM PUBLIC;

-- Sending again.
REVOKE ALL ON FUNCTION
	@extschema@.rf_test_webhook, @extschema@.rf_replay, @extschema@.rf_replay_webhook
FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fulfilment', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fulfilment_id_seq', '');
-- Several workers.
REVOKE ALL ON FUNCTION @extschema@.rf_workers FROM PUBLIC;
REVOKE ALL ON FUNCTION
	@extschema@.rf_secret_admit, @extschema@.rf_rotate_secret, @extschema@.rf_set_tls
FROM PUBLIC;
-- The last words of the install script.

SELECT @extschema@.rf_home_install();
