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
 * parcel. Returns false if the fault was ours: then no attempt was made, and
 * the delivery is back in its queue.
 */
extern bool rf_outcome_take(RfParcel *parcel, const RfHttpResult *result);

#endif /* RF_OUTCOME_H */
