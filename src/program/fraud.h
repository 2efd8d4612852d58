/*
 * fraud.h
 *	  Does somebody who joins look like fraud? The signals that the campaign's
 *	  rules ask for, looked for in the database.
 */
#ifndef RF_FRAUD_H
#define RF_FRAUD_H

#include "program/campaign.h"
#include "program/verdict.h"

/* Who is looked at. */
typedef struct RfSuspect
{
	const RfCampaign *campaign;
	const char		 *email_key;
	const char		 *name;		   /* may be NULL */
	Datum			  ip;		   /* inet; 0: unknown */
	int64			  referrer_id; /* 0: none */
} RfSuspect;

/*
 * People who joined by earlier rows of the same statement are seen, those of
 * transactions still under way are not. Costs nothing in a campaign without
 * rules. Inside an engine scope.
 */
extern RfVerdict rf_fraud_judge(const RfSuspect *suspect);

/*
 * How many of a referrer's people are held: each takes one of the places of
 * max_referrals. Inside an engine scope.
 */
extern int rf_fraud_held(int64 referrer_id);

/* The same for many (bigint[]): rows of referrer and number, those with none left out. */
extern uint64 rf_fraud_count_held(Datum referrer_ids);

#endif /* RF_FRAUD_H */
