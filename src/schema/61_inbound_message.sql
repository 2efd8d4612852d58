-- Messages of other systems that were answered, for when they come again.

CREATE TABLE @extschema@.rf_inbound_message (
	token_id bigint NOT NULL,
	message_id text COLLATE "C" NOT NULL
		CHECK (octet_length(message_id) BETWEEN 1 AND 300),
	digest bytea,
	status integer,
	body text,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (token_id, message_id)
);
CREATE INDEX rf_inbound_message_created_idx ON @extschema@.rf_inbound_message (created_at);

COMMENT ON TABLE @extschema@.rf_inbound_message IS
'first answers to calls that carried a key, and to messages that have a name; kept for seven days';
COMMENT ON COLUMN @extschema@.rf_inbound_message.token_id IS
'inbound token of the call';
COMMENT ON COLUMN @extschema@.rf_inbound_message.message_id IS
'the caller''s key, or what the sender calls the message; #1, #2 and so on at its end: place in a batch';
COMMENT ON COLUMN @extschema@.rf_inbound_message.digest IS
'SHA-256 of what the first call said; anything else under the same key is an error; null: is not looked at';
COMMENT ON COLUMN @extschema@.rf_inbound_message.status IS
'HTTP status of the first answer';
COMMENT ON COLUMN @extschema@.rf_inbound_message.body IS
'the first answer';
COMMENT ON COLUMN @extschema@.rf_inbound_message.created_at IS
'when it was first answered';
