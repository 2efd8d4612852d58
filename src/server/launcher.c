/*
 * launcher.c
 *	  See launcher.h.
 *
 * The launcher is connected to no database, so only a worker can see whether
 * the extension is there: it starts one in every database, two at a time, and
 * those that find nothing leave at once. Where one serves, it starts the others
 * that referral.workers wants. It then sleeps until a worker leaves or somebody
 * asks it to look (rf_shmem_request). It holds no transaction while it sleeps,
 * and nothing in its memory outlives it: a new launcher finds the workers of the
 * old one in shared memory.
 *
 * When the server has no process left for a worker, databases with several give
 * some up for those without. If that is not enough, databases are served in turn:
 * a worker with nothing to do, or one that has served for long, is asked to
 * leave, and its database goes to the end of the queue.
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

#include "base/clock.h"
#include "base/compat.h"
#include "server/launcher.h"
#include "server/roster.h"
#include "server/seat.h"
#include "server/sharing.h"
#include "server/shmem.h"
#include "server/worker.h"

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

/* Until a database that is served is tried to be given one more. */
#define LAUNCHER_EXTRA_MS 5000

int rf_launcher_workers = 1;

/* A seat that a worker is to take. */
typedef struct LauncherChoice
{
	RfDatabase *database; /* NULL: none */
	int			seat;
} LauncherChoice;

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
launcher_forget_starts(RfDatabase *database)
{
	for (int i = 0; i < RF_WORKERS_MAX; i++)
	{
		RfSeat *seat = &database->seats[i];

		if (seat->pid == 0 && seat->state == RF_SEAT_STARTING)
			rf_seat_set(seat, RF_SEAT_WAITING);
	}
}

static void
launcher_attach(void)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	rf_shmem->launcher = MyLatch;
	on_shmem_exit(launcher_leave, (Datum) 0);
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		if (OidIsValid(rf_shmem->databases[i].oid))
			launcher_forget_starts(&rf_shmem->databases[i]);
	}
	LWLockRelease(rf_shmem->lock);
	rf_sharing_set_workers(rf_launcher_workers);
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

/* ---- whose turn it is --------------------------------------------------- */

static bool
launcher_is_starting(const RfSeat *seat, TimestampTz now)
{
	return seat->state == RF_SEAT_STARTING &&
		!TimestampDifferenceExceeds(seat->since, now, LAUNCHER_PATIENCE_MS);
}

/* A worker that was asked for and has not come by now will not. */
static bool
launcher_has_vanished(const RfSeat *seat, TimestampTz now)
{
	return seat->state == RF_SEAT_STARTING && seat->pid == 0 && !launcher_is_starting(seat, now);
}

/* The first worker finds out whether there is anything to serve. */
static bool
launcher_is_waiting(const RfDatabase *database, int seat)
{
	if (database->seats[seat].state != RF_SEAT_WAITING || database->seats[seat].pid != 0)
		return false;
	if (rf_hold_exists(database->oid))
		return false;
	return seat == 0 ||
		(seat < database->sharing.wanted && rf_database_has(database, RF_SEAT_SERVING));
}

/* Is a's turn before b's? First who has nobody, then who has news, then who waits longest. */
static bool
launcher_precedes(LauncherChoice a, LauncherChoice b)
{
	bool	served_a = rf_database_count_workers(a.database) > 0;
	bool	served_b = rf_database_count_workers(b.database) > 0;
	RfSeat *seat_a = &a.database->seats[a.seat];
	RfSeat *seat_b = &b.database->seats[b.seat];
	uint32	news_a = pg_atomic_read_u32(&a.database->seats[0].wake);
	uint32	news_b = pg_atomic_read_u32(&b.database->seats[0].wake);

	if (served_a != served_b)
		return served_b;
	return news_a != news_b ? news_a > news_b : seat_a->start_at < seat_b->start_at;
}

/* Look at one seat: counts it among those starting, or compares it with the choice. */
static void
launcher_consider(LauncherChoice candidate, TimestampTz now, LauncherChoice *choice,
				  int *starting, long *wait)
{
	RfSeat *seat = &candidate.database->seats[candidate.seat];

	*starting += launcher_is_starting(seat, now);
	if (launcher_has_vanished(seat, now))
		rf_seat_set(seat, RF_SEAT_WAITING);
	if (!launcher_is_waiting(candidate.database, candidate.seat))
		return;
	if (seat->start_at > now)
		*wait = Min(*wait, TimestampDifferenceMilliseconds(now, seat->start_at) + 1);
	else if (choice->database == NULL || launcher_precedes(candidate, *choice))
		*choice = candidate;
}

/*
 * The seat whose turn it is, none if no worker may start now. Lowers *wait to
 * the milliseconds after which one may. Lock held exclusively.
 */
static LauncherChoice
launcher_choose(TimestampTz now, long *wait)
{
	LauncherChoice choice = {NULL, 0};
	int			   starting = 0;

	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i];

		if (!OidIsValid(database->oid))
			continue;
		for (int seat = 0; seat < RF_WORKERS_MAX; seat++)
			launcher_consider((LauncherChoice){database, seat}, now, &choice, &starting, wait);
	}
	if (starting > 0)
		*wait = Min(*wait, LAUNCHER_PATIENCE_MS);
	if (starting >= LAUNCHER_STARTS)
		choice.database = NULL;
	return choice;
}

/* Returns which worker to start: of no database if none may. */
static RfWorkerArg
launcher_next(long *wait)
{
	LauncherChoice choice;
	RfWorkerArg	   arg = {InvalidOid, 0};

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	choice = launcher_choose(rf_steady_now(), wait);
	if (choice.database != NULL)
	{
		arg = (RfWorkerArg){choice.database->oid, choice.seat};
		if (choice.seat == 0)
			choice.database->look_again = false;
		rf_seat_set(&choice.database->seats[choice.seat], RF_SEAT_STARTING);
	}
	LWLockRelease(rf_shmem->lock);
	return arg;
}

/* ---- starting ----------------------------------------------------------- */

static bool
launcher_start(RfWorkerArg arg)
{
	BackgroundWorker worker = {
		.bgw_type = "referral worker",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "referral",
		.bgw_function_name = "rf_worker_main",
		.bgw_notify_pid = MyProcPid,
	};

	StaticAssertStmt(sizeof(arg) <= BGW_EXTRALEN, "worker's argument is too long");
	memcpy(worker.bgw_extra, &arg, sizeof(arg));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "referral worker %d for database %u",
			 arg.seat, arg.database);
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

static bool
launcher_may_dismiss(RfSeat *seat, TimestampTz now)
{
	TimestampTz active_at = (TimestampTz) pg_atomic_read_u64(&seat->active_at);

	return TimestampDifferenceExceeds(active_at, now, LAUNCHER_IDLE_MS) ||
		TimestampDifferenceExceeds(seat->since, now, LAUNCHER_TURN_MS);
}

/*
 * May "seat" go rather than "chosen", or at all if that is NULL? One of several
 * workers may always go, and before the only one of a database.
 */
static bool
launcher_goes_first(const RfDatabase *database, RfSeat *seat,
					const RfDatabase *chosen_database, RfSeat *chosen, TimestampTz now)
{
	bool several = rf_database_count_workers(database) > 1;
	bool chosen_several = chosen != NULL && rf_database_count_workers(chosen_database) > 1;

	if (!several && (chosen_several || !launcher_may_dismiss(seat, now)))
		return false;
	if (chosen == NULL || several != chosen_several)
		return true;
	return pg_atomic_read_u64(&seat->active_at) < pg_atomic_read_u64(&chosen->active_at);
}

/* Ask the worker that is needed least to leave, one at a time. */
static void
launcher_make_room(void)
{
	TimestampTz now = rf_steady_now();
	RfDatabase *chosen_database = NULL;
	RfSeat	   *chosen = NULL;

	for (int i = 0; i < RF_SHMEM_DATABASES * RF_WORKERS_MAX; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i / RF_WORKERS_MAX];
		RfSeat	   *seat = &database->seats[i % RF_WORKERS_MAX];

		if (!OidIsValid(database->oid) || seat->pid == 0)
			continue;
		if (seat->state == RF_SEAT_LEAVING)
			return;
		if (launcher_goes_first(database, seat, chosen_database, chosen, now))
		{
			chosen_database = database;
			chosen = seat;
		}
	}
	if (chosen != NULL)
		rf_seat_dismiss(chosen);
}

static void
launcher_complain(bool served)
{
	static bool complained[2] = {false, false};

	if (complained[served])
		return;
	complained[served] = true;
	ereport(LOG,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("no background worker process is free for referral"),
			 served ? errdetail("Fewer workers share the webhooks of a database than referral.workers, %d.",
								rf_launcher_workers)
					: errdetail("Databases are served in turn."),
			 errhint("Increase max_worker_processes, now %d, and restart the server.",
					 max_worker_processes)));
}

/* Together, so that it is the first of them that is tried again. */
static void
launcher_put_off_extras(RfDatabase *database)
{
	TimestampTz start_at = TimestampTzPlusMilliseconds(rf_steady_now(), LAUNCHER_EXTRA_MS);

	for (int i = 1; i < RF_WORKERS_MAX; i++)
		database->seats[i].start_at = Max(database->seats[i].start_at, start_at);
}

/* No process for this worker. */
static void
launcher_put_off(RfWorkerArg arg)
{
	RfDatabase *database;
	bool		served = false;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = rf_database_find(arg.database);
	if (database != NULL)
	{
		rf_seat_set(&database->seats[arg.seat], RF_SEAT_WAITING);
		served = rf_database_count_workers(database) > 0;
		if (served)
			launcher_put_off_extras(database);
		rf_database_explain(database, arg.seat,
							"no background worker process is free; increase max_worker_processes");
	}
	if (!served)
		launcher_make_room();
	LWLockRelease(rf_shmem->lock);
	launcher_complain(served);
}

/* Returns the milliseconds to sleep at most. */
static long
launcher_start_workers(void)
{
	long		wait = LAUNCHER_RESCAN_MS;
	RfWorkerArg arg;

	while (OidIsValid((arg = launcher_next(&wait)).database))
	{
		if (!launcher_start(arg))
		{
			launcher_put_off(arg);
			return Min(wait, LAUNCHER_RETRY_MS);
		}
	}
	return wait;
}

/* ---- the process -------------------------------------------------------- */

static long
launcher_work(void)
{
	static TimestampTz read_at = 0;
	TimestampTz		   now = rf_steady_now();

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
		rf_sharing_set_workers(rf_launcher_workers);
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
