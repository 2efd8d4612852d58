-- By what visitors of links are told apart, and how their rows are found again.

CREATE TABLE @extschema@.rf_click_salt (
	day date PRIMARY KEY,
	salt bytea NOT NULL
		CHECK (octet_length(salt) = 32)
);

COMMENT ON TABLE @extschema@.rf_click_salt IS
'keys of the hashes in rf_click; a day''s is forgotten when the day is over, and none goes into a dump';
COMMENT ON COLUMN @extschema@.rf_click_salt.day IS
'day in UTC';
COMMENT ON COLUMN @extschema@.rf_click_salt.salt IS
'random';

-- Those that are still to be put together; changes of clicks stay HOT.
CREATE INDEX rf_click_visitor_idx ON @extschema@.rf_click (day, participant_id)
	WHERE visitor <> '';
