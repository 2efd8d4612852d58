/*
 * handler.c
 *	  See handler.h.
 *
 * libmicrohttpd's own messages name paths, and so tokens: only that it cannot accept
 * connections is kept of them.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "listener/access_log.h"
#include "listener/handler.h"
#include "listener/limits.h"
#include "server/listen_settings.h"
#include "server/listening.h"

/* What libmicrohttpd needs of a connection's memory beside headers. */
#define MEMORY_BESIDE (16 * 1024)

int rf_handler_connections = 0;

/* ---- connections --------------------------------------------------------- */

static enum MHD_Result
handler_admit(void *cls, const struct sockaddr *from, socklen_t length)
{
	if (rf_handler_connections < rf_listen_max_connections && rf_limits_admits(from))
		return MHD_YES;
	rf_listening_count_rejected();
	return MHD_NO;
}

static void
handler_opened(RfDaemon *daemon, struct MHD_Connection *http, void **context)
{
	RfConnection *connection = rf_connection_open(&daemon->connections, http);

	*context = connection;
	if (connection != NULL)
		rf_handler_connections++;
	else
		shutdown(MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
				 SHUT_RDWR);
}

/* A client that was answered too early for it may not have seen the answer yet. */
static void
handler_closed(RfDaemon *daemon, RfConnection *connection)
{
	char	byte;
	ssize_t n;

	if (connection == NULL)
		return;
	n = connection->shut ? 0 : recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n > 0 || (n < 0 && connection->unread && (errno == EAGAIN || errno == EWOULDBLOCK)))
		rf_linger_add(&daemon->linger, connection->socket, daemon->now);
	/* libmicrohttpd stopped accepting, and goes on no sooner than when it runs again. */
	if (rf_connections_full(&daemon->connections))
		daemon->again = true;
	daemon->connections.starving = false;
	rf_connection_close(connection);
	rf_handler_connections--;
}

static void
handler_connection(void *cls, struct MHD_Connection *http, void **context,
				   enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		handler_opened(cls, http, context);
	else
		handler_closed(cls, *context);
}

/* ---- requests ------------------------------------------------------------ */

/* Shutting down our side for reading as well wakes it. */
void
rf_handler_note_ends(struct pollfd *polled, int n)
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
handler_connection_of(struct MHD_Connection *http)
{
	return MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The first line of a request. */
static void *
handler_begin(void *cls, const char *target, struct MHD_Connection *http)
{
	RfDaemon	 *daemon = cls;
	RfConnection *connection = handler_connection_of(http);

	if (connection == NULL)
		return NULL;
	connection->all->requests++;
	rf_incoming_begin(&connection->incoming, target, connection->address, daemon->now);
	connection->incoming.exchange.deadline = connection->deadline + daemon->rounds;
	return connection;
}

static enum MHD_Result
handler_answer(RfConnection *connection, int status, struct MHD_Response *response)
{
	connection->incoming.stage = RF_STAGE_LEAVING;
	connection->incoming.exchange.response.status = status;
	return MHD_queue_response(connection->connection, status, response);
}

static enum MHD_Result
handler_answer_ready(RfConnection *connection)
{
	RfReady ready = connection->incoming.ready;

	return handler_answer(connection, rf_outgoing_status(ready), rf_outgoing_ready(ready));
}

static enum MHD_Result
handler_headers(RfDaemon *daemon, RfConnection *connection, const char *method,
				const char *target, const char *version)
{
	RfIncoming *incoming = &connection->incoming;

	rf_incoming_headers(incoming, connection->connection, method, target, version);
	rf_limits_request(incoming, connection->from, connection->peer, daemon->now);
	if (!rf_incoming_closes(incoming))
		return MHD_YES;
	connection->unread = true;
	return handler_answer_ready(connection);
}

/* No answer can be queued here, so a refusal is written and the connection closed. */
static enum MHD_Result
handler_body(RfConnection *connection, const char *bytes, size_t length)
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
handler_whole(RfDaemon *daemon, RfConnection *connection)
{
	RfIncoming *incoming = &connection->incoming;

	if (incoming->ready != RF_READY_NONE)
	{
		rf_handler_note_ends(&(struct pollfd){.fd = connection->socket}, 1);
		return handler_answer_ready(connection);
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
handler_request(void *cls, struct MHD_Connection *http, const char *target, const char *method,
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
			return handler_headers(cls, connection, method, target, version);
		case RF_STAGE_BODY:
			return n > 0 ? handler_body(connection, bytes, n) : handler_whole(cls, connection);
		case RF_STAGE_WHOLE:
			return MHD_YES;
		case RF_STAGE_READY:
			if (connection->incoming.answer == NULL)
				return handler_answer_ready(connection);
			return handler_answer(connection, connection->incoming.exchange.response.status,
								  connection->incoming.answer);
		default:
			return MHD_NO;
	}
}

/* The request is over, answered or not. */
static void
handler_completed(void *cls, struct MHD_Connection *http, void **context,
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
handler_message(void *cls, const char *format, va_list arguments)
{
	RfDaemon *daemon = cls;

	if (strncmp(format, "Error accepting", strlen("Error accepting")) == 0 ||
		strncmp(format, "Hit process", strlen("Hit process")) == 0)
		daemon->connections.starving = daemon->starved = true;
}

/* It found itself in a state that cannot be, and does not want us to return. */
static void
handler_panic(void *cls, const char *file, unsigned int line, const char *reason)
{
	ereport(FATAL,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("libmicrohttpd gave up at line %u of \"%s\"", line, file)));
}

/* ---- start --------------------------------------------------------------- */

struct MHD_Daemon *
rf_handler_start(RfDaemon *daemon, int socket)
{
	/* Releases from 1.0 on are strict by themselves if told to. */
	int strict = strncmp(MHD_get_version(), "0.9.", 4) == 0 ? 0 : 1;

	MHD_set_panic_func(handler_panic, NULL);
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, handler_admit, daemon,
							handler_request, daemon,
							MHD_OPTION_EXTERNAL_LOGGER, handler_message, daemon,
							MHD_OPTION_LISTEN_SOCKET, socket,
							MHD_OPTION_NOTIFY_CONNECTION, handler_connection, daemon,
							MHD_OPTION_NOTIFY_COMPLETED, handler_completed, daemon,
							MHD_OPTION_URI_LOG_CALLBACK, handler_begin, daemon,
							MHD_OPTION_CONNECTION_LIMIT, (unsigned int) daemon->connections.most,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT,
							(size_t) (rf_listen_max_header + MEMORY_BESIDE),
							MHD_OPTION_CONNECTION_TIMEOUT, 0u,
							MHD_OPTION_STRICT_FOR_CLIENT, strict,
							MHD_OPTION_END);
}
