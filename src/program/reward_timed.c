/*
 * reward_timed.c
 *	  See reward_timed.h.
 *
 * Rewards are looked for first, without locks; then their people and they
 * themselves are locked, in ascending order, and their state is asked for again:
 * two sessions that look at the same time do everything once. People whom another
 * session has locked are left to the next time: nothing waits for them here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "program/batch.h"
#include "program/coupon.h"
#include "program/reward.h"
#include "program/reward_change.h"
#include "program/reward_timed.h"

RF_STATEMENT(find_to_issue,
			 "SELECT array_agg(r.id)"
			 " FROM @extschema@.rf_reward r"
			 " JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id"
			 " WHERE r.id = ANY ($1) AND rule.auto_issue"
			 " AND r.state IN ('pending', 'due') AND r.due_at <= $2",
			 INT8ARRAYOID, TIMESTAMPTZOID);

/*
 * Out of its hold a reward is due; with auto_issue issued, unless it is a
 * coupon's and there was none.
 */
RF_STATEMENT(move_on,
			 "UPDATE @extschema@.rf_reward r"
			 " SET state = CASE WHEN rule.auto_issue AND (r.metric <> 'coupon' OR r.coupon IS NOT NULL)"
			 "   THEN 'issued' ELSE 'due' END,"
			 " reason = CASE WHEN rule.auto_issue AND r.metric = 'coupon' AND r.coupon IS NULL"
			 "   THEN format('" RF_COUPON_LACK "', r.pool) END,"
			 " changed_at = $2,"
			 " issued_at = CASE WHEN rule.auto_issue AND (r.metric <> 'coupon' OR r.coupon IS NOT NULL)"
			 "   THEN $2 END"
			 " FROM @extschema@.rf_reward o"
			 " JOIN @extschema@.rf_reward_rule rule ON rule.id = o.rule_id"
			 " WHERE r.id = ANY ($1) AND o.id = r.id AND r.due_at <= $2"
			 " AND (r.state = 'pending' OR r.state = 'due' AND r.coupon IS NOT NULL AND rule.auto_issue)"
			 " RETURNING" RF_REWARD_CHANGE_COLUMNS,
			 INT8ARRAYOID, TIMESTAMPTZOID);

/* The rewards stand locked. */
static int
timed_move_on(Datum ids)
{
	Datum		 values[] = {ids, TimestampTzGetDatum(rf_now())};
	RfEventBatch events = {0};
	Datum		 to_issue;
	int			 moved;

	rf_execute(&find_to_issue, values, NULL);
	to_issue = rf_array();
	if (to_issue != 0)
		(void) rf_rewards_take_coupons(to_issue, &events);
	moved = rf_rewards_changed(rf_execute(&move_on, values, NULL), &events);
	rf_event_flush(&events);
	return moved;
}

RF_STATEMENT(lock_free_people,
			 "SELECT p.id FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (SELECT unnest(ARRAY[r.participant_id, r.subject_id])"
			 "  FROM @extschema@.rf_reward r WHERE r.id = ANY ($1))"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE SKIP LOCKED",
			 INT8ARRAYOID);

RF_STATEMENT(rewards_between,
			 "SELECT array_agg(r.id) FROM @extschema@.rf_reward r"
			 " WHERE r.id = ANY ($1)"
			 " AND r.participant_id = ANY ($2) AND r.subject_id = ANY ($2)",
			 INT8ARRAYOID, INT8ARRAYOID);

Datum
rf_rewards_lock_free(Datum ids)
{
	Datum  values[2] = {ids};
	uint64 npeople;

	rf_rewards_lock();
	npeople = rf_execute(&lock_free_people, values, NULL);
	values[1] = rf_int64_column(npeople, 1);
	rf_execute(&rewards_between, values, NULL);
	ids = rf_array();
	if (ids != 0)
		(void) rf_rewards_lock_rows(ids);
	return ids;
}

static int
timed_lock_and_move_on(Datum ids)
{
	ids = rf_rewards_lock_free(ids);
	return ids != 0 ? timed_move_on(ids) : 0;
}

RF_STATEMENT(holds_over,
			 "SELECT array_agg(s.id)"
			 " FROM (SELECT r.id FROM @extschema@.rf_reward r"
			 "  WHERE r.state = 'pending' AND r.due_at <= $1"
			 "  AND (SELECT p.state <> 'held' FROM @extschema@.rf_participant p"
			 "   WHERE p.id = r.participant_id)"
			 "  ORDER BY r.due_at LIMIT $2) AS s",
			 TIMESTAMPTZOID, INT4OID);

int
rf_rewards_end_holds(void)
{
	Datum values[] = {TimestampTzGetDatum(rf_now()), Int32GetDatum(RF_BATCH)};
	Datum ids;

	rf_execute(&holds_over, values, NULL);
	ids = rf_array();
	return ids != 0 ? rf_batch_run(ids, timed_lock_and_move_on, "hold of reward") : 0;
}

/* A reward that waits is due, of a rule that issues by itself. */
#define WAITS \
	" r.state = 'due' AND r.metric = 'coupon' AND r.coupon IS NULL AND r.reason IS NOT NULL" \
	" AND (SELECT rule.auto_issue FROM @extschema@.rf_reward_rule rule WHERE rule.id = r.rule_id)"

RF_STATEMENT(find_waiting,
			 "SELECT array_agg(s.id)"
			 " FROM (SELECT w.id"
			 "  FROM @extschema@.rf_coupon_pool p"
			 "  CROSS JOIN LATERAL (SELECT r.id FROM @extschema@.rf_reward r"
			 "   WHERE r.pool = p.pool AND" WAITS
			 "   ORDER BY r.earned_at, r.id LIMIT least(p.total - p.used, $1)) AS w"
			 "  WHERE p.used < p.total LIMIT $1) AS s",
			 INT4OID);

int
rf_coupons_issue_waiting(void)
{
	Datum values[] = {Int32GetDatum(RF_BATCH)};
	Datum ids;

	rf_execute(&find_waiting, values, NULL);
	ids = rf_array();
	return ids != 0 ? rf_batch_run(ids, timed_lock_and_move_on, "coupon of reward") : 0;
}

RF_STATEMENT(find_waiting_in,
			 "SELECT array_agg(s.id)"
			 " FROM (SELECT r.id FROM @extschema@.rf_reward r"
			 "  WHERE r.pool = ANY ($1) AND" WAITS
			 "  ORDER BY r.earned_at, r.id LIMIT $2) AS s",
			 TEXTARRAYOID, INT4OID);

Datum
rf_waiting_lock(Datum pools)
{
	Datum values[] = {pools, Int32GetDatum(RF_BATCH)};
	Datum ids;

	rf_execute(&find_waiting_in, values, NULL);
	ids = rf_array();
	if (ids != 0)
		(void) rf_rewards_lock_rows(ids);
	return ids;
}

void
rf_waiting_issue(Datum ids)
{
	if (ids != 0)
		(void) timed_move_on(ids);
}
