/*
 * reward.h
 *	  Rewards: granting them, and their life. take_back.h takes them back.
 */
#ifndef RF_REWARD_H
#define RF_REWARD_H

#include "program/campaign.h"
#include "program/event.h"
#include "program/person.h"

/* One grant to be made. */
typedef struct RfGrant
{
	const RfRule *rule;
	int64		  participant_id; /* who gets it */
	int64		  subject_id;	  /* who earned it */
	int			  ordinal;		  /* 0: none */
	RfValue		  value;
	TimestampTz	  earned_at;
	bool		  first_time; /* known never to have been granted before */
	/* filled by rf_rewards_grant() */
	int64		id; /* 0: it was granted before */
	const char *state;
} RfGrant;

/*
 * Before looking at rules in order to grant: keep them from being deleted until
 * the end of the transaction. Inside an engine scope.
 */
extern void rf_rewards_lock(void);

/*
 * Make the grants; those which are live already are left alone (id 0). Returns
 * how many were made. Inside an engine scope.
 */
extern int rf_rewards_grant(RfGrant *grants, int ngrants);

/*
 * End the holds that are over, at most 1000. Returns how many. Inside an
 * engine scope.
 */
extern int rf_rewards_end_holds(void);

#endif /* RF_REWARD_H */
