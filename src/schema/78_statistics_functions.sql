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
