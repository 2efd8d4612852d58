/*
 * limit.c
 *	  See limit.h.
 *
 * What a rule has used in a period stands in rf_quota, a row for the rule and a
 * row for each person where that is limited. A row is made when it is first
 * needed, from rf_reward, and dropped when the rule's limits change. Whoever
 * grants under limits, or takes such a grant back, holds the lock of the rule's
 * row until the transaction ends: so the numbers are exact, and the rows of
 * rf_quota need no locks of their own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/clock.h"
#include "program/coupon.h"
#include "program/limit.h"

/* What is used under one key; in memory while grants are looked at. */
typedef struct Quota
{
	const RfRule *rule;
	int64		  person; /* 0: all */
	TimestampTz	  period_start;
	int			  granted;
	Datum		  amount;
	int			  more; /* added by these grants */
	Datum		  more_amount;
} Quota;

typedef struct Quotas
{
	Quota *of;
	int	   n;
} Quotas;

RF_STATEMENT(lock_rules,
			 "SELECT FROM @extschema@.rf_reward_rule WHERE id = ANY ($1)"
			 " ORDER BY id FOR NO KEY UPDATE",
			 INT8ARRAYOID);

static void
limits_lock_ids(const RfColumn *ids)
{
	Datum values[] = {rf_column_array(ids)};

	if (ids->n > 0)
		rf_execute(&lock_rules, values, NULL);
}

void
rf_limits_lock(const RfGrant *grants, int ngrants)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < ngrants; i++)
	{
		if (rf_rule_is_limited(grants[i].rule))
			rf_column_add(&ids, Int64GetDatum(grants[i].rule->id));
	}
	limits_lock_ids(&ids);
}

void
rf_limits_lock_campaigns(List *campaigns)
{
	RfColumn  ids;
	ListCell *cell;

	rf_column_init(&ids, INT8OID);
	foreach(cell, campaigns)
	{
		const RfCampaign *campaign = lfirst(cell);

		for (int i = 0; i < campaign->nrules; i++)
		{
			if (rf_rule_is_limited(&campaign->rules[i]))
				rf_column_add(&ids, Int64GetDatum(campaign->rules[i].id));
		}
	}
	limits_lock_ids(&ids);
	rf_coupons_lock_campaigns(campaigns);
}

void
rf_limits_lock_campaign(const RfCampaign *campaign)
{
	rf_limits_lock_campaigns(list_make1(unconstify(RfCampaign *, campaign)));
}

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

static Quota *
quota_find(Quotas *quotas, const RfRule *rule, int64 person, TimestampTz start)
{
	for (int i = 0; i < quotas->n; i++)
	{
		Quota *quota = &quotas->of[i];

		if (quota->rule->id == rule->id && quota->person == person &&
			quota->period_start == start)
			return quota;
	}
	return NULL;
}

static void
quota_want(Quotas *quotas, const RfRule *rule, int64 person, TimestampTz when)
{
	TimestampTz start = period_start(rule->limits.period, when);
	Datum		zero;

	if (quota_find(quotas, rule, person, start) != NULL)
		return;
	zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	quotas->of[quotas->n++] = (Quota){
		.rule = rule,
		.person = person,
		.period_start = start,
		.amount = zero,
		.more_amount = zero,
	};
}

static bool
limits_concern(const RfGrant *grant)
{
	return grant->id != 0 && rf_rule_is_limited(grant->rule) &&
		strcmp(grant->state, "rejected") != 0;
}

/* The keys under which these grants are counted: at most two for each. */
static Quotas
quotas_of(const RfGrant *grants, int ngrants)
{
	Quotas quotas = {palloc_array(Quota, 2 * ngrants), 0};

	for (int i = 0; i < ngrants; i++)
	{
		const RfGrant  *grant = &grants[i];
		const RfLimits *limits = &grant->rule->limits;

		if (!limits_concern(grant))
			continue;
		if (limits->max_per_recipient > 0)
			quota_want(&quotas, grant->rule, grant->recipient->id, grant->earned_at);
		if (limits->max_total > 0 || limits->budget != 0)
			quota_want(&quotas, grant->rule, 0, grant->earned_at);
	}
	return quotas;
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
quotas_keys(const Quotas *quotas, Datum *values)
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

static void
quotas_read(Quotas *quotas, bool make)
{
	RfColumn ends;
	RfColumn units;
	Datum	 values[5];
	uint64	 nrows;

	rf_column_init(&ends, TIMESTAMPTZOID);
	rf_column_init(&units, TEXTOID);
	for (int i = 0; i < quotas->n; i++)
	{
		const Quota *quota = &quotas->of[i];
		const char	*unit = quota->rule->value.unit;
		TimestampTz	 end = period_end(quota->rule->limits.period, quota->period_start);

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
			Quota *quota = &quotas->of[i];

			if (quota->rule->id != rf_int64(row, 1) || quota->person != rf_int64(row, 2) ||
				quota->period_start != start)
				continue;
			quota->granted = rf_int64(row, 4);
			quota->amount = PointerGetDatum(DatumGetNumericCopy(rf_value(row, 5, &isnull)));
		}
	}
}

static void
quotas_write(const Quotas *quotas)
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

static Datum
quota_sum(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_add, a, b);
}

/* What the grant takes from a budget: amounts in another unit take nothing. */
static Datum
grant_cost(const RfGrant *grant)
{
	const char *unit = grant->rule->value.unit;

	if (grant->value.amount == 0 || unit == NULL || grant->value.unit == NULL ||
		strcmp(unit, grant->value.unit) != 0)
		return DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	return grant->value.amount;
}

static bool
budget_exceeded(const Quota *quota, Datum cost, Datum budget)
{
	Datum used = quota_sum(quota_sum(quota->amount, quota->more_amount), cost);

	return DatumGetBool(DirectFunctionCall2(numeric_gt, used, budget));
}

/* Why the limits refuse the grant; NULL: they do not. */
static const char *
limits_refuse(const RfLimits *limits, const Quota *person, const Quota *all, Datum cost)
{
	if (limits->max_per_recipient > 0 &&
		person->granted + person->more >= limits->max_per_recipient)
		return "max_per_recipient reached";
	if (limits->max_total > 0 && all->granted + all->more >= limits->max_total)
		return "max_total reached";
	if (limits->budget != 0 && budget_exceeded(all, cost, limits->budget))
		return "budget exhausted";
	return NULL;
}

static void
quota_add(Quota *quota, Datum cost)
{
	if (quota == NULL)
		return;
	quota->more++;
	quota->more_amount = quota_sum(quota->more_amount, cost);
}

static void
limits_judge(Quotas *quotas, RfGrant *grant)
{
	const RfRule *rule = grant->rule;
	TimestampTz	  start = period_start(rule->limits.period, grant->earned_at);
	Quota		 *person = quota_find(quotas, rule, grant->recipient->id, start);
	Quota		 *all = quota_find(quotas, rule, 0, start);
	Datum		  cost = grant_cost(grant);
	const char	 *reason = limits_refuse(&rule->limits, person, all, cost);

	if (reason != NULL)
	{
		grant->state = "rejected";
		grant->reason = reason;
		return;
	}
	quota_add(person, cost);
	quota_add(all, cost);
}

static void
limits_judge_all(RfGrant *grants, int ngrants, bool write)
{
	Quotas quotas = quotas_of(grants, ngrants);

	if (quotas.n == 0)
		return;
	quotas_read(&quotas, write);
	for (int i = 0; i < ngrants; i++)
	{
		if (limits_concern(&grants[i]))
			limits_judge(&quotas, &grants[i]);
	}
	if (write)
		quotas_write(&quotas);
}

void
rf_limits_apply(RfGrant *grants, int ngrants)
{
	limits_judge_all(grants, ngrants, true);
}

void
rf_limits_foresee(RfGrant *grants, int ngrants)
{
	limits_judge_all(grants, ngrants, false);
}

RfUsed
rf_limits_used(const RfRule *rule, int64 person, TimestampTz when)
{
	Quota  quota;
	Quotas quotas = {&quota, 0};
	RfUsed used;

	quota_want(&quotas, rule, person, when);
	quotas_read(&quotas, false);
	used.granted = quota.granted;
	used.amount = quota.amount;
	return used;
}
