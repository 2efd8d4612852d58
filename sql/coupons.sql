-- Coupons: loaded into pools, handed out once each, never lost (design 5.18).
-- What holds between sessions stands in test/isolation.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- What earlier tests left must not be counted below.
SET referral.clock_offset = '400 d';
SELECT sum(rf_tick()) >= 0 AS drained FROM generate_series(1, 20);
RESET referral.clock_offset;
INSERT INTO rf_campaign (slug, name) VALUES ('coupons', 'Coupons') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool)
VALUES (:campaign, 'gift', 'referrer', 'invited_qualifies', 'coupon', 'gifts') RETURNING id AS gift \gset
INSERT INTO rf_participant (campaign_id, email, code, joined_at)
VALUES (:campaign, 'ann@core.example', 'COUP-ANN', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :campaign, 'p' || i || '@core.example', 'COUP-P' || i, 'COUP-ANN', '2024-01-01'
FROM generate_series(1, 60) AS i;
CREATE VIEW coupon AS
	SELECT c.pool, c.code, c.state, s.earned_by
	FROM rf_coupon c LEFT JOIN rf_reward_status s ON s.reward_id = c.reward_id
	ORDER BY c.pool COLLATE "C", c.id;
CREATE VIEW pool AS SELECT pool, total, used, told FROM rf_coupon_pool ORDER BY pool COLLATE "C";
CREATE VIEW given AS
	SELECT s.rule, s.earned_by, s.ordinal, s.coupon, s.state, s.reason
	FROM rf_reward_status s JOIN rf_campaign c ON c.id = s.campaign_id
	WHERE c.slug = 'coupons' ORDER BY s.reward_id;

-- guards: people load pool and code, by INSERT or COPY; a code is there once, in all pools
INSERT INTO rf_coupon (pool, code) VALUES ('gifts', 'Z-1'), ('gifts', 'A-2'), ('other', 'O-1');
COPY rf_coupon (pool, code) FROM stdin;
gifts	M-3
gifts	B-4
\.
SELECT * FROM coupon WHERE pool IN ('gifts', 'other');
SELECT * FROM pool WHERE pool IN ('gifts', 'other');
\set VERBOSITY sqlstate
INSERT INTO rf_coupon (pool, code) VALUES ('other', 'Z-1');
INSERT INTO rf_coupon (pool, code) VALUES ('gifts', '');
INSERT INTO rf_coupon (pool, code) VALUES ('', 'X');
INSERT INTO rf_coupon (pool, code) VALUES (NULL, 'X');
INSERT INTO rf_coupon (pool, code) VALUES ('gifts', NULL);
\set VERBOSITY default
-- a load that fails leaves the count as it was; codes differ by case
INSERT INTO rf_coupon (pool, code) VALUES ('other', 'o-1') ON CONFLICT DO NOTHING;
INSERT INTO rf_coupon (pool, code) VALUES ('other', 'O-1'), ('other', 'O-2') ON CONFLICT DO NOTHING;
SELECT * FROM pool WHERE pool IN ('gifts', 'other');

-- guards: first loaded, first handed out, with the grant
SELECT rewards FROM rf_qualify('COUP-P1', occurred_at => '2024-02-01');
SELECT rewards FROM rf_qualify('COUP-P2', occurred_at => '2024-02-02');
SELECT * FROM given;
SELECT * FROM coupon WHERE pool = 'gifts';
SELECT * FROM pool WHERE pool = 'gifts';
SELECT given_at IS NOT NULL AS given_at FROM rf_coupon WHERE code = 'Z-1';

-- guards: never lost on rollback
BEGIN;
SELECT rewards FROM rf_qualify('COUP-P3', occurred_at => '2024-02-03');
SELECT coupon FROM given WHERE earned_by = 'COUP-P3';
ROLLBACK;
SELECT * FROM pool WHERE pool = 'gifts';

-- guards: with a hold the coupon is taken at its end, by the order of what was earned
UPDATE rf_reward_rule SET hold = '10 days' WHERE id = :gift;
SELECT rewards FROM rf_qualify('COUP-P4', occurred_at => now() - interval '1 h');
SELECT rewards FROM rf_qualify('COUP-P3', occurred_at => now() - interval '2 h');
SELECT * FROM given WHERE earned_by IN ('COUP-P3', 'COUP-P4');
SELECT used FROM pool WHERE pool = 'gifts';
SET referral.clock_offset = '20 d';
SELECT rf_tick() AS holds;
RESET referral.clock_offset;
SELECT * FROM given WHERE earned_by IN ('COUP-P3', 'COUP-P4') ORDER BY earned_by;
SELECT * FROM pool WHERE pool = 'gifts';
UPDATE rf_reward_rule SET hold = '0' WHERE id = :gift;

-- guards 5.18: an empty pool leaves the reward due with the reason; it counts as granted
SELECT rewards FROM rf_qualify('COUP-P6', occurred_at => '2024-02-08');
SELECT rewards FROM rf_qualify('COUP-P5', occurred_at => '2024-02-07');
SELECT rewards FROM rf_qualify('COUP-P7', occurred_at => '2024-02-09');
SELECT * FROM given WHERE earned_by IN ('COUP-P5', 'COUP-P6', 'COUP-P7') ORDER BY earned_by;
SELECT * FROM pool WHERE pool = 'gifts';
-- guards: by hand: 55000 while the pool is empty
SELECT reward_id AS p7 FROM rf_reward_status WHERE earned_by = 'COUP-P7' \gset
SELECT rf_issue(:p7);
\echo :SQLSTATE
SELECT state, reason FROM given WHERE earned_by = 'COUP-P7';
-- guards: a tick issues nothing while there is nothing
SELECT rf_tick() AS nothing;

-- guards: a refill issues what waits, the oldest earned first, in its statement
INSERT INTO rf_coupon (pool, code) VALUES ('gifts', 'R-1'), ('gifts', 'R-2');
SELECT * FROM given WHERE earned_by IN ('COUP-P5', 'COUP-P6', 'COUP-P7') ORDER BY earned_by;
COPY rf_coupon (pool, code) FROM stdin;
gifts	R-3
gifts	R-4
\.
SELECT * FROM given WHERE earned_by IN ('COUP-P5', 'COUP-P6', 'COUP-P7') ORDER BY earned_by;
SELECT * FROM pool WHERE pool = 'gifts';
-- guards: a refill that is rolled back issues nothing
BEGIN;
SELECT rewards FROM rf_qualify('COUP-P8');
SELECT rewards FROM rf_qualify('COUP-P9');
SAVEPOINT s;
INSERT INTO rf_coupon (pool, code) VALUES ('gifts', 'R-5');
SELECT earned_by, coupon, state FROM given WHERE earned_by IN ('COUP-P8', 'COUP-P9');
ROLLBACK TO s;
SELECT earned_by, coupon, state FROM given WHERE earned_by IN ('COUP-P8', 'COUP-P9');
ROLLBACK;

-- guards: without auto_issue the coupon is taken by rf_issue
UPDATE rf_reward_rule SET auto_issue = false WHERE id = :gift;
SELECT rewards FROM rf_qualify('COUP-P10');
SELECT coupon, state, reason FROM given WHERE earned_by = 'COUP-P10';
INSERT INTO rf_coupon (pool, code) VALUES ('gifts', 'H-1');
SELECT coupon, state, reason FROM given WHERE earned_by = 'COUP-P10';
SELECT reward_id AS p10 FROM rf_reward_status WHERE earned_by = 'COUP-P10' \gset
SELECT rf_issue(:p10);
SELECT coupon, state, reason FROM given WHERE earned_by = 'COUP-P10';
-- guards: all or none: two are to be issued, one coupon is left
SELECT count(*) FROM (SELECT rf_qualify('COUP-P' || i) FROM generate_series(11, 12) AS i) q;
SELECT array_agg(reward_id) AS two FROM rf_reward_status WHERE earned_by IN ('COUP-P11', 'COUP-P12') \gset
SELECT rf_issue(:'two'::bigint[]);
\echo :SQLSTATE
SELECT coupon, state, reason FROM given WHERE earned_by IN ('COUP-P11', 'COUP-P12');
SELECT free FROM (SELECT total - used AS free FROM pool WHERE pool = 'gifts') f;

-- guards: failed keeps its coupon, and is issued with it again; cancelled gives it back
SELECT rf_fail(:p10, 'mail bounced');
SELECT coupon, state FROM given WHERE earned_by = 'COUP-P10';
SELECT rf_issue(:p10);
SELECT coupon, state FROM given WHERE earned_by = 'COUP-P10';
SELECT rf_fail(:p10), rf_cancel(:p10, 'gone');
SELECT state, reason FROM given WHERE earned_by = 'COUP-P10';
SELECT * FROM coupon WHERE code IN ('R-4', 'H-1');
SELECT total - used AS free FROM pool WHERE pool = 'gifts';
-- what came back is the first loaded, so the next to be handed out
SELECT rf_issue((:'two'::bigint[])[1]);
SELECT coupon FROM given WHERE earned_by = 'COUP-P11';

-- guards: seen ones never come back: who has a fulfilled reward knows its coupon
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT reward_id AS p1 FROM rf_reward_status WHERE earned_by = 'COUP-P1' \gset
SELECT rf_fulfill(:p1, 'mail 1');
SELECT * FROM coupon WHERE code IN ('Z-1', 'A-2');
SELECT state, rewards FROM rf_unqualify('COUP-P1');
SELECT * FROM coupon WHERE code IN ('Z-1', 'A-2');
-- guards: what was given and not seen does; the reward says what it had
SELECT state, rewards FROM rf_unqualify('COUP-P2');
SELECT * FROM coupon WHERE code IN ('Z-1', 'A-2');
SELECT * FROM given WHERE earned_by IN ('COUP-P1', 'COUP-P2');
-- guards: granted again: another coupon, the first that is free
UPDATE rf_reward_rule SET auto_issue = true WHERE id = :gift;
SELECT rewards FROM rf_qualify('COUP-P2');
SELECT coupon, state FROM given WHERE earned_by = 'COUP-P2';

-- guards: once handed out, coupons are neither changed nor deleted; free ones are deleted
DELETE FROM rf_coupon WHERE code = 'Z-1';
\echo :SQLSTATE
DELETE FROM rf_coupon WHERE code = 'R-1';
\echo :SQLSTATE
UPDATE rf_coupon SET state = 'free', reward_id = NULL WHERE code = 'R-1';
\echo :SQLSTATE
UPDATE rf_coupon SET pool = 'other' WHERE code = 'H-1';
\echo :SQLSTATE
TRUNCATE rf_coupon;
\echo :SQLSTATE
SELECT * FROM pool WHERE pool IN ('gifts', 'other');
DELETE FROM rf_coupon WHERE pool = 'other' AND code = 'O-2';
SELECT * FROM pool WHERE pool = 'other';
-- and what was deleted is not handed out
DELETE FROM rf_coupon WHERE pool = 'gifts' AND state = 'free';
SELECT rewards FROM rf_qualify('COUP-P13');
SELECT coupon, state FROM given WHERE earned_by = 'COUP-P13';
SELECT state, rewards FROM rf_unqualify('COUP-P13');

-- guards: a refill brings only to its own pool, and only to rules that issue by themselves
INSERT INTO rf_coupon (pool, code) VALUES ('other', 'O-9');
SELECT coupon, state FROM given WHERE earned_by IN ('COUP-P12', 'COUP-P13');

-- guards: milestones have a pool of their own, or the rule's
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, pool, active)
VALUES (:campaign, 'ladder', 'referrer', 'invited_qualifies', 'milestone', 'coupon', 'steps', true) RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold, pool) VALUES (:ladder, 30, NULL), (:ladder, 31, 'golden');
INSERT INTO rf_coupon (pool, code) VALUES ('steps', 'STEP-1'), ('steps', 'STEP-2'), ('golden', 'GOLD-1');
UPDATE rf_reward_rule SET active = false WHERE id = :gift;
SELECT count(*) FROM (SELECT rf_qualify('COUP-P' || i) FROM generate_series(13, 45) AS i) q;
SELECT rule, ordinal, coupon, state FROM given WHERE rule = 'ladder';
-- guards: a milestone of a coupon rule without any pool is refused
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric)
VALUES (:campaign, 'no pool', 'referrer', 'invited_qualifies', 'milestone', 'coupon') RETURNING id AS nopool \gset
INSERT INTO rf_milestone (rule_id, threshold) VALUES (:nopool, 1);
\echo :SQLSTATE

-- guards: a coupon that comes back goes to who waits, by the next tick; a rule that
-- no longer issues by itself keeps nobody else waiting
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool) VALUES
	(:campaign, 'early', 'referrer', 'invited_qualifies', 'coupon', 'few'),
	(:campaign, 'late', 'invited', 'invited_qualifies', 'coupon', 'few');
INSERT INTO rf_coupon (pool, code) VALUES ('few', 'FEW-1'), ('few', 'FEW-2');
SELECT rewards FROM rf_qualify('COUP-P50', occurred_at => '2024-03-01');
SELECT rewards FROM rf_qualify('COUP-P51', occurred_at => '2024-03-02');
UPDATE rf_reward_rule SET auto_issue = false WHERE campaign_id = :campaign AND name = 'early';
SELECT rule, earned_by, coupon, state FROM given WHERE rule IN ('early', 'late');
SELECT reward_id AS late FROM rf_reward_status WHERE coupon = 'FEW-2' \gset
SELECT rf_fail(:late), rf_cancel(:late);
SELECT rf_tick() AS issued;
SELECT rule, earned_by, coupon, state FROM given WHERE rule IN ('early', 'late');
-- what waits for nobody's step but a hand's is not the tick's
SELECT rf_tick() AS nothing;

-- guards 5.18: coupon.low once each at 85, 95 and 100 percent; a refill arms again
INSERT INTO rf_campaign (slug, name) VALUES ('coupons-low', 'Low') RETURNING id AS low \gset
INSERT INTO rf_webhook (campaign_id, url, events) VALUES (:low, 'https://hooks.example/low', '{coupon.low}');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool)
VALUES (:low, 'gift', 'referrer', 'invited_qualifies', 'coupon', 'twenty');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:low, 'ann@core.example', 'LOW-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :low, 'p' || i || '@core.example', 'LOW-P' || i, 'LOW-ANN' FROM generate_series(1, 60) AS i;
INSERT INTO rf_coupon (pool, code) SELECT 'twenty', 'T-' || i FROM generate_series(1, 20) AS i;
CREATE VIEW told AS
	SELECT convert_from(payload, 'UTF8')::jsonb -> 'data' AS told FROM rf_event WHERE campaign_id = :low AND type = 'coupon.low' ORDER BY id;
SELECT count(*) FROM (SELECT rf_qualify('LOW-P' || i) FROM generate_series(1, 16) AS i) q;
SELECT count(*) FROM told;
SELECT rewards FROM rf_qualify('LOW-P17');
SELECT (told -> 'campaign') - 'id' AS campaign, told -> 'participant' AS participant, told -> 'referrer' AS referrer,
	told -> 'coupon_pool' AS pool FROM told;
SELECT rewards FROM rf_qualify('LOW-P18');
SELECT count(*) FROM told;
-- guards: each mark when it is reached
BEGIN;
SELECT rewards FROM rf_qualify('LOW-P19');
SELECT rewards FROM rf_qualify('LOW-P20');
SELECT told -> 'coupon_pool' AS pool FROM told;
COMMIT;
-- an empty pool is told of once
SELECT rewards FROM rf_qualify('LOW-P21');
SELECT count(*) FROM told;
-- guards: a refill to 20 of 22 arms 95 and 100 again, and what waited reaches 95
INSERT INTO rf_coupon (pool, code) VALUES ('twenty', 'T-21'), ('twenty', 'T-22');
SELECT * FROM pool WHERE pool = 'twenty';
SELECT rewards FROM rf_qualify('LOW-P22');
SELECT told -> 'coupon_pool' AS pool FROM told OFFSET 3;
-- guards: a refill to 22 of 44 arms all
INSERT INTO rf_coupon (pool, code) SELECT 'twenty', 'T-' || i FROM generate_series(23, 44) AS i;
SELECT count(*) FROM (SELECT rf_qualify('LOW-P' || i) FROM generate_series(23, 43) AS i) q;
SELECT told -> 'coupon_pool' AS pool FROM told OFFSET 4;
-- guards: one that comes back arms nothing
SELECT reward_id AS p43 FROM rf_reward_status WHERE earned_by = 'LOW-P43' \gset
SELECT rf_fail(:p43), rf_cancel(:p43);
SELECT * FROM pool WHERE pool = 'twenty';
SELECT rewards FROM rf_qualify('LOW-P44');
SELECT count(*) FROM told;

-- guards 5.18: whoever hears of reward.issued may know the coupon: it is seen, and never comes back
INSERT INTO rf_webhook (campaign_id, url, events) VALUES (:low, 'https://hooks.example/issued', '{reward.issued}');
SELECT rewards FROM rf_qualify('LOW-P45');
SELECT c.code, c.state FROM rf_coupon c JOIN rf_reward_status s ON s.reward_id = c.reward_id WHERE s.earned_by = 'LOW-P45';
SELECT convert_from(payload, 'UTF8')::jsonb #>> '{data,reward,coupon}' AS coupon FROM rf_event WHERE campaign_id = :low AND type = 'reward.issued';
SELECT reward_id AS p45 FROM rf_reward_status WHERE earned_by = 'LOW-P45' \gset
SELECT rf_fail(:p45), rf_cancel(:p45);
SELECT code, state FROM rf_coupon WHERE code = 'T-44';

-- guards 5.23: rows that come from a dump pass as they are, whatever the pool; not mixed with new ones
BEGIN;
INSERT INTO rf_coupon (pool, code, state, reward_id, given_at, id) OVERRIDING SYSTEM VALUE
VALUES ('twenty', 'DUMP-1', 'free', NULL, NULL, 1000000);
SELECT * FROM pool WHERE pool = 'twenty';
SELECT count(*) FROM rf_reward_status WHERE coupon = 'DUMP-1';
ROLLBACK;
INSERT INTO rf_coupon (pool, code, state) VALUES ('twenty', 'DUMP-1', 'free'), ('twenty', 'DUMP-2', NULL);
\echo :SQLSTATE

-- guards: the numbers agree with the rows, in all pools
SELECT p.pool FROM rf_coupon_pool p
WHERE (p.total, p.used) IS DISTINCT FROM
	(SELECT (count(*), count(*) FILTER (WHERE state <> 'free')) FROM rf_coupon c WHERE c.pool = p.pool);
DROP VIEW coupon, pool, given, told;

-- guards: of coupons issued together each is seen by whom its own campaign lets hear
INSERT INTO rf_campaign (slug, name) VALUES ('coupons-deaf', 'Deaf'), ('coupons-heard', 'Heard');
INSERT INTO rf_webhook (campaign_id, url, events, state)
SELECT id, 'https://hooks.example/', '{reward.issued}', 'paused' FROM rf_campaign WHERE slug = 'coupons-heard';
INSERT INTO rf_reward_rule (campaign_id, name, earned_on, recipient, metric, pool, auto_issue)
SELECT id, slug, 'referrer_joins', 'referrer', 'coupon', 'ears', false FROM rf_campaign WHERE slug IN ('coupons-deaf', 'coupons-heard');
INSERT INTO rf_coupon (pool, code) VALUES ('ears', 'EAR-1'), ('ears', 'EAR-2');
INSERT INTO rf_participant (campaign_id, email) SELECT id, 'a@core.example' FROM rf_campaign WHERE slug IN ('coupons-deaf', 'coupons-heard');
SELECT rf_issue(ARRAY(SELECT r.id FROM rf_reward r WHERE r.pool = 'ears'));
SELECT u.name, c.state FROM rf_coupon c JOIN rf_reward r ON r.id = c.reward_id JOIN rf_reward_rule u ON u.id = r.rule_id WHERE c.pool = 'ears' ORDER BY u.name;
