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


-- guards: the leaderboard of a period: who qualified in it, then who joined in it
INSERT INTO rf_campaign (slug, name) VALUES ('views-period', 'Period') RETURNING id AS period \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue) VALUES
	(:period, 'each', 'referrer', 'invited_qualifies', 10, 'USD', true),
	(:period, 'later', 'invited', 'invited_qualifies', 3, 'EUR', false),
	(:period, 'points', 'referrer', 'invited_joins', 7, 'USD', true);
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, joined_at) VALUES
	(:period, 'ann@people.example', 'Ann', 'PERIOD-ANN', NULL, '2024-01-01'),
	(:period, 'bob@people.example', 'Bob', 'PERIOD-BOB', NULL, '2024-01-02'),
	(:period, 'c1@people.example', 'Cyd', 'PERIOD-C1', 'PERIOD-ANN', '2024-01-03'),
	(:period, 'c2@people.example', 'Cyd', 'PERIOD-C2', 'PERIOD-ANN', '2024-01-03 23:59:59.999999'),
	(:period, 'c3@people.example', 'Cyd', 'PERIOD-C3', 'PERIOD-ANN', '2024-02-01'),
	(:period, 'd1@people.example', 'Dee', 'PERIOD-D1', 'PERIOD-BOB', '2024-02-02'),
	(:period, 'd2@people.example', 'Dee', 'PERIOD-D2', 'PERIOD-BOB', '2024-02-03'),
	(:period, 'e1@people.example', 'Eve', 'PERIOD-E1', 'PERIOD-C1', '2024-02-04');
SELECT changed FROM rf_qualify('PERIOD-C1', occurred_at => '2024-01-31 23:59:59.999999');
SELECT changed FROM rf_qualify('PERIOD-C2', occurred_at => '2024-02-10');
SELECT rank, code, qualified_count, invited_count FROM rf_leaderboard('views-period', '2024-01-01', '2024-02-01');
SELECT rank, code, qualified_count, invited_count FROM rf_leaderboard('views-period', '2024-02-01');
SELECT rank, code, qualified_count, invited_count FROM rf_leaderboard('views-period', '2024-02-01', '2024-02-10');
SELECT rank, code FROM rf_leaderboard('views-period', '2024-01-01', top => 2);
SELECT count(*) FROM rf_leaderboard('views-period', '2025-01-01');
SELECT count(*) FROM rf_leaderboard('no-such', '2024-01-01');

-- guards: figures by day, in UTC whatever the session's zone
SET timezone = 'Pacific/Auckland';
SELECT day, joined, invited, qualified, rewards, reach, clicks FROM rf_daily_stats WHERE campaign_id = :period ORDER BY day;
SET timezone = 'UTC';
INSERT INTO rf_click (campaign_id, participant_id, day, visitor, clicks)
SELECT :period, id, '2024-01-03', v, 3 FROM rf_participant, unnest('{a,b}'::bytea[]) v WHERE code IN ('PERIOD-ANN', 'PERIOD-BOB');
SELECT * FROM rf_daily_stats WHERE campaign_id = :period AND day = '2024-01-03' AND campaign_id = :period \gset day_
\echo :day_joined :day_invited :day_qualified :day_rewards :day_reach :day_clicks

-- guards: all figures of a campaign; cost per qualified person by currency; a
-- campaign that nobody joined
SELECT slug, joined, referrers, invited, pending, qualified, expired, held, blocked, qualified_percent, reach, clicks, rewarded, cost_per_qualified
FROM rf_campaign_stats WHERE slug IN ('views-period', 'views-empty') ORDER BY slug COLLATE "C" DESC;
SELECT metric, unit, state, rewards, total FROM rf_campaign_rewards WHERE campaign_id = :period ORDER BY unit, state;
SELECT step, stage, people, percent_of_previous, percent_of_reach FROM rf_funnel WHERE campaign_id = :period ORDER BY step;
SELECT step, stage, people, percent_of_previous, percent_of_reach FROM rf_funnel WHERE slug = 'views-empty' ORDER BY step;
DELETE FROM rf_click WHERE campaign_id = :period;

-- guards: below one person, so many levels deep; depth counts from them
SELECT id AS ann FROM rf_participant WHERE code = 'PERIOD-ANN' \gset
SELECT repeat('  ', depth) || code AS who, depth, path[1] = :ann AS from_ann FROM rf_referral_tree(:ann);
SELECT count(*) FROM rf_referral_tree(:ann, 1);
SELECT count(*) FROM rf_referral_tree(:ann, 0);
SELECT count(*) FROM rf_referral_tree(-1);

-- guards: a circle, which only bad data could hold, ends where it began
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE rf_participant SET referrer_id = (SELECT id FROM rf_participant WHERE code = 'PERIOD-E1'), state = 'pending' WHERE id = :ann;
SET LOCAL session_replication_role = origin;
SELECT code, depth FROM rf_referral_tree WHERE campaign_id = :period ORDER BY participant_id;
SELECT code, depth FROM rf_referral_tree(:ann);
ROLLBACK;

-- guards: who was erased leads no list
SELECT rf_erase(:ann);
SELECT rank, code FROM rf_leaderboard WHERE campaign_id = :period ORDER BY rank;
SELECT rank, code FROM rf_leaderboard('views-period', '2024-01-01');
