/*
 * holding.c
 *	  See holding.h.
 */
#include "delivery/holding.h"

static RfShareSet holding_served = RF_SHARES_NONE;
static RfShareSet holding_leaving = RF_SHARES_NONE;
static RfShareSet holding_fresh = RF_SHARES_NONE;

void
rf_holding_take(RfShareSet shares)
{
	holding_served |= shares;
	holding_fresh |= shares;
}

void
rf_holding_leave(RfShareSet shares)
{
	holding_served &= ~shares;
	holding_fresh &= ~shares;
	holding_leaving |= shares;
}

void
rf_holding_drop(RfShareSet shares)
{
	holding_leaving &= ~shares;
}

RfShareSet
rf_holding_served(void)
{
	return holding_served;
}

RfShareSet
rf_holding_leaving(void)
{
	return holding_leaving;
}

bool
rf_holding_serves(int64_t webhook_id)
{
	return rf_share_is_in(holding_served, webhook_id);
}

bool
rf_holding_is_keeper(void)
{
	return (holding_served & RF_SHARE_BIT(RF_SHARE_KEEPER)) != 0;
}

RfShareSet
rf_holding_fresh(void)
{
	return holding_fresh;
}

void
rf_holding_note_looked(void)
{
	holding_fresh = RF_SHARES_NONE;
}
