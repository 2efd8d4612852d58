/*
 * campaign_valid.c
 *	  rf_campaign_valid: money of a campaign is in a currency of ISO 4217, and a
 *	  new campaign knows its home. Restored ones bring theirs along.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/engine.h"
#include "program/currency.h"
#include "program/home.h"

PG_FUNCTION_INFO_V1(rf_campaign_valid);

static HeapTuple
row_at_home(FunctionCallInfo fcinfo, HeapTuple row, TupleDesc tupdesc)
{
	int		 column = SPI_fnumber(tupdesc, "home");
	bool	 isnull = false;
	RfEngine engine;
	Datum	 home;

	rf_engine_enter(&engine, fcinfo);
	home = Int64GetDatum(rf_home_current());
	rf_engine_leave(&engine);
	return heap_modify_tuple_by_cols(row, tupdesc, 1, &column, &home, &isnull);
}

Datum
rf_campaign_valid(PG_FUNCTION_ARGS)
{
	TriggerData *data = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc;
	HeapTuple	 row;
	char		*currency;
	bool		 is_update;

	tupdesc = RelationGetDescr(data->tg_relation);
	is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	row = is_update ? data->tg_newtuple : data->tg_trigtuple;
	if (!is_update && !heap_attisnull(row, SPI_fnumber(tupdesc, "home"), tupdesc))
		return PointerGetDatum(row); /* restored */
	currency = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "currency"));
	if (currency != NULL && rf_currency_digits(currency) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency \"%s\"", currency),
				 errhint("Money is given in currencies of ISO 4217, such as EUR.")));
	return PointerGetDatum(is_update ? row : row_at_home(fcinfo, row, tupdesc));
}
