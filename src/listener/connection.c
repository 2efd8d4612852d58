/*
 * connection.c
 *	  See connection.h.
 */
#include "postgres.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "listener/connection.h"
#include "listener/limits.h"
#include "server/listen_settings.h"

/*
 * How long an idle connection is left alone when there is no room: the request of
 * one that was just opened may be under way, and clients that ask again and again
 * pause for less.
 */
#define IDLE_MIN (250 * 1000)

/* How many give way at a time. */
#define SHARE 16

void
rf_connections_init(RfConnections *all, int most)
{
	memset(all, 0, sizeof(RfConnections));
	dlist_init(&all->by_deadline);
	all->most = most;
}

/* All have the same time, so the end is the place, unless the setting was changed. */
static void
connection_place(RfConnection *connection)
{
	dlist_node *before = &connection->all->by_deadline.head;

	connection->since = connection->all->clock;
	connection->deadline = connection->since + (int64) rf_listen_timeout * 1000;
	while (before->prev != &connection->all->by_deadline.head &&
		   dlist_container(RfConnection, node, before->prev)->deadline > connection->deadline)
		before = before->prev;
	dlist_insert_before(before, &connection->node);
}

static const union MHD_ConnectionInfo *
connection_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType type)
{
	return MHD_get_connection_info(connection, type);
}

RfConnection *
rf_connection_open(RfConnections *all, struct MHD_Connection *connection)
{
	RfConnection *opened = calloc(1, sizeof(RfConnection));

	if (opened == NULL)
		return NULL;
	opened->all = all;
	opened->connection = connection;
	opened->socket = connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	opened->from = connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	opened->peer = rf_limits_opened(opened->from);
	rf_limits_name(opened->from, opened->address, sizeof(opened->address));
	connection_place(opened);
	all->n++;
	return opened;
}

void
rf_connection_close(RfConnection *connection)
{
	if (!connection->shut)
		dlist_delete(&connection->node);
	rf_limits_closed(connection->peer);
	rf_incoming_free(&connection->incoming);
	connection->all->n--;
	free(connection);
}

void
rf_connection_rests(RfConnection *connection)
{
	if (connection->shut)
		return;
	dlist_delete(&connection->node);
	connection_place(connection);
}

void
rf_connection_shut(RfConnection *connection)
{
	if (connection->shut)
		return;
	dlist_delete(&connection->node);
	connection->shut = true;
	shutdown(connection->socket, SHUT_RDWR);
}

void
rf_connections_cut(RfConnections *all)
{
	while (!dlist_is_empty(&all->by_deadline))
	{
		RfConnection *first = dlist_head_element(RfConnection, node, &all->by_deadline);

		if (first->deadline > all->clock)
			break;
		rf_connection_shut(first);
	}
}

/* Is a request there that was not read yet? */
static bool
connection_heard(const RfConnection *connection)
{
	char byte;

	return recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static bool
connection_idle(const RfConnection *connection)
{
	return connection->incoming.stage == RF_STAGE_IDLE && !connection_heard(connection);
}

void
rf_connections_make_room(RfConnections *all)
{
	int				   n = all->most / SHARE + 1;
	dlist_mutable_iter i;

	if (!rf_connections_full(all))
		return;
	dlist_foreach_modify(i, &all->by_deadline)
	{
		RfConnection *connection = dlist_container(RfConnection, node, i.cur);

		if (n == 0 || connection->since > all->clock - IDLE_MIN)
			break;
		if (!connection_idle(connection))
			continue;
		rf_connection_shut(connection);
		n--;
	}
}

void
rf_connections_shut_idle(RfConnections *all)
{
	dlist_mutable_iter i;

	dlist_foreach_modify(i, &all->by_deadline)
	{
		RfConnection *connection = dlist_container(RfConnection, node, i.cur);

		if (connection_idle(connection))
			rf_connection_shut(connection);
	}
}

/* When the first idle one may give way; those that have begun do not. */
static TimestampTz
connections_room_at(RfConnections *all)
{
	dlist_iter i;

	dlist_foreach(i, &all->by_deadline)
	{
		const RfConnection *connection = dlist_container(RfConnection, node, i.cur);

		if (connection->incoming.stage == RF_STAGE_IDLE)
			return Max(connection->since + IDLE_MIN, all->clock + IDLE_MIN / 10);
	}
	return DT_NOEND;
}

int64
rf_connections_wait(RfConnections *all)
{
	const RfConnection *first;
	TimestampTz			at;

	if (dlist_is_empty(&all->by_deadline))
		return -1;
	first = dlist_container(RfConnection, node, all->by_deadline.head.next);
	at = first->deadline;
	if (rf_connections_full(all))
		at = Min(at, connections_room_at(all));
	return Max(at - all->clock, 0);
}
