/*
 * answer.c
 *	  See answer.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"

#include "base/sqlstate.h"
#include "program/answer.h"

/*
 * The row type is looked up once per call site: resolving the OUT parameters
 * of a function costs more than most of its work.
 */
Datum
rf_answer(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(flinfo->fn_mcxt);
		TupleDesc	  tupdesc;

		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		flinfo->fn_extra = BlessTupleDesc(tupdesc);
		MemoryContextSwitchTo(caller);
	}
	return HeapTupleGetDatum(heap_form_tuple(flinfo->fn_extra, values, nulls));
}

void
rf_raise_unknown_code(const char *code)
{
	ereport(ERROR,
			(errcode(ERRCODE_RF_UNKNOWN_CODE),
			 errmsg("unknown referral code \"%s\"", code)));
}
