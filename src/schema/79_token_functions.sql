-- Inbound tokens: making them, and ending them.

CREATE OR REPLACE FUNCTION @extschema@.rf_create_inbound_token(
	name text,
	campaign text DEFAULT NULL,
	actions text[] DEFAULT '{qualify}',
	expires_at timestamptz DEFAULT NULL,
	mapping text DEFAULT NULL,
	OUT inbound_id bigint,
	OUT token text)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_create_inbound_token(text, text, text[], timestamptz, text) IS
'makes a token by which another system calls in: the secret part of its URL, shown this once; for one campaign or, if null, for all, for these calls, and until then; a mapping reads the payloads of a system that does not use our names';

CREATE OR REPLACE FUNCTION @extschema@.rf_rotate_inbound_token(inbound_id bigint, keep interval DEFAULT '0') RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rotate_inbound_token(bigint, interval) IS
'a new token in the place of the one there was, shown this once; that one, and none before it, is valid for as long as keep says';

CREATE OR REPLACE FUNCTION @extschema@.rf_revoke_inbound_token(inbound_id bigint) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_revoke_inbound_token(bigint) IS
'ends a token for good, and what is valid beside it';
