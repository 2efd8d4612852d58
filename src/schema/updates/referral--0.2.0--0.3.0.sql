-- Complain if the script is sourced in psql rather than by ALTER EXTENSION.
\echo Use "ALTER EXTENSION referral UPDATE TO '0.3.0'" to load this file. \quit
-- From 0.2.0 to 0.3.0. See assemble.awk for the lines that begin with @.

-- Tables are altered, never made anew, and functions and views are replaced: whom
-- rf_grant gave what keeps it. To use what is new they need rf_grant again.

-- Sending.

-- @comments 40_event.sql

CREATE INDEX rf_retry_event_idx ON @extschema@.rf_retry (event_id);
CREATE INDEX rf_dead_event_idx ON @extschema@.rf_dead (event_id);

DROP TRIGGER rf_webhook_unbuilt ON @extschema@.rf_webhook;
CREATE TRIGGER rf_webhook_unbuilt
BEFORE INSERT OR UPDATE ON @extschema@.rf_webhook
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_refuse_unbuilt('rate_limit',
	'ordering=fifo', 'http_version=2', 'fulfills=true');

-- @comments 50_webhook.sql

-- Functions and views.

-- A function that has more arguments than before is another one. The old one is
-- there until whoever could call it can call the new one (see the end).
ALTER FUNCTION @extschema@.rf_create_webhook RENAME TO rf_create_webhook_before;

-- @include 70_functions.sql
-- @include 71_purchase_functions.sql
-- @include 72_delivery_functions.sql
-- @include 73_review_functions.sql
-- @include 74_server_functions.sql
-- @include 75_erase_functions.sql
-- @include 76_rule_functions.sql
-- @include 77_attach_functions.sql
-- @include 80_views.sql

-- What a dump keeps, and who may do what. REVOKE on new functions only: on others
-- it makes what was granted meanwhile part of the extension, and a dump would no
-- longer contain it.
REVOKE ALL ON FUNCTION
	@extschema@.rf_create_webhook
FROM PUBLIC;

-- Not by GRANT, which would make these rights part of the extension.
UPDATE pg_catalog.pg_proc AS new
SET proacl = old.proacl
FROM pg_catalog.pg_proc AS old
WHERE new.oid = '@extschema@.rf_create_webhook'::pg_catalog.regproc
AND old.oid = '@extschema@.rf_create_webhook_before'::pg_catalog.regproc;
INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
	SELECT dbid, classid, '@extschema@.rf_create_webhook'::pg_catalog.regproc, objsubid,
		refclassid, refobjid, deptype
	FROM pg_catalog.pg_shdepend
	WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
	AND classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
	AND objid = '@extschema@.rf_create_webhook_before'::pg_catalog.regproc
	AND deptype = 'a';
DROP FUNCTION @extschema@.rf_create_webhook_before;
