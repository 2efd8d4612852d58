-- Fraud: what is looked for when somebody joins, and the lists that are used.

CREATE FUNCTION @extschema@.rf_mailbox(email text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_mailbox(text) IS
'the mailbox an e-mail address reaches: in small letters, without +tag, at Gmail without dots';

-- What the signals look up. Only addresses that are not their own mailbox are
-- in the second index, the others are found by email_key.
CREATE INDEX rf_participant_ip_idx ON @extschema@.rf_participant (campaign_id, ip, joined_at)
	WHERE ip IS NOT NULL;
CREATE INDEX rf_participant_mailbox_idx ON @extschema@.rf_participant
	(campaign_id, @extschema@.rf_mailbox(email_key))
	WHERE @extschema@.rf_mailbox(email_key) <> email_key;
-- Who is held has signals: found without a state in the index.
CREATE INDEX rf_participant_signals_idx ON @extschema@.rf_participant (referrer_id)
	WHERE signals IS NOT NULL;

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

CREATE TABLE @extschema@.rf_blocked (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint,
	email text COLLATE "C"
		CHECK (octet_length(email) <= 320 AND email ~ '^[^[:space:]]+@[^@[:space:]]+$'),
	domain text COLLATE "C"
		CHECK (octet_length(domain) <= 255 AND domain ~ '^[^@.[:space:]]+(\.[^@.[:space:]]+)*$'),
	network cidr,
	note text,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_blocked_one_check
		CHECK (num_nonnulls(email, domain, network) = 1)
);
CREATE INDEX rf_blocked_email_idx ON @extschema@.rf_blocked (email)
	WHERE email IS NOT NULL;
CREATE INDEX rf_blocked_domain_idx ON @extschema@.rf_blocked (domain)
	WHERE domain IS NOT NULL;
CREATE INDEX rf_blocked_network_idx ON @extschema@.rf_blocked USING spgist (network)
	WHERE network IS NOT NULL;

COMMENT ON TABLE @extschema@.rf_blocked IS
'who sets off the signal blocked_list; each row names an e-mail, a domain or a network';
COMMENT ON COLUMN @extschema@.rf_blocked.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_blocked.campaign_id IS
'only in this campaign; null: in all';
COMMENT ON COLUMN @extschema@.rf_blocked.email IS
'an e-mail address; put into small letters';
COMMENT ON COLUMN @extschema@.rf_blocked.domain IS
'a domain of e-mail addresses and all those below it; put into small letters';
COMMENT ON COLUMN @extschema@.rf_blocked.network IS
'addresses from which people join';
COMMENT ON COLUMN @extschema@.rf_blocked.note IS
'why, for people to read';
COMMENT ON COLUMN @extschema@.rf_blocked.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_fraud_row_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fraud_row_valid() IS
'trigger: checks that the campaign of a new row exists, and puts addresses and domains into small letters';

CREATE TRIGGER rf_fraud_rule_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_fraud_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_fraud_row_valid();
CREATE TRIGGER rf_fraud_rule_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_fraud_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
CREATE TRIGGER rf_blocked_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_blocked
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_fraud_row_valid();

CREATE TABLE @extschema@.rf_disposable_domain (
	domain text COLLATE "C" PRIMARY KEY
		CHECK (octet_length(domain) <= 255 AND domain ~ '^[^@.[:space:]]+(\.[^@.[:space:]]+)*$'),
	disposable boolean NOT NULL DEFAULT true,
	builtin boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE @extschema@.rf_disposable_domain IS
'domains that hand out throw-away addresses; yours to extend';
COMMENT ON COLUMN @extschema@.rf_disposable_domain.domain IS
'the domain and all those below it; put into small letters';
COMMENT ON COLUMN @extschema@.rf_disposable_domain.disposable IS
'false: not disposable after all, whatever the domain above it is';
COMMENT ON COLUMN @extschema@.rf_disposable_domain.builtin IS
'true: came with the extension; set by the engine';

CREATE FUNCTION @extschema@.rf_disposable_domain_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_disposable_domain_valid() IS
'trigger: puts a domain into small letters; adding one that came with the extension changes that one';
