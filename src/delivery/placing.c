/*
 * placing.c
 *	  See placing.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "delivery/configuration.h"
#include "delivery/parking.h"
#include "delivery/placing.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"

void
rf_placing_done(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	if (delivery->slot == RF_SLOT_RETRY)
		rf_retrying_forget(endpoint, delivery->id);
	else
		rf_rotation_note_done(endpoint->id, delivery->slot);
}

bool
rf_placing_parks(const RfEndpoint *endpoint)
{
	if (endpoint->state == RF_ENDPOINT_ENABLED)
		return endpoint->config->schedule.delay[0] > 0;
	return endpoint->state == RF_ENDPOINT_WAITING;
}

bool
rf_placing_has_room(const RfEndpoint *endpoint)
{
	if (endpoint->state == RF_ENDPOINT_GONE)
		return true;
	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
	{
		rf_configuration_forget();
		return false;
	}
	if (!rf_placing_parks(endpoint))
		return rf_endpoint_queue_room(endpoint) > 0;
	return rf_parking_room() > 0;
}

bool
rf_placing_place(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	TimestampTz next_at = DT_NOEND;

	if (!rf_placing_has_room(endpoint))
		return false;
	if (endpoint->state == RF_ENDPOINT_GONE)
	{
		rf_rotation_note_passed(endpoint->id, delivery->slot);
		return true;
	}
	rf_rotation_note_held(endpoint->id, delivery->slot);
	if (!rf_placing_parks(endpoint))
	{
		rf_endpoint_queue(endpoint, delivery);
		return true;
	}
	if (endpoint->state == RF_ENDPOINT_ENABLED)
		next_at = GetCurrentTimestamp() + endpoint->config->schedule.delay[0];
	rf_parking_add(endpoint->id, delivery, next_at);
	return true;
}

void
rf_placing_put_away(RfEndpoint *endpoint)
{
	while (endpoint->queue.count > 0)
	{
		RfDelivery delivery;

		if (endpoint->state == RF_ENDPOINT_WAITING && rf_parking_room() == 0)
			return;
		delivery = rf_endpoint_unqueue(endpoint);
		if (endpoint->state == RF_ENDPOINT_WAITING && delivery.slot != RF_SLOT_RETRY)
			rf_parking_add(endpoint->id, &delivery, DT_NOEND);
		else
			rf_placing_done(endpoint, &delivery);
	}
}
