-- Secrets of webhooks: they rotate within limits, only operators come near them,
-- and no message shows one.

BEGIN;
SELECT webhook_id AS id, secret AS first FROM rf_create_webhook('https://example.com/rotated') \gset
-- What is live, newest first: kind of key, whether it ends, and when from now.
CREATE VIEW pg_temp.live AS
	SELECT webhook_id, split_part(value, '_', 1) AS kind,
		round(extract(epoch FROM valid_until - clock_timestamp()) / 3600) AS hours
	FROM rf_secret WHERE kind = 'signing' ORDER BY valid_from DESC;

-- Kept for a day unless told otherwise.
SELECT rf_rotate_secret(:id) AS second \gset
SELECT :'second' ~ '^whsec_[A-Za-z0-9+/]{43}=$' AS shaped, :'first' <> :'second' AS another,
	rf_webhook_secret(:id) = :'second' AS current;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :id;

-- What was to end goes on for no longer, but for less.
SELECT rf_rotate_secret(:id, '48 hours') IS NOT NULL AS rotated;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :id;
SELECT rf_rotate_secret(:id, keep => '1 hour') IS NOT NULL AS rotated;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :id;

-- Another version of signature; the next is of that version, unless told otherwise.
SELECT rf_rotate_secret(:id, '1 hour', 'v1a') ~ '^whpk_[A-Za-z0-9+/]{43}=$' AS public,
	rf_webhook_secret(:id) ~ '^whpk_' AS current;
SELECT rf_rotate_secret(:id, '1 hour') ~ '^whpk_' AS public;
SELECT rf_rotate_secret(:id, '1 hour', 'v1') ~ '^whsec_' AS shared;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :id;

-- All end.
SELECT rf_rotate_secret(:id, '0') IS NOT NULL AS rotated;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :id;

-- What is over is deleted by the next.
INSERT INTO rf_secret (webhook_id, kind, value, valid_from, valid_until)
	VALUES (:id, 'signing', 'whsec_' || repeat('A', 32), now() - interval '2 hours', now() - interval '1 hour');
SELECT rf_rotate_secret(:id) IS NOT NULL AS rotated;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :id;

-- Ten at most.
SELECT count(rf_rotate_secret(:id)) FROM generate_series(1, 8);
SELECT count(*) FROM rf_secret WHERE webhook_id = :id;
SAVEPOINT full_up;
\set VERBOSITY sqlstate
SELECT rf_rotate_secret(:id);
\set VERBOSITY default
ROLLBACK TO full_up;
SELECT rf_rotate_secret(:id, '0') IS NOT NULL AS rotated;
SELECT count(*) FROM rf_secret WHERE webhook_id = :id;

-- A webhook that was restored without secrets gets one.
DELETE FROM rf_secret WHERE webhook_id = :id;
SELECT rf_webhook_secret(:id) IS NULL AS none;
SELECT rf_rotate_secret(:id) ~ '^whsec_' AS shared;

-- A key pair from the start.
SELECT webhook_id AS pair, secret FROM rf_create_webhook('https://example.com/pair', signature => 'v1a') \gset
SELECT :'secret' ~ '^whpk_' AS public, rf_webhook_secret(:pair) = :'secret' AS same;
SELECT kind, hours FROM pg_temp.live WHERE webhook_id = :pair;
SELECT rf_verify(:'secret', 'msg_1', 1, 'x', rf_sign(value, 'msg_1', 1, 'x'), NULL) AS verifies
FROM rf_secret WHERE webhook_id = :pair;

-- TLS material can be taken away, whatever was there.
SELECT rf_set_tls(:id), rf_set_tls(:id, NULL, NULL, NULL);
SELECT count(*) FROM rf_secret WHERE kind = 'tls';
ROLLBACK;

-- Only codes from here on.
BEGIN;
SELECT webhook_id AS id FROM rf_create_webhook('https://example.com/errors') \gset
\set ON_ERROR_ROLLBACK on
\set VERBOSITY sqlstate
SELECT rf_rotate_secret(NULL);
SELECT rf_rotate_secret(-1);
SELECT rf_rotate_secret(:id, NULL);
SELECT rf_rotate_secret(:id, '-1 second');
SELECT rf_rotate_secret(:id, '367 days');
SELECT rf_rotate_secret(:id, '178000000 years');
SELECT rf_rotate_secret(:id, '1 day', 'v2');
SELECT rf_rotate_secret(:id, '1 day', '');
SELECT rf_create_webhook('https://example.com/', signature => 'V1');
SELECT rf_set_tls(NULL);
SELECT rf_set_tls(-1);
SELECT rf_set_tls(:id, ca => repeat('x', 65537));
SELECT rf_set_tls(:id, ca => 'x');
SELECT rf_webhook_secret(-1);
\set VERBOSITY default

-- Rows that cannot be are refused without showing the value, whatever is wrong.
\set bad 'INSERT INTO rf_secret (webhook_id, kind, value, valid_from, valid_until) VALUES'
:bad (1, 'nothing', 'whsec_marker', now(), NULL);
:bad (1, 'signing', 'whsec_marker', now(), now() - interval '1 day');
:bad (1, 'headers', 'whsec_marker', now(), NULL);
:bad (1, 'headers', '["whsec_marker"]', now(), NULL);
:bad (1, 'tls', '{"ca": "whsec_marker"', now(), NULL);
:bad (NULL, 'signing', 'whsec_marker', now(), NULL);
:bad (1, NULL, 'whsec_marker', now(), NULL);
:bad (1, 'signing', NULL, now(), NULL);
:bad (1, 'signing', 'whsec_marker', NULL, NULL);
\set VERBOSITY sqlstate
UPDATE rf_secret SET valid_until = valid_from WHERE webhook_id = :id;
-- One that cannot sign is not shown either.
UPDATE rf_secret SET value = 'whsk_marker' WHERE webhook_id = :id;
SELECT rf_webhook_secret(:id);
\set VERBOSITY default
ROLLBACK;

-- A secret that is to begin later still does after a rotation, unless all end before.
BEGIN;
INSERT INTO rf_webhook (url) VALUES ('https://example.com/later') RETURNING id \gset
INSERT INTO rf_secret (webhook_id, kind, value, valid_from, valid_until) VALUES
	(:id, 'signing', 'whsec_QUFB', now() + interval '2 hours', now() + interval '9 hours'),
	(:id, 'signing', 'whsec_QkJC', now() + interval '6 hours', now() + interval '9 hours');
SELECT rf_rotate_secret(:id, '5 hours') IS NOT NULL AS rotated;
SELECT value, extract(hour FROM valid_from - now()) AS from, round(extract(epoch FROM valid_until - now()) / 3600) AS until
FROM rf_secret WHERE webhook_id = :id AND value IN ('whsec_QUFB', 'whsec_QkJC');
ROLLBACK;

-- The key pair and the signature that Svix publishes.
SELECT rf_sign('whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
	'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}') AS signature \gset
SELECT :'signature' AS signature, rf_verify('whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
	'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', :'signature', NULL) AS verifies;

-- Apps and readers come near no secret, operators only by the functions.
BEGIN;
CREATE ROLE secrets_app;
CREATE ROLE secrets_reader;
CREATE ROLE secrets_operator;
SELECT rf_grant('secrets_app', 'app'), rf_grant('secrets_reader', 'reader'), rf_grant('secrets_operator', 'operator');
SELECT role,
	has_table_privilege(role, 'rf_secret', 'SELECT') OR has_any_column_privilege(role, 'rf_secret', 'SELECT') AS read,
	has_function_privilege(role, 'rf_webhook_secret(bigint)', 'EXECUTE') AS see,
	has_function_privilege(role, 'rf_rotate_secret(bigint, interval, text)', 'EXECUTE') AS rotate,
	has_function_privilege(role, 'rf_set_headers(bigint, jsonb)', 'EXECUTE') AS headers,
	has_function_privilege(role, 'rf_set_tls(bigint, text, text, text)', 'EXECUTE') AS tls
FROM unnest(ARRAY['public', 'secrets_app', 'secrets_reader', 'secrets_operator']) AS role;
SET ROLE secrets_operator;
SELECT webhook_id AS id FROM rf_create_webhook('https://example.com/operator', headers => '{"Authorization": "x"}') \gset
SELECT rf_rotate_secret(:id, signature => 'v1a') ~ '^whpk_' AS public;
SELECT rf_set_tls(:id);
RESET ROLE;
ROLLBACK;
