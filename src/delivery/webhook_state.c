/*
 * webhook_state.c
 *	  See webhook_state.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/webhook_state.h"

#define SAVE_INTERVAL_MS 1000
#define BUSY_MS			 500
#define GONE_REASON		 "the endpoint answered 410 (Gone)"

static TimestampTz state_written_at = 0; /* of the running turn */

void
rf_webhook_state_note(RfEndpoint *endpoint, TimestampTz now, const char *error)
{
	endpoint->unsaved = true;
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
rf_webhook_state_pause(RfEndpoint *endpoint, TimestampTz until)
{
	if (until <= endpoint->paused_until)
		return;
	endpoint->paused_until = until;
	endpoint->unsaved = endpoint->urgent = true;
}

void
rf_webhook_state_disable(RfEndpoint *endpoint)
{
	endpoint->state = RF_ENDPOINT_WAITING;
	endpoint->disable = true;
	endpoint->unsaved = endpoint->urgent = true;
}

static bool
state_is_due(const RfEndpoint *endpoint, TimestampTz now)
{
	if (endpoint->busy && !TimestampDifferenceExceeds(endpoint->saved_at, now, BUSY_MS))
		return false;
	return endpoint->unsaved && endpoint->state != RF_ENDPOINT_GONE &&
		(endpoint->urgent ||
		 TimestampDifferenceExceeds(endpoint->saved_at, now, SAVE_INTERVAL_MS));
}

bool
rf_webhook_state_is_due(TimestampTz now)
{
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		if (state_is_due(rf_endpoint_at(i), now))
			return true;
	}
	return false;
}

/*
 * Null keeps what is there, but for failing_since: a success ends that. It is
 * older than this process if there was no success since.
 */
RF_STATEMENT(save_states,
			 "INSERT INTO @extschema@.rf_webhook_state AS s"
			 " (webhook_id, paused_until, last_success_at, last_failure_at, last_error, failing_since,"
			 "  disabled_at, disabled_reason)"
			 " SELECT n.id, n.paused_until, n.success_at, n.failure_at, n.error, n.failing_since,"
			 "  CASE WHEN n.reason IS NOT NULL THEN clock_timestamp() END, n.reason"
			 " FROM unnest($1, $2, $3, $4, $5, $6, $7)"
			 "  AS n (id, paused_until, success_at, failure_at, error, failing_since, reason)"
			 " JOIN @extschema@.rf_webhook w ON w.id = n.id"
			 " ON CONFLICT (webhook_id) DO UPDATE"
			 " SET paused_until = coalesce(excluded.paused_until, s.paused_until),"
			 "  last_success_at = coalesce(excluded.last_success_at, s.last_success_at),"
			 "  last_failure_at = coalesce(excluded.last_failure_at, s.last_failure_at),"
			 "  last_error = coalesce(excluded.last_error, s.last_error),"
			 "  failing_since = CASE"
			 "   WHEN excluded.failing_since IS NULL OR excluded.last_success_at IS NOT NULL"
			 "   THEN excluded.failing_since"
			 "   ELSE coalesce(s.failing_since, excluded.failing_since) END,"
			 "  disabled_at = coalesce(excluded.disabled_at, s.disabled_at),"
			 "  disabled_reason = coalesce(excluded.disabled_reason, s.disabled_reason)",
			 INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID,
			 TEXTARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID);

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
			 " WHERE id = ANY ($1) AND state = 'enabled'",
			 INT8ARRAYOID);

enum
{
	STATE_ID,
	STATE_PAUSED_UNTIL,
	STATE_SUCCESS_AT,
	STATE_FAILURE_AT,
	STATE_ERROR,
	STATE_FAILING_SINCE,
	STATE_REASON,
	STATE_COLUMNS
};

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
state_add(RfColumn *columns, RfColumn *disabled, const RfEndpoint *endpoint)
{
	rf_column_add(&columns[STATE_ID], Int64GetDatum(endpoint->id));
	state_add_time(&columns[STATE_PAUSED_UNTIL], rf_steady_to_wall(endpoint->paused_until));
	state_add_time(&columns[STATE_SUCCESS_AT], endpoint->last_success_at);
	state_add_time(&columns[STATE_FAILURE_AT], endpoint->last_failure_at);
	state_add_text(&columns[STATE_ERROR], endpoint->last_error);
	state_add_time(&columns[STATE_FAILING_SINCE], endpoint->failing_since);
	state_add_text(&columns[STATE_REASON], endpoint->disable ? GONE_REASON : NULL);
	if (endpoint->disable)
		rf_column_add(disabled, Int64GetDatum(endpoint->id));
}

static void
state_save(const RfColumn *columns)
{
	Datum values[STATE_COLUMNS];

	for (int i = 0; i < STATE_COLUMNS; i++)
		values[i] = rf_column_array(&columns[i]);
	rf_execute(&save_states, values, NULL);
}

static void
state_lock(RfStatement *statement, const RfColumn *ids)
{
	Datum  values[1];
	uint64 n;

	if (ids->n == 0)
		return;
	values[0] = rf_column_array(ids);
	n = rf_execute(statement, values, NULL);
	for (uint64 row = 0; row < n; row++)
		rf_endpoint_find(rf_int64(row, 1))->busy = true;
}

/* Mark as busy whose rows cannot be had now. */
static void
state_lock_rows(void)
{
	RfColumn states;
	RfColumn webhooks;

	rf_column_init(&states, INT8OID);
	rf_column_init(&webhooks, INT8OID);
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		endpoint->in_turn = state_is_due(endpoint, state_written_at);
		if (!endpoint->in_turn)
			continue;
		endpoint->busy = false;
		rf_column_add(&states, Int64GetDatum(endpoint->id));
		if (endpoint->disable)
			rf_column_add(&webhooks, Int64GetDatum(endpoint->id));
	}
	state_lock(&lock_states, &states);
	state_lock(&lock_webhooks, &webhooks);
}

void
rf_webhook_state_write(void)
{
	static const Oid types[STATE_COLUMNS] = {
		INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID, TEXTOID};
	RfColumn columns[STATE_COLUMNS];
	RfColumn disabled;

	state_written_at = rf_steady_now();
	state_lock_rows();
	for (int i = 0; i < STATE_COLUMNS; i++)
		rf_column_init(&columns[i], types[i]);
	rf_column_init(&disabled, INT8OID);
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (endpoint->in_turn && !endpoint->busy)
			state_add(columns, &disabled, endpoint);
	}
	if (columns[STATE_ID].n > 0)
		state_save(columns);
	if (disabled.n > 0)
	{
		Datum values[] = {rf_column_array(&disabled)};

		rf_execute(&disable_webhooks, values, NULL);
	}
}

/* No result has come in since the turn began: one thread does both. */
void
rf_webhook_state_confirm(void)
{
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (!endpoint->in_turn)
			continue;
		endpoint->saved_at = state_written_at;
		if (!endpoint->busy)
			endpoint->unsaved = endpoint->urgent = endpoint->disable = false;
	}
}
