-- A person's right to be forgotten, and to know what is kept about them.

CREATE OR REPLACE FUNCTION @extschema@.rf_erase(participant_id bigint) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_erase(bigint) IS
'make a person anonymous, in events and deliveries too; their code is dead for ever, others keep their rewards and counts; false: was erased before';

CREATE OR REPLACE FUNCTION @extschema@.rf_export(participant_id bigint) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
SET timezone = 'UTC'
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_export(bigint) IS
'all that is kept about one person, and of others no more than id, code, state and the day they joined';
