/*
 * commission.c
 *	  See commission.h.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/number.h"
#include "program/commission.h"
#include "program/currency.h"

/* The most that can be paid without exceeding the cap. */
static Datum
commission_cap(Datum cap, const char *currency)
{
	return DirectFunctionCall2(numeric_trunc, cap, Int32GetDatum(rf_currency_digits(currency)));
}

Datum
rf_commission(Datum base, Datum percent, Datum cap, const char *currency)
{
	/* Multiplied, not divided: that is exact, so that it is rounded once. */
	Datum hundredth = DirectFunctionCall3(numeric_in, CStringGetDatum("0.01"),
										  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	Datum product = DirectFunctionCall2(numeric_mul, base, percent);
	Datum exact = DirectFunctionCall2(numeric_mul, product, hundredth);
	Datum amount = rf_currency_round(exact, currency);

	if (cap != 0)
		amount = DirectFunctionCall2(numeric_smaller, amount, commission_cap(cap, currency));
	return rf_number_is_positive(amount) ? amount : 0;
}
