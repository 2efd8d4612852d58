/*
 * health.c
 *	  See health.h.
 *
 * It is asked for often: what costs as much as there are webhooks is looked at
 * only when something waits too long.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"

#include "base/engine.h"
#include "base/installed.h"
#include "inbound/health.h"

PG_FUNCTION_INFO_V1(rf_health);

/* Members of two JSON arrays. */
typedef struct Findings
{
	StringInfoData reasons;
	StringInfoData warnings;
} Findings;

/* Neither needs quoting: ours, in plain ASCII. */
static void pg_attribute_printf(3, 4)
	finding_add(StringInfo list, const char *check, const char *message, ...)
{
	va_list arguments;
	char	text[256];

	va_start(arguments, message);
	vsnprintf(text, sizeof(text), message, arguments);
	va_end(arguments);
	appendStringInfo(list, "%s{\"check\":\"%s\",\"message\":\"%s\"}",
					 list->len > 0 ? "," : "", check, text);
}

static void
findings_init(Findings *findings)
{
	initStringInfo(&findings->reasons);
	initStringInfo(&findings->warnings);
}

/* ---- the worker --------------------------------------------------------- */

RF_STATEMENT(read_worker,
			 "SELECT w.state, k.serving, k.missing, @extschema@.rf_home_status(),"
			 " g.last_fault_at > now() - interval '5 min',"
			 " (SELECT e.created_at < now() - interval '5 min' FROM @extschema@.rf_event e"
			 "  WHERE e.id = least(g.oldest_event, u.oldest_event))"
			 " FROM @extschema@.rf_worker_status() w, @extschema@.rf_sending_status() g,"
			 " (SELECT min(event_id) AS oldest_event FROM @extschema@.rf_unread) u,"
			 " (SELECT count(*) FILTER (WHERE state = 'serving') AS serving,"
			 "   count(*) FILTER (WHERE state <> 'serving') AS missing"
			 "  FROM @extschema@.rf_workers()) k");

/* Returns whether something waits for too long. */
static bool
find_worker(Findings *findings)
{
	char *state;
	int64 serving;
	int64 missing;
	bool  at_home;
	bool  faulty;
	bool  late;

	rf_execute(&read_worker, NULL, NULL);
	state = rf_text(0, 1);
	serving = rf_int64(0, 2);
	missing = rf_int64(0, 3);
	at_home = rf_bool(0, 4);
	faulty = rf_bool(0, 5);
	late = rf_bool(0, 6);
	if (!at_home)
		finding_add(&findings->reasons, "home",
					"restored copy: sends nothing before rf_adopt_database()");
	else if (serving == 0)
		finding_add(&findings->reasons, "worker", "no worker sends from this database: %s", state);
	else if (missing > 0)
		finding_add(&findings->warnings, "worker",
					"workers that do not serve: " INT64_FORMAT " of " INT64_FORMAT, missing,
					serving + missing);
	if (faulty)
		finding_add(&findings->warnings, "faults",
					"faults on this side in the last 5 minutes: see rf_status");
	return late && at_home && serving > 0;
}

/* ---- listeners ---------------------------------------------------------- */

RF_STATEMENT(count_deaf,
			 "SELECT count(*) FROM @extschema@.rf_listeners() l"
			 " WHERE l.database = current_database() AND l.state <> 'serving'");

static void
find_deaf(Findings *findings)
{
	int64 deaf;

	rf_execute(&count_deaf, NULL, NULL);
	deaf = rf_int64(0, 1);
	if (deaf > 0)
		finding_add(&findings->warnings, "listeners",
					"listeners of this database that take no calls: " INT64_FORMAT, deaf);
}

/* ---- endpoints ---------------------------------------------------------- */

RF_STATEMENT(count_troubled,
			 "SELECT count(*) FILTER (WHERE h.state = 'enabled' AND s.breaker <> 'closed'),"
			 " count(*) FILTER (WHERE h.state = 'disabled' AND s.disabled_at IS NOT NULL)"
			 " FROM @extschema@.rf_webhook_state s"
			 " JOIN @extschema@.rf_webhook h ON h.id = s.webhook_id"
			 " WHERE s.breaker <> 'closed' OR s.disabled_at IS NOT NULL");

static void
find_troubled(Findings *findings)
{
	int64 open;
	int64 disabled;

	rf_execute(&count_troubled, NULL, NULL);
	open = rf_int64(0, 1);
	disabled = rf_int64(0, 2);
	if (open > 0)
		finding_add(&findings->warnings, "endpoints",
					"webhooks that fail so often that little is sent to them: " INT64_FORMAT, open);
	if (disabled > 0)
		finding_add(&findings->warnings, "endpoints",
					"webhooks that were disabled because they failed: " INT64_FORMAT, disabled);
}

/* Late without an excuse: not because the endpoint fails, or wants it slow or in order. */
RF_STATEMENT(count_late,
			 "SELECT count(*)"
			 " FROM @extschema@.rf_webhook_status s"
			 " JOIN @extschema@.rf_webhook h ON h.id = s.webhook_id"
			 " WHERE s.oldest_pending > interval '5 min'"
			 " AND h.state = 'enabled' AND s.breaker = 'closed'"
			 " AND (s.paused_until < now() - interval '5 min') IS NOT FALSE"
			 " AND (s.last_failure_at < now() - interval '5 min') IS NOT FALSE"
			 " AND h.rate_limit IS NULL AND (h.ordering <> 'fifo' OR s.retrying = 0)");

static void
find_late(Findings *findings)
{
	int64 late;

	rf_execute(&count_late, NULL, NULL);
	late = rf_int64(0, 1);
	if (late > 0)
		finding_add(&findings->reasons, "pending",
					"webhooks whose deliveries wait for more than 5 minutes: " INT64_FORMAT, late);
}

/* ---- all of it ---------------------------------------------------------- */

static void
find_all(Findings *findings)
{
	RfInstalled installed;

	findings_init(findings);
	if (RecoveryInProgress())
	{
		finding_add(&findings->reasons, "recovery", "the server is in recovery");
		return;
	}
	if (!rf_installed(&installed) || !installed.same_version)
	{
		finding_add(&findings->reasons, "extension",
					"the extension is of another version than the library");
		return;
	}
	if (find_worker(findings))
		find_late(findings);
	find_troubled(findings);
	find_deaf(findings);
}

static char *
health_json(const Findings *findings)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"status\":\"%s\"", findings->reasons.len > 0 ? "failing" : "ok");
	if (findings->reasons.len > 0)
		appendStringInfo(&json, ",\"reasons\":[%s]", findings->reasons.data);
	if (findings->warnings.len > 0)
		appendStringInfo(&json, ",\"warnings\":[%s]", findings->warnings.data);
	appendStringInfoChar(&json, '}');
	return json.data;
}

static void
health_answer(RfResponse *response, const Findings *findings)
{
	memset(response, 0, sizeof(RfResponse));
	response->status = findings->reasons.len > 0 ? 503 : 200;
	response->body = health_json(findings);
}

void
rf_health_serve(RfResponse *response)
{
	Findings findings;

	find_all(&findings);
	health_answer(response, &findings);
}

void
rf_health_without(RfResponse *response, const char *check, const char *message)
{
	Findings findings;

	findings_init(&findings);
	finding_add(&findings.reasons, check, "%s", message);
	health_answer(response, &findings);
}

bool
rf_health_is_good(void)
{
	Findings findings;

	find_all(&findings);
	return findings.reasons.len == 0;
}

Datum
rf_health(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Findings findings;

	rf_engine_enter(&engine, fcinfo);
	find_all(&findings);
	rf_engine_leave(&engine);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(health_json(&findings)));
}
