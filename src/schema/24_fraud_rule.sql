-- What is looked for when somebody joins, and what it does to them.

CREATE TABLE @extschema@.rf_fraud_rule (
	campaign_id bigint NOT NULL,
	signal text NOT NULL
		CHECK (signal IN ('same_ip', 'plus_alias', 'disposable', 'velocity', 'duplicate_name', 'blocked_list')),
	action text NOT NULL
		CHECK (action IN ('allow', 'flag', 'hold', 'block')),
	threshold integer
		CHECK (threshold > 0),
	"within" interval
		CHECK ("within" > interval '0' AND "within" <= interval '100 years'),
	created_at timestamptz NOT NULL,
	PRIMARY KEY (campaign_id, signal),
	CONSTRAINT rf_fraud_rule_signal_terms_check
		CHECK (CASE signal
			WHEN 'velocity' THEN threshold IS NOT NULL AND "within" IS NOT NULL
			WHEN 'same_ip' THEN true
			ELSE threshold IS NULL AND "within" IS NULL
		END)
);

COMMENT ON TABLE @extschema@.rf_fraud_rule IS
'what a signal of fraud does to a person who joins; of several that fire the most severe action wins';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.campaign_id IS
'campaign the rule belongs to';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.signal IS
'same_ip: others came from that address; plus_alias: a +tag, or somebody''s mailbox written differently; disposable: a throw-away domain; velocity: too many of one referrer in a short time; duplicate_name: the name of the referrer or of another of their people; blocked_list: a row of rf_blocked';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.action IS
'allow and flag: only kept in the person''s signals; hold: counts after rf_release; block: counts for nothing';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.threshold IS
'how many others make the signal: same_ip (null: 1) and velocity';
COMMENT ON COLUMN @extschema@.rf_fraud_rule."within" IS
'how far back same_ip (null: ever) and velocity look';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.created_at IS
'set by the engine';

CREATE TRIGGER rf_fraud_rule_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_fraud_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
