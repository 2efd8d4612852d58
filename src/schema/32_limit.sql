-- Limits of rules: what is used up, by period.

CREATE TABLE @extschema@.rf_quota (
	rule_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	period_start timestamptz NOT NULL,
	granted integer NOT NULL,
	amount numeric NOT NULL,
	PRIMARY KEY (rule_id, participant_id, period_start)
) WITH (fillfactor = 70);

COMMENT ON TABLE @extschema@.rf_quota IS
'how much of its limits a rule has used; made from rf_reward when it is first needed';
COMMENT ON COLUMN @extschema@.rf_quota.rule_id IS
'rule with limits';
COMMENT ON COLUMN @extschema@.rf_quota.participant_id IS
'person rewarded; 0: all of them';
COMMENT ON COLUMN @extschema@.rf_quota.period_start IS
'first instant of the day, week, month or year in UTC; -infinity: for ever';
COMMENT ON COLUMN @extschema@.rf_quota.granted IS
'live grants of the period';
COMMENT ON COLUMN @extschema@.rf_quota.amount IS
'their sum in the rule''s unit';
