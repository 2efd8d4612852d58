/*
 * fulfilment.c
 *	  See fulfilment.h.
 *
 * Who records an attempt must wait for nobody, and a reward changes under locks on
 * people. So the one is written first, by itself, and the other follows from what
 * was written: nothing is lost if the process ends between the two.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "program/batch.h"
#include "program/coupon.h"
#include "program/fulfilment.h"
#include "program/reward_change.h"
#include "program/reward_timed.h"

static bool fulfilments_noted = false;

/* ---- what is noted ------------------------------------------------------ */

/* The event was written when the reward was issued, by the same clock. */
RF_STATEMENT(insert_fulfilments,
			 "INSERT INTO @extschema@.rf_fulfilment"
			 " (delivery_id, event_id, reward_id, issued_at, reference, ok, error)"
			 " SELECT f.id, e.id, e.reward_id, e.created_at, @extschema@.rf_message_id(e.home, e.id),"
			 "  $3, f.error"
			 " FROM unnest($1, $2, $4) AS f (id, event_id, error)"
			 " JOIN @extschema@.rf_event e ON e.id = f.event_id"
			 " WHERE e.type = 'reward.issued' AND e.reward_id IS NOT NULL",
			 INT8ARRAYOID, INT8ARRAYOID, BOOLOID, TEXTARRAYOID);

void
rf_fulfilments_note(Datum delivery_ids, Datum event_ids, bool ok, Datum errors)
{
	Datum values[] = {delivery_ids, event_ids, BoolGetDatum(ok), errors};

	if (rf_execute(&insert_fulfilments, values, NULL) > 0)
		fulfilments_noted = true;
}

bool
rf_fulfilments_were_noted(void)
{
	bool noted = fulfilments_noted;

	fulfilments_noted = false;
	return noted;
}

/* ---- what follows ------------------------------------------------------- */

/* Nobody else tells these rewards now. */
RF_STATEMENT(lock_fulfilments,
			 "SELECT array_agg(l.id), array_agg(l.reward_id)"
			 " FROM (SELECT f.id, f.reward_id FROM @extschema@.rf_fulfilment f"
			 "  WHERE f.id = ANY ($1) ORDER BY f.id FOR UPDATE SKIP LOCKED) AS l",
			 INT8ARRAYOID);

/*
 * Of several that tell of one reward, one that it was given. One that had failed, and
 * whose delivery then arrived after all, was given, too.
 */
RF_STATEMENT(tell_rewards,
			 "UPDATE @extschema@.rf_reward r"
			 " SET state = CASE WHEN f.ok THEN 'fulfilled' ELSE 'failed' END, changed_at = $3,"
			 "  fulfilled_at = CASE WHEN f.ok THEN $3 ELSE r.fulfilled_at END,"
			 "  reference = CASE WHEN f.ok THEN f.reference ELSE r.reference END,"
			 "  reason = CASE WHEN NOT f.ok THEN coalesce(f.error, r.reason)"
			 "   WHEN r.state = 'issued' THEN r.reason END"
			 " FROM (SELECT DISTINCT ON (n.reward_id) n.* FROM @extschema@.rf_fulfilment n"
			 "   JOIN @extschema@.rf_reward i ON i.id = n.reward_id AND i.issued_at = n.issued_at"
			 "   WHERE n.id = ANY ($1) ORDER BY n.reward_id, n.ok DESC, n.id) AS f"
			 " JOIN @extschema@.rf_reward o ON o.id = f.reward_id"
			 " WHERE r.id = f.reward_id AND r.id = ANY ($2)"
			 "  AND (r.state = 'issued' OR r.state = 'failed' AND f.ok)"
			 " RETURNING" RF_REWARD_CHANGE_COLUMNS,
			 INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZOID);

/* Without its reward one has nobody to tell. */
RF_STATEMENT(delete_fulfilments,
			 "DELETE FROM @extschema@.rf_fulfilment f"
			 " WHERE f.id = ANY ($1) AND (f.reward_id = ANY ($2)"
			 "  OR (SELECT true FROM @extschema@.rf_reward r WHERE r.id = f.reward_id) IS NULL)",
			 INT8ARRAYOID, INT8ARRAYOID);

/* The rewards stand locked. Coupons that somebody was told of were seen. */
static void
fulfilments_tell(Datum ids, Datum rewards)
{
	Datum		 values[] = {ids, rewards, TimestampTzGetDatum(rf_now())};
	RfEventBatch events = {0};
	RfColumn	 fulfilled;
	uint64		 n = rf_execute(&tell_rewards, values, NULL);

	rf_column_init(&fulfilled, INT8OID);
	for (uint64 row = 0; row < n; row++)
	{
		if (strcmp(rf_text(row, 7), "fulfilled") == 0)
			rf_column_add(&fulfilled, Int64GetDatum(rf_int64(row, 1)));
	}
	(void) rf_rewards_changed(n, &events);
	if (fulfilled.n > 0)
		rf_coupons_seen(rf_column_array(&fulfilled));
	rf_event_flush(&events);
}

static int
fulfilments_take(Datum ids)
{
	Datum values[2];
	bool  isnull;
	Datum rewards;

	rf_execute(&lock_fulfilments, &ids, NULL);
	rewards = rf_value(0, 2, &isnull);
	if (isnull)
		return 0;
	values[0] = rf_array();
	values[1] = rf_rewards_lock_free(PointerGetDatum(PG_DETOAST_DATUM_COPY(rewards)));
	if (values[1] == 0)
		values[1] = PointerGetDatum(construct_empty_array(INT8OID));
	else
		fulfilments_tell(values[0], values[1]);
	return (int) rf_execute(&delete_fulfilments, values, NULL);
}

RF_STATEMENT(find_fulfilments,
			 "SELECT array_agg(f.id)"
			 " FROM (SELECT id FROM @extschema@.rf_fulfilment ORDER BY id LIMIT $1) AS f",
			 INT4OID);

int
rf_fulfilments_take(void)
{
	Datum values[] = {Int32GetDatum(RF_BATCH)};
	Datum ids;

	rf_execute(&find_fulfilments, values, NULL);
	ids = rf_array();
	return ids != 0 ? rf_batch_run(ids, fulfilments_take, "fulfilment") : 0;
}
