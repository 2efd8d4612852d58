-- What those ask who watch: a load balancer, Prometheus.

CREATE OR REPLACE FUNCTION @extschema@.rf_health() RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_health() IS
'{"status": "ok"}, or "failing" with its reasons: recovery, extension, home (a restored copy), worker, pending; and warnings, which do not make it fail; GET /health answers it';

CREATE OR REPLACE FUNCTION @extschema@.rf_metrics() RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_metrics() IS
'figures in the text format of Prometheus, as GET /metrics; people and rewards are estimated from a sample where their table is larger than 16 MB';
