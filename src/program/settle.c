/*
 * settle.c
 *	  See settle.h.
 *
 * Which rules a happening moves, rules.c decides; whether their conditions hold,
 * condition.c; what a grant is worth, worth.c. This room puts grants together
 * and tells what came of them.
 */
#include "postgres.h"

#include "program/condition.h"
#include "program/lineage.h"
#include "program/predicate.h"
#include "program/recurrence.h"
#include "program/settle.h"
#include "program/worth.h"

typedef struct Move
{
	RfHappening what;
	bool		is_told;	 /* has an event of its own */
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
	bool		 foresees; /* nothing may be written */
	RfEventBatch events;
};

/* A happening while rules look at it. */
typedef struct Settling
{
	RfSettlement	  *settlement;
	const RfHappening *what;
	Jsonb			  *document; /* NULL: not made yet */
	RfLineage		   lineage;	 /* not read yet: level 0 */
	bool			   revives;
} Settling;

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

static const RfPerson *
settle_recipient(const RfHappening *what, const RfRule *rule)
{
	bool to_referrer = rule->terms.recipient == RF_TO_REFERRER && what->referrer != NULL;

	return to_referrer ? what->referrer : what->participant;
}

/* A grant of the rule; what it is worth and who gets it stand in "worth". */
static RfGrant *
settle_grant(Settling *settling, const RfRule *rule, const RfPerson *recipient,
			 const RfWorth *worth)
{
	const RfHappening *what = settling->what;
	RfGrant			  *grant = settle_new_grant(settling->settlement);

	*grant = (RfGrant){
		.campaign = what->campaign,
		.rule = rule,
		.recipient = recipient,
		.subject_id = what->participant->id,
		.value = worth->value,
		.spend_base = worth->spend_base,
		.percent = worth->percent,
		.last_purchase_id = worth->last_purchase_id,
		.earned_at = what->earned_at,
		.revives = settling->revives,
	};
	if (rule->terms.earned_on == RF_PURCHASE)
		grant->purchase_id = what->purchase->id;
	return grant;
}

/* One grant for the person who moved the count, and for those above. */
static void
settle_subject(Settling *settling, const RfRule *rule)
{
	const RfHappening *what = settling->what;
	RfWorth			   worth;

	if (rf_worth(rule, 1, what, &what->spending, &worth))
	{
		RfGrant *grant = settle_grant(settling, rule, settle_recipient(what, rule), &worth);

		/* Joining and a purchase happen once, so they earn once. */
		grant->first_time = rule->terms.earned_on != RF_INVITED_QUALIFIES && !grant->revives &&
			!what->again;
	}
	if (rule->nlevels > 0)
		rf_lineage_read(&settling->lineage, what, what->campaign->nlevels);
	for (int i = 0; i < Min(rule->nlevels, settling->lineage.n); i++)
	{
		if (rf_worth(rule, i + 2, what, &what->spending, &worth))
			settle_grant(settling, rule, &settling->lineage.people[i], &worth)->level = i + 2;
	}
}

static void
settle_ordinal(Settling *settling, const RfRule *rule, int ordinal, const RfValue *value)
{
	RfWorth worth = {.value = *value};

	settle_grant(settling, rule, settle_recipient(settling->what, rule), &worth)->ordinal = ordinal;
}

static bool
settle_condition_holds(Settling *settling, const RfRule *rule)
{
	if (rule->condition == NULL)
		return true;
	if (settling->document == NULL)
		settling->document = rf_condition_document(settling->what);
	return rf_condition_holds(rule->condition, settling->document) == RF_HOLDS;
}

/* Spend of a period; a purchase that is only foreseen is not among those recorded. */
static RfSpending
settle_spending(const Settling *settling, TimestampTz from, TimestampTz until)
{
	const RfHappening *what = settling->what;
	const RfPurchase  *purchase = what->purchase;
	RfSpending		   spending = rf_recurrence_spending(what->participant->id, from, until);

	if (settling->settlement->foresees && purchase != NULL && purchase->occurred_at > from &&
		purchase->occurred_at <= until)
		rf_spending_add(&spending, purchase->currency, purchase->amount);
	return spending;
}

static void
settle_period(Settling *settling, const RfRule *rule, int n, TimestampTz from,
			  TimestampTz until, TimestampTz earned_at)
{
	const RfHappening *what = settling->what;
	RfSpending		   spending = {0};
	RfWorth			   worth;
	RfGrant			  *grant;

	if (rule->metric == RF_COMMISSION)
		spending = settle_spending(settling, from, until);
	if (!rf_worth(rule, 1, what, &spending, &worth))
		return;
	grant = settle_grant(settling, rule, settle_recipient(what, rule), &worth);
	grant->n = n;
	grant->earned_at = earned_at;
}

/*
 * Someone qualified: the first period now, or what was taken back. They are
 * enrolled whether the condition holds or not: each period asks it anew.
 */
static void
settle_recurrence(Settling *settling, const RfRule *rule)
{
	const RfHappening *what = settling->what;
	RfRecurrence	   recurrence = {
			  .rule = rule,
			  .subject_id = what->participant->id,
			  .participant_id = settle_recipient(what, rule)->id,
	  };
	RfEnrolment how = settling->settlement->foresees ? RF_ENROL_FORESEE
		: settling->revives							 ? RF_ENROL_AGAIN
													 : RF_ENROL;
	int			count;
	int		   *numbers = rf_recurrence_begin(&recurrence, what->earned_at, how, &count);

	if (!settle_condition_holds(settling, rule))
		return;
	for (int i = 0; i < count; i++)
	{
		TimestampTz until = rf_recurrence_time(&recurrence, numbers[i]);

		/* Granted again they are earned now; made up for, when they were. */
		settle_period(settling, rule, numbers[i],
					  rf_recurrence_time(&recurrence, numbers[i] - 1), until,
					  settling->revives ? until : what->earned_at);
	}
}

/* An inactive rule grants nothing, but the clock of those it enrolled goes on. */
static void
settle_inactive(const Settling *settling, const RfRule *rule)
{
	const RfHappening *what = settling->what;
	RfRecurrence	   recurrence = {.rule = rule, .subject_id = what->participant->id};

	if (rule->terms.kind == RF_RECURRING && rule->terms.earned_on == what->move.what &&
		what->move.after > what->move.before && !settling->settlement->foresees)
		rf_recurrence_resume(&recurrence, what->earned_at);
}

static void
settle_rule(Settling *settling, const RfRule *rule)
{
	RfEarned earned = rf_rules_earned(&rule->terms, settling->what->move);

	if (!rule->terms.active)
		settle_inactive(settling, rule);
	if (earned.kind == RF_EARNED_NOTHING ||
		(earned.kind != RF_EARNED_RECURRENCE && !settle_condition_holds(settling, rule)))
		return;
	switch (earned.kind)
	{
		case RF_EARNED_SUBJECT:
			settle_subject(settling, rule);
			break;
		case RF_EARNED_ORDINALS:
			for (int ordinal = earned.first; ordinal <= earned.last; ordinal++)
				settle_ordinal(settling, rule, ordinal, &rule->value);
			break;
		case RF_EARNED_THRESHOLDS:
			for (int i = earned.first; i <= earned.last; i++)
				settle_ordinal(settling, rule, rule->terms.thresholds[i], &rule->milestones[i]);
			break;
		case RF_EARNED_RECURRENCE:
			settle_recurrence(settling, rule);
			break;
		case RF_EARNED_NOTHING:
			break;
	}
}

void
rf_settle_add(RfSettlement *settlement, const RfHappening *happening)
{
	const RfCampaign *campaign = happening->campaign;
	Settling		  settling = {.settlement = settlement, .what = happening};
	Move			 *move = settle_new_move(settlement);

	*move = (Move){*happening, happening->event != RF_EVENT_NONE, settlement->ngrants, 0};
	for (int i = 0; i < campaign->nrules; i++)
		settle_rule(&settling, &campaign->rules[i]);
	move->ngrants = settlement->ngrants - move->first_grant;
}

void
rf_settle_add_rule(RfSettlement *settlement, const RfHappening *happening, const RfRule *rule)
{
	Settling settling = {.settlement = settlement, .what = happening, .revives = true};
	Move	*move = settle_new_move(settlement);

	*move = (Move){*happening, false, settlement->ngrants, 0};
	settle_rule(&settling, rule);
	move->ngrants = settlement->ngrants - move->first_grant;
}

void
rf_settle_add_period(RfSettlement *settlement, const RfHappening *happening,
					 const RfRule *rule, int n, TimestampTz from)
{
	Settling settling = {.settlement = settlement, .what = happening};
	Move	*move = settle_new_move(settlement);

	*move = (Move){*happening, false, settlement->ngrants, 0};
	if (settle_condition_holds(&settling, rule))
		settle_period(&settling, rule, n, from, happening->earned_at, happening->earned_at);
	move->ngrants = settlement->ngrants - move->first_grant;
}

static void
settle_add_reward_event(RfSettlement *settlement, const Move *move, const RfGrant *grant)
{
	RfRewardFacts reward = {
		.id = grant->id,
		.rule = grant->rule,
		.ordinal = grant->ordinal,
		.level = grant->level,
		.amount = grant->value.amount,
		.unit = grant->value.unit,
		.coupon = grant->coupon,
		.state = grant->state,
		.previous_state = grant->is_revived ? "rejected" : NULL,
	};
	RfEvent event = {
		.type = rf_event_of_reward(grant->state),
		.campaign = move->what.campaign,
		.participant = move->what.participant,
		.referrer = grant->level > 1 ? grant->recipient : move->what.referrer,
		.reward = &reward,
		.purchase = move->what.purchase,
	};

	rf_event_add(&settlement->events, &event);
}

static void
settle_add_events(RfSettlement *settlement, const Move *move)
{
	if (move->is_told)
	{
		RfEvent event = {
			.type = move->what.event,
			.campaign = move->what.campaign,
			.participant = move->what.participant,
			.referrer = move->what.referrer,
			.purchase = move->what.purchase,
		};

		rf_event_add(&settlement->events, &event);
	}
	for (int i = 0; i < move->ngrants; i++)
	{
		const RfGrant *grant = &settlement->grants[move->first_grant + i];

		if (grant->id != 0)
			settle_add_reward_event(settlement, move, grant);
	}
}

int
rf_settle(RfSettlement *settlement)
{
	RfEventBatch pools = {0};
	int			 granted = rf_rewards_grant(settlement->grants, settlement->ngrants, &pools);

	for (int i = 0; i < settlement->nmoves; i++)
		settle_add_events(settlement, &settlement->moves[i]);
	rf_event_flush(&settlement->events);
	rf_event_flush(&pools);
	settlement->nmoves = 0;
	settlement->ngrants = 0;
	return granted;
}

RfSettlement *
rf_settlement_foreseen(void)
{
	RfSettlement *settlement = rf_settlement();

	settlement->foresees = true;
	return settlement;
}

int
rf_settle_foresee(RfSettlement *settlement, RfGrant **grants)
{
	rf_rewards_foresee(settlement->grants, settlement->ngrants);
	*grants = settlement->grants;
	return settlement->ngrants;
}

bool
rf_settle_matters(const RfCampaign *campaign, RfEarnedOn what)
{
	/* In the order of RfEarnedOn; purchases cause no event of their own. */
	static const RfEventType events[] = {
		RF_EVENT_REFERRER_JOINED,
		RF_EVENT_INVITED_JOINED,
		RF_EVENT_INVITED_QUALIFIED,
		RF_EVENT_NONE,
	};

	if (events[what] != RF_EVENT_NONE && (campaign->wanted & RF_EVENT_BIT(events[what])) != 0)
		return true;
	for (int i = 0; i < campaign->nrules; i++)
	{
		if (campaign->rules[i].terms.active && campaign->rules[i].terms.earned_on == what)
			return true;
	}
	return false;
}
