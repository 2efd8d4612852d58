/*
 * recompute.h
 *	  What a refund makes of the rewards that the purchase earned.
 *
 * A commission is reckoned again from what is left of its base, with the
 * percentage and cap it was granted with; a reward of another kind is taken back
 * when nothing is left of its purchase. What was not issued yet is lowered; of
 * what was, the difference is clawed back or kept, as the campaign's
 * on_unqualify says.
 */
#ifndef RF_RECOMPUTE_H
#define RF_RECOMPUTE_H

#include "program/take_back.h"

/* Something was given back of a purchase; the rows that say so are written. */
typedef struct RfRefund
{
	const RfPurchase *purchase; /* as it was recorded */
	Datum			  amount;	/* numeric: this refund */
	Datum			  left;		/* numeric: of the purchase, after it */
} RfRefund;

/*
 * Adds the events; returns how many rewards were taken back or lowered. Of
 * `loss` the campaign, people and reason are read. Inside an engine scope.
 */
extern int rf_rewards_recompute(const RfLoss *loss, const RfRefund *refund,
								RfEventBatch *events);

#endif /* RF_RECOMPUTE_H */
