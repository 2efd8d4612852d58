/*
 * statistics_functions.c
 *	  What the views and rf_stat_reset() ask of the statistics. No lock is taken
 *	  that a worker could wait for, but by a reset.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/statistics_memory.h"

PG_FUNCTION_INFO_V1(rf_sending_status);
PG_FUNCTION_INFO_V1(rf_webhook_statistics);
PG_FUNCTION_INFO_V1(rf_stat_reset);

#define COLUMNS_MAX 64

/* A row on its way, column by column. */
typedef struct Row
{
	int	  n;
	Datum values[COLUMNS_MAX];
	bool  nulls[COLUMNS_MAX];
} Row;

static void
row_add(Row *row, Datum value, bool isnull)
{
	row->values[row->n] = value;
	row->nulls[row->n++] = isnull;
}

static void
row_add_int64(Row *row, int64 value, bool isnull)
{
	row_add(row, Int64GetDatum(value), isnull);
}

static void
row_add_time(Row *row, TimestampTz time)
{
	row_add(row, TimestampTzGetDatum(time), time == 0);
}

static void
row_add_text(Row *row, const char *text)
{
	if (text[0] != '\0')
		row_add(row, CStringGetTextDatum(text), false);
	else
		row_add(row, (Datum) 0, true);
}

/* Looked up once for all rows of a query: there may be one for each webhook. */
static TupleDesc
row_desc(FunctionCallInfo fcinfo)
{
	MemoryContext caller;
	TupleDesc	  desc;

	if (fcinfo->flinfo->fn_extra != NULL)
		return fcinfo->flinfo->fn_extra;
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = desc;
	return desc;
}

static Datum
row_datum(FunctionCallInfo fcinfo, Row *row)
{
	TupleDesc desc = row_desc(fcinfo);

	Assert(desc->natts == row->n);
	return HeapTupleGetDatum(heap_form_tuple(desc, row->values, row->nulls));
}

/* ---- the database ------------------------------------------------------- */

/* What all its workers said, as one. */
static RfWorkerNow
sending_now(const RfSending *sending, int *workers)
{
	RfWorkerNow all = {.read_to = PG_INT64_MAX};

	*workers = 0;
	for (int i = 0; i < RF_STATISTICS_WORKERS; i++)
	{
		const RfWorkerNow *worker = &sending->worker[i];

		if (worker->pid == 0)
			continue;
		(*workers)++;
		all.in_flight += worker->in_flight;
		all.waiting += worker->waiting;
		all.read_to = Min(all.read_to, worker->read_to);
		if (worker->oldest_event != 0 &&
			(all.oldest_event == 0 || worker->oldest_event < all.oldest_event))
			all.oldest_event = worker->oldest_event;
	}
	return all;
}

/* Transactions since the oldest snapshot that a worker holds; -1: none holds one. */
static int32
sending_xmin_age(const RfSending *sending)
{
	TransactionId next = ReadNextTransactionId();
	int32		  oldest = -1;

	for (int i = 0; i < RF_STATISTICS_WORKERS; i++)
	{
		pid_t		  pid = sending->worker[i].pid;
		PGPROC		 *process = pid != 0 ? BackendPidGetProc(pid) : NULL;
		TransactionId xmin = process != NULL ? process->xmin : InvalidTransactionId;

		if (TransactionIdIsNormal(xmin))
			oldest = Max(oldest, (int32) (next - xmin));
	}
	return oldest;
}

Datum
rf_sending_status(PG_FUNCTION_ARGS)
{
	Row			row = {0};
	RfSending	sending = {0};
	bool		known = rf_statistics_copy_sending(&sending);
	int			workers;
	RfWorkerNow now = sending_now(&sending, &workers);
	bool		told = workers > 0 && now.read_to > 0;
	int32		xmin_age = sending_xmin_age(&sending);

	row_add(&row, Int32GetDatum(workers), false);
	row_add_int64(&row, now.read_to, !told);
	row_add_int64(&row, now.waiting, !told);
	row_add_int64(&row, now.oldest_event, !told || now.oldest_event == 0);
	row_add_int64(&row, now.in_flight, workers == 0);
	row_add_int64(&row, pg_atomic_read_u64(&sending.attempts), !known);
	row_add_int64(&row, pg_atomic_read_u64(&sending.failures), !known);
	row_add_int64(&row, pg_atomic_read_u64(&sending.faults), !known);
	row_add_text(&row, sending.fault);
	row_add_time(&row, sending.fault_at);
	row_add_time(&row, sending.since);
	row_add(&row, Int32GetDatum(xmin_age), xmin_age < 0);
	return row_datum(fcinfo, &row);
}

/* ---- a webhook ---------------------------------------------------------- */

/* attempts, success_rate, and three percentiles of each phase */
static void
row_add_window(Row *row, const RfSent *sent, RfWindow window, int64 now)
{
	static const int percent[] = {50, 95, 99};
	RfRecentSum		 sum;
	double			 rate = 0;

	rf_statistics_sum(sent, window, now, &sum);
	if (sum.attempts > 0)
		rate = (double) (sum.attempts - Min(sum.failures, sum.attempts)) / sum.attempts;
	row_add_int64(row, sum.attempts, false);
	row_add(row, Float8GetDatum(rate), sum.attempts == 0);
	for (int phase = 0; phase < RF_PHASES; phase++)
	{
		int64_t usecs[lengthof(percent)];
		bool	none = rf_histogram_percentiles(&sum.histograms.phase[phase], percent,
												lengthof(percent), usecs) == 0;

		for (size_t i = 0; i < lengthof(percent); i++)
			row_add_int64(row, none ? 0 : usecs[i], none);
	}
}

Datum
rf_webhook_statistics(PG_FUNCTION_ARGS)
{
	Row	   row = {0};
	RfSent sent = {0};
	int64  now = rf_monotonic_usecs();

	if (!rf_statistics_are_kept())
		PG_RETURN_NULL();
	(void) rf_statistics_copy_sent(PG_GETARG_INT64(0), &sent);
	row_add_int64(&row, sent.waiting, false);
	row_add_int64(&row, sent.in_flight, false);
	row_add_int64(&row, sent.oldest_event, sent.oldest_event == 0);
	row_add_text(&row, sent.http_version);
	row_add_int64(&row, sent.attempts, false);
	row_add_int64(&row, sent.failures, false);
	row_add_time(&row, sent.since);
	for (int window = 0; window < RF_WINDOWS; window++)
		row_add_window(&row, &sent, window, now);
	return row_datum(fcinfo, &row);
}

/* ---- begin anew --------------------------------------------------------- */

RF_STATEMENT(find_webhook,
			 "SELECT FROM @extschema@.rf_webhook WHERE id = $1",
			 INT8OID);

static void
reset_check_webhook(FunctionCallInfo fcinfo, int64 webhook_id)
{
	Datum	 values[] = {Int64GetDatum(webhook_id)};
	RfEngine engine;
	bool	 found;

	rf_engine_enter(&engine, fcinfo);
	found = rf_execute(&find_webhook, values, NULL) > 0;
	rf_engine_leave(&engine);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("webhook " INT64_FORMAT " does not exist", webhook_id)));
}

Datum
rf_stat_reset(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0))
		reset_check_webhook(fcinfo, PG_GETARG_INT64(0));
	if (!rf_statistics_are_kept())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no statistics are kept"),
				 errhint("They need referral in shared_preload_libraries and some"
						 " referral.statistics_memory.")));
	rf_statistics_reset(PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}
