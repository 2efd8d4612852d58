-- Participants: the people of a campaign, and who brought whom.

CREATE TABLE @extschema@.rf_participant (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	email text NOT NULL
		CHECK (octet_length(email) BETWEEN 3 AND 320),
	name text
		CHECK (octet_length(name) <= 1024),
	referred_by text,
	source text
		CHECK (octet_length(source) BETWEEN 1 AND 255),
	ip inet,
	meta jsonb NOT NULL DEFAULT '{}'
		CHECK (jsonb_typeof(meta) = 'object'),
	code text COLLATE "C" NOT NULL,
	joined_at timestamptz NOT NULL,
	email_key text COLLATE "C" NOT NULL,
	code_key text COLLATE "C" NOT NULL UNIQUE,
	referrer_id bigint,
	state text NOT NULL
		CHECK (state IN ('active', 'pending', 'qualified', 'held', 'blocked', 'expired')),
	qualified_at timestamptz,
	invited_count integer NOT NULL
		CHECK (invited_count >= 0),
	qualified_count integer NOT NULL
		CHECK (qualified_count >= 0),
	signals text[],
	review text,
	erased_at timestamptz,
	UNIQUE (campaign_id, email_key),
	CHECK (referrer_id <> id),
	CHECK (state IN ('held', 'blocked') OR (state = 'active') = (referrer_id IS NULL)),
	CHECK ((state = 'qualified') = (qualified_at IS NOT NULL) OR state IN ('held', 'blocked'))
) WITH (fillfactor = 85);

-- No index has the state in it or in its condition: changes of state stay HOT.
CREATE INDEX rf_participant_referrer_idx ON @extschema@.rf_participant (referrer_id, joined_at)
	WHERE referrer_id IS NOT NULL;

COMMENT ON TABLE @extschema@.rf_participant IS
'the people of a campaign; insert here, or COPY, or call rf_join';
COMMENT ON COLUMN @extschema@.rf_participant.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.campaign_id IS
'the campaign joined; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.email IS
'as given, without surrounding spaces; unique in the campaign without regard to case';
COMMENT ON COLUMN @extschema@.rf_participant.name IS
'the person''s name, at most 1024 bytes';
COMMENT ON COLUMN @extschema@.rf_participant.referred_by IS
'code of the person who invited this one, as given; null: joined on their own; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.source IS
'Direct, Referred, Api, Added, Import, Widget, Popup, Embed, Test or any other text; null becomes Referred with a referrer, else Api';
COMMENT ON COLUMN @extschema@.rf_participant.ip IS
'address from which the person joined, without netmask; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.meta IS
'what the application wants to keep: a JSON object, part of every payload';
COMMENT ON COLUMN @extschema@.rf_participant.code IS
'the person''s own code as shown; generated when null; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.joined_at IS
'when the person joined; imports may set it; fixed after the insert';
COMMENT ON COLUMN @extschema@.rf_participant.email_key IS
'lower(email COLLATE "C"); set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.code_key IS
'code in capitals without dashes, unique in the database; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.referrer_id IS
'participant whose code was used; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.state IS
'active: joined on their own; pending, qualified, expired: invited; held: counts only after rf_release; blocked: counts for nothing; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.qualified_at IS
'when the invited person qualified; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.invited_count IS
'people this one invited that are pending, qualified or expired now; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.qualified_count IS
'people this one invited that are qualified now; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.signals IS
'signals of fraud that fired when the person joined; null: none; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.review IS
'the reason that rf_block was told; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.erased_at IS
'when the person was made anonymous by rf_erase; set by the engine';

-- How many days there are: without, each person would be thought to have a day of
-- their own, and neither hashing nor parallel workers would be considered.
CREATE STATISTICS @extschema@.rf_participant_days
	ON ((joined_at AT TIME ZONE 'UTC')::date), ((qualified_at AT TIME ZONE 'UTC')::date)
	FROM @extschema@.rf_participant;
COMMENT ON STATISTICS @extschema@.rf_participant_days IS
'days on which people join and qualify, for rf_daily_stats';

CREATE FUNCTION @extschema@.rf_participant_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_participant_admit() IS
'trigger: checks who wants to join and fills the engine''s columns';
CREATE FUNCTION @extschema@.rf_participant_joined() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_participant_joined() IS
'trigger: counts, rewards and events of all people who joined in one statement';
CREATE FUNCTION @extschema@.rf_participant_fixed() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_participant_fixed() IS
'trigger: keeps what is fixed after the insert, checks what may change, and keeps email_key true to email';

CREATE TRIGGER rf_participant_admit
BEFORE INSERT ON @extschema@.rf_participant
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_participant_admit();
CREATE TRIGGER rf_participant_joined
AFTER INSERT ON @extschema@.rf_participant
REFERENCING NEW TABLE AS joined
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_participant_joined();
CREATE TRIGGER rf_participant_fixed
BEFORE UPDATE OF id, campaign_id, email, name, source, meta, referred_by, ip, code, joined_at,
	email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count,
	signals, review, erased_at
ON @extschema@.rf_participant
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_participant_fixed();
CREATE TRIGGER rf_participant_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_participant
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_erase(participant_id) makes a person anonymous; a campaign ends by its state.');
