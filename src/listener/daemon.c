/*
 * daemon.c
 *	  See daemon.h.
 *
 * A request that is whole is noted and left as it is: libmicrohttpd asks again for
 * its answer each time it runs, and by then the round has made one. Suspending the
 * connection instead would take it out of the epoll and in again for each request,
 * and after that libmicrohttpd reads first: a client that has shut down its side by
 * then is taken for gone and never gets its answer.
 *
 * So a run is: libmicrohttpd reads; all whole requests are answered in a round;
 * libmicrohttpd asks for the answers; libmicrohttpd writes, and reads what came
 * meanwhile, which goes into the next round. Errors are possible only in the round.
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "listener/access_log.h"
#include "listener/handler.h"
#include "listener/limits.h"
#include "listener/round.h"
#include "server/listen_settings.h"
#include "server/listening.h"

/* Microseconds. */
#define STARVING_PAUSE (20 * 1000)

/* Rounds in a row before the loop around us gets a turn. */
#define ROUNDS_MAX 16

static void
daemon_look_at_clock(RfDaemon *daemon)
{
	daemon->now = rf_steady_now();
	daemon->connections.clock = daemon->now - daemon->rounds;
}

/* ---- start and end -------------------------------------------------------- */

static bool
daemon_watch(RfDaemon *daemon)
{
	struct epoll_event event = {.events = EPOLLIN};
	int				   inner;

	inner = MHD_get_daemon_info(daemon->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (daemon->epoll < 0 || epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, inner, &event) != 0)
		return false;
	daemon->linger.epoll = daemon->epoll;
	return true;
}

static RfDaemon *
daemon_create(int connections)
{
	RfDaemon *daemon = MemoryContextAllocZero(TopMemoryContext, sizeof(RfDaemon));

	daemon->epoll = -1;
	rf_connections_init(&daemon->connections, connections);
	daemon->whole = MemoryContextAllocZero(TopMemoryContext, connections * sizeof(void *));
	daemon->exchanges = MemoryContextAllocZero(TopMemoryContext, connections * sizeof(void *));
	daemon->polled = MemoryContextAllocZero(TopMemoryContext,
											connections * sizeof(struct pollfd));
	daemon->context = AllocSetContextCreate(TopMemoryContext, "referral round",
											ALLOCSET_DEFAULT_SIZES);
	daemon_look_at_clock(daemon);
	return daemon;
}

RfDaemon *
rf_daemon_start(int socket)
{
	RfDaemon *daemon = daemon_create(rf_listen_max_connections);

	rf_limits_reload();
	if (rf_outgoing_prepare() && rf_limits_start(daemon->connections.most))
		daemon->http = rf_handler_start(daemon, socket);
	if (daemon->http == NULL)
	{
		ereport(LOG, (errmsg("referral listener could not start libmicrohttpd: %m")));
		close(socket);
		return NULL;
	}
	if (!daemon_watch(daemon))
	{
		ereport(LOG, (errmsg("referral listener could not watch its sockets: %m")));
		MHD_stop_daemon(daemon->http);
		return NULL;
	}
	return daemon;
}

void
rf_daemon_stop(RfDaemon *daemon)
{
	/* Nothing of a round is left by now. */
	daemon->quiet = true;
	MHD_stop_daemon(daemon->http);
	rf_linger_stop(&daemon->linger);
	rf_limits_stop();
	rf_access_log_write();
	close(daemon->epoll);
	MemoryContextDelete(daemon->context);
	pfree(daemon->whole);
	pfree(daemon->exchanges);
	pfree(daemon->polled);
	pfree(daemon);
}

/* ---- a run ---------------------------------------------------------------- */

static void
daemon_run_http(RfDaemon *daemon)
{
	daemon_look_at_clock(daemon);
	MHD_run(daemon->http);
}

/* Without those whose connections were closed meanwhile. */
static int
daemon_gather(RfDaemon *daemon)
{
	int n = 0;

	for (int i = 0; i < daemon->nwhole; i++)
	{
		RfConnection *connection = daemon->whole[i];

		if (connection == NULL)
			continue;
		daemon->whole[n] = connection;
		daemon->exchanges[n++] = &connection->incoming.exchange;
	}
	daemon->nwhole = 0;
	return n;
}

static void
daemon_take_answer(RfDaemon *daemon, RfIncoming *incoming)
{
	rf_limits_answered(incoming, daemon->now);
	if (incoming->exchange.response.status != 0)
		incoming->answer = rf_outgoing_make(&incoming->exchange, daemon->quiet);
	if (incoming->answer == NULL)
		incoming->ready = RF_READY_FAILED;
	incoming->stage = RF_STAGE_READY;
}

static void
daemon_round(RfDaemon *daemon)
{
	int			  n = daemon_gather(daemon);
	MemoryContext caller;

	if (n == 0)
		return;
	caller = MemoryContextSwitchTo(daemon->context);
	rf_round_serve(daemon->exchanges, n);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < n; i++)
	{
		daemon_take_answer(daemon, &daemon->whole[i]->incoming);
		daemon->polled[i].fd = daemon->whole[i]->socket;
	}
	MemoryContextReset(daemon->context);
	rf_handler_note_ends(daemon->polled, n);
	daemon->rounds += rf_steady_now() - daemon->now;
}

static void
daemon_tell_starving(RfDaemon *daemon)
{
	if (daemon->starved_told != 0 && daemon->now < daemon->starved_told + USECS_PER_MINUTE)
		return;
	daemon->starved_told = daemon->now;
	ereport(LOG,
			(errmsg("referral listener cannot accept connections: no more files may be open"),
			 errdetail("It has %d connections.", daemon->connections.n),
			 errhint("Raise the limits of open files, or lower "
					 "referral.listen_max_connections.")));
}

/*
 * No more files may be open, so the server's own give way. If there is no connection
 * that could end either, the socket would call us again at once for nothing.
 */
static void
daemon_starve(RfDaemon *daemon)
{
	daemon->starved = false;
	daemon_tell_starving(daemon);
	closeAllVfds();
	if (daemon->connections.n == 0)
		pg_usleep(STARVING_PAUSE);
}

void
rf_daemon_run(RfDaemon *daemon)
{
	rf_limits_reload();
	daemon->again = false;
	daemon_run_http(daemon);
	for (int i = 0; i < ROUNDS_MAX && daemon->nwhole > 0; i++)
	{
		daemon_round(daemon);
		daemon_run_http(daemon);
		daemon_run_http(daemon);
		if (MyLatch->is_set || InterruptPending)
			break;
	}
	daemon_look_at_clock(daemon);
	rf_connections_cut(&daemon->connections);
	rf_connections_make_room(&daemon->connections);
	rf_linger_run(&daemon->linger, daemon->now);
	rf_access_log_write();
	if (daemon->starved)
		daemon_starve(daemon);
	rf_listening_set_connections(rf_handler_connections);
}

/* ---- what the loop wants to know ------------------------------------------- */

int
rf_daemon_fd(const RfDaemon *daemon)
{
	return daemon->epoll;
}

static int64
daemon_sooner(int64 a, int64 b)
{
	if (a < 0)
		return b;
	return b < 0 ? a : Min(a, b);
}

long
rf_daemon_timeout(RfDaemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG ignored;
	int64				   wait;

	/* It has no timeouts of its own, so if it names one there is something to do. */
	if (daemon->again || daemon->nwhole > 0 || MHD_get_timeout(daemon->http, &ignored) == MHD_YES)
		return 0;
	wait = daemon_sooner(rf_connections_wait(&daemon->connections),
						 rf_linger_wait(&daemon->linger, daemon->now));
	return wait < 0 ? -1 : (long) ((wait + 999) / 1000);
}

void
rf_daemon_quiesce(RfDaemon *daemon)
{
	int socket;

	if (daemon->quiet)
		return;
	daemon->quiet = true;
	socket = MHD_quiesce_daemon(daemon->http);
	if (socket >= 0)
		close(socket);
	rf_connections_shut_idle(&daemon->connections);
}

int
rf_daemon_requests(const RfDaemon *daemon)
{
	return daemon->connections.requests;
}

int
rf_daemon_connections(const RfDaemon *daemon)
{
	return daemon->connections.n;
}
