/*
 * linger.h
 *	  Sockets whose client still sends though it was answered and the connection is
 *	  closed: were they closed, too, the client would get a reset, which may destroy
 *	  the answer before it was read. So what comes is thrown away for a while.
 */
#ifndef RF_LINGER_H
#define RF_LINGER_H

#include "postgres.h"

#include "utils/timestamp.h"

/* At most so many at a time; the others are closed. */
#define RF_LINGERING 64

/* Readiness is seen in this epoll. */
extern void rf_linger_start(int epoll);

/* Take care of a copy of this socket. */
extern void rf_linger_add(int socket, TimestampTz now);

/* Throw away what came; close those that are done. */
extern void rf_linger_run(TimestampTz now);

/* Microseconds until one has been there long enough; -1: there is none. */
extern int64 rf_linger_wait(TimestampTz now);

extern void rf_linger_stop(void);

#endif /* RF_LINGER_H */
