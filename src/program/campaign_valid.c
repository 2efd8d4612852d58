/*
 * campaign_valid.c
 *	  rf_campaign_valid: money of a campaign is in a currency of ISO 4217.
 *
 * Restored rows are checked like new ones: nothing tells them apart here, and
 * the list of currencies never loses one.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/rel.h"

#include "program/currency.h"

PG_FUNCTION_INFO_V1(rf_campaign_valid);

Datum
rf_campaign_valid(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	 tupdesc;
	HeapTuple	 row;
	char		*currency;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired before row", "rf_campaign_valid")));
	tupdesc = RelationGetDescr(data->tg_relation);
	row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	currency = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "currency"));
	if (currency != NULL && rf_currency_digits(currency) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency \"%s\"", currency),
				 errhint("Money is given in currencies of ISO 4217, such as EUR.")));
	return PointerGetDatum(row);
}
