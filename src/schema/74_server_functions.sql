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
