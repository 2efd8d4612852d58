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
		CHECK (recur_every BETWEEN interval '1 minute' AND interval '100 years'),
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
		CHECK ((kind = 'recurring') = (recur_every IS NOT NULL)),
	CONSTRAINT rf_reward_rule_recur_times_kind_check
		CHECK (recur_times IS NULL OR kind = 'recurring'),
	CONSTRAINT rf_reward_rule_kind_earned_on_check
		CHECK (kind <> 'recurring' OR earned_on = 'invited_qualifies'),
	CONSTRAINT rf_reward_rule_metric_columns_check
		CHECK (CASE metric
			WHEN 'commission' THEN amount IS NULL AND pool IS NULL
			WHEN 'coupon' THEN amount IS NULL AND unit IS NULL AND percent IS NULL AND cap IS NULL
			ELSE percent IS NULL AND cap IS NULL AND pool IS NULL
		END),
	CONSTRAINT rf_reward_rule_metric_earned_on_check
		CHECK (metric <> 'commission' OR earned_on IN ('invited_qualifies', 'purchase')),
	CONSTRAINT rf_reward_rule_budget_unit_check
		CHECK (budget IS NULL OR unit IS NOT NULL),
	CONSTRAINT rf_reward_rule_levels_kind_check
		CHECK (levels IS NULL OR (recipient = 'referrer' AND kind = 'standard' AND every = 1
			AND metric <> 'coupon'))
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
'ISO 4217 currency of an amount, free text of a custom reward; commission: only spend in that currency';
COMMENT ON COLUMN @extschema@.rf_reward_rule.percent IS
'commission in percent of spend';
COMMENT ON COLUMN @extschema@.rf_reward_rule.cap IS
'most that one commission may be, in its currency';
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
'most that this rule may grant in a period, in its unit';
COMMENT ON COLUMN @extschema@.rf_reward_rule.period IS
'period of the limits, by the UTC calendar';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recur_every IS
'recurring rules: time between two rewards; the first comes with the qualification';
COMMENT ON COLUMN @extschema@.rf_reward_rule.recur_times IS
'recurring rules: how many rewards at most; null: without end';
COMMENT ON COLUMN @extschema@.rf_reward_rule.levels IS
'JSON array of amounts (commission: percents): the first for the referrer''s referrer, the next one further up';
COMMENT ON COLUMN @extschema@.rf_reward_rule.condition IS
'jsonpath predicate on what happened, such as $.amount > 50 or $.meta.plan == "pro"; null: always';
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

CREATE TRIGGER rf_reward_rule_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_valid();
CREATE TRIGGER rf_reward_rule_kept
BEFORE DELETE ON @extschema@.rf_reward_rule
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_reward_rule_kept();
CREATE TRIGGER rf_reward_rule_writers_locked_out
BEFORE DELETE OR UPDATE OF max_per_recipient, max_total, budget, period, unit ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_writers_locked_out();
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
	pool text,
	level integer,
	spend_base numeric,
	percent numeric,
	cap numeric,
	last_purchase_id bigint,
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
-- What a rule granted in a period, where its limits are reckoned anew.
CREATE INDEX rf_reward_rule_idx ON @extschema@.rf_reward (rule_id, earned_at);
CREATE INDEX rf_reward_pending_idx ON @extschema@.rf_reward (due_at)
	WHERE state = 'pending';
-- What waits for coupons.
CREATE INDEX rf_reward_waiting_idx ON @extschema@.rf_reward (pool, earned_at, id)
	WHERE state = 'due' AND metric = 'coupon' AND coupon IS NULL AND reason IS NOT NULL;
CREATE INDEX rf_reward_original_idx ON @extschema@.rf_reward (original_id)
	WHERE original_id IS NOT NULL;
-- What waits for a decision is a small part of all rewards.
CREATE INDEX rf_reward_approval_idx ON @extschema@.rf_reward (due_at, id)
	WHERE state IN ('due', 'failed');

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
COMMENT ON COLUMN @extschema@.rf_reward.pool IS
'pool its coupon comes from';
COMMENT ON COLUMN @extschema@.rf_reward.level IS
'rules with levels: 2 for the referrer''s referrer, 3 for theirs; else null';
COMMENT ON COLUMN @extschema@.rf_reward.spend_base IS
'commissions: spend it is a percentage of; refunds lower it';
COMMENT ON COLUMN @extschema@.rf_reward.percent IS
'commissions: the rule''s percentage when it was granted';
COMMENT ON COLUMN @extschema@.rf_reward.cap IS
'commissions: the rule''s cap when it was granted';
COMMENT ON COLUMN @extschema@.rf_reward.last_purchase_id IS
'commissions: newest purchase in spend_base';

-- See rf_participant_days.
CREATE STATISTICS @extschema@.rf_reward_days
	ON ((earned_at AT TIME ZONE 'UTC')::date)
	FROM @extschema@.rf_reward;
COMMENT ON STATISTICS @extschema@.rf_reward_days IS
'days on which rewards are earned, for rf_daily_stats';

CREATE TRIGGER rf_reward_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_reward
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_cancel(reward) cancels a reward that was not issued.');


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
CREATE INDEX rf_idempotency_created_idx ON @extschema@.rf_idempotency (created_at);

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
