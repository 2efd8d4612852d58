-- The views that people look at (design 4.3). rf_delivery and rf_attempt show
-- what the worker does and are tested with it, in test/t.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('views', 'Views'), ('views-empty', 'Nobody yet');
SELECT id AS campaign FROM rf_campaign WHERE slug = 'views' \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'each', 'referrer', 'invited_qualifies', 10, 'USD');
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'Ann', 'VIEW-ANN', NULL, '2024-01-03'),
	(:campaign, 'bob@people.example', 'Bob', 'VIEW-BOB', NULL, '2024-01-02'),
	(:campaign, 'cyd@people.example', 'Cyd', 'VIEW-CYD', NULL, '2024-01-01'),
	(:campaign, 'dee@people.example', 'Dee', 'VIEW-DEE', 'VIEW-ANN', '2024-01-04'),
	(:campaign, 'eve@people.example', 'Eve', 'VIEW-EVE', 'VIEW-BOB', '2024-01-04'),
	(:campaign, 'fay@people.example', 'Fay', 'VIEW-FAY', 'VIEW-DEE', '2024-01-05'),
	(:campaign, 'gus@people.example', 'Gus', 'VIEW-GUS', 'VIEW-DEE', '2024-01-05');

-- guards: the leaderboard: people qualified, then invited, then who joined
-- earlier; without people to show one is not on it
SELECT rank, code, name, qualified_count, invited_count, joined_at FROM rf_leaderboard WHERE campaign_id = :campaign ORDER BY rank;
SELECT changed FROM rf_qualify('VIEW-DEE');
SELECT changed FROM rf_qualify('VIEW-EVE');
SELECT rank, code, qualified_count, invited_count FROM rf_leaderboard WHERE campaign_id = :campaign ORDER BY rank;

-- guards: the referral tree
SELECT t.depth, repeat('  ', t.depth) || t.code AS who, t.state, array_length(t.path, 1) AS path
FROM rf_referral_tree t WHERE t.campaign_id = :campaign ORDER BY t.path;

-- guards: rewards with names
SELECT rule, recipient, code, name, earned_by, metric, amount, unit, state, reason FROM rf_reward_status WHERE campaign_id = :campaign ORDER BY code COLLATE "C";

-- guards: a campaign's figures, and that of one without people
SELECT slug, referrers, invited, qualified, qualified_percent FROM rf_campaign_stats WHERE slug LIKE 'views%' ORDER BY slug COLLATE "C";

-- guards: the status has one row, whatever runs
SELECT count(*), bool_and(at_home) AS at_home, bool_and(worker_state IS NOT NULL) AS state FROM rf_status;
SELECT count(*) FROM rf_delivery WHERE message_id IS NULL;

-- guards: a paused webhook's status
BEGIN;
INSERT INTO rf_webhook (campaign_id, name, url, state) VALUES (:campaign, 'views hook', 'https://hooks.example/', 'paused') RETURNING id AS hook \gset
SELECT name, state, retrying, dead FROM rf_webhook_status WHERE webhook_id = :hook;
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'hal@people.example');
SELECT d.type, d.state, d.attempts, d.message_id = rf_message_id(e.home, e.id) AS named
FROM rf_delivery d JOIN rf_event e ON e.id = d.event_id WHERE d.webhook_id = :hook;
ROLLBACK;
