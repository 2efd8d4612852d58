-- Rows that a dump brings back, and rows whose engine columns an owner sets by
-- hand, pass unchanged and have no effect (design 5.23). Whole dumps are
-- restored in test/t.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name, max_referrals, state) VALUES ('restored', 'Restored', 1, 'live') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'each', 'referrer', 'invited_joins', 1, 'USD'), (:campaign, 'own', 'referrer', 'referrer_joins', 1, 'USD');
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/') RETURNING id AS hook \gset
UPDATE rf_campaign SET state = 'ended' WHERE id = :campaign;

-- guards: as --inserts writes it: no check, no count, no reward, no event; what
-- no engine would write stands as it is written
INSERT INTO rf_participant (id, campaign_id, email, name, referred_by, source, ip, meta, code, joined_at, email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count)
OVERRIDING SYSTEM VALUE VALUES
	(900001, :campaign, 'Ann@people.example', 'Ann', NULL, 'Api', NULL, '{}', 'REST-ANN', '2020-01-01', 'ann@people.example', 'RESTANN', NULL, 'active', NULL, 5, 3);
INSERT INTO rf_participant (id, campaign_id, email, name, referred_by, source, ip, meta, code, joined_at, email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count)
OVERRIDING SYSTEM VALUE VALUES
	(900002, :campaign, 'bob@people.example', NULL, 'NO-SUCH', 'Referred', NULL, '{}', 'REST-BOB', '2030-01-01', 'bob@people.example', 'RESTBOB', 900001, 'qualified', '2020-02-01', 0, 0);
-- guards: a referrer may come after their people
INSERT INTO rf_participant (id, campaign_id, email, name, referred_by, source, ip, meta, code, joined_at, email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count)
OVERRIDING SYSTEM VALUE VALUES
	(900003, :campaign, 'cyd@people.example', NULL, 'REST-DEE', 'Referred', NULL, '{}', 'REST-CYD', '2020-01-01', 'cyd@people.example', 'RESTCYD', 900004, 'pending', NULL, 0, 0);
SELECT id, email, referred_by, source, code, joined_at, email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count
FROM rf_participant WHERE campaign_id = :campaign ORDER BY id;
SELECT count(*) FROM rf_reward r JOIN rf_reward_rule u ON u.id = r.rule_id WHERE u.campaign_id = :campaign;
SELECT count(*) FROM rf_event WHERE campaign_id = :campaign;

-- guards: as COPY writes it, many at once
CREATE TEMPORARY TABLE dumped AS SELECT * FROM rf_participant WHERE campaign_id = :campaign;
UPDATE dumped SET id = id + 10, email = 'x' || email, email_key = 'x' || email_key, code = code || 'X', code_key = code_key || 'X';
INSERT INTO rf_participant OVERRIDING SYSTEM VALUE SELECT * FROM dumped;
SELECT count(*) FROM rf_participant WHERE campaign_id = :campaign;
SELECT count(*) FROM rf_event WHERE campaign_id = :campaign;

-- guards: constraints hold for them as well
\set VERBOSITY sqlstate
INSERT INTO rf_participant OVERRIDING SYSTEM VALUE SELECT * FROM dumped;
INSERT INTO rf_participant (campaign_id, email, code, joined_at, email_key, code_key, state, invited_count, qualified_count)
VALUES (:campaign, 'dee@people.example', 'REST-DEE', '2020-01-01', 'dee@people.example', 'RESTDEE', 'asleep', 0, 0);
INSERT INTO rf_participant (campaign_id, email, code, joined_at, email_key, code_key, state, invited_count, qualified_count)
VALUES (:campaign, 'dee@people.example', 'REST-DEE', '2020-01-01', 'dee@people.example', 'RESTDEE', 'active', -1, 0);
\set VERBOSITY default

-- guards: a statement is all new or all restored
UPDATE rf_campaign SET state = 'live' WHERE id = :campaign;
INSERT INTO rf_participant (campaign_id, email, code, joined_at, email_key, code_key, state, invited_count, qualified_count) VALUES
	(:campaign, 'eve@people.example', 'REST-EVE', '2020-01-01', 'eve@people.example', 'RESTEVE', 'active', 0, 0),
	(:campaign, 'fay@people.example', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
\echo :SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, code, joined_at, email_key, code_key, state, invited_count, qualified_count) VALUES
	(:campaign, 'fay@people.example', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(:campaign, 'eve@people.example', 'REST-EVE', '2020-01-01', 'eve@people.example', 'RESTEVE', 'active', 0, 0);
\set VERBOSITY default
SELECT count(*) FROM rf_participant WHERE campaign_id = :campaign;

-- guards: what a new row says of engine columns other than state does not count
INSERT INTO rf_participant (campaign_id, email, code, email_key, code_key, qualified_at, invited_count, qualified_count, referrer_id)
VALUES (:campaign, 'gus@people.example', 'REST-GUS', 'lie', 'LIE', now(), 7, 7, 900001)
RETURNING state, email_key, code_key, qualified_at, invited_count, qualified_count, referrer_id;
SELECT type FROM rf_event WHERE campaign_id = :campaign ORDER BY id;

-- guards: restored people take part as if they had joined here
UPDATE rf_campaign SET max_referrals = NULL WHERE id = :campaign;
SELECT created FROM rf_join('restored', 'hal@people.example', referred_by => 'rest ann');
SELECT invited_count FROM rf_participant WHERE id = 900001;
SELECT created FROM rf_join('restored', 'BOB@people.example');

-- guards: a restored webhook keeps its date and gets no second secret
INSERT INTO rf_webhook (campaign_id, url, created_at) VALUES (:campaign, 'https://hooks.example/', '2020-01-01') RETURNING created_at;
SELECT h.created_at < '2021-01-01' AS restored, count(s.*) AS secrets
FROM rf_webhook h LEFT JOIN rf_secret s ON s.webhook_id = h.id WHERE h.campaign_id = :campaign GROUP BY h.id ORDER BY 1;
\set VERBOSITY sqlstate
INSERT INTO rf_webhook (campaign_id, url, created_at) VALUES (:campaign, 'https://hooks.example/', '2020-01-01'), (:campaign, 'https://hooks.example/', NULL);
\set VERBOSITY default
DELETE FROM rf_webhook WHERE campaign_id = :campaign;
DROP TABLE dumped;
