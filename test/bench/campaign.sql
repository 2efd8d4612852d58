-- The campaign that is measured: ten thousand referrers, and invited people
-- (:supply of them) who have not qualified yet. People are written with the
-- engine's columns, as a restore writes them.

SET client_min_messages = error;
CREATE EXTENSION referral;

INSERT INTO rf_campaign (slug, name, landing_url)
VALUES ('bench', 'Bench', 'https://shop.example/welcome?ref={code}');

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
SELECT id, 'Thank you', 'referrer', 'invited_qualifies', 10, 'USD' FROM rf_campaign
UNION ALL
SELECT id, 'Welcome', 'referrer', 'invited_joins', 2.50, 'USD' FROM rf_campaign;

SELECT FROM rf_create_webhook('https://shop.example/hook', '{invited.*,reward.*}');

INSERT INTO rf_participant (campaign_id, email, source, code, joined_at, email_key, code_key, state,
	invited_count, qualified_count)
SELECT c.id, 'r' || n || '@example.com', 'Api', 'R' || n, now(), 'r' || n || '@example.com', 'R' || n, 'active',
	:supply / 10000, 0
FROM rf_campaign c, generate_series(10000, 19999) n;

INSERT INTO rf_participant (campaign_id, email, referred_by, source, code, joined_at, email_key, code_key,
	referrer_id, state, invited_count, qualified_count)
SELECT r.campaign_id, 'q' || n || '@example.com', r.code, 'Referred', 'Q' || n, now(), 'q' || n || '@example.com',
	'Q' || n, r.id, 'pending', 0, 0
FROM generate_series(0, :supply - 1) n
JOIN rf_participant r ON r.code_key = 'R' || 10000 + n * 7919::bigint % 10000
ORDER BY n;
