/*
 * limits.h
 *	  Who a connection and a request come from, and whether they may.
 */
#ifndef RF_LIMITS_H
#define RF_LIMITS_H

#include "postgres.h"

#include <sys/socket.h>

#include "listener/incoming.h"

/*
 * For so many connections in all; each daemon of the process starts and stops it.
 * False: no memory.
 */
extern bool rf_limits_start(int connections);

/* Settings may have changed. Not to be called from libmicrohttpd. */
extern void rf_limits_reload(void);

extern void rf_limits_stop(void);

/* As text, IPv4 always as such; empty if it has none. */
extern void rf_limits_name(const struct sockaddr *address, char *name, size_t size);

/* May one more connection come from there? */
extern bool rf_limits_admits(const struct sockaddr *from);

/* It is open, and it is closed. NULL: connections from there are not counted. */
extern RfPeer *rf_limits_opened(const struct sockaddr *from);
extern void	   rf_limits_closed(RfPeer *peer);

/*
 * Find out who the request comes from, and whether it may. "peer" is what
 * rf_limits_opened() returned for its connection.
 */
extern void rf_limits_request(RfIncoming *incoming, const struct sockaddr *from, RfPeer *peer,
							  TimestampTz now);

/* It was answered: was its token a guess? */
extern void rf_limits_answered(const RfIncoming *incoming, TimestampTz now);

/* It is over. */
extern void rf_limits_release(RfIncoming *incoming);

#endif /* RF_LIMITS_H */
