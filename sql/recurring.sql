-- Recurring rewards: the n-th is earned n - 1 times recur_every after the first
-- qualification, reckoned in UTC, for as long as the person is qualified. What
-- holds between sessions stands in test/isolation.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- What earlier tests left must not be counted below.
SET referral.clock_offset = '400 d';
SELECT sum(rf_tick()) >= 0 AS drained FROM generate_series(1, 20);
RESET referral.clock_offset;
CREATE VIEW paid AS
	SELECT r.name AS rule, s.code, s.earned_by, w.n, w.generation, w.earned_at, w.amount, w.unit, w.state, w.reason,
		round(extract(epoch FROM w.earned_at - c.anchor) / 86400, 1) AS day
	FROM rf_reward w JOIN rf_reward_rule r ON r.id = w.rule_id JOIN rf_reward_status s ON s.reward_id = w.id
	LEFT JOIN rf_recurrence c ON c.subject_id = w.subject_id AND c.rule_id = w.rule_id
	WHERE r.campaign_id IN (SELECT id FROM rf_campaign WHERE slug LIKE 'recurring%')
	ORDER BY w.rule_id, w.subject_id, w.n, w.id;
INSERT INTO rf_campaign (slug, name) VALUES ('recurring', 'Recurring') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (:campaign, 'ann@core.example', 'RECU-ANN', '2020-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :campaign, 'p' || i || '@core.example', 'RECU-P' || i, 'RECU-ANN', '2020-01-01' FROM generate_series(1, 40) AS i;

-- guards: what a recurring rule may be
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every) VALUES (:campaign, 'x', 'referrer', 'invited_joins', 'recurring', 1, 'USD', '1 day');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '59 s');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '-1 day');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, recur_every) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '1 day');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, recur_times) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', 3);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 day', 0);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, every, amount, unit, recur_every) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 2, 1, 'USD', '1 day');
\set VERBOSITY default

-- guards: month ends and leap years: multiplied first, added once; in UTC, wherever the
-- session is; after years of downtime each period is paid once, with its own time
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times) VALUES
	(:campaign, 'month', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 month', 7),
	(:campaign, 'year', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 year', 5),
	(:campaign, 'mixed', 'invited', 'invited_qualifies', 'recurring', 1, 'USD', '1 month 1 day 01:00', 4);
SET timezone = 'Pacific/Auckland';
SELECT rewards FROM rf_qualify('RECU-P1', occurred_at => '2020-01-31 11:30+00');
SELECT rewards FROM rf_qualify('RECU-P2', occurred_at => '2020-02-29 23:59:59.999999+00');
SELECT rf_tick() AS paid;
SET timezone = 'America/New_York';
SELECT rf_tick() AS nothing;
SET timezone = 'UTC';
SELECT rule, earned_by, code, n, earned_at, state FROM paid WHERE earned_by IN ('RECU-P1', 'RECU-P2');
-- guards: enough is enough
SELECT DISTINCT next_at FROM rf_recurrence c JOIN rf_participant p ON p.id = c.subject_id WHERE p.code IN ('RECU-P1', 'RECU-P2');
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;

-- guards: days are 24 hours, whatever daylight saving does where the session is
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times)
VALUES (:campaign, 'dst', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 day', 3) RETURNING id AS rule \gset
SET timezone = 'Europe/Berlin';
SELECT rewards FROM rf_qualify('RECU-P3', occurred_at => '2024-03-30 01:30+00');
SELECT rf_tick() AS paid;
SET timezone = 'UTC';
SELECT n, earned_at FROM paid WHERE rule = 'dst';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- From here on days are counted from the first qualification.
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, hold, auto_issue)
VALUES (:campaign, 'ten', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days', '0', false) RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P4');
-- guards: again is no new enrolment; not before its time
SELECT changed, rewards FROM rf_qualify('RECU-P4');
SET referral.clock_offset = '14399 min';
SELECT rf_tick() AS nothing;
SET referral.clock_offset = '25 d';
SELECT rf_tick() AS paid;
SELECT n, day, state FROM paid WHERE rule = 'ten';
-- guards: unqualify: what was earned until then is the person's, and goes as the policy says; then nothing more
SET referral.clock_offset = '35 d';
SELECT state, rewards FROM rf_unqualify('RECU-P4');
SELECT n, day, state, reason FROM paid WHERE rule = 'ten';
SET referral.clock_offset = '57 d';
SELECT rf_tick() AS nothing;
-- guards: requalify: what was cancelled is granted again, now; the old schedule goes on, the gap is never paid
SELECT state, rewards FROM rf_qualify('RECU-P4');
SET referral.clock_offset = '71 d';
SELECT rf_tick() AS paid;
SELECT n, generation, day, state FROM paid WHERE rule = 'ten';
-- guards: issued ones are kept by cancel_due, and not granted again
SELECT count(rf_issue(reward_id)) FROM rf_reward_status WHERE rule_id = :rule AND state = 'due' AND n IN (1, 7);
SELECT state, rewards FROM rf_unqualify('RECU-P4');
SELECT state, rewards FROM rf_qualify('RECU-P4');
SELECT n, generation, state FROM paid WHERE rule = 'ten' AND state <> 'cancelled';
-- guards: clawed back: granted again too
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT state, rewards FROM rf_unqualify('RECU-P4');
SELECT n, generation, amount, state FROM paid WHERE rule = 'ten' AND n IN (1, 7);
SELECT state, rewards FROM rf_qualify('RECU-P4');
SELECT n, generation, state FROM paid WHERE rule = 'ten' AND state = 'due';
-- guards: kept: nothing is granted again, and the schedule goes on all the same
UPDATE rf_campaign SET on_unqualify = 'keep' WHERE id = :campaign;
SELECT state, rewards FROM rf_unqualify('RECU-P4');
SELECT state, rewards FROM rf_qualify('RECU-P4');
SET referral.clock_offset = '85 d';
SELECT rf_tick() AS paid;
SELECT n, generation, day, state FROM paid WHERE rule = 'ten' AND n > 7;
-- guards: toggling within a period pays nothing twice
SELECT state, rewards FROM rf_unqualify('RECU-P4');
SELECT state, rewards FROM rf_qualify('RECU-P4');
SELECT rf_tick() AS nothing;
UPDATE rf_campaign SET on_unqualify = 'cancel_due' WHERE id = :campaign;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;
RESET referral.clock_offset;

-- guards: the gap counts against recur_times
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times)
VALUES (:campaign, 'four', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days', 4) RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P5');
SELECT rewards FROM rf_qualify('RECU-P6');
SELECT state FROM rf_unqualify('RECU-P5');
SELECT state FROM rf_unqualify('RECU-P6');
SET referral.clock_offset = '25 d';
SELECT rewards FROM rf_qualify('RECU-P5');
SET referral.clock_offset = '35 d';
SELECT rewards FROM rf_qualify('RECU-P6');
SET referral.clock_offset = '80 d';
SELECT rf_tick() AS paid;
SELECT earned_by, n, day FROM paid WHERE rule = 'four';
RESET referral.clock_offset;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: recur_every and recur_times are frozen when a person first qualifies; the amount is not
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times)
VALUES (:campaign, 'frozen', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days', 3) RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P7');
UPDATE rf_reward_rule SET recur_every = '2 days', recur_times = 2, amount = 6 WHERE id = :rule;
SELECT rewards FROM rf_qualify('RECU-P8');
SET referral.clock_offset = '50 d';
SELECT rf_tick() AS paid;
SELECT earned_by, n, day, amount FROM paid WHERE rule = 'frozen';
RESET referral.clock_offset;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: while the rule is not active periods pass unpaid, and never are
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every)
VALUES (:campaign, 'asleep', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days') RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P9');
UPDATE rf_reward_rule SET active = false WHERE id = :rule;
SET referral.clock_offset = '25 d';
SELECT rf_tick() AS nothing;
UPDATE rf_reward_rule SET active = true WHERE id = :rule;
SELECT rf_tick() AS nothing;
SET referral.clock_offset = '35 d';
SELECT rf_tick() AS paid;
SELECT n, day FROM paid WHERE rule = 'asleep';
RESET referral.clock_offset;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: the condition is asked for each period, with the document as it is then; who does not fulfil it
-- at the qualification is on the schedule all the same
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, condition)
VALUES (:campaign, 'asked', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days', '$.meta.plan == "pro"') RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P10');
SET referral.clock_offset = '11 d';
UPDATE rf_participant SET meta = '{"plan": "pro"}' WHERE code = 'RECU-P10';
SELECT rf_tick() AS paid;
SET referral.clock_offset = '21 d';
UPDATE rf_participant SET meta = '{"plan": "free"}' WHERE code = 'RECU-P10';
SELECT rf_tick() AS nothing;
-- nor does who does not fulfil it at a requalification lose the schedule
SELECT state FROM rf_unqualify('RECU-P10');
SELECT rewards FROM rf_qualify('RECU-P10');
SET referral.clock_offset = '31 d';
UPDATE rf_participant SET meta = '{"plan": "pro"}' WHERE code = 'RECU-P10';
SELECT rf_tick() AS paid;
SELECT n, day FROM paid WHERE rule = 'asked';
RESET referral.clock_offset;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: commission by period: after the end of the last one, up to its own end; the first
-- has all that was before; without spend there is no row, and the numbers go on
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, percent, recur_every, recur_times, auto_issue)
VALUES (:campaign, 'share', 'referrer', 'invited_qualifies', 'recurring', 'commission', 10, '1 month', 6, false) RETURNING id AS rule \gset
SELECT count(*) FROM (VALUES (1, 10, '2020-01-05'), (2, 20, '2020-01-31 12:00'), (3, 40, '2020-01-31 12:00:00.000001'), (4, 80, '2020-02-29 12:00'),
	(5, 160, '2020-03-01'), (6, 320, '2020-05-31 12:00'), (7, 640, '2020-07-01')) AS u (k, amount, t), LATERAL rf_record_purchase('RECU-P11', u.amount, 'USD', 's' || u.k, u.t::timestamptz);
SELECT rewards FROM rf_qualify('RECU-P11', occurred_at => '2020-01-31 12:00');
SELECT rewards FROM rf_qualify('RECU-P12', occurred_at => '2020-01-31 12:00');
SELECT purchase_id IS NOT NULL AS recorded, rewards FROM rf_record_purchase('RECU-P12', 50, 'USD', 't1', '2020-02-10');
SELECT rf_tick() AS paid;
SELECT earned_by, n, earned_at, amount FROM paid WHERE rule = 'share';
-- guards: a refund lowers the period it was paid in, and no other
SELECT rewards FROM rf_record_refund('recurring', 's3', 30);
SELECT rewards FROM rf_record_refund('recurring', 's1');
SELECT rewards FROM rf_record_refund('recurring', 's7', 1);
SELECT n, earned_at, amount, state FROM paid WHERE rule = 'share' AND earned_by = 'RECU-P11';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: after a requalification too, and however late purchases were recorded
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, percent, recur_every, recur_times, auto_issue)
VALUES (:campaign, 'again', 'referrer', 'invited_qualifies', 'recurring', 'commission', 10, '1 month', 2, false) RETURNING id AS rule \gset
SELECT count(*) FROM (VALUES (1, 50, '2020-02-10'), (2, 100, '2020-01-10')) AS u (k, amount, t), LATERAL rf_record_purchase('RECU-P20', u.amount, 'USD', 'u' || u.k, u.t::timestamptz);
SELECT rewards FROM rf_qualify('RECU-P20', occurred_at => '2020-01-31');
SELECT rf_tick() AS paid;
SELECT state FROM rf_unqualify('RECU-P20');
SELECT rewards FROM rf_qualify('RECU-P20');
SELECT rewards FROM rf_record_refund('recurring', 'u1', 20);
SELECT n, generation, amount, state FROM paid WHERE rule = 'again';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: limits by the time of the period
INSERT INTO rf_campaign (slug, name) VALUES ('recurring-limit', 'Limit') RETURNING id AS limit \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times, max_total, period)
VALUES (:limit, 'limit', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days', 7, 2, 'month') RETURNING id AS rule \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (:limit, 'ann@core.example', 'RECL-ANN', '2020-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES (:limit, 'bob@core.example', 'RECL-BOB', 'RECL-ANN', '2020-01-01');
SELECT rewards FROM rf_qualify('RECL-BOB', occurred_at => '2020-01-05');
SELECT rf_tick() AS paid;
SELECT n, earned_at, state, reason FROM paid WHERE rule = 'limit';
-- guards: rf_apply_rule judges a rejected one by its own period
UPDATE rf_reward_rule SET max_total = 3 WHERE id = :rule;
SELECT rf_apply_rule(:rule);
SELECT n, earned_at, state, reason FROM paid WHERE rule = 'limit' AND n IN (3, 6);
SELECT period_start, granted FROM rf_quota WHERE rule_id = :rule ORDER BY period_start;

-- guards: the hold is from the time of the period
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, hold)
VALUES (:campaign, 'hold', 'invited', 'invited_qualifies', 'recurring', 5, 'USD', '10 days', '3 days') RETURNING id AS hold \gset
SELECT rewards FROM rf_qualify('RECU-P14');
SET referral.clock_offset = '11 d';
SELECT rf_tick() AS paid_and_ended;
SELECT n, day, state FROM paid WHERE rule = 'hold';
SET referral.clock_offset = '14 d';
SELECT rf_tick() AS ended;
SELECT n, day, state FROM paid WHERE rule = 'hold';
-- guards: who is held gets them pending, and nothing ends their holds; who is blocked: rejected
ALTER TABLE rf_participant DISABLE TRIGGER rf_participant_fixed;
UPDATE rf_participant SET state = 'held' WHERE code = 'RECU-ANN';
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every)
VALUES (:campaign, 'ann', 'referrer', 'invited_qualifies', 'recurring', 5, 'USD', '10 days') RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P21');
SET referral.clock_offset = '25 d';
SELECT rf_tick() > 0 AS paid;
SELECT n, state, reason FROM paid WHERE rule = 'ann' AND earned_by = 'RECU-P21';
UPDATE rf_participant SET state = 'blocked' WHERE code = 'RECU-ANN';
SET referral.clock_offset = '35 d';
SELECT rf_tick() > 0 AS paid;
UPDATE rf_participant SET state = 'active' WHERE code = 'RECU-ANN';
ALTER TABLE rf_participant ENABLE TRIGGER rf_participant_fixed;
SELECT n, state, reason FROM paid WHERE rule = 'ann' AND earned_by = 'RECU-P21' AND n > 2;
RESET referral.clock_offset;
UPDATE rf_reward_rule SET active = false WHERE id IN (:hold, :rule);

-- guards: at most a thousand at a time, over all people; an unqualification pays all that was earned by then
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times)
VALUES (:campaign, 'often', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 minute', 1201) RETURNING id AS rule \gset
SELECT count(*) FROM (SELECT rf_qualify('RECU-P' || i) FROM generate_series(15, 17) AS i) q;
SET referral.clock_offset = '20 d';
SELECT state FROM rf_unqualify('RECU-P17');
SELECT count(*) FROM paid WHERE rule = 'often' AND earned_by = 'RECU-P17';
SELECT rf_tick() AS first;
SELECT rf_tick() AS second;
SELECT rf_tick() AS third;
SELECT rf_tick() AS fourth;
SELECT earned_by, count(*), count(DISTINCT n), max(n) FROM paid WHERE rule = 'often' GROUP BY earned_by ORDER BY earned_by;
RESET referral.clock_offset;

-- guards: what a period tells: its reward, not the qualification again
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/recurring') RETURNING id AS hook \gset
SELECT rewards FROM rf_qualify('RECU-P18', occurred_at => now() - interval '90 s');
SELECT rf_tick() AS paid;
SELECT e.type, convert_from(e.payload, 'UTF8')::jsonb #>> '{data,participant,code}' AS participant, convert_from(e.payload, 'UTF8')::jsonb #>> '{data,referrer,code}' AS referrer,
	convert_from(e.payload, 'UTF8')::jsonb #>> '{data,reward,kind}' AS kind
FROM rf_event e WHERE e.campaign_id = :campaign ORDER BY e.id;
DELETE FROM rf_webhook WHERE id = :hook;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: a rule without grants can be deleted, and enrols nobody any more
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, percent, recur_every)
VALUES (:campaign, 'gone', 'referrer', 'invited_qualifies', 'recurring', 'commission', 10, '1 day') RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('RECU-P19');
DELETE FROM rf_reward_rule WHERE id = :rule;
SELECT count(*) FROM rf_recurrence c WHERE NOT EXISTS (SELECT FROM rf_reward_rule r WHERE r.id = c.rule_id);
SET referral.clock_offset = '3 d';
SELECT rf_tick() AS nothing;
RESET referral.clock_offset;
DROP VIEW paid;
