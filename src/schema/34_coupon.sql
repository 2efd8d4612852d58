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
