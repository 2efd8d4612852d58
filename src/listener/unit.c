/*
 * unit.c
 *	  See unit.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/durable.h"
#include "base/extension.h"
#include "base/installed.h"
#include "delivery/turn.h"
#include "inbound/inbound.h"
#include "listener/unit.h"
#include "server/listening.h"

#define LOCK_MS	 2000 /* somebody may hold a lock that we want */
#define LEAST_MS 2500 /* a unit has, once it began */

#define LOG_INTERVAL_MS 10000
#define LOG_KINDS		16

static TimestampTz unit_deadline;

void
rf_unit_start(void)
{
	char lock_timeout[16];

	rf_turn_start();
	snprintf(lock_timeout, sizeof(lock_timeout), "%d", LOCK_MS);
	SetConfigOption("lock_timeout", lock_timeout, PGC_SUSET, PGC_S_OVERRIDE);
}

void
rf_unit_deadline(TimestampTz deadline)
{
	unit_deadline = deadline;
}

/* ---- its life ----------------------------------------------------------- */

/* Raises what the caller hears. */
static void
unit_is_absent(void)
{
	RfInstalled row;

	if (rf_installed(&row))
		rf_listening_report(RF_LISTENING_VERSION,
							psprintf("the extension is of version %s, the library of version %s",
									 row.version, REFERRAL_VERSION));
	else
		rf_listening_report(RF_LISTENING_ABSENT, "the extension is not in this database");
	ereport(ERROR,
			(errcode(ERRCODE_CANNOT_CONNECT_NOW),
			 errmsg("referral does not serve this database now")));
}

static void
unit_guard(TimestampTz now)
{
	long left = TimestampDifferenceMilliseconds(now, unit_deadline);

	if (unit_deadline <= now)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("there was no time left to begin")));
	enable_timeout_after(STATEMENT_TIMEOUT, (int) Max(left, LEAST_MS));
}

static void
unit_begin(RfEngine *engine)
{
	/* Whoever cancelled meant what was running then. */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	unit_guard(rf_steady_now());
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!rf_extension_enter(engine))
		unit_is_absent();
	rf_listening_report(RF_LISTENING_SERVING, NULL);
}

static void
unit_commit(RfEngine *engine)
{
	rf_engine_leave(engine);
	PopActiveSnapshot();
	disable_timeout(STATEMENT_TIMEOUT, false);
	rf_durable_commit();
}

/* ---- its end by an error ------------------------------------------------ */

/* Refusals are for the caller alone; so is what another attempt may mend. */
static bool
error_is_ordinary(int sqlstate)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);

	return rf_problem_is_answer(sqlstate) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||
		sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ||
		sqlstate == ERRCODE_READ_ONLY_SQL_TRANSACTION;
}

/* Whoever calls may do so thousands of times a second: of each kind, one now and then. */
static bool
error_is_for_log(int sqlstate)
{
	static struct
	{
		int			sqlstate;
		TimestampTz at;
	} logged[LOG_KINDS];
	int			i = (uint32) sqlstate % LOG_KINDS;
	TimestampTz now = rf_steady_now();

	if (error_is_ordinary(sqlstate))
		return false;
	if (logged[i].sqlstate == sqlstate &&
		!TimestampDifferenceExceeds(logged[i].at, now, LOG_INTERVAL_MS))
		return false;
	logged[i].sqlstate = sqlstate;
	logged[i].at = now;
	return true;
}

static ErrorData *
unit_roll_back(MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	HOLD_INTERRUPTS();
	disable_timeout(STATEMENT_TIMEOUT, false);
	if (error_is_for_log(error->sqlerrcode))
		EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	RESUME_INTERRUPTS();
	return error;
}

ErrorData *
rf_unit_run(void (*work)(void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData *volatile error = NULL;
	RfEngine engine;

	PG_TRY();
	{
		unit_begin(&engine);
		MemoryContextSwitchTo(context);
		work(arg);
		unit_commit(&engine);
	}
	PG_CATCH();
	{
		error = unit_roll_back(context);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	return error;
}
