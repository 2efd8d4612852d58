/*
 * retention.c
 *	  See retention.h.
 *
 * Attempts go by TRUNCATE, a table at a time, when the youngest in it is past its
 * time. As long as the outbox holds a delivery with an attempt in the table it
 * stays: a new worker would take such a delivery for one that was never tried.
 *
 * Events go in batches, from the lowest number on, and where the last batch ended
 * is remembered, so that nothing walks over dead rows again and again. A round
 * begins with the lowest event that the outbox needs. What is below that number
 * and was committed by then needs no further look at the outbox: deliveries are
 * written with their event, and later ones only to rf_retry.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/retention.h"
#include "delivery/rotation.h"

#define BATCH_EVENTS 500
#define ROUND_MS	 10000					/* between two rounds, at least */
#define FIRST_MS	 3600000				/* between two that begin with the first event */
#define BUSY_SHARE	 20						/* pause after a batch: times what it took */
#define REST_SHARE	 1000					/* and after a look at the outbox */
#define LATE_USECS	 (2 * USECS_PER_MINUTE) /* from the begin of an attempt to its record */

int rf_retention = 30 * SECS_PER_DAY;

/* The next turn, by the steady clock: with something to send, and without. */
static TimestampTz retention_busy_at = 0;
static TimestampTz retention_idle_at = 0;
static TimestampTz retention_begun_at = 0; /* of the running turn */

/* The round: events from "at" on and below "end" that were committed when it began. */
static bool			 retention_in_round = false;
static int64		 retention_at = 0;
static int64		 retention_end = 0;
static TransactionId retention_xmin = InvalidTransactionId;
static TimestampTz	 retention_first_at = 0; /* when a round began with the first event */
static int64		 retention_reached = 0;	 /* by the running turn */

int
rf_retention_attempt_table(TimestampTz now)
{
	int64 retention = rf_retention > 0 ? rf_retention : 30 * SECS_PER_DAY;
	int64 turn = Max(1, (retention + 2) / (RF_ATTEMPT_TABLES - 1));

	return (int) (rf_unix_usecs(now) / USECS_PER_SEC / turn % RF_ATTEMPT_TABLES);
}

TimestampTz
rf_retention_due_at(bool busy)
{
	if (rf_retention < 0)
		return DT_NOEND;
	return busy ? retention_busy_at : retention_idle_at;
}

static TimestampTz
retention_cutoff(void)
{
	return GetCurrentTimestamp() - rf_retention * USECS_PER_SEC;
}

/* ---- attempts ----------------------------------------------------------- */

/*
 * Attempts from before our time came from another place: perhaps a restore goes on,
 * and the row of rf_home that would tell so has not come yet.
 *
 * Rows are only appended: the youngest is in the last block, and little older than
 * the moment of its record. No row: the table is empty.
 */
#define ATTEMPT_STATEMENTS(table) \
	RF_STATEMENT(read_youngest_##table, \
				 "SELECT max(started_at), (SELECT min(since) FROM @extschema@.rf_home)" \
				 " FROM @extschema@.rf_attempt_" #table \
				 " WHERE ctid >= format('(%s,0)'," \
				 "  greatest(pg_relation_size('@extschema@.rf_attempt_" #table "')" \
				 "   / current_setting('block_size')::bigint - 1, 0))::tid"); \
	RF_STATEMENT(find_tried_##table, \
				 "SELECT FROM @extschema@.rf_outbox" \
				 " WHERE id <= (SELECT max(delivery_id) FROM @extschema@.rf_attempt_" #table ")" \
				 " LIMIT 1"); \
	RF_STATEMENT(truncate_##table, "TRUNCATE @extschema@.rf_attempt_" #table)

ATTEMPT_STATEMENTS(0);
ATTEMPT_STATEMENTS(1);
ATTEMPT_STATEMENTS(2);
ATTEMPT_STATEMENTS(3);

static const struct
{
	const char	*name;
	RfStatement *read_youngest;
	RfStatement *find_tried;
	RfStatement *truncate;
} attempt_tables[RF_ATTEMPT_TABLES] = {
	{"rf_attempt_0", &read_youngest_0, &find_tried_0, &truncate_0},
	{"rf_attempt_1", &read_youngest_1, &find_tried_1, &truncate_1},
	{"rf_attempt_2", &read_youngest_2, &find_tried_2, &truncate_2},
	{"rf_attempt_3", &read_youngest_3, &find_tried_3, &truncate_3}};

static bool
retention_is_past(int table)
{
	TimestampTz youngest;
	bool		empty;

	rf_execute(attempt_tables[table].read_youngest, NULL, NULL);
	youngest = DatumGetTimestampTz(rf_value(0, 1, &empty));
	return !empty && youngest >= rf_int64(0, 2) && youngest < retention_cutoff() - LATE_USECS;
}

/* Nobody waits for the lock, and so nobody behind it. */
static void
retention_empty_attempts(int table)
{
	Oid relation = rf_engine_relation(attempt_tables[table].name);

	if (!retention_is_past(table))
		return;
	if (rf_execute(attempt_tables[table].find_tried, NULL, NULL) > 0)
	{
		rf_rotation_hurry();
		return;
	}
	if (ConditionalLockRelationOid(relation, AccessExclusiveLock) && retention_is_past(table))
		rf_execute(attempt_tables[table].truncate, NULL, NULL);
}

/* ---- events ------------------------------------------------------------- */

/* One statement, one snapshot. Who is not over in it may have events below the end. */
RF_STATEMENT(read_round,
			 "SELECT coalesce((SELECT min(event_id) FROM @extschema@.rf_outbox),"
			 "  (SELECT max(id) + 1 FROM @extschema@.rf_event), 0),"
			 " pg_snapshot_xmin(pg_current_snapshot())::xid");

RF_STATEMENT(find_past,
			 "SELECT id, created_at < $2 FROM @extschema@.rf_event"
			 " WHERE id >= $1 ORDER BY id LIMIT 1",
			 INT8OID, TIMESTAMPTZOID);

/* The first event from where the last round ended, if it is past its time; else 0. */
static int64
retention_find_event(void)
{
	Datum values[] = {Int64GetDatum(retention_at), TimestampTzGetDatum(retention_cutoff())};

	return rf_execute(&find_past, values, NULL) > 0 && rf_bool(0, 2) ? rf_int64(0, 1) : 0;
}

static void
retention_begin_round(void)
{
	int64 first;

	if (TimestampDifferenceExceeds(retention_first_at, rf_steady_now(), FIRST_MS))
	{
		retention_first_at = rf_steady_now();
		retention_at = 0;
	}
	first = retention_find_event();
	if (first == 0)
		return;
	rf_execute(&read_round, NULL, NULL);
	retention_end = rf_int64(0, 1);
	retention_xmin = (TransactionId) rf_int32(0, 2);
	/* What was sent is in the outbox until the whole table is emptied. */
	if (retention_end <= first)
		rf_rotation_hurry();
	else
		retention_in_round = true;
}

/*
 * The next rows below the end. They are locked first and looked at by another
 * statement then: who replays an event holds a lock on it, and after that the
 * delivery is seen.
 */
RF_STATEMENT(lock_events,
			 "SELECT id, created_at < $3 FROM @extschema@.rf_event"
			 " WHERE id >= $1 AND id < $2"
			 " ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED",
			 INT8OID, INT8OID, TIMESTAMPTZOID, INT8OID);

/* An xmin from the future is one from long ago: the row is frozen, the counter went on. */
RF_STATEMENT(delete_events,
			 "DELETE FROM @extschema@.rf_event e"
			 " WHERE e.id = ANY ($1) AND (age(e.xmin) > age($2) OR age(e.xmin) < 0)"
			 "  AND (SELECT true FROM @extschema@.rf_home h WHERE h.home = e.home LIMIT 1) IS NOT NULL"
			 "  AND (SELECT true FROM @extschema@.rf_retry r WHERE r.event_id = e.id LIMIT 1) IS NULL"
			 "  AND (SELECT true FROM @extschema@.rf_dead d WHERE d.event_id = e.id LIMIT 1) IS NULL",
			 INT8ARRAYOID, XIDOID);

static void
retention_delete(const RfColumn *ids)
{
	Datum values[] = {rf_column_array(ids), TransactionIdGetDatum(retention_xmin)};

	rf_execute(&delete_events, values, NULL);
}

/* The first event that is not past its time ends the round. */
static void
retention_take_events(void)
{
	Datum values[] = {
		Int64GetDatum(retention_at), Int64GetDatum(retention_end),
		TimestampTzGetDatum(retention_cutoff()), Int64GetDatum(BATCH_EVENTS)};
	uint64	 n = rf_execute(&lock_events, values, NULL);
	RfColumn ids;

	retention_in_round = n == BATCH_EVENTS;
	rf_column_init(&ids, INT8OID);
	for (uint64 i = 0; i < n; i++)
	{
		if (!rf_bool(i, 2))
		{
			retention_in_round = false;
			break;
		}
		rf_column_add(&ids, Int64GetDatum(rf_int64(i, 1)));
		retention_reached = rf_int64(i, 1) + 1;
	}
	if (ids.n > 0)
		retention_delete(&ids);
}

/* ---- turns -------------------------------------------------------------- */

void
rf_retention_work(void)
{
	retention_begun_at = rf_steady_now();
	retention_reached = retention_at;
	if (!retention_in_round)
	{
		for (int table = 0; table < RF_ATTEMPT_TABLES; table++)
			retention_empty_attempts(table);
		retention_begin_round();
	}
	else
		retention_take_events();
}

void
rf_retention_settle(bool committed)
{
	TimestampTz now = rf_steady_now();
	int64		took = now - retention_begun_at;

	if (committed)
		retention_at = retention_reached;
	else
		retention_in_round = false;
	if (retention_in_round)
	{
		retention_idle_at = now;
		retention_busy_at = now + took * BUSY_SHARE;
	}
	else
		retention_idle_at = retention_busy_at =
			now + Max(ROUND_MS * INT64CONST(1000), took * REST_SHARE);
}
