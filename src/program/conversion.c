/*
 * conversion.c
 *	  See conversion.h.
 */
#include "postgres.h"

#include "program/conversion.h"
#include "program/limit.h"
#include "program/recurrence_pay.h"
#include "program/take_back.h"

/* The person is written before anything is granted: rewards show the state after. */
static void
convert_qualify(RfPair *pair, TimestampTz when)
{
	pair->invited.state = RF_QUALIFIED;
	pair->invited.qualified_at = when;
	pair->referrer.qualified_count++;
	rf_pair_write(pair);
}

void
rf_conversion_settle(RfSettlement *settlement, const RfPair *pair, bool qualifies,
					 const RfPurchase *purchase, RfSpending spending, TimestampTz when)
{
	RfHappening happening = {
		.campaign = pair->campaign,
		.participant = &pair->invited,
		.referrer = rf_pair_referrer(pair),
		.purchase = purchase,
		.spending = spending,
		.earned_at = when,
	};

	if (qualifies)
	{
		happening.event = RF_EVENT_INVITED_QUALIFIED;
		happening.move.what = RF_INVITED_QUALIFIES;
		happening.move.before = pair->referrer.qualified_count - 1;
		happening.move.after = pair->referrer.qualified_count;
		rf_settle_add(settlement, &happening);
	}
	if (purchase != NULL)
	{
		happening.event = RF_EVENT_NONE;
		happening.move = (RfMove){RF_PURCHASE, 0, 1};
		rf_settle_add(settlement, &happening);
	}
}

int
rf_convert(RfPair *pair, bool qualifies, const RfPurchase *purchase, TimestampTz when)
{
	RfSettlement *settlement = rf_settlement();
	RfSpending	  spending = {0};

	if (qualifies)
		convert_qualify(pair, when);
	if (pair->campaign->needs_spending)
		spending = rf_spending_read(pair->invited.id);
	rf_conversion_settle(settlement, pair, qualifies, purchase, spending, when);
	return rf_settle(settlement);
}

int
rf_unconvert(RfPair *pair, const char *reason, RfEventBatch *events)
{
	RfEvent event = {
		.type = RF_EVENT_INVITED_UNQUALIFIED,
		.campaign = pair->campaign,
		.participant = &pair->invited,
		.referrer = rf_pair_referrer(pair),
	};
	RfLoss loss = {
		.campaign = pair->campaign,
		.participant = &pair->invited,
		.referrer = rf_pair_referrer(pair),
		.lost = RF_LOST_QUALIFICATION,
		.reason = reason,
	};

	/* Before the rewards: what is locked below is locked in order, once. */
	rf_limits_lock_campaign(pair->campaign);
	rf_recurrence_stop(pair->invited.id);
	pair->invited.state = RF_PENDING;
	pair->invited.qualified_at = DT_NOBEGIN;
	pair->referrer.qualified_count--;
	rf_pair_write(pair);
	rf_event_add(events, &event);
	return rf_rewards_take_back(&loss, events);
}
