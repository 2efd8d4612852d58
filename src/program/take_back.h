/*
 * take_back.h
 *	  Taking rewards back that are not deserved any more.
 *
 * What was not issued yet is cancelled. What was is kept, or clawed back by a
 * negative row that points at it, as the campaign's on_unqualify says. Nothing
 * is deleted.
 */
#ifndef RF_TAKE_BACK_H
#define RF_TAKE_BACK_H

#include "program/campaign.h"
#include "program/event.h"
#include "program/person.h"

/* What somebody does not count for any more. */
#define RF_LOST_JOIN		  0x1
#define RF_LOST_QUALIFICATION 0x2

/* A person who counts no more. */
typedef struct RfLoss
{
	const RfCampaign *campaign;
	const RfPerson	 *participant;
	const RfPerson	 *referrer;	   /* shows the counts after it; may be NULL */
	uint32			  lost;		   /* RF_LOST_... */
	bool			  others_only; /* leave the person's own rewards alone */
	const char		 *reason;
} RfLoss;

/*
 * Take back what only that earned: the person's grants to whomever, and the
 * referrer's ordinals and thresholds above their counts. Adds the events;
 * returns how many rewards were taken back. Inside an engine scope.
 */
extern int rf_rewards_take_back(const RfLoss *loss, RfEventBatch *events);

#endif /* RF_TAKE_BACK_H */
