/*
 * load.h
 *	  Fetching the bytes of deliveries that are about to be sent, many in one
 *	  turn and no more than memory is meant for.
 */
#ifndef RF_LOAD_H
#define RF_LOAD_H

#include "delivery/parcel.h"

/* Ask for the first of an endpoint's queue. False when enough is asked for. */
extern bool rf_load_ask(RfEndpoint *endpoint);

/* How many were asked for. */
extern int	rf_load_count(void);

/* Fetch them, in a turn. */
extern void rf_load_fetch(void);

/*
 * After that turn: what was fetched joins the endpoints' loaded parcels, the
 * rest goes back to the queues.
 */
extern void rf_load_settle(bool committed);

#endif							/* RF_LOAD_H */
