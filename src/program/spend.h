/*
 * spend.h
 *	  What a person has spent.
 */
#ifndef RF_SPEND_H
#define RF_SPEND_H

#include "postgres.h"

#include "utils/timestamp.h"

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

/* From rows of the last statement: currency, net spend, newest purchase. */
extern RfSpending rf_spending_rows(uint64 nrows);

/* Add a sum that is not recorded. The currency is not copied. */
extern void rf_spending_add(RfSpending *spending, const char *currency, Datum amount);

/*
 * The spend that counts where one currency is asked for: the first of the two
 * wanted that is not NULL, else the only one there is. NULL: nothing spent in
 * it, or nobody can say which.
 */
static inline const RfSpend *
rf_spending_in(const RfSpending *spending, const char *wanted, const char *otherwise)
{
	const char *currency = wanted != NULL ? wanted : otherwise;

	if (currency == NULL)
		return spending->n == 1 ? &spending->of[0] : NULL;
	for (int i = 0; i < spending->n; i++)
	{
		if (strcmp(spending->of[i].currency, currency) == 0)
			return &spending->of[i];
	}
	return NULL;
}

/*
 * Net spend (numeric) in one currency of purchases that occurred at
 * from <= t < until. Inside an engine scope.
 */
extern Datum rf_spend_between(int64 participant_id, const char *currency,
							  TimestampTz from, TimestampTz until);

#endif /* RF_SPEND_H */
