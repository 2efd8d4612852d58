-- Webhooks: the endpoints that want events, and what became of every delivery.

CREATE TABLE @extschema@.rf_webhook (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	campaign_id bigint,
	name text
		CHECK (octet_length(name) <= 1024),
	url text NOT NULL
		CHECK (octet_length(url) <= 2048),
	method text NOT NULL DEFAULT 'POST'
		CHECK (method IN ('POST', 'PUT', 'GET')),
	events text[] NOT NULL DEFAULT '{*}'
		CHECK (cardinality(events) > 0 AND array_position(events, NULL) IS NULL),
	sources text[]
		CHECK (cardinality(sources) > 0 AND array_position(sources, NULL) IS NULL),
	rule_id bigint,
	format text NOT NULL DEFAULT 'standard'
		CHECK (format IN ('standard', 'fields', 'form', 'cloudevents', 'template')),
	fields jsonb
		CHECK (jsonb_typeof(fields) = 'object'),
	extra jsonb
		CHECK (jsonb_typeof(extra) = 'object'),
	template jsonb,
	header_names text[] NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'enabled'
		CHECK (state IN ('enabled', 'paused', 'disabled')),
	timeout interval NOT NULL DEFAULT '15 s'
		CHECK (timeout BETWEEN interval '1 s' AND interval '60 s'),
	max_in_flight integer NOT NULL DEFAULT 8
		CHECK (max_in_flight BETWEEN 1 AND 1000),
	rate_limit numeric
		CHECK (rate_limit BETWEEN 0.00001 AND 1000000),
	ordering text NOT NULL DEFAULT 'parallel'
		CHECK (ordering IN ('parallel', 'fifo')),
	retry_schedule interval[]
		CHECK (cardinality(retry_schedule) BETWEEN 1 AND 50 AND array_position(retry_schedule, NULL) IS NULL),
	http_version text
		CHECK (http_version IN ('1.1', '2')),
	fulfills boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL,
	CONSTRAINT rf_webhook_format_fields_check
		CHECK ((format IN ('fields', 'form')) = (fields IS NOT NULL)),
	CONSTRAINT rf_webhook_format_extra_check
		CHECK (extra IS NULL OR format IN ('fields', 'form')),
	CONSTRAINT rf_webhook_method_format_check
		CHECK (method <> 'GET' OR format IN ('fields', 'form')),
	CONSTRAINT rf_webhook_format_template_check
		CHECK ((format = 'template') = (template IS NOT NULL)),
	CONSTRAINT rf_webhook_fulfills_events_check
		CHECK (NOT fulfills OR events && '{*,reward.*,reward.issued}')
);

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

CREATE FUNCTION @extschema@.rf_webhook_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_admit() IS
'trigger: checks URL, events and fields of a webhook';
CREATE FUNCTION @extschema@.rf_webhook_created() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_created() IS
'trigger: makes the secrets of new webhooks';
CREATE FUNCTION @extschema@.rf_webhook_updated() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_updated() IS
'trigger: webhooks that are enabled again or get another URL begin anew';
CREATE FUNCTION @extschema@.rf_webhook_deleted() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_webhook_deleted() IS
'trigger: cancels what waits for deleted webhooks';

CREATE TRIGGER rf_webhook_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_webhook
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_webhook_admit();
CREATE TRIGGER rf_webhook_created
AFTER INSERT ON @extschema@.rf_webhook
REFERENCING NEW TABLE AS created
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_created();
CREATE TRIGGER rf_webhook_updated
AFTER UPDATE ON @extschema@.rf_webhook
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_updated();
CREATE TRIGGER rf_webhook_deleted
AFTER DELETE ON @extschema@.rf_webhook
REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_webhook_deleted();
CREATE TRIGGER rf_webhook_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_webhook
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_secret (
	webhook_id bigint NOT NULL,
	kind text NOT NULL
		CHECK (kind IN ('signing', 'headers', 'tls')),
	value text NOT NULL,
	valid_from timestamptz NOT NULL,
	valid_until timestamptz,
	CHECK (valid_until > valid_from)
);
CREATE INDEX rf_secret_webhook_idx ON @extschema@.rf_secret (webhook_id);
CREATE UNIQUE INDEX rf_secret_current_key ON @extschema@.rf_secret (webhook_id, kind)
	WHERE valid_until IS NULL;

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

CREATE FUNCTION @extschema@.rf_secret_admit() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_secret_admit() IS
'trigger: checks secrets, without showing them as the constraints would';

CREATE TRIGGER rf_secret_admit
BEFORE INSERT OR UPDATE ON @extschema@.rf_secret
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_secret_admit();
CREATE TRIGGER rf_secret_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.rf_secret
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_programme_changed();

CREATE TABLE @extschema@.rf_webhook_state (
	webhook_id bigint PRIMARY KEY,
	paused_until timestamptz,
	last_success_at timestamptz,
	last_failure_at timestamptz,
	last_error text,
	failing_since timestamptz,
	disabled_at timestamptz,
	disabled_reason text,
	breaker text NOT NULL DEFAULT 'closed'
		CHECK (breaker IN ('closed', 'open', 'probing')),
	open_until timestamptz,
	openings integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

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

CREATE TABLE @extschema@.rf_retry (
	delivery_id bigint PRIMARY KEY,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea,
	attempts integer NOT NULL,
	next_at timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX rf_retry_due_idx ON @extschema@.rf_retry (webhook_id, next_at);
CREATE INDEX rf_retry_event_idx ON @extschema@.rf_retry (event_id);
CREATE INDEX rf_retry_order_idx ON @extschema@.rf_retry (webhook_id, event_id);

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

CREATE TABLE @extschema@.rf_dead (
	delivery_id bigint PRIMARY KEY,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	body bytea,
	attempts integer NOT NULL,
	died_at timestamptz NOT NULL,
	last_error text
);
CREATE INDEX rf_dead_event_idx ON @extschema@.rf_dead (event_id);

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

-- Attempts are only ever inserted, for a third of referral.retention into each table
-- in turn, so that what is past its time can go by TRUNCATE.
CREATE TABLE @extschema@.rf_attempt_0 (
	delivery_id bigint NOT NULL,
	event_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	attempt integer NOT NULL,
	started_at timestamptz NOT NULL,
	outcome text NOT NULL
		CHECK (outcome IN ('success', 'retry', 'dead', 'disabled')),
	status integer,
	error text,
	dns_us bigint,
	connect_us bigint,
	tls_us bigint,
	first_byte_us bigint,
	total_us bigint,
	peer inet,
	http_version text,
	response bytea,
	next_at timestamptz,
	error_class text,
	response_headers jsonb
);
CREATE INDEX rf_attempt_0_delivery_idx ON @extschema@.rf_attempt_0 (delivery_id);
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
CREATE TABLE @extschema@.rf_attempt_1 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_attempt_2 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);
CREATE TABLE @extschema@.rf_attempt_3 (LIKE @extschema@.rf_attempt_0 INCLUDING ALL);

CREATE OR REPLACE VIEW @extschema@.rf_attempt AS
	SELECT * FROM @extschema@.rf_attempt_0
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_1
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_2
	UNION ALL
	SELECT * FROM @extschema@.rf_attempt_3;

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
