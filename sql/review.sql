-- Review: rf_release lets held and blocked people count, rf_block ends that
-- (design 5.7, 5.11, 5.14). What holds between sessions stands in test/isolation.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('review', 'Review') RETURNING id AS campaign \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES
	(:campaign, 'plus_alias', 'hold'), (:campaign, 'disposable', 'block');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, every, amount, unit, hold) VALUES
	(:campaign, 'join', 'referrer', 'invited_joins', 'standard', 1, 1, 'USD', '10 days'),
	(:campaign, 'welcome', 'invited', 'invited_joins', 'standard', 1, 2, 'USD', '10 days'),
	(:campaign, 'pair', 'referrer', 'invited_joins', 'standard', 2, 3, 'USD', '0'),
	(:campaign, 'sale', 'referrer', 'invited_qualifies', 'standard', 1, 10, 'USD', '10 days'),
	(:campaign, 'bonus', 'invited', 'invited_qualifies', 'standard', 1, 5, 'USD', '0'),
	(:campaign, 'hello', 'referrer', 'referrer_joins', 'standard', 1, 4, 'USD', '0');
INSERT INTO rf_webhook (campaign_id, url, events) VALUES (:campaign, 'https://hooks.example/', '{*}');
-- One look at a campaign: its people, their rewards, what was told since the last look.
CREATE TEMPORARY TABLE told AS SELECT id FROM rf_event;
CREATE VIEW people AS
	SELECT campaign_id, id, code, state, review, invited_count AS invited, qualified_count AS qualified,
		qualified_at IS NOT NULL AS at
	FROM rf_participant;
CREATE VIEW rewards AS
	SELECT s.campaign_id, s.reward_id, s.rule, s.code, s.earned_by, s.ordinal, s.amount, s.state, s.reason,
		r.generation, s.earned_at
	FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id;
CREATE FUNCTION news(OUT type text, OUT participant text, OUT referrer text, OUT counts text, OUT rule text)
RETURNS SETOF record LANGUAGE sql AS $$
	WITH new AS (
		INSERT INTO told SELECT id FROM rf_event WHERE id NOT IN (SELECT id FROM told) RETURNING id)
	SELECT e.type, p #>> '{participant,code}', p #>> '{referrer,code}',
		concat_ws('/', p #>> '{referrer,invited_count}', p #>> '{referrer,qualified_count}'),
		p #>> '{reward,rule}'
	FROM new JOIN rf_event e USING (id),
		LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb -> 'data') AS d (p)
	ORDER BY e.id
$$;
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'RV-ANN', NULL, '2024-01-01'),
	(:campaign, 'bob+x@people.example', 'RV-BOB', 'RV-ANN', '2024-01-02'),
	(:campaign, 'cyd@yopmail.com', 'RV-CYD', 'RV-ANN', '2024-01-03'),
	(:campaign, 'dee@people.example', 'RV-DEE', 'RV-ANN', now()),
	(:campaign, 'own+x@people.example', 'RV-OWN', NULL, '2024-01-05');
SELECT id AS bob FROM rf_participant WHERE code = 'RV-BOB' \gset
SELECT id AS cyd FROM rf_participant WHERE code = 'RV-CYD' \gset
SELECT id AS dee FROM rf_participant WHERE code = 'RV-DEE' \gset
SELECT id AS ann FROM rf_participant WHERE code = 'RV-ANN' \gset
SELECT id AS own FROM rf_participant WHERE code = 'RV-OWN' \gset
SELECT * FROM news();
SELECT code, state, invited, qualified FROM people WHERE campaign_id = :campaign ORDER BY id;

-- guards: a held person who is released has joined when they joined
SELECT participant_id = :bob AS bob, state, changed, rewards FROM rf_release(:bob);
SELECT * FROM news();
SELECT rule, code, earned_by, ordinal, state, earned_at FROM rewards WHERE earned_by = 'RV-BOB' ORDER BY reward_id;
-- guards: once; and who is neither held nor blocked is left alone
SELECT state, changed, rewards FROM rf_release(:bob);
SELECT state, changed, rewards FROM rf_release(:ann);
-- guards: so is who joined on their own
SELECT state, changed, rewards FROM rf_release(:own);
SELECT * FROM news();
-- guards: a blocked person too, with a reason or without
SELECT state, changed, rewards FROM rf_release(:cyd);
SELECT * FROM news();
SELECT code, state, invited, qualified FROM people WHERE campaign_id = :campaign ORDER BY id;

-- guards: who qualified is blocked: they leave both counts; what they earned
-- others is taken back, up to what the counts still deserve; their own rewards
-- not yet issued are rejected, the issued ones stay
SELECT state, changed, rewards FROM rf_qualify('RV-DEE');
SELECT * FROM news();
SELECT participant_id = :dee AS dee, state, changed, rewards FROM rf_block(:dee, 'a ring');
SELECT code, state, review, at FROM people WHERE code = 'RV-DEE';
SELECT code, invited, qualified FROM people WHERE code = 'RV-ANN';
SELECT rule, code, earned_by, ordinal, amount, state, reason FROM rewards WHERE campaign_id = :campaign ORDER BY reward_id;
SELECT * FROM news();
-- guards: once
SELECT state, changed, rewards FROM rf_block(:dee, 'again');
SELECT state, review FROM people WHERE code = 'RV-DEE';
SELECT * FROM news();

-- guards: released again, they start as pending: what was taken back is granted
-- anew, what is rejected is not
SELECT state, changed, rewards FROM rf_release(:dee);
SELECT code, state, review, at FROM people WHERE code = 'RV-DEE';
SELECT rule, code, earned_by, ordinal, state, generation FROM rewards
WHERE earned_by = 'RV-DEE' ORDER BY reward_id;
SELECT * FROM news();
SELECT state, changed, rewards FROM rf_qualify('RV-DEE');

-- guards: a blocked referrer's own rewards are rejected, also those that others
-- earned; their people go on
SELECT state, changed FROM rf_block(:ann);
SELECT code, state, review, invited, qualified FROM people WHERE campaign_id = :campaign ORDER BY id;
SELECT rule, code, earned_by, state, reason FROM rewards WHERE code = 'RV-ANN' ORDER BY reward_id;
SELECT state, changed FROM rf_unqualify('RV-DEE');
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'eve@people.example', 'RV-ANN');
\echo :SQLSTATE
SELECT state, changed FROM rf_release(:ann);

-- guards: keep: people leave the counts, rewards stay and are not granted twice
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('review-keep', 'Keep', 'keep') RETURNING id AS keep \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:keep, 'join', 'referrer', 'invited_joins', 1, 'USD'),
	(:keep, 'sale', 'referrer', 'invited_qualifies', 10, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:keep, 'ann@people.example', 'RVK-ANN', NULL),
	(:keep, 'bob@people.example', 'RVK-BOB', 'RVK-ANN');
SELECT state FROM rf_qualify('RVK-BOB');
SELECT id AS bob FROM rf_participant WHERE code = 'RVK-BOB' \gset
SELECT state, changed, rewards FROM rf_block(:bob);
SELECT code, state, invited, qualified FROM people WHERE campaign_id = :keep ORDER BY id;
SELECT state, changed, rewards FROM rf_release(:bob);
SELECT state, changed, rewards FROM rf_qualify('RVK-BOB');
SELECT rule, code, state, generation FROM rewards WHERE campaign_id = :keep ORDER BY reward_id;

-- guards: clawback: issued ones too, but not the person's own
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('review-claw', 'Claw', 'clawback') RETURNING id AS claw \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:claw, 'join', 'referrer', 'invited_joins', 1, 'USD'),
	(:claw, 'welcome', 'invited', 'invited_joins', 2, 'USD'),
	(:claw, 'sale', 'referrer', 'invited_qualifies', 10, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:claw, 'ann@people.example', 'RVC-ANN', NULL),
	(:claw, 'bob@people.example', 'RVC-BOB', 'RVC-ANN');
SELECT state FROM rf_qualify('RVC-BOB');
SELECT id AS bob FROM rf_participant WHERE code = 'RVC-BOB' \gset
SELECT state, changed, rewards FROM rf_block(:bob, 'fake');
SELECT rule, code, amount, state, reason, generation FROM rewards WHERE campaign_id = :claw ORDER BY reward_id;
SELECT state, changed, rewards FROM rf_release(:bob);
SELECT rule, code, amount, state, generation FROM rewards WHERE campaign_id = :claw ORDER BY reward_id;

-- guards: the cap: who was held had a place, who was blocked needs one
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('review-cap', 'Cap', 2) RETURNING id AS cap \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES
	(:cap, 'plus_alias', 'hold'), (:cap, 'disposable', 'block');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:cap, 'ann@people.example', 'RVM-ANN', NULL),
	(:cap, 'bob@people.example', 'RVM-BOB', 'RVM-ANN'),
	(:cap, 'cyd+x@people.example', 'RVM-CYD', 'RVM-ANN'),
	(:cap, 'dee@yopmail.com', 'RVM-DEE', 'RVM-ANN');
SELECT id AS bob FROM rf_participant WHERE code = 'RVM-BOB' \gset
SELECT id AS cyd FROM rf_participant WHERE code = 'RVM-CYD' \gset
SELECT id AS dee FROM rf_participant WHERE code = 'RVM-DEE' \gset
SELECT rf_release(:dee);
\echo :SQLSTATE
SELECT state, changed FROM rf_release(:cyd);
SELECT rf_release(:dee);
\echo :SQLSTATE
SELECT state, changed FROM rf_block(:bob);
SELECT state, changed FROM rf_release(:dee);
SELECT code, state, invited FROM people WHERE campaign_id = :cap ORDER BY id;

-- guards: a held person who is blocked was never counted
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
VALUES (:campaign, 'fay+x@people.example', 'RV-FAY', 'RV-DEE');
SELECT state, changed, rewards FROM rf_block((SELECT id FROM rf_participant WHERE code = 'RV-FAY'));
SELECT code, invited FROM people WHERE code = 'RV-DEE';

-- guards: rewards of a held person wait for their release, whatever their hold
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'gus+x@people.example', 'RV-GUS', 'RV-DEE'),
	(:campaign, 'hal@people.example', 'RV-HAL', 'RV-GUS'),
	(:campaign, 'ivy@people.example', 'RV-IVY', 'RV-GUS');
SELECT rf_tick() >= 0 AS ticked;
SELECT rule, earned_by, ordinal, state FROM rewards WHERE code = 'RV-GUS' ORDER BY reward_id;
SELECT state, changed FROM rf_release((SELECT id FROM rf_participant WHERE code = 'RV-GUS'));
SELECT rf_tick() >= 0 AS ticked;
SELECT rule, earned_by, ordinal, state FROM rewards WHERE code = 'RV-GUS' ORDER BY reward_id;

-- guards: who is released can expire, who is blocked cannot; an expired person
-- who is blocked leaves the count
INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('review-late', 'Late', '30 days') RETURNING id AS late \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:late, 'plus_alias', 'hold');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:late, 'ann@people.example', 'RVL-ANN', NULL, '2024-01-01'),
	(:late, 'bob+x@people.example', 'RVL-BOB', 'RVL-ANN', '2024-01-01'),
	(:late, 'cyd@people.example', 'RVL-CYD', 'RVL-ANN', '2024-01-01'),
	(:late, 'dee@people.example', 'RVL-DEE', 'RVL-ANN', '2024-01-01');
SELECT state FROM rf_block((SELECT id FROM rf_participant WHERE code = 'RVL-DEE'));
SELECT rf_tick() >= 0 AS ticked;
SELECT code, state, invited FROM people WHERE campaign_id = :late ORDER BY id;
SELECT state FROM rf_release((SELECT id FROM rf_participant WHERE code = 'RVL-BOB'));
SELECT rf_tick() >= 0 AS ticked;
SELECT code, state, invited FROM people WHERE campaign_id = :late ORDER BY id;
SELECT state FROM rf_block((SELECT id FROM rf_participant WHERE code = 'RVL-CYD'));
SELECT code, state, invited FROM people WHERE campaign_id = :late ORDER BY id;

-- guards: recurring rewards of a blocked person stop; limits are free again
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('review-more', 'More', 'clawback') RETURNING id AS more \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, recur_every, amount, unit, max_total, hold) VALUES
	(:more, 'monthly', 'referrer', 'invited_qualifies', 'recurring', '1 month', 1, 'USD', NULL, '0'),
	(:more, 'first', 'referrer', 'invited_joins', 'standard', NULL, 9, 'USD', 1, '0'),
	(:more, 'own', 'invited', 'invited_joins', 'standard', NULL, 9, 'USD', 1, '10 years');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:more, 'ann@people.example', 'RVR-ANN', NULL, now()),
	(:more, 'bob@people.example', 'RVR-BOB', 'RVR-ANN', now());
SELECT state FROM rf_qualify('RVR-BOB', occurred_at => now() - interval '70 days');
SELECT state, changed, rewards FROM rf_block((SELECT id FROM rf_participant WHERE code = 'RVR-BOB'));
SELECT rf_tick() >= 0 AS ticked;
SELECT rule, code, amount, state, reason FROM rewards WHERE campaign_id = :more ORDER BY reward_id;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:more, 'cyd@people.example', 'RVR-CYD', 'RVR-ANN');
SELECT rule, code, amount, state, reason FROM rewards WHERE earned_by = 'RVR-CYD' ORDER BY reward_id;

-- guards: unknown people and nulls
SELECT rf_release(0);
\echo :SQLSTATE
SELECT rf_block(0);
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_release(NULL);
SELECT rf_block(NULL);
\set VERBOSITY default

-- guards: what an earlier qualification left behind goes with a block, too
INSERT INTO rf_campaign (slug, name) VALUES ('review-left', 'Left') RETURNING id AS review_left \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:review_left, 'ann@people.example', 'REL-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:review_left, 'bob@people.example', 'REL-BOB', 'REL-ANN');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES (:review_left, 'left', 'referrer', 'invited_qualifies', 10, 'USD') RETURNING id AS review_rule \gset
SELECT changed FROM rf_qualify('REL-BOB');
SELECT changed FROM rf_unqualify('REL-BOB');
SELECT rf_fail(id, 'no account') FROM rf_reward WHERE rule_id = :review_rule;
SELECT rewards FROM rf_participant p, rf_block(p.id) WHERE p.code = 'REL-BOB';
SELECT state, reason FROM rf_reward WHERE rule_id = :review_rule;
DROP FUNCTION news;
DROP VIEW people, rewards;
