-- What is fixed after the insert, for the owner too; what cannot be deleted
-- (design 4.1).
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('fixed', 'Fixed') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'each', 'referrer', 'invited_joins', 1, 'USD') RETURNING id AS rule \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, ip) VALUES
	(:campaign, 'ann@people.example', 'FIX-ANN', NULL, '192.0.2.1'),
	(:campaign, 'bob@people.example', 'FIX-BOB', 'FIX-ANN', NULL);

-- guards: e-mail, name, source and meta may change; email_key follows
UPDATE rf_participant SET email = '  Bobby@people.example ', name = 'Bobby', source = 'Added', meta = '{"a": 1}'
WHERE code = 'FIX-BOB' RETURNING email, email_key, name, source, meta;
-- guards: everything named, nothing changed
UPDATE rf_participant SET code = code, state = state, ip = ip, joined_at = joined_at, referrer_id = referrer_id WHERE code = 'FIX-BOB';

-- guards: the rest is fixed: 55000 with a hint
UPDATE rf_participant SET code = 'FIX-NEW' WHERE code = 'FIX-BOB';
\echo :SQLSTATE
\set VERBOSITY terse
UPDATE rf_participant SET campaign_id = campaign_id + 1 WHERE code = 'FIX-BOB';
UPDATE rf_participant SET referred_by = NULL WHERE code = 'FIX-BOB';
UPDATE rf_participant SET referred_by = 'fix-ann' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET ip = NULL WHERE code = 'FIX-ANN';
UPDATE rf_participant SET ip = '192.0.2.2' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET joined_at = joined_at - interval '1 day' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET email_key = 'x' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET code_key = 'X' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET referrer_id = NULL WHERE code = 'FIX-BOB';
UPDATE rf_participant SET state = 'qualified', qualified_at = now() WHERE code = 'FIX-BOB';
UPDATE rf_participant SET qualified_at = now() WHERE code = 'FIX-BOB';
UPDATE rf_participant SET invited_count = 5 WHERE code = 'FIX-ANN';
UPDATE rf_participant SET qualified_count = 5 WHERE code = 'FIX-ANN';
\set VERBOSITY sqlstate
UPDATE rf_participant SET id = DEFAULT WHERE code = 'FIX-BOB';

-- guards: a changed e-mail is checked like a new one
UPDATE rf_participant SET email = 'ANN@people.example' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET email = 'bobby' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET email = NULL WHERE code = 'FIX-BOB';
UPDATE rf_participant SET email = '' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET name = repeat('n', 1025) WHERE code = 'FIX-BOB';
UPDATE rf_participant SET name = E'Bobby\r\nTables' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET source = '' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET source = E'Wid\nget' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET meta = '[]' WHERE code = 'FIX-BOB';
UPDATE rf_participant SET meta = NULL WHERE code = 'FIX-BOB';
\set VERBOSITY default
SELECT email, email_key, code, referred_by, state, invited_count FROM rf_participant WHERE campaign_id = :campaign ORDER BY id;

-- guards: people are not deleted
DELETE FROM rf_participant WHERE code = 'FIX-BOB';
\echo :SQLSTATE
DELETE FROM rf_participant WHERE false;
\echo :SQLSTATE
\set VERBOSITY sqlstate
TRUNCATE rf_participant;
TRUNCATE rf_campaign CASCADE;

-- guards: a campaign with people, and a rule with grants, cannot be deleted
DELETE FROM rf_campaign WHERE id = :campaign;
DELETE FROM rf_reward_rule WHERE id = :rule;
\set VERBOSITY default
-- guards: without, they can
INSERT INTO rf_campaign (slug, name) VALUES ('fixed-empty', 'Empty') RETURNING id AS empty \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
VALUES (:empty, 'ladder', 'referrer', 'invited_joins', 'milestone', 1, 'USD') RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold) VALUES (:ladder, 1);
DELETE FROM rf_reward_rule WHERE id = :ladder;
DELETE FROM rf_campaign WHERE id = :empty;
SELECT count(*) FROM rf_milestone WHERE rule_id = :ladder;

-- guards: ids are the engine's
\set VERBOSITY sqlstate
INSERT INTO rf_participant (id, campaign_id, email) VALUES (1, :campaign, 'cyd@people.example');
INSERT INTO rf_campaign (id, slug, name) VALUES (1, 'fixed-id', 'x');
\set VERBOSITY default
