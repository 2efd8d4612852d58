-- What attached tables and other systems brought and could not be credited.

CREATE TABLE @extschema@.rf_unmatched (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	target text NOT NULL,
	occurred_at timestamptz NOT NULL,
	"row" jsonb NOT NULL,
	reason text NOT NULL,
	sqlstate text NOT NULL
);

COMMENT ON TABLE @extschema@.rf_unmatched IS
'rows of attached tables, and purchases of held people that other systems told of, that could not be credited, and why; delete them when they are dealt with';
COMMENT ON COLUMN @extschema@.rf_unmatched.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_unmatched.target IS
'attached table, with its schema: a name, as the table may be dropped; or the inbound token';
COMMENT ON COLUMN @extschema@.rf_unmatched.occurred_at IS
'when the row came';
COMMENT ON COLUMN @extschema@.rf_unmatched."row" IS
'the columns that were looked at, or the fields of the call, as text';
COMMENT ON COLUMN @extschema@.rf_unmatched.reason IS
'why it was not credited';
COMMENT ON COLUMN @extschema@.rf_unmatched.sqlstate IS
'the code a call would have failed with, such as RF002 for an unknown referral code';
