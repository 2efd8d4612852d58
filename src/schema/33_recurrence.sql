-- Recurring rewards: who gets the next one, and when.

CREATE TABLE @extschema@.rf_recurrence (
	subject_id bigint NOT NULL,
	rule_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	anchor timestamptz NOT NULL,
	recur_every interval NOT NULL,
	recur_times integer,
	n integer NOT NULL,
	next_at timestamptz NOT NULL,
	PRIMARY KEY (subject_id, rule_id)
);
CREATE INDEX rf_recurrence_next_idx ON @extschema@.rf_recurrence (next_at);

COMMENT ON TABLE @extschema@.rf_recurrence IS
'people who earn a recurring reward for as long as they are qualified';
COMMENT ON COLUMN @extschema@.rf_recurrence.subject_id IS
'person whose qualification earns it';
COMMENT ON COLUMN @extschema@.rf_recurrence.rule_id IS
'the recurring rule';
COMMENT ON COLUMN @extschema@.rf_recurrence.participant_id IS
'person who gets it';
COMMENT ON COLUMN @extschema@.rf_recurrence.anchor IS
'first qualification: reward n is earned at anchor + (n - 1) * recur_every, in UTC';
COMMENT ON COLUMN @extschema@.rf_recurrence.recur_every IS
'the rule''s when the person first qualified';
COMMENT ON COLUMN @extschema@.rf_recurrence.recur_times IS
'the rule''s when the person first qualified; null: without end';
COMMENT ON COLUMN @extschema@.rf_recurrence.n IS
'number of the next reward';
COMMENT ON COLUMN @extschema@.rf_recurrence.next_at IS
'when it is earned; infinity: never, or the person is not qualified now';
