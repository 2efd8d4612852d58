/*
 * round.c
 *	  See round.h.
 *
 * An answer promises what it says, so it waits for everything that was written up
 * to the end of the round, by whomever: "changed":false may speak of what another
 * process has just committed without waiting either. Refusals promise nothing, and
 * calls that only read see what any reader sees.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/durable.h"
#include "inbound/health.h"
#include "inbound/inbound.h"
#include "inbound/metrics.h"
#include "listener/round.h"
#include "listener/unit.h"
#include "server/listening.h"

#define RETRY_AFTER 2	  /* seconds */
#define DUE_MS		10000 /* what is put off has as much time */
#define FAILED_MS	5000  /* and is not tried again at once */

static const volatile sig_atomic_t *round_leaving;
static TimestampTz					round_clicks_from = 0;
static TimestampTz					round_stats_at = DT_NOEND;

void
rf_round_start(const volatile sig_atomic_t *leaving)
{
	round_leaving = leaving;
	rf_unit_start();
}

static void
round_refuse(RfExchange *exchange, const char *detail)
{
	rf_problem(&exchange->response, 503, detail);
	exchange->response.retry_after = RETRY_AFTER;
}

/* ---- calls -------------------------------------------------------------- */

/* Returns whether the answer promises something. */
static bool
round_call(RfExchange *exchange)
{
	rf_unit_deadline(exchange->deadline);
	if (rf_steady_now() >= exchange->deadline)
	{
		round_refuse(exchange, "there was no time left for the request");
		return false;
	}
	rf_inbound_serve(&exchange->request, rf_unit_run, &exchange->response);
	/* A batch says of each call what became of it, whatever its own status. */
	return !exchange->request.reads && !exchange->response.problem;
}

static bool
round_calls(RfExchange **exchanges, int n)
{
	bool promises = false;

	for (int i = 0; i < n; i++)
	{
		if (exchanges[i]->kind == RF_ROUTE_CALL && round_call(exchanges[i]))
			promises = true;
	}
	return promises;
}

/* ---- links -------------------------------------------------------------- */

typedef struct RoundVisits
{
	RfVisit **visits;
	int		  n;
} RoundVisits;

static void
round_follow(void *arg)
{
	RoundVisits *visits = (RoundVisits *) arg;

	rf_links_follow(visits->visits, visits->n);
}

static void
round_lead(RfExchange *exchange)
{
	RfResponse *response = &exchange->response;

	if (exchange->visit.counts && exchange->visit.location != NULL)
		rf_listening_count_clicks(1);
	response->status = exchange->visit.location != NULL ? 302 : 404;
	response->body = exchange->visit.location != NULL ? "" : "This link leads nowhere.\n";
	exchange->content_type = "text/plain; charset=utf-8";
	exchange->location = exchange->visit.location;
}

static void
round_links(RfExchange **exchanges, int n)
{
	RoundVisits visits = {palloc_array(RfVisit *, n), 0};
	TimestampTz deadline = 0;
	ErrorData  *error;

	for (int i = 0; i < n; i++)
	{
		if (exchanges[i]->kind != RF_ROUTE_LINK)
			continue;
		visits.visits[visits.n++] = &exchanges[i]->visit;
		deadline = Max(deadline, exchanges[i]->deadline);
	}
	if (visits.n == 0)
		return;
	rf_unit_deadline(deadline);
	error = rf_unit_run(round_follow, &visits);
	for (int i = 0; i < n; i++)
	{
		if (exchanges[i]->kind != RF_ROUTE_LINK)
			continue;
		if (error == NULL)
			round_lead(exchanges[i]);
		else
			round_refuse(exchanges[i], NULL);
	}
}

/* ---- how we are --------------------------------------------------------- */

static void
round_ask_health(void *arg)
{
	rf_health_serve((RfResponse *) arg);
}

static void
round_ask_metrics(void *arg)
{
	rf_metrics_serve((RfResponse *) arg);
}

static void
round_health(RfExchange *exchange)
{
	RfResponse *response = &exchange->response;
	ErrorData  *error = rf_unit_run(round_ask_health, response);

	if (error == NULL)
		return;
	if (error->sqlerrcode == ERRCODE_CANNOT_CONNECT_NOW)
		rf_health_without(response, "extension",
						  "the extension is absent, or of another version than the library");
	else
		rf_health_without(response, "database", "the database cannot be asked");
}

static void
round_metrics(RfExchange *exchange)
{
	exchange->content_type = RF_METRICS_TYPE;
	if (rf_unit_run(round_ask_metrics, &exchange->response) != NULL)
		rf_metrics_without(&exchange->response);
}

static void
round_looks(RfExchange **exchanges, int n)
{
	for (int i = 0; i < n; i++)
	{
		rf_unit_deadline(exchanges[i]->deadline);
		if (exchanges[i]->kind == RF_ROUTE_HEALTH)
			round_health(exchanges[i]);
		else if (exchanges[i]->kind == RF_ROUTE_METRICS)
			round_metrics(exchanges[i]);
	}
}

/* ---- all of them -------------------------------------------------------- */

static void
round_in_recovery(RfExchange *exchange)
{
	static const char *const message = "the server is in recovery";

	if (exchange->kind == RF_ROUTE_HEALTH)
		rf_health_without(&exchange->response, "recovery", message);
	else if (exchange->kind == RF_ROUTE_METRICS)
	{
		exchange->content_type = RF_METRICS_TYPE;
		rf_metrics_without(&exchange->response);
	}
	else
		round_refuse(exchange, message);
}

static void
round_answer(RfExchange **exchanges, int n)
{
	round_links(exchanges, n);
	round_looks(exchanges, n);
	if (round_calls(exchanges, n))
		rf_durable_confirm(round_leaving);
}

static void
round_report_statistics(bool force)
{
	long ms = pgstat_report_stat(force);

	round_stats_at = ms > 0 ? TimestampTzPlusMilliseconds(rf_steady_now(), ms) : DT_NOEND;
}

/* Waiting for a lock or a standby resets the latch that told of these. */
static void
round_remind(void)
{
	if (InterruptPending || ConfigReloadPending || *round_leaving)
		SetLatch(MyLatch);
}

void
rf_round_serve(RfExchange **exchanges, int n)
{
	pgstat_report_activity(STATE_RUNNING, "answering requests");
	if (!RecoveryInProgress())
		round_answer(exchanges, n);
	else
		for (int i = 0; i < n; i++)
			round_in_recovery(exchanges[i]);
	round_report_statistics(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	round_remind();
}

/* ---- what is put off ---------------------------------------------------- */

static void
round_write_clicks(void *arg)
{
	rf_clicks_write();
}

static long
round_clicks_due(TimestampTz now)
{
	long ms = rf_clicks_due();

	if (ms < 0)
		return -1;
	return Max(ms, TimestampDifferenceMilliseconds(now, round_clicks_from));
}

long
rf_round_due(void)
{
	TimestampTz now = rf_steady_now();
	long		clicks = round_clicks_due(now);
	long		stats = -1;

	if (round_stats_at != DT_NOEND)
		stats = TimestampDifferenceMilliseconds(now, round_stats_at);
	if (clicks < 0 || stats < 0)
		return Max(clicks, stats);
	return Min(clicks, stats);
}

/* They can be lost in a crash: nobody waits for them. */
static void
round_do_clicks(TimestampTz now)
{
	ErrorData *error;

	rf_unit_deadline(TimestampTzPlusMilliseconds(now, DUE_MS));
	error = rf_unit_run(round_write_clicks, NULL);
	rf_clicks_written(error == NULL);
	if (error == NULL)
		return;
	FreeErrorData(error);
	round_clicks_from = TimestampTzPlusMilliseconds(now, FAILED_MS);
}

void
rf_round_finish(void)
{
	if (rf_clicks_due() >= 0)
		round_do_clicks(rf_steady_now());
	pgstat_report_stat(true);
}

void
rf_round_do_due(void)
{
	TimestampTz now = rf_steady_now();

	/* Who leaves takes nothing along. */
	if (round_clicks_due(now) == 0 || (*round_leaving && rf_clicks_due() >= 0))
	{
		pgstat_report_activity(STATE_RUNNING, "counting clicks");
		round_do_clicks(now);
		pgstat_report_activity(STATE_IDLE, NULL);
		round_remind();
	}
	if (round_stats_at <= now)
		round_report_statistics(true);
}
