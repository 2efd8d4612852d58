/*
 * tick.c
 *	  rf_tick: what happens by the clock, in the caller's session.
 */
#include "postgres.h"

#include "base/engine.h"
#include "program/recurrence.h"
#include "program/reward_timed.h"

PG_FUNCTION_INFO_V1(rf_tick);

Datum
rf_tick(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	int		 done;

	rf_engine_enter(&engine, fcinfo);
	done = rf_rewards_end_holds();
	done += rf_recurrences_pay();
	done += rf_coupons_issue_waiting();
	rf_engine_leave(&engine);
	PG_RETURN_INT32(done);
}
