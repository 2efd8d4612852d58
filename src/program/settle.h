/*
 * settle.h
 *	  From people who joined, qualified or bought to their rewards and events.
 *
 * Happenings are added one by one, in the order in which they happened, and
 * settled together: rewards are granted by one statement, events written by
 * another. Strings and people are not copied: what is passed must live until
 * the settlement is settled. All functions need an engine scope.
 */
#ifndef RF_SETTLE_H
#define RF_SETTLE_H

#include "program/happening.h"
#include "program/reward.h"

typedef struct RfSettlement RfSettlement;

/* Lives in the current memory context. */
extern RfSettlement *rf_settlement(void);

/* Someone joined, qualified or bought: its event, and what all rules make of it. */
extern void rf_settle_add(RfSettlement *settlement, const RfHappening *happening);

/*
 * What one rule makes of something that happened long ago; it has no event. What
 * limits rejected then is judged again.
 */
extern void rf_settle_add_rule(RfSettlement *settlement, const RfHappening *happening,
							   const RfRule *rule);

/*
 * The n-th reward of a recurring rule, earned at happening->earned_at; the one
 * before it at `from`.
 */
extern void rf_settle_add_period(RfSettlement *settlement, const RfHappening *happening,
								 const RfRule *rule, int n, TimestampTz from);

/* Grant and write everything added so far. Returns the number of rewards granted. */
extern int rf_settle(RfSettlement *settlement);

/* A settlement that only foresees; lives in the current memory context. */
extern RfSettlement *rf_settlement_foreseen(void);

/* What would be granted: nothing is written. Returns the number of *grants. */
extern int rf_settle_foresee(RfSettlement *settlement, RfGrant **grants);

/* Could anybody joining or qualifying in this campaign cause a reward or an event? */
extern bool rf_settle_matters(const RfCampaign *campaign, RfEarnedOn what);

#endif /* RF_SETTLE_H */
