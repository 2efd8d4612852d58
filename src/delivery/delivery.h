/*
 * delivery.h
 *	  A delivery as the queues hold it: small, because there may be many.
 */
#ifndef RF_DELIVERY_H
#define RF_DELIVERY_H

#include "c.h"

#define RF_OUTBOX_SLOTS 4

/* RfDelivery.slot of one that was read from rf_retry. */
#define RF_SLOT_RETRY (-1)

typedef struct RfDelivery
{
	int64 id;
	int64 event_id;
	int32 attempts;	  /* made so far */
	int8  slot;		  /* outbox table it was read from, or RF_SLOT_RETRY */
	bool  own_body;	  /* other bytes than the event's payload */
	uint8 given_back; /* how often a fault of ours kept it from being tried */
	int64 due;		  /* not before, by the steady clock; 0: at once */
} RfDelivery;

#endif /* RF_DELIVERY_H */
