/*
 * reward_rows.h
 *	  The rows of rf_reward that grants become; used by reward.c only.
 */
#ifndef RF_REWARD_ROWS_H
#define RF_REWARD_ROWS_H

#include "program/reward.h"

/*
 * Insert the grants that have an id and are not revived. Those that turn out to
 * be live already lose their id. All functions need an engine scope.
 */
extern void rf_rewards_insert(RfGrant *grants, int ngrants);

/*
 * Before it, where it must be known: grants that are live already lose their id,
 * unless they may revive a rejected one.
 */
extern void rf_rewards_look(RfGrant *grants, int ngrants);

/*
 * Rejected rows that are granted after all, for what they are worth now: that is
 * what the limits were asked about. What is refused again stays as it was.
 */
extern void rf_rewards_revive(RfGrant *grants, int ngrants);

#endif /* RF_REWARD_ROWS_H */
