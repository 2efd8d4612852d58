/*
 * consequence.c
 *	  See consequence.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/consequence.h"
#include "program/fulfilment.h"
#include "program/webhook_event.h"

/* The columns of failures and deaths. */
enum
{
	LATER_ID,
	LATER_EVENT_ID,
	LATER_WEBHOOK_ID,
	LATER_ATTEMPTS,
	LATER_NEXT_AT,
	LATER_ERROR,
	LATER_COLUMNS
};

static const Oid later_types[LATER_COLUMNS] = {
	INT8OID, INT8OID, INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID};

/* Failed for the first time. The bytes come from the outbox, if it has its own. */
RF_STATEMENT(insert_retries,
			 "INSERT INTO @extschema@.rf_retry"
			 " (delivery_id, event_id, webhook_id, body, attempts, next_at)"
			 " SELECT DISTINCT ON (f.id) f.id, f.event_id, f.webhook_id,"
			 "  (SELECT o.body FROM @extschema@.rf_outbox o WHERE o.id = f.id),"
			 "  f.attempts, f.next_at"
			 " FROM unnest($1, $2, $3, $4, $5) AS f (id, event_id, webhook_id, attempts, next_at)"
			 " JOIN @extschema@.rf_webhook w ON w.id = f.webhook_id"
			 " ORDER BY f.id, f.attempts DESC"
			 " ON CONFLICT (delivery_id)"
			 " DO UPDATE SET attempts = excluded.attempts, next_at = excluded.next_at",
			 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TIMESTAMPTZARRAYOID);

/* Failed again. Rows that somebody removed meanwhile stay removed. */
RF_STATEMENT(update_retries,
			 "UPDATE @extschema@.rf_retry r"
			 " SET attempts = f.attempts, next_at = f.next_at"
			 " FROM unnest($1, $2, $3) AS f (id, attempts, next_at)"
			 " WHERE r.delivery_id = f.id",
			 INT8ARRAYOID, INT4ARRAYOID, TIMESTAMPTZARRAYOID);

RF_STATEMENT(insert_dead,
			 "INSERT INTO @extschema@.rf_dead"
			 " (delivery_id, event_id, webhook_id, body, attempts, died_at, last_error)"
			 " SELECT d.id, d.event_id, d.webhook_id,"
			 "  coalesce((SELECT r.body FROM @extschema@.rf_retry r WHERE r.delivery_id = d.id),"
			 "   (SELECT o.body FROM @extschema@.rf_outbox o WHERE o.id = d.id)),"
			 "  d.attempts, clock_timestamp(), d.error"
			 " FROM unnest($1, $2, $3, $4, $5) AS d (id, event_id, webhook_id, attempts, error)"
			 " JOIN @extschema@.rf_webhook w ON w.id = d.webhook_id"
			 " ON CONFLICT (delivery_id) DO NOTHING"
			 " RETURNING delivery_id",
			 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID);

RF_STATEMENT(delete_retries,
			 "DELETE FROM @extschema@.rf_retry WHERE delivery_id = ANY ($1)",
			 INT8ARRAYOID);

typedef bool (*ConsequenceFilter)(const RfRecord *record);

static bool
consequence_is_dead(const RfRecord *record)
{
	return record->outcome == RF_RECORD_DEAD;
}

bool
rf_consequence_lives_on(const RfRecord *record)
{
	return record->outcome == RF_RECORD_RETRY || record->outcome == RF_RECORD_DISABLED;
}

static bool
consequence_fulfills(const RfRecord *record)
{
	return record->fulfills && record->outcome == RF_RECORD_SUCCESS;
}

static bool
consequence_fails(const RfRecord *record)
{
	return record->fulfills && record->outcome == RF_RECORD_DEAD;
}

static bool
consequence_is_first_failure(const RfRecord *record)
{
	return rf_consequence_lives_on(record) && record->delivery.slot != RF_SLOT_RETRY;
}

static bool
consequence_is_later_failure(const RfRecord *record)
{
	return rf_consequence_lives_on(record) && record->delivery.slot == RF_SLOT_RETRY;
}

static bool
consequence_leaves_retry(const RfRecord *record)
{
	return !rf_consequence_lives_on(record) && record->delivery.slot == RF_SLOT_RETRY;
}

TimestampTz
rf_consequence_next_at(const RfRecord *record)
{
	return record->outcome == RF_RECORD_RETRY ? record->next_at : DT_NOEND;
}

/* The columns, as arrays, of those records that the filter lets pass. */
static int
consequence_collect(const RfRecord *records, int n, ConsequenceFilter filter,
					Datum values[LATER_COLUMNS])
{
	RfColumn columns[LATER_COLUMNS];

	for (int i = 0; i < LATER_COLUMNS; i++)
		rf_column_init(&columns[i], later_types[i]);
	for (int i = 0; i < n; i++)
	{
		const RfRecord *record = &records[i];

		if (record->locked || !filter(record))
			continue;
		rf_column_add(&columns[LATER_ID], Int64GetDatum(record->delivery.id));
		rf_column_add(&columns[LATER_EVENT_ID], Int64GetDatum(record->delivery.event_id));
		rf_column_add(&columns[LATER_WEBHOOK_ID], Int64GetDatum(record->webhook_id));
		rf_column_add(&columns[LATER_ATTEMPTS], Int32GetDatum(record->delivery.attempts + 1));
		rf_column_add(&columns[LATER_NEXT_AT], TimestampTzGetDatum(rf_consequence_next_at(record)));
		rf_column_add_text(&columns[LATER_ERROR], record->error);
	}
	if (columns[LATER_ID].n > 0)
	{
		for (int i = 0; i < LATER_COLUMNS; i++)
			values[i] = rf_column_array(&columns[i]);
	}
	return columns[LATER_ID].n;
}

static void
consequence_write_failures(const RfRecord *records, int n)
{
	Datum values[LATER_COLUMNS];

	if (consequence_collect(records, n, consequence_is_first_failure, values) > 0)
		rf_execute(&insert_retries, values, NULL);
	if (consequence_collect(records, n, consequence_is_later_failure, values) > 0)
	{
		Datum changes[] = {values[LATER_ID], values[LATER_ATTEMPTS], values[LATER_NEXT_AT]};

		rf_execute(&update_retries, changes, NULL);
	}
}

static void
consequence_write_deaths(const RfRecord *records, int n)
{
	Datum  values[LATER_COLUMNS];
	uint64 dead;

	if (consequence_collect(records, n, consequence_is_dead, values) == 0)
		return;
	values[LATER_NEXT_AT] = values[LATER_ERROR];
	dead = rf_execute(&insert_dead, values, NULL);
	if (dead > 0)
		rf_webhooks_tell_exhausted(rf_int64_column(dead, 1));
}

/* The dead take their bytes from rf_retry before they leave it. */
static void
consequence_write_ends(const RfRecord *records, int n)
{
	Datum values[LATER_COLUMNS];

	consequence_write_deaths(records, n);
	if (consequence_collect(records, n, consequence_leaves_retry, values) > 0)
		rf_execute(&delete_retries, values, NULL);
}

static void
consequence_write_fulfilments(const RfRecord *records, int n)
{
	Datum values[LATER_COLUMNS];

	if (consequence_collect(records, n, consequence_fulfills, values) > 0)
		rf_fulfilments_note(values[LATER_ID], values[LATER_EVENT_ID], true, values[LATER_ERROR]);
	if (consequence_collect(records, n, consequence_fails, values) > 0)
		rf_fulfilments_note(values[LATER_ID], values[LATER_EVENT_ID], false, values[LATER_ERROR]);
}

void
rf_consequence_write(const RfRecord *records, int n)
{
	consequence_write_fulfilments(records, n);
	consequence_write_failures(records, n);
	consequence_write_ends(records, n);
}
