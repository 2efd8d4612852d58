-- Webhooks: making them, their secrets and headers, signatures, and sending again.

CREATE OR REPLACE FUNCTION @extschema@.rf_create_webhook(
	url text,
	events text[] DEFAULT '{*}',
	campaign text DEFAULT NULL,
	name text DEFAULT NULL,
	method text DEFAULT 'POST',
	format text DEFAULT 'standard',
	fields jsonb DEFAULT NULL,
	extra jsonb DEFAULT NULL,
	sources text[] DEFAULT NULL,
	rule_id bigint DEFAULT NULL,
	headers jsonb DEFAULT NULL,
	template jsonb DEFAULT NULL,
	signature text DEFAULT 'v1',
	OUT webhook_id bigint,
	OUT secret text)
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_create_webhook(text, text[], text, text, text, text, jsonb, jsonb, text[], bigint, jsonb, jsonb, text) IS
'makes a webhook and the secret with which its receiver verifies what it is sent: of signature v1 a whsec_ secret that both sides have, of v1a the whpk_ key of a pair';

CREATE OR REPLACE FUNCTION @extschema@.rf_webhook_secret(webhook_id bigint) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_secret(bigint) IS
'the secret with which the receiver verifies what the webhook is sent: whsec_, or of signature v1a the public key, whpk_';

CREATE OR REPLACE FUNCTION @extschema@.rf_rotate_secret(webhook_id bigint, keep interval DEFAULT '24 hours',
	signature text DEFAULT NULL) RETURNS text
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rotate_secret(bigint, interval, text) IS
'a new secret for the webhook, and what its receiver needs: whsec_ or whpk_; the secrets before it sign as well for as long as keep says; signature v1 or v1a, null: as before';

CREATE OR REPLACE FUNCTION @extschema@.rf_set_headers(webhook_id bigint, headers jsonb) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_headers(bigint, jsonb) IS
'gives a webhook headers of its own, {"Authorization": "Bearer ..."}, instead of those it has; {{event.id}} in a value stands for the webhook-id of the message; null: none';

CREATE OR REPLACE FUNCTION @extschema@.rf_set_tls(webhook_id bigint, ca text DEFAULT NULL,
	certificate text DEFAULT NULL, key text DEFAULT NULL) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_tls(bigint, text, text, text) IS
'gives a webhook certificates in PEM, instead of those it has: authorities to trust instead of the system''s, and a certificate and its key to show; null: none';

CREATE OR REPLACE FUNCTION @extschema@.rf_check_url(url text) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_check_url(text) IS
'why a webhook with this URL would be refused; null: it would not';

CREATE OR REPLACE FUNCTION @extschema@.rf_sign(secret text, id text, "timestamp" bigint, body bytea) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sign(text, text, bigint, bytea) IS
'signature of Standard Webhooks: "v1,..." by a whsec_ secret, "v1a,..." by a whsk_ key; the timestamp is in seconds since 1970, a text becomes a body by convert_to(body, UTF8)';
CREATE OR REPLACE FUNCTION @extschema@.rf_verify(secret text, id text, "timestamp" bigint, body bytea, signature text,
	tolerance interval DEFAULT '5 minutes') RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_verify(text, text, bigint, bytea, text, interval) IS
'is one of the signatures, separated by spaces, right by the secret, whsec_, whsk_ or whpk_, and the timestamp within the tolerance? false for nulls; a null tolerance accepts any time';

CREATE OR REPLACE FUNCTION @extschema@.rf_test_webhook(webhook_id bigint) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_test_webhook(bigint) IS
'sends the webhook, and no other, an event webhook.test, whatever events it wants; returns the number of the delivery';

CREATE OR REPLACE FUNCTION @extschema@.rf_replay(delivery_id bigint) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_replay(bigint) IS
'sends a delivery that is delivered or dead once more, with the same webhook-id and as many attempts as a new one';

CREATE OR REPLACE FUNCTION @extschema@.rf_replay_webhook(
	webhook_id bigint,
	since timestamptz DEFAULT NULL,
	state text DEFAULT 'dead',
	filter text[] DEFAULT NULL,
	dry_run boolean DEFAULT false,
	rate numeric DEFAULT 10)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_replay_webhook(bigint, timestamptz, text, text[], boolean, numeric) IS
'sends deliveries of a webhook once more: dead, delivered or all; of what happened since; events as in rf_webhook.events; so many become due in a second; returns how many, and only that in a dry run';
