/*
 * webhook_state.c
 *	  See webhook_state.h.
 *
 * What endpoints keep for it is news: what the table has not been told yet. The
 * pause and the breaker are in memory as well, where they work from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/webhook_state.h"
#include "program/webhook_event.h"

#define SAVE_INTERVAL_MS 1000
#define BUSY_MS			 500 /* until rows that somebody holds are looked at again */
#define SAVE_MAX		 256 /* endpoints in one turn */
#define HOPELESS_REASON	 "no success for 5 days"

/* Times are the steady clock's. */
static TimestampTz state_next_at = 0;	 /* ordinary news are not written before */
static bool		   state_urgent = false; /* some news do not wait for that */
static int		   state_in_turn = 0;	 /* so many of those with news are written */
static int64	   state_hopeless[SAVE_MAX];
static int		   state_nhopeless = 0; /* found in the running turn */

/* ---- news --------------------------------------------------------------- */

static void
state_add_news(RfEndpoint *endpoint, bool urgent)
{
	rf_agenda_list(RF_AGENDA_UNSAVED, endpoint, true);
	endpoint->urgent |= urgent;
	state_urgent |= urgent;
}

void
rf_webhook_state_note(RfEndpoint *endpoint, TimestampTz now, const char *error)
{
	state_add_news(endpoint, false);
	if (error == NULL)
	{
		endpoint->last_success_at = now;
		endpoint->failing_since = 0;
		return;
	}
	endpoint->last_failure_at = now;
	if (endpoint->failing_since == 0)
		endpoint->failing_since = now;
	strlcpy(endpoint->last_error, error, sizeof(endpoint->last_error));
}

void
rf_webhook_state_save(RfEndpoint *endpoint)
{
	state_add_news(endpoint, true);
}

void
rf_webhook_state_pause(RfEndpoint *endpoint, TimestampTz until)
{
	if (until <= endpoint->paused_until)
		return;
	endpoint->paused_until = until;
	state_add_news(endpoint, true);
}

void
rf_webhook_state_disable(RfEndpoint *endpoint, const char *reason)
{
	endpoint->state = RF_ENDPOINT_WAITING;
	endpoint->disable = reason;
	state_add_news(endpoint, true);
	rf_agenda_touch(endpoint);
}

void
rf_webhook_state_begin(RfEndpoint *endpoint)
{
	endpoint->last_success_at = endpoint->last_failure_at = endpoint->failing_since = 0;
	endpoint->anew = true;
	state_add_news(endpoint, true);
}

TimestampTz
rf_webhook_state_due_at(void)
{
	if (rf_agenda_count(RF_AGENDA_UNSAVED) == 0)
		return DT_NOEND;
	return state_urgent ? DT_NOBEGIN : state_next_at;
}

/* ---- statements --------------------------------------------------------- */

/*
 * Null keeps what is there, but for failing_since: a success ends that. It is
 * older than this process if there was no success since.
 */
RF_STATEMENT(save_states,
			 "INSERT INTO @extschema@.rf_webhook_state AS s"
			 " (webhook_id, paused_until, last_success_at, last_failure_at, last_error, failing_since,"
			 "  disabled_at, disabled_reason, breaker, open_until, openings)"
			 " SELECT n.id, n.paused_until, n.success_at, n.failure_at, n.error, n.failing_since,"
			 "  CASE WHEN n.reason IS NOT NULL THEN clock_timestamp() END, n.reason,"
			 "  n.breaker, n.open_until, n.openings"
			 " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
			 "  AS n (id, paused_until, success_at, failure_at, error, failing_since, reason,"
			 "   breaker, open_until, openings)"
			 " JOIN @extschema@.rf_webhook w ON w.id = n.id"
			 " ON CONFLICT (webhook_id) DO UPDATE"
			 " SET paused_until = coalesce(excluded.paused_until, s.paused_until),"
			 "  last_success_at = coalesce(excluded.last_success_at, s.last_success_at),"
			 "  last_failure_at = coalesce(excluded.last_failure_at, s.last_failure_at),"
			 "  last_error = coalesce(excluded.last_error, s.last_error),"
			 "  failing_since = CASE"
			 "   WHEN excluded.last_success_at IS NOT NULL THEN excluded.failing_since"
			 "   ELSE coalesce(s.failing_since, excluded.failing_since) END,"
			 "  disabled_at = coalesce(excluded.disabled_at, s.disabled_at),"
			 "  disabled_reason = coalesce(excluded.disabled_reason, s.disabled_reason),"
			 "  breaker = excluded.breaker, open_until = excluded.open_until,"
			 "  openings = excluded.openings",
			 INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID,
			 TEXTARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID,
			 INT4ARRAYOID);

/* What we wrote of them before we heard that they were to begin anew. */
RF_STATEMENT(clear_states,
			 "UPDATE @extschema@.rf_webhook_state s"
			 " SET paused_until = NULL, failing_since = NULL,"
			 "  disabled_at = CASE WHEN w.state <> 'enabled' THEN s.disabled_at END,"
			 "  disabled_reason = CASE WHEN w.state <> 'enabled' THEN s.disabled_reason END"
			 " FROM @extschema@.rf_webhook w"
			 " WHERE s.webhook_id = ANY ($1) AND w.id = s.webhook_id",
			 INT8ARRAYOID);

/* No success for five days, and failing for more than half a day. */
RF_STATEMENT(find_hopeless,
			 "SELECT webhook_id FROM @extschema@.rf_webhook_state"
			 " WHERE webhook_id = ANY ($1) AND failing_since < $2 - interval '12 hours'"
			 "  AND coalesce(last_success_at, failing_since) < $2 - interval '120 hours'",
			 INT8ARRAYOID, TIMESTAMPTZOID);

/* Those whose rows somebody holds: nobody shall wait for him. */
RF_STATEMENT(lock_states,
			 "WITH ours AS MATERIALIZED"
			 "  (SELECT webhook_id FROM @extschema@.rf_webhook_state"
			 "   WHERE webhook_id = ANY ($1) FOR UPDATE SKIP LOCKED)"
			 " SELECT s.webhook_id FROM @extschema@.rf_webhook_state s"
			 " WHERE s.webhook_id = ANY ($1)"
			 "  AND s.webhook_id NOT IN (SELECT o.webhook_id FROM ours o)",
			 INT8ARRAYOID);
RF_STATEMENT(lock_webhooks,
			 "WITH ours AS MATERIALIZED"
			 "  (SELECT id FROM @extschema@.rf_webhook"
			 "   WHERE id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED)"
			 " SELECT w.id FROM @extschema@.rf_webhook w"
			 " WHERE w.id = ANY ($1) AND w.id NOT IN (SELECT o.id FROM ours o)",
			 INT8ARRAYOID);
RF_STATEMENT(disable_webhooks,
			 "UPDATE @extschema@.rf_webhook SET state = 'disabled'"
			 " WHERE id = ANY ($1) AND state = 'enabled'"
			 " RETURNING id",
			 INT8ARRAYOID);

/* ---- a turn ------------------------------------------------------------- */

enum
{
	STATE_ID,
	STATE_PAUSED_UNTIL,
	STATE_SUCCESS_AT,
	STATE_FAILURE_AT,
	STATE_ERROR,
	STATE_FAILING_SINCE,
	STATE_REASON,
	STATE_BREAKER,
	STATE_OPEN_UNTIL,
	STATE_OPENINGS,
	STATE_COLUMNS
};

static const Oid state_types[STATE_COLUMNS] = {
	INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID, TEXTOID,
	TEXTOID, TIMESTAMPTZOID, INT4OID};

static void
state_add_time(RfColumn *column, TimestampTz time)
{
	if (time != 0 && time != DT_NOBEGIN)
		rf_column_add(column, TimestampTzGetDatum(time));
	else
		rf_column_add_null(column);
}

static void
state_add_text(RfColumn *column, const char *text)
{
	if (text != NULL && text[0] != '\0')
		rf_column_add(column, CStringGetTextDatum(text));
	else
		rf_column_add_null(column);
}

static void
state_add(RfColumn *columns, const RfEndpoint *endpoint)
{
	const RfBreaker *breaker = &endpoint->breaker;
	bool			 open = breaker->state != RF_BREAKER_CLOSED;

	rf_column_add(&columns[STATE_ID], Int64GetDatum(endpoint->id));
	state_add_time(&columns[STATE_PAUSED_UNTIL], rf_steady_to_wall(endpoint->paused_until));
	state_add_time(&columns[STATE_SUCCESS_AT], endpoint->last_success_at);
	state_add_time(&columns[STATE_FAILURE_AT], endpoint->last_failure_at);
	state_add_text(&columns[STATE_ERROR], endpoint->last_error);
	state_add_time(&columns[STATE_FAILING_SINCE], endpoint->failing_since);
	state_add_text(&columns[STATE_REASON], endpoint->disable);
	state_add_text(&columns[STATE_BREAKER], rf_breaker_name(breaker->state));
	state_add_time(&columns[STATE_OPEN_UNTIL], open ? rf_steady_to_wall(breaker->open_until) : 0);
	rf_column_add(&columns[STATE_OPENINGS], Int32GetDatum(breaker->openings));
}

/* The ids of those of the turn that the filter lets pass, and whose rows can be had. */
static RfColumn
state_collect(bool (*filter)(const RfEndpoint *endpoint))
{
	RfColumn ids;
	int		 n = 0;

	rf_column_init(&ids, INT8OID);
	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_UNSAVED); n < state_in_turn; n++,
					endpoint = rf_agenda_next(RF_AGENDA_UNSAVED, endpoint))
	{
		if (!endpoint->busy && filter(endpoint))
			rf_column_add(&ids, Int64GetDatum(endpoint->id));
	}
	return ids;
}

static bool
state_is_any(const RfEndpoint *endpoint)
{
	(void) endpoint;
	return true;
}

static bool
state_is_anew(const RfEndpoint *endpoint)
{
	return endpoint->anew;
}

static bool
state_is_disabled(const RfEndpoint *endpoint)
{
	return endpoint->disable != NULL;
}

static bool
state_has_failed(const RfEndpoint *endpoint)
{
	return endpoint->last_failure_at != 0 && endpoint->disable == NULL;
}

/* Run a statement about them, unless there are none. Returns its rows. */
static uint64
state_execute(RfStatement *statement, bool (*filter)(const RfEndpoint *endpoint))
{
	RfColumn ids = state_collect(filter);
	Datum	 values[] = {(Datum) 0, TimestampTzGetDatum(GetCurrentTimestamp())};

	if (ids.n == 0)
		return 0;
	values[0] = rf_column_array(&ids);
	return rf_execute(statement, values, NULL);
}

/* The first of those with news. Deleted webhooks have no state. */
static void
state_begin_turn(void)
{
	RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_UNSAVED);

	state_nhopeless = 0;
	state_in_turn = 0;
	while (endpoint != NULL && state_in_turn < SAVE_MAX)
	{
		RfEndpoint *next = rf_agenda_next(RF_AGENDA_UNSAVED, endpoint);

		endpoint->busy = false;
		if (endpoint->state == RF_ENDPOINT_GONE)
			rf_agenda_list(RF_AGENDA_UNSAVED, endpoint, false);
		else
			state_in_turn++;
		endpoint = next;
	}
}

/* Mark as busy whose rows cannot be had now. */
static void
state_lock_rows(void)
{
	uint64 n = state_execute(&lock_states, state_is_any);

	for (uint64 row = 0; row < n; row++)
		rf_endpoint_find(rf_int64(row, 1))->busy = true;
	n = state_execute(&lock_webhooks, state_is_disabled);
	for (uint64 row = 0; row < n; row++)
		rf_endpoint_find(rf_int64(row, 1))->busy = true;
}

static void
state_save(void)
{
	RfColumn columns[STATE_COLUMNS];
	Datum	 values[STATE_COLUMNS];
	int		 n = 0;

	for (int i = 0; i < STATE_COLUMNS; i++)
		rf_column_init(&columns[i], state_types[i]);
	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_UNSAVED); n < state_in_turn; n++,
					endpoint = rf_agenda_next(RF_AGENDA_UNSAVED, endpoint))
	{
		if (!endpoint->busy)
			state_add(columns, endpoint);
	}
	if (columns[STATE_ID].n == 0)
		return;
	for (int i = 0; i < STATE_COLUMNS; i++)
		values[i] = rf_column_array(&columns[i]);
	rf_execute(&save_states, values, NULL);
}

/* They are disabled in a turn to come. */
static void
state_find_hopeless(void)
{
	uint64 n = state_execute(&find_hopeless, state_has_failed);

	state_nhopeless = (int) Min(n, SAVE_MAX);
	for (int row = 0; row < state_nhopeless; row++)
		state_hopeless[row] = rf_int64(row, 1);
}

void
rf_webhook_state_write(void)
{
	uint64 n;

	state_begin_turn();
	state_lock_rows();
	(void) state_execute(&clear_states, state_is_anew);
	state_save();
	n = state_execute(&disable_webhooks, state_is_disabled);
	if (n > 0)
		rf_webhooks_tell_disabled(rf_int64_column(n, 1));
	state_find_hopeless();
}

static void
state_forget_news(RfEndpoint *endpoint)
{
	endpoint->urgent = endpoint->anew = false;
	endpoint->disable = NULL;
	endpoint->last_success_at = endpoint->last_failure_at = endpoint->failing_since = 0;
	endpoint->last_error[0] = '\0';
}

static void
state_disable_hopeless(void)
{
	for (int i = 0; i < state_nhopeless; i++)
	{
		RfEndpoint *endpoint = rf_endpoint_find(state_hopeless[i]);

		if (endpoint != NULL && endpoint->state == RF_ENDPOINT_ENABLED)
			rf_webhook_state_disable(endpoint, HOPELESS_REASON);
	}
	state_nhopeless = 0;
}

/* No result has come in since the turn began: one thread does both. */
void
rf_webhook_state_confirm(void)
{
	bool busy = false;
	long wait = SAVE_INTERVAL_MS;

	for (; state_in_turn > 0; state_in_turn--)
	{
		RfEndpoint *endpoint = rf_agenda_take(RF_AGENDA_UNSAVED);

		if (endpoint->busy)
			rf_agenda_list(RF_AGENDA_UNSAVED, endpoint, true);
		else
			state_forget_news(endpoint);
		busy |= endpoint->busy;
	}
	if (busy)
		wait = BUSY_MS;
	else if (rf_agenda_count(RF_AGENDA_UNSAVED) > 0)
		wait = 0;
	state_urgent = false;
	state_next_at = rf_steady_now() + wait * INT64CONST(1000);
	state_disable_hopeless();
}
