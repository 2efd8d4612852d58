-- The extension in a schema whose name has capitals, a dot, a space and a
-- keyword, outside of every search path (design 3).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SELECT current_database() AS regression \gset
CREATE DATABASE "regress_rf Awkward" TEMPLATE template0;
\c "regress_rf Awkward"
CREATE SCHEMA "My.Weird select";
SET client_min_messages = error;
CREATE EXTENSION referral SCHEMA "My.Weird select";
DROP ROLE IF EXISTS regress_rf_awkward;
RESET client_min_messages;
CREATE ROLE regress_rf_awkward;

-- guards: nothing of it is anywhere else
SELECT count(*) FROM pg_class WHERE relname LIKE 'rf\_%' AND relnamespace <> '"My.Weird select"'::regnamespace;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'rf\_%' AND pronamespace <> '"My.Weird select"'::regnamespace;

-- guards: everything works by qualified names
INSERT INTO "My.Weird select".rf_campaign (slug, name, landing_url) VALUES ('weird', 'Weird', 'https://shop.example/') RETURNING id AS campaign \gset
INSERT INTO "My.Weird select".rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
VALUES (:campaign, 'ladder', 'referrer', 'invited_qualifies', 'milestone', 5, 'USD') RETURNING id AS rule \gset
INSERT INTO "My.Weird select".rf_milestone (rule_id, threshold) VALUES (:rule, 1);
INSERT INTO "My.Weird select".rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/') RETURNING id AS hook \gset
INSERT INTO "My.Weird select".rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@people.example', 'ANN', NULL), (:campaign, 'bob@people.example', 'BOB', 'ANN');
SELECT created FROM "My.Weird select".rf_join('weird', 'cyd@people.example', referred_by => 'ann');
CREATE TABLE public.signups AS SELECT 'dee@people.example' AS email UNION ALL SELECT 'bad';
SELECT * FROM "My.Weird select".rf_import('weird', 'public.signups'::regclass);
SELECT state, changed, rewards FROM "My.Weird select".rf_qualify('BOB', idempotency_key => 'k');
SELECT state, changed, rewards FROM "My.Weird select".rf_qualify_email('weird', 'bob@people.example');
SELECT "My.Weird select".rf_link('BOB');
SELECT granted, reason, have, need FROM "My.Weird select".rf_explain('ANN');
SELECT code, qualified_count FROM "My.Weird select".rf_leaderboard;
SELECT rule, code, state FROM "My.Weird select".rf_reward_status;
SELECT type FROM "My.Weird select".rf_event ORDER BY id;
SELECT count(*), bool_and(at_home) AS at_home FROM "My.Weird select".rf_status;
SELECT state, changed FROM "My.Weird select".rf_unqualify('BOB');
SELECT "My.Weird select".rf_tick();
SELECT count(*) FROM "My.Weird select".rf_secret WHERE webhook_id = :hook;
UPDATE "My.Weird select".rf_participant SET name = 'Bob' WHERE code = 'BOB';
DELETE FROM "My.Weird select".rf_webhook WHERE id = :hook;

-- guards: rights are given there
SELECT "My.Weird select".rf_grant('regress_rf_awkward', 'app');
SET ROLE regress_rf_awkward;
SELECT created FROM "My.Weird select".rf_join('weird', 'eve@people.example');
RESET ROLE;

-- guards: a session sees that the schema has got another name
ALTER SCHEMA "My.Weird select" RENAME TO "Order ""by"" it's";
SELECT created FROM "Order ""by"" it's".rf_join('weird', 'fay@people.example', referred_by => 'ANN');
INSERT INTO "Order ""by"" it's".rf_participant (campaign_id, email) VALUES (:campaign, 'gus@people.example');
SELECT invited_count FROM "Order ""by"" it's".rf_participant WHERE code = 'ANN';

-- guards: and that the extension went and came back elsewhere
DROP EXTENSION referral;
SELECT count(*) FROM pg_class WHERE relname LIKE 'rf\_%';
SET client_min_messages = error;
CREATE EXTENSION referral SCHEMA public;
RESET client_min_messages;
INSERT INTO rf_campaign (slug, name) VALUES ('weird', 'Not weird') RETURNING id AS campaign \gset
SELECT created FROM rf_join('weird', 'ann@people.example');
SELECT count(*) FROM rf_participant;

DROP OWNED BY regress_rf_awkward;
\c :regression
DROP DATABASE "regress_rf Awkward";
DROP ROLE regress_rf_awkward;
