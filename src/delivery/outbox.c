/*
 * outbox.c
 *	  See outbox.h.
 *
 * New deliveries are read in the order of their ids, a page at a time; "high"
 * is the last one read. Ids do not commit in their order: what appears behind
 * "high" is read by late.c, before the next page. What lies behind it for other
 * reasons is the matter of overflow.c.
 *
 * With several workers each of them reads all pages, and places what it serves:
 * passing a row costs less than an index on who serves it would cost producers,
 * and the keeper can tell from what it passes how full a table is.
 *
 * Rows that were restored from another server carry xids of that one. At worst
 * one of them looks late for a moment and is sent twice, under one id.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/durable.h"
#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/holding.h"
#include "delivery/late.h"
#include "delivery/outbox.h"
#include "delivery/outbox_row.h"
#include "delivery/overflow.h"
#include "delivery/parking.h"
#include "delivery/placing.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"

#define RETRIES_OF 64 /* endpoints at a time */
#define REFILLS	   4  /* the same, of those that have overflowed */

static int64 outbox_high = 0;	  /* last id read */
static int64 outbox_tried_to = 0; /* other processes tried none above */
static bool	 outbox_page_full = false;
static bool	 outbox_undurable = false;

void
rf_outbox_start(void)
{
	rf_endpoint_start();
	rf_retrying_start();
}

/* ---- what becomes of a row ---------------------------------------------- */

/* A row met by going forward. What lies in the overflow is judged there. */
static void
outbox_take_new(const RfOutboxRow *row)
{
	RfEndpoint *endpoint;

	rf_rotation_note_met(row->delivery.slot, row->delivery.id);
	if (!rf_holding_serves(row->webhook_id))
		return;
	rf_outbox_row_count(row);
	if (!rf_outbox_row_is_ours(row))
		return;
	endpoint = rf_endpoint_get(row->webhook_id);
	if (endpoint->overflow_from == 0 && !rf_outbox_row_place(endpoint, row))
		rf_overflow_begin(endpoint, row->delivery.id);
	if (endpoint->overflow_from != 0)
		endpoint->overflowed++;
}

/*
 * A row met late. What lies in the overflow will be found there; what lies
 * before it and finds the queue full goes the way of retries. Returns false if
 * its webhook has to be looked up first.
 */
static bool
outbox_place_late(const RfOutboxRow *row)
{
	RfEndpoint *endpoint = rf_endpoint_get(row->webhook_id);

	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
	{
		rf_configuration_forget();
		return false;
	}
	if (!rf_overflow_will_count(endpoint, row))
		rf_outbox_row_count(row);
	if (rf_overflow_holds(endpoint, row))
	{
		endpoint->overflowed++;
		return true;
	}
	if (!rf_outbox_row_place(endpoint, row))
	{
		rf_parking_add(endpoint->id, &row->delivery, GetCurrentTimestamp());
		rf_rotation_note_held(endpoint->id, row->delivery.slot);
	}
	return true;
}

static bool
outbox_take_late(uint64 i)
{
	RfOutboxRow row = rf_outbox_row(i);

	if (rf_outbox_row_is_ours(&row) && rf_holding_serves(row.webhook_id) &&
		!outbox_place_late(&row))
		return false;
	rf_rotation_note_met(row.delivery.slot, row.delivery.id);
	outbox_undurable = true;
	return true;
}

/* ---- reading ------------------------------------------------------------ */

RF_STATEMENT(read_tried,
			 "SELECT greatest((SELECT max(delivery_id) FROM @extschema@.rf_attempt),"
			 "  (SELECT max(delivery_id) FROM @extschema@.rf_retry),"
			 "  (SELECT max(delivery_id) FROM @extschema@.rf_dead))");

/* The shares that were taken: others may have tried some of their deliveries. */
static void
outbox_adopt(void)
{
	if (rf_holding_fresh() == RF_SHARES_NONE && outbox_high != 0)
		return;
	if (rf_execute(&read_tried, NULL, NULL) > 0)
		outbox_tried_to = Max(outbox_tried_to, rf_int64(0, 1));
	if (rf_holding_fresh() != RF_SHARES_NONE)
		rf_overflow_adopt(outbox_high);
}

/*
 * One statement, one snapshot: the page and who was running when it was read.
 * What was tried by another process is looked up only as long as there is such
 * a thing, and who serves a row only where there are several.
 */
#define READ_PAGE(condition, tried) \
	"SELECT" RF_OUTBOX_COLUMNS(condition) "," tried ", (SELECT pg_current_snapshot())" \
										  " FROM (VALUES (true)) AS always" \
										  " LEFT JOIN LATERAL (SELECT * FROM @extschema@.rf_outbox" \
										  "  WHERE id > $1 ORDER BY id LIMIT $2) AS o ON true"
#define IS_SERVED RF_SHARE_IS_IN("$4", "o.webhook_id")

RF_STATEMENT(read_page, READ_PAGE("true", " false"),
			 INT8OID, INT8OID, INT8OID, INT8OID);
RF_STATEMENT(read_page_tried, READ_PAGE("true", RF_OUTBOX_TRIED("$3")),
			 INT8OID, INT8OID, INT8OID, INT8OID);
RF_STATEMENT(read_page_served, READ_PAGE(IS_SERVED, " false"),
			 INT8OID, INT8OID, INT8OID, INT8OID);
RF_STATEMENT(read_page_served_tried,
			 READ_PAGE(IS_SERVED, " CASE WHEN" IS_SERVED " THEN" RF_OUTBOX_TRIED("$3") " END"),
			 INT8OID, INT8OID, INT8OID, INT8OID);

static RfStatement *
outbox_page_statement(void)
{
	bool tried = outbox_high < outbox_tried_to;

	if (rf_holding_served() == RF_SHARES_ALL)
		return tried ? &read_page_tried : &read_page;
	return tried ? &read_page_served_tried : &read_page_served;
}

static void
outbox_read_page(void)
{
	Datum values[] = {
		Int64GetDatum(outbox_high), Int64GetDatum(RF_OUTBOX_PAGE),
		Int64GetDatum(outbox_tried_to), Int64GetDatum((int64) rf_holding_served())};
	uint64 n = rf_execute(outbox_page_statement(), values, NULL);
	bool   isnull;

	outbox_page_full = n == RF_OUTBOX_PAGE;
	rf_late_note_page(rf_value(0, 8, &isnull), outbox_high);
	for (uint64 i = 0; i < n; i++)
	{
		RfOutboxRow row = rf_outbox_row(i);

		/* The only row of an empty page holds the snapshot alone. */
		if (row.delivery.id == 0)
			break;
		outbox_take_new(&row);
		outbox_high = row.delivery.id;
		outbox_undurable = true;
	}
}

static void
outbox_read_retries(void)
{
	TimestampTz now = GetCurrentTimestamp();

	rf_retrying_notice();
	for (int n = 0; n < RETRIES_OF; n++)
	{
		RfEndpoint *endpoint = rf_agenda_take_due(RF_TIMER_RETRY, now);

		if (endpoint == NULL)
			return;
		/* Before anything can fail: its timer is off. */
		rf_agenda_touch(endpoint);
		rf_retrying_read(endpoint, now);
		outbox_undurable = true;
	}
}

/* The first of those that have the time for it: the others the next time. */
static void
outbox_refill(void)
{
	RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_OVERFLOW);
	int			refilled = 0;

	while (endpoint != NULL && refilled < REFILLS)
	{
		RfEndpoint *next = rf_agenda_next(RF_AGENDA_OVERFLOW, endpoint);

		if (rf_overflow_is_due(endpoint))
		{
			rf_overflow_read(endpoint, outbox_high, outbox_tried_to);
			outbox_undurable = true;
			/* To the end of the list. */
			rf_agenda_list(RF_AGENDA_OVERFLOW, endpoint, false);
			rf_agenda_list(RF_AGENDA_OVERFLOW, endpoint, true);
			refilled++;
		}
		endpoint = next;
	}
}

void
rf_outbox_read(void)
{
	rf_rotation_look();
	outbox_adopt();
	outbox_read_retries();
	if (rf_parking_room() < RF_OUTBOX_PAGE)
		return;
	if (rf_late_is_active())
		rf_late_read(outbox_tried_to, outbox_take_late);
	else
		outbox_read_page();
	outbox_refill();
}

bool
rf_outbox_has_more(void)
{
	/* Nothing is read while what was read before cannot be put away. */
	bool room = rf_parking_room() >= RF_OUTBOX_PAGE;

	if (room &&
		(outbox_page_full || rf_late_is_active() || rf_holding_fresh() != RF_SHARES_NONE))
		return true;
	if (rf_agenda_count(RF_AGENDA_UNKNOWN) > 0 ||
		rf_agenda_due_at(RF_TIMER_RETRY) <= GetCurrentTimestamp())
		return true;
	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_OVERFLOW); endpoint != NULL;
		 endpoint = rf_agenda_next(RF_AGENDA_OVERFLOW, endpoint))
	{
		if (rf_overflow_is_due(endpoint))
			return true;
	}
	return false;
}

TimestampTz
rf_outbox_next_due(void)
{
	return rf_steady_from_wall(rf_agenda_due_at(RF_TIMER_RETRY));
}

int64
rf_outbox_read_to(void)
{
	return outbox_high;
}

/* ---- the rest ----------------------------------------------------------- */

void
rf_outbox_make_durable(void)
{
	if (!outbox_undurable)
		return;
	rf_durable_flush();
	outbox_undurable = false;
}

void
rf_outbox_restart(void)
{
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		while (endpoint->queue.count > 0)
			(void) rf_endpoint_unqueue(endpoint);
		rf_overflow_end(endpoint);
		endpoint->retrying = 0;
		endpoint->parking = 0;
		endpoint->parked = true;
		endpoint->next_due = DT_NOBEGIN;
		endpoint->known_to = PG_INT64_MIN;
		rf_agenda_touch(endpoint);
	}
	outbox_high = 0;
	outbox_page_full = true;
	outbox_tried_to = 0;
	rf_late_reset();
	rf_parking_reset();
	rf_retrying_reset();
	rf_rotation_reset();
}
