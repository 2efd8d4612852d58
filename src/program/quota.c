/*
 * quota.c
 *	  See quota.h.
 *
 * rf_quota has a row for a rule, and one for each person where that is limited. A
 * row is made when it is first needed, and dropped when the rule's limits change.
 * The rule's row is locked by whoever looks (see limit.c), so these need no locks
 * of their own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/clock.h"
#include "base/number.h"
#include "program/quota.h"

static const char *
period_name(RfPeriod period)
{
	static const char *const names[] = {"ever", "day", "week", "month", "year"};

	return names[period];
}

/* A timestamptz taken as a plain timestamp is one of the UTC calendar. */
static TimestampTz
period_start(RfPeriod period, TimestampTz when)
{
	if (period == RF_EVER)
		return DT_NOBEGIN;
	return DatumGetTimestamp(DirectFunctionCall2(timestamp_trunc,
												 CStringGetTextDatum(period_name(period)),
												 TimestampGetDatum(when)));
}

static TimestampTz
period_end(RfPeriod period, TimestampTz start)
{
	static const Interval lengths[] = {{0}, {.day = 1}, {.day = 7}, {.month = 1}, {.month = 12}};

	return period == RF_EVER ? DT_NOEND : rf_time_add(start, &lengths[period]);
}

static RfQuota *
quota_at(RfQuotas *quotas, const RfRule *rule, int64 person, TimestampTz start)
{
	for (int i = 0; i < quotas->n; i++)
	{
		RfQuota *quota = &quotas->of[i];

		if (quota->rule->id == rule->id && quota->person == person &&
			quota->period_start == start)
			return quota;
	}
	return NULL;
}

RfQuota *
rf_quota_find(RfQuotas *quotas, const RfRule *rule, int64 person, TimestampTz when)
{
	return quota_at(quotas, rule, person, period_start(rule->limits.period, when));
}

void
rf_quota_want(RfQuotas *quotas, const RfRule *rule, int64 person, TimestampTz when)
{
	TimestampTz start = period_start(rule->limits.period, when);
	Datum		zero;

	if (quota_at(quotas, rule, person, start) != NULL)
		return;
	zero = rf_number_zero();
	quotas->of[quotas->n++] = (RfQuota){
		.rule = rule,
		.person = person,
		.period_start = start,
		.amount = zero,
		.more_amount = zero,
	};
}

/*
 * Live grants, and what clawbacks took off live ones. One person's are found by
 * the person alone: "+ 0" keeps a planner without statistics from reading all
 * that the rule granted to anybody.
 */
#define USED_OF_KEYS \
	" SELECT k.rule_id, k.participant_id, k.period_start," \
	"  count(r.id) FILTER (WHERE r.original_id IS NULL) AS granted," \
	"  coalesce(sum(r.amount) FILTER (WHERE r.unit = k.unit), 0) AS amount" \
	" FROM unnest($1, $2, $3, $4, $5)" \
	"  AS k (rule_id, participant_id, period_start, period_end, unit)" \
	" LEFT JOIN LATERAL (" \
	"  SELECT t.* FROM @extschema@.rf_reward t" \
	"  WHERE k.participant_id = 0 AND t.rule_id = k.rule_id" \
	"  AND t.earned_at >= k.period_start AND t.earned_at < k.period_end" \
	"  UNION ALL" \
	"  SELECT t.* FROM @extschema@.rf_reward t" \
	"  WHERE t.participant_id = k.participant_id AND t.rule_id + 0 = k.rule_id" \
	"  AND t.earned_at >= k.period_start AND t.earned_at < k.period_end" \
	" ) r ON CASE WHEN r.original_id IS NULL" \
	"  THEN r.state NOT IN ('cancelled', 'clawed_back', 'rejected')" \
	"  ELSE (SELECT o.state NOT IN ('cancelled', 'clawed_back', 'rejected')" \
	"   FROM @extschema@.rf_reward o WHERE o.id = r.original_id) END"

/*
 * A conflict there cannot be, but for a snapshot older than the row: then it is
 * the conflict clause that makes it a serialization failure.
 */
RF_STATEMENT(make_quotas,
			 "INSERT INTO @extschema@.rf_quota"
			 " (rule_id, participant_id, period_start, granted, amount)" USED_OF_KEYS
			 " WHERE NOT EXISTS (SELECT FROM @extschema@.rf_quota q"
			 "  WHERE q.rule_id = k.rule_id AND q.participant_id = k.participant_id"
			 "  AND q.period_start = k.period_start)"
			 " GROUP BY k.rule_id, k.participant_id, k.period_start"
			 " ON CONFLICT DO NOTHING",
			 INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID);

/* The rows there are, and for the others what they would be made with. */
RF_STATEMENT(read_quotas,
			 "SELECT q.rule_id, q.participant_id, q.period_start, q.granted, q.amount"
			 " FROM unnest($1, $2, $3) AS k (rule_id, participant_id, period_start)"
			 " JOIN @extschema@.rf_quota q USING (rule_id, participant_id, period_start)"
			 " UNION ALL"
			 "(" USED_OF_KEYS
			 " WHERE NOT EXISTS (SELECT FROM @extschema@.rf_quota q"
			 "  WHERE q.rule_id = k.rule_id AND q.participant_id = k.participant_id"
			 "  AND q.period_start = k.period_start)"
			 " GROUP BY k.rule_id, k.participant_id, k.period_start)",
			 INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID);

RF_STATEMENT(write_quotas,
			 "UPDATE @extschema@.rf_quota q"
			 " SET granted = q.granted + d.granted, amount = q.amount + d.amount"
			 " FROM unnest($1, $2, $3, $4, $5)"
			 "  AS d (rule_id, participant_id, period_start, granted, amount)"
			 " WHERE q.rule_id = d.rule_id AND q.participant_id = d.participant_id"
			 " AND q.period_start = d.period_start",
			 INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZARRAYOID, INT4ARRAYOID, NUMERICARRAYOID);

/* The first three arguments of all three statements. */
static void
quotas_keys(const RfQuotas *quotas, Datum *values)
{
	RfColumn columns[3];

	rf_column_init(&columns[0], INT8OID);
	rf_column_init(&columns[1], INT8OID);
	rf_column_init(&columns[2], TIMESTAMPTZOID);
	for (int i = 0; i < quotas->n; i++)
	{
		rf_column_add(&columns[0], Int64GetDatum(quotas->of[i].rule->id));
		rf_column_add(&columns[1], Int64GetDatum(quotas->of[i].person));
		rf_column_add(&columns[2], TimestampTzGetDatum(quotas->of[i].period_start));
	}
	for (int i = 0; i < 3; i++)
		values[i] = rf_column_array(&columns[i]);
}

void
rf_quotas_read(RfQuotas *quotas, bool make)
{
	RfColumn ends;
	RfColumn units;
	Datum	 values[5];
	uint64	 nrows;

	rf_column_init(&ends, TIMESTAMPTZOID);
	rf_column_init(&units, TEXTOID);
	for (int i = 0; i < quotas->n; i++)
	{
		const RfQuota *quota = &quotas->of[i];
		const char	  *unit = quota->rule->value.unit;
		TimestampTz	   end = period_end(quota->rule->limits.period, quota->period_start);

		rf_column_add(&ends, TimestampTzGetDatum(end));
		rf_column_add(&units, CStringGetTextDatum(unit != NULL ? unit : ""));
	}
	quotas_keys(quotas, values);
	values[3] = rf_column_array(&ends);
	values[4] = rf_column_array(&units);
	if (make)
		rf_execute(&make_quotas, values, NULL);
	nrows = rf_execute(&read_quotas, values, NULL);
	for (uint64 row = 0; row < nrows; row++)
	{
		bool		isnull;
		TimestampTz start = DatumGetTimestampTz(rf_value(row, 3, &isnull));

		for (int i = 0; i < quotas->n; i++)
		{
			RfQuota *quota = &quotas->of[i];

			if (quota->rule->id != rf_int64(row, 1) || quota->person != rf_int64(row, 2) ||
				quota->period_start != start)
				continue;
			quota->granted = rf_int64(row, 4);
			quota->amount = PointerGetDatum(DatumGetNumericCopy(rf_value(row, 5, &isnull)));
		}
	}
}

void
rf_quotas_write(const RfQuotas *quotas)
{
	RfColumn granted;
	RfColumn amounts;
	Datum	 values[5];

	rf_column_init(&granted, INT4OID);
	rf_column_init(&amounts, NUMERICOID);
	for (int i = 0; i < quotas->n; i++)
	{
		rf_column_add(&granted, Int32GetDatum(quotas->of[i].more));
		rf_column_add(&amounts, quotas->of[i].more_amount);
	}
	quotas_keys(quotas, values);
	values[3] = rf_column_array(&granted);
	values[4] = rf_column_array(&amounts);
	rf_execute(&write_quotas, values, NULL);
}
