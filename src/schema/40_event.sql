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

CREATE TRIGGER rf_home_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_home
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

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

-- For rf_erase and rf_export, which must not read all that ever happened.
CREATE INDEX rf_event_participant_idx ON @extschema@.rf_event (participant_id);

COMMENT ON TABLE @extschema@.rf_event IS
'facts that some webhook wanted when they happened; never changed, but when a person in them is erased';
COMMENT ON COLUMN @extschema@.rf_event.id IS
'ascending in the order of what happened to one person';
COMMENT ON COLUMN @extschema@.rf_event.home IS
'home (rf_home) in which it happened';
COMMENT ON COLUMN @extschema@.rf_event.type IS
'such as invited.qualified';
COMMENT ON COLUMN @extschema@.rf_event.campaign_id IS
'campaign it happened in; null: about a webhook of all campaigns';
COMMENT ON COLUMN @extschema@.rf_event.participant_id IS
'person it is about';
COMMENT ON COLUMN @extschema@.rf_event.reward_id IS
'reward it is about';
COMMENT ON COLUMN @extschema@.rf_event.created_at IS
'the clock of the transaction it happened in';
COMMENT ON COLUMN @extschema@.rf_event.payload IS
'body in the standard format: the exact UTF-8 bytes that are signed and sent';

-- Four tables, so that one can be filled while another is emptied by TRUNCATE:
-- rows are never deleted, and changed only by rf_erase, so reading costs the same
-- whatever snapshots are held. No foreign keys. Ids come from one sequence.
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
