/*
 * worth.c
 *	  See worth.h.
 */
#include "postgres.h"

#include "program/commission.h"
#include "program/worth.h"

/* Spend that a commission is a percentage of; returns false if there is none. */
static bool
commission_base(const RfRule *rule, const RfHappening *happening,
				const RfSpending *spending, RfSpend *base)
{
	const RfPurchase *purchase = happening->purchase;
	char			 *wanted = rule->value.unit;
	const RfSpend	 *spend;

	if (rule->terms.earned_on == RF_PURCHASE)
	{
		if (wanted != NULL && strcmp(wanted, purchase->currency) != 0)
			return false;
		*base = (RfSpend){
			.currency = unconstify(char *, purchase->currency),
			.net = purchase->left != 0 ? purchase->left : purchase->amount,
			.last_purchase_id = purchase->id,
		};
		return true;
	}
	if (wanted == NULL)
		wanted = happening->campaign->currency;
	spend = rf_spending_in(spending, wanted, purchase != NULL ? purchase->currency : NULL);
	if (spend == NULL)
		return false;
	*base = *spend;
	return true;
}

bool
rf_worth(const RfRule *rule, int level, const RfHappening *happening,
		 const RfSpending *spending, RfWorth *worth)
{
	RfSpend base;

	*worth = (RfWorth){.value = rule->value};
	if (rule->metric != RF_COMMISSION)
	{
		if (level > 1)
			worth->value.amount = rule->levels[level - 2];
		return true;
	}
	if (!commission_base(rule, happening, spending, &base))
		return false;
	worth->percent = level > 1 ? rule->levels[level - 2] : rule->percent;
	worth->spend_base = base.net;
	worth->last_purchase_id = base.last_purchase_id;
	worth->value.unit = base.currency;
	worth->value.amount = rf_commission(base.net, worth->percent, rule->cap, base.currency);
	return worth->value.amount != 0;
}
