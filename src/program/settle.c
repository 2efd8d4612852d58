/*
 * settle.c
 *	  See settle.h.
 */
#include "postgres.h"

#include "program/reward.h"
#include "program/settle.h"

typedef struct Move
{
	RfHappening what;
	int			first_grant; /* its grants in the settlement's */
	int			ngrants;
} Move;

struct RfSettlement
{
	Move		*moves;
	int			 nmoves;
	int			 moves_capacity;
	RfGrant		*grants;
	int			 ngrants;
	int			 grants_capacity;
	RfEventBatch events;
};

RfSettlement *
rf_settlement(void)
{
	RfSettlement *settlement = palloc0_object(RfSettlement);

	settlement->moves_capacity = 4;
	settlement->moves = palloc_array(Move, settlement->moves_capacity);
	settlement->grants_capacity = 4;
	settlement->grants = palloc_array(RfGrant, settlement->grants_capacity);
	return settlement;
}

static RfGrant *
settle_new_grant(RfSettlement *settlement)
{
	if (settlement->ngrants == settlement->grants_capacity)
	{
		settlement->grants_capacity *= 2;
		settlement->grants = repalloc_array(settlement->grants, RfGrant,
											settlement->grants_capacity);
	}
	return &settlement->grants[settlement->ngrants++];
}

static Move *
settle_new_move(RfSettlement *settlement)
{
	if (settlement->nmoves == settlement->moves_capacity)
	{
		settlement->moves_capacity *= 2;
		settlement->moves = repalloc_array(settlement->moves, Move,
										   settlement->moves_capacity);
	}
	return &settlement->moves[settlement->nmoves++];
}

static void
settle_grant(RfSettlement *settlement, const RfRule *rule, const RfHappening *what,
			 int ordinal, RfValue value)
{
	RfGrant *grant = settle_new_grant(settlement);
	bool	 to_referrer = rule->terms.recipient == RF_TO_REFERRER && what->referrer != NULL;

	grant->rule = rule;
	grant->participant_id = to_referrer ? what->referrer->id : what->participant->id;
	grant->subject_id = what->participant->id;
	grant->ordinal = ordinal;
	grant->value = value;
	grant->earned_at = what->earned_at;
	/* Joining happens once, so what joining alone earns is earned once. */
	grant->first_time = ordinal == 0 && rule->terms.earned_on != RF_INVITED_QUALIFIES;
}

static void
settle_rule(RfSettlement *settlement, const RfRule *rule, const RfHappening *what)
{
	RfEarned earned = rf_rules_earned(&rule->terms, what->move);

	if (earned.kind == RF_EARNED_SUBJECT)
		settle_grant(settlement, rule, what, 0, rule->value);
	if (earned.kind == RF_EARNED_ORDINALS)
	{
		for (int ordinal = earned.first; ordinal <= earned.last; ordinal++)
			settle_grant(settlement, rule, what, ordinal, rule->value);
	}
	if (earned.kind == RF_EARNED_THRESHOLDS)
	{
		for (int i = earned.first; i <= earned.last; i++)
			settle_grant(settlement, rule, what, rule->terms.thresholds[i],
						 rule->milestones[i]);
	}
}

void
rf_settle_add(RfSettlement *settlement, const RfHappening *happening)
{
	const RfCampaign *campaign = happening->campaign;
	Move			 *move = settle_new_move(settlement);

	move->what = *happening;
	move->first_grant = settlement->ngrants;
	for (int i = 0; i < campaign->nrules; i++)
		settle_rule(settlement, &campaign->rules[i], happening);
	move->ngrants = settlement->ngrants - move->first_grant;
}

static void
settle_add_events(RfSettlement *settlement, const Move *move)
{
	RfEvent event = {
		move->what.event, move->what.campaign, move->what.participant,
		move->what.referrer, NULL};

	if (event.type != RF_EVENT_NONE)
		rf_event_add(&settlement->events, &event);
	for (int i = 0; i < move->ngrants; i++)
	{
		const RfGrant *grant = &settlement->grants[move->first_grant + i];
		RfRewardFacts  reward = {
			 .id = grant->id,
			 .rule = grant->rule,
			 .ordinal = grant->ordinal,
			 .amount = grant->value.amount,
			 .unit = grant->value.unit,
			 .state = grant->state,
		 };

		if (grant->id == 0)
			continue;
		event.type = rf_event_of_reward(grant->state);
		event.reward = &reward;
		rf_event_add(&settlement->events, &event);
	}
}

int
rf_settle(RfSettlement *settlement)
{
	int granted = rf_rewards_grant(settlement->grants, settlement->ngrants);

	for (int i = 0; i < settlement->nmoves; i++)
		settle_add_events(settlement, &settlement->moves[i]);
	rf_event_flush(&settlement->events);
	settlement->nmoves = 0;
	settlement->ngrants = 0;
	return granted;
}

bool
rf_settle_matters(const RfCampaign *campaign, RfEarnedOn what)
{
	/* In the order of RfEarnedOn; purchases cause no event of their own. */
	static const RfEventType events[] = {
		RF_EVENT_REFERRER_JOINED,
		RF_EVENT_INVITED_JOINED,
		RF_EVENT_INVITED_QUALIFIED,
	};


	if ((campaign->wanted & RF_EVENT_BIT(events[what])) != 0)
		return true;
	for (int i = 0; i < campaign->nrules; i++)
	{
		if (campaign->rules[i].terms.active && campaign->rules[i].terms.earned_on == what)
			return true;
	}
	return false;
}
