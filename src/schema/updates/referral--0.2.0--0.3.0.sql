-- Complain if the script is sourced in psql rather than by ALTER EXTENSION.
\echo Use "ALTER EXTENSION referral UPDATE TO '0.3.0'" to load this file. \quit
-- From 0.2.0 to 0.3.0. See assemble.awk for the lines that begin with @.

-- Tables are altered, never made anew, and functions and views are replaced: whom
-- rf_grant gave what keeps it. To use what is new they need rf_grant again.

-- Sending.

-- @comments 40_event.sql

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
-- @comments 50_webhook.sql
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

-- @include 52_fulfilment.sql

-- Functions and views.

-- A function that has more arguments than before is another one: rights on it are
-- granted anew by rf_grant.
DROP FUNCTION @extschema@.rf_create_webhook;

-- @include 70_functions.sql
-- @include 71_purchase_functions.sql
-- @include 72_delivery_functions.sql
-- @include 73_review_functions.sql
-- @include 74_server_functions.sql
-- @include 75_erase_functions.sql
-- @include 76_rule_functions.sql
-- @include 77_attach_functions.sql
-- @include 78_statistics_functions.sql
-- @include 80_views.sql

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
