-- Idempotency keys (design 5.9). That a concurrent second call waits for the
-- first stands in test/isolation.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('idempotency', 'Idempotency'), ('idempotency-too', 'Too');
SELECT id AS campaign FROM rf_campaign WHERE slug = 'idempotency' \gset
SELECT id AS other FROM rf_campaign WHERE slug = 'idempotency-too' \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'each', 'referrer', 'invited_qualifies', 10, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'IDEM-ANN', NULL, '2024-01-01'),
	(:campaign, 'bob@people.example', 'IDEM-BOB', 'IDEM-ANN', '2024-01-01'),
	(:campaign, 'cyd@people.example', 'IDEM-CYD', 'IDEM-ANN', '2024-01-01'),
	(:other, 'ann@people.example', 'IDEM-ZOE', NULL, '2024-01-01'),
	(:other, 'bob@people.example', 'IDEM-YAN', 'IDEM-ZOE', '2024-01-01');

-- guards 5.9: the same key returns the first answer, changed = true and its rewards
SELECT state, changed, rewards FROM rf_qualify('IDEM-BOB', idempotency_key => 'order-1');
SELECT state, changed, rewards FROM rf_qualify('IDEM-BOB', idempotency_key => 'order-1');
-- without it, or with another, the second call is a second call
SELECT state, changed, rewards FROM rf_qualify('IDEM-BOB');
SELECT state, changed, rewards FROM rf_qualify('IDEM-BOB', idempotency_key => 'order-2');
SELECT count(*) FROM rf_reward_status WHERE code = 'IDEM-ANN';

-- guards 5.9: the first answer stays the answer, whatever happened since
SELECT state, changed FROM rf_unqualify('IDEM-BOB');
SELECT state, changed, rewards FROM rf_qualify('IDEM-BOB', idempotency_key => 'order-1');
SELECT state FROM rf_participant WHERE code = 'IDEM-BOB';

-- guards 5.9: with other arguments it is an error
SELECT rf_qualify('IDEM-CYD', idempotency_key => 'order-1');
\echo :SQLSTATE
SELECT rf_qualify('IDEM-BOB', occurred_at => '2024-02-01', idempotency_key => 'order-1');
\echo :SQLSTATE
SELECT state FROM rf_participant WHERE code = 'IDEM-CYD';
-- the same code written differently is the same argument
SELECT state, changed FROM rf_qualify('idem bob', idempotency_key => 'order-1');

-- guards 5.9: its scope is campaign and function
SELECT state, changed FROM rf_qualify('IDEM-YAN', idempotency_key => 'order-1');
SELECT state, changed FROM rf_qualify_email('idempotency', 'cyd@people.example', idempotency_key => 'order-1');
SELECT state, changed FROM rf_qualify_email('idempotency', 'CYD@people.example', idempotency_key => 'order-1');
SELECT c.slug, i.function, i.key, i.answer - 'participant_id' AS answer
FROM rf_idempotency i JOIN rf_campaign c ON c.id = i.campaign_id
WHERE c.id IN (:campaign, :other)
ORDER BY c.slug COLLATE "C", i.function, i.key;

-- guards 5.9: a call that failed stores nothing, so that its key can be used again
\set VERBOSITY sqlstate
SELECT rf_qualify('IDEM-YAN', occurred_at => '2999-01-01', idempotency_key => 'order-3');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:other, 'x@people.example', 'IDEM-X', 'IDEM-ZOE');
UPDATE rf_campaign SET state = 'ended' WHERE id = :other;
SELECT rf_qualify('IDEM-X', idempotency_key => 'order-3');
\set VERBOSITY default
SELECT count(*) FROM rf_idempotency WHERE key = 'order-3';
UPDATE rf_campaign SET state = 'live' WHERE id = :other;
SELECT state, changed FROM rf_qualify('IDEM-X', idempotency_key => 'order-3');
-- nor does one that was rolled back
BEGIN;
SELECT state, changed FROM rf_qualify('IDEM-BOB', idempotency_key => 'order-4');
ROLLBACK;
SELECT count(*) FROM rf_idempotency WHERE key = 'order-4';

-- guards: a key has 1 to 255 bytes
\set VERBOSITY sqlstate
SELECT rf_qualify('IDEM-BOB', idempotency_key => '');
SELECT rf_qualify('IDEM-BOB', idempotency_key => repeat('k', 256));
\set VERBOSITY default
SELECT state, changed FROM rf_qualify('IDEM-BOB', idempotency_key => repeat('k', 255));
