/*
 * why.c
 *	  See why.h.
 *
 * The questions are asked in the order in which the engine asks them: is the
 * rule active, does its condition hold, is the grant worth anything, may the
 * recipient get it, do the limits allow it. If nothing speaks against the
 * grant, the rule came later.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "base/number.h"
#include "program/condition.h"
#include "program/limit.h"
#include "program/predicate.h"
#include "program/why.h"
#include "program/window.h"
#include "program/worth.h"

static Datum
number(int64 n)
{
	return DirectFunctionCall1(int8_numeric, Int64GetDatum(n));
}

char *
rf_why_time(TimestampTz when)
{
	StringInfoData text;

	initStringInfo(&text);
	rf_payload_time(&text, when);
	/* Without its quotes. */
	return pnstrdup(text.data + 1, text.len - 2);
}

RfWhy
rf_why(const char *reason, int have, int need)
{
	RfWhy why = {reason, number(have), number(need)};

	return why;
}

/* Net spend short of the campaign's min_spend. */
static RfWhy
why_spend(const RfCampaign *campaign, const RfPerson *person)
{
	Datum spent = rf_spend_between(person->id, campaign->currency, person->joined_at,
								   rf_window_end(campaign, person));
	Datum lack = DirectFunctionCall2(numeric_sub, campaign->min_spend, spent);
	RfWhy why = {
		psprintf("needs %s %s more of spend", rf_number_text(lack), campaign->currency),
		spent, campaign->min_spend};

	return why;
}

RfWhy
rf_why_not_earned(const RfCampaign *campaign, const RfRule *rule, const RfPerson *person)
{
	TimestampTz		window_end = rf_window_end(campaign, person);
	RfCampaignState state = rf_campaign_state_at(campaign, rf_now());

	if (!rule->terms.active)
		return rf_why("the rule is not active", 0, 1);
	if (person->state == RF_HELD || person->state == RF_BLOCKED)
		return rf_why(psprintf("the person is %s", rf_person_state_name(person->state)), 0, 1);
	if (person->state != RF_QUALIFIED && window_end <= rf_now())
		return rf_why(psprintf("the window to qualify in ended at %s", rf_why_time(window_end)),
					  0, 1);
	if (state == RF_DRAFT || state == RF_ENDED)
		return rf_why(psprintf("the campaign is %s", rf_campaign_state_name(state)), 0, 1);
	if (rule->terms.earned_on == RF_INVITED_QUALIFIES && campaign->min_spend != 0)
		return why_spend(campaign, person);
	return rf_why("needs 1 more", 0, 1);
}

static RfWhy
why_person_limit(const RfRule *rule, const RfPerson *recipient, TimestampTz when)
{
	RfUsed used = rf_limits_used(rule, recipient->id, when);

	return rf_why("max_per_recipient reached", used.granted, rule->limits.max_per_recipient);
}

static RfWhy
why_total_limit(const RfRule *rule, TimestampTz when)
{
	RfUsed used = rf_limits_used(rule, 0, when);

	return rf_why("max_total reached", used.granted, rule->limits.max_total);
}

static RfWhy
why_budget(const RfRule *rule, TimestampTz when)
{
	RfUsed used = rf_limits_used(rule, 0, when);
	RfWhy  why = {"budget exhausted", used.amount, rule->limits.budget};

	return why;
}

static bool
why_is_reached(const RfWhy *why, Datum more)
{
	Datum then = DirectFunctionCall2(numeric_add, why->have, more);

	return DatumGetBool(DirectFunctionCall2(numeric_gt, then, why->need));
}

/* Would a grant of this worth exceed a limit? Then *why says which. */
static bool
why_limits(RfWhy *why, const RfRule *rule, const RfPerson *recipient, const RfWorth *worth,
		   TimestampTz when)
{
	const RfLimits *limits = &rule->limits;

	if (limits->max_per_recipient > 0)
	{
		*why = why_person_limit(rule, recipient, when);
		if (why_is_reached(why, number(1)))
			return true;
	}
	if (limits->max_total > 0)
	{
		*why = why_total_limit(rule, when);
		if (why_is_reached(why, number(1)))
			return true;
	}
	if (limits->budget != 0 && worth->value.amount != 0)
	{
		*why = why_budget(rule, when);
		if (why_is_reached(why, worth->value.amount))
			return true;
	}
	return false;
}

/* The condition's answer in words; NULL: it holds. */
static const char *
why_condition(const RfRule *rule, const RfHappening *happening)
{
	if (rule->condition == NULL)
		return NULL;
	switch (rf_condition_holds(rule->condition, rf_condition_document(happening)))
	{
		case RF_HOLDS:
			return NULL;
		case RF_HOLDS_NOT:
			return "the condition does not hold";
		case RF_HOLDS_UNKNOWN:
			return "the condition cannot be evaluated";
	}
	return NULL;
}

RfWhy
rf_why_not_granted(const RfRule *rule, const RfHappening *happening,
				   const RfPerson *recipient, int have, int need)
{
	const char *reason;
	RfWorth		worth;
	RfWhy		why;

	if (!rule->terms.active)
		return rf_why("the rule is not active", have, need);
	if ((reason = why_condition(rule, happening)) != NULL)
		return rf_why(reason, have, need);
	if (!rf_worth(rule, 1, happening, &happening->spending, &worth))
		return rf_why("no spend to take a commission of", have, need);
	if ((reason = rf_reward_barred(recipient)) != NULL)
		return rf_why(reason, have, need);
	if (why_limits(&why, rule, recipient, &worth, happening->earned_at))
		return why;
	return rf_why("the count was reached before the rule was there, or while it was not active",
				  have, need);
}

RfWhy
rf_why_limited(RfWhy why, const RfRule *rule, const RfPerson *recipient, const char *reason,
			   TimestampTz earned_at)
{
	const RfLimits *limits = &rule->limits;
	RfWhy			limited = why;

	if (strcmp(reason, "max_per_recipient reached") == 0 && limits->max_per_recipient > 0)
		limited = why_person_limit(rule, recipient, earned_at);
	else if (strcmp(reason, "max_total reached") == 0 && limits->max_total > 0)
		limited = why_total_limit(rule, earned_at);
	else if (strcmp(reason, "budget exhausted") == 0 && limits->budget != 0)
		limited = why_budget(rule, earned_at);
	limited.reason = why.reason;
	return limited;
}
