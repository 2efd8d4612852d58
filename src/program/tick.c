/*
 * tick.c
 *	  See tick.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"

#include "base/clock.h"
#include "base/engine.h"
#include "program/clicked.h"
#include "program/fulfilment.h"
#include "program/home.h"
#include "program/idempotency.h"
#include "program/recurrence_pay.h"
#include "program/reward_timed.h"
#include "program/tick.h"
#include "program/visitor.h"
#include "program/window.h"

PG_FUNCTION_INFO_V1(rf_tick);

/* How long the answers to other systems' messages are kept. */
#define MESSAGE_RETENTION (7 * USECS_PER_DAY)

/* Last, as rf_erase has people and then waits for these rows. */
RF_STATEMENT(forget_messages,
			 "DELETE FROM @extschema@.rf_inbound_message"
			 " WHERE ctid = ANY (ARRAY("
			 "  SELECT ctid FROM @extschema@.rf_inbound_message"
			 "  WHERE created_at <= $1"
			 "  ORDER BY created_at LIMIT $2"
			 "  FOR UPDATE SKIP LOCKED))",
			 TIMESTAMPTZOID, INT4OID);

static int
messages_forget(void)
{
	Datum values[] = {
		TimestampTzGetDatum(rf_now() - MESSAGE_RETENTION), Int32GetDatum(RF_BATCH)};

	return (int) rf_execute(&forget_messages, values, NULL);
}

/*
 * rf_tick() takes them in one transaction. None waits for people; then come
 * rules, then pools of coupons, as everywhere.
 */
const RfTickStep rf_tick_steps[] = {
	{"paying recurring rewards", rf_recurrences_pay},
	{"ending holds of rewards", rf_rewards_end_holds},
	{"handing out coupons", rf_coupons_issue_waiting},
	{"ending windows to qualify in", rf_windows_expire},
	{"forgetting idempotency keys", rf_idempotency_forget},
	{"fulfilling rewards", rf_fulfilments_take},
	{"forgetting answered messages", messages_forget},
	{"forgetting visitors of links", rf_visitor_salts_turn},
	{"putting past clicks together", rf_clicked_fold},
};
const int rf_tick_nsteps = lengthof(rf_tick_steps);

int
rf_tick_take(const RfTickStep *step)
{
	return rf_home_is_here() ? step->take() : 0;
}

Datum
rf_tick(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	int		 done = 0;

	rf_engine_enter(&engine, fcinfo);
	/* In the order of kept.c: the steps write rewards before people. */
	LockRelationOid(rf_engine_relation("rf_participant"), RowExclusiveLock);
	for (int i = 0; i < rf_tick_nsteps; i++)
		done += rf_tick_take(&rf_tick_steps[i]);
	rf_engine_leave(&engine);
	PG_RETURN_INT32(done);
}
