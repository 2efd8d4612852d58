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
 *
 * libmicrohttpd's own messages name paths, and so tokens: only those about the
 * process are kept, without what they are about.
 */
#include "postgres.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "listener/access_log.h"
#include "listener/connection.h"
#include "listener/daemon.h"
#include "listener/limits.h"
#include "listener/linger.h"
#include "listener/round.h"
#include "server/listen_settings.h"
#include "server/listening.h"

/* What libmicrohttpd needs of a connection's memory beside headers. */
#define MEMORY_BESIDE (16 * 1024)

/* Microseconds. */
#define STARVING_PAUSE (20 * 1000)

/* Rounds in a row before the loop around us gets a turn. */
#define ROUNDS_MAX 16

struct RfDaemon
{
	struct MHD_Daemon *http;
	int				   epoll; /* of libmicrohttpd's epoll and lingering sockets */
	RfConnections	   connections;
	RfLinger		   linger;
	RfConnection	 **whole; /* NULL: gone meanwhile */
	RfExchange		 **exchanges;
	struct pollfd	  *polled;
	int				   nwhole;
	TimestampTz		   now;
	TimestampTz		   rounds; /* the time that rounds took, in all */
	MemoryContext	   context;
	bool			   quiet;	 /* takes no new connections */
	bool			   again;	 /* is to run at once */
	bool			   starving; /* libmicrohttpd met a limit of the system */
	bool			   starved;	 /* which is to be told */
	TimestampTz		   starved_told;
};

/* Connections of all daemons of this process, which share its limit. */
static int daemon_open = 0;

static void
daemon_look_at_clock(RfDaemon *daemon)
{
	daemon->now = rf_steady_now();
	daemon->connections.clock = daemon->now - daemon->rounds;
}

/* ---- called by libmicrohttpd: connections -------------------------------- */

static enum MHD_Result
daemon_admit(void *cls, const struct sockaddr *from, socklen_t length)
{
	if (daemon_open < rf_listen_max_connections && rf_limits_admits(from))
		return MHD_YES;
	rf_listening_count_rejected();
	return MHD_NO;
}

static void
daemon_opened(RfDaemon *daemon, struct MHD_Connection *http, void **context)
{
	RfConnection *connection = rf_connection_open(&daemon->connections, http);

	*context = connection;
	if (connection != NULL)
		daemon_open++;
	else
		shutdown(MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
				 SHUT_RDWR);
}

/* A client that was answered too early for it may not have seen the answer yet. */
static void
daemon_closed(RfDaemon *daemon, RfConnection *connection)
{
	char	byte;
	ssize_t n;

	if (connection == NULL)
		return;
	n = connection->shut ? 0 : recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n > 0 || (n < 0 && connection->unread && (errno == EAGAIN || errno == EWOULDBLOCK)))
		rf_linger_add(&daemon->linger, connection->socket, daemon->now);
	/* libmicrohttpd stopped accepting, and goes on no sooner than when it runs again. */
	if (daemon->connections.n == daemon->connections.most || daemon->starving)
		daemon->again = true;
	daemon->starving = false;
	rf_connection_close(connection);
	daemon_open--;
}

static void
daemon_connection(void *cls, struct MHD_Connection *http, void **context,
				  enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		daemon_opened(cls, http, context);
	else
		daemon_closed(cls, *context);
}

/* ---- called by libmicrohttpd: requests ------------------------------------ */

/*
 * libmicrohttpd hears once of what came to a socket. If the request and the end of
 * what the client sends came at once, it would not look for the end, and a client
 * that waits for ours would wait long. Shutting down our side for reading as well
 * makes it look.
 */
static void
daemon_note_ends(struct pollfd *polled, int n)
{
	for (int i = 0; i < n; i++)
		polled[i].events = POLLRDHUP;
	if (poll(polled, n, 0) <= 0)
		return;
	for (int i = 0; i < n; i++)
	{
		if (polled[i].revents & POLLRDHUP)
			shutdown(polled[i].fd, SHUT_RD);
	}
}

static RfConnection *
daemon_connection_of(struct MHD_Connection *http)
{
	return MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The first line of a request. */
static void *
daemon_begin(void *cls, const char *target, struct MHD_Connection *http)
{
	RfDaemon	 *daemon = cls;
	RfConnection *connection = daemon_connection_of(http);

	if (connection == NULL)
		return NULL;
	connection->all->requests++;
	rf_incoming_begin(&connection->incoming, target, connection->address, daemon->now);
	connection->incoming.exchange.deadline = connection->deadline + daemon->rounds;
	return connection;
}

static enum MHD_Result
daemon_answer(RfConnection *connection, int status, struct MHD_Response *response)
{
	connection->incoming.stage = RF_STAGE_LEAVING;
	connection->incoming.exchange.response.status = status;
	return MHD_queue_response(connection->connection, status, response);
}

static enum MHD_Result
daemon_answer_ready(RfConnection *connection)
{
	RfReady ready = connection->incoming.ready;

	return daemon_answer(connection, rf_outgoing_status(ready), rf_outgoing_ready(ready));
}

static enum MHD_Result
daemon_headers(RfDaemon *daemon, RfConnection *connection, const char *method,
			   const char *target, const char *version)
{
	RfIncoming *incoming = &connection->incoming;

	rf_incoming_headers(incoming, connection->connection, method, target, version);
	rf_limits_request(incoming, connection->from, connection->peer, daemon->now);
	if (!rf_incoming_closes(incoming))
		return MHD_YES;
	connection->unread = true;
	return daemon_answer_ready(connection);
}

/* No answer can be queued here, so a refusal is written and the connection closed. */
static enum MHD_Result
daemon_body(RfConnection *connection, const char *bytes, size_t length)
{
	RfIncoming *incoming = &connection->incoming;

	rf_incoming_body(incoming, bytes, length);
	if (incoming->ready == RF_READY_NONE)
		return MHD_YES;
	incoming->stage = RF_STAGE_LEAVING;
	incoming->exchange.response.status = rf_outgoing_status(incoming->ready);
	connection->unread = true;
	rf_outgoing_write(connection->socket, incoming->ready);
	return MHD_NO;
}

static enum MHD_Result
daemon_whole(RfDaemon *daemon, RfConnection *connection)
{
	RfIncoming *incoming = &connection->incoming;

	if (incoming->ready != RF_READY_NONE)
	{
		daemon_note_ends(&(struct pollfd){.fd = connection->socket}, 1);
		return daemon_answer_ready(connection);
	}
	rf_incoming_whole(incoming);
	incoming->position = daemon->nwhole;
	daemon->whole[daemon->nwhole++] = connection;
	return MHD_YES;
}

/*
 * Called when the headers are there, for each part of the body, at its end, and
 * then again and again until there is an answer.
 */
static enum MHD_Result
daemon_request(void *cls, struct MHD_Connection *http, const char *target, const char *method,
			   const char *version, const char *bytes, size_t *length, void **context)
{
	RfConnection *connection = *context;
	size_t		  n = *length;

	if (connection == NULL)
		return MHD_NO;
	*length = 0;
	switch (connection->incoming.stage)
	{
		case RF_STAGE_HEADERS:
			return daemon_headers(cls, connection, method, target, version);
		case RF_STAGE_BODY:
			return n > 0 ? daemon_body(connection, bytes, n) : daemon_whole(cls, connection);
		case RF_STAGE_WHOLE:
			return MHD_YES;
		case RF_STAGE_READY:
			if (connection->incoming.answer == NULL)
				return daemon_answer_ready(connection);
			return daemon_answer(connection, connection->incoming.exchange.response.status,
								 connection->incoming.answer);
		default:
			return MHD_NO;
	}
}

/* The request is over, answered or not. */
static void
daemon_completed(void *cls, struct MHD_Connection *http, void **context,
				 enum MHD_RequestTerminationCode code)
{
	RfDaemon	 *daemon = cls;
	RfConnection *connection = *context;
	RfIncoming	 *incoming;

	if (connection == NULL)
		return;
	incoming = &connection->incoming;
	if (incoming->stage == RF_STAGE_WHOLE)
		daemon->whole[incoming->position] = NULL;
	rf_access_log_note(incoming, incoming->exchange.response.status, daemon->now);
	rf_listening_count_answer(incoming->exchange.response.status);
	if (incoming->exchange.response.status == 429)
		rf_listening_count_rejected();
	rf_limits_release(incoming);
	rf_incoming_end(incoming);
	connection->all->requests--;
	if (daemon->quiet)
		rf_connection_shut(connection);
	else
		rf_connection_rests(connection);
	*context = NULL;
}

/* Of all that libmicrohttpd has to say, that it cannot open more files. */
static void
daemon_message(void *cls, const char *format, va_list arguments)
{
	RfDaemon *daemon = cls;

	if (strncmp(format, "Error accepting", strlen("Error accepting")) == 0 ||
		strncmp(format, "Hit process", strlen("Hit process")) == 0)
		daemon->starving = daemon->starved = true;
}

/* It found itself in a state that cannot be, and does not want us to return. */
static void
daemon_panic(void *cls, const char *file, unsigned int line, const char *reason)
{
	ereport(FATAL,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("libmicrohttpd gave up at line %u of \"%s\"", line, file)));
}

/* ---- start and end -------------------------------------------------------- */

static struct MHD_Daemon *
daemon_start_http(RfDaemon *daemon, int socket)
{
	/* Releases from 1.0 on are strict by themselves if told to. */
	int strict = strncmp(MHD_get_version(), "0.9.", 4) == 0 ? 0 : 1;

	MHD_set_panic_func(daemon_panic, NULL);
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, daemon_admit, daemon,
							daemon_request, daemon,
							MHD_OPTION_EXTERNAL_LOGGER, daemon_message, daemon,
							MHD_OPTION_LISTEN_SOCKET, socket,
							MHD_OPTION_NOTIFY_CONNECTION, daemon_connection, daemon,
							MHD_OPTION_NOTIFY_COMPLETED, daemon_completed, daemon,
							MHD_OPTION_URI_LOG_CALLBACK, daemon_begin, daemon,
							MHD_OPTION_CONNECTION_LIMIT, (unsigned int) daemon->connections.most,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT,
							(size_t) (rf_listen_max_header + MEMORY_BESIDE),
							MHD_OPTION_CONNECTION_TIMEOUT, 0u,
							MHD_OPTION_STRICT_FOR_CLIENT, strict,
							MHD_OPTION_END);
}

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
		daemon->http = daemon_start_http(daemon, socket);
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
	daemon_note_ends(daemon->polled, n);
	daemon->rounds += rf_steady_now() - daemon->now;
}

/*
 * No more files may be open, so the server's own give way. If no connection can
 * end either, the socket would call us again at once for nothing.
 */
static void
daemon_starve(RfDaemon *daemon)
{
	daemon->starved = false;
	closeAllVfds();
	if (daemon->connections.n == 0)
		pg_usleep(STARVING_PAUSE);
	if (daemon->starved_told != 0 && daemon->now < daemon->starved_told + USECS_PER_MINUTE)
		return;
	daemon->starved_told = daemon->now;
	ereport(LOG,
			(errmsg("referral listener cannot accept connections: no more files may be open"),
			 errdetail("It has %d connections.", daemon->connections.n),
			 errhint("Raise the limits of open files, or lower "
					 "referral.listen_max_connections.")));
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
	rf_listening_set_connections(daemon_open);
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
