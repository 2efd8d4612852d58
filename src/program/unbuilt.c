/*
 * unbuilt.c
 *	  What a version does not have yet is refused, never ignored.
 *
 * The scripts of versions before 0.4.0 make this trigger: their databases may be
 * restored, and then updated, with this library.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(rf_refuse_unbuilt);

/*
 * Does the row use what an argument of the trigger names: a column that is not
 * null, or column=value?
 */
static bool
unbuilt_is_used(const char *argument, HeapTuple row, TupleDesc tupdesc)
{
	const char *equals = strchr(argument, '=');
	char	   *column = equals ? pnstrdup(argument, equals - argument) : pstrdup(argument);
	int			attnum = SPI_fnumber(tupdesc, column);
	char	   *value;

	if (attnum <= 0)
		elog(ERROR, "column \"%s\" does not exist", column);
	value = SPI_getvalue(row, tupdesc, attnum);
	if (value == NULL)
		return false;
	if (equals == NULL)
		return true;
	if (TupleDescAttr(tupdesc, attnum - 1)->atttypid == BOOLOID)
		return value[0] == equals[1];
	return strcmp(value, equals + 1) == 0;
}

Datum
rf_refuse_unbuilt(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	 row;
	Relation	 relation;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired before row", "rf_refuse_unbuilt")));
	relation = data->tg_relation;
	row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	for (int i = 0; i < data->tg_trigger->tgnargs; i++)
	{
		const char *argument = data->tg_trigger->tgargs[i];

		if (unbuilt_is_used(argument, row, RelationGetDescr(relation)))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("\"%s\" of table \"%s\" is not supported by this version",
							argument, RelationGetRelationName(relation)),
					 errhint("A later version of the extension brings it; leave it out for now.")));
	}
	return PointerGetDatum(row);
}
