-- Pools of coupons: how they are filled, and how much of them is used.

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
