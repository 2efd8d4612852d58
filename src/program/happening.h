/*
 * happening.h
 *	  One thing that happened to one person: they joined, qualified or bought.
 */
#ifndef RF_HAPPENING_H
#define RF_HAPPENING_H

#include "program/campaign.h"
#include "program/payload.h"
#include "program/person.h"
#include "program/spend.h"

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
	bool			  again;	 /* they may have joined before, and been blocked since */
} RfHappening;

#endif /* RF_HAPPENING_H */
