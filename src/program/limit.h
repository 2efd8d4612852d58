/*
 * limit.h
 *	  The limits of rules: so many for one person, so many in all, so much money,
 *	  for ever or in a day, week, month or year of the UTC calendar.
 */
#ifndef RF_LIMIT_H
#define RF_LIMIT_H

#include "program/reward.h"

/*
 * Lock the rules of these grants that have limits, in the order of their ids.
 * Inside an engine scope.
 */
extern void rf_limits_lock(const RfGrant *grants, int ngrants);

/*
 * The same for every such rule of a campaign, and its pools of coupons: for
 * statements that settle in portions, before the first one. Campaigns may share
 * pools: the rules of all of them come before the first pool.
 */
extern void rf_limits_lock_campaign(const RfCampaign *campaign);
extern void rf_limits_lock_campaigns(List *campaigns);

/*
 * Reject what exceeds a limit and count what does not, in the order of the
 * grants: for one person, in all, the budget. Grants without id or already
 * rejected are passed over. The rules stand locked. Inside an engine scope.
 */
extern void rf_limits_apply(RfGrant *grants, int ngrants);

/* The same, but only to know: nothing is written. */
extern void rf_limits_foresee(RfGrant *grants, int ngrants);

/* What a rule has used of its limits at a time; person 0: all of them. */
typedef struct RfUsed
{
	int	  granted;
	Datum amount; /* numeric, in the rule's unit */
} RfUsed;

extern RfUsed rf_limits_used(const RfRule *rule, int64 person, TimestampTz when);

/*
 * These rewards (bigint[]) were cancelled or clawed back: what they used of the
 * limits is free again, and coupons that nobody saw go back. `amounts`
 * (numeric[], or 0: the rows' own) is what each gives back of a budget. Called
 * once in an operation: it locks rules. Inside an engine scope.
 */
extern void rf_rewards_freed(Datum ids, Datum amounts);

/* These rewards live on, but are worth less by these amounts. */
extern void rf_rewards_lowered(Datum ids, Datum amounts);

/* The limits of a rule were changed: they are reckoned anew when needed. */
extern void rf_limits_forget(int64 rule_id);

#endif /* RF_LIMIT_H */
