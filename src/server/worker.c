/*
 * worker.c
 *	  See worker.h.
 *
 * The worker waits in one place, for its latch and for the sockets of all its
 * requests, with no transaction open; each turn ends there within moments, so
 * that it never keeps anybody waiting for a ProcSignalBarrier.
 *
 * SIGTERM asks it to leave: requests on their way get a short grace, none if
 * DDL waits for the database. A second SIGTERM, or one that comes before there
 * is anything to lose, is like that of any backend.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/installed.h"
#include "delivery/configuration.h"
#include "delivery/courier.h"
#include "delivery/holding.h"
#include "delivery/turn.h"
#include "program/tick.h"
#include "server/seat.h"
#include "server/sharing.h"
#include "server/shmem.h"
#include "server/worker.h"

/* Below the second that DDL in any database may have to wait for us. */
#define WORKER_GRACE_MS 800

/* A silent worker has no reason to hurry. */
#define WORKER_SILENT_MS 1000

/* How often the worker looks at what time brings. */
#define WORKER_TICK_MS 10000

/* Longest stretch of such work before sending has its turn again; a batch that
 * has begun still ends. */
#define WORKER_STRETCH_MS 500

int rf_worker_max_in_flight = 64;

static volatile sig_atomic_t worker_serves = false;
static volatile sig_atomic_t worker_must_leave = false;

PGDLLEXPORT void rf_worker_main(Datum arg);

static void
worker_sigterm(SIGNAL_ARGS)
{
	int save_errno = errno;

	if (worker_must_leave || !worker_serves)
		die(postgres_signal_arg);
	worker_must_leave = true;
	SetLatch(MyLatch);
	errno = save_errno;
}

/* What ALTER DATABASE or ALTER ROLE may have set must not stop us. */
static void
worker_settle_in(void)
{
	static const char *const settings[][2] = {
		{"application_name", "referral worker"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	pgstat_report_activity(STATE_IDLE, NULL);
}

static bool
worker_finds_extension(void)
{
	RfEngine engine;
	bool	 found;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	found = rf_extension_enter(&engine);
	if (found)
		rf_engine_leave(&engine);
	PopActiveSnapshot();
	CommitTransactionCommand();
	return found;
}

static char *
worker_database_name(void)
{
	char		 *name;
	MemoryContext context = CurrentMemoryContext;

	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	name = get_database_name(MyDatabaseId);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return name != NULL ? name : psprintf("%u", MyDatabaseId);
}

/* An extension of another version than the library waits for its update. */
static void
worker_note_version(void)
{
	RfInstalled row;
	bool		differs;

	StartTransactionCommand();
	differs = rf_installed(&row) && !row.same_version;
	CommitTransactionCommand();
	if (differs)
		ereport(LOG,
				(errmsg("referral does not serve database \"%s\"", worker_database_name()),
				 errdetail("The extension there is of version %s, the library of version %s.",
						   row.version, REFERRAL_VERSION),
				 errhint("Run ALTER EXTENSION referral UPDATE in that database.")));
}

static void
worker_leave_absent(void)
{
	worker_note_version();
	rf_seat_report(RF_SEAT_ABSENT, NULL);
	proc_exit(0);
}

/* What is given up here is sent again by the next worker. */
static void
worker_leave(void)
{
	bool held;

	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	held = rf_hold_exists(MyDatabaseId);
	LWLockRelease(rf_shmem->lock);
	rf_courier_stop(held ? 0 : WORKER_GRACE_MS);
	proc_exit(0);
}

static void
worker_check_signals(int max_in_flight)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		/* Webhooks are judged by settings. */
		rf_configuration_forget();
		rf_courier_wake();
	}
	/* The next worker starts with the new number. */
	if (worker_must_leave || rf_worker_max_in_flight != max_in_flight || rf_sharing_is_over())
		worker_leave();
}

static void
worker_report_silent(void)
{
	rf_seat_report(RF_SEAT_SILENT,
				   "the rows come from another place; see rf_adopt_database()");
	ereport(LOG,
			(errmsg("referral sends nothing from database \"%s\"", worker_database_name()),
			 errdetail("Its rows come from another place: it was restored or copied,"
					   " or referral.deliver_as has changed."),
			 errhint("If this copy is to send, call rf_adopt_database() in it.")));
}

static void
worker_report(RfCourierState state)
{
	static int	reported = -1;
	static char reported_trouble[256] = "";
	const char *trouble = rf_turn_trouble();

	if ((int) state == reported && strcmp(trouble != NULL ? trouble : "", reported_trouble) == 0)
		return;
	strlcpy(reported_trouble, trouble != NULL ? trouble : "", sizeof(reported_trouble));
	if (state != RF_COURIER_SILENT)
		rf_seat_report(RF_SEAT_SERVING, trouble);
	else if ((int) state != reported)
		worker_report_silent();
	reported = state;
}

/* The step at work, and whether its batch was full. */
static const RfTickStep *tick_step;
static bool				 tick_was_full;

static void
worker_take_step(void)
{
	tick_was_full = rf_tick_take(tick_step) >= RF_BATCH;
}

/* A step that fails is tried again by the clock. */
static bool
worker_run_step(const RfTickStep *step)
{
	tick_step = step;
	tick_was_full = false;
	return rf_turn_run(step->activity, worker_take_step) == RF_TURN_DONE && tick_was_full;
}

/*
 * What happens by the clock: each step in turn, again as long as it finds full
 * batches, so that days of downtime are made up for at once; but never for long
 * at a stretch. Returns whether some of it waits to go on.
 */
static bool
worker_tick(void)
{
	static TimestampTz last = 0;
	static uint32	   waiting = 0; /* steps, as bits */
	static int		   next = 0;
	TimestampTz		   begun = rf_steady_now();

	if (TimestampDifferenceExceeds(last, begun, WORKER_TICK_MS))
	{
		last = begun;
		waiting = (1u << rf_tick_nsteps) - 1;
	}
	while (waiting != 0 && !worker_must_leave &&
		   !TimestampDifferenceExceeds(begun, rf_steady_now(), WORKER_STRETCH_MS))
	{
		if ((waiting & (1u << next)) != 0 && !worker_run_step(&rf_tick_steps[next]))
			waiting &= ~(1u << next);
		next = (next + 1) % rf_tick_nsteps;
	}
	return waiting != 0;
}

/* One round of work; returns the milliseconds to sleep at most. */
static long
worker_work(void)
{
	long		   timeout = 0;
	RfCourierState state;

	if (rf_seat_take_wake())
		rf_courier_wake();
	(void) rf_sharing_work();
	state = rf_courier_work(&timeout);
	if (state == RF_COURIER_ABSENT)
		worker_leave_absent();
	worker_report(state);
	timeout = Min(timeout, rf_sharing_work());
	/* Whoever waits for answers has work, lest it be asked to leave for want of it. */
	if (!rf_courier_is_idle())
		rf_seat_note_activity();
	if (state == RF_COURIER_SERVING && rf_holding_is_keeper() && worker_tick())
		return 0;
	return state == RF_COURIER_SILENT ? Max(timeout, WORKER_SILENT_MS) : timeout;
}

static WaitEventSet *
worker_wait_set(void)
{
	WaitEventSet *set = rf_create_wait_event_set(3);

	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, rf_courier_fd(), NULL, NULL);
	return set;
}

/* What pg_stat_activity says: does it wait for endpoints, or for something to do? */
static uint32
worker_wait_event(void)
{
	static uint32 rest = 0;
	static uint32 answers = 0;

	if (rest == 0)
	{
		rest = rf_wait_event("ReferralWorkerMain");
		answers = rf_wait_event("ReferralWorkerAnswers");
	}
	return rf_courier_is_idle() ? rest : answers;
}

static void
worker_wait(WaitEventSet *set, long timeout)
{
	WaitEvent occurred[2];
	int		  n = WaitEventSetWait(set, timeout, occurred, lengthof(occurred), worker_wait_event());

	for (int i = 0; i < n; i++)
	{
		if (occurred[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		else
			rf_seat_note_activity();
	}
}

static void
worker_serve(void)
{
	int			  max_in_flight = rf_worker_max_in_flight;
	WaitEventSet *set;

	if (!worker_finds_extension())
		worker_leave_absent();
	rf_courier_start(max_in_flight);
	set = worker_wait_set();
	worker_serves = true;
	rf_sharing_join();
	for (;;)
	{
		worker_check_signals(max_in_flight);
		worker_wait(set, worker_work());
	}
}

/* The error ends the process; what it said is kept for rf_status. */
static void
worker_note_error(void)
{
	ErrorData *error;

	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	rf_seat_note_error(error->message);
	FreeErrorData(error);
}

void
rf_worker_main(Datum arg)
{
	RfWorkerArg own;

	memcpy(&own, MyBgworkerEntry->bgw_extra, sizeof(own));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, worker_sigterm);
	BackgroundWorkerUnblockSignals();
	if (!rf_seat_take(own.database, own.seat))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(own.database, InvalidOid, 0);
	worker_settle_in();
	PG_TRY();
	{
		worker_serve();
	}
	PG_CATCH();
	{
		worker_note_error();
		PG_RE_THROW();
	}
	PG_END_TRY();
}
