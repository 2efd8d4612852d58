-- Review of people who look like fraud, or turn out to be.

CREATE OR REPLACE FUNCTION @extschema@.rf_release(INOUT participant_id bigint,
	OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_release(bigint) IS
'a held or blocked person counts from now on, and has joined when they joined; anybody else: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_block(INOUT participant_id bigint, reason text DEFAULT NULL,
	OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_block(bigint, text) IS
'a person counts no more: what they earned others goes as the campaign''s on_unqualify says, their own rewards not yet issued are rejected';
