/*
 * settle.h
 *	  From people who joined or qualified to their rewards and events.
 *
 * Moves are added one by one, in the order in which they happened, and settled
 * together: rewards are granted by one statement, events written by another.
 */
#ifndef RF_SETTLE_H
#define RF_SETTLE_H

#include "program/campaign.h"
#include "program/event.h"
#include "program/person.h"

typedef struct RfSettlement RfSettlement;

/* Lives in the current memory context. */
extern RfSettlement *rf_settlement(void);

/*
 * Someone joined or qualified. `event` tells which; `referrer` (NULL: none)
 * already shows the counts after the move, which took the rules' count from
 * `before` to `after`; `earned_at` starts holds. Strings are not copied: what
 * is passed must live until rf_settle().
 */
extern void rf_settle_add(RfSettlement *settlement, const RfCampaign *campaign,
						  RfEventType event, const RfPerson *participant,
						  const RfPerson *referrer, RfMove move, TimestampTz earned_at);

/*
 * Grant and write everything added so far. Returns the number of rewards
 * granted. Inside an engine scope.
 */
extern int rf_settle(RfSettlement *settlement);

/* Could anybody joining or qualifying in this campaign cause a reward or an event? */
extern bool rf_settle_matters(const RfCampaign *campaign, RfEarnedOn what);

#endif /* RF_SETTLE_H */
