/*
 * number.h
 *	  Comparing numerics.
 */
#ifndef RF_NUMBER_H
#define RF_NUMBER_H

#include "utils/fmgrprotos.h"

/* < 0, 0 or > 0; NaN is greater than everything. */
static inline int
rf_number_compare(Datum left, Datum right)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, left, right));
}

static inline Datum
rf_number_zero(void)
{
	return DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
}

static inline bool
rf_number_is_positive(Datum number)
{
	return rf_number_compare(number, rf_number_zero()) > 0;
}

/* As people read it; palloc'd. */
static inline char *
rf_number_text(Datum number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, number));
}

#endif /* RF_NUMBER_H */
