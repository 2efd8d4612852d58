/*
 * handler.h
 *	  What libmicrohttpd calls, and what a daemon is to both sides.
 *
 * Nothing here may raise an error or allocate by palloc.
 */
#ifndef RF_HANDLER_H
#define RF_HANDLER_H

#include "postgres.h"

#include <microhttpd.h>
#include <poll.h>

#include "listener/connection.h"
#include "listener/daemon.h"
#include "listener/linger.h"

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
	bool			   quiet;	/* takes no new connections */
	bool			   again;	/* is to run at once */
	bool			   starved; /* libmicrohttpd met a limit of the system */
	TimestampTz		   starved_told;
};

/* Connections of all daemons of this process, which share its limit. */
extern int rf_handler_connections;

/* Start libmicrohttpd on the socket, which it owns then. NULL: see errno. */
extern struct MHD_Daemon *rf_handler_start(RfDaemon *daemon, int socket);

/*
 * libmicrohttpd hears once of what came to a socket. If a request and the end of
 * what the client sends came at once, it would not look for the end, and a client
 * that waits for ours would wait long. This makes it look.
 */
extern void rf_handler_note_ends(struct pollfd *polled, int n);

#endif /* RF_HANDLER_H */
