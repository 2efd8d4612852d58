-- Tables of what comes in from outside; their behaviour comes with a later version.

CREATE TABLE @extschema@.rf_inbound_token (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 255),
	campaign_id bigint,
	token_hash bytea NOT NULL UNIQUE
		CHECK (octet_length(token_hash) = 32),
	actions text[] NOT NULL,
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	created_at timestamptz NOT NULL
);

COMMENT ON TABLE @extschema@.rf_inbound_token IS
'secret URLs by which other systems call in; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_inbound_token.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_inbound_token.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_inbound_token.campaign_id IS
'only this campaign; null: all';
COMMENT ON COLUMN @extschema@.rf_inbound_token.token_hash IS
'SHA-256 of the token';
COMMENT ON COLUMN @extschema@.rf_inbound_token.actions IS
'calls it allows';
COMMENT ON COLUMN @extschema@.rf_inbound_token.expires_at IS
'when it expires';
COMMENT ON COLUMN @extschema@.rf_inbound_token.revoked_at IS
'when it was revoked';
COMMENT ON COLUMN @extschema@.rf_inbound_token.last_used_at IS
'when it was last used';
COMMENT ON COLUMN @extschema@.rf_inbound_token.created_at IS
'when it was made';

CREATE TRIGGER rf_inbound_token_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_inbound_token
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('name');

CREATE TABLE @extschema@.rf_click (
	campaign_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	day date NOT NULL,
	visitor bytea NOT NULL,
	clicks integer NOT NULL
		CHECK (clicks > 0),
	PRIMARY KEY (participant_id, day, visitor)
);

COMMENT ON TABLE @extschema@.rf_click IS
'clicks on links, by day';
COMMENT ON COLUMN @extschema@.rf_click.campaign_id IS
'campaign of the link';
COMMENT ON COLUMN @extschema@.rf_click.participant_id IS
'person whose link it is';
COMMENT ON COLUMN @extschema@.rf_click.day IS
'day in UTC';
COMMENT ON COLUMN @extschema@.rf_click.visitor IS
'hash with the day''s salt';
COMMENT ON COLUMN @extschema@.rf_click.clicks IS
'how many';
