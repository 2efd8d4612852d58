-- Complain if the script is sourced in psql rather than by ALTER EXTENSION.
\echo Use "ALTER EXTENSION referral UPDATE TO '0.3.0'" to load this file. \quit
-- From 0.2.0 to 0.3.0. See assemble.awk for the lines that begin with @.

-- Tables are altered, never made anew, and functions and views are replaced: whom
-- rf_grant gave what keeps it. To use what is new they need rf_grant again.

-- Sending.

-- 40_event.sql
COMMENT ON TABLE @extschema@.rf_home IS
'the place these rows live in; sending stops while a row names another place (see rf_adopt_database)';
COMMENT ON COLUMN @extschema@.rf_home.home IS
'random number of this database''s life, part of every webhook-id';
COMMENT ON COLUMN @extschema@.rf_home.place IS
'system identifier and database oid, or the setting referral.deliver_as';
COMMENT ON COLUMN @extschema@.rf_home.since IS
'when the row was written; the newest names the home of new events';
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
COMMENT ON SEQUENCE @extschema@.rf_outbox_id_seq IS
'numbers deliveries';
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

CREATE INDEX rf_retry_event_idx ON @extschema@.rf_retry (event_id);
CREATE INDEX rf_dead_event_idx ON @extschema@.rf_dead (event_id);

ALTER TABLE @extschema@.rf_webhook
	DROP CONSTRAINT rf_webhook_rate_limit_check,
	ADD CONSTRAINT rf_webhook_rate_limit_check CHECK (rate_limit BETWEEN 0.00001 AND 1000000);
ALTER TABLE @extschema@.rf_webhook_state
	ADD COLUMN breaker text NOT NULL DEFAULT 'closed'
		CHECK (breaker IN ('closed', 'open', 'probing')),
	ADD COLUMN open_until timestamptz,
	ADD COLUMN openings integer NOT NULL DEFAULT 0;
CREATE INDEX rf_retry_order_idx ON @extschema@.rf_retry (webhook_id, event_id);
CREATE FUNCTION @extschema@.rf_webhook_updated() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
CREATE TRIGGER rf_webhook_updated
AFTER UPDATE ON @extschema@.rf_webhook
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_updated();
ALTER TABLE @extschema@.rf_webhook
	ADD CONSTRAINT rf_webhook_fulfills_events_check
		CHECK (NOT fulfills OR events && '{*,reward.*,reward.issued}');
DROP TRIGGER rf_webhook_unbuilt ON @extschema@.rf_webhook;
CREATE FUNCTION @extschema@.rf_secret_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
CREATE TRIGGER rf_secret_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_secret
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_secret_admit();

ALTER TABLE @extschema@.rf_attempt_0 ADD COLUMN error_class text, ADD COLUMN response_headers jsonb;
ALTER TABLE @extschema@.rf_attempt_1 ADD COLUMN error_class text, ADD COLUMN response_headers jsonb;
ALTER TABLE @extschema@.rf_attempt_2 ADD COLUMN error_class text, ADD COLUMN response_headers jsonb;
ALTER TABLE @extschema@.rf_attempt_3 ADD COLUMN error_class text, ADD COLUMN response_headers jsonb;
CREATE OR REPLACE VIEW @extschema@.rf_attempt AS
	SELECT * FROM @extschema@.rf_attempt_0
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_1
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_2
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_3;
-- 50_webhook.sql
COMMENT ON TABLE @extschema@.rf_webhook IS
'endpoints that want events; deleting one cancels what waits for it';
COMMENT ON COLUMN @extschema@.rf_webhook.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_webhook.campaign_id IS
'only events of this campaign; null: of all';
COMMENT ON COLUMN @extschema@.rf_webhook.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_webhook.url IS
'where to send: https, without user info (http only with referral.allow_http)';
COMMENT ON COLUMN @extschema@.rf_webhook.method IS
'POST, PUT, or GET with the fields in the query string';
COMMENT ON COLUMN @extschema@.rf_webhook.events IS
'exact names, groups such as reward.*, or *';
COMMENT ON COLUMN @extschema@.rf_webhook.sources IS
'only events of people with one of these sources; null: of all';
COMMENT ON COLUMN @extschema@.rf_webhook.rule_id IS
'only reward events of this rule; null: all events';
COMMENT ON COLUMN @extschema@.rf_webhook.format IS
'standard: the Standard Webhooks envelope; fields: a flat JSON object; form: the same urlencoded; cloudevents: CloudEvents 1.0; template: JSON of any shape';
COMMENT ON COLUMN @extschema@.rf_webhook.fields IS
'names of the receiver''s choice and what they hold: {"email_address": "participant.email"}';
COMMENT ON COLUMN @extschema@.rf_webhook.extra IS
'constants added to the fields; in JSON they may be objects and arrays';
COMMENT ON COLUMN @extschema@.rf_webhook.template IS
'JSON in whose strings {{participant.name}} and the like stand for values; the text {{ is written {{{{';
COMMENT ON COLUMN @extschema@.rf_webhook.header_names IS
'names of the headers given with rf_set_headers; their values are secrets';
COMMENT ON COLUMN @extschema@.rf_webhook.state IS
'enabled: sends; paused: collects; disabled: neither, and keeps what waits';
COMMENT ON COLUMN @extschema@.rf_webhook.timeout IS
'most time for a whole exchange, 1 to 60 s';
COMMENT ON COLUMN @extschema@.rf_webhook.max_in_flight IS
'most requests to it at the same time';
COMMENT ON COLUMN @extschema@.rf_webhook.rate_limit IS
'most requests per second, such as 0.2 for one in 5 s; null: no limit';
COMMENT ON COLUMN @extschema@.rf_webhook.ordering IS
'parallel, or fifo: one at a time in the order of events';
COMMENT ON COLUMN @extschema@.rf_webhook.retry_schedule IS
'delays before each attempt, the first included; null: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h';
COMMENT ON COLUMN @extschema@.rf_webhook.http_version IS
'1.1 or 2; null: the best that works';
COMMENT ON COLUMN @extschema@.rf_webhook.fulfills IS
'a 2xx to reward.issued fulfills the reward; where its delivery is dead, the reward has failed';
COMMENT ON COLUMN @extschema@.rf_webhook.created_at IS
'set by the engine';
COMMENT ON FUNCTION @extschema@.rf_webhook_admit() IS
'trigger: checks URL, events and fields of a webhook';
COMMENT ON FUNCTION @extschema@.rf_webhook_created() IS
'trigger: makes the secrets of new webhooks';
COMMENT ON FUNCTION @extschema@.rf_webhook_updated() IS
'trigger: webhooks that are enabled again or get another URL begin anew';
COMMENT ON FUNCTION @extschema@.rf_webhook_deleted() IS
'trigger: cancels what waits for deleted webhooks';
COMMENT ON TABLE @extschema@.rf_secret IS
'signing secrets and header values of webhooks; readable by the owner only';
COMMENT ON COLUMN @extschema@.rf_secret.webhook_id IS
'webhook it belongs to';
COMMENT ON COLUMN @extschema@.rf_secret.kind IS
'signing: a whsec_ secret or a whsk_ key; headers: a JSON object of header values; tls: a JSON object of certificates and a key';
COMMENT ON COLUMN @extschema@.rf_secret.value IS
'the secret';
COMMENT ON COLUMN @extschema@.rf_secret.valid_from IS
'first instant at which it is used';
COMMENT ON COLUMN @extschema@.rf_secret.valid_until IS
'first instant at which it is not; null: no end';
COMMENT ON FUNCTION @extschema@.rf_secret_admit() IS
'trigger: checks secrets, without showing them as the constraints would';
COMMENT ON TABLE @extschema@.rf_webhook_state IS
'what the worker knows of endpoints';
COMMENT ON COLUMN @extschema@.rf_webhook_state.webhook_id IS
'webhook it is about';
COMMENT ON COLUMN @extschema@.rf_webhook_state.paused_until IS
'nothing is sent before, because the endpoint asked so (Retry-After)';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_success_at IS
'last 2xx';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_failure_at IS
'last failed attempt';
COMMENT ON COLUMN @extschema@.rf_webhook_state.last_error IS
'what the last failed attempt said';
COMMENT ON COLUMN @extschema@.rf_webhook_state.failing_since IS
'first failure since the last success';
COMMENT ON COLUMN @extschema@.rf_webhook_state.disabled_at IS
'when the engine disabled it';
COMMENT ON COLUMN @extschema@.rf_webhook_state.disabled_reason IS
'why the engine disabled it';
COMMENT ON COLUMN @extschema@.rf_webhook_state.breaker IS
'closed; open: most attempts failed, and nothing is sent; probing: one attempt is';
COMMENT ON COLUMN @extschema@.rf_webhook_state.open_until IS
'when the next probe is due; null while closed';
COMMENT ON COLUMN @extschema@.rf_webhook_state.openings IS
'how often in a row the breaker opened: each time for twice as long';
COMMENT ON TABLE @extschema@.rf_retry IS
'deliveries that failed and will be tried again, and those of webhooks that are not enabled';
COMMENT ON COLUMN @extschema@.rf_retry.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_retry.event_id IS
'event to send';
COMMENT ON COLUMN @extschema@.rf_retry.webhook_id IS
'endpoint that wants it';
COMMENT ON COLUMN @extschema@.rf_retry.body IS
'see rf_outbox_0.body';
COMMENT ON COLUMN @extschema@.rf_retry.attempts IS
'attempts made so far';
COMMENT ON COLUMN @extschema@.rf_retry.next_at IS
'not before; infinity: the webhook is not enabled';
COMMENT ON TABLE @extschema@.rf_dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_dead.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_dead.event_id IS
'event that was not delivered';
COMMENT ON COLUMN @extschema@.rf_dead.webhook_id IS
'endpoint that wanted it';
COMMENT ON COLUMN @extschema@.rf_dead.body IS
'see rf_outbox_0.body';
COMMENT ON COLUMN @extschema@.rf_dead.attempts IS
'attempts made';
COMMENT ON COLUMN @extschema@.rf_dead.died_at IS
'when the last one failed';
COMMENT ON COLUMN @extschema@.rf_dead.last_error IS
'what it said';
COMMENT ON COLUMN @extschema@.rf_attempt_0.delivery_id IS
'number of the delivery';
COMMENT ON COLUMN @extschema@.rf_attempt_0.event_id IS
'event that was sent';
COMMENT ON COLUMN @extschema@.rf_attempt_0.webhook_id IS
'endpoint it was sent to';
COMMENT ON COLUMN @extschema@.rf_attempt_0.attempt IS
'1 for the first';
COMMENT ON COLUMN @extschema@.rf_attempt_0.started_at IS
'when the request began, by the system''s clock';
COMMENT ON COLUMN @extschema@.rf_attempt_0.outcome IS
'success; retry: will be tried again at next_at; dead: schedule exhausted; disabled: the endpoint answered 410';
COMMENT ON COLUMN @extschema@.rf_attempt_0.status IS
'HTTP status; null where none came';
COMMENT ON COLUMN @extschema@.rf_attempt_0.error IS
'what went wrong';
COMMENT ON COLUMN @extschema@.rf_attempt_0.dns_us IS
'microseconds until the name was resolved';
COMMENT ON COLUMN @extschema@.rf_attempt_0.connect_us IS
'microseconds until connected, counted from the start';
COMMENT ON COLUMN @extschema@.rf_attempt_0.tls_us IS
'microseconds until TLS was up, counted from the start; 0 without TLS';
COMMENT ON COLUMN @extschema@.rf_attempt_0.first_byte_us IS
'microseconds until the first byte of the answer';
COMMENT ON COLUMN @extschema@.rf_attempt_0.total_us IS
'microseconds of the whole exchange';
COMMENT ON COLUMN @extschema@.rf_attempt_0.peer IS
'address really dialled';
COMMENT ON COLUMN @extschema@.rf_attempt_0.http_version IS
'version of HTTP spoken';
COMMENT ON COLUMN @extschema@.rf_attempt_0.response IS
'first 4 KiB of the answer''s body';
COMMENT ON COLUMN @extschema@.rf_attempt_0.next_at IS
'when it will be tried again';
COMMENT ON COLUMN @extschema@.rf_attempt_0.error_class IS
'kind of what went wrong: dns, connect, tls, timeout, reset, protocol, too_large, forbidden, own (on this side), http (an answer that is no success)';
COMMENT ON COLUMN @extschema@.rf_attempt_0.response_headers IS
'headers of the answer that help to find it in the receiver''s logs, or say how to go on';
COMMENT ON TABLE @extschema@.rf_attempt_0 IS
'attempts to deliver; read them in rf_attempt';
COMMENT ON TABLE @extschema@.rf_attempt_1 IS
'see rf_attempt_0';
COMMENT ON TABLE @extschema@.rf_attempt_2 IS
'see rf_attempt_0';
COMMENT ON TABLE @extschema@.rf_attempt_3 IS
'see rf_attempt_0';
COMMENT ON VIEW @extschema@.rf_attempt IS
'every attempt to deliver: when, how long each phase took, what came back';
COMMENT ON COLUMN @extschema@.rf_attempt_1.error_class IS
'kind of what went wrong: dns, connect, tls, timeout, reset, protocol, too_large, forbidden, own (on this side), http (an answer that is no success)';
COMMENT ON COLUMN @extschema@.rf_attempt_1.response_headers IS
'headers of the answer that help to find it in the receiver''s logs, or say how to go on';
COMMENT ON COLUMN @extschema@.rf_attempt_2.error_class IS
'kind of what went wrong: dns, connect, tls, timeout, reset, protocol, too_large, forbidden, own (on this side), http (an answer that is no success)';
COMMENT ON COLUMN @extschema@.rf_attempt_2.response_headers IS
'headers of the answer that help to find it in the receiver''s logs, or say how to go on';
COMMENT ON COLUMN @extschema@.rf_attempt_3.error_class IS
'kind of what went wrong: dns, connect, tls, timeout, reset, protocol, too_large, forbidden, own (on this side), http (an answer that is no success)';
COMMENT ON COLUMN @extschema@.rf_attempt_3.response_headers IS
'headers of the answer that help to find it in the receiver''s logs, or say how to go on';

-- 52_fulfilment.sql
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

-- Functions and views.

-- A function that has more arguments than before is another one: rights on it are
-- granted anew by rf_grant.
DROP FUNCTION @extschema@.rf_create_webhook;

-- 70_functions.sql
-- The functions of the programme.

CREATE OR REPLACE FUNCTION @extschema@.rf_join(campaign text, email text, name text DEFAULT NULL,
	referred_by text DEFAULT NULL, source text DEFAULT NULL, ip inet DEFAULT NULL,
	meta jsonb DEFAULT NULL,
	OUT participant_id bigint, OUT code text, OUT url text, OUT created boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_join(text, text, text, text, text, inet, jsonb) IS
'join a campaign, or return who is already there (created = false)';

CREATE OR REPLACE FUNCTION @extschema@.rf_link(code text) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_link(text) IS
'the link to share; null if the campaign has no landing_url';

CREATE OR REPLACE FUNCTION @extschema@.rf_import(campaign text, rows jsonb,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_jsonb';
COMMENT ON FUNCTION @extschema@.rf_import(text, jsonb) IS
'let the good rows of a JSON array join; returns each refused one with its SQLSTATE';

CREATE OR REPLACE FUNCTION @extschema@.rf_import(campaign text, source regclass,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_table';
COMMENT ON FUNCTION @extschema@.rf_import(text, regclass) IS
'let the good rows of a table or view join; its columns are found by name; returns each refused row with its SQLSTATE';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify(text, numeric, text, timestamptz, text) IS
'an invited person converted; again: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify_email(campaign text, email text,
	amount numeric DEFAULT NULL, currency text DEFAULT NULL,
	occurred_at timestamptz DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify_email(text, text, numeric, text, timestamptz, text) IS
'rf_qualify by e-mail';

CREATE OR REPLACE FUNCTION @extschema@.rf_unqualify(code text, reason text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_unqualify(text, text) IS
'back to pending; rewards go as the campaign''s on_unqualify says';

CREATE OR REPLACE FUNCTION @extschema@.rf_issue(reward bigint) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_issue(rewards bigint[]) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint) IS
'issue a reward that is due or failed';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint[]) IS
'issue rewards that are due or failed: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_fulfill(reward bigint, reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_fulfill(rewards bigint[], reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint, text) IS
'an issued reward was given; reference: such as the number of a payment';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint[], text) IS
'issued rewards were given: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_fail(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_fail(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint, text) IS
'an issued reward could not be given; rf_issue tries again';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint[], text) IS
'issued rewards could not be given: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_cancel(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_cancel(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint, text) IS
'cancel a reward that is pending, due or failed';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint[], text) IS
'cancel rewards that are pending, due or failed: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_tick() RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_tick() IS
'what time brings: ends holds and windows to qualify in, forgets old idempotency keys; at most 1000 of each at a time; returns how many things it did; the worker does the same by its clock';

CREATE OR REPLACE FUNCTION @extschema@.rf_explain(code text,
	OUT rule_id bigint, OUT recipient text, OUT granted boolean, OUT reason text,
	OUT have numeric, OUT need numeric)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_explain(text) IS
'what each rule granted this person, and who invited them for what they did; where it granted nothing, which number decided and what is missing';

CREATE OR REPLACE FUNCTION @extschema@.rf_message_id(home bigint, event_id bigint) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_message_id(bigint, bigint) IS
'the webhook-id under which an event is sent';

CREATE OR REPLACE FUNCTION @extschema@.rf_home_install() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_install() IS
'called once, by CREATE EXTENSION: writes the first row of rf_home';

CREATE OR REPLACE FUNCTION @extschema@.rf_home_status() RETURNS boolean
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_status() IS
'false in a restored copy that was not adopted: it sends nothing';

CREATE OR REPLACE FUNCTION @extschema@.rf_adopt_database() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_adopt_database() IS
'make this place the home of all rows: a restored copy begins to send, what waits included';

CREATE OR REPLACE FUNCTION @extschema@.rf_grant(role name, "set" text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_grant(name, text) IS
'grant a role what app, operator or reader needs';
-- 71_purchase_functions.sql
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
-- 72_delivery_functions.sql
-- Webhooks: making them, their secrets and headers, signatures, and sending again.

CREATE OR REPLACE FUNCTION @extschema@.rf_create_webhook(
	url text,
	events text[] DEFAULT '{*}',
	campaign text DEFAULT NULL,
	name text DEFAULT NULL,
	method text DEFAULT 'POST',
	format text DEFAULT 'standard',
	fields jsonb DEFAULT NULL,
	extra jsonb DEFAULT NULL,
	sources text[] DEFAULT NULL,
	rule_id bigint DEFAULT NULL,
	headers jsonb DEFAULT NULL,
	template jsonb DEFAULT NULL,
	signature text DEFAULT 'v1',
	OUT webhook_id bigint,
	OUT secret text)
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_create_webhook(text, text[], text, text, text, text, jsonb, jsonb, text[], bigint, jsonb, jsonb, text) IS
'makes a webhook and the secret with which its receiver verifies what it is sent: of signature v1 a whsec_ secret that both sides have, of v1a the whpk_ key of a pair';

CREATE OR REPLACE FUNCTION @extschema@.rf_webhook_secret(webhook_id bigint) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_secret(bigint) IS
'the secret with which the receiver verifies what the webhook is sent: whsec_, or of signature v1a the public key, whpk_';

CREATE OR REPLACE FUNCTION @extschema@.rf_rotate_secret(webhook_id bigint, keep interval DEFAULT '24 hours',
	signature text DEFAULT NULL) RETURNS text
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_rotate_secret(bigint, interval, text) IS
'a new secret for the webhook, and what its receiver needs: whsec_ or whpk_; the secrets before it sign as well for as long as keep says; signature v1 or v1a, null: as before';

CREATE OR REPLACE FUNCTION @extschema@.rf_set_headers(webhook_id bigint, headers jsonb) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_headers(bigint, jsonb) IS
'gives a webhook headers of its own, {"Authorization": "Bearer ..."}, instead of those it has; {{event.id}} in a value stands for the webhook-id of the message; null: none';

CREATE OR REPLACE FUNCTION @extschema@.rf_set_tls(webhook_id bigint, ca text DEFAULT NULL,
	certificate text DEFAULT NULL, key text DEFAULT NULL) RETURNS void
LANGUAGE C VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_set_tls(bigint, text, text, text) IS
'gives a webhook certificates in PEM, instead of those it has: authorities to trust instead of the system''s, and a certificate and its key to show; null: none';

CREATE OR REPLACE FUNCTION @extschema@.rf_check_url(url text) RETURNS text
LANGUAGE C STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_check_url(text) IS
'why a webhook with this URL would be refused; null: it would not';

CREATE OR REPLACE FUNCTION @extschema@.rf_sign(secret text, id text, "timestamp" bigint, body bytea) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sign(text, text, bigint, bytea) IS
'signature of Standard Webhooks: "v1,..." by a whsec_ secret, "v1a,..." by a whsk_ key; the timestamp is in seconds since 1970, a text becomes a body by convert_to(body, UTF8)';
CREATE OR REPLACE FUNCTION @extschema@.rf_verify(secret text, id text, "timestamp" bigint, body bytea, signature text,
	tolerance interval DEFAULT '5 minutes') RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_verify(text, text, bigint, bytea, text, interval) IS
'is one of the signatures, separated by spaces, right by the secret, whsec_, whsk_ or whpk_, and the timestamp within the tolerance? false for nulls; a null tolerance accepts any time';

CREATE OR REPLACE FUNCTION @extschema@.rf_test_webhook(webhook_id bigint) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_test_webhook(bigint) IS
'sends the webhook, and no other, an event webhook.test, whatever events it wants; returns the number of the delivery';

CREATE OR REPLACE FUNCTION @extschema@.rf_replay(delivery_id bigint) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_replay(bigint) IS
'sends a delivery that is delivered or dead once more, with the same webhook-id and as many attempts as a new one';

CREATE OR REPLACE FUNCTION @extschema@.rf_replay_webhook(
	webhook_id bigint,
	since timestamptz DEFAULT NULL,
	state text DEFAULT 'dead',
	filter text[] DEFAULT NULL,
	dry_run boolean DEFAULT false,
	rate numeric DEFAULT 10)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_replay_webhook(bigint, timestamptz, text, text[], boolean, numeric) IS
'sends deliveries of a webhook once more: dead, delivered or all; of what happened since; events as in rf_webhook.events; at most so many in a second; returns how many, and only that in a dry run';
-- 73_review_functions.sql
-- Review of people who look like fraud, or turn out to be.

CREATE OR REPLACE FUNCTION @extschema@.rf_release(INOUT participant_id bigint,
	OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_release(bigint) IS
'a held or blocked person counts from now on, and has joined when they joined; anybody else: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_block(INOUT participant_id bigint, reason text DEFAULT NULL,
	OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_block(bigint, text) IS
'a person counts no more: what they earned others goes as the campaign''s on_unqualify says, their own rewards not yet issued are rejected';
-- 74_server_functions.sql
-- The worker, as the server's processes see it.

CREATE OR REPLACE FUNCTION @extschema@.rf_worker_status(
	OUT pid integer, OUT state text, OUT since timestamptz, OUT detail text)
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_worker_status() IS
'the worker of this database: serving; silent (a restored copy); starting, waiting, held (DDL on the database), leaving, absent; no launcher; not preloaded';

CREATE OR REPLACE FUNCTION @extschema@.rf_workers(
	OUT worker integer, OUT pid integer, OUT state text, OUT since timestamptz, OUT shares integer)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_workers() IS
'the workers of this database (referral.workers), and how many of the 64 shares of its webhooks each of them serves';
-- 75_erase_functions.sql
-- A person's right to be forgotten, and to know what is kept about them.

CREATE OR REPLACE FUNCTION @extschema@.rf_erase(participant_id bigint) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_erase(bigint) IS
'make a person anonymous, in events and deliveries too; their code is dead for ever, others keep their rewards and counts; false: was erased before';

CREATE OR REPLACE FUNCTION @extschema@.rf_export(participant_id bigint) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
SET timezone = 'UTC'
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_export(bigint) IS
'all that is kept about one person, and of others no more than id, code, state and the day they joined';
-- 76_rule_functions.sql
-- What rules would grant, and what they would have granted.

CREATE OR REPLACE FUNCTION @extschema@.rf_apply_rule(rule_id bigint) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_apply_rule(bigint) IS
'grant retroactively what the rule would have granted; what limits rejected is judged again; returns how many; nobody else grants meanwhile';

CREATE OR REPLACE FUNCTION @extschema@.rf_simulate(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL,
	OUT rule_id bigint, OUT rule text, OUT recipient text, OUT recipient_code text,
	OUT ordinal integer, OUT reward_amount numeric, OUT unit text, OUT state text,
	OUT reason text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_simulate(text, numeric, text) IS
'what rf_qualify with these arguments would grant now, or a purchase of somebody qualified; nothing is written';
-- 77_attach_functions.sql
-- Tables of the application as the source of joins and purchases.

CREATE OR REPLACE FUNCTION @extschema@.rf_attached_joins() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attached_joins() IS
'trigger of tables attached by rf_attach_joins: their rows join';
CREATE OR REPLACE FUNCTION @extschema@.rf_attached_purchases() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attached_purchases() IS
'trigger of tables attached by rf_attach_purchases: their rows are purchases';

CREATE OR REPLACE FUNCTION @extschema@.rf_attach_joins(target regclass, campaign text, email text,
	name text DEFAULT NULL, referred_by text DEFAULT NULL, source text DEFAULT NULL,
	ip text DEFAULT NULL, meta text DEFAULT NULL, code text DEFAULT NULL,
	joined_at text DEFAULT NULL, on_mismatch text DEFAULT 'record') RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attach_joins(regclass, text, text, text, text, text, text, text, text, text, text) IS
'from now on the rows of a table join a campaign: each argument names the column to read; again: replaces it, new partitions included; returns the number of triggers';

CREATE OR REPLACE FUNCTION @extschema@.rf_attach_purchases(target regclass, campaign text DEFAULT NULL,
	code text DEFAULT NULL, email text DEFAULT NULL, amount text DEFAULT NULL,
	currency text DEFAULT NULL, external_id text DEFAULT NULL, occurred_at text DEFAULT NULL,
	on_mismatch text DEFAULT 'record') RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attach_purchases(regclass, text, text, text, text, text, text, text, text) IS
'from now on the rows of a table are purchases: each argument names the column to read; again: replaces it, new partitions included; returns the number of triggers';

CREATE OR REPLACE FUNCTION @extschema@.rf_detach(target regclass) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_detach(regclass) IS
'takes away what rf_attach_joins and rf_attach_purchases did to a table and its partitions; returns the number of triggers removed';

CREATE OR REPLACE VIEW @extschema@.rf_unattached_partition AS
	WITH RECURSIVE below AS (
		SELECT t.tgrelid AS attached, t.tgname AS name, i.inhrelid AS partition
		FROM pg_catalog.pg_trigger t
		JOIN pg_catalog.pg_inherits i ON i.inhparent = t.tgrelid
		WHERE t.tgfoid IN ('@extschema@.rf_attached_joins()'::regprocedure,
				'@extschema@.rf_attached_purchases()'::regprocedure)
			AND t.tgnewtable IS NOT NULL
			AND NOT EXISTS (
				SELECT FROM pg_catalog.pg_inherits above
				JOIN pg_catalog.pg_trigger a ON a.tgrelid = above.inhparent AND a.tgname = t.tgname
				WHERE above.inhrelid = t.tgrelid)
		UNION
		SELECT b.attached, b.name, i.inhrelid
		FROM below b
		JOIN pg_catalog.pg_inherits i ON i.inhparent = b.partition
	)
	SELECT DISTINCT b.partition::regclass AS partition, b.attached::regclass AS attached
	FROM below b
	WHERE NOT EXISTS (
		SELECT FROM pg_catalog.pg_trigger t
		WHERE t.tgrelid = b.partition AND t.tgname = b.name);
COMMENT ON VIEW @extschema@.rf_unattached_partition IS
'partitions that came after their table was attached: an INSERT that names one is not seen before the table is attached again';
-- 78_statistics_functions.sql
-- What workers count in shared memory, for the views.

CREATE OR REPLACE FUNCTION @extschema@.rf_sending_status(
	OUT workers integer, OUT read_to bigint, OUT waiting bigint, OUT oldest_event bigint, OUT in_flight bigint,
	OUT attempts bigint, OUT failures bigint, OUT faults bigint, OUT last_fault text, OUT last_fault_at timestamptz,
	OUT counted_since timestamptz, OUT xmin_age integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_sending_status() IS
'what the workers of this database say of themselves, twice a second at most; nulls where none does';

CREATE OR REPLACE FUNCTION @extschema@.rf_webhook_statistics(
	webhook_id bigint, OUT waiting bigint, OUT in_flight bigint, OUT oldest_event bigint, OUT http_version text,
	OUT attempts bigint, OUT failures bigint, OUT counted_since timestamptz,
	OUT attempts_5m bigint, OUT success_rate_5m double precision,
	OUT dns_us_p50_5m bigint, OUT dns_us_p95_5m bigint, OUT dns_us_p99_5m bigint,
	OUT connect_us_p50_5m bigint, OUT connect_us_p95_5m bigint, OUT connect_us_p99_5m bigint,
	OUT tls_us_p50_5m bigint, OUT tls_us_p95_5m bigint, OUT tls_us_p99_5m bigint,
	OUT first_byte_us_p50_5m bigint, OUT first_byte_us_p95_5m bigint, OUT first_byte_us_p99_5m bigint,
	OUT total_us_p50_5m bigint, OUT total_us_p95_5m bigint, OUT total_us_p99_5m bigint,
	OUT attempts_24h bigint, OUT success_rate_24h double precision,
	OUT dns_us_p50_24h bigint, OUT dns_us_p95_24h bigint, OUT dns_us_p99_24h bigint,
	OUT connect_us_p50_24h bigint, OUT connect_us_p95_24h bigint, OUT connect_us_p99_24h bigint,
	OUT tls_us_p50_24h bigint, OUT tls_us_p95_24h bigint, OUT tls_us_p99_24h bigint,
	OUT first_byte_us_p50_24h bigint, OUT first_byte_us_p95_24h bigint, OUT first_byte_us_p99_24h bigint,
	OUT total_us_p50_24h bigint, OUT total_us_p95_24h bigint, OUT total_us_p99_24h bigint)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_statistics(bigint) IS
'what was counted of the attempts of a webhook; times are microseconds and at most an eighth off';

CREATE OR REPLACE FUNCTION @extschema@.rf_stat_reset(webhook_id bigint DEFAULT NULL) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_stat_reset(bigint) IS
'begins to count anew what rf_webhook_status shows of a webhook, or of all and of rf_status; at once and whether or not the transaction commits. A restart of the server does, too';
-- 80_views.sql
-- Views.

CREATE OR REPLACE VIEW @extschema@.rf_leaderboard AS
	SELECT p.campaign_id,
		rank() OVER (PARTITION BY p.campaign_id
			ORDER BY p.qualified_count DESC, p.invited_count DESC, p.joined_at, p.id) AS rank,
		p.id AS participant_id,
		p.code,
		p.name,
		p.qualified_count,
		p.invited_count,
		p.joined_at
	FROM @extschema@.rf_participant p
	WHERE p.invited_count > 0 AND p.state NOT IN ('held', 'blocked') AND p.erased_at IS NULL;
COMMENT ON VIEW @extschema@.rf_leaderboard IS
'referrers by people qualified, then by people invited; who joined earlier ranks higher; reads all people of the campaign, because an index on counts would slow every join: 0.2 s for a million';

CREATE OR REPLACE FUNCTION @extschema@.rf_leaderboard(campaign text, since timestamptz, until timestamptz DEFAULT NULL,
	top integer DEFAULT 100)
RETURNS TABLE (rank bigint, participant_id bigint, code text, qualified_count bigint, invited_count bigint,
	joined_at timestamptz)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	SELECT rank() OVER (ORDER BY t.qualified DESC, t.invited DESC, t.joined_at, t.id),
		t.id, t.code, t.qualified, t.invited, t.joined_at
	FROM (
		SELECT n.qualified, n.invited, p.joined_at, p.id, p.code
		FROM (
			SELECT i.referrer_id,
				count(*) FILTER (WHERE i.state = 'qualified'
					AND i.qualified_at >= $2 AND i.qualified_at < coalesce($3, 'infinity')) AS qualified,
				count(*) FILTER (WHERE i.state NOT IN ('held', 'blocked')
					AND i.joined_at >= $2 AND i.joined_at < coalesce($3, 'infinity')) AS invited
			FROM @extschema@.rf_participant i
			WHERE i.campaign_id = (SELECT c.id FROM @extschema@.rf_campaign c WHERE c.slug = $1)
				AND i.referrer_id IS NOT NULL
				AND (i.joined_at >= $2 OR i.qualified_at >= $2)
			GROUP BY i.referrer_id
		) n
		-- one by one: there are far fewer of them than people
		CROSS JOIN LATERAL (
			SELECT * FROM @extschema@.rf_participant r WHERE r.id = n.referrer_id OFFSET 0
		) p
		WHERE n.qualified + n.invited > 0 AND p.state NOT IN ('held', 'blocked') AND p.erased_at IS NULL
		ORDER BY n.qualified DESC, n.invited DESC, p.joined_at, p.id
		LIMIT $4
	) t
	ORDER BY 1
$$;
COMMENT ON FUNCTION @extschema@.rf_leaderboard(text, timestamptz, timestamptz, integer) IS
'the first of a period, such as date_trunc(''week'', now(), ''UTC'') until null: by people who qualified in it, then by people who joined in it; top null: all; reads all people of the campaign, because an index on states or times of qualification would slow every qualification: 0.4 s for a million';

-- Each row finds its own way up: one person costs as many look-ups as they have
-- people above them. A row that comes by a second time ends it.
CREATE OR REPLACE VIEW @extschema@.rf_referral_tree AS
	SELECT p.campaign_id,
		p.id AS participant_id,
		p.referrer_id,
		p.code,
		p.state,
		up.depth,
		up.path
	FROM @extschema@.rf_participant p
	CROSS JOIN LATERAL (
		WITH RECURSIVE above AS (
			SELECT p.referrer_id AS next, 0 AS depth, ARRAY[p.id] AS path
			UNION ALL
			SELECT r.referrer_id, a.depth + 1, r.id || a.path
			FROM above a
			JOIN @extschema@.rf_participant r ON r.id = a.next
			WHERE r.id <> ALL (a.path)
		)
		SELECT a.depth, a.path FROM above a ORDER BY a.depth DESC LIMIT 1
	) up;
COMMENT ON VIEW @extschema@.rf_referral_tree IS
'who brought whom, with depth and path from the top; made for one person, one referrer''s people or a page (LIMIT): a whole campaign takes some 10 s for a million people, all of whom it returns; see the function for what is below a person';

CREATE OR REPLACE FUNCTION @extschema@.rf_referral_tree(participant_id bigint, levels integer DEFAULT NULL)
RETURNS TABLE (campaign_id bigint, participant_id bigint, referrer_id bigint, code text, state text,
	depth integer, path bigint[])
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE below AS (
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, 0 AS depth, ARRAY[p.id] AS path
		FROM @extschema@.rf_participant p
		WHERE p.id = $1
		UNION ALL
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, b.depth + 1, b.path || p.id
		FROM below b
		JOIN @extschema@.rf_participant p ON p.referrer_id = b.id
		WHERE p.id <> ALL (b.path) AND b.depth < coalesce($2, 2147483647)
	)
	SELECT * FROM below ORDER BY path
$$;
COMMENT ON FUNCTION @extschema@.rf_referral_tree(bigint, integer) IS
'a person and everybody below them, at most so many levels deep; depth and path count from that person';

CREATE OR REPLACE VIEW @extschema@.rf_reward_status AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		rule.name AS rule,
		rule.recipient,
		p.code,
		p.name,
		s.code AS earned_by,
		r.ordinal,
		r.metric,
		r.amount,
		r.unit,
		r.coupon,
		r.state,
		r.reason,
		r.earned_at,
		r.due_at,
		r.changed_at,
		r.rule_id,
		r.participant_id,
		r.subject_id,
		r.n,
		r.issued_at,
		r.fulfilled_at,
		r.reference,
		r.level,
		r.pool,
		r.purchase_id,
		r.original_id
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id;
COMMENT ON VIEW @extschema@.rf_reward_status IS
'rewards with the names of rule and people; ask by reward_id, participant_id or for a page (ORDER BY reward_id LIMIT)';

CREATE OR REPLACE VIEW @extschema@.rf_approval AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		r.rule_id,
		rule.name AS rule,
		rule.recipient,
		r.participant_id,
		p.code,
		p.name,
		p.email,
		p.state AS participant_state,
		s.code AS earned_by,
		r.metric,
		r.amount,
		r.unit,
		r.state,
		CASE
			WHEN r.state = 'failed' THEN coalesce('failed: ' || r.reason, 'failed')
			ELSE coalesce(r.reason, 'waits for approval')
		END AS why,
		r.earned_at,
		r.due_at
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id
	WHERE r.state IN ('due', 'failed')
	ORDER BY r.due_at, r.id;
COMMENT ON VIEW @extschema@.rf_approval IS
'rewards that wait for somebody, oldest first: due ones that are not issued by themselves or found no coupon, and failed ones; rf_issue, rf_cancel and the like take array_agg(reward_id)';

CREATE OR REPLACE VIEW @extschema@.rf_campaign_rewards AS
	SELECT rule.campaign_id,
		r.metric,
		r.unit,
		r.state,
		count(*) AS rewards,
		sum(r.amount) AS total
	FROM @extschema@.rf_reward_rule rule
	JOIN @extschema@.rf_reward r ON r.rule_id = rule.id
	GROUP BY rule.campaign_id, r.metric, r.unit, r.state;
COMMENT ON VIEW @extschema@.rf_campaign_rewards IS
'rewards of each campaign by metric, unit and state; clawed_back holds originals and the negative rows that take them back';

-- Joined, not correlated: what is asked of one campaign reaches each part, parts
-- whose columns are not asked for are not read, and each may be read in parallel.
CREATE OR REPLACE VIEW @extschema@.rf_campaign_stats AS
	SELECT c.id AS campaign_id,
		c.slug,
		coalesce(p.referrers, 0) AS referrers,
		coalesce(p.invited, 0) AS invited,
		coalesce(p.qualified, 0) AS qualified,
		round(100.0 * p.qualified / nullif(p.invited, 0), 2) AS qualified_percent,
		coalesce(p.joined, 0) AS joined,
		coalesce(p.pending, 0) AS pending,
		coalesce(p.expired, 0) AS expired,
		coalesce(p.held, 0) AS held,
		coalesce(p.blocked, 0) AS blocked,
		coalesce(k.reach, 0) AS reach,
		coalesce(k.clicks, 0) AS clicks,
		coalesce(r.rewarded, 0) AS rewarded,
		(SELECT jsonb_object_agg(m.key, round(m.value::numeric / nullif(p.qualified, 0), 2))
			FROM jsonb_each_text(m.cost) m) AS cost_per_qualified
	FROM @extschema@.rf_campaign c
	LEFT JOIN (
		SELECT campaign_id,
			count(*) AS joined,
			count(*) - count(referrer_id) AS referrers,
			count(referrer_id) AS invited,
			count(*) FILTER (WHERE state = 'pending') AS pending,
			count(*) FILTER (WHERE state = 'qualified') AS qualified,
			count(*) FILTER (WHERE state = 'expired') AS expired,
			count(*) FILTER (WHERE state = 'held') AS held,
			count(*) FILTER (WHERE state = 'blocked') AS blocked
		FROM @extschema@.rf_participant
		GROUP BY campaign_id
	) p ON p.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, count(*) AS reach, sum(clicks) AS clicks
		FROM @extschema@.rf_click
		GROUP BY campaign_id
	) k ON k.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, count(*) AS rewarded
		FROM (
			SELECT rule.campaign_id, w.participant_id
			FROM @extschema@.rf_reward_rule rule
			JOIN @extschema@.rf_reward w ON w.rule_id = rule.id
			WHERE w.state IN ('issued', 'fulfilled')
			GROUP BY rule.campaign_id, w.participant_id
		) each
		GROUP BY campaign_id
	) r ON r.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, jsonb_object_agg(unit, cost) AS cost
		FROM (
			SELECT rule.campaign_id, w.unit, sum(w.amount) AS cost
			FROM @extschema@.rf_reward_rule rule
			JOIN @extschema@.rf_reward w ON w.rule_id = rule.id
			WHERE w.metric IN ('amount', 'commission') AND w.state IN ('issued', 'fulfilled', 'clawed_back')
			GROUP BY rule.campaign_id, w.unit
		) each
		GROUP BY campaign_id
	) m ON m.campaign_id = c.id;
COMMENT ON VIEW @extschema@.rf_campaign_stats IS
'figures of each campaign: people by state, visitors of their links (reach: one a day and link), people whose reward was issued, net cost of rewards for each qualified person by currency; ask by campaign_id; counts all people and rewards at every read, because counters would make every join wait for one row: 0.3 s for a million';

CREATE OR REPLACE VIEW @extschema@.rf_funnel AS
	SELECT s.campaign_id,
		s.slug,
		step.step,
		step.stage,
		step.people,
		round(100.0 * step.people / nullif(step.before, 0), 2) AS percent_of_previous,
		round(100.0 * step.people / nullif(s.reach, 0), 2) AS percent_of_reach
	FROM @extschema@.rf_campaign_stats s
	CROSS JOIN LATERAL (VALUES
		(1, 'reach', s.reach, NULL),
		(2, 'joined', s.joined, s.reach),
		(3, 'invited', s.invited, s.joined),
		(4, 'qualified', s.qualified, s.invited),
		(5, 'rewarded', s.rewarded, s.qualified)
	) AS step (step, stage, people, before);
COMMENT ON VIEW @extschema@.rf_funnel IS
'how far people come, one row for each stage: reach, joined, invited, qualified, rewarded; costs what rf_campaign_stats costs';

CREATE OR REPLACE VIEW @extschema@.rf_daily_stats AS
	SELECT d.campaign_id,
		d.day,
		sum(d.joined)::bigint AS joined,
		sum(d.invited)::bigint AS invited,
		sum(d.qualified)::bigint AS qualified,
		sum(d.rewards)::bigint AS rewards,
		sum(d.reach)::bigint AS reach,
		sum(d.clicks)::bigint AS clicks
	FROM (
		SELECT p.campaign_id, v.day, v.joined, v.invited, v.qualified, 0 AS rewards, 0 AS reach, 0 AS clicks
		FROM (
			SELECT campaign_id,
				(joined_at AT TIME ZONE 'UTC')::date AS joined_on,
				(qualified_at AT TIME ZONE 'UTC')::date AS qualified_on,
				count(*) AS people,
				count(referrer_id) AS invited,
				count(*) FILTER (WHERE state = 'qualified') AS qualified
			FROM @extschema@.rf_participant
			GROUP BY 1, 2, 3
		) p
		CROSS JOIN LATERAL (VALUES
			(p.joined_on, p.people, p.invited, 0),
			(p.qualified_on, 0, 0, p.qualified)
		) AS v (day, joined, invited, qualified)
		WHERE v.day IS NOT NULL
		UNION ALL
		SELECT rule.campaign_id, (r.earned_at AT TIME ZONE 'UTC')::date, 0, 0, 0, count(*), 0, 0
		FROM @extschema@.rf_reward_rule rule
		JOIN @extschema@.rf_reward r ON r.rule_id = rule.id
		WHERE r.state IN ('pending', 'due', 'issued', 'fulfilled', 'failed') AND r.original_id IS NULL
		GROUP BY 1, 2
		UNION ALL
		SELECT campaign_id, day, 0, 0, 0, 0, count(*), sum(clicks)
		FROM @extschema@.rf_click
		GROUP BY 1, 2
	) d
	GROUP BY d.campaign_id, d.day;
COMMENT ON VIEW @extschema@.rf_daily_stats IS
'people who joined, came by a link and qualified, rewards that live, and visitors, by day in UTC; days on which nothing happened have no row; reads all people and rewards of the campaign, for there is no index by which states could be read alone: 0.4 s for a million';

CREATE OR REPLACE VIEW @extschema@.rf_delivery AS
	SELECT d.delivery_id,
		d.event_id,
		d.webhook_id,
		@extschema@.rf_message_id(e.home, e.id) AS message_id,
		e.type,
		CASE
			WHEN dead.delivery_id IS NOT NULL THEN 'dead'
			WHEN retry.delivery_id IS NOT NULL THEN
				CASE WHEN retry.next_at = 'infinity' THEN 'parked' ELSE 'retrying' END
			WHEN a.delivered THEN 'delivered'
			WHEN a.attempts IS NULL AND h.id IS NOT NULL THEN 'pending'
			ELSE 'cancelled'
		END AS state,
		coalesce(a.attempts, 0) AS attempts,
		a.last_at AS last_attempt_at,
		retry.next_at
	FROM (
		SELECT id AS delivery_id, event_id, webhook_id FROM @extschema@.rf_outbox
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_retry
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_dead
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_attempt
	) d
	JOIN @extschema@.rf_event e ON e.id = d.event_id
	LEFT JOIN (
		SELECT delivery_id, count(*) AS attempts, max(started_at) AS last_at,
			bool_or(outcome = 'success') AS delivered
		FROM @extschema@.rf_attempt
		GROUP BY delivery_id
	) a USING (delivery_id)
	LEFT JOIN @extschema@.rf_retry retry USING (delivery_id)
	LEFT JOIN @extschema@.rf_dead dead USING (delivery_id)
	LEFT JOIN @extschema@.rf_webhook h ON h.id = d.webhook_id;
COMMENT ON VIEW @extschema@.rf_delivery IS
'every delivery: pending, delivered, retrying, parked (webhook not enabled), dead, or cancelled (its webhook was deleted before)';

-- What waits and no worker has told of: all of it, if none runs. Rows above read_to
-- are few, and found by the keys of the outbox tables: the upper bound, which all
-- ids are below, lets the planner expect few rows, too.
CREATE OR REPLACE VIEW @extschema@.rf_unread AS
	SELECT o.id AS delivery_id, o.event_id, o.webhook_id
	FROM @extschema@.rf_sending_status() g,
		@extschema@.rf_outbox o
	WHERE o.id > coalesce(g.read_to, 0) AND o.id < coalesce(g.read_to, 0) + 4611686018427387904
		AND (g.read_to IS NOT NULL
			OR NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
			AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id))
		AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id);
COMMENT ON VIEW @extschema@.rf_unread IS
'deliveries that wait in the outbox and that no worker has read; part of rf_status';

CREATE OR REPLACE VIEW @extschema@.rf_status AS
	SELECT w.pid AS worker_pid,
		w.state AS worker_state,
		w.since AS worker_since,
		@extschema@.rf_home_status() AS at_home,
		coalesce(g.waiting, 0) + u.pending AS pending,
		r.retrying,
		r.parked,
		(SELECT count(*) FROM @extschema@.rf_dead) AS dead,
		(SELECT now() - e.created_at FROM @extschema@.rf_event e
			WHERE e.id = least(g.oldest_event, u.oldest_event)) AS oldest_pending,
		CASE
			WHEN NOT @extschema@.rf_home_status()
				THEN 'restored copy: sends nothing before rf_adopt_database()'
			ELSE w.detail
		END AS detail,
		ARRAY(SELECT DISTINCT u.partition FROM @extschema@.rf_unattached_partition u)
			AS unattached_partitions,
		g.workers,
		g.in_flight,
		g.attempts,
		g.failures,
		g.faults,
		g.last_fault,
		g.last_fault_at,
		g.counted_since,
		g.xmin_age
	FROM @extschema@.rf_worker_status() w,
		@extschema@.rf_sending_status() g,
		(SELECT count(*) AS pending, min(event_id) AS oldest_event FROM @extschema@.rf_unread) u,
		(SELECT count(*) FILTER (WHERE next_at <> 'infinity') AS retrying,
			count(*) FILTER (WHERE next_at = 'infinity') AS parked
		FROM @extschema@.rf_retry) r;
COMMENT ON VIEW @extschema@.rf_status IS
'one row: is the worker alive, what waits, and why nothing is sent if so';
COMMENT ON COLUMN @extschema@.rf_status.pending IS
'deliveries that wait for their first attempt or its end; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_status.retrying IS
'deliveries that failed and will be tried again, or wait for a first attempt that has a delay';
COMMENT ON COLUMN @extschema@.rf_status.parked IS
'deliveries of webhooks that are not enabled';
COMMENT ON COLUMN @extschema@.rf_status.dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_status.oldest_pending IS
'age of the oldest event among the pending';
COMMENT ON COLUMN @extschema@.rf_status.detail IS
'why nothing is sent, or what keeps failing; null: all is well';
COMMENT ON COLUMN @extschema@.rf_status.workers IS
'workers that send from this database';
COMMENT ON COLUMN @extschema@.rf_status.in_flight IS
'requests under way; null: no worker says';
COMMENT ON COLUMN @extschema@.rf_status.attempts IS
'attempts since counted_since';
COMMENT ON COLUMN @extschema@.rf_status.failures IS
'those of them that failed';
COMMENT ON COLUMN @extschema@.rf_status.faults IS
'faults on this side since counted_since, such as want of descriptors, a full disk or a lock: they cost no attempt';
COMMENT ON COLUMN @extschema@.rf_status.last_fault IS
'what the last of them said';
COMMENT ON COLUMN @extschema@.rf_status.last_fault_at IS
'when that was';
COMMENT ON COLUMN @extschema@.rf_status.counted_since IS
'first sending after the start of the server, or rf_stat_reset()';
COMMENT ON COLUMN @extschema@.rf_status.xmin_age IS
'transactions since the oldest snapshot that a worker holds; null, as it should mostly be: it holds none';

CREATE OR REPLACE VIEW @extschema@.rf_webhook_status AS
	SELECT h.id AS webhook_id,
		h.name,
		h.state,
		s.paused_until,
		s.last_success_at,
		s.last_failure_at,
		s.last_error,
		s.disabled_at,
		s.disabled_reason,
		coalesce(r.retrying, 0) AS retrying,
		coalesce(d.dead, 0) AS dead,
		s.failing_since,
		coalesce(s.breaker, 'closed') AS breaker,
		s.open_until,
		coalesce(s.openings, 0) AS openings,
		coalesce(t.waiting, 0) + coalesce(u.pending, 0) AS pending,
		coalesce(t.in_flight, 0) AS in_flight,
		(SELECT now() - e.created_at FROM @extschema@.rf_event e
			WHERE e.id = least(t.oldest_event, u.oldest_event)) AS oldest_pending,
		t.http_version,
		t.attempts,
		t.failures,
		t.counted_since,
		t.attempts_5m,
		round(t.success_rate_5m::numeric, 4) AS success_rate_5m,
		t.dns_us_p50_5m, t.dns_us_p95_5m, t.dns_us_p99_5m,
		t.connect_us_p50_5m, t.connect_us_p95_5m, t.connect_us_p99_5m,
		t.tls_us_p50_5m, t.tls_us_p95_5m, t.tls_us_p99_5m,
		t.first_byte_us_p50_5m, t.first_byte_us_p95_5m, t.first_byte_us_p99_5m,
		t.total_us_p50_5m, t.total_us_p95_5m, t.total_us_p99_5m,
		t.attempts_24h,
		round(t.success_rate_24h::numeric, 4) AS success_rate_24h,
		t.dns_us_p50_24h, t.dns_us_p95_24h, t.dns_us_p99_24h,
		t.connect_us_p50_24h, t.connect_us_p95_24h, t.connect_us_p99_24h,
		t.tls_us_p50_24h, t.tls_us_p95_24h, t.tls_us_p99_24h,
		t.first_byte_us_p50_24h, t.first_byte_us_p95_24h, t.first_byte_us_p99_24h,
		t.total_us_p50_24h, t.total_us_p95_24h, t.total_us_p99_24h
	FROM @extschema@.rf_webhook h
	LEFT JOIN @extschema@.rf_webhook_state s ON s.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS retrying
		FROM @extschema@.rf_retry GROUP BY webhook_id) r ON r.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS dead
		FROM @extschema@.rf_dead GROUP BY webhook_id) d ON d.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS pending, min(event_id) AS oldest_event
		FROM @extschema@.rf_unread GROUP BY webhook_id) u ON u.webhook_id = h.id
	CROSS JOIN LATERAL @extschema@.rf_webhook_statistics(h.id) t;
COMMENT ON VIEW @extschema@.rf_webhook_status IS
'what the workers know of each endpoint. dns, connect, tls: microseconds of that step, over new connections; first_byte, total: microseconds since the start of the attempt; p50, p95, p99: what so many percent did not exceed, at most an eighth off; 5m, 24h: the last 4 to 5 minutes, the last 21 to 24 hours; null: there were none';
COMMENT ON COLUMN @extschema@.rf_webhook_status.retrying IS
'deliveries in rf_retry, those of a webhook that is not enabled included';
COMMENT ON COLUMN @extschema@.rf_webhook_status.dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_webhook_status.failing_since IS
'first failure since the last success';
COMMENT ON COLUMN @extschema@.rf_webhook_status.breaker IS
'closed: sends; open: too many failures, nothing is sent before open_until; probing: one request decides';
COMMENT ON COLUMN @extschema@.rf_webhook_status.open_until IS
'until then the breaker keeps everything back';
COMMENT ON COLUMN @extschema@.rf_webhook_status.openings IS
'how often in a row the breaker opened';
COMMENT ON COLUMN @extschema@.rf_webhook_status.pending IS
'deliveries that wait for their first attempt or its end; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_webhook_status.in_flight IS
'requests under way; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_webhook_status.oldest_pending IS
'age of the oldest event among the pending';
COMMENT ON COLUMN @extschema@.rf_webhook_status.http_version IS
'version of HTTP that the last answer was in';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts IS
'attempts since counted_since';
COMMENT ON COLUMN @extschema@.rf_webhook_status.failures IS
'those of them that failed';
COMMENT ON COLUMN @extschema@.rf_webhook_status.counted_since IS
'first attempt after the start of the server, or rf_stat_reset()';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts_5m IS
'attempts in the last 5 minutes (4 to 5)';
COMMENT ON COLUMN @extschema@.rf_webhook_status.success_rate_5m IS
'how many of them succeeded, from 0 to 1; null: there were none';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts_24h IS
'attempts in the last 24 hours (21 to 24)';
COMMENT ON COLUMN @extschema@.rf_webhook_status.success_rate_24h IS
'how many of them succeeded, from 0 to 1; null: there were none';

-- What a dump keeps, and who may do what. REVOKE on new functions only: on others
-- it makes what was granted meanwhile part of the extension, and a dump would no
-- longer contain it.
REVOKE ALL ON FUNCTION
	@extschema@.rf_create_webhook,
	@extschema@.rf_sending_status, @extschema@.rf_webhook_statistics, @extschema@.rf_stat_reset
FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.rf_webhook_updated FROM PUBLIC;

REVOKE ALL ON FUNCTION
	@extschema@.rf_test_webhook, @extschema@.rf_replay, @extschema@.rf_replay_webhook
FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fulfilment', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fulfilment_id_seq', '');
REVOKE ALL ON FUNCTION @extschema@.rf_workers FROM PUBLIC;
REVOKE ALL ON FUNCTION
	@extschema@.rf_secret_admit, @extschema@.rf_rotate_secret, @extschema@.rf_set_tls
FROM PUBLIC;
