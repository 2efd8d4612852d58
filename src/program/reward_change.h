/*
 * reward_change.h
 *	  Rewards that changed: their events, and the coupons they take when issued.
 */
#ifndef RF_REWARD_CHANGE_H
#define RF_REWARD_CHANGE_H

#include "program/event.h"

/*
 * Lock the people of these rewards (bigint[]) in ascending order, then the
 * rewards: whose id and state are the rows of the last statement.
 */
extern uint64 rf_rewards_lock_rows(Datum ids);

/*
 * What a statement that changes rf_reward r returns, joined with the row o as
 * it was before.
 */
#define RF_REWARD_CHANGE_COLUMNS \
	" r.id, r.rule_id, coalesce(r.ordinal, 0), r.amount, r.unit, r.coupon, r.state, o.state," \
	" r.subject_id, r.participant_id, coalesce(r.level, 1)"

/*
 * Add the events of the rows that the last statement returned so. Returns their
 * number. Inside an engine scope.
 */
extern int rf_rewards_changed(uint64 nrows, RfEventBatch *events);

/*
 * Those of the rewards (bigint[]) that are to be issued and have no coupon yet
 * get theirs. Returns the name of a pool that was empty; NULL: none was.
 */
extern char *rf_rewards_take_coupons(Datum ids, RfEventBatch *events);

#endif /* RF_REWARD_CHANGE_H */
