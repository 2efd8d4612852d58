-- Campaigns: one self-contained referral programme each.

-- No table of ours has a foreign key. A parallel restore loads the tables of an
-- extension in any order, with their constraints in place, and would fail on
-- them. Instead new rows are checked when they come (restored ones are known by
-- created_at, see fresh.h), and what others refer to is kept by the triggers
-- rf_..._kept, which lock out the writers of the referring table first.

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
CREATE FUNCTION @extschema@.rf_writers_locked_out() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_writers_locked_out() IS
'trigger: locks the tables that refer to rows about to be deleted, or count by what is about to change';
CREATE FUNCTION @extschema@.rf_campaign_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_kept() IS
'trigger: a campaign with people, rules or webhooks cannot be deleted';
CREATE FUNCTION @extschema@.rf_campaign_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_campaign_valid() IS
'trigger: the currency of a campaign is one of ISO 4217; a new one gets its home';

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
		CHECK (min_spend > 0 AND min_spend < 'Infinity'),
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
	home bigint NOT NULL,
	CONSTRAINT rf_campaign_starts_ends_check
		CHECK (ends_at > starts_at),
	CONSTRAINT rf_campaign_min_spend_currency_check
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
'net spend, in currency and within the window, at which an invited person qualifies by themselves; null: spend does not qualify';
COMMENT ON COLUMN @extschema@.rf_campaign.currency IS
'ISO 4217 currency of min_spend and of all purchases; null: purchases in any currency';
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
COMMENT ON COLUMN @extschema@.rf_campaign.home IS
'home (rf_home) in which it was created; set by the engine';

CREATE TRIGGER rf_campaign_valid
BEFORE INSERT OR UPDATE OF currency ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_valid();
CREATE TRIGGER rf_campaign_kept
BEFORE DELETE ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_kept();
CREATE TRIGGER rf_campaign_writers_locked_out
BEFORE DELETE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_writers_locked_out();
CREATE TRIGGER rf_campaign_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Campaigns without people are deleted one by one; others end by their state.');
CREATE TRIGGER rf_campaign_id_kept
BEFORE UPDATE OF id ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('People, rules and webhooks refer to it.');
CREATE TRIGGER rf_campaign_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();
