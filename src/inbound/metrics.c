/*
 * metrics.c
 *	  See metrics.h.
 *
 * Counters are what shared memory counts, and begin anew when the server starts,
 * as counters of Prometheus may. Histograms are not among them: times are kept
 * for windows that slide, which the quantiles of a summary can show and the
 * buckets of a histogram, which only grow, cannot.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "inbound/health.h"
#include "inbound/metrics.h"

PG_FUNCTION_INFO_V1(rf_metrics);

/* Most bytes of a table that are read to count what is in it. */
#define SAMPLE_BYTES (16 * 1024 * 1024)

#define WRITE(out, statement, values, measures) \
	rf_exposition_write(out, &(statement), values, measures, lengthof(measures))

/* ---- the server --------------------------------------------------------- */

RF_STATEMENT(read_build,
			 "SELECT $1 AS version,"
			 " split_part(current_setting('server_version'), ' ', 1) AS postgresql, 1::float8",
			 TEXTOID);

static const RfMeasure build_measures[] = {
	{"referral_build_info", "gauge", "Versions of the extension and of the server; always 1.", NULL},
};

RF_STATEMENT(read_health, "SELECT $1", FLOAT8OID);

static const RfMeasure health_measures[] = {
	{"referral_healthy", "gauge", "Whether /health answers 200.", NULL},
};

RF_STATEMENT(count_workers,
			 "SELECT w.state, count(*)::float8"
			 " FROM @extschema@.rf_workers() w GROUP BY w.state");

static const RfMeasure worker_measures[] = {
	{"referral_workers", "gauge", "Workers of this database, missing ones included.", NULL},
};

static void
write_server(StringInfo out)
{
	Datum version = CStringGetTextDatum(REFERRAL_VERSION);
	Datum good = Float8GetDatum(rf_health_is_good() ? 1 : 0);

	WRITE(out, read_build, &version, build_measures);
	WRITE(out, read_health, &good, health_measures);
	WRITE(out, count_workers, NULL, worker_measures);
}

/* ---- sending ------------------------------------------------------------ */

RF_STATEMENT(read_sending,
			 "SELECT s.at_home::int::float8,"
			 " s.pending::float8, s.retrying::float8, s.parked::float8, s.dead::float8,"
			 " extract(epoch FROM coalesce(s.oldest_pending, '0'))::float8, s.in_flight::float8,"
			 " (s.attempts - s.failures)::float8, s.failures::float8, s.faults::float8,"
			 " coalesce(s.xmin_age, 0)::float8, cardinality(s.unattached_partitions)::float8"
			 " FROM @extschema@.rf_status s");

static const RfMeasure sending_measures[] = {
	{"referral_at_home", "gauge", "0: a restored copy, which sends nothing.", NULL},
	{"referral_deliveries", "gauge", "Deliveries that have not arrived.", "state=\"pending\""},
	{"referral_deliveries", NULL, NULL, "state=\"retrying\""},
	{"referral_deliveries", NULL, NULL, "state=\"parked\""},
	{"referral_deliveries", NULL, NULL, "state=\"dead\""},
	{"referral_oldest_pending_seconds", "gauge", "Age of the oldest event among the pending.", NULL},
	{"referral_requests_in_flight", "gauge", "Requests to endpoints that are under way.", NULL},
	{"referral_attempts_total", "counter", "Attempts to deliver.", "outcome=\"success\""},
	{"referral_attempts_total", NULL, NULL, "outcome=\"failure\""},
	{"referral_faults_total", "counter", "Faults on this side while sending, which cost no attempt.", NULL},
	{"referral_worker_snapshot_age_transactions", "gauge",
	 "Transactions since the oldest snapshot that a worker holds; 0: none.", NULL},
	{"referral_unattached_partitions", "gauge",
	 "Partitions of attached tables whose rows are not seen.", NULL},
};

/* A webhook that was never used has nothing to tell. */
RF_STATEMENT(read_webhooks,
			 "SELECT s.webhook_id::text AS webhook,"
			 " (s.state = 'enabled')::int::float8, (s.breaker <> 'closed')::int::float8,"
			 " s.pending::float8, s.retrying::float8, s.dead::float8,"
			 " extract(epoch FROM coalesce(s.oldest_pending, '0'))::float8, s.in_flight::float8,"
			 " extract(epoch FROM s.last_success_at)::float8,"
			 " (s.attempts - s.failures)::float8, s.failures::float8,"
			 " s.total_us_p50_5m / 1e6::float8, s.total_us_p95_5m / 1e6::float8,"
			 " s.total_us_p99_5m / 1e6::float8, s.attempts::float8"
			 " FROM @extschema@.rf_webhook_status s"
			 " WHERE s.attempts > 0 OR s.pending + s.retrying + s.dead > 0"
			 " OR s.state <> 'enabled' OR s.breaker <> 'closed'"
			 " ORDER BY s.webhook_id");

static const RfMeasure webhook_measures[] = {
	{"referral_webhook_enabled", "gauge", "0: paused or disabled.", NULL},
	{"referral_webhook_breaker_open", "gauge", "1: it fails so often that little is sent.", NULL},
	{"referral_webhook_deliveries", "gauge", "Deliveries that have not arrived.", "state=\"pending\""},
	{"referral_webhook_deliveries", NULL, NULL, "state=\"retrying\""},
	{"referral_webhook_deliveries", NULL, NULL, "state=\"dead\""},
	{"referral_webhook_oldest_pending_seconds", "gauge",
	 "Age of the oldest event among the pending.", NULL},
	{"referral_webhook_requests_in_flight", "gauge", "Requests that are under way.", NULL},
	{"referral_webhook_last_success_timestamp_seconds", "gauge", "When it last answered 2xx.", NULL},
	{"referral_webhook_attempts_total", "counter", "Attempts to deliver.", "outcome=\"success\""},
	{"referral_webhook_attempts_total", NULL, NULL, "outcome=\"failure\""},
	{"referral_webhook_attempt_seconds", "summary",
	 "How long attempts took, of the last 5 minutes.", "quantile=\"0.5\""},
	{"referral_webhook_attempt_seconds", NULL, NULL, "quantile=\"0.95\""},
	{"referral_webhook_attempt_seconds", NULL, NULL, "quantile=\"0.99\""},
	{"referral_webhook_attempt_seconds_count", NULL, NULL, NULL},
};

static void
write_sending(StringInfo out)
{
	WRITE(out, read_sending, NULL, sending_measures);
	WRITE(out, read_webhooks, NULL, webhook_measures);
}

/* ---- calling in --------------------------------------------------------- */

RF_STATEMENT(read_listeners,
			 "SELECT l.listen, l.listener::text AS listener, (l.state = 'serving')::int::float8,"
			 " l.connections::float8, l.answered_2xx::float8, l.answered_3xx::float8,"
			 " l.answered_4xx::float8, l.answered_5xx::float8, l.rejected::float8, l.clicks::float8"
			 " FROM @extschema@.rf_listeners() l"
			 " WHERE l.database = current_database() ORDER BY l.listen, l.listener");

static const RfMeasure listener_measures[] = {
	{"referral_listener_serving", "gauge", "1: calls are taken there.", NULL},
	{"referral_listener_connections", "gauge", "Connections that are open.", NULL},
	{"referral_listener_requests_total", "counter", "Requests that were answered.", "status=\"2xx\""},
	{"referral_listener_requests_total", NULL, NULL, "status=\"3xx\""},
	{"referral_listener_requests_total", NULL, NULL, "status=\"4xx\""},
	{"referral_listener_requests_total", NULL, NULL, "status=\"5xx\""},
	{"referral_listener_rejected_total", "counter", "Requests and connections beyond a limit.", NULL},
	{"referral_listener_clicks_total", "counter", "Links that were followed.", NULL},
};

static void
write_listeners(StringInfo out)
{
	WRITE(out, read_listeners, NULL, listener_measures);
}

/* ---- the programme ------------------------------------------------------ */

RF_STATEMENT(count_campaigns,
			 "SELECT CASE WHEN c.ends_at <= now() THEN 'ended' ELSE c.state END AS state,"
			 " count(*)::float8"
			 " FROM @extschema@.rf_campaign c GROUP BY 1 ORDER BY 1");

static const RfMeasure campaign_measures[] = {
	{"referral_campaigns", "gauge", "Campaigns.", NULL},
};

RF_STATEMENT(count_coupons,
			 "SELECT p.pool, (p.total - p.used)::float8, p.used::float8"
			 " FROM @extschema@.rf_coupon_pool p ORDER BY p.pool");

static const RfMeasure coupon_measures[] = {
	{"referral_coupons", "gauge", "Coupons of a pool.", "state=\"free\""},
	{"referral_coupons", NULL, NULL, "state=\"used\""},
};

/* What part of a table is at most so large. */
RF_STATEMENT(read_share,
			 "SELECT least(1, $2::float8 / greatest(1, pg_relation_size($1)))",
			 OIDOID, INT4OID);

static double
sample_share(const char *table)
{
	Datum values[] = {ObjectIdGetDatum(rf_engine_relation(table)), Int32GetDatum(SAMPLE_BYTES)};

	rf_execute(&read_share, values, NULL);
	return rf_double(0, 1);
}

/* REPEATABLE: the same blocks each time, so that the figures move with the rows alone. */
RF_STATEMENT(count_people,
			 "SELECT c.slug AS campaign, p.state, round(p.people / $1)"
			 " FROM (SELECT campaign_id, state, count(*)::float8 AS people"
			 "  FROM @extschema@.rf_participant TABLESAMPLE SYSTEM (100 * $1) REPEATABLE (0)"
			 "  GROUP BY campaign_id, state) p"
			 " JOIN @extschema@.rf_campaign c ON c.id = p.campaign_id"
			 " ORDER BY c.slug, p.state",
			 FLOAT8OID);

static const RfMeasure people_measures[] = {
	{"referral_participants", "gauge",
	 "People by state; estimated where referral_sampled_ratio is less than 1.", NULL},
};

RF_STATEMENT(count_rewards,
			 "SELECT c.slug AS campaign, r.state, round(sum(r.rewards) / $1)"
			 " FROM (SELECT rule_id, state, count(*)::float8 AS rewards"
			 "  FROM @extschema@.rf_reward TABLESAMPLE SYSTEM (100 * $1) REPEATABLE (0)"
			 "  GROUP BY rule_id, state) r"
			 " JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id"
			 " JOIN @extschema@.rf_campaign c ON c.id = rule.campaign_id"
			 " GROUP BY c.slug, r.state ORDER BY c.slug, r.state",
			 FLOAT8OID);

static const RfMeasure reward_measures[] = {
	{"referral_rewards", "gauge",
	 "Rewards by state; estimated where referral_sampled_ratio is less than 1.", NULL},
};

RF_STATEMENT(read_shares,
			 "SELECT of.table, of.share"
			 " FROM (VALUES ('participants', $1), ('rewards', $2)) AS of (\"table\", share)",
			 FLOAT8OID, FLOAT8OID);

static const RfMeasure share_measures[] = {
	{"referral_sampled_ratio", "gauge", "What part of a table was read; 1: all was counted.", NULL},
};

static void
write_programme(StringInfo out)
{
	Datum shares[] = {
		Float8GetDatum(sample_share("rf_participant")),
		Float8GetDatum(sample_share("rf_reward")),
	};

	WRITE(out, count_campaigns, NULL, campaign_measures);
	WRITE(out, count_people, &shares[0], people_measures);
	WRITE(out, count_rewards, &shares[1], reward_measures);
	WRITE(out, read_shares, shares, share_measures);
	WRITE(out, count_coupons, NULL, coupon_measures);
}

/* ---- all of it ---------------------------------------------------------- */

static char *
metrics_text(void)
{
	StringInfoData out;

	initStringInfo(&out);
	write_server(&out);
	write_sending(&out);
	write_listeners(&out);
	write_programme(&out);
	return out.data;
}

static void
metrics_answer(RfResponse *response, char *text)
{
	memset(response, 0, sizeof(RfResponse));
	response->status = 200;
	response->body = pg_server_to_any(text, strlen(text), PG_UTF8);
}

void
rf_metrics_serve(RfResponse *response)
{
	metrics_answer(response, metrics_text());
}

void
rf_metrics_without(RfResponse *response)
{
	metrics_answer(response, psprintf("# HELP %s %s\n# TYPE %s %s\n%s 0\n", health_measures[0].name, health_measures[0].help, health_measures[0].name, health_measures[0].type, health_measures[0].name));
}

Datum
rf_metrics(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	char	*text;

	rf_engine_enter(&engine, fcinfo);
	text = metrics_text();
	rf_engine_leave(&engine);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}
