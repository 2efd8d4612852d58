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
	const RfCampaign *campaign;
	const RfRule	 *rule;
	const RfPerson	 *recipient;
	int64			  subject_id;  /* who earned it */
	int64			  purchase_id; /* 0: no purchase did */
	int				  ordinal;	   /* 0: none */
	int				  n;		   /* recurring: the how manieth; else 0 */
	int				  level;	   /* above 1: up the tree */
	RfValue			  value;
	Datum			  spend_base; /* commissions: numeric; else 0 */
	Datum			  percent;
	int64			  last_purchase_id;
	TimestampTz		  earned_at;
	bool			  first_time; /* known never to have been granted before */
	bool			  revives;	  /* takes the place of a rejected one */
	/* filled by rf_rewards_grant() */
	int64		id; /* 0: it was granted before */
	const char *state;
	const char *reason; /* NULL: none */
	const char *coupon; /* NULL: none */
	TimestampTz due_at;
	bool		is_revived; /* id is that of the rejected one */
} RfGrant;

/*
 * Before looking at rules in order to grant: keep them from being deleted until
 * the end of the transaction. Inside an engine scope.
 */
extern void rf_rewards_lock(void);

/*
 * Make the grants; those which are live already are left alone (id 0). What a
 * limit or the recipient's state forbids becomes a rejected row. Adds events
 * of pools that run low. Returns how many were granted. Inside an engine scope.
 */
extern int rf_rewards_grant(RfGrant *grants, int ngrants, RfEventBatch *events);

/* The same, but only to know: nothing is written, ids mean nothing but 0. */
extern void rf_rewards_foresee(RfGrant *grants, int ngrants);

/* Why this person is granted nothing any more; NULL: nothing speaks against it. */
extern const char *rf_reward_barred(const RfPerson *recipient);

#endif /* RF_REWARD_H */
