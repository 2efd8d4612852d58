/*
 * load.h
 *	  Fetching the bytes of deliveries that are about to be sent, many in one
 *	  turn and no more than memory is meant for.
 */
#ifndef RF_LOAD_H
#define RF_LOAD_H

#include "delivery/parcel.h"

/* May more be asked for, or is enough in memory? */
extern bool rf_load_has_room(void);

/* Ask for the first of an endpoint's queue. Only with room. */
extern void rf_load_ask(RfEndpoint *endpoint);

/* Fetch them, in a turn. */
extern void rf_load_fetch(void);

/*
 * After that turn: what was fetched joins the endpoints' loaded parcels, the
 * rest goes back to the queues.
 */
extern void rf_load_settle(bool committed);

#endif /* RF_LOAD_H */
