-- Calls that carry a key are answered once: again, the first answer comes. Messages
-- of senders that have names of their own, too.
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('in-keys', 'Keys') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, 'thanks', 'referrer', 'invited_qualifies', 10, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@keys.example', 'KEY-ANN', NULL),
	(:campaign, 'bob@keys.example', 'KEY-BOB', 'KEY-ANN'),
	(:campaign, 'cyd@keys.example', 'KEY-CYD', 'KEY-ANN'),
	(:campaign, 'dee@keys.example', 'KEY-DEE', 'KEY-ANN');
SELECT inbound_id, token FROM rf_create_inbound_token('keys', 'in-keys', '{qualify,unqualify,join,participant}') \gset
SELECT token AS other FROM rf_create_inbound_token('others', 'in-keys', '{qualify}') \gset
SELECT inbound_id AS mapped_id, token AS mapped FROM rf_create_inbound_token('mapped', 'in-keys', '{qualify,refund}') \gset
\pset format unaligned
\pset tuples_only on

-- guards: the first answer, though it would be another one now
SELECT status, body - 'participant_id' FROM rf_inbound(:'token', 'qualify', 'code=KEY-BOB', headers => '{"Idempotency-Key": "k-1"}');
SELECT status, body - 'participant_id' FROM rf_inbound(:'token', 'qualify', 'code=KEY-BOB', headers => '{"idempotency-key": "k-1"}');
SELECT status, body - 'participant_id' FROM rf_inbound(:'token', 'qualify', 'code=KEY-BOB');
SELECT message_id, status, body ~ '^{"ok":true,"changed":true,"participant_id":\d+,"state":"qualified","rewards":1}$' AS body, octet_length(digest)
FROM rf_inbound_message WHERE token_id = :inbound_id ORDER BY message_id COLLATE "C";

-- guards: the key stands for one call: not for another body, nor for another action
SELECT status, body FROM rf_inbound(:'token', 'qualify', 'code=KEY-CYD', headers => '{"idempotency-key": "k-1"}');
SELECT status, body->'code' FROM rf_inbound(:'token', 'unqualify', 'code=KEY-BOB', headers => '{"idempotency-key": "k-1"}');
SELECT state FROM rf_participant WHERE code IN ('KEY-BOB', 'KEY-CYD') ORDER BY id;

-- guards: keys are the token's own, and case matters
SELECT status, body->'changed' FROM rf_inbound(:'other', 'qualify', 'code=KEY-BOB', headers => '{"idempotency-key": "k-1"}');
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', 'code=KEY-BOB', headers => '{"idempotency-key": "K-1"}');

-- guards: the key may be among the arguments, which count more
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', '{"code": "KEY-CYD", "idempotency_key": "k-2"}', 'application/json', '{"idempotency-key": "k-1"}');
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', '{"code": "KEY-CYD", "idempotency_key": "k-2"}', 'application/json');
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', 'code=KEY-CYD&idempotency_key=k-3');

-- guards: a call that failed keeps nothing: it may be made again
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=KEY-EVE', headers => '{"idempotency-key": "k-4"}');
SELECT count(*) FROM rf_inbound_message WHERE message_id = 'k-4';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'eve@keys.example', 'KEY-EVE', 'KEY-ANN');
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', 'code=KEY-EVE', headers => '{"idempotency-key": "k-4"}');
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', 'code=KEY-EVE', headers => '{"idempotency-key": "k-4"}');

-- guards: what only reads needs no key and keeps none
SELECT status FROM rf_inbound(:'token', 'participant', 'code=KEY-BOB', headers => '{"idempotency-key": "k-1"}');

-- guards: keys are 1 to 255 printable ASCII characters
SELECT length(key), status, body->>'detail'
FROM (VALUES (1, ''), (2, repeat('x', 255)), (3, repeat('x', 256)), (4, E'a\tb'), (5, 'schl' || U&'\00FC' || 'ssel'), (6, '"quoted" ~!')) k (n, key),
	LATERAL rf_inbound(:'token', 'qualify', 'code=KEY-BOB', headers => jsonb_build_object('idempotency-key', key))
ORDER BY n;

-- guards: in a batch, the key and the place name a call; one's own key counts more
SELECT e->'status', e->'changed' FROM rf_inbound(:'token', 'qualify', '[{"code": "KEY-DEE"}, {"code": "KEY-NONE"}, {"code": "KEY-BOB", "idempotency_key": "k-own"}]',
	'application/json', '{"idempotency-key": "k-5"}'), jsonb_array_elements(body) e;
SELECT e->'status', e->'changed' FROM rf_inbound(:'token', 'qualify', '[{"code": "KEY-DEE"}, {"code": "KEY-NONE"}, {"code": "KEY-BOB", "idempotency_key": "k-own"}]',
	'application/json', '{"idempotency-key": "k-5"}'), jsonb_array_elements(body) e;
SELECT e->'status', e->'code' FROM rf_inbound(:'token', 'qualify', '[{"code": "KEY-BOB"}, {"code": "KEY-BOB"}]',
	'application/json', '{"idempotency-key": "k-5"}'), jsonb_array_elements(body) e;
SELECT message_id FROM rf_inbound_message WHERE token_id = :inbound_id AND length(message_id) < 100 ORDER BY message_id COLLATE "C";

-- guards: a mapped sender's name for the message counts, whatever else it says; what
-- is not for us, or no news, is no error of theirs
INSERT INTO rf_inbound_mapping (mapping, position, action, "when", code, message_id) VALUES
	('in-keys-crm', 1, 'qualify', '$.type == "won"', '$.deal.code', '$.id');
INSERT INTO rf_inbound_mapping (mapping, position, action, "when", external_id) VALUES
	('in-keys-crm', 2, 'refund', '$.type == "refund"', '$.order');
INSERT INTO rf_inbound_mapping (mapping, position, action, "when", email) VALUES
	('in-keys-crm', 3, 'join', '$.type == "signup"', '$.email');
UPDATE rf_inbound_token SET mapping = 'in-keys-crm' WHERE id = :mapped_id;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'flo@keys.example', 'KEY-FLO', 'KEY-ANN');
SELECT n, status, body - 'participant_id'
FROM (VALUES (1, '', '{"type": "won", "id": "evt-1", "deal": {"code": "KEY-FLO"}}'),
	(2, '', '{"type": "won", "id": "evt-1", "deal": {"code": "KEY-FLO", "stage": 2}}'),
	(3, 'qualify', '{"type": "won", "id": "evt-2", "deal": {"code": "KEY-FLO"}}'),
	(4, '', '{"type": "won", "id": "evt-3", "deal": {}}'),
	(5, '', '{"type": "lost", "id": "evt-4", "deal": {"code": "KEY-FLO"}}'),
	(6, '', '{"type": "won", "id": "evt-5", "deal": {"code": "KEY-NONE"}}'),
	(7, '', '{"type": "won", "id": "evt-6", "deal": {"code": "KEY-ANN"}}'),
	(8, '', '{"type": "refund", "order": "no-such"}'),
	(9, 'qualify', '{"type": "refund", "order": "no-such"}'),
	(10, '', '{"type": "signup", "email": "x@keys.example"}'),
	(11, 'refund', '{"type": "won", "deal": {"code": "KEY-FLO"}}'),
	(12, 'join', '{"type": "signup", "email": "x@keys.example"}')) p (n, action, payload),
	LATERAL rf_inbound(:'mapped', action, convert_to(payload, 'UTF8'), 'application/json')
ORDER BY n;
SELECT message_id, digest, body ~ 'changed":true' FROM rf_inbound_message WHERE token_id = :mapped_id ORDER BY 1;
-- whatever the name is made of
SELECT status FROM rf_inbound(:'mapped', '', convert_to('{"type": "won", "id": "' || repeat(U&'\5BB6', 1000) || '", "deal": {"code": "KEY-FLO"}}', 'UTF8'), 'application/json');
SELECT count(*) FROM rf_inbound_message WHERE token_id = :mapped_id AND message_id ~ '^[0-9a-f]{64}$';
-- senders that send several at once
SELECT status, body->0->'changed', body->1 FROM rf_inbound(:'mapped', '', '[{"type": "won", "id": "evt-1", "deal": {"code": "KEY-FLO"}}, {"type": "lost"}]', 'application/json');
-- and forms
SELECT status, body FROM rf_inbound(:'mapped', '', 'type=refund&order=no-such');
-- what only reads bears our names, whatever the mapping
UPDATE rf_inbound_token SET actions = '{qualify,participant}' WHERE id = :mapped_id;
SELECT status, body->'state' FROM rf_inbound(:'mapped', 'participant', 'code=KEY-FLO');

-- guards: an erased person's code is in no answer any more
SELECT status, body->>'code' IS NULL AS masked FROM rf_inbound(:'token', 'join', 'email=gil@keys.example', headers => '{"idempotency-key": "k-join"}');
SELECT id AS gil, code AS gil_code FROM rf_participant WHERE email = 'gil@keys.example' \gset
SELECT rf_erase(:gil);
SELECT status, body->>'code' IS NULL AS masked FROM rf_inbound(:'token', 'join', 'email=gil@keys.example', headers => '{"idempotency-key": "k-join"}');
SELECT count(*) FROM rf_inbound_message WHERE body ~ :'gil_code' OR (message_id = 'k-join' AND digest IS NOT NULL);
SELECT count(*) FROM rf_participant WHERE email = 'gil@keys.example';

-- guards: answers are forgotten after seven days
SET client_min_messages = error;
SELECT rf_tick() >= 0 AS done;
SELECT count(*) FROM rf_inbound_message WHERE token_id = :inbound_id AND message_id = 'k-1';
SET referral.clock_offset = 604801;
SELECT rf_tick() >= 0 AS done;
RESET referral.clock_offset;
SELECT count(*) FROM rf_inbound_message;
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', 'code=KEY-CYD', headers => '{"Idempotency-Key": "k-1"}');
