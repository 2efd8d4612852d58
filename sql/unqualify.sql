-- Taking a qualification back (design 5.7, 5.13, 5.14).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- Three campaigns that differ in on_unqualify alone. In each: one rule that
-- issues at once, one that waits for rf_issue, one held for two weeks; one for
-- the invited person; one for every second person; milestones at 1 and 3; one
-- for joining, which no unqualification touches.
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES
	('unqualify-cancel', 'Cancel', 'cancel_due'), ('unqualify-keep', 'Keep', 'keep'), ('unqualify-claw', 'Claw', 'clawback');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, every, amount, unit, hold, auto_issue)
SELECT c.id, r.name, r.recipient, r.earned_on, r.kind, r.every, r.amount, 'USD', r.hold::interval, r.auto_issue
FROM rf_campaign c, (VALUES
	('1 issued', 'referrer', 'invited_qualifies', 'standard', 1, 10, '0', true),
	('2 due', 'referrer', 'invited_qualifies', 'standard', 1, 20, '0', false),
	('3 held', 'referrer', 'invited_qualifies', 'standard', 1, 30, '14 days', true),
	('4 invited', 'invited', 'invited_qualifies', 'standard', 1, 5, '0', false),
	('5 every two', 'referrer', 'invited_qualifies', 'standard', 2, 7, '0', false),
	('6 milestone', 'referrer', 'invited_qualifies', 'milestone', 1, 100, '0', false),
	('7 joining', 'referrer', 'invited_joins', 'standard', 1, 1, '0', false)
	) AS r (name, recipient, earned_on, kind, every, amount, hold, auto_issue)
WHERE c.slug LIKE 'unqualify-%';
INSERT INTO rf_milestone (rule_id, threshold)
SELECT r.id, t FROM rf_reward_rule r JOIN rf_campaign c ON c.id = r.campaign_id, unnest('{1,3}'::int[]) AS t
WHERE c.slug LIKE 'unqualify-%' AND r.kind = 'milestone';
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT c.id, p || '@people.example', upper(replace(c.slug, 'unqualify-', '') || '-' || p),
	CASE WHEN p <> 'ann' THEN upper(replace(c.slug, 'unqualify-', '') || '-ann') END
FROM rf_campaign c, unnest('{ann,bob,cyd,dee}'::text[]) WITH ORDINALITY AS u (p, n)
WHERE c.slug LIKE 'unqualify-%' ORDER BY c.slug COLLATE "C", n;
CREATE VIEW reward AS
	SELECT split_part(s.code, '-', 1) AS campaign, s.rule, s.code AS recipient, s.earned_by, s.ordinal,
		r.generation, s.amount, s.state, s.reason,
		CASE WHEN r.original_id IS NULL THEN '' ELSE 'claws back' END AS claws
	FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id
	ORDER BY 1, 2, 3, ordinal, r.id;
SELECT p.code, q.state, q.changed, q.rewards FROM rf_participant p, LATERAL rf_qualify(p.code) q
WHERE p.code ~ '^(CANCEL|KEEP|CLAW)-(BOB|CYD)' ORDER BY p.id;
SELECT * FROM reward WHERE campaign = 'CANCEL';

-- guards 5.14: unqualify: back to pending, and the count with it
SELECT state, changed, rewards FROM rf_unqualify('CANCEL-BOB', 'order returned');
SELECT code, state, qualified_at IS NULL AS no_date, invited_count, qualified_count
FROM rf_participant WHERE code LIKE 'CANCEL-%' ORDER BY id;

-- guards 5.14 cancel_due: pending and due ones are cancelled, issued ones are
-- kept; the subject's own, ordinals > floor(1/2), thresholds > 1, nothing else
SELECT * FROM reward WHERE campaign = 'CANCEL';

-- guards: again: nothing changes; so for who never qualified
SELECT state, changed, rewards FROM rf_unqualify('CANCEL-BOB');
SELECT state, changed, rewards FROM rf_unqualify('CANCEL-DEE');

-- guards 5.14 keep: all stay
SELECT state, changed, rewards FROM rf_unqualify('KEEP-BOB');
SELECT state, count(*) FROM reward WHERE campaign = 'KEEP' GROUP BY 1 ORDER BY 1;

-- guards 5.14 clawback: issued ones get a negative row that points at them
SELECT state, changed, rewards FROM rf_unqualify('CLAW-BOB', 'order returned');
SELECT * FROM reward WHERE campaign = 'CLAW' AND state IN ('issued', 'cancelled', 'clawed_back');
SELECT c.amount AS clawed_back, o.amount AS original, o.state AS of_state,
	(c.participant_id, c.subject_id, c.rule_id, c.unit) = (o.participant_id, o.subject_id, o.rule_id, o.unit) AS same
FROM rf_reward c JOIN rf_reward o ON o.id = c.original_id
JOIN rf_reward_rule r ON r.id = c.rule_id JOIN rf_campaign k ON k.id = r.campaign_id
WHERE k.slug = 'unqualify-claw';

-- guards 5.13, 5.14: qualified again: what was cancelled is granted anew, in a
-- new generation with a new hold; what was kept is not
SELECT state, changed, rewards FROM rf_qualify('CANCEL-BOB');
SELECT * FROM reward WHERE campaign = 'CANCEL' AND (earned_by = 'CANCEL-BOB' OR ordinal IS NOT NULL);
SELECT bool_and(due_at = changed_at + interval '14 days') AS new_hold
FROM rf_reward WHERE state = 'pending' AND generation = 2 AND subject_id = (SELECT id FROM rf_participant WHERE code = 'CANCEL-BOB');
SELECT state, changed, rewards FROM rf_qualify('CLAW-BOB');
SELECT rule, recipient, ordinal, generation, amount, state, claws FROM reward
WHERE campaign = 'CLAW' AND (earned_by = 'CLAW-BOB' OR ordinal IS NOT NULL);
-- kept ones never again
SELECT state, changed, rewards FROM rf_qualify('KEEP-BOB');

-- guards 5.14: what is gained and lost adds up
SELECT recipient, sum(amount) AS owed FROM reward
WHERE campaign = 'CLAW' AND state <> 'cancelled' AND rule <> '7 joining' GROUP BY 1 ORDER BY 1;

-- guards 5.7: toggling farms nothing: five times to and fro leave one live
-- grant of each kind, and the count of who is qualified now
SELECT (rf_unqualify('CANCEL-BOB')).state, (rf_qualify('CANCEL-BOB')).state,
	(rf_unqualify('CLAW-BOB')).state, (rf_qualify('CLAW-BOB')).state,
	(rf_unqualify('KEEP-BOB')).state, (rf_qualify('KEEP-BOB')).state
FROM generate_series(1, 5);
SELECT split_part(code, '-', 1) AS campaign, qualified_count FROM rf_participant WHERE code ~ '^(CANCEL|KEEP|CLAW)-ANN' ORDER BY 1;
SELECT campaign, rule, recipient, earned_by, ordinal, count(*) AS live
FROM reward WHERE campaign IN ('CANCEL', 'KEEP', 'CLAW') AND state NOT IN ('cancelled', 'clawed_back')
GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1;
SELECT campaign, count(*) AS live, sum(amount) AS owed, max(generation) AS generation
FROM reward WHERE campaign IN ('CANCEL', 'KEEP', 'CLAW') AND state NOT IN ('cancelled', 'clawed_back')
GROUP BY 1 ORDER BY 1;

-- guards 5.14: an ordinal belongs to the count, not to who moved it: without
-- bob, and then without cyd as well, no milestone above the count remains
SELECT state FROM rf_qualify('CANCEL-DEE');
SELECT ordinal, state FROM reward WHERE campaign = 'CANCEL' AND rule = '6 milestone' AND state <> 'cancelled';
SELECT state FROM rf_unqualify('CANCEL-CYD');
SELECT ordinal, state FROM reward WHERE campaign = 'CANCEL' AND rule = '6 milestone' AND state <> 'cancelled';
SELECT state FROM rf_unqualify('CANCEL-BOB');
SELECT ordinal, state FROM reward WHERE campaign = 'CANCEL' AND rule IN ('5 every two', '6 milestone') AND state <> 'cancelled';

-- guards 5.14: failed ones are cancelled, fulfilled ones kept or clawed back
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('unqualify-late', 'Late', 'cancel_due') RETURNING id AS late \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:late, 'a', 'referrer', 'invited_qualifies', 1, 'USD'), (:late, 'b', 'invited', 'invited_qualifies', 2, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:late, 'ann@people.example', 'LATE-ANN', NULL), (:late, 'bob@people.example', 'LATE-BOB', 'LATE-ANN');
SELECT state, rewards FROM rf_qualify('LATE-BOB');
SELECT rf_fail(reward_id, 'no account') FROM rf_reward_status WHERE code = 'LATE-ANN';
SELECT rf_fulfill(reward_id, 'payment 7') FROM rf_reward_status WHERE code = 'LATE-BOB';
SELECT state, rewards FROM rf_unqualify('LATE-BOB');
SELECT recipient, amount, state, reason FROM reward WHERE campaign = 'LATE';
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :late;
SELECT state, rewards FROM rf_qualify('LATE-BOB');
SELECT state, rewards FROM rf_unqualify('LATE-BOB');
SELECT recipient, generation, amount, state, reason, claws FROM reward WHERE campaign = 'LATE';

-- guards: an inactive rule's grants are taken back as well
UPDATE rf_campaign SET on_unqualify = 'cancel_due' WHERE id = :late;
UPDATE rf_reward_rule SET auto_issue = false WHERE campaign_id = :late;
SELECT state, rewards FROM rf_qualify('LATE-BOB');
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :late;
SELECT state, rewards FROM rf_unqualify('LATE-BOB');
SELECT recipient, generation, amount, state FROM reward WHERE campaign = 'LATE' AND generation = 3;

-- guards: who qualifies again while a recurring rule sleeps goes on when it wakes;
-- what passed meanwhile is not paid
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('unqualify-sleep', 'Sleep', 'keep') RETURNING id AS sleep \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times) VALUES
	(:sleep, 'monthly', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '1 month', 9);
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:sleep, 'ann@people.example', 'SLEEP-ANN', NULL, '2024-01-01'),
	(:sleep, 'bob@people.example', 'SLEEP-BOB', 'SLEEP-ANN', '2024-01-01');
SELECT state, rewards FROM rf_qualify('SLEEP-BOB');
SELECT state FROM rf_unqualify('SLEEP-BOB');
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :sleep;
SELECT state, rewards FROM rf_qualify('SLEEP-BOB');
SET referral.clock_offset = '40 d';
SELECT rf_tick() >= 0 AS asleep;
UPDATE rf_reward_rule SET active = true WHERE campaign_id = :sleep;
SET referral.clock_offset = '70 d';
SELECT rf_tick() >= 0 AS awake;
RESET referral.clock_offset;
SELECT r.n, r.state FROM rf_reward r JOIN rf_reward_rule u ON u.id = r.rule_id WHERE u.campaign_id = :sleep ORDER BY r.n;

-- guards: RF002, RF004
SELECT rf_unqualify('NO-SUCH');
\echo :SQLSTATE
SELECT rf_unqualify('LATE-ANN');
\echo :SQLSTATE
SELECT rf_unqualify(NULL);
\echo :SQLSTATE

-- guards 5.14: nothing is deleted, ever
\set VERBOSITY sqlstate
DELETE FROM rf_reward_rule WHERE campaign_id = :late;
\set VERBOSITY default
DROP VIEW reward;
