/*
 * reward_life.h
 *	  What becomes of a reward after it was granted.
 */
#ifndef RF_REWARD_LIFE_H
#define RF_REWARD_LIFE_H

#include "postgres.h"

/*
 * An issued reward was handed over; reference may be NULL. False: that was told
 * before, with that reference. Raises RF009 if the reward is not issued, 42704 if
 * there is none, or none in that campaign (0: any). Inside an engine scope.
 */
extern bool rf_reward_fulfill(int64 campaign_id, int64 id, const char *reference);

#endif /* RF_REWARD_LIFE_H */
