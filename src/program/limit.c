/*
 * limit.c
 *	  See limit.h.
 *
 * What a rule has used in a period stands in rf_quota (quota.h). Whoever grants
 * under limits, or takes such a grant back, holds the lock of the rule's row
 * until the transaction ends: so the numbers are exact.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/clock.h"
#include "base/number.h"
#include "program/coupon.h"
#include "program/limit.h"
#include "program/quota.h"

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

static bool
limits_concern(const RfGrant *grant)
{
	return grant->id != 0 && rf_rule_is_limited(grant->rule) &&
		strcmp(grant->state, "rejected") != 0;
}

/* The keys under which these grants are counted: at most two for each. */
static RfQuotas
quotas_of(const RfGrant *grants, int ngrants)
{
	RfQuotas quotas = {palloc_array(RfQuota, 2 * ngrants), 0};

	for (int i = 0; i < ngrants; i++)
	{
		const RfGrant  *grant = &grants[i];
		const RfLimits *limits = &grant->rule->limits;

		if (!limits_concern(grant))
			continue;
		if (limits->max_per_recipient > 0)
			rf_quota_want(&quotas, grant->rule, grant->recipient->id, grant->earned_at);
		if (limits->max_total > 0 || limits->budget != 0)
			rf_quota_want(&quotas, grant->rule, 0, grant->earned_at);
	}
	return quotas;
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
		return rf_number_zero();
	return grant->value.amount;
}

static bool
budget_exceeded(const RfQuota *quota, Datum cost, Datum budget)
{
	Datum used = quota_sum(quota_sum(quota->amount, quota->more_amount), cost);

	return rf_number_compare(used, budget) > 0;
}

/* Why the limits refuse the grant; NULL: they do not. */
static const char *
limits_refuse(const RfLimits *limits, const RfQuota *person, const RfQuota *all, Datum cost)
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
quota_add(RfQuota *quota, Datum cost)
{
	if (quota == NULL)
		return;
	quota->more++;
	quota->more_amount = quota_sum(quota->more_amount, cost);
}

static void
limits_judge(RfQuotas *quotas, RfGrant *grant)
{
	const RfRule *rule = grant->rule;
	RfQuota		 *person = rf_quota_find(quotas, rule, grant->recipient->id, grant->earned_at);
	RfQuota		 *all = rf_quota_find(quotas, rule, 0, grant->earned_at);
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
	RfQuotas quotas = quotas_of(grants, ngrants);

	if (quotas.n == 0)
		return;
	rf_quotas_read(&quotas, write);
	for (int i = 0; i < ngrants; i++)
	{
		if (limits_concern(&grants[i]))
			limits_judge(&quotas, &grants[i]);
	}
	if (write)
		rf_quotas_write(&quotas);
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
	RfQuota	 quota;
	RfQuotas quotas = {&quota, 0};
	RfUsed	 used;

	rf_quota_want(&quotas, rule, person, when);
	rf_quotas_read(&quotas, false);
	used.granted = quota.granted;
	used.amount = quota.amount;
	return used;
}
