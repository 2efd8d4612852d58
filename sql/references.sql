-- What refers to what, without foreign keys: a parallel restore loads tables in
-- any order, and checks nothing then. Others are held to it by triggers
-- (design 4.1, 5.23). Races stand in test/isolation.
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('references', 'References'), ('references-empty', 'Empty');
SELECT id AS campaign FROM rf_campaign WHERE slug = 'references' \gset
SELECT id AS empty FROM rf_campaign WHERE slug = 'references-empty' \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, 'granted', 'referrer', 'referrer_joins', 1, 'USD'),
	(:campaign, 'not granted', 'referrer', 'invited_joins', 1, 'USD'),
	(:campaign, 'wanted', 'referrer', 'invited_joins', 1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
VALUES (:campaign, 'ladder', 'referrer', 'invited_joins', 'milestone', 1, 'USD') RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold) VALUES (:ladder, 1), (:ladder, 2);
INSERT INTO rf_webhook (campaign_id, url, events, rule_id)
SELECT :campaign, 'https://hooks.example/', '{reward.*}', id FROM rf_reward_rule WHERE campaign_id = :campaign AND name = 'wanted' RETURNING id AS hook \gset
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'ann@people.example');

-- guards: unknown campaigns and rules
INSERT INTO rf_participant (campaign_id, email) VALUES (-1, 'bob@people.example');
\echo :SQLSTATE
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (-1, 'x', 'referrer', 'invited_joins', 1, 'USD');
\echo :SQLSTATE
INSERT INTO rf_milestone (rule_id, threshold) VALUES (-1, 1);
\echo :SQLSTATE
INSERT INTO rf_webhook (campaign_id, url) VALUES (-1, 'https://hooks.example/');
\echo :SQLSTATE
INSERT INTO rf_webhook (url, rule_id) VALUES ('https://hooks.example/', -1);
\echo :SQLSTATE
\set VERBOSITY sqlstate
UPDATE rf_reward_rule SET campaign_id = -1 WHERE id = :ladder;
UPDATE rf_milestone SET rule_id = -1 WHERE rule_id = :ladder AND threshold = 1;
UPDATE rf_webhook SET rule_id = -1 WHERE id = :hook;

-- guards: only milestone rules have milestones, and they stay that
INSERT INTO rf_milestone (rule_id, threshold) SELECT id, 1 FROM rf_reward_rule WHERE campaign_id = :campaign AND name = 'granted';
UPDATE rf_reward_rule SET kind = 'standard' WHERE id = :ladder;
\set VERBOSITY default

-- guards: a campaign with people, rules or webhooks, and a rule with grants or
-- webhooks, cannot be deleted
\set VERBOSITY sqlstate
DELETE FROM rf_campaign WHERE id = :campaign;
DELETE FROM rf_reward_rule WHERE campaign_id = :campaign AND name = 'granted';
DELETE FROM rf_reward_rule WHERE campaign_id = :campaign AND name = 'wanted';
SELECT regexp_replace(:'LAST_ERROR_MESSAGE', '[0-9]+', 'N') AS message;
DELETE FROM rf_reward;
\set VERBOSITY default
TRUNCATE rf_reward_rule;
\echo :SQLSTATE
TRUNCATE rf_campaign;
\echo :SQLSTATE
TRUNCATE rf_reward;
\echo :SQLSTATE

-- guards: what nothing refers to can be deleted, milestones with their rule,
-- secrets and state with their webhook
DELETE FROM rf_reward_rule WHERE campaign_id = :campaign AND name IN ('not granted', 'ladder');
SELECT count(*) FROM rf_milestone WHERE rule_id = :ladder;
SELECT count(*) FROM rf_secret WHERE webhook_id = :hook;
DELETE FROM rf_webhook WHERE id = :hook;
SELECT count(*) FROM rf_secret WHERE webhook_id = :hook;
DELETE FROM rf_reward_rule WHERE campaign_id = :campaign AND name = 'wanted';
DELETE FROM rf_campaign WHERE id = :empty;
SELECT slug FROM rf_campaign WHERE slug LIKE 'references%';
SELECT name FROM rf_reward_rule WHERE campaign_id = :campaign;

-- guards: a campaign that is gone is gone for the sessions that knew it
INSERT INTO rf_campaign (slug, name) VALUES ('references-gone', 'Gone') RETURNING id AS gone \gset
SELECT * FROM rf_import('references-gone', rows => '[]');
BEGIN;
DELETE FROM rf_campaign WHERE id = :gone;
\set VERBOSITY sqlstate
SAVEPOINT s;
SELECT rf_join('references-gone', 'ann@people.example');
ROLLBACK TO s;
INSERT INTO rf_participant (campaign_id, email) VALUES (:gone, 'ann@people.example');
ROLLBACK;
\set VERBOSITY default
SELECT created FROM rf_join('references-gone', 'ann@people.example');
