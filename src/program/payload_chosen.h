/*
 * payload_chosen.h
 *	  The formats "fields" and "form": names of the user's choice.
 */
#ifndef RF_PAYLOAD_CHOSEN_H
#define RF_PAYLOAD_CHOSEN_H

#include "program/campaign.h"
#include "program/payload_path.h"

/*
 * A flat JSON object, or the same urlencoded (also a GET's query string), of the
 * subscription's fields and constants. In the server's encoding; palloc'd.
 */
extern char *rf_payload_chosen(const RfPayload *payload, const RfSubscription *subscription);

#endif /* RF_PAYLOAD_CHOSEN_H */
