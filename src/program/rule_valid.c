/*
 * rule_valid.c
 *	  What no constraint can say of a reward rule and its milestones: money is
 *	  in a currency of ISO 4217, and does not round to nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "base/engine.h"
#include "program/currency.h"

PG_FUNCTION_INFO_V1(rf_reward_rule_valid);

static void
check_money(Datum amount, const char *unit)
{
	Datum		rounded = rf_currency_round(amount, unit);
	Datum		zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));

	if (!DatumGetBool(DirectFunctionCall2(numeric_gt, rounded, zero)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an amount of %s is too small",
						DatumGetCString(DirectFunctionCall1(numeric_out, amount))),
				 errdetail("%s has %d digits after the point.", unit, rf_currency_digits(unit))));
}

/* A milestone's rule says whether it is money, and has what it leaves out. */
RF_STATEMENT(read_rule,
			 "SELECT metric = 'amount', unit, amount FROM @extschema@.rf_reward_rule WHERE id = $1",
			 INT8OID);

typedef struct Money
{
	bool		is_money;
	Datum		amount;			/* 0: null */
	char	   *unit;
} Money;

static void
money_of_row(Money *money, HeapTuple row, TupleDesc tupdesc)
{
	bool		isnull;
	Datum		amount = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "amount"), &isnull);

	if (!isnull)
		money->amount = amount;
	if (SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "unit")) != NULL)
		money->unit = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "unit"));
}

static void
money_of_rule(Money *money, HeapTuple row, TupleDesc tupdesc, FunctionCallInfo fcinfo)
{
	RfEngine	engine;
	bool		isnull;
	Datum		rule_id = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "rule_id"), &isnull);

	rf_engine_enter(&engine, fcinfo);
	if (!isnull && rf_execute(&read_rule, &rule_id, NULL) > 0)
	{
		Datum		amount = rf_value(0, 3, &isnull);

		money->is_money = rf_bool(0, 1);
		money->unit = rf_text(0, 2);
		if (!isnull)
			money->amount = PointerGetDatum(DatumGetNumericCopy(amount));
	}
	rf_engine_leave(&engine);
}

Datum
rf_reward_rule_valid(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	HeapTuple	row;
	Money		money = {0};
	bool		is_milestone;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"rf_reward_rule_valid")));
	tupdesc = RelationGetDescr(trigger->tg_relation);
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	is_milestone = SPI_fnumber(tupdesc, "metric") == SPI_ERROR_NOATTRIBUTE;
	if (is_milestone)
		money_of_rule(&money, row, tupdesc, fcinfo);
	else
		money.is_money = strcmp(SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "metric")), "amount") == 0;
	money_of_row(&money, row, tupdesc);
	if (is_milestone && money.amount == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("milestone has no amount"),
				 errhint("Give the milestone or its rule an amount.")));
	if (money.is_money && money.amount != 0)
		check_money(money.amount, money.unit);
	else if (money.is_money && money.unit != NULL)
		(void) rf_currency_round(DirectFunctionCall1(int4_numeric, Int32GetDatum(1)), money.unit);
	return PointerGetDatum(row);
}
