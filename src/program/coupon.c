/*
 * coupon.c
 *	  See coupon.h.
 *
 * Handing out and returning lock the row of the pool, which counts what is used:
 * so the first coupon loaded is the first handed out, a pool is empty only when
 * it is, and each mark of its use is told once. A coupon is seen, and never comes
 * back, from the moment on at which somebody else may know it: when its reward
 * is fulfilled, or issued while a webhook listens.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "program/coupon.h"

/* In percent of a pool; the last one means that it is empty. */
static const int coupon_marks[] = {85, 95, 100};

/* C's order of names is everybody's. */
RF_STATEMENT(lock_pools,
			 "SELECT pool FROM @extschema@.rf_coupon_pool WHERE pool = ANY ($1)"
			 " ORDER BY pool COLLATE \"C\" FOR NO KEY UPDATE",
			 TEXTARRAYOID);

RF_STATEMENT(read_pool,
			 "SELECT total, used, told FROM @extschema@.rf_coupon_pool WHERE pool = $1",
			 TEXTOID);

RF_STATEMENT(give_coupons,
			 "WITH free AS ("
			 "  SELECT f.code, row_number() OVER (ORDER BY f.id) AS k"
			 "  FROM (SELECT code, id FROM @extschema@.rf_coupon"
			 "   WHERE pool = $1 AND state = 'free' ORDER BY id LIMIT cardinality($2)) f)"
			 " UPDATE @extschema@.rf_coupon c"
			 " SET state = CASE WHEN need.heard THEN 'seen' ELSE 'given' END,"
			 "  reward_id = need.reward_id, given_at = $3"
			 " FROM free"
			 " JOIN unnest($2, $4) WITH ORDINALITY AS need (reward_id, heard, k) USING (k)"
			 " WHERE c.code = free.code"
			 " RETURNING c.reward_id, c.code",
			 TEXTOID, INT8ARRAYOID, TIMESTAMPTZOID, BOOLARRAYOID);

RF_STATEMENT(write_pool,
			 "UPDATE @extschema@.rf_coupon_pool SET used = $2, told = $3 WHERE pool = $1",
			 TEXTOID, INT8OID, INT4OID);

static void
pools_lock(const RfColumn *names)
{
	Datum values[] = {rf_column_array(names)};

	if (names->n > 0)
		rf_execute(&lock_pools, values, NULL);
}

static RfCouponNeed *
need_of(RfCouponNeed *needs, int nneeds, int64 reward_id)
{
	for (int i = 0; i < nneeds; i++)
	{
		if (needs[i].reward_id == reward_id)
			return &needs[i];
	}
	elog(ERROR, "reward " INT64_FORMAT " needs no coupon", reward_id);
}

/* Tell each mark that was reached for the first time; returns the highest. */
static int
pool_tell(const RfCampaign *campaign, RfPoolFacts *pool, int told, RfEventBatch *events)
{
	for (size_t i = 0; i < lengthof(coupon_marks); i++)
	{
		RfEvent event = {.type = RF_EVENT_COUPON_LOW, .campaign = campaign, .pool = pool};

		pool->percent = coupon_marks[i];
		if (told >= pool->percent || pool->used * 100 < pool->total * pool->percent)
			continue;
		rf_event_add(events, &event);
		told = pool->percent;
	}
	return told;
}

/* Whoever hears that a reward was issued may know its coupon. */
static bool
campaign_hears(const RfCampaign *campaign)
{
	return (campaign->wanted & RF_EVENT_BIT(RF_EVENT_REWARD_ISSUED)) != 0;
}

/* The needs of one pool, which is locked: those from "first" on that name it. */
static void
pool_give(RfCouponNeed *needs, int nneeds, int first, RfEventBatch *events)
{
	RfCouponNeed *one = &needs[first];
	Datum		  name = CStringGetTextDatum(one->pool);
	RfPoolFacts	  pool = {.name = one->pool};
	RfColumn	  ids;
	RfColumn	  heard;
	int			  told;

	if (rf_execute(&read_pool, &name, NULL) == 0)
		return;
	pool.total = rf_int64(0, 1);
	pool.used = rf_int64(0, 2);
	told = rf_int32(0, 3);
	rf_column_init(&ids, INT8OID);
	rf_column_init(&heard, BOOLOID);
	for (int i = first; i < nneeds; i++)
	{
		if (strcmp(needs[i].pool, one->pool) != 0)
			continue;
		rf_column_add(&ids, Int64GetDatum(needs[i].reward_id));
		rf_column_add(&heard, BoolGetDatum(campaign_hears(needs[i].campaign)));
	}
	{
		Datum values[] = {
			name, rf_column_array(&ids), TimestampTzGetDatum(rf_now()),
			rf_column_array(&heard)};
		uint64 ngiven = rf_execute(&give_coupons, values, NULL);

		for (uint64 row = 0; row < ngiven; row++)
			need_of(needs, nneeds, rf_int64(row, 1))->coupon = rf_text(row, 2);
		pool.used += ngiven;
	}
	told = pool_tell(one->campaign, &pool, told, events);
	{
		Datum values[] = {name, Int64GetDatum(pool.used), Int32GetDatum(told)};

		rf_execute(&write_pool, values, NULL);
	}
}

static bool
pool_came_before(const RfCouponNeed *needs, int i)
{
	for (int j = 0; j < i; j++)
	{
		if (strcmp(needs[j].pool, needs[i].pool) == 0)
			return true;
	}
	return false;
}

void
rf_coupons_give(RfCouponNeed *needs, int nneeds, RfEventBatch *events)
{
	RfColumn names;

	rf_column_init(&names, TEXTOID);
	for (int i = 0; i < nneeds; i++)
	{
		needs[i].coupon = NULL;
		if (!pool_came_before(needs, i))
			rf_column_add(&names, CStringGetTextDatum(needs[i].pool));
	}
	pools_lock(&names);
	for (int i = 0; i < nneeds; i++)
	{
		if (!pool_came_before(needs, i))
			pool_give(needs, nneeds, i, events);
	}
}

char *
rf_coupons_lack(const char *pool)
{
	return psprintf(RF_COUPON_LACK, pool);
}

static bool
grant_needs_coupon(const RfGrant *grant)
{
	return grant->id != 0 && grant->rule->metric == RF_COUPON &&
		strcmp(grant->state, "issued") == 0;
}

static void
grant_must_wait(RfGrant *grant)
{
	grant->state = "due";
	grant->reason = rf_coupons_lack(grant->value.pool);
}

void
rf_coupons_hand_out(RfGrant *grants, int ngrants, RfEventBatch *events)
{
	RfCouponNeed *needs = palloc_array(RfCouponNeed, ngrants);
	int			  nneeds = 0;
	int			  next = 0;

	for (int i = 0; i < ngrants; i++)
	{
		if (grant_needs_coupon(&grants[i]))
			needs[nneeds++] = (RfCouponNeed){
				.campaign = grants[i].campaign,
				.reward_id = grants[i].id,
				.pool = grants[i].value.pool,
			};
	}
	if (nneeds == 0)
		return;
	rf_coupons_give(needs, nneeds, events);
	for (int i = 0; i < ngrants; i++)
	{
		if (!grant_needs_coupon(&grants[i]))
			continue;
		grants[i].coupon = needs[next++].coupon;
		if (grants[i].coupon == NULL)
			grant_must_wait(&grants[i]);
	}
}

RF_STATEMENT(count_free,
			 "SELECT total - used FROM @extschema@.rf_coupon_pool WHERE pool = $1", TEXTOID);

void
rf_coupons_foresee(RfGrant *grants, int ngrants)
{
	for (int i = 0; i < ngrants; i++)
	{
		Datum name;
		int64 before = 0;

		if (!grant_needs_coupon(&grants[i]))
			continue;
		name = CStringGetTextDatum(grants[i].value.pool);
		for (int j = 0; j < i; j++)
		{
			before += grant_needs_coupon(&grants[j]) &&
				strcmp(grants[j].value.pool, grants[i].value.pool) == 0;
		}
		if (rf_execute(&count_free, &name, NULL) == 0 || rf_int64(0, 1) <= before)
			grant_must_wait(&grants[i]);
	}
}

static void
add_pools(RfColumn *names, const RfCampaign *campaign)
{
	for (int i = 0; i < campaign->nrules; i++)
	{
		const RfRule *rule = &campaign->rules[i];

		if (rule->metric != RF_COUPON)
			continue;
		if (rule->value.pool != NULL)
			rf_column_add(names, CStringGetTextDatum(rule->value.pool));
		for (int k = 0; k < rule->terms.nthresholds; k++)
			rf_column_add(names, CStringGetTextDatum(rule->milestones[k].pool));
	}
}

void
rf_coupons_lock_campaigns(List *campaigns)
{
	RfColumn  names;
	ListCell *cell;

	rf_column_init(&names, TEXTOID);
	foreach(cell, campaigns)
		add_pools(&names, lfirst(cell));
	pools_lock(&names);
}

RF_STATEMENT(find_pools,
			 "SELECT array_agg(DISTINCT c.pool)"
			 " FROM @extschema@.rf_reward r"
			 " JOIN @extschema@.rf_coupon c ON c.code = r.coupon"
			 " WHERE r.id = ANY ($1) AND c.reward_id = r.id AND c.state = 'given'",
			 INT8ARRAYOID);

RF_STATEMENT(return_coupons,
			 "WITH back AS ("
			 "  UPDATE @extschema@.rf_coupon c"
			 "  SET state = 'free', reward_id = NULL, given_at = NULL"
			 "  FROM @extschema@.rf_reward r"
			 "  WHERE r.id = ANY ($1) AND c.code = r.coupon AND c.reward_id = r.id"
			 "  AND c.state = 'given'"
			 "  RETURNING c.pool)"
			 " UPDATE @extschema@.rf_coupon_pool p SET used = p.used - b.n"
			 " FROM (SELECT pool, count(*) AS n FROM back GROUP BY pool) b"
			 " WHERE p.pool = b.pool",
			 INT8ARRAYOID);

void
rf_coupons_return(Datum reward_ids)
{
	Datum pools;

	rf_execute(&find_pools, &reward_ids, NULL);
	pools = rf_array();
	if (pools == 0)
		return;
	rf_execute(&lock_pools, &pools, NULL);
	rf_execute(&return_coupons, &reward_ids, NULL);
}

RF_STATEMENT(see_coupons,
			 "UPDATE @extschema@.rf_coupon c SET state = 'seen'"
			 " FROM @extschema@.rf_reward r"
			 " WHERE r.id = ANY ($1) AND c.code = r.coupon AND c.reward_id = r.id"
			 " AND c.state = 'given'",
			 INT8ARRAYOID);

void
rf_coupons_seen(Datum reward_ids)
{
	rf_execute(&see_coupons, &reward_ids, NULL);
}
