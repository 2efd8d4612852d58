/*
 * outgoing.h
 *	  Answers as libmicrohttpd wants them: those a round made, and those that are
 *	  ready because no database is needed for them.
 */
#ifndef RF_OUTGOING_H
#define RF_OUTGOING_H

#include "postgres.h"

#include <microhttpd.h>

#include "listener/exchange.h"

typedef enum RfReady
{
	RF_READY_NONE,
	RF_READY_OPTIONS, /* what may be done where calls are posted */
	RF_READY_OPTIONS_READS,
	RF_READY_MALFORMED,
	RF_READY_NO_HOST,
	RF_READY_UNKNOWN,
	RF_READY_METHOD, /* not allowed where calls are posted */
	RF_READY_METHOD_READS,
	RF_READY_TOO_LARGE,
	RF_READY_HEADERS,
	RF_READY_OFTEN,	  /* more requests than the address may make */
	RF_READY_GUESSES, /* more tokens than it may try */
	RF_READY_FAILED,
	RF_READY_ENCODING,
	RF_READY_MEMORY,
	RF_READIES
} RfReady;

/* Make the ready ones, for the life of the process. False: no memory. */
extern bool rf_outgoing_prepare(void);

extern struct MHD_Response *rf_outgoing_ready(RfReady ready);
extern int					rf_outgoing_status(RfReady ready);

/*
 * Write a ready one into the socket past libmicrohttpd, which takes no answer while
 * a body comes in. As much as fits; the connection is to be closed then.
 */
extern void rf_outgoing_write(int socket, RfReady ready);

/*
 * What a round answered, copied; "last": the connection closes behind it. NULL if it
 * cannot be made: memory, or a header that would break the answer.
 */
extern struct MHD_Response *rf_outgoing_make(const RfExchange *exchange, bool last);

#endif /* RF_OUTGOING_H */
