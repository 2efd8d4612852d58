-- Complain if the script is sourced in psql rather than by ALTER EXTENSION.
\echo Use "ALTER EXTENSION referral UPDATE TO '0.2.0'" to load this file. \quit
-- From 0.1.0 to 0.2.0. See assemble.awk for the lines that begin with @.

-- Tables of 0.1.0 are altered, never made anew, and functions and views are
-- replaced: whom rf_grant gave what keeps it. To use what is new they need
-- rf_grant again. Rows of 0.1.0 pass the new constraints, because what these
-- are about was refused there; those of tables it never filled are not looked at.

-- Campaigns and people.

ALTER TABLE @extschema@.rf_campaign
	DROP CONSTRAINT rf_campaign_min_spend_check,
	ADD CONSTRAINT rf_campaign_min_spend_check CHECK (min_spend > 0 AND min_spend < 'Infinity'),
	ADD COLUMN home bigint;
UPDATE @extschema@.rf_campaign
SET home = (SELECT h.home FROM @extschema@.rf_home h ORDER BY h.since DESC, h.home LIMIT 1);
ALTER TABLE @extschema@.rf_campaign ALTER COLUMN home SET NOT NULL;
ALTER TABLE @extschema@.rf_campaign
	RENAME CONSTRAINT rf_campaign_check TO rf_campaign_starts_ends_check;
ALTER TABLE @extschema@.rf_campaign
	RENAME CONSTRAINT rf_campaign_check1 TO rf_campaign_min_spend_currency_check;
CREATE FUNCTION @extschema@.rf_campaign_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.rf_writers_locked_out() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
DROP TRIGGER rf_campaign_unbuilt ON @extschema@.rf_campaign;
CREATE TRIGGER rf_campaign_valid
BEFORE INSERT OR UPDATE OF currency ON @extschema@.rf_campaign
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_campaign_valid();
CREATE TRIGGER rf_campaign_writers_locked_out
BEFORE DELETE ON @extschema@.rf_campaign
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_writers_locked_out();
-- @comments 10_campaign.sql

ALTER TABLE @extschema@.rf_participant
	ADD COLUMN signals text[],
	ADD COLUMN review text,
	ADD COLUMN erased_at timestamptz;
DROP INDEX @extschema@.rf_participant_referrer_idx;
CREATE INDEX rf_participant_referrer_idx ON @extschema@.rf_participant (referrer_id, joined_at)
	WHERE referrer_id IS NOT NULL;
CREATE STATISTICS @extschema@.rf_participant_days
	ON ((joined_at AT TIME ZONE 'UTC')::date), ((qualified_at AT TIME ZONE 'UTC')::date)
	FROM @extschema@.rf_participant;
CREATE OR REPLACE TRIGGER rf_participant_fixed
BEFORE UPDATE OF id, campaign_id, email, name, source, meta, referred_by, ip, code, joined_at,
	email_key, code_key, referrer_id, state, qualified_at, invited_count, qualified_count,
	signals, review, erased_at
ON @extschema@.rf_participant
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_participant_fixed();
CREATE OR REPLACE TRIGGER rf_participant_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_participant
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_erase(participant_id) makes a person anonymous; a campaign ends by its state.');
-- @comments 20_participant.sql

ALTER TABLE @extschema@.rf_fraud_rule
	ADD COLUMN created_at timestamptz NOT NULL,
	DROP CONSTRAINT rf_fraud_rule_within_check,
	ADD CONSTRAINT rf_fraud_rule_within_check
		CHECK ("within" > interval '0' AND "within" <= interval '100 years'),
	ADD CONSTRAINT rf_fraud_rule_signal_terms_check
		CHECK (CASE signal
			WHEN 'velocity' THEN threshold IS NOT NULL AND "within" IS NOT NULL
			WHEN 'same_ip' THEN true
			ELSE threshold IS NULL AND "within" IS NULL
		END);
DROP TRIGGER rf_fraud_rule_unbuilt ON @extschema@.rf_fraud_rule;
-- @comments 24_fraud_rule.sql
-- @include 25_fraud.sql
-- @include 26_disposable_domains.sql

-- Whoever is pending has a window from now on. Those whose time is over expire
-- at the first tick.
-- @include 27_window.sql
INSERT INTO @extschema@.rf_window (participant_id, ends_at)
SELECT p.id, (p.joined_at AT TIME ZONE 'UTC' + c.qualify_within) AT TIME ZONE 'UTC'
FROM @extschema@.rf_participant p
JOIN @extschema@.rf_campaign c ON c.id = p.campaign_id
WHERE p.state = 'pending' AND c.qualify_within IS NOT NULL;
-- @include 28_erased.sql

-- Rules and rewards.

ALTER TABLE @extschema@.rf_reward_rule
	DROP CONSTRAINT rf_reward_rule_recur_every_check,
	ADD CONSTRAINT rf_reward_rule_recur_every_check
		CHECK (recur_every BETWEEN interval '1 minute' AND interval '100 years'),
	ADD CONSTRAINT rf_reward_rule_recur_times_kind_check
		CHECK (recur_times IS NULL OR kind = 'recurring'),
	ADD CONSTRAINT rf_reward_rule_kind_earned_on_check
		CHECK (kind <> 'recurring' OR earned_on = 'invited_qualifies'),
	ADD CONSTRAINT rf_reward_rule_metric_columns_check
		CHECK (CASE metric
			WHEN 'commission' THEN amount IS NULL AND pool IS NULL
			WHEN 'coupon' THEN amount IS NULL AND unit IS NULL AND percent IS NULL AND cap IS NULL
			ELSE percent IS NULL AND cap IS NULL AND pool IS NULL
		END),
	ADD CONSTRAINT rf_reward_rule_metric_earned_on_check
		CHECK (metric <> 'commission' OR earned_on IN ('invited_qualifies', 'purchase')),
	ADD CONSTRAINT rf_reward_rule_budget_unit_check
		CHECK (budget IS NULL OR unit IS NOT NULL),
	ADD CONSTRAINT rf_reward_rule_levels_kind_check
		CHECK (levels IS NULL OR (recipient = 'referrer' AND kind = 'standard' AND every = 1
			AND metric <> 'coupon'));
DROP TRIGGER rf_reward_rule_unbuilt ON @extschema@.rf_reward_rule;
CREATE TRIGGER rf_reward_rule_writers_locked_out
BEFORE DELETE OR UPDATE OF max_per_recipient, max_total, budget, period, unit ON @extschema@.rf_reward_rule
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_writers_locked_out();
DROP TRIGGER rf_milestone_unbuilt ON @extschema@.rf_milestone;

ALTER TABLE @extschema@.rf_reward
	ADD COLUMN pool text,
	ADD COLUMN level integer,
	ADD COLUMN spend_base numeric,
	ADD COLUMN percent numeric,
	ADD COLUMN cap numeric,
	ADD COLUMN last_purchase_id bigint;
CREATE INDEX rf_reward_rule_idx ON @extschema@.rf_reward (rule_id, earned_at);
CREATE INDEX rf_reward_waiting_idx ON @extschema@.rf_reward (pool, earned_at, id)
	WHERE state = 'due' AND metric = 'coupon' AND coupon IS NULL AND reason IS NOT NULL;
CREATE INDEX rf_reward_original_idx ON @extschema@.rf_reward (original_id)
	WHERE original_id IS NOT NULL;
CREATE INDEX rf_reward_approval_idx ON @extschema@.rf_reward (due_at, id)
	WHERE state IN ('due', 'failed');
CREATE STATISTICS @extschema@.rf_reward_days
	ON ((earned_at AT TIME ZONE 'UTC')::date)
	FROM @extschema@.rf_reward;
CREATE INDEX rf_idempotency_created_idx ON @extschema@.rf_idempotency (created_at);
-- @comments 30_reward.sql
-- @include 32_limit.sql
-- @include 33_recurrence.sql

-- Coupons and purchases.

ALTER TABLE @extschema@.rf_coupon
	ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
	ADD CONSTRAINT rf_coupon_check CHECK ((state = 'free') = (reward_id IS NULL));
CREATE INDEX rf_coupon_free_idx ON @extschema@.rf_coupon (pool, id) WHERE state = 'free';
DROP TRIGGER rf_coupon_unbuilt ON @extschema@.rf_coupon;
-- @comments 34_coupon.sql
-- @include 36_coupon_pool.sql

DROP TRIGGER rf_purchase_unbuilt ON @extschema@.rf_purchase;
DROP TRIGGER rf_refund_unbuilt ON @extschema@.rf_refund;
CREATE TRIGGER rf_purchase_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_purchase
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_record_refund(campaign, external_id) takes a purchase back.');
CREATE TRIGGER rf_refund_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_refund
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('What was given back stays known.');
-- @comments 35_purchase.sql

-- Events, and what came in.

CREATE INDEX rf_event_participant_idx ON @extschema@.rf_event (participant_id);
-- @comments 40_event.sql

ALTER TABLE @extschema@.rf_unmatched
	ALTER COLUMN target TYPE text,
	ADD COLUMN sqlstate text NOT NULL;
-- @comments 65_unmatched.sql

-- Functions and views.

-- @include 70_functions.sql
-- @include 71_purchase_functions.sql
-- @include 72_delivery_functions.sql
-- @include 73_review_functions.sql
-- @include 74_server_functions.sql
-- @include 75_erase_functions.sql
-- @include 76_rule_functions.sql
-- @include 77_attach_functions.sql
-- @include 80_views.sql

-- What a dump keeps, and who may do what.

SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_quota', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_recurrence', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon_pool', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_window', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_erased_code', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_blocked', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_blocked_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_disposable_domain', 'WHERE NOT builtin OR NOT disposable');

-- Of new functions only: a REVOKE makes what others were granted meanwhile part
-- of the extension, and a dump would no longer contain it.
REVOKE ALL ON FUNCTION
	@extschema@.rf_campaign_valid, @extschema@.rf_campaign_windows,
	@extschema@.rf_writers_locked_out, @extschema@.rf_coupon_pools_locked,
	@extschema@.rf_fraud_row_valid, @extschema@.rf_disposable_domain_valid,
	@extschema@.rf_coupon_admit, @extschema@.rf_coupon_loaded,
	@extschema@.rf_coupon_kept, @extschema@.rf_coupon_deleted,
	@extschema@.rf_record_purchase, @extschema@.rf_record_refund,
	@extschema@.rf_qualify_coupon, @extschema@.rf_release, @extschema@.rf_block,
	@extschema@.rf_erase, @extschema@.rf_export,
	@extschema@.rf_apply_rule, @extschema@.rf_simulate,
	@extschema@.rf_attached_joins, @extschema@.rf_attached_purchases,
	@extschema@.rf_attach_joins, @extschema@.rf_attach_purchases, @extschema@.rf_detach,
	@extschema@.rf_leaderboard, @extschema@.rf_referral_tree
FROM PUBLIC;
