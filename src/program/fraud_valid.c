/*
 * fraud_valid.c
 *	  What no constraint can say of fraud rules and of the lists they use: their
 *	  campaign exists, and addresses are written as they are compared. Restored
 *	  rows (created_at is set) pass as they are.
 *
 * Domains come with the extension, and a dump leaves those out as long as nobody
 * made an exception of them. One that is added although it came with the extension
 * changes that row and is no row of its own: so does a restored exception, and a
 * domain that a user had added before a newer version brought it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/clock.h"
#include "base/engine.h"
#include "program/admission.h"

PG_FUNCTION_INFO_V1(rf_fraud_row_valid);
PG_FUNCTION_INFO_V1(rf_disposable_domain_valid);

/* The row that a trigger is about to let pass. */
typedef struct Passing
{
	TupleDesc tupdesc;
	HeapTuple row;
	bool	  is_update;
} Passing;

static Passing
passing_row(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	Passing		 passing;

	passing.tupdesc = RelationGetDescr(trigger->tg_relation);
	passing.is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	passing.row = passing.is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	return passing;
}

static void
passing_set(Passing *passing, const char *column, Datum value)
{
	int	 attnum = SPI_fnumber(passing->tupdesc, column);
	bool isnull = false;

	passing->row = heap_modify_tuple_by_cols(passing->row, passing->tupdesc, 1, &attnum,
											 &value, &isnull);
}

/* A column, if the table has it, as it is compared. */
static void
passing_fold(Passing *passing, const char *column)
{
	int	  attnum = SPI_fnumber(passing->tupdesc, column);
	char *value;

	if (attnum == SPI_ERROR_NOATTRIBUTE)
		return;
	value = SPI_getvalue(passing->row, passing->tupdesc, attnum);
	if (value != NULL)
		passing_set(passing, column,
					CStringGetTextDatum(rf_email_key(rf_email_trim(value))));
}

RF_STATEMENT(find_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1", INT8OID);

/* Null is left to the columns: a list may be for all campaigns. */
static void
passing_check_campaign(const Passing *passing)
{
	bool  isnull;
	Datum campaign_id = SPI_getbinval(passing->row, passing->tupdesc,
									  SPI_fnumber(passing->tupdesc, "campaign_id"), &isnull);

	if (!isnull && rf_execute(&find_campaign, &campaign_id, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("campaign " INT64_FORMAT " does not exist", DatumGetInt64(campaign_id))));
}

Datum
rf_fraud_row_valid(PG_FUNCTION_ARGS)
{
	Passing	 passing = passing_row(fcinfo);
	int		 created_at = SPI_fnumber(passing.tupdesc, "created_at");
	RfEngine engine;

	if (!passing.is_update && !heap_attisnull(passing.row, created_at, passing.tupdesc))
		return PointerGetDatum(passing.row);
	rf_engine_enter(&engine, fcinfo);
	passing_check_campaign(&passing);
	rf_engine_leave(&engine);
	passing_fold(&passing, "email");
	passing_fold(&passing, "domain");
	if (!passing.is_update)
		passing_set(&passing, "created_at", TimestampTzGetDatum(rf_now()));
	return PointerGetDatum(passing.row);
}

RF_STATEMENT(change_builtin,
			 "UPDATE @extschema@.rf_disposable_domain SET disposable = $2"
			 " WHERE domain = $1 AND builtin",
			 TEXTOID, BOOLOID);

/* Has the row told something of a domain that came with the extension? */
static bool
domain_is_builtin(FunctionCallInfo fcinfo, const Passing *passing)
{
	RfEngine engine;
	bool	 isnull[2];
	Datum	 values[] = {
		   SPI_getbinval(passing->row, passing->tupdesc,
						 SPI_fnumber(passing->tupdesc, "domain"), &isnull[0]),
		   SPI_getbinval(passing->row, passing->tupdesc,
						 SPI_fnumber(passing->tupdesc, "disposable"), &isnull[1])};
	bool builtin;

	if (isnull[0] || isnull[1])
		return false;
	rf_engine_enter(&engine, fcinfo);
	builtin = rf_execute(&change_builtin, values, NULL) > 0;
	rf_engine_leave(&engine);
	return builtin;
}

Datum
rf_disposable_domain_valid(PG_FUNCTION_ARGS)
{
	Passing passing = passing_row(fcinfo);

	passing_fold(&passing, "domain");
	if (!passing.is_update && domain_is_builtin(fcinfo, &passing))
		return PointerGetDatum(NULL);
	return PointerGetDatum(passing.row);
}
