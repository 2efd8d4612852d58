-- The functions of spend.

CREATE OR REPLACE FUNCTION @extschema@.rf_record_purchase(code text, amount numeric,
	currency text DEFAULT NULL, external_id text DEFAULT NULL,
	occurred_at timestamptz DEFAULT NULL,
	OUT purchase_id bigint, OUT participant_id bigint, OUT state text, OUT changed boolean,
	OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_record_purchase(text, numeric, text, text, timestamptz) IS
'an invited person paid; the same external_id again: changed = false; net spend that reaches min_spend qualifies';

CREATE OR REPLACE FUNCTION @extschema@.rf_record_refund(campaign text, external_id text,
	amount numeric DEFAULT NULL, refund_id text DEFAULT NULL,
	OUT purchase_id bigint, OUT participant_id bigint, OUT state text, OUT changed boolean,
	OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_record_refund(text, text, numeric, text) IS
'something was given back of a purchase (amount null: all that is left); the same refund_id again: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify_coupon(coupon text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify_coupon(text, numeric, text, timestamptz, text) IS
'rf_qualify of the person to whom that coupon was given as a reward';
