/*
 * standing.h
 *	  What an endpoint may have, by how it has been answering and what its webhook
 *	  allows: requests at the same time, and from when. Times are the steady clock's.
 */
#ifndef RF_STANDING_H
#define RF_STANDING_H

#include "delivery/parcel.h"

/* How far it is trusted, as it has been answering. */
extern RfTrust rf_standing_trust(const RfEndpoint *endpoint, TimestampTz now);

/* Did it answer so lately that its name need not be looked up? */
extern bool rf_standing_knows_host(const RfEndpoint *endpoint, TimestampTz now);

/* Most requests to it at the same time, those under way included. */
extern int rf_standing_window(const RfEndpoint *endpoint, TimestampTz now);

/*
 * From when a request may be sent, as far as time has to say: past if one may
 * be now, DT_NOEND while something else has to happen first.
 */
extern TimestampTz rf_standing_opens_at(RfEndpoint *endpoint, TimestampTz now);

/* When it will be trusted less for want of an answer; DT_NOEND: it will not. */
extern TimestampTz rf_standing_falls_silent_at(const RfEndpoint *endpoint, TimestampTz now);

/*
 * Is the parcel addressed to the URL that is dialled now? If not, an answer says only
 * that it has failed.
 */
extern bool rf_standing_is_about(const RfParcel *parcel);

/* A request begins. */
extern void rf_standing_begin(RfEndpoint *endpoint, RfParcel *parcel, TimestampTz now);

/* It was not made after all, through no fault of theirs. */
extern void rf_standing_forgo(RfEndpoint *endpoint, RfParcel *parcel);

/* It ended. Returns whether the breaker has opened or closed. */
extern bool rf_standing_end(RfEndpoint *endpoint, RfParcel *parcel, const RfHttpResult *result,
							bool failed, TimestampTz now);

/* Begin again: somebody enabled it. */
extern void rf_standing_forgive(RfEndpoint *endpoint);

/* What was learned from one URL says nothing about another. */
extern void rf_standing_reset(RfEndpoint *endpoint);

#endif /* RF_STANDING_H */
