-- What time brings besides the end of windows (design 5.9, 5.17, 5.22): holds
-- of held people, idempotency keys, and a copy that does nothing.
\set SHOW_CONTEXT never
-- What earlier tests left must not be counted below.
SET referral.clock_offset = '90 d';
SELECT sum(rf_tick()) >= 0 AS drained FROM generate_series(1, 20);
RESET referral.clock_offset;
INSERT INTO rf_campaign (slug, name) VALUES ('timed', 'Timed') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold)
VALUES (:campaign, 'held', 'referrer', 'invited_qualifies', 1, 'EUR', '1 day');
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:campaign, 'plus_alias', 'hold');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann+x@time.example', 'TIME-ANN', NULL),
	(:campaign, 'bob@time.example', 'TIME-BOB', NULL);
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'cyd@time.example', 'TIME-CYD', 'TIME-ANN'),
	(:campaign, 'dee@time.example', 'TIME-DEE', 'TIME-BOB');
SELECT rewards FROM rf_qualify('TIME-CYD');
SELECT rewards FROM rf_qualify('TIME-DEE');
CREATE VIEW timed AS
	SELECT code, state FROM rf_reward_status WHERE code LIKE 'TIME-%' ORDER BY code;

-- guards: rewards of somebody who is held stay pending, and keep nobody else waiting
SET referral.clock_offset = '2 d';
SELECT rf_tick() AS ended;
SELECT * FROM timed;
SELECT rf_tick() AS again;
-- guards: the hold is over as soon as they are released
SELECT (rf_release(id)).state FROM rf_participant WHERE code = 'TIME-ANN';
SELECT rf_tick() AS ended;
SELECT * FROM timed;
RESET referral.clock_offset;

-- guards 5.9: keys are kept for referral.idempotency_retention, then forgotten
SHOW referral.idempotency_retention;
SET referral.idempotency_retention = '1 d';
\echo :SQLSTATE
CREATE VIEW kept AS
	SELECT key FROM rf_idempotency WHERE campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'timed') ORDER BY key;
SELECT changed FROM rf_qualify('TIME-CYD', idempotency_key => 'first');
SET referral.clock_offset = '20 d';
SELECT changed FROM rf_qualify('TIME-CYD', idempotency_key => 'second');
SELECT rf_tick() AS forgotten;
SELECT * FROM kept;
SET referral.clock_offset = '31 d';
SELECT rf_tick() AS forgotten;
SELECT * FROM kept;
-- guards: a forgotten key is as good as new, for any call
SELECT changed FROM rf_qualify('TIME-DEE', idempotency_key => 'first');
SELECT rf_qualify('TIME-DEE', idempotency_key => 'second');
\echo :SQLSTATE
-- guards: old keys go a thousand at a time, the oldest first
INSERT INTO rf_idempotency (campaign_id, function, key, arguments, answer, created_at)
SELECT :campaign, 'rf_qualify', 'old ' || lpad(n::text, 4, '0'), '{}', '{}', timestamptz '2024-01-01' + n * interval '1 s'
FROM generate_series(1, 1500) AS n;
SELECT rf_tick() AS first;
SELECT * FROM kept LIMIT 2;
SELECT rf_tick() AS second;
SELECT rf_tick() AS third;
RESET referral.clock_offset;

-- guards 5.22: in a copy that was not adopted nothing happens by the clock
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'eve@time.example', 'TIME-EVE', 'TIME-ANN');
SELECT changed FROM rf_qualify('TIME-EVE', idempotency_key => 'third');
UPDATE rf_campaign SET qualify_within = '1 day' WHERE id = :campaign;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'fay@time.example', 'TIME-FAY', 'TIME-ANN');
SET referral.clock_offset = '90 d';
BEGIN;
UPDATE rf_home SET place = 'elsewhere';
SELECT rf_tick() AS nothing;
ROLLBACK;
-- guards: all kinds count in the answer: a hold, a window, and three keys
SELECT rf_tick() AS hold_window_keys;
RESET referral.clock_offset;
DROP VIEW timed, kept;

-- guards: a campaign that was born elsewhere, as in the middle of a restore,
-- keeps the clock still until the database is adopted
INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('short', 'Short', '1 day');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT id, email, code, referred_by
FROM rf_campaign, (VALUES ('ann@short.example', 'SHORT-ANN', NULL),
	('bob@short.example', 'SHORT-BOB', 'SHORT-ANN')) AS p (email, code, referred_by)
WHERE slug = 'short';
INSERT INTO rf_campaign (slug, name, home) VALUES ('from-elsewhere', 'Elsewhere', 1);
SELECT rf_home_status();
SET referral.clock_offset = '900 d';
SELECT rf_tick();
SELECT rf_adopt_database();
SELECT rf_home_status();
SELECT rf_tick() > 0 AS goes_on;
SELECT state FROM rf_participant WHERE code = 'SHORT-BOB';
RESET referral.clock_offset;
