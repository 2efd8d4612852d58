/*
 * reward.c
 *	  Granting rewards. See reward.h; what is granted is decided by rules.c and
 *	  settle.c.
 *
 * Most grants are simply inserted: one statement for all of them, which leaves
 * out those that are live already. Where limits or coupons come in, what is left
 * out must be known before, because it uses up neither: then the rules are
 * locked, the live ones looked for, the limits checked and coupons handed out,
 * before the same statement inserts what came of it.
 */
#include "postgres.h"

#include "commands/sequence.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "program/coupon.h"
#include "program/limit.h"
#include "program/reward.h"
#include "program/reward_rows.h"

const char *
rf_reward_barred(const RfPerson *recipient)
{
	if (recipient->state == RF_BLOCKED)
		return "recipient blocked";
	return recipient->erased ? "recipient erased" : NULL;
}

/* What becomes of a grant, as far as limits and coupons leave it alone. */
static void
grant_prepare(RfGrant *grant)
{
	const RfPerson *recipient = grant->recipient;

	grant->reason = rf_reward_barred(recipient);
	grant->coupon = NULL;
	grant->is_revived = false;
	grant->due_at = rf_time_add(grant->earned_at, &grant->rule->hold);
	if (grant->reason != NULL)
		grant->state = "rejected";
	else if (recipient->state == RF_HELD || grant->due_at > rf_now())
		grant->state = "pending";
	else
		grant->state = grant->rule->auto_issue ? "issued" : "due";
}

static bool
grant_is_simple(const RfGrant *grant)
{
	return !rf_rule_is_limited(grant->rule) && grant->rule->metric != RF_COUPON &&
		!grant->revives;
}

int
rf_rewards_grant(RfGrant *grants, int ngrants, RfEventBatch *events)
{
	bool simple = true;
	int	 granted = 0;

	if (ngrants == 0)
		return 0;
	for (int i = 0; i < ngrants; i++)
	{
		grant_prepare(&grants[i]);
		grants[i].id = nextval_internal(rf_engine_relation("rf_reward_id_seq"), false);
		simple = simple && grant_is_simple(&grants[i]);
	}
	if (!simple)
	{
		rf_limits_lock(grants, ngrants);
		rf_rewards_look(grants, ngrants);
		rf_limits_apply(grants, ngrants);
		rf_coupons_hand_out(grants, ngrants, events);
		rf_rewards_revive(grants, ngrants);
	}
	rf_rewards_insert(grants, ngrants);
	for (int i = 0; i < ngrants; i++)
		granted += grants[i].id != 0 && strcmp(grants[i].state, "rejected") != 0;
	return granted;
}

void
rf_rewards_foresee(RfGrant *grants, int ngrants)
{
	if (ngrants == 0)
		return;
	for (int i = 0; i < ngrants; i++)
	{
		grant_prepare(&grants[i]);
		grants[i].id = 1;
	}
	rf_rewards_look(grants, ngrants);
	rf_limits_foresee(grants, ngrants);
	rf_coupons_foresee(grants, ngrants);
}
