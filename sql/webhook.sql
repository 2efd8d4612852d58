-- Webhooks as rows: what is checked, what the engine adds, and what goes with them.

BEGIN;
INSERT INTO rf_campaign (slug, name) VALUES ('webhooks', 'Webhooks');

-- A new webhook gets a secret.
SELECT secret ~ '^whsec_[A-Za-z0-9+/]{43}=$' AS has_secret, secret = rf_webhook_secret(webhook_id) AS same
FROM rf_create_webhook('https://example.com/hook');
INSERT INTO rf_webhook (url) VALUES ('https://example.com/1'), ('https://example.com/2');
SELECT count(*), count(DISTINCT value), bool_and(kind = 'signing' AND valid_until IS NULL)
FROM rf_secret JOIN rf_webhook ON rf_webhook.id = webhook_id WHERE url LIKE 'https://example.com/%';

-- A restored row passes as it was, and gets none.
INSERT INTO rf_webhook (url, created_at) VALUES ('https://10.0.0.1/restored', '2020-01-01');
SELECT count(*) FROM rf_secret JOIN rf_webhook ON rf_webhook.id = webhook_id
WHERE url LIKE '%restored';

-- All arguments.
SELECT webhook_id AS id FROM rf_create_webhook('https://example.com/all', events => '{reward.*,invited.qualified}',
	campaign => 'webhooks', name => 'All', method => 'PUT', format => 'fields',
	fields => '{"mail": "participant.email", "plan": "participant.meta.plan"}', extra => '{"list": 7}',
	sources => '{Api}', headers => '{"Authorization": "Bearer x"}') \gset
SELECT name, method, events, format, fields, extra, sources, header_names, state, timeout
FROM rf_webhook WHERE id = :id;
SELECT value::jsonb FROM rf_secret WHERE webhook_id = :id AND kind = 'headers';
SELECT rf_set_headers(:id, '{"X-One": "1", "X-Two": "2"}');
SELECT header_names FROM rf_webhook WHERE id = :id;
SELECT rf_set_headers(:id, NULL);
SELECT count(*) FROM rf_secret WHERE webhook_id = :id AND kind = 'headers';
SELECT header_names FROM rf_webhook WHERE id = :id;

-- Deleting one takes along what waits for it.
INSERT INTO rf_retry (delivery_id, event_id, webhook_id, attempts, next_at) VALUES (-1, -1, :id, 1, now());
INSERT INTO rf_dead (delivery_id, event_id, webhook_id, attempts, died_at) VALUES (-2, -1, :id, 1, now());
DELETE FROM rf_webhook WHERE id = :id;
SELECT (SELECT count(*) FROM rf_retry WHERE webhook_id = :id) AS retries,
	(SELECT count(*) FROM rf_dead WHERE webhook_id = :id) AS dead,
	(SELECT count(*) FROM rf_secret WHERE webhook_id = :id) AS secrets;
ROLLBACK;

-- What a URL must look like. Loopback and http, which settings of the server may
-- allow, are in the tests of the running worker.
SELECT url, rf_check_url(url) FROM unnest(ARRAY[
	'https://example.com', 'https://example.com:8443/a?b=c', 'https://xn--bcher-kva.example/',
	'https://8.8.8.8/', 'https://[2606:4700:4700::1111]/',
	'', 'example.com', 'https:', 'https:/example.com', 'https://', 'https:///path', 'https://:443/',
	'ftp://example.com', 'file:///etc/passwd', 'javascript:alert(1)', 'HTTPS://example.com',
	'https://user@example.com', 'https://user:secret@example.com', 'https://@example.com', 'https://example.com/@',
	'https://example.com/#x', 'https://example.com/#', 'https://exa mple.com', 'https://example.com\@evil.example',
	'https://example.com:0/', 'https://example.com:65536/', 'https://example.com:x/',
	'https://10.1.2.3/', 'https://10.1.2.3:8080/', 'https://169.254.169.254/latest/meta-data',
	'https://127.1/', 'https://2130706433/', 'https://0x7f.0.0.1/', 'https://0x7f000001', 'https://0177.0.0.1/',
	'https://127.0.0.1./', 'https://%31%32%37.0.0.1/', 'https://localhost.example/',
	'https://[::ffff:10.0.0.1]/', 'https://[fe80::1%25eth0]/', 'https://[fd00::1]/',
	'https://0x7f.1/', 'https://017700000001/', 'https://127.0.0.1.0x1/', 'https://[::ffff:a00:1]/',
	'https://[::127.0.0.1]/', 'https://[::ffff:0:10.0.0.1]/', 'https://[64:ff9b:1::a00:1]/',
	'https://[2001:0:a00:1::]/', 'https://[2001:0:808:808::f5ff:fffe]/',
	'https://[64:ff9b::a00:1]/', 'https://[2002:a00:1::]/']) AS url;
SELECT rf_check_url('https://example.com/' || repeat('x', 2028)) AS fits,
	rf_check_url('https://example.com/' || repeat('x', 2029)) AS too_long;

-- Only codes from here on: malformed is 22023, forbidden RF011.
\set VERBOSITY sqlstate
INSERT INTO rf_webhook (url) VALUES ('https://');
INSERT INTO rf_webhook (url) VALUES ('https://example.com/' || repeat('x', 2029));
INSERT INTO rf_webhook (url) VALUES (E'https://example.com/\r\nX: y');
INSERT INTO rf_webhook (url) VALUES (E'https://example.com/\t');
INSERT INTO rf_webhook (url) VALUES ('https://bücher.example');
INSERT INTO rf_webhook (url) VALUES ('ftp://example.com');
INSERT INTO rf_webhook (url) VALUES ('https://user@example.com');
INSERT INTO rf_webhook (url) VALUES ('https://192.168.0.1');
INSERT INTO rf_webhook (url) VALUES (NULL);
SELECT rf_create_webhook(NULL);
SELECT rf_create_webhook('https://example.com', campaign => 'no such campaign');

-- One bad row fails the statement.
INSERT INTO rf_webhook (url) VALUES ('https://example.com'), ('nowhere');

-- New and restored rows do not mix.
INSERT INTO rf_webhook (url, created_at) VALUES ('https://example.com', NULL), ('https://example.com', now());

-- Events, fields, constants.
INSERT INTO rf_webhook (url, events) VALUES ('https://example.com', '{invited.qualifed}');
INSERT INTO rf_webhook (url, events) VALUES ('https://example.com', '{rewards.*}');
INSERT INTO rf_webhook (url, events) VALUES ('https://example.com', '{invited.qualified,""}');
INSERT INTO rf_webhook (url, events) VALUES ('https://example.com', '{}');
INSERT INTO rf_webhook (url, events) VALUES ('https://example.com', '{NULL}');
INSERT INTO rf_webhook (url, format, fields) VALUES ('https://example.com', 'fields', '{"a": "participant.mail"}');
INSERT INTO rf_webhook (url, format, fields) VALUES ('https://example.com', 'fields', '{"": "participant.email"}');
INSERT INTO rf_webhook (url, format, fields) VALUES ('https://example.com', 'fields', '{"a": 1}');
INSERT INTO rf_webhook (url, format, fields) VALUES ('https://example.com', 'fields', '["participant.email"]');
INSERT INTO rf_webhook (url, format, fields, extra)
	VALUES ('https://example.com', 'form', '{"a": "participant.email"}', '{"b": {"c": 1}}');
INSERT INTO rf_webhook (url, format) VALUES ('https://example.com', 'fields');
INSERT INTO rf_webhook (url, method) VALUES ('https://example.com', 'GET');
INSERT INTO rf_webhook (url, method) VALUES ('https://example.com', 'DELETE');
INSERT INTO rf_webhook (url, timeout) VALUES ('https://example.com', '61 s');

-- Headers.
BEGIN;
INSERT INTO rf_webhook (url) VALUES ('https://example.com/headers') RETURNING id \gset
\set ON_ERROR_ROLLBACK on
SELECT rf_set_headers(:id, '{"X-A": "a\r\nX-B: b"}');
SELECT rf_set_headers(:id, '{"X-A": "a\nb"}');
SELECT rf_set_headers(:id, '{"X-A": "a\u0001"}');
SELECT rf_set_headers(:id, '{"X-A": "é"}');
SELECT rf_set_headers(:id, '{"X-A:": "a"}');
SELECT rf_set_headers(:id, '{"X A": "a"}');
SELECT rf_set_headers(:id, '{"": "a"}');
SELECT rf_set_headers(:id, '{"X-A\r\n": "a"}');
SELECT rf_set_headers(:id, '{"X-A": 1}');
SELECT rf_set_headers(:id, '{"X-A": {"b": "c"}}');
SELECT rf_set_headers(:id, '["X-A"]');
SELECT rf_set_headers(:id, '{"X-A": "a", "x-a": "b"}');
SELECT rf_set_headers(:id, '{"Webhook-Id": "a"}');
SELECT rf_set_headers(:id, '{"Content-Length": "1"}');
SELECT rf_set_headers(:id, '{"HOST": "a"}');
SELECT rf_set_headers(:id, '{"User-Agent": "a"}');
SELECT rf_set_headers(:id, '{"Referral-Event": "a"}');
SELECT rf_set_headers(:id, '{"Transfer-Encoding": "chunked"}');
SELECT rf_set_headers(:id, jsonb_build_object('X-A', repeat('a', 8190)));
SELECT rf_set_headers(:id, (SELECT jsonb_object_agg('X-' || i, 'a') FROM generate_series(1, 33) i));
SELECT rf_set_headers(-1, '{"X-A": "a"}');
SELECT rf_set_headers(NULL, '{"X-A": "a"}');
SELECT header_names FROM rf_webhook WHERE id = :id;
SELECT rf_webhook_secret(-1);
ROLLBACK;
