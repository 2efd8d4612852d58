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
#include "program/spend.h"

typedef struct RfSettlement RfSettlement;

/* Lives in the current memory context. */
extern RfSettlement *rf_settlement(void);

/*
 * Someone joined, qualified or bought. Strings and people are not copied: what
 * is passed must live until rf_settle().
 */
typedef struct RfHappening
{
	const RfCampaign *campaign;
	RfEventType		  event; /* RF_EVENT_NONE: a purchase has no event of its own */
	const RfPerson	 *participant;
	const RfPerson	 *referrer; /* NULL: none; shows the counts after it */
	RfMove			  move;
	const RfPurchase *purchase;	 /* NULL: none */
	RfSpending		  spending;	 /* read if campaign->needs_spending */
	TimestampTz		  earned_at; /* starts holds, decides periods */
} RfHappening;

extern void rf_settle_add(RfSettlement *settlement, const RfHappening *happening);

/*
 * Grant and write everything added so far. Returns the number of rewards
 * granted. Inside an engine scope.
 */
extern int rf_settle(RfSettlement *settlement);

/* Could anybody joining or qualifying in this campaign cause a reward or an event? */
extern bool rf_settle_matters(const RfCampaign *campaign, RfEarnedOn what);

#endif /* RF_SETTLE_H */
