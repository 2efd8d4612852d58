-- The time in which invited people can qualify.

-- Apart from the people, so that no index there hangs on their state: it would
-- make every change of it, and of the counts, write to all their indexes.
CREATE TABLE @extschema@.rf_window (
	participant_id bigint PRIMARY KEY,
	ends_at timestamptz NOT NULL
);
CREATE INDEX rf_window_ends_idx ON @extschema@.rf_window (ends_at);

COMMENT ON TABLE @extschema@.rf_window IS
'who can still expire: people pending in a campaign with qualify_within; set by the engine';
COMMENT ON COLUMN @extschema@.rf_window.participant_id IS
'the invited person';
COMMENT ON COLUMN @extschema@.rf_window.ends_at IS
'joined_at + qualify_within';

CREATE FUNCTION @extschema@.rf_campaign_windows() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_windows() IS
'trigger: a new qualify_within is at once that of everybody who is pending';

CREATE TRIGGER rf_campaign_windows
AFTER UPDATE OF qualify_within ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_windows();
