-- rf_apply_rule grants what a rule would have granted, for what is true now.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('apply', 'Apply') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES
	(:campaign, 'ann@core.example', 'APP-ANN', '2024-01-01 01:00'), (:campaign, 'bob@core.example', 'APP-BOB', '2024-01-01 02:00');
-- The order in which they joined is not that of their ids, nor that in which they qualified.
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at, meta)
SELECT :campaign, 'p' || i || '@core.example', 'APP-P' || i, CASE WHEN i < 8 THEN 'APP-ANN' ELSE 'APP-BOB' END,
	timestamptz '2024-01-31' - i * interval '1 day', jsonb_build_object('i', i)
FROM generate_series(1, 9) AS i;
SELECT count(*) FROM (SELECT rf_qualify('APP-P' || i, occurred_at => timestamptz '2024-02-01' + (i * 7 % 11) * interval '1 day') FROM unnest('{1,2,3,4,5,8}'::int[]) AS i) q;
SELECT state FROM rf_unqualify('APP-P5');
SELECT count(*) FROM rf_record_purchase('APP-P1', 100, 'USD', 'a1', '2024-03-01');
SELECT count(*) FROM rf_record_purchase('APP-P6', 50, 'USD', 'a2', '2024-02-15');
SELECT count(*) FROM rf_record_purchase('APP-P6', 70, 'EUR', 'a3', '2024-02-16');
SELECT count(*) FROM rf_record_refund('apply', 'a3');
SELECT count(*) FROM rf_record_refund('apply', 'a1', 40);
ALTER TABLE rf_participant DISABLE TRIGGER rf_participant_fixed;
UPDATE rf_participant SET state = 'expired' WHERE code = 'APP-P6';
ALTER TABLE rf_participant ENABLE TRIGGER rf_participant_fixed;
CREATE VIEW applied AS
	SELECT s.rule, s.code, s.earned_by, w.ordinal AS k, w.n, s.amount, s.unit, s.state, s.reason, s.earned_at, w.generation AS g
	FROM rf_reward_status s JOIN rf_campaign c ON c.id = s.campaign_id JOIN rf_reward w ON w.id = s.reward_id
	WHERE c.slug LIKE 'apply%' ORDER BY s.rule_id, s.earned_at, s.reward_id;

-- guards: refused: no such rule, one that is not active; null is null
SELECT rf_apply_rule(-1);
\echo :SQLSTATE
SELECT rf_apply_rule(NULL) IS NULL AS null;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, active)
VALUES (:campaign, 'asleep', 'referrer', 'invited_joins', 1, 'USD', false) RETURNING id AS asleep \gset
\set VERBOSITY sqlstate
SELECT rf_apply_rule(:asleep);
\set VERBOSITY default

-- guards: on joining: people counted now, pending, qualified and expired; on their own; at the time they joined
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, '1 welcome', 'referrer', 'referrer_joins', 1, 'USD'), (:campaign, '2 each', 'referrer', 'invited_joins', 2, 'USD'), (:campaign, '3 be', 'invited', 'invited_joins', 3, 'USD');
SELECT name, rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name < '4' ORDER BY name;
SELECT rule, code, earned_by, state, earned_at FROM applied;
-- guards: what is live already is left alone
SELECT name, rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name < '4' ORDER BY name;

-- guards: on qualifying: who is qualified now; every N and milestones up to the count now, each by the person at that place
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, amount, unit, hold) VALUES
	(:campaign, '4 each', 'referrer', 'invited_qualifies', 1, 4, 'USD', '0'), (:campaign, '5 two', 'referrer', 'invited_qualifies', 2, 5, 'USD', '100 years');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, unit)
VALUES (:campaign, '6 steps', 'referrer', 'invited_joins', 'milestone', 'custom', 'stars') RETURNING id AS steps \gset
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:steps, 1, 10), (:steps, 3, 30), (:steps, 7, 70), (:steps, 8, 80);
SELECT name, rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name BETWEEN '4' AND '7' ORDER BY name;
SELECT rule, code, earned_by, k, amount, state, earned_at FROM applied WHERE rule BETWEEN '4' AND '7';
SELECT name, rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name BETWEEN '4' AND '7' ORDER BY name;
-- guards: and then the rule goes on from there
SELECT rewards FROM rf_qualify('APP-P7', occurred_at => '2024-04-01');
SELECT rule, earned_by, k, state FROM applied WHERE earned_at = '2024-04-01';
-- guards: what was taken back is granted again, by the next generation
SELECT reward_id AS one FROM rf_reward_status WHERE rule = '5 two' AND ordinal = 2 AND campaign_id = :campaign \gset
SELECT rf_cancel(:one);
SELECT rf_apply_rule(rule_id) FROM rf_reward_status WHERE reward_id = :one;
SELECT k, earned_by, g, state, earned_at FROM applied WHERE rule = '5 two';

-- guards: on purchases: what is left of them, of people who count
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, levels) VALUES (:campaign, '7 share', 'referrer', 'purchase', 'commission', 10, NULL);
SELECT name, rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name LIKE '7%';
SELECT code, earned_by, amount, unit, earned_at FROM applied WHERE rule = '7 share';
-- guards: commission on qualifying: what they spent until now
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent) VALUES (:campaign, '8 all', 'referrer', 'invited_qualifies', 'commission', 10);
SELECT name, rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name LIKE '8%';
SELECT code, earned_by, amount, unit, earned_at FROM applied WHERE rule = '8 all';

-- guards: recurring: since they qualified, up to now; then the schedule goes on
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times)
VALUES (:campaign, '9 rent', 'invited', 'invited_qualifies', 'recurring', 9, 'USD', '1 month', 3) RETURNING id AS rent \gset
SELECT rf_apply_rule(:rent);
SELECT code, n, earned_at FROM applied WHERE rule = '9 rent' AND code < 'APP-P3' ORDER BY code, n;
SELECT rf_apply_rule(:rent);
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;

-- guards: conditions, with what is known of people now
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, condition) VALUES (:campaign, 'c', 'referrer', 'invited_joins', 1, 'USD', '$.meta.i > 7 || $.meta.late == true');
UPDATE rf_participant SET meta = '{"late": true}' WHERE code = 'APP-P1';
SELECT rf_apply_rule(id) FROM rf_reward_rule WHERE campaign_id = :campaign AND name = 'c';
SELECT earned_by FROM applied WHERE rule = 'c';

-- guards: limits, in the order in which it was earned; more room later turns the same rows into granted ones
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total, period) VALUES (:campaign, 'l', 'referrer', 'invited_joins', 6, 'USD', 2, 'week') RETURNING id AS rule \gset
SELECT rf_apply_rule(:rule);
SELECT earned_by, state, reason, earned_at FROM applied WHERE rule = 'l';
SELECT array_agg(reward_id ORDER BY reward_id) AS ids FROM rf_reward_status WHERE rule_id = :rule \gset
UPDATE rf_reward_rule SET max_total = NULL, budget = 15, period = 'ever' WHERE id = :rule;
SELECT rf_apply_rule(:rule);
UPDATE rf_reward_rule SET max_total = 4, budget = NULL, period = 'week' WHERE id = :rule;
SELECT rf_apply_rule(:rule);
SELECT rf_apply_rule(:rule);
SELECT earned_by, state, reason FROM applied WHERE rule = 'l';
SELECT array_agg(reward_id ORDER BY reward_id) = :'ids'::bigint[] AS same_rows FROM rf_reward_status WHERE rule_id = :rule;
-- guards: for what the rule is worth now, which is what the limit is asked about
UPDATE rf_reward_rule SET max_total = NULL, budget = 50, amount = 1.5 WHERE id = :rule;
SELECT rf_apply_rule(:rule);
SELECT amount, count(*) FROM applied WHERE rule = 'l' GROUP BY amount ORDER BY amount;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: rejected because blocked: granted when they are blocked no more
ALTER TABLE rf_participant DISABLE TRIGGER rf_participant_fixed;
UPDATE rf_participant SET state = 'blocked' WHERE code = 'APP-BOB';
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES (:campaign, 'b', 'referrer', 'invited_joins', 6, 'USD') RETURNING id AS rule \gset
SELECT rf_apply_rule(:rule);
SELECT code, earned_by, state, reason FROM applied WHERE rule = 'b' AND code = 'APP-BOB';
UPDATE rf_participant SET state = 'active' WHERE code = 'APP-BOB';
ALTER TABLE rf_participant ENABLE TRIGGER rf_participant_fixed;
BEGIN;
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/apply');
SELECT rf_apply_rule(:rule);
SELECT code, earned_by, state, reason FROM applied WHERE rule = 'b' AND code = 'APP-BOB';
-- guards: told of, each once, with the state before; not the joining again
SELECT e.type, p #>> '{data,participant,code}' AS participant, p #>> '{data,reward,previous_state}' AS was
FROM (SELECT *, convert_from(payload, 'UTF8')::jsonb AS p FROM rf_event) e WHERE e.campaign_id = :campaign ORDER BY e.id;
COMMIT;

-- guards: coupons: as many as there are, by who earned them first
INSERT INTO rf_coupon (pool, code) VALUES ('apply', 'APPLY-1'), ('apply', 'APPLY-2');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool) VALUES (:campaign, 'g', 'invited', 'invited_qualifies', 'coupon', 'apply') RETURNING id AS rule \gset
SELECT rf_apply_rule(:rule);
SELECT s.code, s.coupon, s.state, s.reason FROM rf_reward_status s WHERE s.rule_id = :rule ORDER BY s.earned_at;
SELECT rf_apply_rule(:rule);

-- guards: more people than are read at once
INSERT INTO rf_campaign (slug, name) VALUES ('apply-many', 'Many') RETURNING id AS many \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:many, 'ann@core.example', 'APM-ANN');
INSERT INTO rf_participant (campaign_id, email, referred_by) SELECT :many, 'p' || i || '@core.example', 'APM-ANN' FROM generate_series(1, 1201) AS i;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, amount, unit) VALUES (:many, 'hundred', 'referrer', 'invited_joins', 100, 1, 'USD') RETURNING id AS hundred \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES (:many, 'one', 'referrer', 'invited_joins', 1, 'USD') RETURNING id AS one \gset
SELECT rf_apply_rule(:hundred), rf_apply_rule(:one);
DROP VIEW applied;

-- guards: recur_times bounds what is made up for, too, wherever the clock stands
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('apply-times', 'Times', 'keep') RETURNING id AS times \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times)
VALUES (:times, 'thrice', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 month', 3) RETURNING id AS thrice \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:times, 'ann@core.example', 'APT-ANN', NULL, '2024-01-01'), (:times, 'bob@core.example', 'APT-BOB', 'APT-ANN', '2024-01-01');
SELECT state FROM rf_qualify('APT-BOB', occurred_at => '2024-01-01');
SELECT state FROM rf_unqualify('APT-BOB');
SELECT state FROM rf_qualify('APT-BOB', occurred_at => '2024-12-01');
SELECT state FROM rf_unqualify('APT-BOB');
SELECT state FROM rf_qualify('APT-BOB', occurred_at => '2024-02-01');
SELECT rf_apply_rule(:thrice);
SELECT n, state FROM rf_reward WHERE rule_id = :thrice ORDER BY n;

-- guards: each is counted and told of, in whatever order the planner looks for live ones
INSERT INTO rf_campaign (slug, name) VALUES ('apply-order', 'Order') RETURNING id AS apply_order \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:apply_order, 'ann@core.example', 'APO-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) SELECT :apply_order, i || '@core.example', 'APO-' || i, 'APO-ANN', '2024-01-01' FROM generate_series(1, 4) AS i;
SELECT q.state FROM rf_participant p, rf_qualify(p.code, occurred_at => timestamptz '2024-06-01' - p.id * interval '1 minute') q WHERE p.campaign_id = :apply_order AND p.referrer_id IS NOT NULL;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES (:apply_order, 'one', 'referrer', 'invited_qualifies', 1, 'USD') RETURNING id AS one \gset
INSERT INTO rf_webhook (campaign_id, url, events, state) VALUES (:apply_order, 'https://hooks.example/', '{reward.*}', 'paused');
\c -
SET enable_nestloop = off;
SET enable_hashjoin = off;
SELECT rf_apply_rule(:one);
SELECT count(*) FROM rf_event WHERE campaign_id = :apply_order;
\c -

-- guards: a condition sees what was paid, the commission is of what is left
INSERT INTO rf_campaign (slug, name, currency) VALUES ('apply-refund', 'Refund', 'USD') RETURNING id AS apply_refund \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:apply_refund, 'ann@core.example', 'APR-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:apply_refund, 'bob@core.example', 'APR-BOB', 'APR-ANN');
SELECT changed FROM rf_record_purchase('APR-BOB', 20, external_id => 'apr-1');
SELECT changed FROM rf_record_refund('apply-refund', 'apr-1', 15);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, condition)
VALUES (:apply_refund, 'left', 'referrer', 'purchase', 'commission', 10, '$.amount >= 20') RETURNING id AS left \gset
SELECT rf_apply_rule(:left);
SELECT amount, spend_base FROM rf_reward WHERE rule_id = :left;
