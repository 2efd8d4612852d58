-- Refunds: what is given back of a purchase, and what that makes of the rewards
-- it earned.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- Three campaigns that differ in on_unqualify alone: rewards on purchases, and
-- commissions on what was spent up to the qualification; those named "due" and
-- the fixed one wait for rf_issue.
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES
	('back-cancel', 'Cancel', 'cancel_due'), ('back-keep', 'Keep', 'keep'), ('back-claw', 'Claw', 'clawback');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit, percent, cap, auto_issue)
SELECT c.id, r.name, r.recipient, r.earned_on, r.metric, r.amount, r.unit, r.percent, r.cap, r.auto_issue
FROM rf_campaign c, (VALUES
	('1 due share', 'referrer', 'purchase', 'commission', NULL::numeric, NULL, 10, NULL::numeric, false),
	('2 share', 'referrer', 'purchase', 'commission', NULL, NULL, 10, NULL, true),
	('3 capped', 'invited', 'purchase', 'commission', NULL, NULL, 20, 12, true),
	('4 fixed', 'referrer', 'purchase', 'amount', 5, 'USD', NULL, NULL, false),
	('5 due spend', 'referrer', 'invited_qualifies', 'commission', NULL, NULL, 1, NULL, false),
	('6 spend', 'referrer', 'invited_qualifies', 'commission', NULL, NULL, 1, NULL, true)
	) AS r (name, recipient, earned_on, metric, amount, unit, percent, cap, auto_issue)
WHERE c.slug LIKE 'back-%';
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT c.id, p || '@people.example', upper(c.slug) || '-' || upper(p), CASE WHEN p <> 'ann' THEN upper(c.slug) || '-ANN' END
FROM rf_campaign c, unnest('{ann,bob}'::text[]) WITH ORDINALITY AS u (p, n)
WHERE c.slug LIKE 'back-%' ORDER BY c.slug COLLATE "C", n;
INSERT INTO rf_webhook (campaign_id, url, events, state)
SELECT id, 'https://hooks.example/', '{reward.cancelled,reward.clawed_back,invited.unqualified}', 'paused' FROM rf_campaign WHERE slug LIKE 'back-%';
CREATE VIEW reward AS
	SELECT c.slug, s.rule, u.external_id, s.amount, r.spend_base AS base, s.state, s.reason, r.generation,
		(SELECT o.amount FROM rf_reward o WHERE o.id = r.original_id) AS of
	FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id
	JOIN rf_campaign c ON c.id = s.campaign_id LEFT JOIN rf_purchase u ON u.id = r.purchase_id
	WHERE c.slug LIKE 'back-%' ORDER BY c.slug COLLATE "C", s.rule, r.id;
CREATE VIEW event AS
	SELECT e.type, d #>> '{reward,rule}' AS rule, d #>> '{reward,amount}' AS amount,
		d #>> '{reward,state}' AS state, d #>> '{reward,previous_state}' AS previous
	FROM rf_event e JOIN rf_campaign c ON c.id = e.campaign_id, LATERAL (SELECT convert_from(payload, 'UTF8')::jsonb -> 'data') AS p (d)
	WHERE c.slug LIKE 'back-%' ORDER BY e.id;
SELECT p.code, u.state, u.rewards FROM rf_participant p, LATERAL rf_record_purchase(p.code, 100, 'USD', 'first') u
WHERE p.code LIKE 'BACK-%-BOB' ORDER BY p.id;
SELECT p.code, u.state, u.rewards FROM rf_participant p, LATERAL rf_qualify(p.code, 50, 'USD') u
WHERE p.code LIKE 'BACK-%-BOB' ORDER BY p.id;

-- guards: an unknown purchase fails clearly
SELECT rf_record_refund('back-claw', 'no such');
\echo :SQLSTATE
SELECT rf_record_refund('no-such', 'first');
\echo :SQLSTATE
-- guards: more than is left, and what is no amount
SELECT rf_record_refund('back-claw', 'first', 100.01);
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_record_refund('back-claw', 'first', 0);
SELECT rf_record_refund('back-claw', 'first', -5);
SELECT rf_record_refund('back-claw', 'first', 'NaN');
SELECT rf_record_refund('back-claw', 'first', 'Infinity');
SELECT rf_record_refund('back-claw', 'first', 5, '');
SELECT rf_record_refund('back-claw', NULL);
SELECT rf_record_refund(NULL, 'first');
\set VERBOSITY default

-- guards: clawback: a commission is reckoned again from what is left; what was
-- not issued is lowered, the difference of what was is clawed back. A cap may
-- hide the loss: 20 % of 80 is above it still.
SELECT state, changed, rewards FROM rf_record_refund('back-claw', 'first', 20, 'r1');
SELECT rule, external_id, amount, base, state, reason, of FROM reward WHERE slug = 'back-claw';
SELECT * FROM event;
-- guards: the same refund again: nothing happens; with another amount an error
SELECT changed, rewards FROM rf_record_refund('back-claw', 'first', 20, 'r1');
SELECT changed, rewards FROM rf_record_refund('back-claw', 'first', NULL, 'r1');
SELECT rf_record_refund('back-claw', 'first', 21, 'r1');
\echo :SQLSTATE
SELECT amount, refunded FROM rf_purchase WHERE campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'back-claw') ORDER BY id;

-- guards: all that is left: commissions to nothing, and the fixed reward goes with it
SELECT state, changed, rewards FROM rf_record_refund('back-claw', 'first');
SELECT rule, external_id, amount, base, state, reason, of FROM reward WHERE slug = 'back-claw';
SELECT * FROM event OFFSET 2;
-- guards: all of nothing is nothing
SELECT changed, rewards FROM rf_record_refund('back-claw', 'first');
SELECT changed, rewards FROM rf_record_refund('back-claw', 'first', NULL, 'r9');
SELECT rf_record_refund('back-claw', 'first', 1);
\echo :SQLSTATE
SELECT r.refund_id, r.amount FROM rf_refund r JOIN rf_purchase u ON u.id = r.purchase_id JOIN rf_campaign c ON c.id = u.campaign_id
WHERE c.slug = 'back-claw' ORDER BY r.id;
-- what is gained and lost adds up: 1 % of the 50 that are left
SELECT rule, sum(amount) FROM reward WHERE slug = 'back-claw' AND state <> 'cancelled' GROUP BY 1 ORDER BY 1;

-- guards: cancel_due: what was not issued is lowered, what was is kept
SELECT state, changed, rewards FROM rf_record_refund('back-cancel', 'first', 50);
SELECT state, changed, rewards FROM rf_record_refund('back-cancel', 'first', 50);
SELECT rule, external_id, amount, base, state, reason FROM reward WHERE slug = 'back-cancel' AND (external_id IS NULL OR external_id = 'first');

-- guards: keep: no reward changes
SELECT state, changed, rewards FROM rf_record_refund('back-keep', 'first');
SELECT rule, amount, base, state, reason FROM reward WHERE slug = 'back-keep' AND (external_id IS NULL OR external_id = 'first');

-- guards: an unqualification after a part was clawed back claws back the rest
SELECT state, rewards FROM rf_unqualify('BACK-CLAW-BOB');
SELECT rule, amount, state, reason, of FROM reward WHERE slug = 'back-claw' AND external_id IS NULL AND rule LIKE '% spend';
SELECT rule, sum(amount) FROM reward WHERE slug = 'back-claw' AND state <> 'cancelled' AND rule = '6 spend' GROUP BY 1;

-- guards: what was spent after the reward, and in another currency, is not its base
SELECT state, rewards FROM rf_qualify('BACK-CLAW-BOB', 10, 'EUR');
SELECT state, rewards FROM rf_record_purchase('BACK-CLAW-BOB', 100, 'EUR', 'after');
SELECT state, rewards FROM rf_record_refund('back-claw', 'after', 1);
SELECT rule, external_id, amount, base, state, of FROM reward WHERE slug = 'back-claw' AND (external_id = 'after' OR generation = 2);

-- guards: a refund is a fact: it is recorded when the campaign is over
UPDATE rf_campaign SET state = 'ended' WHERE slug = 'back-claw';
SELECT state, changed, rewards FROM rf_record_refund('back-claw', 'after');

-- guards: below min_spend: the qualification goes first, with all it earned, each
-- reward once
INSERT INTO rf_campaign (slug, name, on_unqualify, min_spend, currency) VALUES ('back-min', 'Min', 'clawback', 50, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent)
SELECT id, '1 spend', 'referrer', 'invited_qualifies', 'commission', 10 FROM rf_campaign WHERE slug = 'back-min'
UNION ALL SELECT id, '2 share', 'referrer', 'purchase', 'commission', 10 FROM rf_campaign WHERE slug = 'back-min';
INSERT INTO rf_participant (campaign_id, email, code)
SELECT id, 'ann@people.example', 'BACK-MIN-ANN' FROM rf_campaign WHERE slug = 'back-min';
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT id, 'bob@people.example', 'BACK-MIN-BOB', 'BACK-MIN-ANN' FROM rf_campaign WHERE slug = 'back-min';
INSERT INTO rf_webhook (campaign_id, url, events, state)
SELECT id, 'https://hooks.example/', '{reward.cancelled,reward.clawed_back,invited.unqualified}', 'paused' FROM rf_campaign WHERE slug = 'back-min';
SELECT count(*) AS events FROM event \gset
SELECT state, rewards FROM rf_record_purchase('BACK-MIN-BOB', 60, external_id => 'm1');
SELECT state, rewards FROM rf_record_refund('back-min', 'm1', 5);
SELECT state, rewards FROM rf_record_refund('back-min', 'm1', 15);
SELECT rule, external_id, amount, base, state, reason, of FROM reward WHERE slug = 'back-min';
SELECT * FROM event OFFSET :events;
SELECT rule, sum(amount) FROM reward WHERE slug = 'back-min' GROUP BY 1 ORDER BY 1;

-- guards: each level with its own percentage; a budget gets back what was given
-- back; events show who had the reward
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('back-tree', 'Tree', 'clawback') RETURNING id AS tree \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, unit, levels, budget) VALUES
	(:tree, '1 purchase', 'referrer', 'purchase', 'commission', 10, 'USD', '[5, 1]', 40);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit, levels) VALUES
	(:tree, '2 qualify', 'referrer', 'invited_qualifies', 'custom', 4, 'point', '[2, 1]');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:tree, 'ann@people.example', 'BACK-TREE-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:tree, 'bob@people.example', 'BACK-TREE-BOB', 'BACK-TREE-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:tree, 'cyd@people.example', 'BACK-TREE-CYD', 'BACK-TREE-BOB');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:tree, 'dee@people.example', 'BACK-TREE-DEE', 'BACK-TREE-CYD');
INSERT INTO rf_webhook (campaign_id, url, events, state) VALUES (:tree, 'https://hooks.example/', '{reward.clawed_back}', 'paused');
SELECT state, rewards FROM rf_qualify('BACK-TREE-DEE');
SELECT rewards FROM rf_record_purchase('BACK-TREE-DEE', 200, 'USD', 't1');
SELECT rewards FROM rf_record_purchase('BACK-TREE-DEE', 100, 'USD', 't2');
SELECT s.rule, u.external_id, s.code, s.amount, s.state, s.reason FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id
LEFT JOIN rf_purchase u ON u.id = r.purchase_id WHERE s.campaign_id = :tree ORDER BY r.id;
SELECT rewards FROM rf_record_refund('back-tree', 't1', 100);
SELECT rewards FROM rf_unqualify('BACK-TREE-DEE');
SELECT s.rule, u.external_id, s.code, s.amount, s.state, s.reason FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id
LEFT JOIN rf_purchase u ON u.id = r.purchase_id WHERE s.campaign_id = :tree AND r.original_id IS NOT NULL ORDER BY r.id;
SELECT d #>> '{reward,rule}' AS rule, d #>> '{reward,level}' AS level, d #>> '{reward,amount}' AS amount, d #>> '{referrer,code}' AS referrer
FROM rf_event, LATERAL (SELECT convert_from(payload, 'UTF8')::jsonb -> 'data') AS p (d) WHERE campaign_id = :tree ORDER BY id;
-- 22 of the 40 are used: 15 fit, 7.5 more do not, 1.5 do
SELECT rewards FROM rf_record_purchase('BACK-TREE-DEE', 150, 'USD', 't3');
SELECT s.code, s.amount, s.state, s.reason FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id
JOIN rf_purchase u ON u.id = r.purchase_id WHERE u.external_id = 't3' ORDER BY r.id;

-- guards: recurring commissions: a refund lowers the period in which it was paid alone
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('back-month', 'Month', 'clawback') RETURNING id AS month \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, percent, recur_every) VALUES
	(:month, 'monthly', 'referrer', 'invited_qualifies', 'recurring', 'commission', 10, '1 mon');
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (:month, 'ann@people.example', 'BACK-MONTH-ANN', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES (:month, 'bob@people.example', 'BACK-MONTH-BOB', 'BACK-MONTH-ANN', '2024-01-01');
SELECT state, rewards FROM rf_record_purchase('BACK-MONTH-BOB', 10, 'USD', 'n1', '2024-01-20');
SELECT state, rewards FROM rf_record_purchase('BACK-MONTH-BOB', 20, 'USD', 'n2', '2024-02-20');
SELECT state, rewards FROM rf_record_purchase('BACK-MONTH-BOB', 30, 'USD', 'n3', '2024-03-20');
SELECT state FROM rf_qualify('BACK-MONTH-BOB', occurred_at => '2024-01-31');
SELECT rf_tick() > 0 AS paid;
SELECT rewards FROM rf_record_refund('back-month', 'n2', 5);
SELECT r.n, r.amount, r.spend_base, r.state FROM rf_reward r JOIN rf_reward_rule u ON u.id = r.rule_id WHERE u.campaign_id = :month ORDER BY r.id;
-- guards 5.15: what was clawed back of a reward is free once, whatever becomes of the rest
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('back-quota', 'Quota', 'clawback') RETURNING id AS quota \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, unit, budget) VALUES
	(:quota, 'share', 'referrer', 'purchase', 'commission', 10, 'USD', 100) RETURNING id AS share \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:quota, 'ann@people.example', 'BACK-QUOTA-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:quota, 'bob@people.example', 'BACK-QUOTA-BOB', 'BACK-QUOTA-ANN');
SELECT rewards FROM rf_record_purchase('BACK-QUOTA-BOB', 100, 'USD', 'q1');
SELECT rewards FROM rf_record_refund('back-quota', 'q1', 40);
SELECT granted, amount FROM rf_quota WHERE rule_id = :share;
SELECT rf_fail(id) FROM rf_reward WHERE rule_id = :share AND original_id IS NULL;
SELECT rf_cancel(id) FROM rf_reward WHERE rule_id = :share AND original_id IS NULL;
SELECT granted, amount FROM rf_quota WHERE rule_id = :share;

DROP VIEW reward, event;
