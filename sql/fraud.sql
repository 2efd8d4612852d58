-- Who looks like fraud when they join: each signal, each action, and the lists
-- that programmes extend (design 5.3, 5.11).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('fraud', 'Fraud') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, 'each', 'referrer', 'invited_joins', 1, 'USD'),
	(:campaign, 'welcome', 'invited', 'invited_joins', 2, 'USD'),
	(:campaign, 'hello', 'referrer', 'referrer_joins', 3, 'USD');
INSERT INTO rf_webhook (campaign_id, url, events) VALUES (:campaign, 'https://hooks.example/', '{*}');
CREATE VIEW people AS
	SELECT p.campaign_id, p.id, p.code, p.state, p.signals, p.invited_count AS invited,
		(SELECT string_agg(e.type, ' ' ORDER BY e.id) FROM rf_event e
			WHERE e.participant_id = p.id) AS events
	FROM rf_participant p;

-- guards: in a campaign without rules nobody has signals
INSERT INTO rf_participant (campaign_id, email, code, name, ip) VALUES
	(:campaign, 'ann@people.example', 'FR-ANN', 'Ann Lee', '192.0.2.1');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, ip) VALUES
	(:campaign, 'bob+x@mailinator.com', 'FR-BOB', 'FR-ANN', '192.0.2.1');
SELECT code, state, signals, invited, events FROM people WHERE campaign_id = :campaign ORDER BY id;

-- guards: rules are checked: their campaign, and what a signal takes
\set VERBOSITY terse
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (0, 'same_ip', 'hold');
\echo :SQLSTATE
INSERT INTO rf_blocked (campaign_id, email) VALUES (0, 'x@y.example');
\echo :SQLSTATE
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:campaign, 'velocity', 'hold');
INSERT INTO rf_fraud_rule (campaign_id, signal, action, threshold) VALUES (:campaign, 'velocity', 'hold', 2);
INSERT INTO rf_fraud_rule (campaign_id, signal, action, "within") VALUES (:campaign, 'velocity', 'hold', '1 day');
INSERT INTO rf_fraud_rule (campaign_id, signal, action, threshold) VALUES (:campaign, 'disposable', 'hold', 2);
INSERT INTO rf_fraud_rule (campaign_id, signal, action, threshold) VALUES (:campaign, 'plus_alias', 'hold', 2);
INSERT INTO rf_fraud_rule (campaign_id, signal, action, "within") VALUES (:campaign, 'blocked_list', 'hold', '1 day');
INSERT INTO rf_fraud_rule (campaign_id, signal, action, "within") VALUES (:campaign, 'duplicate_name', 'hold', '1 day');
INSERT INTO rf_fraud_rule (campaign_id, signal, action, "within") VALUES (:campaign, 'same_ip', 'hold', '-1 day');
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:campaign, 'looks', 'hold');
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:campaign, 'same_ip', 'shoot');
INSERT INTO rf_blocked (email, domain) VALUES ('x@y.example', 'y.example');
INSERT INTO rf_blocked (note) VALUES ('nobody');
INSERT INTO rf_blocked (domain) VALUES ('@y.example');
INSERT INTO rf_blocked (email) VALUES ('y.example');
\set VERBOSITY default

-- guards: same_ip: others of the campaign came from there, as many as the
-- threshold says (null: 1), in the time it looks back over; no address, no signal
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-ip', 'Addresses') RETURNING id AS ip \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:ip, 'same_ip', 'flag');
INSERT INTO rf_participant (campaign_id, email, code, ip) VALUES
	(:ip, 'a@people.example', 'FIP-A', '192.0.2.1'),
	(:ip, 'b@people.example', 'FIP-B', '192.0.2.1'),
	(:ip, 'c@people.example', 'FIP-C', '192.0.2.2'),
	(:ip, 'd@people.example', 'FIP-D', NULL),
	(:ip, 'e@people.example', 'FIP-E', NULL);
UPDATE rf_fraud_rule SET threshold = 2 WHERE campaign_id = :ip;
INSERT INTO rf_participant (campaign_id, email, code, ip) VALUES
	(:ip, 'f@people.example', 'FIP-F', '192.0.2.2'),
	(:ip, 'g@people.example', 'FIP-G', '192.0.2.2');
UPDATE rf_fraud_rule SET threshold = 1, "within" = '1 hour' WHERE campaign_id = :ip;
INSERT INTO rf_participant (campaign_id, email, code, ip, joined_at) VALUES
	(:ip, 'h@people.example', 'FIP-H', '2001:db8::1', now() - interval '1 hour'),
	(:ip, 'i@people.example', 'FIP-I', '2001:db8::1', now() - interval '59 min'),
	(:ip, 'j@people.example', 'FIP-J', '2001:db8::1', NULL);
SELECT code, state, signals FROM people WHERE campaign_id = :ip ORDER BY id;

-- guards: plus_alias: a +tag, or the mailbox of somebody else written differently
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-alias', 'Aliases') RETURNING id AS alias \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES
	(:alias, 'early+bird@people.example', 'FAL-EARLY'),
	(:alias, 'dotted.name@gmail.com', 'FAL-DOTS');
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:alias, 'plus_alias', 'flag');
INSERT INTO rf_participant (campaign_id, email, code) VALUES
	(:alias, 'ann@people.example', 'FAL-ANN'),
	(:alias, 'Ann+2@people.example', 'FAL-ANN2'),
	(:alias, 'early@people.example', 'FAL-EARLY2'),
	(:alias, 'Dotted.Na.me@GoogleMail.com', 'FAL-DOTS2'),
	(:alias, 'dottedname@gmail.com', 'FAL-DOTS3'),
	(:alias, 'dotted.name@people.example', 'FAL-OTHER'),
	(:alias, 'dottedname@people.example', 'FAL-OTHER2');
SELECT code, state, signals FROM people WHERE campaign_id = :alias ORDER BY id;
SELECT rf_mailbox(' A.Nn+x@GoogleMail.com'), rf_mailbox('a.nn@people.example');
-- guards: the index follows a changed e-mail
UPDATE rf_participant SET email = 'moved+x@people.example' WHERE code = 'FAL-ANN';
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:alias, 'moved@people.example', 'FAL-MOVED');
SELECT code, state, signals FROM people WHERE code = 'FAL-MOVED';

-- guards: disposable: the domain or one above it is listed; what stands nearest
-- decides, so a programme can add domains, add them anew and except some
SELECT count(*) >= 150 AS plenty, bool_and(builtin) AS shipped, bool_and(disposable) AS listed
FROM rf_disposable_domain;
INSERT INTO rf_disposable_domain (domain) VALUES ('Trash.Example'), ('top');
INSERT INTO rf_disposable_domain (domain, disposable) VALUES ('good.trash.example', false);
UPDATE rf_disposable_domain SET disposable = false WHERE domain = 'yopmail.com';
INSERT INTO rf_disposable_domain (domain, disposable) VALUES ('mailinator.com', false);
INSERT INTO rf_disposable_domain (domain) VALUES ('guerrillamail.com');
SELECT domain, disposable, builtin FROM rf_disposable_domain WHERE NOT builtin OR NOT disposable ORDER BY domain;
\set VERBOSITY sqlstate
INSERT INTO rf_disposable_domain (domain) VALUES ('trash.example');
INSERT INTO rf_disposable_domain (domain) VALUES ('who@trash.example');
INSERT INTO rf_disposable_domain (domain, disposable) VALUES ('yopmail.net', NULL);
UPDATE rf_disposable_domain SET domain = 'yopmail.example' WHERE domain = 'yopmail.net';
\set VERBOSITY default
DELETE FROM rf_disposable_domain WHERE domain = 'yopmail.net';
\echo :SQLSTATE
TRUNCATE rf_disposable_domain;
\echo :SQLSTATE
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-trash', 'Trash') RETURNING id AS trash \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:trash, 'disposable', 'flag');
INSERT INTO rf_participant (campaign_id, email, code) VALUES
	(:trash, 'a@YopMail.fr', 'FTR-A'),
	(:trash, 'b@sub.yopmail.fr', 'FTR-B'),
	(:trash, 'c@notyopmail.fr', 'FTR-C'),
	(:trash, 'd@yopmail.fr.example', 'FTR-D'),
	(:trash, 'e@trash.example', 'FTR-E'),
	(:trash, 'f@very.good.trash.example', 'FTR-F'),
	(:trash, 'g@yopmail.com', 'FTR-G'),
	(:trash, 'h@mailinator.com', 'FTR-H'),
	(:trash, 'i@guerrillamail.com.', 'FTR-I'),
	(:trash, 'j@any.thing.top', 'FTR-J');
SELECT code, state, signals FROM people WHERE campaign_id = :trash ORDER BY id;

-- guards: velocity: the referrer has so many people of that short a time already
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-fast', 'Fast') RETURNING id AS fast \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action, threshold, "within")
VALUES (:fast, 'velocity', 'flag', 2, '1 hour');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:fast, 'ann@people.example', 'FFA-ANN', NULL, now() - interval '2 hours'),
	(:fast, 'a@people.example', 'FFA-A', 'FFA-ANN', now() - interval '61 min'),
	(:fast, 'b@people.example', 'FFA-B', 'FFA-ANN', now() - interval '60 min'),
	(:fast, 'c@people.example', 'FFA-C', 'FFA-ANN', now() - interval '59 min'),
	(:fast, 'd@people.example', 'FFA-D', 'FFA-ANN', NULL),
	(:fast, 'e@people.example', 'FFA-E', 'FFA-ANN', NULL),
	(:fast, 'f@people.example', 'FFA-F', 'FFA-A', NULL),
	(:fast, 'g@people.example', 'FFA-G', NULL, NULL);
SELECT code, state, signals FROM people WHERE campaign_id = :fast ORDER BY id;

-- guards: duplicate_name: the referrer's own name or that of another of their
-- people, whatever its case and spaces; others may share a name
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-name', 'Names') RETURNING id AS names \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:names, 'duplicate_name', 'flag');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, name) VALUES
	(:names, 'ann@people.example', 'FNA-ANN', NULL, 'Ann  Lee'),
	(:names, 'a@people.example', 'FNA-A', 'FNA-ANN', ' ann lee '),
	(:names, 'b@people.example', 'FNA-B', 'FNA-ANN', 'Bob'),
	(:names, 'c@people.example', 'FNA-C', 'FNA-ANN', 'BOB'),
	(:names, 'd@people.example', 'FNA-D', 'FNA-B', 'BOB'),
	(:names, 'e@people.example', 'FNA-E', 'FNA-A', 'Bob'),
	(:names, 'f@people.example', 'FNA-F', 'FNA-ANN', '  '),
	(:names, 'g@people.example', 'FNA-G', 'FNA-ANN', ' '),
	(:names, 'h@people.example', 'FNA-H', 'FNA-ANN', NULL),
	(:names, 'i@people.example', 'FNA-I', 'FNA-ANN', NULL),
	(:names, 'j@people.example', 'FNA-J', NULL, 'Bob');
SELECT code, state, signals FROM people WHERE campaign_id = :names ORDER BY id;

-- guards: blocked_list: e-mails, domains with those below, networks; for one
-- campaign or for all
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-list', 'List') RETURNING id AS list \gset
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-list2', 'List') RETURNING id AS list2 \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES
	(:list, 'blocked_list', 'flag'), (:list2, 'blocked_list', 'flag');
INSERT INTO rf_blocked (campaign_id, email, domain, network, note) VALUES
	(NULL, ' Bad@people.example ', NULL, NULL, 'charged back'),
	(:list, NULL, 'Rival.Example', NULL, 'competitors'),
	(NULL, NULL, NULL, '198.51.100.0/24', 'a farm'),
	(:list, NULL, NULL, '2001:db8:bad::/48', NULL);
INSERT INTO rf_participant (campaign_id, email, code, ip)
SELECT c.id, p.email, 'FBL' || c.n || '-' || p.code, p.ip
FROM (VALUES (:list, 1), (:list2, 2)) AS c (id, n),
	(VALUES ('bad@people.example', 'BAD', NULL::inet),
		('bad+again@people.example', 'TAG', NULL),
		('good@people.example', 'GOOD', '192.0.2.1'),
		('a@rival.example', 'RIVAL', NULL),
		('a@mail.rival.example', 'BELOW', NULL),
		('a@arrival.example', 'OTHER', NULL),
		('n4@people.example', 'NET4', '198.51.100.77'),
		('n6@people.example', 'NET6', '2001:db8:bad::77')) AS p (email, code, ip);
SELECT code, state, signals FROM people WHERE campaign_id IN (:list, :list2) ORDER BY id;

-- guards: actions: allow and flag change nothing, hold and block do; the most
-- severe of the signals wins, all of them are kept; nobody is counted or
-- rewarded for who is held or blocked, and only invited.held is told
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES
	(:campaign, 'same_ip', 'allow'),
	(:campaign, 'plus_alias', 'flag'),
	(:campaign, 'duplicate_name', 'hold'),
	(:campaign, 'blocked_list', 'block');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, ip, name) VALUES
	(:campaign, 'd1@people.example', 'FR-ALLOW', 'FR-ANN', '192.0.2.1', NULL),
	(:campaign, 'd2+x@people.example', 'FR-FLAG', 'FR-ANN', '192.0.2.1', NULL),
	(:campaign, 'd3@people.example', 'FR-HOLD', 'FR-ANN', '192.0.2.1', 'ann lee'),
	(:campaign, 'bad@people.example', 'FR-BLOCK', 'FR-ANN', '192.0.2.1', 'ann lee'),
	(:campaign, 'd5+x@people.example', 'FR-HOLD2', 'FR-ANN', NULL, 'ann lee'),
	(:campaign, 'd6@people.example', 'FR-OWN', NULL, '192.0.2.1', NULL),
	(:campaign, 'd7@people.example', 'FR-OWNBLOCK', NULL, '198.51.100.1', NULL),
	(:campaign, 'd8@people.example', 'FR-LAST', 'FR-ANN', NULL, NULL);
SELECT code, state, signals, invited, events FROM people WHERE campaign_id = :campaign ORDER BY id;
SELECT rule, code, earned_by, state FROM rf_reward_status
WHERE earned_by IN ('FR-ALLOW', 'FR-FLAG', 'FR-HOLD', 'FR-BLOCK', 'FR-HOLD2', 'FR-OWN', 'FR-OWNBLOCK', 'FR-LAST')
ORDER BY reward_id;

-- guards: held people joined on their own are held silently
UPDATE rf_fraud_rule SET action = 'hold' WHERE campaign_id = :campaign AND signal = 'plus_alias';
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'own+x@people.example', 'FR-OWNHOLD');
SELECT code, state, signals, events FROM people WHERE code = 'FR-OWNHOLD';

-- guards: the codes of held people work, those of blocked ones do not
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'e1@people.example', 'FR-OFHOLD', 'FR-HOLD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'e2@people.example', 'FR-OFBLOCK', 'FR-BLOCK');
\echo :SQLSTATE
SELECT rf_qualify('FR-HOLD');
\echo :SQLSTATE
SELECT code, state, invited FROM people WHERE code IN ('FR-OFHOLD', 'FR-OFBLOCK', 'FR-HOLD') ORDER BY id;

-- guards: rf_join and rf_import succeed for who is held or blocked
SELECT code IS NOT NULL AS code, created FROM rf_join('fraud', 'n@people.example', ip => '198.51.100.2');
SELECT code IS NOT NULL AS code, created FROM rf_join('fraud', 'n@people.example');
SELECT state, signals FROM rf_participant WHERE campaign_id = :campaign AND email_key = 'n@people.example';
SELECT * FROM rf_import('fraud', '[
	{"email": "i1@people.example", "code": "FR-I1", "referred_by": "FR-ANN", "ip": "198.51.100.3"},
	{"email": "i2+x@people.example", "code": "FR-I2", "referred_by": "FR-ANN"},
	{"email": "i3@people.example", "code": "FR-I3", "referred_by": "FR-ANN"},
	{"email": "i4@people.example", "code": "FR-I4", "referred_by": "FR-I1"}]'::jsonb);
SELECT code, state, signals, events FROM people WHERE code LIKE 'FR-I_' ORDER BY id;
SELECT code, invited FROM people WHERE code = 'FR-ANN';

-- guards: COPY too
ALTER TABLE rf_participant ALTER campaign_id SET DEFAULT :campaign;
COPY rf_participant (email, code, referred_by, ip) FROM stdin;
copy@people.example	FR-COPY	FR-ANN	198.51.100.4
copy2+x@people.example	FR-COPY2	FR-ANN	\N
\.
ALTER TABLE rf_participant ALTER campaign_id DROP DEFAULT;
SELECT code, state, signals, events FROM people WHERE code LIKE 'FR-COPY%' ORDER BY id;

-- guards: a person held takes a place of their referrer, one blocked does not
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('fraud-cap', 'Cap', 2) RETURNING id AS cap \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES
	(:cap, 'plus_alias', 'hold'), (:cap, 'blocked_list', 'block');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:cap, 'ann@people.example', 'FCA-ANN', NULL),
	(:cap, 'a+x@people.example', 'FCA-A', 'FCA-ANN'),
	(:cap, 'bad@people.example', 'FCA-BAD', 'FCA-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:cap, 'b+x@people.example', 'FCA-B', 'FCA-ANN'),
	(:cap, 'c@people.example', 'FCA-C', 'FCA-ANN');
\echo :SQLSTATE
SELECT * FROM rf_import('fraud-cap', '[
	{"email": "d+x@people.example", "code": "FCA-D", "referred_by": "FCA-ANN"},
	{"email": "e@people.example", "code": "FCA-E", "referred_by": "FCA-ANN"}]'::jsonb);
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
VALUES (:cap, 'f@people.example', 'FCA-F', 'FCA-ANN');
\echo :SQLSTATE
SELECT code, state, invited FROM people WHERE campaign_id = :cap ORDER BY id;

-- guards: what the engine keeps is its own
INSERT INTO rf_participant (campaign_id, email, code, signals, review)
VALUES (:cap, 'own@people.example', 'FCA-OWN', '{same_ip}', 'nice') RETURNING signals, review;
\set VERBOSITY sqlstate
UPDATE rf_participant SET signals = '{same_ip}' WHERE code = 'FCA-OWN';
UPDATE rf_participant SET review = 'nice' WHERE code = 'FCA-OWN';
\set VERBOSITY default

-- guards: operators write rules and lists and review; who joins people needs no
-- right on the lists, and has none
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_fraud_app, regress_rf_fraud_operator;
RESET client_min_messages;
CREATE ROLE regress_rf_fraud_app;
CREATE ROLE regress_rf_fraud_operator;
SELECT rf_grant('regress_rf_fraud_app', 'app'), rf_grant('regress_rf_fraud_operator', 'operator');
SET ROLE regress_rf_fraud_operator;
INSERT INTO rf_fraud_rule (campaign_id, signal, action, threshold, "within") VALUES (:cap, 'same_ip', 'flag', 1, '1 day');
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:cap, 'disposable', 'flag');
UPDATE rf_fraud_rule SET threshold = NULL WHERE campaign_id = :cap AND signal = 'same_ip';
INSERT INTO rf_blocked (campaign_id, email, domain, network, note) VALUES (:cap, 'very@bad.example', NULL, NULL, 'x') RETURNING id IS NOT NULL AS id;
INSERT INTO rf_disposable_domain (domain) VALUES ('operator.example');
UPDATE rf_disposable_domain SET disposable = false WHERE domain = 'yopmail.com';
SET ROLE regress_rf_fraud_app;
INSERT INTO rf_participant (campaign_id, email, code, ip) VALUES
	(:cap, 'very@bad.example', 'FCA-VERY', '192.0.2.9'), (:cap, 'g@operator.example', 'FCA-G', '192.0.2.9');
SELECT code, state, signals FROM rf_participant WHERE code IN ('FCA-VERY', 'FCA-G') ORDER BY id;
\set VERBOSITY sqlstate
SELECT count(*) FROM rf_blocked;
SELECT count(*) FROM rf_disposable_domain;
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:cap, 'velocity', 'allow');
SELECT rf_release(1);
SELECT rf_block(1);
INSERT INTO rf_participant (campaign_id, email, signals) VALUES (:cap, 'h@people.example', '{}');
SET ROLE regress_rf_fraud_operator;
INSERT INTO rf_fraud_rule (campaign_id, signal, action, created_at) VALUES (:cap, 'velocity', 'allow', now());
INSERT INTO rf_disposable_domain (domain, builtin) VALUES ('other.example', true);
\set VERBOSITY default
SELECT state, changed FROM rf_release((SELECT id FROM rf_participant WHERE code = 'FCA-VERY'));
RESET ROLE;
DROP OWNED BY regress_rf_fraud_app, regress_rf_fraud_operator;
DROP ROLE regress_rf_fraud_app, regress_rf_fraud_operator;

-- guards: a campaign takes its rules and lists along
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-gone', 'Gone') RETURNING id AS gone \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:gone, 'same_ip', 'hold');
INSERT INTO rf_blocked (campaign_id, domain) VALUES (:gone, 'gone.example');
DELETE FROM rf_campaign WHERE id = :gone;
SELECT (SELECT count(*) FROM rf_fraud_rule WHERE campaign_id = :gone) AS rules,
	(SELECT count(*) FROM rf_blocked WHERE campaign_id = :gone) AS blocked;

-- guards: restored rows come back as they were
INSERT INTO rf_fraud_rule (campaign_id, signal, action, created_at) VALUES (0, 'same_ip', 'hold', '2024-01-01');
INSERT INTO rf_blocked (campaign_id, domain, created_at) VALUES (0, 'Was.Example', '2024-01-01');
SELECT campaign_id, domain, created_at FROM rf_blocked WHERE campaign_id = 0;
DELETE FROM rf_fraud_rule WHERE campaign_id = 0;
-- lists are for all campaigns, and for the tests after this one
DELETE FROM rf_blocked;
DELETE FROM rf_disposable_domain WHERE NOT builtin;
UPDATE rf_disposable_domain SET disposable = true WHERE NOT disposable;

-- guards: an address is one, with netmask, mapped into IPv6 or not
INSERT INTO rf_campaign (slug, name) VALUES ('fraud-host', 'Host') RETURNING id AS host \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:host, 'same_ip', 'flag'), (:host, 'blocked_list', 'block');
INSERT INTO rf_blocked (campaign_id, network) VALUES (:host, '198.51.100.0/24');
INSERT INTO rf_participant (campaign_id, email, ip) VALUES (:host, 'a@host.example', '192.0.2.7');
INSERT INTO rf_participant (campaign_id, email, ip) VALUES
	(:host, 'b@host.example', '::ffff:192.0.2.7'), (:host, 'c@host.example', '192.0.2.7/8'),
	(:host, 'd@host.example', '::ffff:198.51.100.9'), (:host, 'e@host.example', '2001:db8::1');
SELECT email, ip, state, signals FROM rf_participant WHERE campaign_id = :host ORDER BY id;
DROP VIEW people;
