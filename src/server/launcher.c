/*
 * launcher.c
 *	  See launcher.h.
 *
 * The launcher is connected to no database, so only a worker can see whether
 * the extension is there: it starts one in every database, two at a time, and
 * those that find nothing leave at once. It then sleeps until a worker leaves
 * or somebody asks it to look (rf_shmem_request). It holds no transaction
 * while it sleeps, and nothing in its memory outlives it: a new launcher finds
 * the workers of the old one in shared memory.
 *
 * When the server has no process left for a worker, databases are served in
 * turn: a worker with nothing to do, or one that has served for long, is asked
 * to leave, and its database goes to the end of the queue.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "server/launcher.h"
#include "server/roster.h"
#include "server/shmem.h"

#define LAUNCHER_RESTART_S 1

/* Workers on their way at the same time; one that is stuck does not count. */
#define LAUNCHER_STARTS		 2
#define LAUNCHER_PATIENCE_MS 5000

/* Nobody need tell us of a database, but this often we look all the same. */
#define LAUNCHER_RESCAN_MS 60000

/* When there is no process left. A request may go unanswered for 15 s. */
#define LAUNCHER_RETRY_MS 1000
#define LAUNCHER_IDLE_MS  20000
#define LAUNCHER_TURN_MS  60000

PGDLLEXPORT void rf_launcher_main(Datum arg);

void
rf_launcher_register(void)
{
	BackgroundWorker launcher = {
		.bgw_name = "referral launcher",
		.bgw_type = "referral launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = LAUNCHER_RESTART_S,
		.bgw_library_name = "referral",
		.bgw_function_name = "rf_launcher_main",
	};

	RegisterBackgroundWorker(&launcher);
}

/* on_shmem_exit callback. */
static void
launcher_leave(int code, Datum arg)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	rf_shmem->launcher = NULL;
	LWLockRelease(rf_shmem->lock);
}

/* A worker that an earlier launcher asked for, and that has not come, may not. */
static void
launcher_attach(void)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	rf_shmem->launcher = MyLatch;
	on_shmem_exit(launcher_leave, (Datum) 0);
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i];

		if (OidIsValid(database->oid) && database->pid == 0 &&
			database->state == RF_DATABASE_STARTING)
			rf_database_set(database, RF_DATABASE_WAITING, NULL);
	}
	LWLockRelease(rf_shmem->lock);
}

/* Returns true if there were any. */
static bool
launcher_take_requests(void)
{
	Oid requests[RF_SHMEM_REQUESTS];
	int n;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	n = rf_shmem->nrequests;
	memcpy(requests, rf_shmem->requests, sizeof(requests));
	rf_shmem->nrequests = 0;
	LWLockRelease(rf_shmem->lock);
	if (n > RF_SHMEM_REQUESTS)
		rf_roster_look_everywhere();
	else
		for (int i = 0; i < n; i++)
			if (OidIsValid(requests[i]))
				rf_roster_look_again(requests[i]);
	return n > 0;
}

static bool
launcher_is_starting(const RfDatabase *database, TimestampTz now)
{
	return OidIsValid(database->oid) && database->state == RF_DATABASE_STARTING &&
		!TimestampDifferenceExceeds(database->since, now, LAUNCHER_PATIENCE_MS);
}

/* A worker that was asked for and has not come by now will not. */
static bool
launcher_has_vanished(const RfDatabase *database, TimestampTz now)
{
	return OidIsValid(database->oid) && database->state == RF_DATABASE_STARTING &&
		database->pid == 0 && !launcher_is_starting(database, now);
}

static bool
launcher_is_waiting(const RfDatabase *database)
{
	return OidIsValid(database->oid) && database->state == RF_DATABASE_WAITING &&
		database->pid == 0 && !rf_hold_exists(database->oid);
}

/* Is a's turn before b's? First where there is news, then who waits longest. */
static bool
launcher_precedes(RfDatabase *a, RfDatabase *b)
{
	uint32 news_a = pg_atomic_read_u32(&a->wake);
	uint32 news_b = pg_atomic_read_u32(&b->wake);

	return news_a != news_b ? news_a > news_b : a->start_at < b->start_at;
}

/*
 * The database whose turn it is, NULL if none may start now. Lowers *wait to
 * the milliseconds after which one may. Lock held exclusively.
 */
static RfDatabase *
launcher_choose(TimestampTz now, long *wait)
{
	RfDatabase *chosen = NULL;
	int			starting = 0;

	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i];

		if (launcher_is_starting(database, now))
			starting++;
		if (launcher_has_vanished(database, now))
			rf_database_set(database, RF_DATABASE_WAITING, NULL);
		if (!launcher_is_waiting(database))
			continue;
		if (database->start_at > now)
			*wait = Min(*wait, TimestampDifferenceMilliseconds(now, database->start_at) + 1);
		else if (chosen == NULL || launcher_precedes(database, chosen))
			chosen = database;
	}
	if (starting > 0)
		*wait = Min(*wait, LAUNCHER_PATIENCE_MS);
	return starting < LAUNCHER_STARTS ? chosen : NULL;
}

static Oid
launcher_next(long *wait)
{
	RfDatabase *database;
	Oid			oid = InvalidOid;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = launcher_choose(GetCurrentTimestamp(), wait);
	if (database != NULL)
	{
		oid = database->oid;
		database->look_again = false;
		rf_database_set(database, RF_DATABASE_STARTING, database->detail);
	}
	LWLockRelease(rf_shmem->lock);
	return oid;
}

static bool
launcher_start(Oid database)
{
	BackgroundWorker worker = {
		.bgw_type = "referral worker",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "referral",
		.bgw_function_name = "rf_worker_main",
		.bgw_main_arg = ObjectIdGetDatum(database),
		.bgw_notify_pid = MyProcPid,
	};

	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "referral worker for database %u", database);
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

static bool
launcher_may_dismiss(RfDatabase *database, TimestampTz now)
{
	TimestampTz active_at = (TimestampTz) pg_atomic_read_u64(&database->active_at);

	return TimestampDifferenceExceeds(active_at, now, LAUNCHER_IDLE_MS) ||
		TimestampDifferenceExceeds(database->since, now, LAUNCHER_TURN_MS);
}

/* Ask the worker that has been idle longest to leave, one at a time. */
static void
launcher_make_room(void)
{
	TimestampTz now = GetCurrentTimestamp();
	RfDatabase *chosen = NULL;

	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i];

		if (!OidIsValid(database->oid) || database->pid == 0)
			continue;
		if (database->state == RF_DATABASE_LEAVING)
			return;
		if (launcher_may_dismiss(database, now) &&
			(chosen == NULL ||
			 pg_atomic_read_u64(&database->active_at) < pg_atomic_read_u64(&chosen->active_at)))
			chosen = database;
	}
	if (chosen != NULL)
		rf_database_dismiss(chosen);
}

/* No process for this database. */
static void
launcher_put_off(Oid oid)
{
	static bool complained = false;
	RfDatabase *database;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = rf_database_find(oid);
	if (database != NULL)
		rf_database_set(database, RF_DATABASE_WAITING,
						"no background worker process is free; increase max_worker_processes");
	launcher_make_room();
	LWLockRelease(rf_shmem->lock);
	if (!complained)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker process is free for referral"),
				 errdetail("Databases are served in turn."),
				 errhint("Increase max_worker_processes, now %d, and restart the server.",
						 max_worker_processes)));
	complained = true;
}

/* Returns the milliseconds to sleep at most. */
static long
launcher_start_workers(void)
{
	long wait = LAUNCHER_RESCAN_MS;
	Oid	 database;

	while (OidIsValid(database = launcher_next(&wait)))
	{
		if (!launcher_start(database))
		{
			launcher_put_off(database);
			return Min(wait, LAUNCHER_RETRY_MS);
		}
	}
	return wait;
}

static long
launcher_work(void)
{
	static TimestampTz read_at = 0;
	TimestampTz		   now = GetCurrentTimestamp();

	if (launcher_take_requests() || TimestampDifferenceExceeds(read_at, now, LAUNCHER_RESCAN_MS))
	{
		rf_roster_read();
		read_at = now;
	}
	rf_roster_settle();
	return launcher_start_workers();
}

static void
launcher_check_signals(void)
{
	CHECK_FOR_INTERRUPTS();
	/* Status 0 would mean: never again. */
	if (ShutdownRequestPending)
		proc_exit(1);
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

void
rf_launcher_main(Datum arg)
{
	MemoryContext context;
	uint32		  event;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	launcher_attach();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	event = rf_wait_event("ReferralLauncherMain");
	context = AllocSetContextCreate(TopMemoryContext, "referral launcher", ALLOCSET_DEFAULT_SIZES);
	pgstat_report_activity(STATE_IDLE, NULL);
	for (;;)
	{
		long wait;

		launcher_check_signals();
		MemoryContextSwitchTo(context);
		wait = launcher_work();
		MemoryContextReset(context);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait, event);
		ResetLatch(MyLatch);
	}
}
