-- Complain if the script is sourced in psql rather than by CREATE EXTENSION.
\echo Use "CREATE EXTENSION referral" to load this file. \quit
-- Campaigns: one self-contained referral programme each.

-- No table of ours has a foreign key. A parallel restore loads the tables of an
-- extension in any order, with their constraints in place, and would fail on
-- them. Instead new rows are checked when they come (restored ones are known by
-- created_at, see fresh.h), and what others refer to is kept by the triggers
-- rf_..._kept, which lock out the writers of the referring table first.

-- What a later version builds is refused today, never ignored. The arguments
-- name columns that must be null, or column=value pairs that must not occur.
CREATE FUNCTION @extschema@.rf_refuse_unbuilt() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_refuse_unbuilt() IS
'trigger: raises feature_not_supported (0A000) for columns or values whose behaviour this version does not have';

-- The caches of campaigns, rules and webhooks that every backend keeps learn
-- of changes through this trigger: row changes raise no message by themselves.
CREATE FUNCTION @extschema@.rf_programme_changed() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_programme_changed() IS
'trigger: invalidates what every backend caches of campaigns, rules and webhooks';

CREATE FUNCTION @extschema@.rf_rows_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rows_kept() IS
'trigger: refuses to delete rows or to change what others know them by; its argument is the hint';
CREATE FUNCTION @extschema@.rf_campaign_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_kept() IS
'trigger: a campaign with people, rules or webhooks cannot be deleted';

CREATE TABLE @extschema@.rf_campaign (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	slug text COLLATE "C" NOT NULL UNIQUE
		CHECK (slug ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 1024),
	tenant text,
	state text NOT NULL DEFAULT 'live'
		CHECK (state IN ('draft', 'live', 'paused', 'ended')),
	starts_at timestamptz,
	ends_at timestamptz,
	landing_url text
		CHECK (octet_length(landing_url) <= 2048),
	fallback_url text
		CHECK (octet_length(fallback_url) <= 2048),
	qualify_within interval
		CHECK (qualify_within > interval '0' AND qualify_within <= interval '100 years'),
	min_spend numeric
		CHECK (min_spend > 0),
	currency text
		CHECK (currency ~ '^[A-Z]{3}$'),
	on_unqualify text NOT NULL DEFAULT 'cancel_due'
		CHECK (on_unqualify IN ('cancel_due', 'keep', 'clawback')),
	max_referrals integer
		CHECK (max_referrals > 0),
	code_prefix text
		CHECK (code_prefix ~ '^[A-Za-z0-9-]{1,16}$'),
	code_length integer NOT NULL DEFAULT 8
		CHECK (code_length BETWEEN 6 AND 32),
	created_at timestamptz NOT NULL DEFAULT now(),
	CHECK (ends_at > starts_at),
	CHECK (min_spend IS NULL OR currency IS NOT NULL)
);

COMMENT ON TABLE @extschema@.rf_campaign IS
'referral campaigns: people, rules, limits and dates of one programme';
COMMENT ON COLUMN @extschema@.rf_campaign.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_campaign.slug IS
'short unique name by which functions find the campaign';
COMMENT ON COLUMN @extschema@.rf_campaign.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_campaign.tenant IS
'free text for applications that serve several customers';
COMMENT ON COLUMN @extschema@.rf_campaign.state IS
'draft: neither joins nor qualifications; live: both; paused: qualifications only; ended: neither';
COMMENT ON COLUMN @extschema@.rf_campaign.starts_at IS
'first instant at which the campaign is open; null: always was';
COMMENT ON COLUMN @extschema@.rf_campaign.ends_at IS
'first instant at which it is over; null: never';
COMMENT ON COLUMN @extschema@.rf_campaign.landing_url IS
'where links lead: {code} is replaced by the code, else ?ref=CODE or &ref=CODE is appended';
COMMENT ON COLUMN @extschema@.rf_campaign.fallback_url IS
'where links of a closed campaign lead';
COMMENT ON COLUMN @extschema@.rf_campaign.qualify_within IS
'an invited person qualifies at t with joined_at <= t < joined_at + qualify_within; null: at any time';
COMMENT ON COLUMN @extschema@.rf_campaign.min_spend IS
'net spend at which an invited person qualifies by themselves';
COMMENT ON COLUMN @extschema@.rf_campaign.currency IS
'ISO 4217 currency of min_spend';
COMMENT ON COLUMN @extschema@.rf_campaign.on_unqualify IS
'cancel_due: rewards not yet issued are cancelled, issued ones stay; keep: all stay; clawback: issued ones are clawed back too';
COMMENT ON COLUMN @extschema@.rf_campaign.max_referrals IS
'most people one referrer may invite; null: no limit';
COMMENT ON COLUMN @extschema@.rf_campaign.code_prefix IS
'put before every generated code';
COMMENT ON COLUMN @extschema@.rf_campaign.code_length IS
'characters of a generated code after its prefix';
COMMENT ON COLUMN @extschema@.rf_campaign.created_at IS
'set by the engine';

CREATE TRIGGER rf_campaign_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('min_spend');
CREATE TRIGGER rf_campaign_kept
BEFORE DELETE ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_kept();
CREATE TRIGGER rf_campaign_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Campaigns without people are deleted one by one; others end by their state.');
CREATE TRIGGER rf_campaign_id_kept
BEFORE UPDATE OF id ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('People, rules and webhooks refer to it.');
CREATE TRIGGER rf_campaign_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
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
	UNIQUE (campaign_id, email_key),
	CHECK (referrer_id <> id),
	CHECK (state IN ('held', 'blocked') OR (state = 'active') = (referrer_id IS NULL)),
	CHECK ((state = 'qualified') = (qualified_at IS NOT NULL) OR state IN ('held', 'blocked'))
) WITH (fillfactor = 85);

CREATE INDEX rf_participant_referrer_idx ON @extschema@.rf_participant (referrer_id)
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
'address from which the person joined; fixed after the insert';
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
'active: joined on their own; pending, qualified, expired, held, blocked: invited; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.qualified_at IS
'when the invited person qualified; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.invited_count IS
'people this one invited that are pending, qualified or expired now; set by the engine';
COMMENT ON COLUMN @extschema@.rf_participant.qualified_count IS
'people this one invited that are qualified now; set by the engine';

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
	email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count
ON @extschema@.rf_participant
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_participant_fixed();
CREATE TRIGGER rf_participant_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_participant
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_erase(participant_id) of a later version makes a person anonymous; a campaign ends by its state.');

CREATE TABLE @extschema@.rf_fraud_rule (
	campaign_id bigint NOT NULL,
	signal text NOT NULL
		CHECK (signal IN ('same_ip', 'plus_alias', 'disposable', 'velocity', 'duplicate_name', 'blocked_list')),
	action text NOT NULL
		CHECK (action IN ('allow', 'flag', 'hold', 'block')),
	threshold integer
		CHECK (threshold > 0),
	"within" interval
		CHECK ("within" > interval '0'),
	PRIMARY KEY (campaign_id, signal)
);

COMMENT ON TABLE @extschema@.rf_fraud_rule IS
'what a signal of fraud does to a person who joins; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.campaign_id IS
'campaign the rule belongs to';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.signal IS
'what is looked for';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.action IS
'allow, flag, hold or block the person';
COMMENT ON COLUMN @extschema@.rf_fraud_rule.threshold IS
'how many make the signal, where it counts';
COMMENT ON COLUMN @extschema@.rf_fraud_rule."within" IS
'time over which it counts';

CREATE TRIGGER rf_fraud_rule_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_fraud_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('signal');
CREATE TRIGGER rf_fraud_rule_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_fraud_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
-- Reward rules, and the rewards they granted.

CREATE TABLE @extschema@.rf_reward_rule (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 1024),
	recipient text NOT NULL
		CHECK (recipient IN ('referrer', 'invited')),
	earned_on text NOT NULL
		CHECK (earned_on IN ('referrer_joins', 'invited_joins', 'invited_qualifies', 'purchase')),
	kind text NOT NULL DEFAULT 'standard'
		CHECK (kind IN ('standard', 'milestone', 'recurring')),
	every integer NOT NULL DEFAULT 1
		CHECK (every >= 1),
	metric text NOT NULL DEFAULT 'amount'
		CHECK (metric IN ('amount', 'commission', 'coupon', 'custom')),
	amount numeric
		CHECK (amount > 0 AND amount < 'Infinity'),
	unit text
		CHECK (octet_length(unit) BETWEEN 1 AND 64),
	percent numeric
		CHECK (percent > 0 AND percent <= 100),
	cap numeric
		CHECK (cap > 0 AND cap < 'Infinity'),
	pool text
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	hold interval NOT NULL DEFAULT '0'
		CHECK (hold BETWEEN interval '0' AND interval '100 years'),
	auto_issue boolean NOT NULL DEFAULT true,
	max_per_recipient integer
		CHECK (max_per_recipient > 0),
	max_total integer
		CHECK (max_total > 0),
	budget numeric
		CHECK (budget > 0 AND budget < 'Infinity'),
	period text NOT NULL DEFAULT 'ever'
		CHECK (period IN ('ever', 'day', 'week', 'month', 'year')),
	recur_every interval
		CHECK (recur_every > interval '0'),
	recur_times integer
		CHECK (recur_times > 0),
	levels jsonb
		CHECK (jsonb_typeof(levels) = 'array'),
	condition jsonpath,
	active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_reward_rule_earned_on_kind_check
		CHECK (earned_on <> 'referrer_joins'
			OR (recipient = 'referrer' AND kind = 'standard' AND every = 1)),
	CONSTRAINT rf_reward_rule_recipient_kind_check
		CHECK ((kind <> 'milestone' AND every = 1)
			OR (recipient = 'referrer' AND earned_on IN ('invited_joins', 'invited_qualifies'))),
	CONSTRAINT rf_reward_rule_every_kind_check
		CHECK (kind = 'standard' OR every = 1),
	CONSTRAINT rf_reward_rule_metric_value_check
		CHECK (CASE metric
			WHEN 'commission' THEN percent IS NOT NULL AND kind <> 'milestone'
			WHEN 'coupon' THEN pool IS NOT NULL OR kind = 'milestone'
			ELSE (amount IS NOT NULL OR kind = 'milestone') AND unit IS NOT NULL
		END),
	CONSTRAINT rf_reward_rule_kind_recur_check
		CHECK ((kind = 'recurring') = (recur_every IS NOT NULL))
);

CREATE INDEX rf_reward_rule_campaign_idx ON @extschema@.rf_reward_rule (campaign_id);

COMMENT ON TABLE @extschema@.rf_reward_rule IS
'reward rules: who gets what, when';
COMMENT ON COLUMN @extschema@.rf_reward_rule.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_reward_rule.campaign_id IS
'campaign the rule belongs to';
COMMENT ON COLUMN @extschema@.rf_reward_rule.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recipient IS
'who is rewarded: the referrer or the invited person';
COMMENT ON COLUMN @extschema@.rf_reward_rule.earned_on IS
'what earns it: referrer_joins, invited_joins, invited_qualifies or purchase';
COMMENT ON COLUMN @extschema@.rf_reward_rule.kind IS
'standard: every so many; milestone: once at each threshold of rf_milestone; recurring: again and again over time';
COMMENT ON COLUMN @extschema@.rf_reward_rule.every IS
'standard rules: one reward for every so many people';
COMMENT ON COLUMN @extschema@.rf_reward_rule.metric IS
'amount: money; commission: percent of spend; coupon: a code from a pool; custom: a quantity of anything';
COMMENT ON COLUMN @extschema@.rf_reward_rule.amount IS
'value of one reward, in unit; milestones may have their own';
COMMENT ON COLUMN @extschema@.rf_reward_rule.unit IS
'ISO 4217 currency of an amount, free text of a custom reward';
COMMENT ON COLUMN @extschema@.rf_reward_rule.percent IS
'commission in percent of spend';
COMMENT ON COLUMN @extschema@.rf_reward_rule.cap IS
'most that one commission may be';
COMMENT ON COLUMN @extschema@.rf_reward_rule.pool IS
'pool from which coupons are handed out';
COMMENT ON COLUMN @extschema@.rf_reward_rule.hold IS
'time from what earned the reward until it is due';
COMMENT ON COLUMN @extschema@.rf_reward_rule.auto_issue IS
'true: a due reward is issued by itself; false: by rf_issue';
COMMENT ON COLUMN @extschema@.rf_reward_rule.max_per_recipient IS
'most rewards of this rule for one person in a period';
COMMENT ON COLUMN @extschema@.rf_reward_rule.max_total IS
'most rewards of this rule in a period';
COMMENT ON COLUMN @extschema@.rf_reward_rule.budget IS
'most money this rule may grant in a period';
COMMENT ON COLUMN @extschema@.rf_reward_rule.period IS
'period of the limits, by the UTC calendar';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recur_every IS
'recurring rules: time between two rewards';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recur_times IS
'recurring rules: how many rewards; null: without end';
COMMENT ON COLUMN @extschema@.rf_reward_rule.levels IS
'amount or percent for each level up the tree';
COMMENT ON COLUMN @extschema@.rf_reward_rule.condition IS
'jsonpath predicate on the event''s payload; null: always';
COMMENT ON COLUMN @extschema@.rf_reward_rule.active IS
'false: grants nothing new';
COMMENT ON COLUMN @extschema@.rf_reward_rule.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_reward_rule_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_reward_rule_valid() IS
'trigger: checks a new rule or milestone against the rows it refers to and the currencies of ISO 4217';
CREATE FUNCTION @extschema@.rf_reward_rule_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_reward_rule_kept() IS
'trigger: a rule with grants cannot be deleted; one without takes its milestones along';

CREATE TRIGGER rf_reward_rule_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('kind=recurring',
	'metric=commission', 'metric=coupon', 'earned_on=purchase', 'percent', 'cap', 'pool',
	'max_per_recipient', 'max_total', 'budget', 'recur_every', 'recur_times', 'levels', 'condition');
CREATE TRIGGER rf_reward_rule_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_valid();
CREATE TRIGGER rf_reward_rule_kept
BEFORE DELETE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_kept();
CREATE TRIGGER rf_reward_rule_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Rules without grants are deleted one by one; others are made inactive.');
CREATE TRIGGER rf_reward_rule_id_kept
BEFORE UPDATE OF id, campaign_id ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Make a new rule in the other campaign.');
CREATE TRIGGER rf_reward_rule_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_milestone (
	rule_id bigint NOT NULL,
	threshold integer NOT NULL
		CHECK (threshold >= 1),
	amount numeric
		CHECK (amount > 0 AND amount < 'Infinity'),
	unit text
		CHECK (octet_length(unit) BETWEEN 1 AND 64),
	pool text
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	created_at timestamptz NOT NULL,
	PRIMARY KEY (rule_id, threshold)
);

COMMENT ON TABLE @extschema@.rf_milestone IS
'thresholds of a milestone rule, each granted once when the count crosses it';
COMMENT ON COLUMN @extschema@.rf_milestone.rule_id IS
'rule of kind milestone';
COMMENT ON COLUMN @extschema@.rf_milestone.threshold IS
'number of people at which it is granted';
COMMENT ON COLUMN @extschema@.rf_milestone.amount IS
'value; null: the rule''s';
COMMENT ON COLUMN @extschema@.rf_milestone.unit IS
'unit; null: the rule''s';
COMMENT ON COLUMN @extschema@.rf_milestone.pool IS
'coupon pool; null: the rule''s';
COMMENT ON COLUMN @extschema@.rf_milestone.created_at IS
'set by the engine';

CREATE TRIGGER rf_milestone_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_milestone
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('pool');
CREATE TRIGGER rf_milestone_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_milestone
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_valid();
CREATE TRIGGER rf_milestone_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_milestone
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_reward (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	rule_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	subject_id bigint NOT NULL,
	ordinal integer,
	purchase_id bigint,
	n integer,
	generation integer NOT NULL DEFAULT 1,
	original_id bigint,
	metric text NOT NULL,
	amount numeric,
	unit text,
	coupon text,
	state text NOT NULL
		CHECK (state IN ('pending', 'due', 'issued', 'fulfilled', 'cancelled', 'rejected', 'failed', 'clawed_back')),
	reason text,
	reference text,
	earned_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	issued_at timestamptz,
	fulfilled_at timestamptz,
	changed_at timestamptz NOT NULL,
	CHECK ((original_id IS NOT NULL) = (amount < 0) OR amount IS NULL)
) WITH (fillfactor = 90);

-- One live row for each grant: people counted one by one, and people counted in numbers.
CREATE UNIQUE INDEX rf_reward_subject_key ON @extschema@.rf_reward
	(subject_id, rule_id, participant_id, purchase_id, n) NULLS NOT DISTINCT
	WHERE ordinal IS NULL AND state NOT IN ('cancelled', 'clawed_back');
CREATE UNIQUE INDEX rf_reward_ordinal_key ON @extschema@.rf_reward
	(participant_id, rule_id, ordinal)
	WHERE ordinal IS NOT NULL AND state NOT IN ('cancelled', 'clawed_back');
-- What was taken back decides the generation of the next grant.
CREATE INDEX rf_reward_taken_back_idx ON @extschema@.rf_reward
	(participant_id, rule_id, subject_id, ordinal)
	WHERE state IN ('cancelled', 'clawed_back');
CREATE INDEX rf_reward_participant_idx ON @extschema@.rf_reward (participant_id);
CREATE INDEX rf_reward_pending_idx ON @extschema@.rf_reward (due_at)
	WHERE state = 'pending';

COMMENT ON TABLE @extschema@.rf_reward IS
'grants of rules to people, each with its own life; nothing is ever deleted';
COMMENT ON COLUMN @extschema@.rf_reward.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_reward.rule_id IS
'rule that granted it';
COMMENT ON COLUMN @extschema@.rf_reward.participant_id IS
'person who gets it';
COMMENT ON COLUMN @extschema@.rf_reward.subject_id IS
'person whose joining or qualifying earned it';
COMMENT ON COLUMN @extschema@.rf_reward.ordinal IS
'milestones: the threshold; every N: the how manieth; else null';
COMMENT ON COLUMN @extschema@.rf_reward.purchase_id IS
'purchase that earned it, if one did';
COMMENT ON COLUMN @extschema@.rf_reward.n IS
'recurring rewards: the how manieth';
COMMENT ON COLUMN @extschema@.rf_reward.generation IS
'1, or higher where the same grant was taken back before';
COMMENT ON COLUMN @extschema@.rf_reward.original_id IS
'reward that this negative row claws back';
COMMENT ON COLUMN @extschema@.rf_reward.metric IS
'the rule''s metric when it was granted';
COMMENT ON COLUMN @extschema@.rf_reward.amount IS
'value in unit, rounded to the currency''s minor unit; negative where clawed back';
COMMENT ON COLUMN @extschema@.rf_reward.unit IS
'ISO 4217 currency, or the unit of a custom reward';
COMMENT ON COLUMN @extschema@.rf_reward.coupon IS
'the coupon handed out';
COMMENT ON COLUMN @extschema@.rf_reward.state IS
'pending (held), due, issued, fulfilled; cancelled, rejected, failed, clawed_back';
COMMENT ON COLUMN @extschema@.rf_reward.reason IS
'why it was cancelled, rejected, failed or clawed back';
COMMENT ON COLUMN @extschema@.rf_reward.reference IS
'what rf_fulfill was told, such as the number of a payment';
COMMENT ON COLUMN @extschema@.rf_reward.earned_at IS
'when what earned it happened';
COMMENT ON COLUMN @extschema@.rf_reward.due_at IS
'end of its hold';
COMMENT ON COLUMN @extschema@.rf_reward.issued_at IS
'when it was issued';
COMMENT ON COLUMN @extschema@.rf_reward.fulfilled_at IS
'when it was fulfilled';
COMMENT ON COLUMN @extschema@.rf_reward.changed_at IS
'when its state last changed';

CREATE TRIGGER rf_reward_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_reward
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_cancel(reward) cancels a reward that was not issued.');

CREATE TABLE @extschema@.rf_coupon (
	pool text NOT NULL
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	code text COLLATE "C" NOT NULL UNIQUE
		CHECK (octet_length(code) BETWEEN 1 AND 255),
	state text NOT NULL
		CHECK (state IN ('free', 'given', 'seen')),
	reward_id bigint,
	given_at timestamptz
);

COMMENT ON TABLE @extschema@.rf_coupon IS
'coupons of a pool, one for one person; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_coupon.pool IS
'name of the pool';
COMMENT ON COLUMN @extschema@.rf_coupon.code IS
'the coupon itself';
COMMENT ON COLUMN @extschema@.rf_coupon.state IS
'free, given or seen; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.reward_id IS
'reward it was given for; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.given_at IS
'when it was given; set by the engine';

CREATE TRIGGER rf_coupon_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_coupon
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('pool');

CREATE TABLE @extschema@.rf_purchase (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	external_id text COLLATE "C"
		CHECK (octet_length(external_id) BETWEEN 1 AND 255),
	amount numeric NOT NULL
		CHECK (amount > 0 AND amount < 'Infinity'),
	currency text NOT NULL
		CHECK (currency ~ '^[A-Z]{3}$'),
	occurred_at timestamptz NOT NULL,
	refunded numeric NOT NULL
		CHECK (refunded >= 0 AND refunded <= amount),
	recorded_at timestamptz NOT NULL,
	UNIQUE (campaign_id, external_id)
);
CREATE INDEX rf_purchase_participant_idx ON @extschema@.rf_purchase (participant_id);

COMMENT ON TABLE @extschema@.rf_purchase IS
'what invited people spent; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_purchase.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_purchase.campaign_id IS
'campaign of the person';
COMMENT ON COLUMN @extschema@.rf_purchase.participant_id IS
'person who paid';
COMMENT ON COLUMN @extschema@.rf_purchase.external_id IS
'the shop''s own number, unique in the campaign';
COMMENT ON COLUMN @extschema@.rf_purchase.amount IS
'sum paid, in currency';
COMMENT ON COLUMN @extschema@.rf_purchase.currency IS
'ISO 4217 currency';
COMMENT ON COLUMN @extschema@.rf_purchase.occurred_at IS
'when it was paid';
COMMENT ON COLUMN @extschema@.rf_purchase.refunded IS
'sum of its refunds; set by the engine';
COMMENT ON COLUMN @extschema@.rf_purchase.recorded_at IS
'when it was recorded; set by the engine';

CREATE TRIGGER rf_purchase_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_purchase
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('amount');

CREATE TABLE @extschema@.rf_refund (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	purchase_id bigint NOT NULL,
	refund_id text COLLATE "C"
		CHECK (octet_length(refund_id) BETWEEN 1 AND 255),
	amount numeric NOT NULL
		CHECK (amount > 0 AND amount < 'Infinity'),
	occurred_at timestamptz NOT NULL,
	UNIQUE (purchase_id, refund_id)
);

COMMENT ON TABLE @extschema@.rf_refund IS
'refunds of purchases; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_refund.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_refund.purchase_id IS
'purchase that was refunded';
COMMENT ON COLUMN @extschema@.rf_refund.refund_id IS
'the shop''s own number of the refund';
COMMENT ON COLUMN @extschema@.rf_refund.amount IS
'sum given back, in the purchase''s currency';
COMMENT ON COLUMN @extschema@.rf_refund.occurred_at IS
'when it was given back';

CREATE TRIGGER rf_refund_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_refund
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('amount');

CREATE TABLE @extschema@.rf_idempotency (
	campaign_id bigint NOT NULL,
	function text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL
		CHECK (octet_length(key) BETWEEN 1 AND 255),
	arguments jsonb NOT NULL,
	answer jsonb,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (campaign_id, function, key)
);

COMMENT ON TABLE @extschema@.rf_idempotency IS
'first answers to calls that carried an idempotency key';
COMMENT ON COLUMN @extschema@.rf_idempotency.campaign_id IS
'campaign of the call';
COMMENT ON COLUMN @extschema@.rf_idempotency.function IS
'function that was called';
COMMENT ON COLUMN @extschema@.rf_idempotency.key IS
'the caller''s key';
COMMENT ON COLUMN @extschema@.rf_idempotency.arguments IS
'arguments of the first call; other arguments under the same key are an error';
COMMENT ON COLUMN @extschema@.rf_idempotency.answer IS
'what the first call returned';
COMMENT ON COLUMN @extschema@.rf_idempotency.created_at IS
'when the first call was made';
-- Events, and the outbox in which they wait to be sent.

-- No key: a dump must be able to add its row to the one written below.
CREATE TABLE @extschema@.rf_home (
	home bigint NOT NULL,
	place text NOT NULL,
	since timestamptz NOT NULL
);

COMMENT ON TABLE @extschema@.rf_home IS
'the place these rows live in; sending stops while a row names another place (see rf_adopt_database)';
COMMENT ON COLUMN @extschema@.rf_home.home IS
'random number of this database''s life, part of every webhook-id';
COMMENT ON COLUMN @extschema@.rf_home.place IS
'system identifier and database oid, or the setting referral.deliver_as';
COMMENT ON COLUMN @extschema@.rf_home.since IS
'when the row was written; the newest names the home of new events';

CREATE TABLE @extschema@.rf_event (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	home bigint NOT NULL,
	type text NOT NULL,
	campaign_id bigint,
	participant_id bigint,
	reward_id bigint,
	created_at timestamptz NOT NULL,
	payload bytea NOT NULL
);

COMMENT ON TABLE @extschema@.rf_event IS
'facts that some webhook wanted when they happened; never changed';
COMMENT ON COLUMN @extschema@.rf_event.id IS
'ascending in the order of what happened to one person';
COMMENT ON COLUMN @extschema@.rf_event.home IS
'home (rf_home) in which it happened';
COMMENT ON COLUMN @extschema@.rf_event.type IS
'such as invited.qualified';
COMMENT ON COLUMN @extschema@.rf_event.campaign_id IS
'campaign it happened in';
COMMENT ON COLUMN @extschema@.rf_event.participant_id IS
'person it is about';
COMMENT ON COLUMN @extschema@.rf_event.reward_id IS
'reward it is about';
COMMENT ON COLUMN @extschema@.rf_event.created_at IS
'the clock of the transaction it happened in';
COMMENT ON COLUMN @extschema@.rf_event.payload IS
'body in the standard format: the exact UTF-8 bytes that are signed and sent';

-- Four tables, so that one can be filled while another is emptied by TRUNCATE:
-- rows are never updated and never deleted, so reading costs the same whatever
-- snapshots are held. No foreign keys. Ids come from one sequence.
CREATE SEQUENCE @extschema@.rf_outbox_id_seq AS bigint;
COMMENT ON SEQUENCE @extschema@.rf_outbox_id_seq IS
'numbers deliveries';

CREATE TABLE @extschema@.rf_outbox_0 (
	id bigint PRIMARY KEY DEFAULT nextval('@extschema@.rf_outbox_id_seq'),
	xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea
);
CREATE INDEX rf_outbox_0_webhook_idx ON @extschema@.rf_outbox_0 (webhook_id, id);
COMMENT ON COLUMN @extschema@.rf_outbox_0.id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_outbox_0.xid IS
'transaction that wrote the row: ids do not commit in their order';
COMMENT ON COLUMN @extschema@.rf_outbox_0.event_id IS
'event to send';
COMMENT ON COLUMN @extschema@.rf_outbox_0.webhook_id IS
'endpoint that wants it';
COMMENT ON COLUMN @extschema@.rf_outbox_0.body IS
'bytes to send in another format than the standard one; null: the event''s payload';
CREATE TABLE @extschema@.rf_outbox_1 (LIKE @extschema@.rf_outbox_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_outbox_2 (LIKE @extschema@.rf_outbox_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_outbox_3 (LIKE @extschema@.rf_outbox_0 INCLUDING ALL);

CREATE VIEW @extschema@.rf_outbox AS
	SELECT 0 AS slot, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_0
	UNION ALL
	SELECT 1, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_1
	UNION ALL
	SELECT 2, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_2
	UNION ALL
	SELECT 3, id, xid, event_id, webhook_id, body FROM @extschema@.rf_outbox_3;

COMMENT ON TABLE @extschema@.rf_outbox_0 IS
'deliveries as their events committed; emptied as a whole when all of them were tried';
COMMENT ON TABLE @extschema@.rf_outbox_1 IS
'see rf_outbox_0';
COMMENT ON TABLE @extschema@.rf_outbox_2 IS
'see rf_outbox_0';
COMMENT ON TABLE @extschema@.rf_outbox_3 IS
'see rf_outbox_0';
COMMENT ON VIEW @extschema@.rf_outbox IS
'the four outbox tables as one';
-- Webhooks: the endpoints that want events, and what became of every delivery.

CREATE TABLE @extschema@.rf_webhook (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint,
	name text
		CHECK (octet_length(name) <= 1024),
	url text NOT NULL
		CHECK (octet_length(url) <= 2048),
	method text NOT NULL DEFAULT 'POST'
		CHECK (method IN ('POST', 'PUT', 'GET')),
	events text[] NOT NULL DEFAULT '{*}'
		CHECK (cardinality(events) > 0 AND array_position(events, NULL) IS NULL),
	sources text[]
		CHECK (cardinality(sources) > 0 AND array_position(sources, NULL) IS NULL),
	rule_id bigint,
	format text NOT NULL DEFAULT 'standard'
		CHECK (format IN ('standard', 'fields', 'form', 'cloudevents', 'template')),
	fields jsonb
		CHECK (jsonb_typeof(fields) = 'object'),
	extra jsonb
		CHECK (jsonb_typeof(extra) = 'object'),
	template jsonb,
	header_names text[] NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'enabled'
		CHECK (state IN ('enabled', 'paused', 'disabled')),
	timeout interval NOT NULL DEFAULT '15 s'
		CHECK (timeout BETWEEN interval '1 s' AND interval '60 s'),
	max_in_flight integer NOT NULL DEFAULT 8
		CHECK (max_in_flight BETWEEN 1 AND 1000),
	rate_limit numeric
		CHECK (rate_limit > 0),
	ordering text NOT NULL DEFAULT 'parallel'
		CHECK (ordering IN ('parallel', 'fifo')),
	retry_schedule interval[]
		CHECK (cardinality(retry_schedule) BETWEEN 1 AND 50 AND array_position(retry_schedule, NULL) IS NULL),
	http_version text
		CHECK (http_version IN ('1.1', '2')),
	fulfills boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_webhook_format_fields_check
		CHECK ((format IN ('fields', 'form')) = (fields IS NOT NULL)),
	CONSTRAINT rf_webhook_format_extra_check
		CHECK (extra IS NULL OR format IN ('fields', 'form')),
	CONSTRAINT rf_webhook_method_format_check
		CHECK (method <> 'GET' OR format IN ('fields', 'form')),
	CONSTRAINT rf_webhook_format_template_check
		CHECK ((format = 'template') = (template IS NOT NULL))
);

COMMENT ON TABLE @extschema@.rf_webhook IS
'endpoints that want events; deleting one cancels what waits for it';
COMMENT ON COLUMN @extschema@.rf_webhook.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_webhook.campaign_id IS
'only events of this campaign; null: of all';
COMMENT ON COLUMN @extschema@.rf_webhook.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_webhook.url IS
'where to send: https, without user info (http only with referral.allow_http)';
COMMENT ON COLUMN @extschema@.rf_webhook.method IS
'POST, PUT, or GET with the fields in the query string';
COMMENT ON COLUMN @extschema@.rf_webhook.events IS
'exact names, groups such as reward.*, or *';
COMMENT ON COLUMN @extschema@.rf_webhook.sources IS
'only events of people with one of these sources; null: of all';
COMMENT ON COLUMN @extschema@.rf_webhook.rule_id IS
'only reward events of this rule; null: all events';
COMMENT ON COLUMN @extschema@.rf_webhook.format IS
'standard: the Standard Webhooks envelope; fields: a flat JSON object; form: the same urlencoded';
COMMENT ON COLUMN @extschema@.rf_webhook.fields IS
'names of the receiver''s choice and what they hold: {"email_address": "participant.email"}';
COMMENT ON COLUMN @extschema@.rf_webhook.extra IS
'constants added to the fields';
COMMENT ON COLUMN @extschema@.rf_webhook.template IS
'body with {{participant.name}} and the like';
COMMENT ON COLUMN @extschema@.rf_webhook.header_names IS
'names of the headers given with rf_set_headers; their values are secrets';
COMMENT ON COLUMN @extschema@.rf_webhook.state IS
'enabled: sends; paused: collects; disabled: neither, and keeps what waits';
COMMENT ON COLUMN @extschema@.rf_webhook.timeout IS
'most time for a whole exchange, 1 to 60 s';
COMMENT ON COLUMN @extschema@.rf_webhook.max_in_flight IS
'most requests to it at the same time';
COMMENT ON COLUMN @extschema@.rf_webhook.rate_limit IS
'most requests per second';
COMMENT ON COLUMN @extschema@.rf_webhook.ordering IS
'parallel, or fifo: one at a time in the order of events';
COMMENT ON COLUMN @extschema@.rf_webhook.retry_schedule IS
'delays before each attempt, the first included; null: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h';
COMMENT ON COLUMN @extschema@.rf_webhook.http_version IS
'1.1 or 2; null: the best that works';
COMMENT ON COLUMN @extschema@.rf_webhook.fulfills IS
'a 2xx to reward.issued fulfills the reward';
COMMENT ON COLUMN @extschema@.rf_webhook.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_webhook_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_admit() IS
'trigger: checks URL, events and fields of a webhook';
CREATE FUNCTION @extschema@.rf_webhook_created() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_created() IS
'trigger: makes the secrets of new webhooks';
CREATE FUNCTION @extschema@.rf_webhook_deleted() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_deleted() IS
'trigger: cancels what waits for deleted webhooks';

CREATE TRIGGER rf_webhook_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_webhook
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('format=cloudevents',
	'format=template', 'template', 'rate_limit', 'ordering=fifo', 'http_version=2', 'fulfills=true');
CREATE TRIGGER rf_webhook_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_webhook
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_webhook_admit();
CREATE TRIGGER rf_webhook_created
AFTER INSERT ON @extschema@.rf_webhook
REFERENCING NEW TABLE AS created
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_created();
CREATE TRIGGER rf_webhook_deleted
AFTER DELETE ON @extschema@.rf_webhook
REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_deleted();
CREATE TRIGGER rf_webhook_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_webhook
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_secret (
	webhook_id bigint NOT NULL,
	kind text NOT NULL
		CHECK (kind IN ('signing', 'headers', 'tls')),
	value text NOT NULL,
	valid_from timestamptz NOT NULL,
	valid_until timestamptz,
	CHECK (valid_until > valid_from)
);
CREATE INDEX rf_secret_webhook_idx ON @extschema@.rf_secret (webhook_id);
CREATE UNIQUE INDEX rf_secret_current_key ON @extschema@.rf_secret (webhook_id, kind)
	WHERE valid_until IS NULL;

COMMENT ON TABLE @extschema@.rf_secret IS
'signing secrets and header values of webhooks; readable by the owner only';
COMMENT ON COLUMN @extschema@.rf_secret.webhook_id IS
'webhook it belongs to';
COMMENT ON COLUMN @extschema@.rf_secret.kind IS
'signing: a whsec_ secret; headers: a JSON object of header values; tls: certificates and keys';
COMMENT ON COLUMN @extschema@.rf_secret.value IS
'the secret';
COMMENT ON COLUMN @extschema@.rf_secret.valid_from IS
'first instant at which it is used';
COMMENT ON COLUMN @extschema@.rf_secret.valid_until IS
'first instant at which it is not; null: no end';

CREATE TRIGGER rf_secret_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_secret
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_webhook_state (
	webhook_id bigint PRIMARY KEY,
	paused_until timestamptz,
	last_success_at timestamptz,
	last_failure_at timestamptz,
	last_error text,
	failing_since timestamptz,
	disabled_at timestamptz,
	disabled_reason text
) WITH (fillfactor = 50);

COMMENT ON TABLE @extschema@.rf_webhook_state IS
'what the worker knows of endpoints';
COMMENT ON COLUMN @extschema@.rf_webhook_state.webhook_id IS
'webhook it is about';
COMMENT ON COLUMN @extschema@.rf_webhook_state.paused_until IS
'nothing is sent before, because the endpoint asked so (Retry-After)';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_success_at IS
'last 2xx';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_failure_at IS
'last failed attempt';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_error IS
'what the last failed attempt said';
COMMENT ON COLUMN @extschema@.rf_webhook_state.failing_since IS
'first failure since the last success';
COMMENT ON COLUMN @extschema@.rf_webhook_state.disabled_at IS
'when the engine disabled it';
COMMENT ON COLUMN @extschema@.rf_webhook_state.disabled_reason IS
'why the engine disabled it';

CREATE TABLE @extschema@.rf_retry (
	delivery_id bigint PRIMARY KEY,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea,
	attempts integer NOT NULL,
	next_at timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX rf_retry_due_idx ON @extschema@.rf_retry (webhook_id, next_at);

COMMENT ON TABLE @extschema@.rf_retry IS
'deliveries that failed and will be tried again, and those of webhooks that are not enabled';
COMMENT ON COLUMN @extschema@.rf_retry.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_retry.event_id IS
'event to send';
COMMENT ON COLUMN @extschema@.rf_retry.webhook_id IS
'endpoint that wants it';
COMMENT ON COLUMN @extschema@.rf_retry.body IS
'see rf_outbox_0.body';
COMMENT ON COLUMN @extschema@.rf_retry.attempts IS
'attempts made so far';
COMMENT ON COLUMN @extschema@.rf_retry.next_at IS
'not before; infinity: the webhook is not enabled';

CREATE TABLE @extschema@.rf_dead (
	delivery_id bigint PRIMARY KEY,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea,
	attempts integer NOT NULL,
	died_at timestamptz NOT NULL,
	last_error text
);

COMMENT ON TABLE @extschema@.rf_dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_dead.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_dead.event_id IS
'event that was not delivered';
COMMENT ON COLUMN @extschema@.rf_dead.webhook_id IS
'endpoint that wanted it';
COMMENT ON COLUMN @extschema@.rf_dead.body IS
'see rf_outbox_0.body';
COMMENT ON COLUMN @extschema@.rf_dead.attempts IS
'attempts made';
COMMENT ON COLUMN @extschema@.rf_dead.died_at IS
'when the last one failed';
COMMENT ON COLUMN @extschema@.rf_dead.last_error IS
'what it said';

-- Attempts are only ever inserted, ten days into each table in turn, so that
-- what is past its time can go by TRUNCATE.
CREATE TABLE @extschema@.rf_attempt_0 (
	delivery_id bigint NOT NULL,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	attempt integer NOT NULL,
	started_at timestamptz NOT NULL,
	outcome text NOT NULL
		CHECK (outcome IN ('success', 'retry', 'dead', 'disabled')),
	status integer,
	error text,
	dns_us bigint,
	connect_us bigint,
	tls_us bigint,
	first_byte_us bigint,
	total_us bigint,
	peer inet,
	http_version text,
	response bytea,
	next_at timestamptz
);
CREATE INDEX rf_attempt_0_delivery_idx ON @extschema@.rf_attempt_0 (delivery_id);
COMMENT ON COLUMN @extschema@.rf_attempt_0.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_attempt_0.event_id IS
'event that was sent';
COMMENT ON COLUMN @extschema@.rf_attempt_0.webhook_id IS
'endpoint it was sent to';
COMMENT ON COLUMN @extschema@.rf_attempt_0.attempt IS
'1 for the first';
COMMENT ON COLUMN @extschema@.rf_attempt_0.started_at IS
'when the request began, by the system''s clock';
COMMENT ON COLUMN @extschema@.rf_attempt_0.outcome IS
'success; retry: will be tried again at next_at; dead: schedule exhausted; disabled: the endpoint answered 410';
COMMENT ON COLUMN @extschema@.rf_attempt_0.status IS
'HTTP status; null where none came';
COMMENT ON COLUMN @extschema@.rf_attempt_0.error IS
'what went wrong';
COMMENT ON COLUMN @extschema@.rf_attempt_0.dns_us IS
'microseconds until the name was resolved';
COMMENT ON COLUMN @extschema@.rf_attempt_0.connect_us IS
'microseconds until connected, counted from the start';
COMMENT ON COLUMN @extschema@.rf_attempt_0.tls_us IS
'microseconds until TLS was up, counted from the start; 0 without TLS';
COMMENT ON COLUMN @extschema@.rf_attempt_0.first_byte_us IS
'microseconds until the first byte of the answer';
COMMENT ON COLUMN @extschema@.rf_attempt_0.total_us IS
'microseconds of the whole exchange';
COMMENT ON COLUMN @extschema@.rf_attempt_0.peer IS
'address really dialled';
COMMENT ON COLUMN @extschema@.rf_attempt_0.http_version IS
'version of HTTP spoken';
COMMENT ON COLUMN @extschema@.rf_attempt_0.response IS
'first 4 KiB of the answer''s body';
COMMENT ON COLUMN @extschema@.rf_attempt_0.next_at IS
'when it will be tried again';
CREATE TABLE @extschema@.rf_attempt_1 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_attempt_2 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_attempt_3 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);

CREATE VIEW @extschema@.rf_attempt AS
	SELECT * FROM @extschema@.rf_attempt_0
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_1
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_2
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_3;

COMMENT ON TABLE @extschema@.rf_attempt_0 IS
'attempts to deliver; read them in rf_attempt';
COMMENT ON TABLE @extschema@.rf_attempt_1 IS
'see rf_attempt_0';
COMMENT ON TABLE @extschema@.rf_attempt_2 IS
'see rf_attempt_0';
COMMENT ON TABLE @extschema@.rf_attempt_3 IS
'see rf_attempt_0';
COMMENT ON VIEW @extschema@.rf_attempt IS
'every attempt to deliver: when, how long each phase took, what came back';
-- Tables of what comes in from outside; their behaviour comes with a later version.

CREATE TABLE @extschema@.rf_inbound_token (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 255),
	campaign_id bigint,
	token_hash bytea NOT NULL UNIQUE
		CHECK (octet_length(token_hash) = 32),
	actions text[] NOT NULL,
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	created_at timestamptz NOT NULL
);

COMMENT ON TABLE @extschema@.rf_inbound_token IS
'secret URLs by which other systems call in; refused until a later version';
COMMENT ON COLUMN @extschema@.rf_inbound_token.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_inbound_token.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_inbound_token.campaign_id IS
'only this campaign; null: all';
COMMENT ON COLUMN @extschema@.rf_inbound_token.token_hash IS
'SHA-256 of the token';
COMMENT ON COLUMN @extschema@.rf_inbound_token.actions IS
'calls it allows';
COMMENT ON COLUMN @extschema@.rf_inbound_token.expires_at IS
'when it expires';
COMMENT ON COLUMN @extschema@.rf_inbound_token.revoked_at IS
'when it was revoked';
COMMENT ON COLUMN @extschema@.rf_inbound_token.last_used_at IS
'when it was last used';
COMMENT ON COLUMN @extschema@.rf_inbound_token.created_at IS
'when it was made';

CREATE TRIGGER rf_inbound_token_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_inbound_token
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('name');

CREATE TABLE @extschema@.rf_unmatched (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	target regclass NOT NULL,
	occurred_at timestamptz NOT NULL,
	"row" jsonb NOT NULL,
	reason text NOT NULL
);

COMMENT ON TABLE @extschema@.rf_unmatched IS
'rows of attached tables that could not be credited, and why';
COMMENT ON COLUMN @extschema@.rf_unmatched.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_unmatched.target IS
'attached table';
COMMENT ON COLUMN @extschema@.rf_unmatched.occurred_at IS
'when the row came';
COMMENT ON COLUMN @extschema@.rf_unmatched."row" IS
'the columns that were looked at';
COMMENT ON COLUMN @extschema@.rf_unmatched.reason IS
'why it was not credited';

CREATE TABLE @extschema@.rf_click (
	campaign_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	day date NOT NULL,
	visitor bytea NOT NULL,
	clicks integer NOT NULL
		CHECK (clicks > 0),
	PRIMARY KEY (participant_id, day, visitor)
);

COMMENT ON TABLE @extschema@.rf_click IS
'clicks on links, by day';
COMMENT ON COLUMN @extschema@.rf_click.campaign_id IS
'campaign of the link';
COMMENT ON COLUMN @extschema@.rf_click.participant_id IS
'person whose link it is';
COMMENT ON COLUMN @extschema@.rf_click.day IS
'day in UTC';
COMMENT ON COLUMN @extschema@.rf_click.visitor IS
'hash with the day''s salt';
COMMENT ON COLUMN @extschema@.rf_click.clicks IS
'how many';
-- The functions of the programme.

CREATE FUNCTION @extschema@.rf_join(campaign text, email text, name text DEFAULT NULL,
	referred_by text DEFAULT NULL, source text DEFAULT NULL, ip inet DEFAULT NULL,
	meta jsonb DEFAULT NULL,
	OUT participant_id bigint, OUT code text, OUT url text, OUT created boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_join(text, text, text, text, text, inet, jsonb) IS
'join a campaign, or return who is already there (created = false)';

CREATE FUNCTION @extschema@.rf_link(code text) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_link(text) IS
'the link to share; null if the campaign has no landing_url';

CREATE FUNCTION @extschema@.rf_import(campaign text, rows jsonb,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_jsonb';
COMMENT ON FUNCTION @extschema@.rf_import(text, jsonb) IS
'let the good rows of a JSON array join; returns each refused one with its SQLSTATE';

CREATE FUNCTION @extschema@.rf_import(campaign text, source regclass,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_table';
COMMENT ON FUNCTION @extschema@.rf_import(text, regclass) IS
'let the good rows of a table or view join; its columns are found by name; returns each refused row with its SQLSTATE';

CREATE FUNCTION @extschema@.rf_qualify(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify(text, numeric, text, timestamptz, text) IS
'an invited person converted; again: changed = false';

CREATE FUNCTION @extschema@.rf_qualify_email(campaign text, email text,
	amount numeric DEFAULT NULL, currency text DEFAULT NULL,
	occurred_at timestamptz DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify_email(text, text, numeric, text, timestamptz, text) IS
'rf_qualify by e-mail';

CREATE FUNCTION @extschema@.rf_unqualify(code text, reason text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_unqualify(text, text) IS
'back to pending; rewards go as the campaign''s on_unqualify says';

CREATE FUNCTION @extschema@.rf_issue(reward bigint) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.rf_issue(rewards bigint[]) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint) IS
'issue a reward that is due or failed';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint[]) IS
'issue rewards that are due or failed: all of them or none';

CREATE FUNCTION @extschema@.rf_fulfill(reward bigint, reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.rf_fulfill(rewards bigint[], reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint, text) IS
'an issued reward was given; reference: such as the number of a payment';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint[], text) IS
'issued rewards were given: all of them or none';

CREATE FUNCTION @extschema@.rf_fail(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.rf_fail(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint, text) IS
'an issued reward could not be given; rf_issue tries again';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint[], text) IS
'issued rewards could not be given: all of them or none';

CREATE FUNCTION @extschema@.rf_cancel(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.rf_cancel(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint, text) IS
'cancel a reward that is pending, due or failed';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint[], text) IS
'cancel rewards that are pending, due or failed: all of them or none';

CREATE FUNCTION @extschema@.rf_tick() RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_tick() IS
'end the holds that are over, at most 1000 at a time; returns how many; the worker calls it by its clock';

CREATE FUNCTION @extschema@.rf_explain(code text,
	OUT rule_id bigint, OUT recipient text, OUT granted boolean, OUT reason text,
	OUT have numeric, OUT need numeric)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_explain(text) IS
'what each rule granted this person, and which number decided';

CREATE FUNCTION @extschema@.rf_message_id(home bigint, event_id bigint) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_message_id(bigint, bigint) IS
'the webhook-id under which an event is sent';

CREATE FUNCTION @extschema@.rf_home_install() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_install() IS
'called once, by CREATE EXTENSION: writes the first row of rf_home';

CREATE FUNCTION @extschema@.rf_home_status() RETURNS boolean
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_status() IS
'false in a restored copy that was not adopted: it sends nothing';

CREATE FUNCTION @extschema@.rf_adopt_database() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_adopt_database() IS
'make this place the home of all rows: a restored copy begins to send, what waits included';

CREATE FUNCTION @extschema@.rf_grant(role name, "set" text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_grant(name, text) IS
'grant a role what app, operator or reader needs';

CREATE TRIGGER rf_home_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_home
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
-- Webhooks: making them, their secrets and headers, and signatures.

CREATE FUNCTION @extschema@.rf_create_webhook(
	url text,
	events text[] DEFAULT '{*}',
	campaign text DEFAULT NULL,
	name text DEFAULT NULL,
	method text DEFAULT 'POST',
	format text DEFAULT 'standard',
	fields jsonb DEFAULT NULL,
	extra jsonb DEFAULT NULL,
	sources text[] DEFAULT NULL,
	rule_id bigint DEFAULT NULL,
	headers jsonb DEFAULT NULL,
	OUT webhook_id bigint,
	OUT secret text)
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_create_webhook(text, text[], text, text, text, text, jsonb, jsonb, text[], bigint, jsonb) IS
'makes a webhook and the secret that signs what it is sent';

CREATE FUNCTION @extschema@.rf_webhook_secret(webhook_id bigint) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_secret(bigint) IS
'the whsec_ secret that signs what the webhook is sent';

CREATE FUNCTION @extschema@.rf_set_headers(webhook_id bigint, headers jsonb) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_headers(bigint, jsonb) IS
'gives a webhook headers of its own, {"Authorization": "Bearer ..."}, instead of those it has; null: none';

CREATE FUNCTION @extschema@.rf_check_url(url text) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_check_url(text) IS
'why a webhook with this URL would be refused; null: it would not';

CREATE FUNCTION @extschema@.rf_sign(secret text, id text, "timestamp" bigint, body bytea) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sign(text, text, bigint, bytea) IS
'signature of Standard Webhooks, "v1,..."; the timestamp is in seconds since 1970, a text becomes a body by convert_to(body, UTF8)';
CREATE FUNCTION @extschema@.rf_verify(secret text, id text, "timestamp" bigint, body bytea, signature text,
	tolerance interval DEFAULT '5 minutes') RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_verify(text, text, bigint, bytea, text, interval) IS
'is one of the signatures, separated by spaces, right and the timestamp within the tolerance? false for nulls; a null tolerance accepts any time';
-- The worker, as the server's processes see it.

CREATE FUNCTION @extschema@.rf_worker_status(
	OUT pid integer, OUT state text, OUT since timestamptz, OUT detail text)
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_worker_status() IS
'the worker of this database: serving; silent (a restored copy); starting, waiting, held (DDL on the database), leaving, absent; no launcher; not preloaded';
-- Views.

CREATE VIEW @extschema@.rf_leaderboard AS
	SELECT p.campaign_id,
		rank() OVER (PARTITION BY p.campaign_id
			ORDER BY p.qualified_count DESC, p.invited_count DESC, p.joined_at, p.id) AS rank,
		p.id AS participant_id,
		p.code,
		p.name,
		p.qualified_count,
		p.invited_count,
		p.joined_at
	FROM @extschema@.rf_participant p
	WHERE p.invited_count > 0 AND p.state NOT IN ('held', 'blocked');
COMMENT ON VIEW @extschema@.rf_leaderboard IS
'referrers by people qualified, then by people invited; who joined earlier ranks higher';

CREATE VIEW @extschema@.rf_referral_tree AS
	WITH RECURSIVE tree AS (
		SELECT p.campaign_id, p.id AS participant_id, p.referrer_id, p.code, p.state,
			0 AS depth, ARRAY[p.id] AS path
		FROM @extschema@.rf_participant p
		WHERE p.referrer_id IS NULL
		UNION ALL
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, t.depth + 1, t.path || p.id
		FROM tree t
		JOIN @extschema@.rf_participant p ON p.referrer_id = t.participant_id
	)
	SELECT campaign_id, participant_id, referrer_id, code, state, depth, path FROM tree;
COMMENT ON VIEW @extschema@.rf_referral_tree IS
'who brought whom, with depth and path; whole trees are read, whatever is asked for';

CREATE VIEW @extschema@.rf_reward_status AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		rule.name AS rule,
		rule.recipient,
		p.code,
		p.name,
		s.code AS earned_by,
		r.ordinal,
		r.metric,
		r.amount,
		r.unit,
		r.coupon,
		r.state,
		r.reason,
		r.earned_at,
		r.due_at,
		r.changed_at
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id;
COMMENT ON VIEW @extschema@.rf_reward_status IS
'rewards with the names of rule and people';

CREATE VIEW @extschema@.rf_campaign_stats AS
	SELECT c.id AS campaign_id,
		c.slug,
		count(p.id) FILTER (WHERE p.referrer_id IS NULL) AS referrers,
		count(p.id) FILTER (WHERE p.referrer_id IS NOT NULL) AS invited,
		count(p.id) FILTER (WHERE p.state = 'qualified') AS qualified,
		round(100.0 * count(p.id) FILTER (WHERE p.state = 'qualified')
			/ nullif(count(p.id) FILTER (WHERE p.referrer_id IS NOT NULL), 0), 2) AS qualified_percent
	FROM @extschema@.rf_campaign c
	LEFT JOIN @extschema@.rf_participant p ON p.campaign_id = c.id
	GROUP BY c.id;
COMMENT ON VIEW @extschema@.rf_campaign_stats IS
'people of each campaign; counts all of them at every read';

CREATE VIEW @extschema@.rf_delivery AS
	SELECT d.delivery_id,
		d.event_id,
		d.webhook_id,
		@extschema@.rf_message_id(e.home, e.id) AS message_id,
		e.type,
		CASE
			WHEN dead.delivery_id IS NOT NULL THEN 'dead'
			WHEN retry.delivery_id IS NOT NULL THEN
				CASE WHEN retry.next_at = 'infinity' THEN 'parked' ELSE 'retrying' END
			WHEN a.attempts IS NULL THEN 'pending'
			ELSE 'delivered'
		END AS state,
		coalesce(a.attempts, 0) AS attempts,
		a.last_at AS last_attempt_at,
		retry.next_at
	FROM (
		SELECT id AS delivery_id, event_id, webhook_id FROM @extschema@.rf_outbox
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_retry
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_dead
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_attempt
	) d
	JOIN @extschema@.rf_event e ON e.id = d.event_id
	LEFT JOIN (
		SELECT delivery_id, count(*) AS attempts, max(started_at) AS last_at
		FROM @extschema@.rf_attempt
		GROUP BY delivery_id
	) a USING (delivery_id)
	LEFT JOIN @extschema@.rf_retry retry USING (delivery_id)
	LEFT JOIN @extschema@.rf_dead dead USING (delivery_id);
COMMENT ON VIEW @extschema@.rf_delivery IS
'every delivery: pending, delivered, retrying, parked (webhook not enabled) or dead';

CREATE VIEW @extschema@.rf_status AS
	SELECT w.pid AS worker_pid,
		w.state AS worker_state,
		w.since AS worker_since,
		@extschema@.rf_home_status() AS at_home,
		q.pending,
		q.retrying,
		q.parked,
		q.dead,
		q.oldest_pending,
		CASE
			WHEN NOT @extschema@.rf_home_status()
				THEN 'restored copy: sends nothing before rf_adopt_database()'
			ELSE w.detail
		END AS detail
	FROM @extschema@.rf_worker_status() w,
		LATERAL (
			SELECT
				(SELECT count(*) FROM @extschema@.rf_outbox o
					WHERE NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
					AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id)
					AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id))
					AS pending,
				(SELECT count(*) FROM @extschema@.rf_retry WHERE next_at <> 'infinity') AS retrying,
				(SELECT count(*) FROM @extschema@.rf_retry WHERE next_at = 'infinity') AS parked,
				(SELECT count(*) FROM @extschema@.rf_dead) AS dead,
				(SELECT now() - min(e.created_at) FROM @extschema@.rf_outbox o
					JOIN @extschema@.rf_event e ON e.id = o.event_id
					WHERE NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
					AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id)
					AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id))
					AS oldest_pending
		) q;
COMMENT ON VIEW @extschema@.rf_status IS
'one row: is the worker alive, what waits, and why nothing is sent if so';

CREATE VIEW @extschema@.rf_webhook_status AS
	SELECT h.id AS webhook_id,
		h.name,
		h.state,
		s.paused_until,
		s.last_success_at,
		s.last_failure_at,
		s.last_error,
		s.disabled_at,
		s.disabled_reason,
		(SELECT count(*) FROM @extschema@.rf_retry r WHERE r.webhook_id = h.id) AS retrying,
		(SELECT count(*) FROM @extschema@.rf_dead d WHERE d.webhook_id = h.id) AS dead
	FROM @extschema@.rf_webhook h
	LEFT JOIN @extschema@.rf_webhook_state s ON s.webhook_id = h.id;
COMMENT ON VIEW @extschema@.rf_webhook_status IS
'what the worker knows of each endpoint';
-- What a dump keeps, who may do what, and the first row of rf_home.

-- Every table and sequence that holds rows of the programme. No row is shipped
-- with the extension but the one of rf_home, which a dump adds to.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_campaign', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_participant', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fraud_rule', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_rule', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_milestone', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_purchase', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_refund', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_idempotency', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_home', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_event', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_0', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_1', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_2', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_3', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_secret', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook_state', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_retry', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_dead', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_0', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_1', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_2', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_3', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_token', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_unmatched', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_click', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_campaign_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_participant_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_rule_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_purchase_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_refund_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_token_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_unmatched_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_id_seq', '');

-- Nobody but the owner may call anything before rf_grant.
REVOKE ALL ON FUNCTION
	@extschema@.rf_refuse_unbuilt, @extschema@.rf_programme_changed,
	@extschema@.rf_participant_admit, @extschema@.rf_participant_joined,
	@extschema@.rf_participant_fixed, @extschema@.rf_rows_kept,
	@extschema@.rf_campaign_kept, @extschema@.rf_reward_rule_kept,
	@extschema@.rf_reward_rule_valid, @extschema@.rf_webhook_admit,
	@extschema@.rf_webhook_created, @extschema@.rf_webhook_deleted,
	@extschema@.rf_join, @extschema@.rf_link,
	@extschema@.rf_import(text, jsonb), @extschema@.rf_import(text, regclass),
	@extschema@.rf_qualify, @extschema@.rf_qualify_email, @extschema@.rf_unqualify,
	@extschema@.rf_issue(bigint), @extschema@.rf_issue(bigint[]),
	@extschema@.rf_fulfill(bigint, text), @extschema@.rf_fulfill(bigint[], text),
	@extschema@.rf_fail(bigint, text), @extschema@.rf_fail(bigint[], text),
	@extschema@.rf_cancel(bigint, text), @extschema@.rf_cancel(bigint[], text),
	@extschema@.rf_tick, @extschema@.rf_explain, @extschema@.rf_message_id,
	@extschema@.rf_home_install, @extschema@.rf_home_status,
	@extschema@.rf_adopt_database, @extschema@.rf_grant,
	@extschema@.rf_worker_status, @extschema@.rf_create_webhook,
	@extschema@.rf_webhook_secret, @extschema@.rf_set_headers, @extschema@.rf_check_url,
	@extschema@.rf_sign, @extschema@.rf_verify
FROM PUBLIC;

-- Caches must learn of changes whatever brought them, replication included.
ALTER TABLE @extschema@.rf_campaign ENABLE ALWAYS TRIGGER rf_campaign_changed;
ALTER TABLE @extschema@.rf_fraud_rule ENABLE ALWAYS TRIGGER rf_fraud_rule_changed;
ALTER TABLE @extschema@.rf_reward_rule ENABLE ALWAYS TRIGGER rf_reward_rule_changed;
ALTER TABLE @extschema@.rf_milestone ENABLE ALWAYS TRIGGER rf_milestone_changed;
ALTER TABLE @extschema@.rf_webhook ENABLE ALWAYS TRIGGER rf_webhook_changed;
ALTER TABLE @extschema@.rf_secret ENABLE ALWAYS TRIGGER rf_secret_changed;
ALTER TABLE @extschema@.rf_home ENABLE ALWAYS TRIGGER rf_home_changed;
-- The last words of the install script.

SELECT @extschema@.rf_home_install();
