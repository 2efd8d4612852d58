-- Inbound tokens: making them, and ending them.

CREATE OR REPLACE FUNCTION @extschema@.rf_create_inbound_token(
	name text,
	campaign text DEFAULT NULL,
	actions text[] DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL,
	mapping text DEFAULT NULL,
	OUT inbound_id bigint,
	OUT token text)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_create_inbound_token(text, text, text[], timestamptz, text) IS
'makes a token by which another system calls in: the secret part of its URL, shown this once; for one campaign or, if null, for all; for these calls or, if null, qualify; and until then. A mapping reads the payloads of a system that does not use our names; its token is for the calls that its rows ask for, unless told';

CREATE OR REPLACE FUNCTION @extschema@.rf_rotate_inbound_token(inbound_id bigint, keep interval DEFAULT '0') RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rotate_inbound_token(bigint, interval) IS
'a new token in the place of the one there was, shown this once; that one, and none before it, is valid for as long as keep says';

CREATE OR REPLACE FUNCTION @extschema@.rf_revoke_inbound_token(inbound_id bigint) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_revoke_inbound_token(bigint) IS
'ends a token for good, and what is valid beside it';

CREATE OR REPLACE FUNCTION @extschema@.rf_sign_inbound(
	inbound_id bigint,
	scheme text,
	secret text,
	options jsonb DEFAULT NULL,
	keep interval DEFAULT '0')
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sign_inbound(bigint, text, text, jsonb, interval) IS
'lets only calls through that are signed with this secret, in the way of standard (Standard Webhooks), stripe, shopify, github, paddle, or hmac with options; secrets before it are accepted as well for as long as keep says; scheme and secret null: calls are not signed';
