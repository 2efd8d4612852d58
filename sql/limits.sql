-- Limits of rules: for a person, in total, by budget, each in a period of the
-- UTC calendar (design 5.15). What holds between sessions stands in
-- test/isolation.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('limits', 'Limits') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES
	(:campaign, 'ann@core.example', 'LIM-ANN', '2024-01-01'),
	(:campaign, 'bob@core.example', 'LIM-BOB', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :campaign, 'a' || i || '@core.example', 'LIM-A' || i, 'LIM-ANN', '2024-01-01' FROM generate_series(1, 60) AS i;
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :campaign, 'b' || i || '@core.example', 'LIM-B' || i, 'LIM-BOB', '2024-01-01' FROM generate_series(1, 20) AS i;
CREATE VIEW granted AS
	SELECT s.rule, s.code, s.earned_by, s.amount, s.unit, s.state, s.reason
	FROM rf_reward_status s JOIN rf_campaign c ON c.id = s.campaign_id
	WHERE c.slug LIKE 'limits%' ORDER BY s.reward_id;
-- What stands in rf_quota must be what the rewards say, for every rule and period.
CREATE VIEW wrong AS
	SELECT q.rule_id, q.participant_id, q.period_start, q.granted, q.amount, r.granted AS rewards, r.amount AS sum
	FROM rf_quota q JOIN rf_reward_rule rule ON rule.id = q.rule_id
	CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE w.original_id IS NULL) AS granted,
			coalesce(sum(w.amount) FILTER (WHERE w.unit = rule.unit), 0) AS amount
		FROM rf_reward w LEFT JOIN rf_reward o ON o.id = w.original_id
		WHERE w.rule_id = q.rule_id AND q.participant_id IN (0, w.participant_id)
			AND coalesce(o.state, w.state) NOT IN ('cancelled', 'clawed_back', 'rejected')
			AND (rule.period = 'ever' OR date_trunc(rule.period, w.earned_at, 'UTC') = q.period_start)) r
	WHERE (q.granted, q.amount) IS DISTINCT FROM (r.granted, r.amount);

-- guards: what a limit may be: a budget needs the unit it is in, and a metric that has amounts
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, budget)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'commission', 5, 100);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool, budget)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'coupon', 'p', 100);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, budget)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 5, 'USD', 0);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 5, 'USD', 0);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_per_recipient)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 5, 'USD', -1);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total, period)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 5, 'USD', 1, 'quarter');
\set VERBOSITY default

-- guards: max_per_recipient is each person's own; what is over it is a rejected row, and not counted in the answer
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_per_recipient)
VALUES (:campaign, 'person', 'referrer', 'invited_qualifies', 5, 'USD', 2) RETURNING id AS rule \gset
SELECT i, (rf_qualify('LIM-A' || i)).rewards FROM generate_series(1, 3) AS i;
SELECT rewards FROM rf_qualify('LIM-B1');
SELECT * FROM granted;
SELECT CASE participant_id WHEN 0 THEN 'all' ELSE 'one' END AS whose, period_start, granted, amount FROM rf_quota WHERE rule_id = :rule ORDER BY granted;
-- guards 5.14: a rejected row is live: toggling does not grant it, nor a second one
SELECT state, rewards FROM rf_unqualify('LIM-A3');
SELECT state, rewards FROM rf_qualify('LIM-A3');
SELECT state, reason FROM granted WHERE earned_by = 'LIM-A3';
-- guards: a wrong step for it
SELECT reward_id AS rejected FROM rf_reward_status WHERE earned_by = 'LIM-A3' \gset
\set VERBOSITY sqlstate
SELECT rf_issue(:rejected);
SELECT rf_cancel(:rejected);
\set VERBOSITY default
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: max_total counts everybody's; a bulk statement gets what is left, in its order
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total)
VALUES (:campaign, 'total', 'referrer', 'invited_joins', 5, 'USD', 3) RETURNING id AS rule \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 't1@core.example', 'LIM-T1', 'LIM-ANN'),
	(:campaign, 't2@core.example', 'LIM-T2', 'LIM-BOB'),
	(:campaign, 't3@core.example', 'LIM-T3', 'LIM-ANN'),
	(:campaign, 't4@core.example', 'LIM-T4', 'LIM-BOB'),
	(:campaign, 't5@core.example', 'LIM-T5', 'LIM-ANN');
SELECT code, earned_by, state, reason FROM granted WHERE rule = 'total';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: the periods, of the UTC calendar by earned_at, weeks beginning on Monday, wherever the session is
INSERT INTO rf_campaign (slug, name) VALUES ('limits-period', 'Period') RETURNING id AS period \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total, period)
SELECT :period, p, 'referrer', 'invited_qualifies', 5, 'USD', 1, p FROM unnest('{ever,year,month,week,day}'::text[]) AS p;
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (:period, 'ann@core.example', 'LIMP-ANN', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :period, 'p' || i || '@core.example', 'LIMP-P' || i, 'LIMP-ANN', '2024-01-01' FROM generate_series(1, 9) AS i;
CREATE TEMP TABLE moment (i int, t timestamptz);
INSERT INTO moment VALUES (1, '2024-02-29 23:30+00'), (2, '2024-03-01 00:10+00'), (3, '2024-03-03 23:59:59.999999+00'),
	(4, '2024-03-04 00:00+00'), (5, '2024-12-31 12:00+00'), (6, '2025-01-01 00:00+00');
SET timezone = 'Pacific/Auckland';
SELECT count(*) FROM (SELECT rf_qualify('LIMP-P' || i, occurred_at => t) FROM moment ORDER BY i) q;
SET timezone = 'UTC';
SELECT m.t, string_agg(g.rule, ' ' ORDER BY g.rule) FILTER (WHERE g.state = 'issued') AS granted,
	string_agg(g.rule, ' ' ORDER BY g.rule) FILTER (WHERE g.state = 'rejected') AS rejected
FROM moment m JOIN granted g ON g.earned_by = 'LIMP-P' || m.i GROUP BY m.t ORDER BY m.t;
SELECT r.name, q.period_start, q.granted FROM rf_quota q JOIN rf_reward_rule r ON r.id = q.rule_id
WHERE r.campaign_id = :period ORDER BY r.id, q.period_start;
-- guards: a late call counts in the period in which it was earned, whatever came in between
SELECT rewards FROM rf_qualify('LIMP-P7', occurred_at => '2024-02-28 12:00+00');
SELECT rule, state FROM granted WHERE earned_by = 'LIMP-P7';
SELECT rewards FROM rf_qualify('LIMP-P8', occurred_at => '2024-02-28 13:00+00');

-- guards 5.15: the person's limit is named first, then the total, then the budget
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_per_recipient, max_total, budget)
VALUES (:campaign, 'order', 'referrer', 'invited_qualifies', 10, 'EUR', 1, 2, 25) RETURNING id AS rule \gset
SELECT count(*) FROM (SELECT rf_qualify(c) FROM unnest('{LIM-A11,LIM-A12,LIM-B11,LIM-B12}'::text[]) AS c) q;
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'cyd@core.example', 'LIM-CYD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'c1@core.example', 'LIM-C1', 'LIM-CYD'), (:campaign, 'c2@core.example', 'LIM-C2', 'LIM-CYD');
SELECT rewards FROM rf_qualify('LIM-C1');
UPDATE rf_reward_rule SET max_total = 3 WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-C2');
SELECT code, earned_by, state, reason FROM granted WHERE rule = 'order';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: budget: what would exceed it is rejected whole, a smaller one may still fit; reaching it is no exceeding
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, unit, budget)
VALUES (:campaign, 'budget', 'referrer', 'purchase', 'commission', 10, 'USD', 10) RETURNING id AS rule \gset
SELECT amount, rewards FROM unnest('{60,50,40,0.10}'::numeric[]) WITH ORDINALITY AS a (amount, k),
	LATERAL rf_record_purchase('LIM-A13', a.amount, 'USD', 'budget-' || a.k);
SELECT amount, unit, state, reason FROM granted WHERE rule = 'budget';
-- guards: other currencies earn nothing of a rule with a unit
SELECT rewards FROM rf_record_purchase('LIM-A13', 10, 'EUR');
-- guards: a refund frees what it takes from a commission, the whole or a part
UPDATE rf_reward_rule SET auto_issue = false WHERE id = :rule;
UPDATE rf_reward_rule SET budget = 20 WHERE id = :rule;
SELECT rewards FROM rf_record_purchase('LIM-A13', 100, 'USD', 'budget-5');
SELECT rewards FROM rf_record_purchase('LIM-A13', 30, 'USD', 'budget-6');
SELECT rewards FROM rf_record_refund('limits', 'budget-5', 29);
SELECT rewards FROM rf_record_purchase('LIM-A13', 30, 'USD', 'budget-7');
SELECT rewards FROM rf_record_purchase('LIM-A13', 29, 'USD', 'budget-8');
SELECT rewards FROM rf_record_refund('limits', 'budget-5');
SELECT rewards FROM rf_record_purchase('LIM-A13', 71, 'USD', 'budget-9');
SELECT amount, unit, state, reason FROM granted WHERE rule = 'budget' OFFSET 4;
SELECT * FROM wrong;
-- guards: the same by clawback of what is issued already
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT rf_issue(array_agg(reward_id)) FROM rf_reward_status WHERE rule_id = :rule AND state = 'due';
SELECT rewards FROM rf_record_refund('limits', 'budget-9', 50);
SELECT rewards FROM rf_record_purchase('LIM-A13', 50.1, 'USD', 'budget-10');
SELECT rewards FROM rf_record_purchase('LIM-A13', 50, 'USD', 'budget-11');
SELECT rewards FROM rf_record_refund('limits', 'budget-9');
SELECT rewards FROM rf_record_purchase('LIM-A13', 21, 'USD', 'budget-12');
SELECT amount, unit, state, reason FROM granted WHERE rule = 'budget' OFFSET 8;
SELECT * FROM wrong;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: what is cancelled or clawed back frees its place; what failed does not
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_per_recipient, max_total, auto_issue)
VALUES (:campaign, 'freed', 'referrer', 'invited_qualifies', 5, 'USD', 1, 1, false) RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('LIM-A21');
SELECT rewards FROM rf_qualify('LIM-A22');
SELECT reward_id AS one FROM rf_reward_status WHERE rule_id = :rule AND earned_by = 'LIM-A21' \gset
SELECT rf_issue(:one), rf_fail(:one);
SELECT rewards FROM rf_qualify('LIM-A23');
SELECT rf_cancel(:one);
SELECT rewards FROM rf_qualify('LIM-A24');
-- cancelled by an unqualification
SELECT rewards FROM rf_unqualify('LIM-A24');
SELECT rewards FROM rf_qualify('LIM-A25');
-- clawed back
SELECT rf_issue(reward_id) FROM rf_reward_status WHERE rule_id = :rule AND earned_by = 'LIM-A25';
SELECT rewards FROM rf_unqualify('LIM-A25');
SELECT rewards FROM rf_qualify('LIM-A26');
-- kept: the place stays taken
UPDATE rf_campaign SET on_unqualify = 'keep' WHERE id = :campaign;
SELECT rewards FROM rf_unqualify('LIM-A26');
SELECT rewards FROM rf_qualify('LIM-A27');
SELECT rewards FROM rf_qualify('LIM-A26');
SELECT earned_by, amount, state, reason FROM granted WHERE rule = 'freed';
SELECT * FROM wrong;
UPDATE rf_campaign SET on_unqualify = 'cancel_due' WHERE id = :campaign;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: who is blocked gives their place back: of what they earned others, and of what was theirs
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total, auto_issue)
VALUES (:campaign, 'block', 'referrer', 'invited_joins', 5, 'USD', 1, false) RETURNING id AS rule \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'fay@core.example', 'LIM-FAY');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'k1@core.example', 'LIM-K1', 'LIM-FAY');
SELECT changed, rewards FROM rf_participant p, rf_block(p.id) WHERE p.code = 'LIM-K1';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'k2@core.example', 'LIM-K2', 'LIM-FAY');
-- released after all: their place is taken
SELECT r.state, changed, rewards FROM rf_participant p, rf_release(p.id) r WHERE p.code = 'LIM-K1';
SELECT changed, rewards FROM rf_participant p, rf_block(p.id) WHERE p.code = 'LIM-FAY';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'k3@core.example', 'LIM-K3', 'LIM-BOB');
SELECT code, earned_by, state, reason FROM granted WHERE rule = 'block';
SELECT * FROM wrong;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: limits set or changed later count what was granted before; they take nothing back
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'edited', 'referrer', 'invited_qualifies', 4, 'USD') RETURNING id AS rule \gset
SELECT count(*) FROM (SELECT rf_qualify('LIM-A' || i, occurred_at => '2024-03-10') FROM generate_series(31, 33) AS i) q;
SELECT count(*) FROM rf_quota WHERE rule_id = :rule;
UPDATE rf_reward_rule SET max_total = 4 WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A34', occurred_at => '2024-03-11');
SELECT rewards FROM rf_qualify('LIM-A35', occurred_at => '2024-03-11');
UPDATE rf_reward_rule SET period = 'day' WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A36', occurred_at => '2024-03-11');
SELECT rewards FROM rf_qualify('LIM-A37', occurred_at => '2024-03-10');
SELECT rewards FROM rf_qualify('LIM-A38', occurred_at => '2024-03-10');
UPDATE rf_reward_rule SET max_total = 2 WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A39', occurred_at => '2024-03-11');
UPDATE rf_reward_rule SET max_total = NULL, budget = 20, period = 'ever' WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A40', occurred_at => '2024-03-12');
UPDATE rf_reward_rule SET budget = 28 WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A41', occurred_at => '2024-03-12');
SELECT rewards FROM rf_qualify('LIM-A42', occurred_at => '2024-03-12');
-- another unit has a budget of its own
UPDATE rf_reward_rule SET unit = 'EUR' WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A43', occurred_at => '2024-03-12');
UPDATE rf_reward_rule SET budget = NULL WHERE id = :rule;
SELECT rewards FROM rf_qualify('LIM-A44', occurred_at => '2024-03-12');
SELECT earned_by, amount, unit, state, reason FROM granted WHERE rule = 'edited';
SELECT * FROM wrong;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: custom units have budgets too; what a milestone grants in another unit takes nothing of it
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, amount, unit, budget)
VALUES (:campaign, 'stars', 'referrer', 'invited_joins', 'milestone', 'custom', 2.5, 'stars', 5) RETURNING id AS rule \gset
INSERT INTO rf_milestone (rule_id, threshold, amount, unit) VALUES
	(:rule, 1, NULL, NULL), (:rule, 2, 1000, 'points'), (:rule, 3, 2.6, NULL), (:rule, 4, 2.5, NULL), (:rule, 5, 0.1, NULL), (:rule, 6, 1, 'points');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'dee@core.example', 'LIM-DEE');
INSERT INTO rf_participant (campaign_id, email, referred_by)
SELECT :campaign, 'd' || i || '@core.example', 'LIM-DEE' FROM generate_series(1, 6) AS i;
SELECT amount, unit, state, reason FROM granted WHERE rule = 'stars';
SELECT * FROM wrong;

-- guards: a limit of one and a hold: what waits counts
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total, hold)
VALUES (:campaign, 'held', 'invited', 'invited_qualifies', 5, 'USD', 1, '10 years') RETURNING id AS rule \gset
SELECT count(*) FROM (SELECT rf_qualify('LIM-A' || i) FROM generate_series(51, 52) AS i) q;
SELECT code, state, reason FROM granted WHERE rule = 'held';

-- guards 6: a rejected reward is told of, with its reason's state, and is no grant in the numbers
BEGIN;
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/limits');
SELECT rewards FROM rf_qualify('LIM-A53');
SELECT e.type, (convert_from(e.payload, 'UTF8')::jsonb #> '{data,reward}') - 'id' - 'rule_id' AS reward
FROM rf_event e WHERE e.campaign_id = :campaign ORDER BY e.id;
ROLLBACK;

-- guards: a rule without grants takes its numbers along
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_total)
VALUES (:campaign, 'gone', 'invited', 'invited_qualifies', 5, 'USD', 1) RETURNING id AS rule \gset
DELETE FROM rf_reward_rule WHERE id = :rule;
SELECT count(*) FROM rf_quota WHERE NOT EXISTS (SELECT FROM rf_reward_rule r WHERE r.id = rule_id);
DROP VIEW granted, wrong;
