-- The listeners, as the server's processes see them.

CREATE OR REPLACE FUNCTION @extschema@.rf_listeners(
	OUT listen text, OUT database text, OUT listener integer, OUT pid integer,
	OUT state text, OUT since timestamptz, OUT detail text, OUT connections integer,
	OUT answered_2xx bigint, OUT answered_3xx bigint, OUT answered_4xx bigint,
	OUT answered_5xx bigint, OUT rejected bigint, OUT clicks bigint)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_listeners() IS
'the processes of referral.listen, of all databases, and what they did since the server started: serving; recovery (a standby), absent (no extension) and other version, which answer 503; starting, leaving, held (DDL on the database), no address, waiting (for the next attempt), not installed (no libmicrohttpd where it was built)';
