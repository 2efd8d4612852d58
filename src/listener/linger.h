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

typedef struct RfLingering
{
	int			socket;
	TimestampTz until;
	int64		left; /* bytes that are still thrown away */
} RfLingering;

typedef struct RfLinger
{
	int			epoll; /* where their readiness is seen */
	int			n;
	RfLingering one[RF_LINGERING]; /* in the order of their coming */
} RfLinger;

/* Take care of a copy of this socket. */
extern void rf_linger_add(RfLinger *linger, int socket, TimestampTz now);

/* Throw away what came; close those that are done. */
extern void rf_linger_run(RfLinger *linger, TimestampTz now);

/* Microseconds until one has been there long enough; -1: there is none. */
extern int64 rf_linger_wait(const RfLinger *linger, TimestampTz now);

extern void rf_linger_stop(RfLinger *linger);

#endif /* RF_LINGER_H */
