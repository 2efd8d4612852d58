-- Rules with levels: people further up the tree are rewarded too, each with an
-- amount or percentage of their own.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('levels', 'Levels') RETURNING id AS campaign \gset
CREATE VIEW level AS
	SELECT s.rule, s.earned_by, w.level, s.code, w.percent, s.amount, s.unit, s.state, s.reason, w.generation
	FROM rf_reward_status s JOIN rf_campaign c ON c.id = s.campaign_id JOIN rf_reward w ON w.id = s.reward_id
	WHERE c.slug LIKE 'levels%' ORDER BY s.reward_id;

-- guards: what levels may be
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'invited', 'invited_qualifies', 1, 'USD', '[1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 2, 1, 'USD', '[1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'milestone', 1, 'USD', '[1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, recur_every, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', '1 day', 1, 'USD', '[1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'coupon', 'p', '[1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '{"2": 1}');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '[]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '[1, 0]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '[1, -1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '["1"]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '[null]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '[1,1,1,1,1,1,1,1,1,1,1]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 1, 'USD', '[0.001]');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, levels) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission', 1, '[101]');
\set VERBOSITY default

-- A line: each was brought by the one before.
CREATE PROCEDURE pg_temp.line(campaign bigint, prefix text, n int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. n LOOP
		INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
		VALUES (campaign, lower(prefix) || i || '@core.example', format('%s-%s', prefix, lpad(i::text, 2, '0')),
			CASE WHEN i > 1 THEN format('%s-%s', prefix, lpad((i - 1)::text, 2, '0')) END, '2024-01-01');
	END LOOP;
END $$;
CALL pg_temp.line(:campaign, 'LEV', 6);

-- guards: amounts: the rule's for who brought them, levels[0] for the one above, and so on; it ends at the top
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels)
VALUES (:campaign, 'sum', 'referrer', 'invited_qualifies', 10, 'USD', '[5, 2.5, 1.005]') RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('LEV-06', occurred_at => '2024-02-01');
SELECT rewards FROM rf_qualify('LEV-03', occurred_at => '2024-02-01');
SELECT rewards FROM rf_qualify('LEV-02', occurred_at => '2024-02-01');
SELECT earned_by, level, code, amount, unit, state FROM level;
-- guards: each level is a grant of its own: again is none
SELECT changed, rewards FROM rf_qualify('LEV-06');
-- guards: an unqualification takes back all levels, of that person alone
UPDATE rf_reward_rule SET auto_issue = false WHERE id = :rule;
SELECT rewards FROM rf_qualify('LEV-05', occurred_at => '2024-02-01');
SELECT state, rewards FROM rf_unqualify('LEV-05', 'changed their mind');
SELECT earned_by, level, code, state, reason FROM level WHERE earned_by = 'LEV-05';
SELECT count(*) FILTER (WHERE state = 'issued') AS issued, count(*) FROM level WHERE earned_by = 'LEV-06';
SELECT rewards FROM rf_qualify('LEV-05', occurred_at => '2024-02-03');
SELECT level, code, state, generation FROM level WHERE earned_by = 'LEV-05' AND state <> 'cancelled';
-- guards: clawback: issued ones of all levels
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT state, rewards FROM rf_unqualify('LEV-06');
SELECT level, code, amount, state FROM level WHERE earned_by = 'LEV-06';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: commission: the rule's percent and levels' percents of the same spend, the cap for each
UPDATE rf_campaign SET on_unqualify = 'cancel_due' WHERE id = :campaign;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, levels, cap)
VALUES (:campaign, 'share', 'referrer', 'purchase', 'commission', 10, '[5, 0.1, 2.5]', 20) RETURNING id AS rule \gset
SELECT rewards FROM rf_record_purchase('LEV-06', 300, 'USD', 'l1');
SELECT level, code, percent, amount, unit FROM level WHERE rule = 'share';
-- a level whose share rounds to nothing gets none, those above it do
SELECT rewards FROM rf_record_purchase('LEV-06', 4, 'USD', 'l2');
SELECT level, code, percent, amount, unit FROM level WHERE rule = 'share' OFFSET 4;
-- guards: a refund takes back what is due at every level
UPDATE rf_reward_rule SET auto_issue = false WHERE id = :rule;
SELECT rewards FROM rf_record_purchase('LEV-06', 100, 'USD', 'l3');
SELECT rewards FROM rf_record_refund('levels', 'l3', 50);
SELECT level, amount, state FROM level WHERE rule = 'share' OFFSET 7;
SELECT rewards FROM rf_record_refund('levels', 'l3');
SELECT level, amount, state FROM level WHERE rule = 'share' OFFSET 7;
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: on joining, in a statement that brings several; custom units; limits count each person's own
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit, levels, max_per_recipient)
VALUES (:campaign, 'stars', 'referrer', 'invited_joins', 'custom', 3, 'stars', '[2, 1]', 2) RETURNING id AS rule \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'm1@core.example', 'LEV-M1', 'LEV-03'), (:campaign, 'm2@core.example', 'LEV-M2', 'LEV-03'), (:campaign, 'm3@core.example', 'LEV-M3', 'LEV-02');
SELECT earned_by, level, code, amount, state, reason FROM level WHERE rule = 'stars';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: a line that joins in one statement
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels)
VALUES (:campaign, 'line', 'referrer', 'invited_joins', 3, 'USD', '[2, 1]') RETURNING id AS rule \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'o1@core.example', 'LEV-O1', NULL), (:campaign, 'o2@core.example', 'LEV-O2', 'LEV-O1'),
	(:campaign, 'o3@core.example', 'LEV-O3', 'LEV-O2'), (:campaign, 'o4@core.example', 'LEV-O4', 'LEV-O3');
SELECT earned_by, level, code, amount FROM level WHERE rule = 'line';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;

-- guards: somebody blocked on the way gets a rejected one, and those above theirs; conditions are of who did it
ALTER TABLE rf_participant DISABLE TRIGGER rf_participant_fixed;
UPDATE rf_participant SET state = 'blocked' WHERE code = 'LEV-04';
UPDATE rf_participant SET state = 'held' WHERE code = 'LEV-02';
ALTER TABLE rf_participant ENABLE TRIGGER rf_participant_fixed;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels, condition, hold)
VALUES (:campaign, 'blocked', 'referrer', 'invited_qualifies', 10, 'USD', '[5, 4, 3, 2, 1]', '$.data.participant.code == "LEV-06"', '0') RETURNING id AS rule \gset
SELECT rewards FROM rf_qualify('LEV-06');
SELECT earned_by, level, code, amount, state, reason FROM level WHERE rule = 'blocked';
UPDATE rf_reward_rule SET active = false WHERE id = :rule;
ALTER TABLE rf_participant DISABLE TRIGGER rf_participant_fixed;
UPDATE rf_participant SET state = 'qualified' WHERE code = 'LEV-02';
UPDATE rf_participant SET state = 'pending' WHERE code = 'LEV-04';
ALTER TABLE rf_participant ENABLE TRIGGER rf_participant_fixed;

-- guards 6: events: each names who gets it in the referrer's place, with the level from 2 on; when it is
-- granted, when it goes on, and when it is taken back
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels, auto_issue)
VALUES (:campaign, 'told', 'referrer', 'invited_qualifies', 10, 'USD', '[5, 4]', false) RETURNING id AS rule \gset
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/levels');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'n1@core.example', 'LEV-N1', 'LEV-03');
SELECT rewards FROM rf_qualify('LEV-N1');
SELECT count(rf_issue(reward_id)) FROM rf_reward_status WHERE rule_id = :rule AND code = 'LEV-02';
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT rewards FROM rf_unqualify('LEV-N1');
SELECT e.type, p #>> '{data,participant,code}' AS participant, p #>> '{data,referrer,code}' AS referrer, p #> '{data,reward,level}' AS level,
	p #> '{data,reward,amount}' AS amount, p #>> '{data,reward,state}' AS state
FROM (SELECT *, convert_from(payload, 'UTF8')::jsonb AS p FROM rf_event) e WHERE e.campaign_id = :campaign ORDER BY e.id;
-- guards: what the direct referrer gets says no level
SELECT count(*) FILTER (WHERE p #> '{data,reward}' ? 'level') AS with_level, count(*) FILTER (WHERE NOT p #> '{data,reward}' ? 'level') AS without
FROM (SELECT *, convert_from(payload, 'UTF8')::jsonb AS p FROM rf_event) e WHERE e.campaign_id = :campaign AND e.type LIKE 'reward.%';

-- guards: an edited rule counts from then on, whatever was granted
UPDATE rf_reward_rule SET levels = NULL WHERE id = :rule;
SELECT rewards FROM rf_qualify('LEV-N1');
UPDATE rf_reward_rule SET levels = '[7]' WHERE id = :rule;
SELECT rf_apply_rule(:rule) > 0 AS more;
SELECT level, code, amount, state FROM level WHERE rule = 'told' AND earned_by = 'LEV-N1' AND state = 'due';

-- guards: ten levels, from the bottom of a line of twelve
INSERT INTO rf_campaign (slug, name) VALUES ('levels-ten', 'Ten') RETURNING id AS ten \gset
CALL pg_temp.line(:ten, 'TEN', 12);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels)
VALUES (:ten, 'ten', 'referrer', 'invited_qualifies', 11, 'USD', '[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]');
SELECT rewards FROM rf_qualify('TEN-12');
SELECT level, code, amount FROM level WHERE rule = 'ten';
DROP VIEW level;
