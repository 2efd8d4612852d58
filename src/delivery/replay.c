/*
 * replay.c
 *	  rf_replay and rf_replay_webhook: deliveries that are over begin anew, under
 *	  the same id and so with the same webhook-id.
 *
 * A replayed delivery is a row of rf_retry without attempts; the worker takes it
 * from there like any other. The dead bring their bytes along. Others are sent
 * the event's payload, in the format that their webhook wants today.
 *
 * A dead delivery that two sessions replay at a time is taken by the one that
 * deletes it. Events stand locked until the row that needs them is there, lest
 * they be removed as old; webhooks, too. Nobody is erased meanwhile: bytes made
 * from what a person's events said before would outlive the person.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/retrying.h"
#include "program/event.h"
#include "program/format.h"
#include "program/mask.h"

PG_FUNCTION_INFO_V1(rf_replay);
PG_FUNCTION_INFO_V1(rf_replay_webhook);

#define BATCH	 200
#define RATE_MIN 0.001
#define RATE_MAX 1000000.0

/* A delivery that is over. */
typedef struct Over
{
	int64		delivery_id;
	int64		event_id;
	bool		dead;
	bool		taken;	 /* to be replayed */
	Datum		body;	 /* bytes that a dead one brings along; 0: none */
	const char *made;	 /* bytes made anew, as text; NULL: the payload's */
	char	   *payload; /* of its event; NULL if nothing is made of it */
	int64		home;
} Over;

typedef struct Replay
{
	int64		   webhook_id;
	RfSubscription subscription; /* its format only */
	TimestampTz	   from;
	double		   step; /* microseconds from one to the next */
	int64		   n;	 /* so far */
} Replay;

/* ---- what both need ----------------------------------------------------- */

static void
replay_check_isolation(const char *function)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s needs isolation level READ COMMITTED", function),
				 errhint("Replay deliveries in a transaction of its own.")));
}

RF_STATEMENT(hold_webhook,
			 "SELECT " RF_FORMAT_COLUMNS
			 " FROM @extschema@.rf_webhook w WHERE w.id = $1 FOR KEY SHARE",
			 INT8OID);

/* False if there is no such webhook. It is not deleted before we commit. */
static bool
replay_begin(Replay *replay, int64 webhook_id)
{
	Datum values[] = {Int64GetDatum(webhook_id)};

	*replay = (Replay){.webhook_id = webhook_id, .from = GetCurrentTimestamp()};
	if (rf_execute(&hold_webhook, values, NULL) == 0)
		return false;
	rf_format_read(&replay->subscription, 0, 1);
	return true;
}

/* ---- one batch ---------------------------------------------------------- */

/* i: the place in the array. Payloads are read only if they are wanted. */
RF_STATEMENT(hold_events,
			 "SELECT n.i, e.home, CASE WHEN $2 THEN convert_from(e.payload, 'UTF8') END"
			 " FROM unnest($1) WITH ORDINALITY AS n (id, i)"
			 " JOIN @extschema@.rf_event e ON e.id = n.id"
			 " WHERE e.home IN (SELECT h.home FROM @extschema@.rf_home h)"
			 " FOR KEY SHARE OF e",
			 INT8ARRAYOID, BOOLOID);

static void
batch_hold_events(const Replay *replay, Over *overs, int n)
{
	RfColumn ids;
	Datum	 values[2];
	uint64	 found;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < n; i++)
		rf_column_add(&ids, Int64GetDatum(overs[i].event_id));
	values[0] = rf_column_array(&ids);
	values[1] = BoolGetDatum(replay->subscription.format != RF_FORMAT_STANDARD);
	found = rf_execute(&hold_events, values, NULL);
	for (uint64 row = 0; row < found; row++)
	{
		Over *over = &overs[rf_int64(row, 1) - 1];

		over->taken = true;
		over->home = rf_int64(row, 2);
		over->payload = rf_text(row, 3);
	}
}

RF_STATEMENT(take_dead,
			 "DELETE FROM @extschema@.rf_dead d"
			 " USING unnest($1) WITH ORDINALITY AS n (id, i)"
			 " WHERE d.delivery_id = n.id"
			 " RETURNING n.i, d.body",
			 INT8ARRAYOID);

static void
batch_take_dead(Over *overs, int n)
{
	RfColumn ids;
	int		*places = palloc_array(int, n);
	Datum	 values[1];
	uint64	 found;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < n; i++)
	{
		if (!overs[i].dead || !overs[i].taken)
			continue;
		places[ids.n] = i;
		rf_column_add(&ids, Int64GetDatum(overs[i].delivery_id));
		overs[i].taken = false;
	}
	if (ids.n == 0)
		return;
	values[0] = rf_column_array(&ids);
	found = rf_execute(&take_dead, values, NULL);
	for (uint64 row = 0; row < found; row++)
	{
		Over *over = &overs[places[rf_int64(row, 1) - 1]];
		bool  isnull;
		Datum body = rf_value(row, 2, &isnull);

		over->taken = true;
		if (!isnull)
			over->body = PointerGetDatum(PG_DETOAST_DATUM_COPY(body));
	}
}

static void
batch_make_bodies(const Replay *replay, Over *overs, int n)
{
	for (int i = 0; i < n; i++)
	{
		Over *over = &overs[i];

		if (over->taken && over->body == 0 && over->payload != NULL)
			over->made = rf_format_body(over->payload,
										rf_event_message_id(over->home, over->event_id),
										&replay->subscription);
	}
}

RF_STATEMENT(insert_retries,
			 "INSERT INTO @extschema@.rf_retry"
			 " (delivery_id, event_id, webhook_id, body, attempts, next_at)"
			 " SELECT n.id, n.event_id, $1, coalesce(n.body, convert_to(n.made, 'UTF8')), 0, n.next_at"
			 " FROM unnest($2, $3, $4, $5, $6) AS n (id, event_id, body, made, next_at)"
			 " ON CONFLICT (delivery_id) DO NOTHING",
			 INT8OID, INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID);

static TimestampTz
replay_time(const Replay *replay, int64 n)
{
	return replay->from + (int64) rint((double) n * replay->step);
}

/* The columns of insert_retries. */
enum
{
	RETRY_ID,
	RETRY_EVENT_ID,
	RETRY_BODY,
	RETRY_MADE,
	RETRY_NEXT_AT,
	RETRY_COLUMNS
};

static void
batch_insert(Replay *replay, const Over *overs, int n)
{
	static const Oid types[RETRY_COLUMNS] = {INT8OID, INT8OID, BYTEAOID, TEXTOID, TIMESTAMPTZOID};
	RfColumn		 columns[RETRY_COLUMNS];
	Datum			 values[1 + RETRY_COLUMNS] = {Int64GetDatum(replay->webhook_id)};

	for (int i = 0; i < RETRY_COLUMNS; i++)
		rf_column_init(&columns[i], types[i]);
	for (int i = 0; i < n; i++)
	{
		TimestampTz next_at = replay_time(replay, replay->n + columns[RETRY_ID].n);

		if (!overs[i].taken)
			continue;
		rf_column_add(&columns[RETRY_ID], Int64GetDatum(overs[i].delivery_id));
		rf_column_add(&columns[RETRY_EVENT_ID], Int64GetDatum(overs[i].event_id));
		if (overs[i].body != 0)
			rf_column_add(&columns[RETRY_BODY], overs[i].body);
		else
			rf_column_add_null(&columns[RETRY_BODY]);
		rf_column_add_text(&columns[RETRY_MADE], overs[i].made);
		rf_column_add(&columns[RETRY_NEXT_AT], TimestampTzGetDatum(next_at));
	}
	for (int i = 0; i < RETRY_COLUMNS; i++)
		values[1 + i] = rf_column_array(&columns[i]);
	replay->n += (int64) rf_execute(&insert_retries, values, NULL);
}

/* These, in the order of their events. */
static void
replay_batch(Replay *replay, Over *overs, int n)
{
	batch_hold_events(replay, overs, n);
	batch_take_dead(overs, n);
	batch_make_bodies(replay, overs, n);
	batch_insert(replay, overs, n);
}

/* ---- one delivery ------------------------------------------------------- */

/* Its state is that of the first table that knows it: the outbox keeps what was tried. */
RF_STATEMENT(find_delivery,
			 "SELECT state, event_id, webhook_id"
			 " FROM (SELECT 1 AS n, 'pending' AS state, event_id, webhook_id"
			 "   FROM @extschema@.rf_retry WHERE delivery_id = $1"
			 "  UNION ALL SELECT 2, 'dead', event_id, webhook_id"
			 "   FROM @extschema@.rf_dead WHERE delivery_id = $1"
			 "  UNION ALL SELECT 3, 'delivered', event_id, webhook_id"
			 "   FROM @extschema@.rf_attempt WHERE delivery_id = $1"
			 "  UNION ALL SELECT 4, 'pending', event_id, webhook_id"
			 "   FROM @extschema@.rf_outbox WHERE id = $1) AS known"
			 " ORDER BY n LIMIT 1",
			 INT8OID);

static void
replay_raise_pending(int64 delivery_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("delivery " INT64_FORMAT " is pending", delivery_id),
			 errhint("It will be sent by itself; what is delivered or dead can be replayed.")));
}

/* Find it; anything but one that is over is an error. Returns its webhook. */
static int64
replay_find(Over *over, int64 delivery_id)
{
	Datum values[] = {Int64GetDatum(delivery_id)};
	char *state;

	if (rf_execute(&find_delivery, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("delivery " INT64_FORMAT " does not exist", delivery_id),
				 errhint("Deliveries are the rows of rf_delivery; old ones are removed (referral.retention).")));
	state = rf_text(0, 1);
	if (strcmp(state, "pending") == 0)
		replay_raise_pending(delivery_id);
	*over = (Over){
		.delivery_id = delivery_id,
		.event_id = rf_int64(0, 2),
		.dead = strcmp(state, "dead") == 0};
	return rf_int64(0, 3);
}

/* Why was nothing replayed? Somebody was quicker, or there is nothing to send. */
static void
replay_raise_none(const Over *over)
{
	if (over->home != 0)
		replay_raise_pending(over->delivery_id);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("event " INT64_FORMAT " of delivery " INT64_FORMAT " does not exist",
					over->event_id, over->delivery_id),
			 errhint("Old events are removed (referral.retention).")));
}

Datum
rf_replay(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Replay	 replay;
	Over	 over;
	int64	 webhook_id;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("delivery_id must not be null")));
	replay_check_isolation("rf_replay");
	rf_engine_enter(&engine, fcinfo);
	rf_mask_keep_out();
	webhook_id = replay_find(&over, PG_GETARG_INT64(0));
	if (!replay_begin(&replay, webhook_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("webhook " INT64_FORMAT " of delivery " INT64_FORMAT " does not exist",
						webhook_id, over.delivery_id)));
	replay_batch(&replay, &over, 1);
	if (replay.n == 0)
		replay_raise_none(&over);
	rf_retrying_announce();
	rf_engine_leave(&engine);
	PG_RETURN_VOID();
}

/* ---- those of a webhook ------------------------------------------------- */

/* $1 webhook, $2 dead, $3 delivered, $4 since or null, $5 names of events or null. */
#define OVER_EVENT \
	" FROM @extschema@.rf_event e WHERE e.id = o.event_id" \
	" AND e.home IN (SELECT h.home FROM @extschema@.rf_home h)" \
	" AND ($4 IS NULL OR e.created_at >= $4) AND ($5 IS NULL OR e.type = ANY ($5))"
#define OVER_DELIVERIES \
	" (SELECT d.delivery_id, d.event_id, true AS dead FROM @extschema@.rf_dead d" \
	"  WHERE $2 AND d.webhook_id = $1" \
	"  UNION ALL" \
	"  SELECT DISTINCT a.delivery_id, a.event_id, false FROM @extschema@.rf_attempt a" \
	"  WHERE $3 AND a.webhook_id = $1 AND a.outcome = 'success'" \
	"  AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = a.delivery_id)" \
	"  AND NOT EXISTS (SELECT FROM @extschema@.rf_dead d WHERE d.delivery_id = a.delivery_id)) AS o" \
	" WHERE EXISTS (SELECT" OVER_EVENT ")"

RF_STATEMENT(count_over,
			 "SELECT count(*) FROM" OVER_DELIVERIES,
			 INT8OID, BOOLOID, BOOLOID, TIMESTAMPTZOID, TEXTARRAYOID);
RF_STATEMENT(find_over,
			 "SELECT o.delivery_id, o.event_id, o.dead FROM" OVER_DELIVERIES
			 " ORDER BY o.event_id, o.delivery_id",
			 INT8OID, BOOLOID, BOOLOID, TIMESTAMPTZOID, TEXTARRAYOID);

/* Arguments of rf_replay_webhook, in their order. */
enum
{
	ARG_WEBHOOK,
	ARG_SINCE,
	ARG_STATE,
	ARG_FILTER,
	ARG_DRY_RUN,
	ARG_RATE
};

/* Which deliveries are meant: the parameters of the statements above. */
typedef struct Wanted
{
	Datum values[5];
	char  nulls[6];
} Wanted;

static void
wanted_set_state(Wanted *wanted, const char *state)
{
	bool all = strcmp(state, "all") == 0;
	bool dead = strcmp(state, "dead") == 0;
	bool delivered = strcmp(state, "delivered") == 0;

	if (!all && !dead && !delivered)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state \"%s\" of deliveries to replay does not exist", state),
				 errhint("The states are dead, delivered and all.")));
	wanted->values[1] = BoolGetDatum(all || dead);
	wanted->values[2] = BoolGetDatum(all || delivered);
}

/* The names that the patterns stand for. */
static Datum
wanted_types(Datum filter)
{
	uint32	 types = rf_event_patterns_types(filter);
	RfColumn names;

	rf_column_init(&names, TEXTOID);
	for (int type = 0; type < RF_EVENT_TYPES; type++)
	{
		if ((types & RF_EVENT_BIT(type)) != 0)
			rf_column_add_text(&names, rf_event_name(type));
	}
	return rf_column_array(&names);
}

static void
wanted_read(Wanted *wanted, FunctionCallInfo fcinfo)
{
	char *state = PG_ARGISNULL(ARG_STATE) ? "dead" : text_to_cstring(PG_GETARG_TEXT_PP(ARG_STATE));

	*wanted = (Wanted){.nulls = "     "};
	wanted->values[0] = PG_GETARG_DATUM(ARG_WEBHOOK);
	wanted_set_state(wanted, state);
	wanted->values[3] = PG_GETARG_DATUM(ARG_SINCE);
	wanted->nulls[3] = PG_ARGISNULL(ARG_SINCE) ? 'n' : ' ';
	wanted->nulls[4] = PG_ARGISNULL(ARG_FILTER) ? 'n' : ' ';
	if (!PG_ARGISNULL(ARG_FILTER))
		wanted->values[4] = wanted_types(PG_GETARG_DATUM(ARG_FILTER));
}

/* Microseconds from one delivery to the next. */
static double
replay_step(FunctionCallInfo fcinfo)
{
	double rate = 10;

	if (!PG_ARGISNULL(ARG_RATE))
		rate = DatumGetFloat8(DirectFunctionCall1(numeric_float8, PG_GETARG_DATUM(ARG_RATE)));
	if (!(rate >= RATE_MIN && rate <= RATE_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rate of a replay is out of range"),
				 errhint("It is in deliveries per second, from %g to %.0f.", RATE_MIN, RATE_MAX)));
	return USECS_PER_SEC / rate;
}

static void
replay_all(Replay *replay, const Wanted *wanted)
{
	Portal		  cursor = rf_cursor(&find_over, wanted->values, wanted->nulls);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "referral replay",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	uint64		  n;

	while ((n = rf_fetch(cursor, BATCH)) > 0)
	{
		Over *overs = palloc0_array(Over, n);

		for (uint64 row = 0; row < n; row++)
		{
			overs[row].delivery_id = rf_int64(row, 1);
			overs[row].event_id = rf_int64(row, 2);
			overs[row].dead = rf_bool(row, 3);
		}
		replay_batch(replay, overs, (int) n);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

Datum
rf_replay_webhook(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Replay	 replay;
	Wanted	 wanted;
	double	 step = replay_step(fcinfo);

	if (PG_ARGISNULL(ARG_WEBHOOK))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("webhook_id must not be null")));
	replay_check_isolation("rf_replay_webhook");
	wanted_read(&wanted, fcinfo);
	rf_engine_enter(&engine, fcinfo);
	rf_mask_keep_out();
	if (!replay_begin(&replay, PG_GETARG_INT64(ARG_WEBHOOK)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("webhook " INT64_FORMAT " does not exist", PG_GETARG_INT64(ARG_WEBHOOK))));
	replay.step = step;
	if (!PG_ARGISNULL(ARG_DRY_RUN) && PG_GETARG_BOOL(ARG_DRY_RUN))
	{
		rf_execute(&count_over, wanted.values, wanted.nulls);
		replay.n = rf_int64(0, 1);
	}
	else
	{
		replay_all(&replay, &wanted);
		rf_retrying_announce();
	}
	rf_engine_leave(&engine);
	PG_RETURN_INT64(replay.n);
}
