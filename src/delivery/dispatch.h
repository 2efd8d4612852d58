/*
 * dispatch.h
 *	  Whose turn is it? Endpoints take turns, and none can hold back another.
 *	  All times are the steady clock's.
 */
#ifndef RF_DISPATCH_H
#define RF_DISPATCH_H

#include "delivery/endpoint.h"

/* Once per process: requests under way at the same time. */
extern void rf_dispatch_start(int max_in_flight);

/* Look again at the endpoints that something has happened to; see agenda.h. */
extern void rf_dispatch_settle(TimestampTz now);

/* Ask for the bytes of what will be sent next (see load.h). */
extern void rf_dispatch_ask(TimestampTz now);

/* Would rf_dispatch_ask() ask for something? After rf_dispatch_settle(). */
extern bool rf_dispatch_wants_loads(TimestampTz now);

/* Send what may be sent. */
extern void rf_dispatch_send(TimestampTz now);

/* Could rf_dispatch_send() send something? After rf_dispatch_settle(). */
extern bool rf_dispatch_can_send(TimestampTz now);

/* When the next endpoint is to be looked at again; DT_NOEND: none is. */
extern TimestampTz rf_dispatch_looks_at(void);

#endif /* RF_DISPATCH_H */
