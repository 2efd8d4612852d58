-- Secrets with which other systems sign their calls.

CREATE TABLE @extschema@.rf_inbound_secret (
	inbound_id bigint NOT NULL,
	value text NOT NULL,
	created_at timestamptz NOT NULL,
	valid_until timestamptz
);
CREATE INDEX rf_inbound_secret_token_idx ON @extschema@.rf_inbound_secret (inbound_id);
CREATE UNIQUE INDEX rf_inbound_secret_current_key ON @extschema@.rf_inbound_secret (inbound_id)
	WHERE valid_until IS NULL;

COMMENT ON TABLE @extschema@.rf_inbound_secret IS
'secrets with which callers sign; readable by the owner only';
COMMENT ON COLUMN @extschema@.rf_inbound_secret.inbound_id IS
'token whose calls are signed with it';
COMMENT ON COLUMN @extschema@.rf_inbound_secret.value IS
'the secret, as its sender shows it';
COMMENT ON COLUMN @extschema@.rf_inbound_secret.created_at IS
'when it was given';
COMMENT ON COLUMN @extschema@.rf_inbound_secret.valid_until IS
'first instant at which it is not accepted; null: no end';

CREATE FUNCTION @extschema@.rf_inbound_secret_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_inbound_secret_admit() IS
'trigger: checks secrets, without showing them as the constraints would';

CREATE TRIGGER rf_inbound_secret_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_inbound_secret
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_inbound_secret_admit();
