/*
 * rule_valid.c
 *	  What no constraint can say of a reward rule and its milestones: what they
 *	  refer to exists, money is in a currency of ISO 4217 and does not round to
 *	  nothing, levels are numbers, a condition can be evaluated. Restored rows
 *	  (created_at is set) pass as they are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/clock.h"
#include "base/engine.h"
#include "base/number.h"
#include "program/predicate.h"
#include "program/currency.h"
#include "program/limit.h"

PG_FUNCTION_INFO_V1(rf_reward_rule_valid);

static void
check_money(Datum amount, const char *unit)
{
	Datum rounded = rf_currency_round(amount, unit);

	if (!rf_number_is_positive(rounded))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an amount of %s is too small",
						rf_number_text(amount)),
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
	bool  is_coupon;
	Datum amount; /* 0: null */
	char *unit;
	char *pool;
} Worth;

static void
worth_of_row(Worth *worth, HeapTuple row, TupleDesc tupdesc)
{
	bool  isnull;
	Datum amount = row_value(row, tupdesc, "amount", &isnull);
	char *unit = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "unit"));
	char *pool = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "pool"));

	if (!isnull)
		worth->amount = amount;
	if (unit != NULL)
		worth->unit = unit;
	if (pool != NULL)
		worth->pool = pool;
}

/* A milestone is worth something: an amount, or a coupon of some pool. */
static void
check_milestone_worth(const Worth *worth)
{
	if (worth->is_coupon && worth->pool == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("milestone has no pool"),
				 errhint("Give the milestone or its rule a pool of coupons.")));
	if (!worth->is_coupon && worth->amount == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("milestone has no amount"),
				 errhint("Give the milestone or its rule an amount.")));
	if (worth->is_coupon ? worth->amount != 0 : worth->pool != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("milestone has an amount and a pool"),
				 errhint("A rule grants amounts or coupons, as its metric says.")));
}

RF_STATEMENT(read_rule,
			 "SELECT metric = 'amount', unit, amount, kind = 'milestone', metric = 'coupon', pool"
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
	worth->is_coupon = rf_bool(0, 5);
	worth->unit = rf_text(0, 2);
	worth->pool = rf_text(0, 6);
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
	check_milestone_worth(worth);
}

RF_STATEMENT(find_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1", INT8OID);
RF_STATEMENT(read_milestones,
			 "SELECT coalesce(m.amount, $2), coalesce(m.unit, $3), coalesce(m.pool, $4)"
			 " FROM @extschema@.rf_milestone m WHERE m.rule_id = $1",
			 INT8OID, NUMERICOID, TEXTOID, TEXTOID);

/* The milestones a rule has must still be worth something under its new values. */
static void
check_milestones_of(const Worth *worth, Datum rule_id, bool is_milestone_rule)
{
	Datum values[] = {
		rule_id, worth->amount, worth->unit ? CStringGetTextDatum(worth->unit) : 0,
		worth->pool ? CStringGetTextDatum(worth->pool) : 0};
	char nulls[] = {
		' ', worth->amount ? ' ' : 'n', worth->unit ? ' ' : 'n', worth->pool ? ' ' : 'n'};
	uint64 n = rf_execute(&read_milestones, values, nulls);

	if (n > 0 && !is_milestone_rule)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("rule " INT64_FORMAT " has milestones", DatumGetInt64(rule_id)),
				 errhint("Delete them before changing its kind.")));
	for (uint64 row = 0; row < n; row++)
	{
		bool  isnull;
		Worth milestone = {.is_coupon = worth->is_coupon};

		milestone.amount = rf_value(row, 1, &isnull);
		if (isnull)
			milestone.amount = 0;
		milestone.pool = rf_text(row, 3);
		check_milestone_worth(&milestone);
		if (worth->is_money)
			check_money(milestone.amount, rf_text(row, 2));
	}
}

/* Levels are amounts, or percents of a commission. */
static void
check_level(JsonbValue *level, const Worth *worth, bool is_commission)
{
	Datum hundred = DirectFunctionCall1(int4_numeric, Int32GetDatum(100));
	Datum number;

	if (level->type == jbvNumeric)
	{
		number = NumericGetDatum(level->val.numeric);
		if (rf_number_is_positive(number) &&
			(!is_commission || rf_number_compare(number, hundred) <= 0))
		{
			if (worth->is_money && worth->unit != NULL)
				check_money(number, worth->unit);
			return;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("levels must be positive numbers"),
			 errdetail("They are amounts, or percents up to 100 of a commission."),
			 errhint("The first is for the referrer's referrer: '[2, 1]'.")));
}

static void
check_levels(HeapTuple row, TupleDesc tupdesc, const Worth *worth, bool is_commission)
{
	bool   isnull;
	Datum  value = row_value(row, tupdesc, "levels", &isnull);
	Jsonb *levels;
	uint32 n;

	if (isnull)
		return;
	levels = DatumGetJsonbP(value);
	if (!JB_ROOT_IS_ARRAY(levels))
		return; /* a constraint says so */
	n = JB_ROOT_COUNT(levels);
	if (n == 0 || n > RF_LEVELS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("levels must have 1 to %d elements", RF_LEVELS_MAX)));
	for (uint32 i = 0; i < n; i++)
		check_level(getIthJsonbValueFromContainer(&levels->root, i), worth, is_commission);
}

static void
check_condition(HeapTuple row, TupleDesc tupdesc)
{
	bool  isnull;
	Datum condition = row_value(row, tupdesc, "condition", &isnull);

	if (!isnull)
		rf_condition_check(DatumGetJsonPathP(condition));
}

/* Months, days and hours of different signs could lead back in time. */
static void
check_recur_every(HeapTuple row, TupleDesc tupdesc)
{
	bool	  isnull;
	Datum	  value = row_value(row, tupdesc, "recur_every", &isnull);
	Interval *every = isnull ? NULL : DatumGetIntervalP(value);

	if (every == NULL || (every->month >= 0 && every->day >= 0 && every->time >= 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no part of recur_every may be negative"),
			 errdetail("It is %s.", DatumGetCString(DirectFunctionCall1(interval_out, value)))));
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
	worth->is_coupon = strcmp(metric, "coupon") == 0;
	worth_of_row(worth, row, tupdesc);
	if (strcmp(metric, "commission") == 0 && worth->unit != NULL)
		(void) rf_currency_round(DirectFunctionCall1(int4_numeric, Int32GetDatum(1)), worth->unit);
	check_levels(row, tupdesc, worth, strcmp(metric, "commission") == 0);
	check_condition(row, tupdesc);
	check_recur_every(row, tupdesc);
	check_milestones_of(worth, row_value(row, tupdesc, "id", &isnull),
						strcmp(kind, "milestone") == 0);
}

/* What a rule used of its limits is reckoned anew when they change. */
static void
limits_follow(HeapTuple old, HeapTuple new, TupleDesc tupdesc)
{
	static const char *const columns[] = {
		"max_per_recipient", "max_total", "budget", "period", "unit"};

	for (size_t i = 0; i < lengthof(columns); i++)
	{
		int	  column = SPI_fnumber(tupdesc, columns[i]);
		char *was = SPI_getvalue(old, tupdesc, column);
		char *is = SPI_getvalue(new, tupdesc, column);
		bool  isnull;

		if ((was == NULL) == (is == NULL) && (was == NULL || strcmp(was, is) == 0))
			continue;
		rf_limits_forget(DatumGetInt64(row_value(new, tupdesc, "id", &isnull)));
		return;
	}
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
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	bool		 is_update;
	TupleDesc	 tupdesc;
	HeapTuple	 row;
	Worth		 worth = {0};
	RfEngine	 engine;

	is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	tupdesc = RelationGetDescr(trigger->tg_relation);
	row = is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (!is_update && !heap_attisnull(row, SPI_fnumber(tupdesc, "created_at"), tupdesc))
		return PointerGetDatum(row); /* restored */
	rf_engine_enter(&engine, fcinfo);
	if (SPI_fnumber(tupdesc, "threshold") != SPI_ERROR_NOATTRIBUTE)
		check_milestone(&worth, row, tupdesc);
	else
	{
		check_rule(&worth, row, tupdesc);
		if (is_update)
			limits_follow(trigger->tg_trigtuple, row, tupdesc);
	}
	/* That money has a unit at all, a constraint says. */
	if (worth.is_money && worth.unit != NULL && worth.amount != 0)
		check_money(worth.amount, worth.unit);
	else if (worth.is_money && worth.unit != NULL)
		(void) rf_currency_round(DirectFunctionCall1(int4_numeric, Int32GetDatum(1)), worth.unit);
	rf_engine_leave(&engine);
	return PointerGetDatum(is_update ? row : row_created(row, tupdesc));
}
