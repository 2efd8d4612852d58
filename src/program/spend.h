/*
 * spend.h
 *	  What a person has spent.
 */
#ifndef RF_SPEND_H
#define RF_SPEND_H

#include "postgres.h"

/* Net spend in one currency: purchases less refunds. */
typedef struct RfSpend
{
	char *currency;
	Datum net; /* numeric */
	int64 last_purchase_id;
} RfSpend;

/* One for each currency; of all zero: nothing spent. */
typedef struct RfSpending
{
	int		 n;
	RfSpend *of;
} RfSpending;

/* Everything recorded so far for this person, palloc'd. Inside an engine scope. */
extern RfSpending rf_spending_read(int64 participant_id);

#endif /* RF_SPEND_H */
