-- Purchases of the people in a campaign, and what was given back of them.

-- Only the engine writes these rows, in functions that do all that follows from
-- them; a row that comes in another way (a restore) has no effect.

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
'what invited people spent; written by rf_record_purchase and rf_qualify';
COMMENT ON COLUMN @extschema@.rf_purchase.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_purchase.campaign_id IS
'campaign of the person';
COMMENT ON COLUMN @extschema@.rf_purchase.participant_id IS
'person who paid';
COMMENT ON COLUMN @extschema@.rf_purchase.external_id IS
'the shop''s own number, unique in the campaign; null: none, such a purchase cannot be refunded';
COMMENT ON COLUMN @extschema@.rf_purchase.amount IS
'sum paid, in currency, rounded to its minor unit';
COMMENT ON COLUMN @extschema@.rf_purchase.currency IS
'ISO 4217 currency';
COMMENT ON COLUMN @extschema@.rf_purchase.occurred_at IS
'when it was paid';
COMMENT ON COLUMN @extschema@.rf_purchase.refunded IS
'sum of its refunds; amount - refunded is the net spend';
COMMENT ON COLUMN @extschema@.rf_purchase.recorded_at IS
'when it was recorded';

CREATE TRIGGER rf_purchase_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_purchase
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('rf_record_refund(campaign, external_id) takes a purchase back.');

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
'refunds of purchases; written by rf_record_refund';
COMMENT ON COLUMN @extschema@.rf_refund.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_refund.purchase_id IS
'purchase that was refunded';
COMMENT ON COLUMN @extschema@.rf_refund.refund_id IS
'the shop''s own number of the refund, unique among those of the purchase';
COMMENT ON COLUMN @extschema@.rf_refund.amount IS
'sum given back, in the purchase''s currency';
COMMENT ON COLUMN @extschema@.rf_refund.occurred_at IS
'when it was recorded';

CREATE TRIGGER rf_refund_rows_kept
BEFORE DELETE OR TRUNCATE ON @extschema@.rf_refund
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('What was given back stays known.');
