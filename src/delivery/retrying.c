/*
 * retrying.c
 *	  See retrying.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/retrying.h"
#include "program/news.h"

#define READ_MAX 256 /* new ones at a time */
#define READ_LOW 64	 /* with so many in memory, more can wait */

static HTAB *retrying_ids = NULL;

void
rf_retrying_start(void)
{
	HASHCTL control = {
		.keysize = sizeof(int64),
		.entrysize = sizeof(int64),
		.hcxt = TopMemoryContext};

	retrying_ids = hash_create("referral retries in memory", 256, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
rf_retrying_reset(void)
{
	hash_destroy(retrying_ids);
	rf_retrying_start();
}

/* May rf_retry hold rows that come before the next delivery in memory? */
static bool
retrying_must_look(const RfEndpoint *endpoint)
{
	if (endpoint->parked || endpoint->next_due != DT_NOEND)
		return true;
	return endpoint->queue.count > 0 && endpoint->retrying < READ_MAX &&
		rf_queue_head(&endpoint->queue)->event_id > endpoint->known_to;
}

TimestampTz
rf_retrying_due_at(const RfEndpoint *endpoint)
{
	if (endpoint->state != RF_ENDPOINT_ENABLED)
		return DT_NOEND;
	if (rf_endpoint_is_fifo(endpoint))
		return retrying_must_look(endpoint) ? DT_NOBEGIN : DT_NOEND;
	if (endpoint->retrying >= READ_LOW)
		return DT_NOEND;
	return endpoint->parked ? DT_NOBEGIN : endpoint->next_due;
}

/* May rf_retry be about to hold something that memory does not have? */
static bool
retrying_is_unsettled(const RfEndpoint *endpoint)
{
	return endpoint->unrecorded > 0 || endpoint->parking > 0 || endpoint->parked ||
		endpoint->next_due != DT_NOEND;
}

TimestampTz
rf_retrying_loads_at(const RfEndpoint *endpoint)
{
	const RfDelivery *head;

	if (!rf_endpoint_is_fifo(endpoint))
		return DT_NOBEGIN;
	if (retrying_is_unsettled(endpoint))
		return DT_NOEND;
	if (endpoint->queue.count == 0)
		return DT_NOBEGIN;
	head = rf_queue_head(&endpoint->queue);
	return head->event_id > endpoint->known_to ? DT_NOEND : head->due;
}

/* What is loaded was due, and comes before the queue. */
TimestampTz
rf_retrying_head_at(const RfEndpoint *endpoint)
{
	if (endpoint->nloaded == 0 || !rf_endpoint_is_fifo(endpoint))
		return rf_retrying_loads_at(endpoint);
	return retrying_is_unsettled(endpoint) ? DT_NOEND : DT_NOBEGIN;
}

void
rf_retrying_expect(RfEndpoint *endpoint, TimestampTz next_at)
{
	if (next_at == DT_NOEND)
		endpoint->parked = true;
	else if (next_at < endpoint->next_due)
		endpoint->next_due = next_at;
	rf_agenda_touch(endpoint);
}

/* What rf_retry holds is read again from there. */
void
rf_retrying_reorder(RfEndpoint *endpoint)
{
	int			n = endpoint->queue.count;
	RfDelivery *before = palloc(Max(n, 1) * sizeof(RfDelivery));

	for (int i = 0; i < n; i++)
		before[i] = rf_endpoint_unqueue(endpoint);
	for (int i = 0; i < n; i++)
	{
		if (before[i].slot == RF_SLOT_RETRY)
			rf_retrying_forget(endpoint, before[i].id);
		else
			rf_endpoint_queue(endpoint, &before[i]);
	}
	pfree(before);
	endpoint->next_due = DT_NOBEGIN;
	endpoint->parked = true;
	endpoint->known_to = PG_INT64_MIN;
}

void
rf_retrying_forget(RfEndpoint *endpoint, int64 delivery_id)
{
	bool found;

	hash_search(retrying_ids, &delivery_id, HASH_REMOVE, &found);
	if (found)
		endpoint->retrying--;
	rf_agenda_touch(endpoint);
}

/*
 * They have room of their own in the queue, lest a backlog in the outbox keep it
 * full. The rows of the last statement: delivery_id, event_id, attempts.
 */
static void
retrying_queue_row(RfEndpoint *endpoint, uint64 row, TimestampTz due)
{
	RfDelivery delivery = {
		.id = rf_int64(row, 1),
		.event_id = rf_int64(row, 2),
		.attempts = rf_int32(row, 3),
		.slot = RF_SLOT_RETRY,
		.due = due};
	bool found;

	hash_search(retrying_ids, &delivery.id, HASH_ENTER, &found);
	if (found)
		return;
	endpoint->retrying++;
	rf_endpoint_queue(endpoint, &delivery);
}

static void
retrying_queue(RfEndpoint *endpoint, uint64 n)
{
	for (uint64 row = 0; row < n; row++)
		retrying_queue_row(endpoint, row, 0);
}

/* Of another home, or without its event, a row is not ours: a restore is under way. */
#define RETRYING_IS_OURS(row) \
	" (SELECT true FROM @extschema@.rf_event e" \
	"  JOIN @extschema@.rf_home h ON h.home = e.home" \
	"  WHERE e.id = " row ".event_id LIMIT 1) IS NOT NULL"

RF_STATEMENT(read_due,
			 "SELECT delivery_id, event_id, attempts FROM @extschema@.rf_retry r"
			 " WHERE webhook_id = $1 AND next_at <= $2 AND" RETRYING_IS_OURS("r") " ORDER BY next_at"
																				  " LIMIT $3",
			 INT8OID, TIMESTAMPTZOID, INT8OID);
RF_STATEMENT(read_parked,
			 "SELECT delivery_id, event_id, attempts FROM @extschema@.rf_retry r"
			 " WHERE webhook_id = $1 AND next_at = 'infinity' AND" RETRYING_IS_OURS("r") " LIMIT $2",
			 INT8OID, INT8OID);
RF_STATEMENT(read_next,
			 "SELECT next_at FROM @extschema@.rf_retry"
			 " WHERE webhook_id = $1 AND next_at > $2"
			 " ORDER BY next_at"
			 " LIMIT 1",
			 INT8OID, TIMESTAMPTZOID);

/* When, after "now", is the next row due? */
static void
retrying_read_next(RfEndpoint *endpoint, TimestampTz now)
{
	Datum values[] = {Int64GetDatum(endpoint->id), TimestampTzGetDatum(now)};

	endpoint->next_due = DT_NOEND;
	if (rf_execute(&read_next, values, NULL) > 0)
		endpoint->next_due = rf_int64(0, 1);
}

static void
retrying_read_due(RfEndpoint *endpoint, TimestampTz now)
{
	int64 limit = endpoint->retrying + READ_MAX;
	Datum values[] = {
		Int64GetDatum(endpoint->id), TimestampTzGetDatum(now), Int64GetDatum(limit)};
	uint64 n = rf_execute(&read_due, values, NULL);

	retrying_queue(endpoint, n);
	if (n < (uint64) limit)
		retrying_read_next(endpoint, now);
}

static void
retrying_read_parked(RfEndpoint *endpoint)
{
	int64  limit = endpoint->retrying + READ_MAX;
	Datum  values[] = {Int64GetDatum(endpoint->id), Int64GetDatum(limit)};
	uint64 n = rf_execute(&read_parked, values, NULL);

	retrying_queue(endpoint, n);
	endpoint->parked = n == (uint64) limit;
}

RF_STATEMENT(read_in_order,
			 "SELECT delivery_id, event_id, attempts, next_at FROM @extschema@.rf_retry r"
			 " WHERE webhook_id = $1 AND" RETRYING_IS_OURS("r") " ORDER BY event_id LIMIT $2",
			 INT8OID, INT8OID);

/*
 * The first in the order of events. What precedes events that memory knew about
 * is always taken, others as long as there is room.
 */
static void
retrying_read_in_order(RfEndpoint *endpoint)
{
	int64  limit = endpoint->retrying + READ_MAX;
	int64  known_to = endpoint->known_to;
	Datum  values[] = {Int64GetDatum(endpoint->id), Int64GetDatum(limit)};
	uint64 n = rf_execute(&read_in_order, values, NULL);

	endpoint->known_to = PG_INT64_MAX;
	for (uint64 row = 0; row < n; row++)
	{
		int64		event_id = rf_int64(row, 2);
		TimestampTz next_at = rf_int64(row, 4);

		if (event_id > known_to && endpoint->retrying >= READ_MAX)
		{
			endpoint->known_to = event_id - 1;
			break;
		}
		/* Without a time: it waited for its webhook to be enabled. */
		retrying_queue_row(endpoint, row, next_at == DT_NOEND ? 0 : rf_steady_from_wall(next_at));
		if (row + 1 == (uint64) limit)
			endpoint->known_to = event_id;
	}
	endpoint->next_due = DT_NOEND;
	endpoint->parked = false;
}

void
rf_retrying_read(RfEndpoint *endpoint, TimestampTz now)
{
	if (rf_endpoint_is_fifo(endpoint))
	{
		retrying_read_in_order(endpoint);
		return;
	}
	if (endpoint->next_due <= now)
		retrying_read_due(endpoint, now);
	if (endpoint->parked)
		retrying_read_parked(endpoint);
}

/* ---- what others write --------------------------------------------------- */

/* Messages about the table, which bear no more than that, and those that were heeded. */
static uint64 retrying_news = 0;
static uint64 retrying_heeded = 0;
static Oid	  retrying_relation = InvalidOid;

static void
retrying_invalidate(Datum arg, Oid relation)
{
	if (!OidIsValid(relation) || relation == retrying_relation)
		retrying_news++;
}

static void
retrying_watch(void)
{
	static bool registered = false;

	if (!registered)
		CacheRegisterRelcacheCallback(retrying_invalidate, (Datum) 0);
	registered = true;
	retrying_relation = rf_engine_relation("rf_retry");
}

void
rf_retrying_announce(void)
{
	CacheInvalidateRelcacheByRelid(rf_engine_relation("rf_retry"));
	rf_news_announce();
}

RF_STATEMENT(read_first,
			 "SELECT w.id, r.next_at FROM unnest($1) AS w (id)"
			 " CROSS JOIN LATERAL (SELECT next_at FROM @extschema@.rf_retry"
			 "  WHERE webhook_id = w.id ORDER BY next_at LIMIT 1) AS r",
			 INT8ARRAYOID);

void
rf_retrying_notice(void)
{
	RfColumn ids;
	Datum	 values[1];
	uint64	 news;
	uint64	 n;

	retrying_watch();
	news = retrying_news;
	if (retrying_heeded == news)
		return;
	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < rf_endpoint_count(); i++)
		rf_column_add(&ids, Int64GetDatum(rf_endpoint_at(i)->id));
	values[0] = rf_column_array(&ids);
	n = rf_execute(&read_first, values, NULL);
	for (uint64 row = 0; row < n; row++)
		rf_retrying_expect(rf_endpoint_find(rf_int64(row, 1)), rf_int64(row, 2));
	retrying_heeded = news;
}

/* ---- what nobody wants any more ------------------------------------------ */

RF_STATEMENT(clear_retries,
			 "DELETE FROM @extschema@.rf_retry r WHERE webhook_id = $1 AND" RETRYING_IS_OURS("r"),
			 INT8OID);
RF_STATEMENT(clear_dead,
			 "DELETE FROM @extschema@.rf_dead d WHERE webhook_id = $1 AND" RETRYING_IS_OURS("d"),
			 INT8OID);

/* What was written while the webhook was being deleted, unseen by its trigger. */
void
rf_retrying_clear(RfEndpoint *endpoint)
{
	Datum values[] = {Int64GetDatum(endpoint->id)};

	rf_execute(&clear_retries, values, NULL);
	rf_execute(&clear_dead, values, NULL);
}
