/*
 * rule_valid.c
 *	  What no constraint can say of a reward rule and its milestones: what they
 *	  refer to exists, money is in a currency of ISO 4217 and does not round to
 *	  nothing. Restored rows (created_at is set) pass as they are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "base/clock.h"
#include "base/engine.h"
#include "program/currency.h"

PG_FUNCTION_INFO_V1(rf_reward_rule_valid);

static void
check_money(Datum amount, const char *unit)
{
	Datum rounded = rf_currency_round(amount, unit);
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));

	if (!DatumGetBool(DirectFunctionCall2(numeric_gt, rounded, zero)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an amount of %s is too small",
						DatumGetCString(DirectFunctionCall1(numeric_out, amount))),
				 errdetail("%s has %d digits after the point.", unit, rf_currency_digits(unit))));
}

static Datum
row_value(HeapTuple row, TupleDesc tupdesc, const char *column, bool *isnull)
{
	return SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, column), isnull);
}

/* What a rule or milestone is worth. */
typedef struct Worth
{
	bool  is_money;
	Datum amount; /* 0: null */
	char *unit;
} Worth;

static void
worth_of_row(Worth *worth, HeapTuple row, TupleDesc tupdesc)
{
	bool  isnull;
	Datum amount = row_value(row, tupdesc, "amount", &isnull);
	char *unit = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "unit"));

	if (!isnull)
		worth->amount = amount;
	if (unit != NULL)
		worth->unit = unit;
}

RF_STATEMENT(read_rule,
			 "SELECT metric = 'amount', unit, amount, kind = 'milestone'"
			 " FROM @extschema@.rf_reward_rule WHERE id = $1 FOR SHARE",
			 INT8OID);

/* A milestone's rule says whether it is money, and has what it leaves out. */
static void
worth_of_rule(Worth *worth, Datum rule_id)
{
	bool  isnull;
	Datum amount;

	if (rf_execute(&read_rule, &rule_id, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("rule " INT64_FORMAT " does not exist", DatumGetInt64(rule_id))));
	if (!rf_bool(0, 4))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("rule " INT64_FORMAT " is not of kind \"%s\"",
						DatumGetInt64(rule_id), "milestone"),
				 errhint("Only rules of that kind have milestones.")));
	amount = rf_value(0, 3, &isnull);
	worth->is_money = rf_bool(0, 1);
	worth->unit = rf_text(0, 2);
	if (!isnull)
		worth->amount = PointerGetDatum(DatumGetNumericCopy(amount));
}

static void
check_milestone(Worth *worth, HeapTuple row, TupleDesc tupdesc)
{
	bool  isnull;
	Datum rule_id = row_value(row, tupdesc, "rule_id", &isnull);

	if (isnull)
		return; /* the column says NOT NULL */
	worth_of_rule(worth, rule_id);
	worth_of_row(worth, row, tupdesc);
	if (worth->amount == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("milestone has no amount"),
				 errhint("Give the milestone or its rule an amount.")));
}

RF_STATEMENT(find_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1", INT8OID);
RF_STATEMENT(read_milestones,
			 "SELECT coalesce(m.amount, $2), coalesce(m.unit, $3), m.threshold"
			 " FROM @extschema@.rf_milestone m WHERE m.rule_id = $1",
			 INT8OID, NUMERICOID, TEXTOID);

/* The milestones a rule has must still be worth something under its new values. */
static void
check_milestones_of(const Worth *worth, Datum rule_id, bool is_milestone_rule)
{
	Datum values[] = {
		rule_id, worth->amount, worth->unit ? CStringGetTextDatum(worth->unit) : 0};
	char   nulls[] = {' ', worth->amount ? ' ' : 'n', worth->unit ? ' ' : 'n'};
	uint64 n = rf_execute(&read_milestones, values, nulls);

	if (n > 0 && !is_milestone_rule)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("rule " INT64_FORMAT " has milestones", DatumGetInt64(rule_id)),
				 errhint("Delete them before changing its kind.")));
	for (uint64 row = 0; row < n; row++)
	{
		bool  isnull;
		Datum amount = rf_value(row, 1, &isnull);

		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("milestone %d has no amount", rf_int32(row, 3)),
					 errhint("Give the milestone or its rule an amount.")));
		if (worth->is_money)
			check_money(amount, rf_text(row, 2));
	}
}

/* Columns that must not be null are left to the constraints that say so. */
static void
check_rule(Worth *worth, HeapTuple row, TupleDesc tupdesc)
{
	bool  isnull;
	Datum campaign_id = row_value(row, tupdesc, "campaign_id", &isnull);
	char *kind = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "kind"));
	char *metric = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "metric"));

	if (isnull || kind == NULL || metric == NULL)
		return;
	if (rf_execute(&find_campaign, &campaign_id, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("campaign " INT64_FORMAT " does not exist", DatumGetInt64(campaign_id))));
	worth->is_money = strcmp(metric, "amount") == 0;
	worth_of_row(worth, row, tupdesc);
	check_milestones_of(worth, row_value(row, tupdesc, "id", &isnull),
						strcmp(kind, "milestone") == 0);
}

static HeapTuple
row_created(HeapTuple row, TupleDesc tupdesc)
{
	int	  column = SPI_fnumber(tupdesc, "created_at");
	Datum now = TimestampTzGetDatum(rf_now());
	bool  isnull = false;

	return heap_modify_tuple_by_cols(row, tupdesc, 1, &column, &now, &isnull);
}

Datum
rf_reward_rule_valid(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		 is_update;
	TupleDesc	 tupdesc;
	HeapTuple	 row;
	Worth		 worth = {0};
	RfEngine	 engine;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"rf_reward_rule_valid")));
	is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	tupdesc = RelationGetDescr(trigger->tg_relation);
	row = is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (!is_update && !heap_attisnull(row, SPI_fnumber(tupdesc, "created_at"), tupdesc))
		return PointerGetDatum(row); /* restored */
	rf_engine_enter(&engine, fcinfo);
	if (SPI_fnumber(tupdesc, "threshold") != SPI_ERROR_NOATTRIBUTE)
		check_milestone(&worth, row, tupdesc);
	else
		check_rule(&worth, row, tupdesc);
	/* That money has a unit at all, a constraint says. */
	if (worth.is_money && worth.unit != NULL && worth.amount != 0)
		check_money(worth.amount, worth.unit);
	else if (worth.is_money && worth.unit != NULL)
		(void) rf_currency_round(DirectFunctionCall1(int4_numeric, Int32GetDatum(1)), worth.unit);
	rf_engine_leave(&engine);
	return PointerGetDatum(is_update ? row : row_created(row, tupdesc));
}
