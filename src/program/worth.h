/*
 * worth.h
 *	  What one grant of a rule is worth.
 */
#ifndef RF_WORTH_H
#define RF_WORTH_H

#include "program/happening.h"

typedef struct RfWorth
{
	RfValue value;
	Datum	spend_base; /* commissions: numeric, what it is a percentage of; else 0 */
	Datum	percent;
	int64	last_purchase_id; /* newest in it; 0: none */
} RfWorth;

/*
 * The grant of level 1 goes to the rule's recipient, of level 2 to the referrer's
 * referrer, and so on. `spending` is what commissions on a qualification are
 * reckoned from. False: there is nothing to grant, for want of spend.
 */
extern bool rf_worth(const RfRule *rule, int level, const RfHappening *happening,
					 const RfSpending *spending, RfWorth *worth);

#endif /* RF_WORTH_H */
