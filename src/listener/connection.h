/*
 * connection.h
 *	  The open connections of a daemon, in the order of their deadlines.
 *
 * libmicrohttpd knows timeouts only for connections on which nothing happens, so
 * that a drop now and then would keep one open for ever. Here a connection has a
 * fixed time for each request: from its opening, or the end of the request before,
 * to the end of the answer. Then its socket is shut down, and libmicrohttpd closes
 * it. The time that rounds take is nobody's fault and counts for none: deadlines are
 * on a clock that stands still meanwhile.
 */
#ifndef RF_CONNECTION_H
#define RF_CONNECTION_H

#include "postgres.h"

#include "lib/ilist.h"

#include "listener/incoming.h"

typedef struct RfConnections
{
	dlist_head	by_deadline;
	int			n;
	int			most;
	int			requests; /* that have begun and are not answered */
	bool		starving; /* no more files may be open */
	TimestampTz clock;	  /* now, without the time that rounds took */
} RfConnections;

typedef struct RfConnection
{
	dlist_node			   node;
	RfConnections		  *all;
	struct MHD_Connection *connection;
	const struct sockaddr *from;
	char				   address[INET6_ADDRSTRLEN]; /* as text; empty: it has none */
	int					   socket;
	bool				   shut;   /* by us, and no more in the list */
	bool				   unread; /* answered before all was read */
	RfPeer				  *peer;   /* NULL: not counted */
	TimestampTz			   since;  /* waits for a request, or for its end */
	TimestampTz			   deadline;
	RfIncoming			   incoming;
} RfConnection;

extern void rf_connections_init(RfConnections *all, int most);

/* NULL: no memory. */
extern RfConnection *rf_connection_open(RfConnections *all, struct MHD_Connection *connection);
extern void			 rf_connection_close(RfConnection *connection);

/* Its request is answered: the time for the next one begins. */
extern void rf_connection_rests(RfConnection *connection);

/* End it, whatever it does; libmicrohttpd sees that by itself. */
extern void rf_connection_shut(RfConnection *connection);

/* Shut those whose time is over. */
extern void rf_connections_cut(RfConnections *all);

/* Is there no room for another one? */
static inline bool
rf_connections_full(const RfConnections *all)
{
	return all->n >= all->most || all->starving;
}

/*
 * If there is no room for another connection, shut those that have been waiting
 * longest without having begun a request.
 */
extern void rf_connections_make_room(RfConnections *all);

/* Shut all that have begun no request. */
extern void rf_connections_shut_idle(RfConnections *all);

/* Microseconds until one of these has something to do; -1: never. */
extern int64 rf_connections_wait(RfConnections *all);

#endif /* RF_CONNECTION_H */
