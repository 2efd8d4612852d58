/*
 * outbox.c
 *	  See outbox.h.
 *
 * New deliveries are read in the order of their ids, a page at a time; "high"
 * is the last one read. Ids do not commit in their order: which transactions
 * may still have rows behind "high", and how they are found once they have
 * ended, is told in unseen.h. Such late rows are read before the next page.
 *
 * An endpoint with a full queue overflows: from some id on its deliveries are
 * left in the table, and read through the index on (webhook_id, id) when the
 * queue has room again. That read leaves out what the last snapshot did not see,
 * so that late rows are read once, whichever way.
 *
 * Rows that were restored from another server carry xids of that one. At worst
 * one of them looks late for a moment and is sent twice, under one id.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/outbox.h"
#include "delivery/parking.h"
#include "delivery/placing.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"
#include "delivery/turn.h"
#include "delivery/unseen.h"
#include "program/home.h"

#define PAGE_ROWS  1000
#define RETRIES_OF 64 /* endpoints at a time */
#define REFILLS	   4  /* the same, of those that have overflowed */

/* A row of any of the statements below, whose first columns are the same. */
typedef struct OutboxRow
{
	int64	   webhook_id;
	int64	   home; /* of its event; 0: there is no such event */
	bool	   done; /* an earlier process has tried it */
	RfDelivery delivery;
} OutboxRow;

static int64 outbox_high = 0;	  /* last id read */
static int64 outbox_tried_to = 0; /* earlier processes tried none above */
static bool	 outbox_page_full = false;
static bool	 outbox_undurable = false;

static RfUnseen outbox_unseen;
static Datum	outbox_snapshot = (Datum) 0; /* of the last page; 0: none yet */

/* Late rows to read: "after" sees them and "before" did not, above "at" up to "end". */
static struct
{
	bool  active;
	int64 at;
	int64 end;
	Datum before;
	Datum after;
} outbox_late;

/*
 * Scalar subqueries with LIMIT stay what they are: three look-ups for a row.
 * EXISTS might become a hash of everything ever tried.
 */
#define OUTBOX_COLUMNS \
	" o.id, o.slot, o.event_id, o.webhook_id, o.body IS NOT NULL," \
	" (SELECT e.home FROM @extschema@.rf_event e WHERE e.id = o.event_id)"
#define OUTBOX_TRIED(tried_to) \
	" o.id <= " tried_to " AND (" \
	"  (SELECT true FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id LIMIT 1) IS NOT NULL" \
	"  OR (SELECT true FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id LIMIT 1) IS NOT NULL" \
	"  OR (SELECT true FROM @extschema@.rf_dead d WHERE d.delivery_id = o.id LIMIT 1) IS NOT NULL)"

void
rf_outbox_start(void)
{
	rf_endpoint_start();
	rf_retrying_start();
}

/* ---- what becomes of a row ---------------------------------------------- */

static OutboxRow
outbox_row(uint64 row)
{
	return (OutboxRow){
		.webhook_id = rf_int64(row, 4),
		.home = rf_int64(row, 6),
		.done = rf_bool(row, 7),
		.delivery = {
			.id = rf_int64(row, 1),
			.event_id = rf_int64(row, 3),
			.slot = (int8) rf_int32(row, 2),
			.own_body = rf_bool(row, 5)}};
}

/*
 * A row of another home is not ours to judge: it is being restored, and its
 * webhook may come after it. It is never done, so its table stays.
 */
static bool
outbox_is_ours(const OutboxRow *row)
{
	return rf_configuration_knows_home(row->home);
}

static bool
outbox_place(RfEndpoint *endpoint, const OutboxRow *row)
{
	if (!row->done)
		return rf_placing_place(endpoint, &row->delivery);
	rf_rotation_note_passed(row->delivery.slot);
	return true;
}

/* A row met by going forward. What lies in the overflow is judged there. */
static void
outbox_take_new(const OutboxRow *row)
{
	RfEndpoint *endpoint;

	rf_rotation_note_read(row->delivery.slot, row->delivery.id);
	if (!outbox_is_ours(row))
		return;
	endpoint = rf_endpoint_get(row->webhook_id);
	if (endpoint->overflow_from == 0 && !outbox_place(endpoint, row))
	{
		endpoint->overflow_from = row->delivery.id;
		rf_agenda_touch(endpoint);
	}
	if (endpoint->overflow_from != 0)
		endpoint->overflowed++;
}

/*
 * A row met late. What lies in the overflow will be found there; what lies
 * before it and finds the queue full goes the way of retries. Returns false if
 * its webhook has to be looked up first.
 */
static bool
outbox_take_late(const OutboxRow *row)
{
	RfEndpoint *endpoint = rf_endpoint_get(row->webhook_id);

	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
	{
		rf_configuration_forget();
		return false;
	}
	rf_rotation_note_read(row->delivery.slot, row->delivery.id);
	if (endpoint->overflow_from != 0 && row->delivery.id >= endpoint->overflow_from)
	{
		endpoint->overflowed++;
		return true;
	}
	if (!rf_placing_place(endpoint, &row->delivery))
	{
		rf_parking_add(endpoint->id, &row->delivery, GetCurrentTimestamp());
		rf_rotation_note_held(row->delivery.slot);
	}
	return true;
}

/* ---- transactions that may have rows behind us -------------------------- */

static Datum
outbox_keep(Datum snapshot)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	Datum		  copy = datumCopy(snapshot, false, -1);

	MemoryContextSwitchTo(caller);
	return copy;
}

static void
outbox_free(Datum *snapshot)
{
	if (*snapshot != (Datum) 0)
		pfree(DatumGetPointer(*snapshot));
	*snapshot = (Datum) 0;
}

static void
outbox_begin_late(int64 low, int64 end, Datum before, Datum after)
{
	outbox_late.at = low;
	outbox_late.end = end;
	outbox_late.before = outbox_keep(before);
	outbox_late.after = outbox_keep(after);
	outbox_late.active = true;
}

static void
outbox_end_late(void)
{
	outbox_free(&outbox_late.before);
	outbox_free(&outbox_late.after);
	outbox_late.active = false;
}

/* A page was read in this snapshot, above "high". */
static void
outbox_note_snapshot(Datum snapshot, int64 high)
{
	char	*text = DatumGetCString(DirectFunctionCall1(pg_snapshot_out, snapshot));
	uint64	 next = U64FromFullTransactionId(ReadNextFullTransactionId());
	uint64	 xmax;
	int		 n = rf_unseen_parse(text, &xmax, NULL, 0);
	uint64	*running = palloc(Max(n, 1) * sizeof(uint64));
	RfUnseen now;
	int64	 late;

	now.running = MemoryContextAlloc(TopMemoryContext, Max(n, 1) * sizeof(RfUnseenEntry));
	rf_unseen_parse(text, &xmax, running, n);
	late = rf_unseen_advance(&outbox_unseen, high, xmax, running, n, next, &now);
	if (late < high)
		outbox_begin_late(late, high, outbox_snapshot, snapshot);
	if (outbox_unseen.running != NULL)
		pfree(outbox_unseen.running);
	outbox_unseen = now;
	outbox_free(&outbox_snapshot);
	outbox_snapshot = outbox_keep(snapshot);
	pfree(running);
}

/* ---- reading ------------------------------------------------------------ */

RF_STATEMENT(read_tried,
			 "SELECT greatest((SELECT max(delivery_id) FROM @extschema@.rf_attempt),"
			 "  (SELECT max(delivery_id) FROM @extschema@.rf_retry),"
			 "  (SELECT max(delivery_id) FROM @extschema@.rf_dead))");

/*
 * One statement, one snapshot: the page and who was running when it was read.
 * What was tried before this process began is looked up only as long as there
 * is such a thing.
 */
#define READ_PAGE(tried) \
	"SELECT" OUTBOX_COLUMNS "," tried ", (SELECT pg_current_snapshot())" \
	" FROM (VALUES (true)) AS always" \
	" LEFT JOIN LATERAL (SELECT * FROM @extschema@.rf_outbox" \
	"  WHERE id > $1 ORDER BY id LIMIT $2) AS o ON true"

RF_STATEMENT(read_page, READ_PAGE(" false"), INT8OID, INT8OID);
RF_STATEMENT(read_page_tried, READ_PAGE(OUTBOX_TRIED("$3")), INT8OID, INT8OID, INT8OID);

static void
outbox_read_page(void)
{
	int64 low = outbox_high;
	Datum values[] = {
		Int64GetDatum(low), Int64GetDatum(PAGE_ROWS), Int64GetDatum(outbox_tried_to)};
	uint64 n = rf_execute(low < outbox_tried_to ? &read_page_tried : &read_page, values, NULL);
	bool   isnull;

	outbox_page_full = n == PAGE_ROWS;
	outbox_note_snapshot(rf_value(0, 8, &isnull), low);
	for (uint64 i = 0; i < n; i++)
	{
		OutboxRow row = outbox_row(i);

		/* The only row of an empty page holds the snapshot alone. */
		if (row.delivery.id == 0)
			break;
		outbox_take_new(&row);
		outbox_high = row.delivery.id;
		outbox_undurable = true;
	}
}

RF_STATEMENT(read_late,
			 "SELECT" OUTBOX_COLUMNS ", false"
			 " FROM @extschema@.rf_outbox o"
			 " WHERE o.id > $1 AND o.id <= $2"
			 "  AND NOT pg_visible_in_snapshot(o.xid, $3) AND pg_visible_in_snapshot(o.xid, $4)"
			 "  AND (SELECT e.home FROM @extschema@.rf_event e WHERE e.id = o.event_id) = $5"
			 " ORDER BY o.id LIMIT $6",
			 INT8OID, INT8OID, PG_SNAPSHOTOID, PG_SNAPSHOTOID, INT8OID, INT8OID);

static void
outbox_read_late(void)
{
	Datum values[] = {
		Int64GetDatum(outbox_late.at), Int64GetDatum(outbox_late.end),
		outbox_late.before, outbox_late.after, Int64GetDatum(rf_home_current()),
		Int64GetDatum(PAGE_ROWS)};
	uint64 n = rf_execute(&read_late, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		OutboxRow row = outbox_row(i);

		if (outbox_is_ours(&row) && !outbox_take_late(&row))
			return;
		outbox_late.at = row.delivery.id;
		outbox_undurable = true;
	}
	if (n < PAGE_ROWS)
		outbox_end_late();
}

#define READ_OVERFLOW(tried) \
	"SELECT" OUTBOX_COLUMNS "," tried \
	" FROM @extschema@.rf_outbox o" \
	" WHERE o.webhook_id = $1 AND o.id >= $2 AND o.id <= $3" \
	"  AND (pg_visible_in_snapshot(o.xid, $4)" \
	"   OR (SELECT e.home FROM @extschema@.rf_event e WHERE e.id = o.event_id) <> $5)" \
	" ORDER BY o.id LIMIT $6"

RF_STATEMENT(read_overflow, READ_OVERFLOW(" false"),
			 INT8OID, INT8OID, INT8OID, PG_SNAPSHOTOID, INT8OID, INT8OID);
RF_STATEMENT(read_overflow_tried, READ_OVERFLOW(OUTBOX_TRIED("$7")),
			 INT8OID, INT8OID, INT8OID, PG_SNAPSHOTOID, INT8OID, INT8OID, INT8OID);

/* Nothing is placed without room, so the first that finds none ends the read. */
static void
outbox_read_overflow(RfEndpoint *endpoint)
{
	/* The home of this server's own rows: only their xids mean something here. */
	Datum values[] = {
		Int64GetDatum(endpoint->id), Int64GetDatum(endpoint->overflow_from),
		Int64GetDatum(outbox_high), outbox_snapshot, Int64GetDatum(rf_home_current()),
		Int64GetDatum(PAGE_ROWS), Int64GetDatum(outbox_tried_to)};
	bool   tried = endpoint->overflow_from <= outbox_tried_to;
	uint64 n = rf_execute(tried ? &read_overflow_tried : &read_overflow, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		OutboxRow row = outbox_row(i);

		endpoint->overflow_from = row.delivery.id;
		outbox_undurable = true;
		if (outbox_is_ours(&row) && !outbox_place(endpoint, &row))
			return;
		endpoint->overflow_from = row.delivery.id + 1;
		endpoint->overflowed--;
	}
	if (n < PAGE_ROWS)
		endpoint->overflow_from = endpoint->overflowed = 0;
	rf_agenda_touch(endpoint);
}

static bool
outbox_should_refill(const RfEndpoint *endpoint)
{
	if (endpoint->overflow_from == 0 || outbox_late.active)
		return false;
	if (!rf_placing_parks(endpoint))
		return rf_endpoint_queue_room(endpoint) > endpoint->queue.count;
	return rf_parking_room() >= PAGE_ROWS;
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

		if (outbox_should_refill(endpoint))
		{
			outbox_read_overflow(endpoint);
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
	if (outbox_high == 0 && rf_execute(&read_tried, NULL, NULL) > 0)
		outbox_tried_to = rf_int64(0, 1);
	outbox_read_retries();
	if (rf_parking_room() < PAGE_ROWS)
		return;
	if (outbox_late.active)
		outbox_read_late();
	else
		outbox_read_page();
	outbox_refill();
}

bool
rf_outbox_has_more(void)
{
	if (outbox_page_full || outbox_late.active || rf_agenda_count(RF_AGENDA_UNKNOWN) > 0 ||
		rf_agenda_due_at(RF_TIMER_RETRY) <= GetCurrentTimestamp())
		return true;
	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_OVERFLOW); endpoint != NULL;
		 endpoint = rf_agenda_next(RF_AGENDA_OVERFLOW, endpoint))
	{
		if (outbox_should_refill(endpoint))
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
	rf_turn_flush_wal();
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
		endpoint->overflow_from = endpoint->overflowed = 0;
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
	if (outbox_unseen.running != NULL)
		pfree(outbox_unseen.running);
	outbox_unseen = (RfUnseen){0};
	outbox_free(&outbox_snapshot);
	outbox_end_late();
	rf_parking_reset();
	rf_retrying_reset();
	rf_rotation_reset();
}
