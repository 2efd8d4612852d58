/*
 * listening_process.c
 *	  See listening_process.h.
 *
 * The process begins here, rather than in its own library, so that one that fails
 * early, even for want of a library, is tried again ever later and says why in its
 * slot.
 */
#include "postgres.h"

#include <dlfcn.h>
#include <unistd.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"

#include "base/compat.h"
#include "server/listening.h"
#include "server/listening_process.h"

/* The process itself waits longer after failures. */
#define PROCESS_RESTART_S 1

#define PROCESS_LIBRARY	 "referral_listener"
#define PROCESS_FUNCTION "rf_listener_main"

volatile sig_atomic_t rf_listening_is_patient = false;
volatile sig_atomic_t rf_listening_must_leave = false;

static bool process_is_possible = false;

PGDLLEXPORT void rf_listening_main(Datum arg);

/* Beside this library, wherever that is; false if it is not known where. */
static bool
process_library_path(char *path)
{
	Dl_info info;
	char   *slash;

	if (dladdr((void *) rf_listening_main, &info) == 0)
		return false;
	strlcpy(path, info.dli_fname, MAXPGPATH);
	slash = strrchr(path, '/');
	if (slash == NULL)
		return false;
	strlcpy(slash + 1, PROCESS_LIBRARY DLSUFFIX, MAXPGPATH - (slash + 1 - path));
	return true;
}

bool
rf_listening_is_possible(void)
{
	return process_is_possible;
}

bool
rf_listening_check_library(void)
{
	char path[MAXPGPATH];

	process_is_possible = process_library_path(path) && access(path, R_OK) == 0;
	if (process_is_possible)
		return true;
	ereport(WARNING,
			(errcode(ERRCODE_UNDEFINED_FILE),
			 errmsg("referral does not listen"),
			 errdetail("referral.listen is set, but %s is not installed beside %s.",
					   PROCESS_LIBRARY DLSUFFIX, "referral" DLSUFFIX),
			 errhint("Build and install referral where libmicrohttpd's development package is"
					 " installed, and restart the server.")));
	return false;
}

void
rf_listening_register(const RfListenEntry *entry, int number, int slot)
{
	BackgroundWorker listener = {
		.bgw_type = "referral listener",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_ConsistentState,
		.bgw_restart_time = PROCESS_RESTART_S,
		.bgw_library_name = "referral",
		.bgw_function_name = "rf_listening_main",
		.bgw_main_arg = Int32GetDatum(slot),
	};
	char place[RF_LISTEN_PLACE];

	rf_listen_place(entry, place);
	snprintf(listener.bgw_name, sizeof(listener.bgw_name), "referral listener %d on %s",
			 number, place);
	RegisterBackgroundWorker(&listener);
}

/* ---- the process -------------------------------------------------------- */

static void
process_sigterm(SIGNAL_ARGS)
{
	int save_errno = errno;

	if (rf_listening_must_leave || !rf_listening_is_patient)
		die(postgres_signal_arg);
	rf_listening_must_leave = true;
	SetLatch(MyLatch);
	errno = save_errno;
}

/* Status 0 would mean: never again. */
void
rf_listening_sleep(long ms)
{
	static uint32 event = 0;

	if (event == 0)
		event = rf_wait_event("ReferralListenerRest");
	rf_listening_is_patient = true;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, event);
	ResetLatch(MyLatch);
	rf_listening_is_patient = false;
	if (rf_listening_must_leave)
		proc_exit(1);
	/* There is nothing to cancel here. */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
}

static void
process_load_and_run(void)
{
	char		   path[MAXPGPATH];
	RfListenerMain run;

	if (!process_library_path(path))
		elog(ERROR, "directory of the library is not known");
	run = (RfListenerMain) load_external_function(path, PROCESS_FUNCTION, true, NULL);
	run(REFERRAL_VERSION);
}

/* The error ends the process; what it said is kept for rf_listeners(). */
static void
process_note_error(void)
{
	ErrorData *error;

	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	rf_listening_note_error(error->message);
	FreeErrorData(error);
}

void
rf_listening_main(Datum arg)
{
	long rest;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, process_sigterm);
	BackgroundWorkerUnblockSignals();
	rf_listening_take(DatumGetInt32(arg));
	while ((rest = rf_listening_rest()) > 0)
		rf_listening_sleep(rest);
	PG_TRY();
	{
		process_load_and_run();
	}
	PG_CATCH();
	{
		process_note_error();
		PG_RE_THROW();
	}
	PG_END_TRY();
}
