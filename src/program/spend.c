/*
 * spend.c
 *	  See spend.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"

#include "base/engine.h"
#include "program/spend.h"

RF_STATEMENT(read_spending,
			 "SELECT currency, sum(amount - refunded), max(id)"
			 " FROM @extschema@.rf_purchase"
			 " WHERE participant_id = $1"
			 " GROUP BY currency"
			 " ORDER BY currency",
			 INT8OID);

RfSpending
rf_spending_read(int64 participant_id)
{
	Datum values[] = {Int64GetDatum(participant_id)};

	return rf_spending_rows(rf_execute(&read_spending, values, NULL));
}

RfSpending
rf_spending_rows(uint64 nrows)
{
	RfSpending spending = {nrows, NULL};

	spending.of = palloc_array(RfSpend, spending.n);
	for (int i = 0; i < spending.n; i++)
	{
		RfSpend *spend = &spending.of[i];
		bool	 isnull;

		spend->currency = rf_text(i, 1);
		spend->net = datumCopy(rf_value(i, 2, &isnull), false, -1);
		spend->last_purchase_id = rf_int64(i, 3);
	}
	return spending;
}

RF_STATEMENT(read_between,
			 "SELECT coalesce(sum(amount - refunded), 0)"
			 " FROM @extschema@.rf_purchase"
			 " WHERE participant_id = $1 AND currency = $2"
			 " AND occurred_at >= $3 AND occurred_at < $4",
			 INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID);

Datum
rf_spend_between(int64 participant_id, const char *currency, TimestampTz from, TimestampTz until)
{
	Datum values[] = {
		Int64GetDatum(participant_id), CStringGetTextDatum(currency),
		TimestampTzGetDatum(from), TimestampTzGetDatum(until)};
	bool isnull;

	rf_execute(&read_between, values, NULL);
	return datumCopy(rf_value(0, 1, &isnull), false, -1);
}

void
rf_spending_add(RfSpending *spending, const char *currency, Datum amount)
{
	RfSpend *spend = unconstify(RfSpend *, rf_spending_in(spending, currency, NULL));

	if (spend != NULL)
	{
		spend->net = DirectFunctionCall2(numeric_add, spend->net, amount);
		return;
	}
	spending->of = spending->n > 0 ? repalloc_array(spending->of, RfSpend, spending->n + 1)
								   : palloc_object(RfSpend);
	spending->of[spending->n++] = (RfSpend){
		.currency = unconstify(char *, currency),
		.net = amount,
	};
}
