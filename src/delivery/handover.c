/*
 * handover.c
 *	  See handover.h.
 */
#include "postgres.h"

#include "delivery/handover.h"
#include "delivery/holding.h"
#include "delivery/overflow.h"
#include "delivery/parcel.h"
#include "delivery/parking.h"
#include "delivery/record.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"
#include "delivery/statistics.h"
#include "delivery/webhook_state.h"

/* What waits is in the tables. */
static void
handover_empty(RfEndpoint *endpoint)
{
	endpoint->state = RF_ENDPOINT_MOVING;
	rf_overflow_end(endpoint);
	rf_parcels_unload(endpoint);
	while (endpoint->queue.count > 0)
	{
		RfDelivery delivery = rf_endpoint_unqueue(endpoint);

		if (delivery.slot == RF_SLOT_RETRY)
			rf_retrying_forget(endpoint, delivery.id);
	}
}

/*
 * Whoever holds its row of rf_webhook_state may do so for long: what is known of the
 * endpoint is saved at once, or given up.
 */
static bool
handover_is_saved(RfEndpoint *endpoint)
{
	if (!rf_agenda_has(RF_AGENDA_UNSAVED, endpoint) || endpoint->busy)
		return true;
	if (!endpoint->urgent)
		rf_webhook_state_save(endpoint);
	return false;
}

/* Those of the leaving shares of which nothing is under way. */
static RfShareSet
handover_settle(RfShareSet leaving)
{
	RfShareSet busy = rf_record_shares() | rf_parking_shares();

	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (!rf_share_is_in(leaving, endpoint->id))
			continue;
		handover_empty(endpoint);
		if (endpoint->in_flight > 0 || !handover_is_saved(endpoint))
			busy |= RF_SHARE_BIT(rf_share_of(endpoint->id));
	}
	return leaving & ~busy;
}

RfShareSet
rf_handover_work(void)
{
	RfShareSet rested;

	if (rf_holding_leaving() == RF_SHARES_NONE)
		return RF_SHARES_NONE;
	rested = handover_settle(rf_holding_leaving());
	if (rested == RF_SHARES_NONE)
		return RF_SHARES_NONE;
	for (int i = rf_endpoint_count() - 1; i >= 0; i--)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (!rf_share_is_in(rested, endpoint->id))
			continue;
		rf_statistics_leave(endpoint);
		rf_endpoint_remove(endpoint);
	}
	rf_rotation_drop(rested);
	rf_holding_drop(rested);
	return rested;
}
