/*
 * reward_timed.h
 *	  Rewards that go on by themselves: holds that end, and coupons that come.
 */
#ifndef RF_REWARD_TIMED_H
#define RF_REWARD_TIMED_H

#include "postgres.h"

/*
 * Lock those of the rewards (bigint[]) whose people nobody else has locked, and
 * these people, in the order of all. Returns which (bigint[]); 0: none. Inside an
 * engine scope.
 */
extern Datum rf_rewards_lock_free(Datum ids);

/*
 * End the holds that are over, at most RF_BATCH. Holds of people who are held
 * themselves go on. Returns how many. Inside an engine scope.
 */
extern int rf_rewards_end_holds(void);

/*
 * Issue what waits for coupons of pools that have some, at most RF_BATCH.
 * Returns how many. Inside an engine scope.
 */
extern int rf_coupons_issue_waiting(void);

/*
 * The same for pools (text[]) that are about to be filled, in two steps: lock
 * what waits, and its people, before the pools; then issue it. 0: nothing waits.
 */
extern Datum rf_waiting_lock(Datum pools);
extern void	 rf_waiting_issue(Datum ids);

#endif /* RF_REWARD_TIMED_H */
