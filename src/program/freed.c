/*
 * freed.c
 *	  What rewards that were taken back give free again; see limit.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"

#include "program/coupon.h"
#include "program/limit.h"

/* In the order in which those who grant lock them. */
RF_STATEMENT(lock_rules_of,
			 "SELECT FROM @extschema@.rf_reward_rule"
			 " WHERE id IN (SELECT r.rule_id FROM @extschema@.rf_reward r WHERE r.id = ANY ($1))"
			 " AND coalesce(max_per_recipient, max_total, budget) IS NOT NULL"
			 " ORDER BY id FOR NO KEY UPDATE",
			 INT8ARRAYOID);

/*
 * Rows of rf_quota that are not there will be made without these grants. What was
 * clawed back of one before is free already.
 */
RF_STATEMENT(free_quotas,
			 "UPDATE @extschema@.rf_quota q"
			 " SET granted = q.granted - d.granted, amount = q.amount - d.amount"
			 " FROM (SELECT r.rule_id, k.participant_id,"
			 "   CASE rule.period WHEN 'ever' THEN '-infinity'"
			 "    ELSE date_trunc(rule.period, r.earned_at, 'UTC') END AS period_start,"
			 "   CASE WHEN $3 THEN count(*) ELSE 0 END AS granted,"
			 "   coalesce(sum(coalesce(f.amount, r.amount + coalesce("
			 "    (SELECT sum(c.amount) FROM @extschema@.rf_reward c WHERE c.original_id = r.id), 0)))"
			 "    FILTER (WHERE r.unit = rule.unit), 0) AS amount"
			 "  FROM (SELECT unnest($1) AS id, unnest($2) AS amount) f"
			 "  JOIN @extschema@.rf_reward r ON r.id = f.id"
			 "  JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id"
			 "  CROSS JOIN LATERAL (VALUES (0::bigint), (r.participant_id)) AS k (participant_id)"
			 "  GROUP BY 1, 2, 3) d"
			 " WHERE q.rule_id = d.rule_id AND q.participant_id = d.participant_id"
			 " AND q.period_start = d.period_start",
			 INT8ARRAYOID, NUMERICARRAYOID, BOOLOID);

static bool
freed_lock(Datum ids)
{
	return rf_execute(&lock_rules_of, &ids, NULL) > 0;
}

static void
freed_quotas(Datum ids, Datum amounts, bool whole)
{
	Datum values[] = {ids, amounts, BoolGetDatum(whole)};

	rf_execute(&free_quotas, values, amounts == 0 ? " n " : NULL);
}

void
rf_rewards_freed(Datum ids, Datum amounts)
{
	if (freed_lock(ids))
		freed_quotas(ids, amounts, true);
	rf_coupons_return(ids);
}

void
rf_rewards_lowered(Datum ids, Datum amounts)
{
	if (freed_lock(ids))
		freed_quotas(ids, amounts, false);
}

RF_STATEMENT(forget_quotas,
			 "DELETE FROM @extschema@.rf_quota WHERE rule_id = $1", INT8OID);

/*
 * Grants under way were not counted if the rule had no limits before: wait for
 * them, so that the rows made anew see them.
 */
void
rf_limits_forget(int64 rule_id)
{
	Datum values[] = {Int64GetDatum(rule_id)};

	LockRelationOid(rf_engine_relation("rf_reward"), ShareRowExclusiveLock);
	rf_execute(&forget_quotas, values, NULL);
}
