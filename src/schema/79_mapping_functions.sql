-- What a mapping makes of a payload, for those who write one.

CREATE OR REPLACE FUNCTION @extschema@.rf_map_inbound(mapping text, payload jsonb,
	headers jsonb DEFAULT '{}',
	OUT action text, OUT arguments jsonb, OUT message_id text)
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_map_inbound(text, jsonb, jsonb) IS
'what a mapping makes of a payload, without doing it; nulls: the payload is about something else';
