/*
 * listener.c
 *	  The process that takes calls over HTTP for one database.
 *
 * It has its addresses before it connects to its database, so that waiting for an
 * address keeps nobody from that database. From then on it waits in one place, for
 * its latch and for the sockets, with no transaction open.
 *
 * SIGTERM asks it to leave: it takes no more connections and ends as soon as no
 * request is under way, after a second at most, and at once if DDL waits for its
 * database.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/compat.h"
#include "listener/daemon.h"
#include "listener/round.h"
#include "listener/socket.h"
#include "listener/unit.h"
#include "server/listen_settings.h"
#include "server/listening.h"
#include "server/listening_process.h"

RF_MODULE_MAGIC;

/* How often an address that is not to be had is tried again. */
#define LISTENER_RETRY_MS 3000

#define LISTENER_GRACE_MS 1000

/* Longest look at the database before it is served, whatever it finds. */
#define LISTENER_LOOK_MS 10000

PGDLLEXPORT void rf_listener_main(const char *version);

/* Each socket is closed by whoever is last to have it. */
static RfSockets listener_sockets;
static int		 listener_ndaemons = 0;
static RfDaemon *listener_daemons[RF_SOCKETS_MAX];

/* ---- addresses ---------------------------------------------------------- */

static const char *
listener_hint(int error)
{
	bool local = rf_own_listening->entry.local;

	switch (error)
	{
		case EADDRINUSE:
			return "Another process listens there. End it, or choose another place in referral.listen.";
		case EADDRNOTAVAIL:
			return "This machine does not have that address, or not yet.";
		case EACCES:
			return local ? "The server's user must be able to write to the socket's directory."
						 : "Ports below 1024 are for the superuser: take another one, and leave the public one to a reverse proxy.";
		case EEXIST:
			return "There is a file that is not a socket, which is left alone.";
		case ENOENT:
			return "The directory of the socket must be there.";
	}
	return "Choose another place in referral.listen.";
}

/* Once for each reason; then it is tried quietly. */
static void
listener_complain(const char *reason, const char *hint)
{
	static char said[RF_LISTENING_DETAIL] = "";

	rf_listening_report(RF_LISTENING_ADDRESS, reason);
	if (strncmp(said, reason, sizeof(said) - 1) == 0)
		return;
	strlcpy(said, reason, sizeof(said));
	ereport(LOG,
			(errmsg("referral cannot listen on %s: %s", rf_own_listening->place, reason),
			 errdetail("It is tried again every %d seconds.", LISTENER_RETRY_MS / 1000),
			 errhint("%s", hint)));
}

/* Returns 0 or an errno. */
static int
listener_bind(const RfPlaces *places)
{
	bool alone;
	int	 error;

	while (!rf_listening_bind(&alone))
		rf_listening_sleep(LISTENER_RETRY_MS);
	error = rf_socket_listen(places, rf_listeners_wanted > 1, alone, &listener_sockets);
	rf_listening_bound(error == 0);
	return error;
}

static bool
listener_try_to_listen(void)
{
	RfPlaces	places;
	const char *wrong = rf_socket_resolve(&rf_own_listening->entry, &places);
	int			error;

	if (wrong != NULL)
	{
		listener_complain(wrong, "The machine must know the name.");
		return false;
	}
	error = listener_bind(&places);
	if (error != 0)
		listener_complain(strerror(error), listener_hint(error));
	return error == 0;
}

/* ---- beginning and end -------------------------------------------------- */

/*
 * before_shmem_exit callback. An error may have come from anywhere, so the library
 * is not asked to clean up: whoever is next only needs the addresses.
 */
static void
listener_give_up_addresses(int code, Datum arg)
{
	rf_socket_remove_file();
	rf_socket_close(&listener_sockets);
}

static void
listener_check_version(const char *version)
{
	if (strcmp(version, REFERRAL_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("referral_listener is of another version than referral"),
				 errdetail("The one is of version %s, the other of version %s.",
						   REFERRAL_VERSION, version),
				 errhint("Install both from the same build, and restart the server.")));
}

/* What ALTER DATABASE or ALTER ROLE may have set must not stop us. */
static void
listener_settle_in(void)
{
	static const char *const settings[][2] = {
		{"application_name", "referral listener"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	pgstat_report_activity(STATE_IDLE, NULL);
}

static void
listener_look_around(void *arg)
{
}

/*
 * Is there something to serve? Each request asks anew, but whoever asked for the
 * listener should see before that something is missing, and that it came.
 */
static void
listener_look(void)
{
	ErrorData *error;

	rf_unit_deadline(TimestampTzPlusMilliseconds(rf_steady_now(), LISTENER_LOOK_MS));
	error = rf_unit_run(listener_look_around, NULL);
	if (error == NULL)
		return;
	ereport(LOG,
			(errmsg("referral answers with status 503 on %s", rf_own_listening->place),
			 errdetail("In database \"%s\": %s.", rf_own_listening->entry.database,
					   rf_own_listening->detail[0] != '\0' ? rf_own_listening->detail
														   : error->message),
			 errhint("Run CREATE EXTENSION referral or ALTER EXTENSION referral UPDATE there.")));
	FreeErrorData(error);
}

/* Those whom the library took are its own from here on. */
static void
listener_start_daemons(void)
{
	for (int i = 0; i < listener_sockets.n; i++)
	{
		RfDaemon *daemon = rf_daemon_start(listener_sockets.fd[i]);

		if (daemon == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("libmicrohttpd could not be started on %s", rf_own_listening->place)));
		listener_daemons[listener_ndaemons++] = daemon;
	}
	ereport(LOG,
			(errmsg("referral listens on %s for database \"%s\"", rf_own_listening->place,
					rf_own_listening->entry.database)));
}

static int
listener_requests(void)
{
	int n = 0;

	for (int i = 0; i < listener_ndaemons; i++)
		n += rf_daemon_requests(listener_daemons[i]);
	return n;
}

/* ---- the loop ----------------------------------------------------------- */

static long
listener_sooner(long a, long b)
{
	if (a < 0 || b < 0)
		return Max(a, b);
	return Min(a, b);
}

/* One round of work; returns the milliseconds to sleep at most, -1: any. */
static long
listener_work(void)
{
	long timeout = -1;

	for (int i = 0; i < listener_ndaemons; i++)
		rf_daemon_run(listener_daemons[i]);
	if (rf_round_due() == 0)
		rf_round_do_due();
	for (int i = 0; i < listener_ndaemons; i++)
		timeout = listener_sooner(timeout, rf_daemon_timeout(listener_daemons[i]));
	return listener_sooner(timeout, rf_round_due());
}

static WaitEventSet *
listener_wait_set(void)
{
	WaitEventSet *set = rf_create_wait_event_set(2 + listener_ndaemons);

	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < listener_ndaemons; i++)
		AddWaitEventToSet(set, WL_SOCKET_READABLE, rf_daemon_fd(listener_daemons[i]), NULL, NULL);
	return set;
}

static void
listener_wait(WaitEventSet *set, long timeout)
{
	static uint32 event = 0;
	WaitEvent	  occurred;

	if (event == 0)
		event = rf_wait_event("ReferralListenerMain");
	/* One is enough to go round; the latch is reset before anybody looks. */
	(void) WaitEventSetWait(set, timeout, &occurred, 1, event);
	ResetLatch(MyLatch);
	/* There is nothing to cancel here. */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* What is whole by now is answered, the rest has some time to become so. */
static void
listener_finish(WaitEventSet *set)
{
	TimestampTz begun = rf_steady_now();
	long		grace = rf_listening_is_held() ? 0 : LISTENER_GRACE_MS;

	rf_listening_report(RF_LISTENING_LEAVING, NULL);
	(void) listener_work();
	for (int i = 0; i < listener_ndaemons; i++)
		rf_daemon_quiesce(listener_daemons[i]);
	listener_sockets.n = 0;
	for (;;)
	{
		long timeout = listener_work();
		long left = grace - (long) ((rf_steady_now() - begun) / 1000);

		if (left <= 0 || listener_requests() == 0)
			return;
		listener_wait(set, listener_sooner(timeout, left));
	}
}

/*
 * The library may not be stopped while it was told to put requests off, as those are
 * that wait for a round; the system closes their connections as well.
 */
static void
listener_leave(void)
{
	if (listener_requests() == 0)
	{
		for (int i = 0; i < listener_ndaemons; i++)
			rf_daemon_stop(listener_daemons[i]);
	}
	rf_round_finish();
	/* Status 0 would mean: never again. */
	proc_exit(1);
}

static void
listener_serve(void)
{
	WaitEventSet *set;
	MemoryContext context;

	listener_start_daemons();
	listener_look();
	set = listener_wait_set();
	context = AllocSetContextCreate(TopMemoryContext, "referral listener", ALLOCSET_DEFAULT_SIZES);
	rf_listening_is_patient = true;
	while (!rf_listening_must_leave)
	{
		MemoryContextSwitchTo(context);
		if (rf_listening_take_news())
			listener_look();
		listener_wait(set, listener_work());
		MemoryContextReset(context);
	}
	listener_finish(set);
	listener_leave();
}

void
rf_listener_main(const char *version)
{
	listener_check_version(version);
	before_shmem_exit(listener_give_up_addresses, (Datum) 0);
	while (!listener_try_to_listen())
		rf_listening_sleep(LISTENER_RETRY_MS);
	BackgroundWorkerInitializeConnection(rf_own_listening->entry.database, NULL, 0);
	if (!rf_listening_connected())
		proc_exit(1);
	listener_settle_in();
	rf_round_start(&rf_listening_must_leave);
	listener_serve();
}
