/*
 * overflow.c
 *	  See overflow.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/engine.h"
#include "delivery/holding.h"
#include "delivery/late.h"
#include "delivery/overflow.h"
#include "delivery/parking.h"
#include "delivery/placing.h"
#include "program/home.h"

/* What is taken over is counted so far, for those who watch. */
#define COUNT_MAX 100000

static int overflow_endpoints = 0; /* that have one */

static void
overflow_set(RfEndpoint *endpoint, int64 from)
{
	overflow_endpoints += (from != 0) - (endpoint->overflow_from != 0);
	endpoint->overflow_from = from;
	rf_agenda_touch(endpoint);
}

void
rf_overflow_begin(RfEndpoint *endpoint, int64 from)
{
	overflow_set(endpoint, from);
}

void
rf_overflow_end(RfEndpoint *endpoint)
{
	overflow_set(endpoint, 0);
	endpoint->uncounted_to = endpoint->overflowed = 0;
}

bool
rf_overflow_holds(const RfEndpoint *endpoint, const RfOutboxRow *row)
{
	return endpoint->overflow_from != 0 && row->delivery.id >= endpoint->overflow_from;
}

bool
rf_overflow_will_count(const RfEndpoint *endpoint, const RfOutboxRow *row)
{
	return rf_overflow_holds(endpoint, row) && row->delivery.id <= endpoint->uncounted_to;
}

bool
rf_overflow_reaches(int64 id)
{
	if (overflow_endpoints == 0)
		return false;
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		int64 from = rf_endpoint_at(i)->overflow_from;

		if (from != 0 && from <= id)
			return true;
	}
	return false;
}

/* ---- shares that were taken over ---------------------------------------- */

/* One look-up for each webhook, however many rows it has; deleted ones, too. */
RF_STATEMENT(read_webhooks_passed,
			 "WITH RECURSIVE passed (id) AS ("
			 "  (SELECT o.webhook_id FROM @extschema@.rf_outbox o ORDER BY o.webhook_id LIMIT 1)"
			 "  UNION ALL"
			 "  SELECT (SELECT o.webhook_id FROM @extschema@.rf_outbox o"
			 "   WHERE o.webhook_id > p.id ORDER BY o.webhook_id LIMIT 1)"
			 "  FROM passed p WHERE p.id IS NOT NULL)"
			 " SELECT p.id,"
			 "  (SELECT count(*) FROM (SELECT FROM @extschema@.rf_outbox o"
			 "   WHERE o.webhook_id = p.id AND o.id <= $2 LIMIT $3) AS counted)"
			 " FROM passed p WHERE" RF_SHARE_IS_IN("$1", "p.id"),
			 INT8OID, INT8OID, INT8OID);

void
rf_overflow_adopt(int64 high)
{
	Datum  values[] = {Int64GetDatum((int64) rf_holding_fresh()), Int64GetDatum(high),
					   Int64GetDatum(COUNT_MAX)};
	uint64 n = 0;

	if (high > 0)
		n = rf_execute(&read_webhooks_passed, values, NULL);
	for (uint64 row = 0; row < n; row++)
	{
		RfEndpoint *endpoint = rf_endpoint_get(rf_int64(row, 1));

		overflow_set(endpoint, 1);
		endpoint->uncounted_to = high;
		endpoint->overflowed = rf_int64(row, 2);
	}
	rf_holding_note_looked();
}

/* ---- reading ------------------------------------------------------------ */

#define READ_OVERFLOW(tried) \
	"SELECT" RF_OUTBOX_COLUMNS("true") "," tried \
									   " FROM @extschema@.rf_outbox o" \
									   " WHERE o.webhook_id = $1 AND o.id >= $2 AND o.id <= $3" \
									   "  AND (pg_visible_in_snapshot(o.xid, $4)" \
									   "   OR (SELECT e.home FROM @extschema@.rf_event e WHERE e.id = o.event_id) <> $5)" \
									   " ORDER BY o.id LIMIT $6"

RF_STATEMENT(read_overflow, READ_OVERFLOW(" false"),
			 INT8OID, INT8OID, INT8OID, PG_SNAPSHOTOID, INT8OID, INT8OID);
RF_STATEMENT(read_overflow_tried, READ_OVERFLOW(RF_OUTBOX_TRIED("$7")),
			 INT8OID, INT8OID, INT8OID, PG_SNAPSHOTOID, INT8OID, INT8OID, INT8OID);

/* False if there is no room for it: then it is read again. */
static bool
overflow_take(RfEndpoint *endpoint, const RfOutboxRow *row)
{
	bool ours = rf_outbox_row_is_ours(row);

	if (ours && !row->done && !rf_placing_has_room(endpoint))
		return false;
	if (rf_overflow_will_count(endpoint, row))
		rf_outbox_row_count(row);
	if (ours)
		(void) rf_outbox_row_place(endpoint, row);
	return true;
}

/* Nothing is placed without room, so the first that finds none ends the read. */
void
rf_overflow_read(RfEndpoint *endpoint, int64 high, int64 tried_to)
{
	/* The home of this server's own rows: only their xids mean something here. */
	Datum values[] = {
		Int64GetDatum(endpoint->id), Int64GetDatum(endpoint->overflow_from),
		Int64GetDatum(high), rf_late_snapshot(), Int64GetDatum(rf_home_current()),
		Int64GetDatum(RF_OUTBOX_PAGE), Int64GetDatum(tried_to)};
	bool   tried = endpoint->overflow_from <= tried_to;
	uint64 n = rf_execute(tried ? &read_overflow_tried : &read_overflow, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		RfOutboxRow row = rf_outbox_row(i);

		overflow_set(endpoint, row.delivery.id);
		if (!overflow_take(endpoint, &row))
			return;
		overflow_set(endpoint, row.delivery.id + 1);
		endpoint->overflowed = Max(endpoint->overflowed - 1, 0);
	}
	if (n < RF_OUTBOX_PAGE)
		rf_overflow_end(endpoint);
}

bool
rf_overflow_is_due(const RfEndpoint *endpoint)
{
	if (endpoint->overflow_from == 0 || rf_late_is_active())
		return false;
	if (!rf_placing_parks(endpoint))
		return rf_endpoint_queue_room(endpoint) > endpoint->queue.count;
	return rf_parking_room() >= RF_OUTBOX_PAGE;
}
