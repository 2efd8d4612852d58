-- What rules grant (design 5.12, 5.13, 5.16).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE VIEW reward AS
	SELECT c.slug, s.rule, s.recipient AS "to", s.code, s.earned_by, s.ordinal, s.amount, s.unit, s.state
	FROM rf_reward_status s JOIN rf_campaign c ON c.id = s.campaign_id
	ORDER BY c.slug COLLATE "C", s.rule COLLATE "C", s.reward_id;

-- guards 5.12: standard rules, each trigger, both recipients
INSERT INTO rf_campaign (slug, name) VALUES ('rewards', 'Rewards') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, '1 welcome', 'referrer', 'referrer_joins', 1, 'USD'),
	(:campaign, '2 invited', 'referrer', 'invited_joins', 2, 'USD'),
	(:campaign, '3 be invited', 'invited', 'invited_joins', 3, 'USD'),
	(:campaign, '4 qualified', 'referrer', 'invited_qualifies', 4, 'USD'),
	(:campaign, '5 be qualified', 'invited', 'invited_qualifies', 5, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'REW-ANN', NULL, '2024-01-01'),
	(:campaign, 'bob@people.example', 'REW-BOB', 'REW-ANN', '2024-01-02'),
	(:campaign, 'cyd@people.example', 'REW-CYD', 'REW-BOB', '2024-01-03');
SELECT changed, rewards FROM rf_qualify('REW-BOB', occurred_at => '2024-02-02');
SELECT rule, "to", code, earned_by, amount, unit, state FROM reward WHERE slug = 'rewards';

-- guards 5.10: earned_at is the event's time, due_at its end of hold
SELECT s.rule, s.code, s.earned_at, s.due_at FROM rf_reward_status s
WHERE s.campaign_id = :campaign ORDER BY s.rule COLLATE "C", s.reward_id;

-- guards 5.12: every N: each ordinal once, in one statement or one by one
INSERT INTO rf_campaign (slug, name) VALUES ('rewards-every', 'Every') RETURNING id AS every \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, amount, unit) VALUES
	(:every, 'three join', 'referrer', 'invited_joins', 3, 9, 'EUR'),
	(:every, 'two qualify', 'referrer', 'invited_qualifies', 2, 8, 'EUR');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:every, 'ann@people.example', 'EVERY-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :every, 'p' || i || '@people.example', 'EVERY-P' || i, 'EVERY-ANN' FROM generate_series(1, 2) AS i;
SELECT count(*) FROM reward WHERE slug = 'rewards-every';
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :every, 'p' || i || '@people.example', 'EVERY-P' || i, 'EVERY-ANN' FROM generate_series(3, 7) AS i;
SELECT rule, code, earned_by, ordinal, amount FROM reward WHERE slug = 'rewards-every';
SELECT i, changed, rewards FROM generate_series(1, 5) AS i, LATERAL rf_qualify('EVERY-P' || i);
SELECT rule, code, earned_by, ordinal, amount FROM reward WHERE slug = 'rewards-every' AND rule = 'two qualify';

-- guards 5.12: a bulk load from 0 to 7 grants the thresholds 1, 3 and 5, in that
-- order, each from who crossed it; each with its own amount and unit or the rule's
INSERT INTO rf_campaign (slug, name) VALUES ('rewards-milestone', 'Milestones') RETURNING id AS milestone \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
VALUES (:milestone, 'ladder', 'referrer', 'invited_joins', 'milestone', 10, 'USD') RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold, amount, unit) VALUES
	(:ladder, 5, 50, 'EUR'), (:ladder, 1, NULL, NULL), (:ladder, 3, 30, NULL), (:ladder, 8, 80, NULL);
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:milestone, 'ann@people.example', 'MILE-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :milestone, 'p' || i || '@people.example', 'MILE-P' || i, 'MILE-ANN' FROM generate_series(1, 7) AS i;
SELECT rule, code, earned_by, ordinal, amount, unit FROM reward WHERE slug = 'rewards-milestone';

-- guards 5.12: crossing, not equality: the next load passes 8 on its way to 10
INSERT INTO rf_participant (campaign_id, email, referred_by)
SELECT :milestone, 'q' || i || '@people.example', 'MILE-ANN' FROM generate_series(1, 3) AS i;
SELECT ordinal, amount, unit FROM reward WHERE slug = 'rewards-milestone' AND ordinal > 7;

-- guards 5.12: a milestone, a rule, a change or a re-activation pays nothing for the past
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 2, 20), (:ladder, 12, 120);
UPDATE rf_milestone SET amount = 31 WHERE rule_id = :ladder AND threshold = 3;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, active)
VALUES (:milestone, 'late', 'referrer', 'invited_joins', 1, 'USD', false);
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:milestone, 'r1@people.example', 'MILE-ANN');
UPDATE rf_reward_rule SET active = true WHERE name = 'late' AND campaign_id = :milestone;
SELECT count(*) FROM reward WHERE slug = 'rewards-milestone';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:milestone, 'r2@people.example', 'MILE-R2', 'MILE-ANN');
SELECT rule, earned_by, ordinal, amount FROM reward WHERE slug = 'rewards-milestone' AND earned_by = 'MILE-R2';
SELECT ordinal, amount FROM reward WHERE slug = 'rewards-milestone' AND rule = 'ladder';

-- guards: milestones of people who qualify, one by one
INSERT INTO rf_campaign (slug, name) VALUES ('rewards-qualified', 'Qualified') RETURNING id AS qualified \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, unit)
VALUES (:qualified, 'levels', 'referrer', 'invited_qualifies', 'milestone', 'custom', 'stars') RETURNING id AS levels \gset
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:levels, 1, 1), (:levels, 3, 2.5);
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:qualified, 'ann@people.example', 'LEVEL-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :qualified, 'p' || i || '@people.example', 'LEVEL-P' || i, 'LEVEL-ANN' FROM generate_series(1, 3) AS i;
SELECT i, changed, rewards FROM generate_series(1, 3) AS i, LATERAL rf_qualify('LEVEL-P' || i);
SELECT rule, ordinal, amount, unit FROM reward WHERE slug = 'rewards-qualified';

-- guards 5.16: money is rounded to the currency's minor unit, half away from zero
INSERT INTO rf_campaign (slug, name) VALUES ('rewards-money', 'Money') RETURNING id AS money \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
SELECT :money, lpad(n::text, 2, '0'), 'referrer', 'referrer_joins', amount, unit
FROM (VALUES (1, 10.005, 'USD'), (2, 10.004999, 'USD'), (3, 10.015, 'USD'), (4, 0.005, 'USD'), (5, 7, 'USD'),
	(6, 0.5, 'JPY'), (7, 1.5, 'JPY'), (8, 2.5, 'JPY'), (9, 1234.49, 'JPY'),
	(10, 0.0005, 'KWD'), (11, 1.0004999, 'KWD'), (12, 2.0025, 'KWD'),
	(13, 123456789012345678901234567890.125, 'EUR')) AS v (n, amount, unit);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit) VALUES
	(:money, '14', 'referrer', 'referrer_joins', 'custom', 2.34567, 'miles'),
	(:money, '15', 'referrer', 'referrer_joins', 'custom', 10.005, 'USD');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:money, 'ann@people.example', 'MONEY-ANN');
SELECT r.name AS rule, r.metric, r.amount AS written, s.amount AS granted, s.unit
FROM rf_reward_rule r JOIN rf_reward_status s ON s.rule = r.name AND s.campaign_id = r.campaign_id
WHERE r.campaign_id = :money ORDER BY 1;

-- guards 5.16: unknown unit, and what would round to nothing
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 1, 'USDX');
\echo :SQLSTATE
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 0.4, 'JPY');
\echo :SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 1, 'usd');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 1, 'miles');
UPDATE rf_reward_rule SET unit = 'XXX' WHERE campaign_id = :money AND name = '05';
UPDATE rf_reward_rule SET metric = 'amount' WHERE campaign_id = :money AND name = '14';
UPDATE rf_reward_rule SET amount = 0.001 WHERE campaign_id = :money AND name = '05';
INSERT INTO rf_milestone (rule_id, threshold, amount, unit) VALUES (:ladder, 20, 1, 'USDX');
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 20, 0.001);
-- a milestone without an amount, where its rule has none
INSERT INTO rf_milestone (rule_id, threshold) VALUES (:levels, 20);
-- a milestone of a rule of another kind
INSERT INTO rf_milestone (rule_id, threshold, amount) SELECT id, 1, 1 FROM rf_reward_rule WHERE campaign_id = :money AND name = '05';
\set VERBOSITY default

-- guards 5.16: zero and negative amounts, and what is no number, are errors
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 0, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', -1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 'NaN', 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 'Infinity', 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_joins', 'custom', -1, 'miles');
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 20, 0);
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 0, 5);
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, -1, 5);
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 1, 5);

-- guards: rules that contradict themselves
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, every)
VALUES (:money, 'x', 'referrer', 'invited_joins', 1, 'USD', 0);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold)
VALUES (:money, 'x', 'referrer', 'invited_joins', 1, 'USD', '-1 day');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, every)
VALUES (:money, 'x', 'invited', 'invited_joins', 1, 'USD', 2);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, kind)
VALUES (:money, 'x', 'invited', 'invited_joins', 1, 'USD', 'milestone');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'invited', 'referrer_joins', 1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:money, 'x', 'referrer', 'referrer_leaves', 1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, unit)
VALUES (:money, 'x', 'referrer', 'invited_joins', 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount)
VALUES (:money, 'x', 'referrer', 'invited_joins', 1);
\set VERBOSITY default

-- guards 5.13: at most one live row for each grant
\set VERBOSITY sqlstate
INSERT INTO rf_reward (rule_id, participant_id, subject_id, metric, amount, unit, state, earned_at, due_at, changed_at)
SELECT rule_id, participant_id, subject_id, metric, amount, unit, 'due', earned_at, due_at, changed_at
FROM rf_reward r WHERE r.id = (SELECT min(reward_id) FROM rf_reward_status WHERE code = 'REW-ANN');
INSERT INTO rf_reward (rule_id, participant_id, subject_id, ordinal, metric, amount, unit, state, earned_at, due_at, changed_at)
SELECT rule_id, participant_id, subject_id + 1, ordinal, metric, amount, unit, 'due', earned_at, due_at, changed_at
FROM rf_reward r WHERE r.id = (SELECT min(reward_id) FROM rf_reward_status WHERE code = 'MILE-ANN');
\set VERBOSITY default
DROP VIEW reward;
