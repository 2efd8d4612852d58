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

typedef enum RfTakenHow
{
	RF_CANCELLED,
	RF_CLAWED_BACK,		 /* wholly: a negative row is due */
	RF_CLAWED_BACK_PART, /* it stays issued, a negative row is due */
	RF_LOWERED,			 /* it was not issued yet; nobody is told */
} RfTakenHow;

/* A reward that was taken back, wholly or in part; its own row is written. */
typedef struct RfTaken
{
	RfRewardFacts reward;		/* amount: what is taken back */
	int64		  recipient_id; /* who had it */
	RfTakenHow	  how;
} RfTaken;

/*
 * What follows: negative rows, quotas, coupons and events. Only the people, the
 * campaign and the reason are read from `loss`.
 */
extern void rf_rewards_taken(const RfLoss *loss, const RfTaken *taken, int ntaken,
							 RfEventBatch *events);

/*
 * Columns of a reward r, read from row i of the last statement by rf_taken_read.
 * previous: an expression for the state before.
 */
#define RF_TAKEN_COLUMNS(previous) \
	" r.id, r.rule_id, coalesce(r.ordinal, 0), r.level," \
	" r.amount + coalesce((SELECT sum(c.amount) FROM @extschema@.rf_reward c" \
	"  WHERE c.original_id = r.id), 0)," \
	" r.unit, r.coupon, r.state, " previous ", r.participant_id"
#define RF_TAKEN_NCOLUMNS 10

extern void rf_taken_read(RfTaken *taken, const RfCampaign *campaign, uint64 row);

#endif /* RF_TAKE_BACK_H */
