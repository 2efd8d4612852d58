-- What endpoints of webhooks that fulfill rewards said of them.

CREATE TABLE @extschema@.rf_fulfilment (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	delivery_id bigint NOT NULL,
	event_id bigint NOT NULL,
	reward_id bigint NOT NULL,
	issued_at timestamptz NOT NULL,
	reference text NOT NULL,
	ok boolean NOT NULL,
	error text
);

COMMENT ON TABLE @extschema@.rf_fulfilment IS
'what came of telling an endpoint that a reward was issued, written with the attempt, until the reward was told';
COMMENT ON COLUMN @extschema@.rf_fulfilment.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_fulfilment.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_fulfilment.event_id IS
'event that was sent';
COMMENT ON COLUMN @extschema@.rf_fulfilment.reward_id IS
'reward it was about';
COMMENT ON COLUMN @extschema@.rf_fulfilment.issued_at IS
'when the reward was issued; one that was issued again since is told by another delivery';
COMMENT ON COLUMN @extschema@.rf_fulfilment.reference IS
'webhook-id of the delivery';
COMMENT ON COLUMN @extschema@.rf_fulfilment.ok IS
'true: the endpoint answered 2xx; false: the delivery is dead';
COMMENT ON COLUMN @extschema@.rf_fulfilment.error IS
'what the last attempt of a dead delivery said';
