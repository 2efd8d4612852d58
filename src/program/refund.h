/*
 * refund.h
 *	  Something is given back of a purchase.
 */
#ifndef RF_REFUND_H
#define RF_REFUND_H

#include "program/purchase.h"

typedef struct RfRefundRequest
{
	int64		campaign_id;
	const char *external_id; /* of the purchase */
	Datum		amount;		 /* numeric; 0: all that is left */
	Datum		in_all;		 /* numeric, instead: what was given back so far; 0: none */
	const char *refund_id;	 /* may be NULL */
	bool		unqualifies; /* who qualified by paying at all, when nothing is left of it */
} RfRefundRequest;

/*
 * Record it and what follows. Raises 42704 if there is no such purchase, and what
 * else rf_record_refund raises. Inside an engine scope.
 */
extern RfPurchaseAnswer rf_refund_record(RfRefundRequest *request);

#endif /* RF_REFUND_H */
