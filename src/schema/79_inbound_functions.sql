-- Calls of other systems, for applications that have a route of their own.

CREATE OR REPLACE FUNCTION @extschema@.rf_inbound(token text, action text, body bytea,
	content_type text DEFAULT NULL, headers jsonb DEFAULT '{}',
	OUT status integer, OUT body jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_inbound(text, text, bytea, text, jsonb) IS
'a call as POST /webhook/{token}/{action} takes it; returns the answer''s HTTP status and JSON';
