-- What app, operator and reader may do, and that nobody else may do anything
-- (design 3, 4.1).
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_app, regress_rf_operator, regress_rf_reader, regress_rf_nobody, "regress rf ""Odd"" role";
RESET client_min_messages;
CREATE ROLE regress_rf_app;
CREATE ROLE regress_rf_operator;
CREATE ROLE regress_rf_reader;
CREATE ROLE regress_rf_nobody;
CREATE ROLE "regress rf ""Odd"" role";
INSERT INTO rf_campaign (slug, name) VALUES ('rights', 'Rights') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue)
VALUES (:campaign, 'each', 'referrer', 'invited_qualifies', 10, 'USD', false);
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/') RETURNING id AS hook \gset

-- guards: the sets have names; only who may grant can grant
SELECT rf_grant('regress_rf_app', 'superhero');
\echo :SQLSTATE
SELECT rf_grant('regress_rf_missing', 'app');
\echo :SQLSTATE
SET ROLE regress_rf_nobody;
SELECT rf_grant('regress_rf_nobody', 'operator');
\echo :SQLSTATE
RESET ROLE;

SELECT rf_grant('regress_rf_app', 'app'), rf_grant('regress_rf_operator', 'operator'), rf_grant('regress_rf_reader', 'reader');
-- again, and for a name that needs quotes
SELECT rf_grant('regress_rf_app', 'app'), rf_grant('regress rf "Odd" role', 'reader');

-- guards: PUBLIC has nothing
SET ROLE regress_rf_nobody;
\set VERBOSITY sqlstate
SELECT count(*) FROM rf_campaign;
SELECT count(*) FROM rf_leaderboard;
SELECT rf_join('rights', 'x@people.example');
SELECT rf_qualify('X');
SELECT rf_message_id(1, 1);
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'x@people.example');
\set VERBOSITY default

-- guards: app joins, imports, qualifies, reads; the engine's work is done with
-- the owner's rights: counts, rewards and events that app may not write
SET ROLE regress_rf_app;
SELECT created FROM rf_join('rights', 'ann@people.example');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, name, source, ip, meta, joined_at)
SELECT :campaign, 'bob@people.example', 'RIGHT-BOB', code, 'Bob', 'Api', '192.0.2.1', '{}', now() FROM rf_participant WHERE email_key = 'ann@people.example' AND campaign_id = :campaign
RETURNING state;
SELECT state, changed, rewards FROM rf_qualify('RIGHT-BOB');
SELECT state, changed FROM rf_qualify_email('rights', 'bob@people.example');
SELECT state, changed FROM rf_unqualify('RIGHT-BOB');
SELECT * FROM rf_import('rights', rows => '[{"email": "cyd@people.example"}, {"email": "bad"}]');
SELECT rf_link('RIGHT-BOB') IS NULL AS no_page;
SELECT count(*) FROM rf_explain('RIGHT-BOB');
SELECT count(*) FROM rf_simulate('RIGHT-BOB');
UPDATE rf_participant SET name = 'Robert', email = 'robert@people.example', source = 'Widget', meta = '{"a": 1}' WHERE code = 'RIGHT-BOB';
SELECT p.name, p.email_key, p.invited_count FROM rf_participant p WHERE p.code = 'RIGHT-BOB';
SELECT count(*) > 0 AS seen FROM rf_reward_status;

-- guards: app writes no engine column, no rule, no reward, sees no webhook, no secret
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, state) VALUES (:campaign, 'dee@people.example', 'active');
INSERT INTO rf_participant (campaign_id, email, code_key) VALUES (:campaign, 'dee@people.example', 'DEE');
UPDATE rf_participant SET state = 'qualified' WHERE code = 'RIGHT-BOB';
UPDATE rf_participant SET code = 'X' WHERE code = 'RIGHT-BOB';
DELETE FROM rf_participant;
TRUNCATE rf_participant;
INSERT INTO rf_campaign (slug, name) VALUES ('rights-app', 'x');
UPDATE rf_reward_rule SET amount = 1000;
INSERT INTO rf_reward (rule_id) VALUES (1);
UPDATE rf_reward SET state = 'issued';
SELECT count(*) FROM rf_webhook;
SELECT count(*) FROM rf_secret;
SELECT count(*) FROM rf_event;
SELECT count(*) FROM rf_outbox;
SELECT count(*) FROM rf_idempotency;
SELECT rf_issue(1);
SELECT rf_tick();
SELECT rf_adopt_database();
SELECT rf_home_install();
SET referral.clock_offset = 1;
\set VERBOSITY default

-- guards: an import reads the caller's table with the caller's rights
RESET ROLE;
CREATE TABLE rights_staging (email text);
INSERT INTO rights_staging VALUES ('eve@people.example');
SET ROLE regress_rf_app;
\set VERBOSITY sqlstate
SELECT * FROM rf_import('rights', 'rights_staging'::regclass);
\set VERBOSITY default
RESET ROLE;
GRANT SELECT ON rights_staging TO regress_rf_app;
SET ROLE regress_rf_app;
SELECT * FROM rf_import('rights', 'rights_staging'::regclass);
RESET ROLE;
DROP TABLE rights_staging;

-- guards: the engine looks at nothing that a caller could put in its way
SET ROLE regress_rf_app;
CREATE TEMPORARY TABLE rf_participant (campaign_id bigint, email text, email_key text, code text, code_key text, id bigint, referrer_id bigint);
CREATE TEMPORARY TABLE rf_campaign (id bigint, slug text);
SET search_path = pg_temp, public;
SELECT created FROM public.rf_join('rights', 'fay@people.example');
SELECT count(*) FROM rf_participant;
RESET search_path;
DROP TABLE pg_temp.rf_participant, pg_temp.rf_campaign;

-- guards: operator does that, and campaigns, rules, webhooks, rewards besides
SET ROLE regress_rf_operator;
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('rights-operator', 'Operator', 5) RETURNING id AS own \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
VALUES (:own, 'ladder', 'referrer', 'invited_joins', 'milestone', 5, 'USD') RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold) VALUES (:ladder, 1), (:ladder, 2);
DELETE FROM rf_milestone WHERE rule_id = :ladder AND threshold = 2;
UPDATE rf_campaign SET state = 'paused' WHERE id = :own;
INSERT INTO rf_webhook (campaign_id, url, events) VALUES (:own, 'https://hooks.example/', '{*}') RETURNING id AS own_hook \gset
UPDATE rf_webhook SET state = 'paused' WHERE id = :own_hook;
DELETE FROM rf_webhook WHERE id = :own_hook;
SELECT created FROM rf_join('rights', 'gus@people.example');
SELECT changed, rewards FROM rf_qualify('RIGHT-BOB');
SELECT rf_issue(reward_id) FROM rf_reward_status WHERE earned_by = 'RIGHT-BOB' AND state = 'due';
SELECT rf_tick() IS NOT NULL AS ticked;
SELECT rf_apply_rule(:ladder);
INSERT INTO rf_coupon (pool, code) VALUES ('rights', 'RIGHTS-1'), ('rights', 'RIGHTS-2');
DELETE FROM rf_coupon WHERE code = 'RIGHTS-2';
SELECT total, used FROM rf_coupon_pool WHERE pool = 'rights';
SELECT count(*) > 0 AS seen FROM rf_event;
SELECT count(*) FROM rf_status;

-- guards: operator sees no secret, moves no home, writes no engine column
\set VERBOSITY sqlstate
SELECT count(*) FROM rf_secret;
UPDATE rf_reward SET state = 'fulfilled';
INSERT INTO rf_campaign (slug, name, created_at) VALUES ('rights-when', 'x', now());
INSERT INTO rf_webhook (campaign_id, url, header_names) VALUES (:own, 'https://hooks.example/', '{x}');
INSERT INTO rf_event (home, type, created_at, payload) VALUES (1, 'x', now(), '');
DELETE FROM rf_event;
INSERT INTO rf_coupon (pool, code, state) VALUES ('rights', 'RIGHTS-3', 'seen');
UPDATE rf_coupon SET state = 'free';
SELECT rf_adopt_database();
\set VERBOSITY default

-- guards: reader has views, without e-mail, names, headers or secrets
SET ROLE regress_rf_reader;
SELECT slug, invited FROM rf_campaign_stats WHERE slug = 'rights';
SELECT code, qualified_count FROM rf_leaderboard WHERE campaign_id = :campaign AND code <> 'x' AND qualified_count > 5;
SELECT count(*) > 0 AS seen FROM rf_referral_tree WHERE campaign_id = :campaign;
SELECT rule, amount, state FROM rf_reward_status WHERE campaign_id = :campaign AND earned_by = 'RIGHT-BOB' AND state = 'issued';
SELECT count(*) FROM rf_status;
SELECT count(*) >= 0 AS seen FROM rf_webhook_status;
SELECT rf_health() ? 'status' AS health, rf_metrics() LIKE '# HELP%' AS metrics, count(*) >= 0 AS listeners FROM rf_listeners();
\set VERBOSITY sqlstate
SELECT name FROM rf_leaderboard;
SELECT * FROM rf_reward_status;
SELECT count(*) FROM rf_participant;
SELECT count(*) FROM rf_webhook;
SELECT count(*) FROM rf_event;
SELECT count(*) FROM rf_secret;
SELECT rf_join('rights', 'hal@people.example');
SELECT rf_qualify('RIGHT-BOB');
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'hal@people.example');
\set VERBOSITY default
RESET ROLE;

DELETE FROM rf_webhook WHERE id = :hook;
DROP OWNED BY regress_rf_app, regress_rf_operator, regress_rf_reader, regress_rf_nobody, "regress rf ""Odd"" role";
DROP ROLE regress_rf_app, regress_rf_operator, regress_rf_reader, regress_rf_nobody, "regress rf ""Odd"" role";
