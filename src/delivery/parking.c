/*
 * parking.c
 *	  See parking.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/parking.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"

#define PARKING_MAX 4096

typedef struct Parked
{
	int64		id;
	int64		webhook_id;
	TimestampTz next_at;
	int8		slot;
} Parked;

static Parked parked[PARKING_MAX];
static int	  parking_count = 0;

int
rf_parking_room(void)
{
	return PARKING_MAX - parking_count;
}

int
rf_parking_count(void)
{
	return parking_count;
}

void
rf_parking_add(int64 webhook_id, const RfDelivery *delivery, TimestampTz next_at)
{
	RfEndpoint *endpoint = rf_endpoint_find(webhook_id);

	Assert(parking_count < PARKING_MAX && delivery->slot >= 0);
	if (endpoint != NULL)
		endpoint->parking++;
	parked[parking_count++] = (Parked){
		.id = delivery->id,
		.webhook_id = webhook_id,
		.next_at = next_at,
		.slot = delivery->slot};
}

/* Not for webhooks that were deleted meanwhile: nobody would clear those away. */
RF_STATEMENT(park,
			 "INSERT INTO @extschema@.rf_retry"
			 " (delivery_id, event_id, webhook_id, body, attempts, next_at)"
			 " SELECT o.id, o.event_id, o.webhook_id, o.body, 0, p.next_at"
			 " FROM unnest($1, $2) AS p (id, next_at)"
			 " JOIN @extschema@.rf_outbox o ON o.id = p.id"
			 " JOIN @extschema@.rf_webhook w ON w.id = o.webhook_id"
			 " ON CONFLICT (delivery_id) DO NOTHING",
			 INT8ARRAYOID, TIMESTAMPTZARRAYOID);

void
rf_parking_write(void)
{
	RfColumn id;
	RfColumn next_at;
	Datum	 values[2];

	if (parking_count == 0)
		return;
	rf_column_init(&id, INT8OID);
	rf_column_init(&next_at, TIMESTAMPTZOID);
	for (int i = 0; i < parking_count; i++)
	{
		rf_column_add(&id, Int64GetDatum(parked[i].id));
		rf_column_add(&next_at, TimestampTzGetDatum(parked[i].next_at));
	}
	values[0] = rf_column_array(&id);
	values[1] = rf_column_array(&next_at);
	rf_execute(&park, values, NULL);
}

void
rf_parking_confirm(void)
{
	for (int i = 0; i < parking_count; i++)
	{
		RfEndpoint *endpoint = rf_endpoint_find(parked[i].webhook_id);

		rf_rotation_note_done(parked[i].webhook_id, parked[i].slot);
		if (endpoint == NULL)
			continue;
		endpoint->parking--;
		rf_retrying_expect(endpoint, parked[i].next_at);
	}
	parking_count = 0;
}

RfShareSet
rf_parking_shares(void)
{
	RfShareSet shares = RF_SHARES_NONE;

	for (int i = 0; i < parking_count; i++)
		shares |= RF_SHARE_BIT(rf_share_of(parked[i].webhook_id));
	return shares;
}

void
rf_parking_reset(void)
{
	parking_count = 0;
}
