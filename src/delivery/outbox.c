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
 * queue has room again. That read leaves out transactions that are still
 * remembered as unseen, so that late rows are read exactly once, whichever way.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/outbox.h"
#include "delivery/parking.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"
#include "delivery/unseen.h"

#define PAGE_ROWS		1000

/* A row of any of the statements below, whose first columns are the same. */
typedef struct OutboxRow
{
	int64		webhook_id;
	bool		done;			/* an earlier process has tried it */
	RfDelivery	delivery;
} OutboxRow;

static int64 outbox_high = 0;	/* last id read */
static int64 outbox_tried_to = 0;	/* earlier processes tried none above */
static bool outbox_page_full = false;
static bool outbox_undurable = false;

static RfUnseen *outbox_unseen = NULL;
static int	outbox_n_unseen = 0;

/* Late rows to read: of these transactions, above "at" up to "end". */
static struct
{
	bool		active;
	int64		at;
	int64		end;
	int			n;
	uint64	   *xids;
}			outbox_late;

/*
 * Scalar subqueries with LIMIT stay what they are: three look-ups for a row.
 * EXISTS might become a hash of everything ever tried.
 */
#define OUTBOX_COLUMNS \
	" o.id, o.slot, o.event_id, o.webhook_id, o.body IS NOT NULL"
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

void
rf_outbox_done(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	if (delivery->slot == RF_SLOT_RETRY)
		rf_retrying_forget(endpoint, delivery->id);
	else
		rf_rotation_note_done(delivery->slot);
}

static OutboxRow
outbox_row(uint64 row)
{
	return (OutboxRow) {
		.webhook_id = rf_int64(row, 4),
		.done = rf_bool(row, 6),
		.delivery = {
			.id = rf_int64(row, 1),
			.event_id = rf_int64(row, 3),
			.slot = (int8) rf_int32(row, 2),
			.own_body = rf_bool(row, 5)
		}
	};
}

/* The first attempt at once, or after a delay? */
static bool
outbox_is_delayed(const RfEndpoint *endpoint)
{
	return endpoint->config->schedule.delay[0] > 0;
}

/* Without a place in the queue or in the parking lot: false. */
static bool
outbox_place(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	if (endpoint->state == RF_ENDPOINT_GONE)
	{
		rf_outbox_done(endpoint, delivery);
		return true;
	}
	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
	{
		rf_configuration_forget();
		return false;
	}
	if (endpoint->state == RF_ENDPOINT_ENABLED && !outbox_is_delayed(endpoint))
	{
		if (rf_endpoint_queue_room(endpoint) == 0)
			return false;
		rf_endpoint_queue(endpoint, delivery);
		return true;
	}
	if (rf_parking_room() == 0)
		return false;
	rf_parking_add(endpoint->id, delivery, endpoint->state == RF_ENDPOINT_ENABLED
				   ? GetCurrentTimestamp() + endpoint->config->schedule.delay[0] : DT_NOEND);
	return true;
}

/* A row met by going forward. */
static void
outbox_take_new(const OutboxRow *row)
{
	RfEndpoint *endpoint = rf_endpoint_get(row->webhook_id);

	rf_rotation_note_read(row->delivery.slot);
	if (row->done)
		rf_rotation_note_done(row->delivery.slot);
	else if (endpoint->overflow_from == 0 && !outbox_place(endpoint, &row->delivery))
		endpoint->overflow_from = row->delivery.id;
}

/*
 * A row met late. What lies in the overflow will be found there; what lies
 * before it and finds the queue full goes the way of retries.
 */
static void
outbox_take_late(const OutboxRow *row)
{
	RfEndpoint *endpoint = rf_endpoint_get(row->webhook_id);

	rf_rotation_note_read(row->delivery.slot);
	if (endpoint->overflow_from != 0 && row->delivery.id >= endpoint->overflow_from)
		return;
	if (outbox_place(endpoint, &row->delivery))
		return;
	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
		endpoint->overflow_from = row->delivery.id;
	else
		rf_parking_add(endpoint->id, &row->delivery, GetCurrentTimestamp());
}

/* ---- transactions that may have rows behind us -------------------------- */

static void
outbox_begin_late(const RfUnseen *finished, int n, int64 end)
{
	int64		low = end;

	for (int i = 0; i < n; i++)
		low = Min(low, finished[i].low);
	if (low >= end)
		return;
	outbox_late.xids = MemoryContextAlloc(TopMemoryContext, n * sizeof(uint64));
	for (int i = 0; i < n; i++)
		outbox_late.xids[i] = finished[i].xid;
	outbox_late.n = n;
	outbox_late.at = low;
	outbox_late.end = end;
	outbox_late.active = true;
}

static void
outbox_end_late(void)
{
	if (outbox_late.xids != NULL)
		pfree(outbox_late.xids);
	memset(&outbox_late, 0, sizeof(outbox_late));
}

/* The page was read in this snapshot, above "low". */
static void
outbox_note_snapshot(const char *snapshot, int64 low)
{
	int			n = rf_unseen_parse(snapshot, NULL, 0);
	uint64	   *running = palloc(Max(n, 1) * sizeof(uint64));
	RfUnseen   *finished = palloc(Max(outbox_n_unseen, 1) * sizeof(RfUnseen));
	RfUnseen   *now = MemoryContextAlloc(TopMemoryContext, Max(n, 1) * sizeof(RfUnseen));
	int			n_finished;

	rf_unseen_parse(snapshot, running, n);
	n_finished = rf_unseen_update(outbox_unseen, outbox_n_unseen, running, n, low, now, finished);
	if (outbox_unseen != NULL)
		pfree(outbox_unseen);
	outbox_unseen = now;
	outbox_n_unseen = n;
	outbox_begin_late(finished, n_finished, low);
	pfree(finished);
	pfree(running);
}

static Datum
outbox_xids(const uint64 *xids, int n)
{
	RfColumn	column;

	rf_column_init(&column, XID8OID);
	for (int i = 0; i < n; i++)
		rf_column_add(&column, FullTransactionIdGetDatum(FullTransactionIdFromU64(xids[i])));
	return rf_column_array(&column);
}

static Datum
outbox_unseen_xids(void)
{
	uint64	   *xids = palloc(Max(outbox_n_unseen, 1) * sizeof(uint64));

	for (int i = 0; i < outbox_n_unseen; i++)
		xids[i] = outbox_unseen[i].xid;
	return outbox_xids(xids, outbox_n_unseen);
}

/* ---- reading ------------------------------------------------------------ */

RF_STATEMENT(read_tried,
			 "SELECT greatest((SELECT max(delivery_id) FROM @extschema@.rf_attempt),"
			 "  (SELECT max(delivery_id) FROM @extschema@.rf_retry),"
			 "  (SELECT max(delivery_id) FROM @extschema@.rf_dead))");

/* One statement, one snapshot: the page and who was running when it was read. */
RF_STATEMENT(read_page,
			 "SELECT" OUTBOX_COLUMNS "," OUTBOX_TRIED("$3") ","
			 "  (SELECT pg_current_snapshot()::text)"
			 " FROM (VALUES (true)) AS always"
			 " LEFT JOIN LATERAL (SELECT * FROM @extschema@.rf_outbox"
			 "  WHERE id > $1 ORDER BY id LIMIT $2) AS o ON true",
			 INT8OID, INT8OID, INT8OID);

static void
outbox_read_page(void)
{
	int64		low = outbox_high;
	Datum		values[] = {
		Int64GetDatum(low), Int64GetDatum(PAGE_ROWS), Int64GetDatum(outbox_tried_to)
	};
	uint64		n = rf_execute(&read_page, values, NULL);

	outbox_page_full = n == PAGE_ROWS;
	outbox_note_snapshot(rf_text(0, 7), low);
	for (uint64 i = 0; i < n; i++)
	{
		OutboxRow	row = outbox_row(i);

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
			 " WHERE o.id > $1 AND o.id <= $2 AND o.xid = ANY ($3)"
			 " ORDER BY o.id LIMIT $4",
			 INT8OID, INT8OID, XID8ARRAYOID, INT8OID);

static void
outbox_read_late(void)
{
	Datum		values[] = {
		Int64GetDatum(outbox_late.at), Int64GetDatum(outbox_late.end),
		outbox_xids(outbox_late.xids, outbox_late.n), Int64GetDatum(PAGE_ROWS)
	};
	uint64		n = rf_execute(&read_late, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		OutboxRow	row = outbox_row(i);

		outbox_take_late(&row);
		outbox_late.at = row.delivery.id;
		outbox_undurable = true;
	}
	if (n < PAGE_ROWS)
		outbox_end_late();
}

RF_STATEMENT(read_overflow,
			 "SELECT" OUTBOX_COLUMNS "," OUTBOX_TRIED("$5")
			 " FROM @extschema@.rf_outbox o"
			 " WHERE o.webhook_id = $1 AND o.id >= $2 AND o.id <= $3 AND o.xid <> ALL ($4)"
			 " ORDER BY o.id LIMIT $6",
			 INT8OID, INT8OID, INT8OID, XID8ARRAYOID, INT8OID, INT8OID);

/* Nothing is placed without room, so the first that finds none ends the read. */
static void
outbox_read_overflow(RfEndpoint *endpoint)
{
	Datum		values[] = {
		Int64GetDatum(endpoint->id), Int64GetDatum(endpoint->overflow_from),
		Int64GetDatum(outbox_high), outbox_unseen_xids(), Int64GetDatum(outbox_tried_to),
		Int64GetDatum(PAGE_ROWS)
	};
	uint64		n = rf_execute(&read_overflow, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		OutboxRow	row = outbox_row(i);

		endpoint->overflow_from = row.delivery.id;
		if (row.done)
			rf_rotation_note_done(row.delivery.slot);
		else if (!outbox_place(endpoint, &row.delivery))
			return;
		endpoint->overflow_from = row.delivery.id + 1;
	}
	if (n < PAGE_ROWS)
		endpoint->overflow_from = 0;
}

static bool
outbox_should_refill(const RfEndpoint *endpoint)
{
	if (endpoint->overflow_from == 0 || outbox_late.active)
		return false;
	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
		return false;
	if (endpoint->state == RF_ENDPOINT_ENABLED && !outbox_is_delayed(endpoint))
		return rf_endpoint_queue_room(endpoint) > endpoint->queue.count;
	return rf_parking_room() >= PAGE_ROWS;
}

void
rf_outbox_read(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (outbox_high == 0 && rf_execute(&read_tried, NULL, NULL) > 0)
		outbox_tried_to = rf_int64(0, 1);
	if (rf_parking_room() < PAGE_ROWS)
		return;
	if (outbox_late.active)
		outbox_read_late();
	else
		outbox_read_page();
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (outbox_should_refill(endpoint))
			outbox_read_overflow(endpoint);
		if (rf_retrying_is_due(endpoint, now))
			rf_retrying_read(endpoint, now);
	}
}

bool
rf_outbox_has_more(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (outbox_page_full || outbox_late.active)
		return true;
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (outbox_should_refill(endpoint) || rf_retrying_is_due(endpoint, now) ||
			endpoint->state == RF_ENDPOINT_UNKNOWN)
			return true;
	}
	return false;
}

TimestampTz
rf_outbox_next_due(void)
{
	TimestampTz next = DT_NOEND;

	for (int i = 0; i < rf_endpoint_count(); i++)
		next = Min(next, rf_retrying_due_at(rf_endpoint_at(i)));
	return next;
}

/* ---- the rest ----------------------------------------------------------- */

void
rf_outbox_put_away(RfEndpoint *endpoint)
{
	while (endpoint->queue.count > 0)
	{
		RfDelivery	delivery;

		if (endpoint->state == RF_ENDPOINT_WAITING && rf_parking_room() == 0)
			return;
		delivery = rf_endpoint_unqueue(endpoint);
		if (endpoint->state == RF_ENDPOINT_WAITING && delivery.slot != RF_SLOT_RETRY)
			rf_parking_add(endpoint->id, &delivery, DT_NOEND);
		else
			rf_outbox_done(endpoint, &delivery);
	}
}

/*
 * The insert position may stand behind the header of a page on which nothing
 * is written yet; up to there WAL cannot be flushed.
 */
static XLogRecPtr
outbox_end_of_wal(void)
{
	XLogRecPtr	end = GetXLogInsertRecPtr();

	if (XLogSegmentOffset(end, wal_segment_size) == SizeOfXLogLongPHD)
		return end - SizeOfXLogLongPHD;
	if (end % XLOG_BLCKSZ == SizeOfXLogShortPHD)
		return end - SizeOfXLogShortPHD;
	return end;
}

void
rf_outbox_make_durable(void)
{
	if (!outbox_undurable)
		return;
	XLogFlush(outbox_end_of_wal());
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
		endpoint->overflow_from = 0;
		endpoint->retrying = 0;
		endpoint->parked = true;
		endpoint->next_due = DT_NOBEGIN;
	}
	outbox_high = 0;
	outbox_page_full = true;
	outbox_n_unseen = 0;
	outbox_end_late();
	rf_parking_reset();
	rf_retrying_reset();
	rf_rotation_reset();
}
