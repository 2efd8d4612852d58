-- Batches: a JSON array is answered for each of its calls, in order, and what one
-- of them is refused for does not touch the others.
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('in-batches', 'Batches') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@batches.example', 'BATCH-ANN', NULL),
	(:campaign, 'bob@batches.example', 'BATCH-BOB', 'BATCH-ANN'),
	(:campaign, 'cyd@batches.example', 'BATCH-CYD', 'BATCH-ANN');
SELECT token FROM rf_create_inbound_token('batches', 'in-batches', '{qualify,join}') \gset
SELECT token AS seer FROM rf_create_inbound_token('seer', 'in-batches', '{participant}') \gset
\pset format unaligned
\pset tuples_only on

-- guards: good and bad ones, in order; who is in it twice is changed once
SELECT status, jsonb_array_length(body) FROM rf_inbound(:'token', 'qualify', '[]', 'application/json');
SELECT e - 'participant_id'
FROM rf_inbound(:'token', 'qualify', '[{"code": "BATCH-BOB"}, {"code": "BATCH-NONE"}, {}, "BATCH-CYD", null, [],
	{"code": "BATCH-CYD", "occurred_at": "soon"}, {"code": ["BATCH-CYD"]}, {"code": "BATCH-ANN"}, {"code": "BATCH-CYD"}, {"code": "BATCH-BOB"}]',
	'application/json'), jsonb_array_elements(body) WITH ORDINALITY a (e, n)
ORDER BY n;
SELECT code, state FROM rf_participant WHERE campaign_id = :campaign ORDER BY id;

-- guards: what one joins, the next can refer to
SELECT e->'status', e->'changed', e->'state'
FROM rf_inbound(:'token', 'join', '[{"email": "dee@batches.example", "referred_by": "BATCH-ANN"}, {"email": "dee@batches.example"}, {"email": "DEE@"}]',
	'application/json'), jsonb_array_elements(body) WITH ORDINALITY a (e, n)
ORDER BY n;
SELECT e->'status', e->'state' FROM rf_inbound(:'seer', 'participant', '[{"code": "BATCH-ANN"}, {"email": "bob@batches.example"}]',
	'application/json'), jsonb_array_elements(body) WITH ORDINALITY a (e, n) ORDER BY n;

-- guards: a thousand calls are a batch, more are too many, and then none is done
SELECT status, jsonb_array_length(body), body->0->'status', body->999->'status'
FROM rf_inbound(:'token', 'qualify', (SELECT convert_to(jsonb_agg(jsonb_build_object('code', 'BATCH-' || i))::text, 'UTF8') FROM generate_series(1, 1000) i),
	'application/json');
SELECT status, body
FROM rf_inbound(:'token', 'join', (SELECT convert_to(jsonb_agg(jsonb_build_object('email', 'many' || i || '@batches.example'))::text, 'UTF8') FROM generate_series(1, 1001) i),
	'application/json');
SELECT count(*) FROM rf_participant WHERE email ~ '^many.*@batches';

-- guards: what the token does not allow, it does not allow in batches
SELECT status FROM rf_inbound(:'token', 'unqualify', '[{"code": "BATCH-BOB"}]', 'application/json');
SELECT status FROM rf_inbound('rfi_none', 'qualify', '[{"code": "BATCH-BOB"}]', 'application/json');

-- guards: a form is no batch
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', '[{"code": "BATCH-BOB"}]', 'application/x-www-form-urlencoded');
