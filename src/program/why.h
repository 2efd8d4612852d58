/*
 * why.h
 *	  Why a rule granted nothing: for rf_explain, asked of the rooms that decide
 *	  when rewards are granted.
 */
#ifndef RF_WHY_H
#define RF_WHY_H

#include "program/happening.h"

/* The reason, and the numbers that decided. */
typedef struct RfWhy
{
	const char *reason;
	Datum		have; /* numeric; 0: none */
	Datum		need; /* the same */
} RfWhy;

extern RfWhy rf_why(const char *reason, int have, int need);

/* A time as reasons give it: ISO 8601, UTC. palloc'd. */
extern char *rf_why_time(TimestampTz when);

/* The person has not done yet what the rule rewards. */
extern RfWhy rf_why_not_earned(const RfCampaign *campaign, const RfRule *rule,
							   const RfPerson *person);

/*
 * It happened, and nothing was granted to the recipient. `have` and `need` are
 * what the rule counts. Inside an engine scope.
 */
extern RfWhy rf_why_not_granted(const RfRule *rule, const RfHappening *happening,
								const RfPerson *recipient, int have, int need);

/* The numbers of the limit for which a grant was rejected; else `why` as it is. */
extern RfWhy rf_why_limited(RfWhy why, const RfRule *rule, const RfPerson *recipient,
							const char *reason, TimestampTz earned_at);

#endif /* RF_WHY_H */
