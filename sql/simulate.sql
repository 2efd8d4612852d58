-- rf_simulate says what a qualification, or a purchase of somebody qualified,
-- would grant; it is the same as what then happens, and nothing is written.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('simulate', 'Simulate') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (:campaign, 'top@core.example', 'SIM-TOP', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES (:campaign, 'ann@core.example', 'SIM-ANN', 'SIM-TOP', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at, meta)
SELECT :campaign, 'p' || i || '@core.example', 'SIM-P' || i, 'SIM-ANN', '2024-01-01', jsonb_build_object('i', i) FROM generate_series(1, 12) AS i;
INSERT INTO rf_coupon (pool, code) VALUES ('simulate', 'SIMULATE-1'), ('simulate', 'SIMULATE-2');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, metric, amount, unit, percent, cap, pool, hold, auto_issue, max_total, budget, levels, condition) VALUES
	(:campaign, '01 each', 'referrer', 'invited_qualifies', 1, 'amount', 10, 'USD', NULL, NULL, NULL, '0', true, NULL, NULL, '[5]', NULL),
	(:campaign, '02 held', 'invited', 'invited_qualifies', 1, 'amount', 10, 'JPY', NULL, NULL, NULL, '3 days', true, NULL, NULL, NULL, NULL),
	(:campaign, '03 by hand', 'invited', 'invited_qualifies', 1, 'custom', 3, 'stars', NULL, NULL, NULL, '0', false, NULL, NULL, NULL, NULL),
	(:campaign, '04 two', 'referrer', 'invited_qualifies', 2, 'amount', 20, 'USD', NULL, NULL, NULL, '0', true, NULL, NULL, NULL, NULL),
	(:campaign, '05 coupon', 'referrer', 'invited_qualifies', 1, 'coupon', NULL, NULL, NULL, NULL, 'simulate', '0', true, NULL, NULL, NULL, NULL),
	(:campaign, '06 coupon too', 'invited', 'invited_qualifies', 1, 'coupon', NULL, NULL, NULL, NULL, 'simulate', '0', true, NULL, NULL, NULL, NULL),
	(:campaign, '07 total', 'referrer', 'invited_qualifies', 1, 'amount', 10, 'USD', NULL, NULL, NULL, '0', true, 2, NULL, NULL, NULL),
	(:campaign, '08 share', 'referrer', 'invited_qualifies', 1, 'commission', NULL, NULL, 10, 8, NULL, '0', true, NULL, NULL, NULL, NULL),
	(:campaign, '09 purchase', 'referrer', 'purchase', 1, 'commission', NULL, 'USD', 1, NULL, NULL, '0', true, NULL, 1, '[2]', NULL),
	(:campaign, '10 odd', 'referrer', 'invited_qualifies', 1, 'amount', 1, 'EUR', NULL, NULL, NULL, '0', true, NULL, NULL, NULL, '$.meta.i < 3 && $.spend < 100'),
	(:campaign, '11 joins', 'referrer', 'invited_joins', 1, 'amount', 1, 'EUR', NULL, NULL, NULL, '0', true, NULL, NULL, NULL, NULL);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, unit) VALUES (:campaign, '12 steps', 'referrer', 'invited_qualifies', 'milestone', 'custom', 'stars') RETURNING id AS steps \gset
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:steps, 1, 1), (:steps, 2, 2), (:steps, 4, 4);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every) VALUES (:campaign, '13 rent', 'referrer', 'invited_qualifies', 'recurring', 3, 'USD', '1 month');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, percent, recur_every) VALUES (:campaign, '14 rent share', 'referrer', 'invited_qualifies', 'recurring', 'commission', 5, '1 month');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, active) VALUES (:campaign, '15 asleep', 'referrer', 'invited_qualifies', 1, 'EUR', false);

-- guards: refused as rf_qualify would be
\set VERBOSITY sqlstate
SELECT * FROM rf_simulate('SIM-NOBODY');
SELECT * FROM rf_simulate('SIM-TOP');
SELECT * FROM rf_simulate(NULL);
SELECT * FROM rf_simulate('SIM-P1', -1, 'USD');
SELECT * FROM rf_simulate('SIM-P1', 5);
SELECT * FROM rf_simulate('SIM-P1', 5, 'XXX');
SELECT count(*) FROM rf_simulate('SIM-P1', NULL, 'USD');
BEGIN;
UPDATE rf_campaign SET state = 'ended' WHERE id = :campaign;
SELECT * FROM rf_simulate('SIM-P1');
ROLLBACK;
BEGIN;
UPDATE rf_campaign SET qualify_within = '1 day' WHERE id = :campaign;
SELECT * FROM rf_simulate('SIM-P1');
ROLLBACK;
\set VERBOSITY default

-- Everything that could be written, as one value; and the locks on our rows and tables that do more than read.
CREATE VIEW written AS
	SELECT (SELECT count(*) FROM rf_reward) AS rewards, (SELECT count(*) FROM rf_event) AS events, (SELECT count(*) FROM rf_purchase) AS purchases,
		(SELECT md5(string_agg(q::text, '|' ORDER BY q::text)) FROM rf_quota q) AS quotas, (SELECT md5(string_agg(c::text, '|' ORDER BY c::text)) FROM rf_coupon c) AS coupons,
		(SELECT md5(string_agg(c::text, '|' ORDER BY c::text)) FROM rf_coupon_pool c) AS pools, (SELECT count(*) FROM rf_recurrence) AS recurrences,
		(SELECT md5(string_agg(p::text, '|' ORDER BY p.id)) FROM rf_participant p) AS people,
		(SELECT string_agg(format('%s %s', sequencename, last_value), ' ' ORDER BY sequencename) FROM pg_sequences WHERE sequencename LIKE 'rf\_%') AS sequences,
		pg_current_xact_id_if_assigned() AS xid;
CREATE VIEW held_locks AS
	SELECT c.relname, l.mode FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
	WHERE l.pid = pg_backend_pid() AND l.granted AND l.mode NOT IN ('AccessShareLock') AND l.locktype <> 'virtualxid'
		AND (c.relname IS NULL OR c.relname LIKE 'rf\_%') ORDER BY 1, 2;
\set simulated 'SELECT rule, recipient, recipient_code, ordinal, reward_amount, unit, state, reason FROM rf_simulate'
\set granted 'SELECT s.rule, s.recipient, s.code, s.ordinal, s.amount, s.unit, s.state, s.reason FROM rf_reward_status s WHERE s.reward_id > :seen AND s.rule NOT LIKE ''11%'' ORDER BY s.rule COLLATE "C", s.reward_id'

-- guards: nothing is written, neither row nor number of a sequence, and nothing locked
CREATE TEMP TABLE before AS SELECT * FROM written;
BEGIN;
SELECT count(*) FROM rf_simulate('SIM-P1', 120, 'USD');
SELECT count(*) FROM rf_simulate('SIM-P1');
SELECT * FROM held_locks;
SELECT pg_current_xact_id_if_assigned() IS NULL AS without_id;
COMMIT;
SELECT b.rewards = w.rewards AND b.events = w.events AND b.purchases = w.purchases AND b.quotas IS NOT DISTINCT FROM w.quotas AND b.coupons = w.coupons AND b.pools = w.pools
	AND b.recurrences = w.recurrences AND b.people = w.people AS rows, b.sequences = w.sequences AS sequences FROM before b, written w;
-- guards: so it may be asked where nothing may be written
BEGIN READ ONLY;
SELECT count(*) > 0 AS asked FROM rf_simulate('SIM-P1', 120, 'USD');
COMMIT;

-- guards: what it says is what happens: without an amount
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
:simulated('SIM-P1');
SELECT rewards FROM rf_qualify('SIM-P1');
:granted;
-- guards: with one: the purchase counts in what is earned by it, and in what was spent; coupons run out
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
SELECT rewards FROM rf_record_purchase('SIM-P2', 40, 'USD');
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
:simulated('SIM-P2', 60, 'USD');
SELECT rewards FROM rf_qualify('SIM-P2', 60, 'USD');
:granted;
-- guards: limits that are used up; a budget that fits no more
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
:simulated('SIM-P3', 50, 'USD');
SELECT rewards FROM rf_qualify('SIM-P3', 50, 'USD');
:granted;
-- guards: somebody qualified: what a purchase would earn; without an amount nothing
SELECT count(*) FROM rf_simulate('SIM-P3');
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
:simulated('SIM-P3', 5, 'USD');
SELECT rewards FROM rf_record_purchase('SIM-P3', 5, 'USD');
:granted;
SELECT count(*) FROM rf_simulate('SIM-P3', 5, 'EUR');
-- guards: what would be granted again after an unqualification, and what is kept
SELECT state, rewards FROM rf_unqualify('SIM-P2');
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
:simulated('SIM-P2');
SELECT rewards FROM rf_qualify('SIM-P2');
:granted;

-- guards: the same as happens, whoever it is: amounts, currencies, order
CREATE TEMP TABLE foreseen (i int, rule text, code text, ordinal int, amount numeric, unit text, state text);
CREATE TEMP TABLE happened AS SELECT * FROM foreseen;
\set c '''USD'''
\set i 4
\set a 0.05
INSERT INTO foreseen SELECT :i, s.rule, s.recipient_code, s.ordinal, s.reward_amount, s.unit, s.state FROM rf_simulate('SIM-P' || :i, :a, :c) s;
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
SELECT count(*) FROM rf_qualify('SIM-P' || :i, :a, :c);
INSERT INTO happened SELECT :i, s.rule, s.code, s.ordinal, s.amount, s.unit, s.state FROM rf_reward_status s WHERE s.reward_id > :seen;
\set i 5
\set a 1999
\set c '''JPY'''
INSERT INTO foreseen SELECT :i, s.rule, s.recipient_code, s.ordinal, s.reward_amount, s.unit, s.state FROM rf_simulate('SIM-P' || :i, :a, :c) s;
SELECT coalesce(max(reward_id), 0) AS seen FROM rf_reward_status \gset
SELECT count(*) FROM rf_qualify('SIM-P' || :i, :a, :c);
INSERT INTO happened SELECT :i, s.rule, s.code, s.ordinal, s.amount, s.unit, s.state FROM rf_reward_status s WHERE s.reward_id > :seen;
SELECT count(*) > 0 AS some FROM foreseen;
(TABLE foreseen EXCEPT ALL TABLE happened) UNION ALL (TABLE happened EXCEPT ALL TABLE foreseen);
-- Other tests look at the clock too.
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign AND kind = 'recurring';
DROP VIEW written, held_locks;
