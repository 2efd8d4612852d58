-- How a token's calls are signed is said by its keeper; secrets are kept where only
-- the owner reads, several at a time while one replaces another, and no message
-- shows them (design 8).
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_keeper;
RESET client_min_messages;
CREATE ROLE regress_rf_keeper;
SELECT rf_grant('regress_rf_keeper', 'operator');
SET ROLE regress_rf_keeper;
SELECT inbound_id AS stripe FROM rf_create_inbound_token('stripe') \gset
CREATE VIEW pg_temp.token AS
	SELECT scheme, signing_options FROM rf_inbound_token WHERE name = 'stripe' ORDER BY id DESC LIMIT 1;
RESET ROLE;
CREATE VIEW pg_temp.secret AS
	SELECT value, created_at <= now() AS created, valid_until - now() AS kept
	FROM rf_inbound_secret
	WHERE inbound_id = (SELECT max(id) FROM rf_inbound_token WHERE name = 'stripe')
	ORDER BY valid_until DESC, value;

-- guards: none unless told; then the scheme is seen, and the secret is not
SELECT * FROM pg_temp.token;
SET ROLE regress_rf_keeper;
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_first');
SELECT value FROM rf_inbound_secret;
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM pg_temp.token;
SELECT * FROM pg_temp.secret;

-- guards: a secret takes the place of those before it, at once or in a while
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_second');
SELECT * FROM pg_temp.secret;
BEGIN;
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_third', keep => '24 hours');
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_fourth', keep => '1 hour');
SELECT * FROM pg_temp.secret;
ROLLBACK;
BEGIN;
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_third', keep => '1 hour');
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_fourth', keep => '24 hours');
SELECT * FROM pg_temp.secret;
-- guards: another scheme has other secrets
SELECT rf_sign_inbound(:stripe, 'github', 'It''s a Secret to Everybody', keep => '24 hours');
SELECT * FROM pg_temp.secret;
-- guards: without a scheme there is nothing to keep
SELECT rf_sign_inbound(:stripe, NULL, NULL);
SELECT * FROM pg_temp.token;
SELECT * FROM pg_temp.secret;
ROLLBACK;

-- guards: what has ended is gone at the next change; so many at one time, no more
BEGIN;
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_third', keep => '1 second');
SET LOCAL referral.clock_offset = '1 d';
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_fourth', keep => '24 hours');
SELECT value FROM pg_temp.secret;
ROLLBACK;
BEGIN;
SELECT count(rf_sign_inbound(:stripe, 'stripe', 'whsec_' || n, keep => '24 hours')) FROM generate_series(1, 9) n;
\set VERBOSITY sqlstate
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_10', keep => '24 hours');
\set VERBOSITY default
ROLLBACK;

-- guards: a scheme of one's own
BEGIN;
SELECT rf_sign_inbound(:stripe, 'hmac', 'secret',
	'{"header": "X-Slack-Signature", "prefix": "v0=", "timestamp_header": "X-Slack-Request-Timestamp", "content": "v0:{timestamp}:{body}"}');
SELECT * FROM pg_temp.token;
SELECT rf_sign_inbound(:stripe, 'hmac', 'secret', '{"header": "X-Mac", "encoding": "base64", "algorithm": "sha512", "id_header": "X-Id"}');
SELECT rf_sign_inbound(:stripe, 'hmac', 'secret', '{"header": "X-Mac", "algorithm": "sha1", "encoding": "hex", "id_header": "X-Id", "content": "{id}{body}"}');
ROLLBACK;

-- guards: Standard Webhooks has secrets and public keys
BEGIN;
SELECT rf_sign_inbound(:stripe, 'standard', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
SELECT rf_sign_inbound(:stripe, 'standard', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
SELECT rf_sign_inbound(:stripe, 'standard', 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=');
ROLLBACK;

-- guards: what cannot be is told, with the remedy, without the secret
SET ROLE regress_rf_keeper;
SELECT rf_sign_inbound(NULL, 'stripe', 'MARKER');
\echo :SQLSTATE
SELECT rf_sign_inbound(0, 'stripe', 'MARKER');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', NULL);
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, NULL, 'MARKER');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'Stripe', 'MARKER');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', '');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', 'MARKER ');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', E'MARKER\nMARKER');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', repeat('MARKER', 200));
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'standard', 'whsec_MARKER!');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'standard', 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', 'MARKER', keep => NULL);
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'stripe', 'MARKER', '{"header": "X"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '[]');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": 1}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": ["X"]}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X Y"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"Header": "X"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "encoding": "base32"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "algorithm": "md5"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "prefix": "\t"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "content": "{timestamp}"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "content": "{body}{body}"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "content": "{timestamp}.{body}"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "timestamp_header": "Y", "content": "{body}"}');
\echo :SQLSTATE
SELECT rf_sign_inbound(:stripe, 'hmac', 'MARKER', '{"header": "X", "content": "{id}.{body}"}');
\echo :SQLSTATE
RESET ROLE;

-- guards: nor do the constraints of the table
INSERT INTO rf_inbound_secret (inbound_id, value) VALUES (1, 'MARKER');
\echo :SQLSTATE
INSERT INTO rf_inbound_secret (value, created_at) VALUES ('MARKER', now());
\echo :SQLSTATE
UPDATE rf_inbound_secret SET created_at = NULL;
\echo :SQLSTATE

-- guards: a token that has ended is not signed
SELECT rf_revoke_inbound_token(:stripe);
\set VERBOSITY sqlstate
SELECT rf_sign_inbound(:stripe, 'stripe', 'whsec_late');
\set VERBOSITY default

DROP VIEW pg_temp.token, pg_temp.secret;
DROP OWNED BY regress_rf_keeper;
DROP ROLE regress_rf_keeper;
