-- Fraud: the lists that its signals look up, and who may stand in them.

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
-- Names as duplicate_name compares them, of the people of one referrer.
CREATE INDEX rf_participant_name_idx ON @extschema@.rf_participant
	(hashtextextended(lower(btrim(regexp_replace(name, '[[:space:]]+', ' ', 'g'))), referrer_id))
	WHERE referrer_id IS NOT NULL AND name IS NOT NULL;
-- Who is held has signals: found without a state in the index.
CREATE INDEX rf_participant_signals_idx ON @extschema@.rf_participant (referrer_id)
	WHERE signals IS NOT NULL;

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
'an e-mail address, also with a +tag (at Gmail with other dots); put into small letters';
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
