/*
 * exchange.h
 *	  One request and its answer, on the way through the listener.
 *
 * The daemon makes it when the whole request is there, a round answers it, and
 * the daemon sends the answer and frees it. All that is in it is malloc'd by the
 * daemon, or lives in the round's memory context until the daemon copied it.
 */
#ifndef RF_EXCHANGE_LISTENER_H
#define RF_EXCHANGE_LISTENER_H

#include "datatype/timestamp.h"

#include "inbound/link.h"
#include "inbound/request.h"
#include "listener/route.h"

typedef struct RfExchange
{
	RfRouteKind kind;
	RfRequest	request; /* of a call */
	RfVisit		visit;	 /* of a link */
	const char *peer;	 /* numeric address, as trusted proxies tell it; "" over unix */
	TimestampTz started; /* rf_steady_now(): first byte of the request */
	TimestampTz deadline;

	/* By the round: */
	RfResponse	response;
	const char *content_type; /* NULL: as the response's problem says */
	const char *location;	  /* NULL: none */
} RfExchange;

#endif /* RF_EXCHANGE_LISTENER_H */
