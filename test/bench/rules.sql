-- Four campaigns: joining and qualifying, each with one rule and with ten, of
-- which three match. Each has ten thousand referrers; those for qualifying have
-- invited people (:supply of them) who have not qualified yet. People are
-- written with the engine's columns, as a restore writes them.

SET client_min_messages = error;
CREATE EXTENSION referral;

CREATE TEMP TABLE measured AS
SELECT what || '-' || rules AS slug, earned_on, other, rules = 'ten' AS ten
FROM (VALUES ('join', 'invited_joins', 'invited_qualifies'), ('qualify', 'invited_qualifies', 'invited_joins'))
	AS w (what, earned_on, other),
	(VALUES ('one'), ('ten')) AS r (rules);

INSERT INTO rf_campaign (slug, name, landing_url)
SELECT slug, slug, 'https://shop.example/welcome?ref={code}' FROM measured;

-- The three that match; the first of them is the one rule.
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit)
SELECT c.id, r.name, r.recipient, m.earned_on, r.metric, r.amount, r.unit
FROM measured m
JOIN rf_campaign c USING (slug),
	(VALUES
		('Thank you', 'referrer', 'amount', 10, 'USD', false),
		('Welcome', 'invited', 'amount', 2.50, 'USD', true),
		('Points', 'referrer', 'custom', 100, 'points', true))
	AS r (name, recipient, metric, amount, unit, ten)
WHERE m.ten OR NOT r.ten;

-- Seven that do not, each for another reason.
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, every, amount, unit, condition, active)
SELECT c.id, r.name, 'referrer', r.earned_on, r.kind, r.every, 10, 'USD', r.condition::jsonpath, r.active
FROM measured m
JOIN rf_campaign c USING (slug),
	LATERAL (VALUES
		('Every thousand', m.earned_on, 'standard', 1000, NULL, true),
		('Far', m.earned_on, 'milestone', 1, NULL, true),
		('Farther', m.earned_on, 'milestone', 1, NULL, true),
		('Professionals', m.earned_on, 'standard', 1, '$.meta.plan == "pro"', true),
		('Over', m.earned_on, 'standard', 1, NULL, false),
		('Otherwise', m.other, 'standard', 1, NULL, true),
		('Shopping', 'purchase', 'standard', 1, NULL, true))
	AS r (name, earned_on, kind, every, condition, active)
WHERE m.ten;

INSERT INTO rf_milestone (rule_id, threshold, amount)
SELECT r.id, t.threshold, 100
FROM rf_reward_rule r,
	(VALUES ('Far', 1000000), ('Far', 2000000), ('Farther', 3000000), ('Farther', 4000000)) AS t (name, threshold)
WHERE r.name = t.name;

SELECT FROM rf_create_webhook('https://shop.example/hook', '{invited.*,reward.*}') WHERE :listen;

INSERT INTO rf_participant (campaign_id, email, source, code, joined_at, email_key, code_key, state,
	invited_count, qualified_count)
SELECT c.id, 'r' || n || '@example.com', 'Api', c.slug || '-R' || n, now(), 'r' || n || '@example.com',
	upper(replace(c.slug, '-', '')) || 'R' || n, 'active', CASE WHEN c.slug LIKE 'qualify%' THEN :supply / 10000 ELSE 0 END, 0
FROM rf_campaign c, generate_series(10000, 19999) n;

INSERT INTO rf_participant (campaign_id, email, referred_by, source, code, joined_at, email_key, code_key,
	referrer_id, state, invited_count, qualified_count)
SELECT c.id, 'q' || n || '@example.com', r.code, 'Referred', c.slug || '-Q' || n, now(), 'q' || n || '@example.com',
	upper(replace(c.slug, '-', '')) || 'Q' || n, r.id, 'pending', 0, 0
FROM rf_campaign c, generate_series(0, :supply - 1) n, rf_participant r
WHERE c.slug LIKE 'qualify%' AND r.code_key = upper(replace(c.slug, '-', '')) || 'R' || 10000 + n * 7919::bigint % 10000
ORDER BY n, c.id;
