/*
 * placing.h
 *	  Where a delivery that was read goes: into its endpoint's queue, to
 *	  rf_retry, or nowhere because its webhook was deleted.
 */
#ifndef RF_PLACING_H
#define RF_PLACING_H

#include "delivery/endpoint.h"

/*
 * Could one more be placed? False without room in the queue or among what is
 * parked, or if the webhook is not known yet; then the configuration will be
 * read again.
 */
extern bool rf_placing_has_room(const RfEndpoint *endpoint);

/* One that was read from the outbox. False if there is no room for it. */
extern bool rf_placing_place(RfEndpoint *endpoint, const RfDelivery *delivery);

/* Do its deliveries go to rf_retry: is it not enabled, or its first attempt delayed? */
extern bool rf_placing_parks(const RfEndpoint *endpoint);

/*
 * Take what waits in memory for an endpoint that is not enabled out of it:
 * parked if it is waiting, dropped if it is gone.
 */
extern void rf_placing_put_away(RfEndpoint *endpoint);

/* The outcome of an attempt is recorded, or the delivery needs none. */
extern void rf_placing_done(RfEndpoint *endpoint, const RfDelivery *delivery);

#endif /* RF_PLACING_H */
