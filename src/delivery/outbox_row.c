/*
 * outbox_row.c
 *	  See outbox_row.h.
 */
#include "postgres.h"

#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/outbox_row.h"
#include "delivery/placing.h"
#include "delivery/rotation.h"

RfOutboxRow
rf_outbox_row(uint64 row)
{
	return (RfOutboxRow){
		.webhook_id = rf_int64(row, 4),
		.home = rf_int64(row, 6),
		.done = rf_bool(row, 7),
		.delivery = {
			.id = rf_int64(row, 1),
			.event_id = rf_int64(row, 3),
			.slot = (int8) rf_int32(row, 2),
			.own_body = rf_bool(row, 5)}};
}

bool
rf_outbox_row_is_ours(const RfOutboxRow *row)
{
	return rf_configuration_knows_home(row->home);
}

void
rf_outbox_row_count(const RfOutboxRow *row)
{
	rf_rotation_note_read(row->webhook_id, row->delivery.slot);
}

bool
rf_outbox_row_place(RfEndpoint *endpoint, const RfOutboxRow *row)
{
	if (!row->done)
		return rf_placing_place(endpoint, &row->delivery);
	rf_rotation_note_passed(row->webhook_id, row->delivery.slot);
	return true;
}
