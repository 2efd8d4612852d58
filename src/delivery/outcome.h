/*
 * outcome.h
 *	  An exchange has ended: what that means for the delivery and for the
 *	  endpoint.
 */
#ifndef RF_OUTCOME_H
#define RF_OUTCOME_H

#include "delivery/parcel.h"

/*
 * Judge the result of a parcel's request, keep it for recording, and free the
 * parcel. If the fault was ours, no attempt was made: the delivery is back in
 * its queue, and the endpoint waits for a moment. Returns false if nobody can be
 * dialled for now.
 */
extern bool rf_outcome_take(RfParcel *parcel, const RfHttpResult *result);

/* Say in the log that something on this side keeps webhooks back, once in a while. */
extern void rf_outcome_complain(const char *error);

#endif /* RF_OUTCOME_H */
