-- Coupons: pools of codes, each handed out once.

CREATE TABLE @extschema@.rf_coupon (
	pool text NOT NULL
		CHECK (octet_length(pool) BETWEEN 1 AND 255),
	code text COLLATE "C" NOT NULL UNIQUE
		CHECK (octet_length(code) BETWEEN 1 AND 255),
	state text NOT NULL
		CHECK (state IN ('free', 'given', 'seen')),
	reward_id bigint,
	given_at timestamptz,
	id bigint GENERATED ALWAYS AS IDENTITY,
	CHECK ((state = 'free') = (reward_id IS NULL))
);
-- First in, first out.
CREATE INDEX rf_coupon_free_idx ON @extschema@.rf_coupon (pool, id) WHERE state = 'free';

COMMENT ON TABLE @extschema@.rf_coupon IS
'coupons of a pool, one for one reward; insert pool and code, or COPY them';
COMMENT ON COLUMN @extschema@.rf_coupon.pool IS
'name of the pool, as rules and milestones name it';
COMMENT ON COLUMN @extschema@.rf_coupon.code IS
'the coupon itself';
COMMENT ON COLUMN @extschema@.rf_coupon.state IS
'free; given: handed out, may come back; seen: the person may know it; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.reward_id IS
'reward it was given for; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.given_at IS
'when it was given; set by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon.id IS
'order in which coupons were loaded; set by the engine';

CREATE TABLE @extschema@.rf_coupon_pool (
	pool text PRIMARY KEY,
	total bigint NOT NULL,
	used bigint NOT NULL,
	told integer NOT NULL
);

COMMENT ON TABLE @extschema@.rf_coupon_pool IS
'how much of each pool is used; kept by the engine';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.pool IS
'name of the pool';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.total IS
'coupons loaded';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.used IS
'coupons given or seen';
COMMENT ON COLUMN @extschema@.rf_coupon_pool.told IS
'highest mark (85, 95, 100 percent used) for which coupon.low was written; a refill lowers it';

CREATE FUNCTION @extschema@.rf_coupon_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_admit() IS
'trigger: fills the engine''s columns of a new coupon';
CREATE FUNCTION @extschema@.rf_coupon_loaded() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_loaded() IS
'trigger: counts new coupons and issues the rewards that wait for them';
CREATE FUNCTION @extschema@.rf_coupon_kept() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_kept() IS
'trigger: coupons do not change, and only free ones are deleted';
CREATE FUNCTION @extschema@.rf_coupon_deleted() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_deleted() IS
'trigger: counts deleted coupons';
CREATE FUNCTION @extschema@.rf_coupon_pools_locked() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_coupon_pools_locked() IS
'trigger: nobody hands out coupons while some are deleted';

CREATE TRIGGER rf_coupon_admit
BEFORE INSERT ON @extschema@.rf_coupon
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_coupon_admit();
CREATE TRIGGER rf_coupon_loaded
AFTER INSERT ON @extschema@.rf_coupon
REFERENCING NEW TABLE AS loaded
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_coupon_loaded();
CREATE TRIGGER rf_coupon_kept
BEFORE UPDATE OR DELETE ON @extschema@.rf_coupon
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_coupon_kept();
CREATE TRIGGER rf_coupon_pools_locked
BEFORE DELETE ON @extschema@.rf_coupon
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_coupon_pools_locked();
CREATE TRIGGER rf_coupon_deleted
AFTER DELETE ON @extschema@.rf_coupon
REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_coupon_deleted();
CREATE TRIGGER rf_coupon_rows_kept
BEFORE TRUNCATE ON @extschema@.rf_coupon
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Free coupons are deleted one by one.');
