-- Conditions of rules: jsonpath over what happened. True grants, everything else
-- does not; what cannot be evaluated is no error.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('conditions', 'Conditions') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at, meta)
VALUES (:campaign, 'ann@core.example', 'COND-ANN', '2024-01-01', '{"tier": "gold"}');
CREATE VIEW paid AS
	SELECT s.earned_by, r.condition, s.state
	FROM rf_reward_status s JOIN rf_reward_rule r ON r.id = s.rule_id JOIN rf_campaign c ON c.id = s.campaign_id
	WHERE c.slug = 'conditions' ORDER BY s.reward_id;
-- One rule for each condition: which of them grant is the answer.
CREATE TEMP TABLE wanted (k serial, condition text);
\set rules 'INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit, condition) SELECT c.id, w.k::text, ''referrer'', :''earned_on'', ''custom'', 1, ''star'', w.condition::jsonpath FROM rf_campaign c, wanted w WHERE c.slug = ''conditions'' ORDER BY w.k'
\set answer 'SELECT w.condition, s.reward_id IS NOT NULL AS granted FROM rf_reward_rule r JOIN wanted w ON w.k::text = r.name JOIN rf_campaign c ON c.id = r.campaign_id LEFT JOIN rf_reward_status s ON s.rule_id = r.id AND s.earned_by = :''who'' WHERE c.slug = ''conditions'' AND r.active ORDER BY w.k'

-- guards: what a condition may be: any jsonpath without variables
\set VERBOSITY terse
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, condition)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '$.amount > $least');
\echo :SQLSTATE
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, condition)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', 'exists($.meta ? (@.n == $"a b"))');
\echo :SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, condition)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '$.amount >');
\set VERBOSITY terse
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD') RETURNING id AS edited \gset
UPDATE rf_reward_rule SET condition = '$.meta.n == $n' WHERE id = :edited;
\echo :SQLSTATE
-- what only looks like one: a key, a string, the end of a pattern
BEGIN;
UPDATE rf_reward_rule SET condition = '$.meta."$x" == "$y" || $.meta."a\"$z" == "\"$" || $.source like_regex "i$"' WHERE id = :edited;
ROLLBACK;
DELETE FROM rf_reward_rule WHERE id = :edited;
\set VERBOSITY default

-- guards: on qualifying: the shortcuts, the payload, kinds of answers
TRUNCATE wanted RESTART IDENTITY;
INSERT INTO wanted (condition) VALUES
	('$.meta.plan == "pro"'), ('$.meta.plan == "free"'), ('$.meta.missing == "pro"'),
	('$.meta.seats > 9'), ('$.meta.seats > 10'), ('$.meta.seats > "9"'),
	('$.meta.tags[*] == "vip"'), ('$.meta.tags[*] == "none"'),
	('$.source == "Api"'), ('$.type == "invited.qualified"'),
	('$.data.participant.state == "qualified"'), ('$.data.participant.email == "bob@core.example"'),
	('$.data.referrer.code == "COND-ANN"'), ('$.data.referrer.meta.tier == "gold"'), ('$.data.referrer.qualified_count == 1'),
	('$.data.campaign.slug == "conditions"'),
	('$.timestamp starts with "2024-02-03T04:05:06"'),
	-- no purchase is at hand
	('$.amount == null'), ('$.amount > 0'), ('$.currency == null'), ('$.external_id == null'), ('$.spend == 0'),
	('exists($.data.purchase)'),
	-- joined and qualified people compared with times
	('$.data.participant.joined_at.datetime("YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"") < "2024-02-01".datetime()'),
	('$.data.participant.joined_at.datetime("YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"") < "2024-01-02".datetime()'),
	-- items instead of booleans: something found is true
	('$.meta.plan'), ('$.meta.missing'), ('$.meta.tags[*] ? (@ == "vip")'), ('$.meta.tags[*] ? (@ == "none")'),
	('$.meta.yes'), ('$.meta.no'), ('$.meta.nothing'), ('$.meta.seats ? (@ > 9)'), ('$'), ('$.meta.tags'), ('$.meta.zero'),
	-- only the first item counts
	('$.meta.flags[*]'),
	-- neither true nor false, and errors of a path
	('$.meta.seats > "x" || $.meta.plan == "pro"'), ('!($.meta.seats > "x")'), ('($.meta.plan > 3) is unknown'),
	('strict $.meta.missing == "pro"'), ('strict $.meta.plan == "pro"'), ('strict $.meta.missing'),
	('$.meta.plan.double() > 1'), ('$.meta.seats / 0 > 1'), ('$.meta.tags[5] == "vip"'), ('strict $.meta.tags[5] == "vip"'),
	('$.meta.plan like_regex "^P" flag "i"'), ('$.meta.seats.type() == "number"'), ('$.meta.tags.size() == 2'),
	('$.meta.price == 19.90');
\set earned_on invited_qualifies
:rules;
INSERT INTO rf_participant (campaign_id, email, code, referred_by, source, joined_at, meta)
VALUES (:campaign, 'bob@core.example', 'COND-BOB', 'COND-ANN', 'Api', '2024-01-02 00:00:00.5+00',
	'{"plan": "pro", "seats": 10, "tags": ["vip", "new"], "yes": true, "no": false, "nothing": null, "zero": 0, "flags": [false, true], "price": 19.9}');
SELECT count(*) FROM paid;
SELECT rewards FROM rf_qualify('COND-BOB', occurred_at => '2024-02-03 04:05:06+00');
\set who COND-BOB
:answer;

-- guards: the document is judged when it happens: meta may change until then
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
TRUNCATE wanted;
INSERT INTO wanted (condition) VALUES ('$.meta.plan == "pro"'), ('$.meta.plan == "free"');
:rules;
INSERT INTO rf_participant (campaign_id, email, code, referred_by, meta)
VALUES (:campaign, 'cyd@core.example', 'COND-CYD', 'COND-ANN', '{"plan": "free"}');
UPDATE rf_participant SET meta = '{"plan": "pro"}' WHERE code = 'COND-CYD';
SELECT rewards FROM rf_qualify('COND-CYD');
\set who COND-CYD
:answer;

-- guards: on joining: of those invited, of those on their own, each person of a bulk by their own
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
TRUNCATE wanted;
INSERT INTO wanted (condition) VALUES ('$.source == "Import"'), ('$.source == null'), ('$.source == "Referred"'),
	('$.type == "invited.joined"'), ('$.data.participant.state == "pending"'), ('$.data.referrer.invited_count >= 2'), ('$.meta.n > 1'), ('$.spend == 0');
\set earned_on invited_joins
:rules;
INSERT INTO rf_participant (campaign_id, email, code, referred_by, source, meta) VALUES
	(:campaign, 'd1@core.example', 'COND-D1', 'COND-ANN', NULL, '{"n": 1}'),
	(:campaign, 'd2@core.example', 'COND-D2', 'COND-ANN', 'Import', '{"n": 2}');
\set who COND-D1
:answer;
\set who COND-D2
:answer;
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
TRUNCATE wanted;
INSERT INTO wanted (condition) VALUES ('$.type == "referrer.joined"'), ('$.data.referrer == null'), ('$.data.participant.type == "person_referring"');
\set earned_on referrer_joins
:rules;
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'eve@core.example', 'COND-EVE');
\set who COND-EVE
:answer;

-- guards: on purchases: the purchase at hand, and net spend with it
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
TRUNCATE wanted;
INSERT INTO wanted (condition) VALUES ('$.type == "purchase"'), ('$.amount > 50'), ('$.amount == 50.10'), ('$.currency == "USD"'), ('$.currency == "EUR"'),
	('$.external_id == "order 1"'), ('$.external_id like_regex "^order"'), ('$.spend >= 100'), ('$.spend == 50.1'),
	('$.data.purchase.amount > 50'), ('$.data.purchase.currency == "USD"'), ('$.data.participant.state == "pending"');
\set earned_on purchase
:rules;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'fay@core.example', 'COND-FAY', 'COND-ANN');
SELECT rewards FROM rf_record_purchase('COND-FAY', 50.10, 'USD', 'order 1');
\set who COND-FAY
:answer;
SELECT rewards FROM rf_record_purchase('COND-FAY', 40, 'USD', 'order 2');
SELECT r.condition FROM rf_reward_status s JOIN rf_reward_rule r ON r.id = s.rule_id JOIN rf_reward w ON w.id = s.reward_id JOIN rf_purchase u ON u.id = w.purchase_id
WHERE s.earned_by = 'COND-FAY' AND u.external_id = 'order 2' ORDER BY s.reward_id;
SELECT rewards FROM rf_record_purchase('COND-FAY', 9.90, 'USD');
-- a purchase in another currency has its own spend; a refund lowers it
SELECT rewards FROM rf_record_purchase('COND-FAY', 100, 'EUR', 'order 3');
SELECT count(*) FILTER (WHERE r.condition::text LIKE '%spend%') AS spend FROM rf_reward_status s JOIN rf_reward_rule r ON r.id = s.rule_id JOIN rf_reward w ON w.id = s.reward_id JOIN rf_purchase u ON u.id = w.purchase_id
WHERE s.earned_by = 'COND-FAY' AND u.external_id = 'order 3';
SELECT state FROM rf_record_refund('conditions', 'order 1');
SELECT rewards FROM rf_record_purchase('COND-FAY', 0.20, 'USD', 'order 4');
SELECT r.condition FROM rf_reward_status s JOIN rf_reward_rule r ON r.id = s.rule_id JOIN rf_reward w ON w.id = s.reward_id JOIN rf_purchase u ON u.id = w.purchase_id
WHERE s.earned_by = 'COND-FAY' AND u.external_id = 'order 4' ORDER BY s.reward_id;

-- guards: rf_qualify with an amount: a qualification sees the purchase; the purchase sees who qualified by it
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
TRUNCATE wanted;
INSERT INTO wanted (condition) VALUES ('$.type == "invited.qualified" && $.amount == 80 && $.currency == "USD" && $.external_id == null && $.spend == 80'),
	('$.data.purchase.amount == 80');
\set earned_on invited_qualifies
:rules;
TRUNCATE wanted;
INSERT INTO wanted (condition) VALUES ('$.type == "purchase" && $.data.participant.state == "qualified" && $.spend == 80');
\set earned_on purchase
:rules;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'gil@core.example', 'COND-GIL', 'COND-ANN');
SELECT rewards FROM rf_qualify('COND-GIL', 80, 'USD');
SELECT condition FROM paid WHERE earned_by = 'COND-GIL';

-- guards: milestones and every N: the condition of who crosses; what it refuses is not made up for
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, amount, unit, condition)
VALUES (:campaign, 'two', 'referrer', 'invited_joins', 2, 1, 'USD', '$.meta.good == true');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'hal@core.example', 'COND-HAL');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, meta)
SELECT :campaign, 'h' || i || '@core.example', 'COND-H' || i, 'COND-HAL', jsonb_build_object('good', i IN (1, 4, 5)) FROM generate_series(1, 6) AS i;
SELECT earned_by, ordinal FROM rf_reward_status WHERE rule = 'two' ORDER BY reward_id;

-- guards: times without a zone are in UTC, whatever the time zone of the caller
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, condition)
VALUES (:campaign, 'zone', 'referrer', 'invited_joins', 1, 'USD', '$.meta.at.datetime() < "2024-01-01".datetime()');
SET timezone = 'Asia/Tokyo';
INSERT INTO rf_participant (campaign_id, email, code, referred_by, meta) VALUES
	(:campaign, 'z1@core.example', 'COND-Z1', 'COND-HAL', '{"at": "2023-12-31T23:30:00+00"}'),
	(:campaign, 'z2@core.example', 'COND-Z2', 'COND-HAL', '{"at": "2024-01-01T00:30:00+00"}');
SET timezone = 'UTC';
SELECT earned_by FROM rf_reward_status WHERE rule = 'zone' ORDER BY reward_id;
DROP VIEW paid;
