/*
 * record.c
 *	  See record.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/consequence.h"
#include "delivery/placing.h"
#include "delivery/record.h"
#include "delivery/retention.h"
#include "delivery/retrying.h"

#define BATCH	  256 /* so many are not kept waiting for more */
#define DELAY_MS  5
#define LOCKED_MS 500 /* until locked rows are looked at again */

static RfRecord		 records[RF_RECORD_MAX];
static int			 record_count = 0;
static int			 record_locked = 0; /* of them, left over by the last turn */
static TimestampTz	 record_due_at = DT_NOEND;
static MemoryContext record_context = NULL; /* texts and answers */

void
rf_record_start(void)
{
	record_context = AllocSetContextCreate(TopMemoryContext, "referral records",
										   ALLOCSET_DEFAULT_SIZES);
}

int
rf_record_count(void)
{
	return record_count;
}

TimestampTz
rf_record_due_at(void)
{
	return record_count - record_locked >= BATCH ? DT_NOBEGIN : record_due_at;
}

/* Others' bytes: whatever the server's encoding, keep what is ASCII. */
static void
record_make_ascii(char *text)
{
	for (char *at = text; *at != '\0'; at++)
	{
		if ((unsigned char) *at < ' ' || (unsigned char) *at >= 0x7f)
			*at = '?';
	}
}

static char *
record_copy_text(const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = MemoryContextStrdup(record_context, text);
	record_make_ascii(copy);
	return copy;
}

void
rf_record_add(const RfRecord *record)
{
	RfRecord *copy = &records[record_count];
	char	 *response = NULL;

	Assert(record_count < RF_RECORD_MAX);
	if (record->response_length > 0)
	{
		response = MemoryContextAlloc(record_context, record->response_length);
		memcpy(response, record->response, record->response_length);
	}
	*copy = *record;
	copy->response = response;
	copy->error = record_copy_text(record->error);
	copy->peer = record_copy_text(record->peer);
	if (record->response_headers != NULL)
		copy->response_headers = MemoryContextStrdup(record_context, record->response_headers);
	copy->locked = false;
	record_count++;
	record_due_at = Min(record_due_at, rf_steady_now() + DELAY_MS * INT64CONST(1000));
}

/* ---- attempts ----------------------------------------------------------- */

enum
{
	ATTEMPT_DELIVERY_ID,
	ATTEMPT_EVENT_ID,
	ATTEMPT_WEBHOOK_ID,
	ATTEMPT_ATTEMPT,
	ATTEMPT_STARTED_AT,
	ATTEMPT_OUTCOME,
	ATTEMPT_STATUS,
	ATTEMPT_ERROR,
	ATTEMPT_DNS_US,
	ATTEMPT_CONNECT_US,
	ATTEMPT_TLS_US,
	ATTEMPT_FIRST_BYTE_US,
	ATTEMPT_TOTAL_US,
	ATTEMPT_PEER,
	ATTEMPT_HTTP_VERSION,
	ATTEMPT_RESPONSE,
	ATTEMPT_NEXT_AT,
	ATTEMPT_ERROR_CLASS,
	ATTEMPT_RESPONSE_HEADERS,
	ATTEMPT_COLUMNS
};

static const Oid attempt_types[ATTEMPT_COLUMNS] = {
	INT8OID, INT8OID, INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID, INT4OID, TEXTOID,
	INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID,
	TEXTOID, TEXTOID};

#define INSERT_ATTEMPTS(table) \
	RF_STATEMENT(insert_attempts_##table, \
				 "INSERT INTO @extschema@.rf_attempt_" #table \
				 " (delivery_id, event_id, webhook_id, attempt, started_at, outcome, status, error," \
				 "  dns_us, connect_us, tls_us, first_byte_us, total_us, peer, http_version," \
				 "  response, next_at, error_class, response_headers)" \
				 " SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6)," \
				 "  unnest($7), unnest($8), unnest($9), unnest($10), unnest($11), unnest($12)," \
				 "  unnest($13), unnest($14)::inet, unnest($15), unnest($16), unnest($17)," \
				 "  unnest($18), unnest($19)::jsonb", \
				 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TIMESTAMPTZARRAYOID, \
				 TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, \
				 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, \
				 BYTEAARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID)

INSERT_ATTEMPTS(0);
INSERT_ATTEMPTS(1);
INSERT_ATTEMPTS(2);
INSERT_ATTEMPTS(3);

static RfStatement *
record_attempt_statement(void)
{
	static RfStatement *const statements[RF_ATTEMPT_TABLES] = {
		&insert_attempts_0, &insert_attempts_1, &insert_attempts_2, &insert_attempts_3};

	return statements[rf_retention_attempt_table(GetCurrentTimestamp())];
}

static void
record_add_response(RfColumn *column, const RfRecord *record)
{
	bytea *bytes;

	if (record->response_length == 0)
	{
		rf_column_add_null(column);
		return;
	}
	bytes = cstring_to_text_with_len(record->response, record->response_length);
	rf_column_add(column, PointerGetDatum(bytes));
}

/*
 * One "name: value" line of others' bytes as a member of a JSON object; whatever
 * is not ASCII is replaced.
 */
static void
record_append_header(StringInfo json, const char *line, size_t length)
{
	char *header = pnstrdup(line, length);
	char *value = strchr(header, ':');

	if (value == NULL)
		return;
	record_make_ascii(header);
	*value++ = '\0';
	appendStringInfoString(json, json->len > 1 ? ", " : "");
	escape_json(json, header);
	appendStringInfoString(json, ": ");
	escape_json(json, value + strspn(value, " "));
}

static void
record_add_headers(RfColumn *column, const char *lines)
{
	StringInfoData json;

	if (lines == NULL)
	{
		rf_column_add_null(column);
		return;
	}
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	while (*lines != '\0')
	{
		size_t length = strcspn(lines, "\r\n");

		record_append_header(&json, lines, length);
		lines += length;
		lines += strspn(lines, "\r\n");
	}
	appendStringInfoChar(&json, '}');
	rf_column_add_text(column, json.data);
}

static const char *
record_outcome_name(RfRecordOutcome outcome)
{
	static const char *const names[] = {"success", "retry", "dead", "disabled"};

	return names[outcome];
}

static void
record_add_attempt(RfColumn *columns, const RfRecord *record)
{
	rf_column_add(&columns[ATTEMPT_DELIVERY_ID], Int64GetDatum(record->delivery.id));
	rf_column_add(&columns[ATTEMPT_EVENT_ID], Int64GetDatum(record->delivery.event_id));
	rf_column_add(&columns[ATTEMPT_WEBHOOK_ID], Int64GetDatum(record->webhook_id));
	rf_column_add(&columns[ATTEMPT_ATTEMPT], Int32GetDatum(record->delivery.attempts + 1));
	rf_column_add(&columns[ATTEMPT_STARTED_AT], TimestampTzGetDatum(record->started_at));
	rf_column_add_text(&columns[ATTEMPT_OUTCOME], record_outcome_name(record->outcome));
	if (record->status != 0)
		rf_column_add(&columns[ATTEMPT_STATUS], Int32GetDatum(record->status));
	else
		rf_column_add_null(&columns[ATTEMPT_STATUS]);
	rf_column_add_text(&columns[ATTEMPT_ERROR], record->error);
	rf_column_add(&columns[ATTEMPT_DNS_US], Int64GetDatum(record->dns_us));
	rf_column_add(&columns[ATTEMPT_CONNECT_US], Int64GetDatum(record->connect_us));
	rf_column_add(&columns[ATTEMPT_TLS_US], Int64GetDatum(record->tls_us));
	rf_column_add(&columns[ATTEMPT_FIRST_BYTE_US], Int64GetDatum(record->first_byte_us));
	rf_column_add(&columns[ATTEMPT_TOTAL_US], Int64GetDatum(record->total_us));
	rf_column_add_text(&columns[ATTEMPT_PEER], record->peer);
	rf_column_add_text(&columns[ATTEMPT_HTTP_VERSION], record->http_version);
	record_add_response(&columns[ATTEMPT_RESPONSE], record);
	if (record->outcome == RF_RECORD_RETRY)
		rf_column_add(&columns[ATTEMPT_NEXT_AT], TimestampTzGetDatum(record->next_at));
	else
		rf_column_add_null(&columns[ATTEMPT_NEXT_AT]);
	rf_column_add_text(&columns[ATTEMPT_ERROR_CLASS], record->error_class);
	record_add_headers(&columns[ATTEMPT_RESPONSE_HEADERS], record->response_headers);
}

static void
record_write_attempts(void)
{
	RfColumn columns[ATTEMPT_COLUMNS];
	Datum	 values[ATTEMPT_COLUMNS];

	for (int i = 0; i < ATTEMPT_COLUMNS; i++)
		rf_column_init(&columns[i], attempt_types[i]);
	for (int i = 0; i < record_count; i++)
	{
		if (!records[i].locked)
			record_add_attempt(columns, &records[i]);
	}
	for (int i = 0; i < ATTEMPT_COLUMNS; i++)
		values[i] = rf_column_array(&columns[i]);
	rf_execute(record_attempt_statement(), values, NULL);
}

/* ---- all of it ---------------------------------------------------------- */

/* Those that somebody holds; the others are ours until the turn ends. */
RF_STATEMENT(lock_retries,
			 "WITH ours AS MATERIALIZED"
			 "  (SELECT delivery_id FROM @extschema@.rf_retry"
			 "   WHERE delivery_id = ANY ($1) FOR UPDATE SKIP LOCKED)"
			 " SELECT r.delivery_id FROM @extschema@.rf_retry r"
			 " WHERE r.delivery_id = ANY ($1)"
			 "  AND r.delivery_id NOT IN (SELECT o.delivery_id FROM ours o)",
			 INT8ARRAYOID);

static void
record_mark_locked(int64 delivery_id)
{
	for (int i = 0; i < record_count; i++)
	{
		if (records[i].delivery.id == delivery_id)
			records[i].locked = true;
	}
}

static void
record_lock_retries(void)
{
	RfColumn column;
	Datum	 values[1];
	uint64	 n;

	rf_column_init(&column, INT8OID);
	for (int i = 0; i < record_count; i++)
	{
		records[i].locked = false;
		if (records[i].delivery.slot == RF_SLOT_RETRY)
			rf_column_add(&column, Int64GetDatum(records[i].delivery.id));
	}
	if (column.n == 0)
		return;
	values[0] = rf_column_array(&column);
	n = rf_execute(&lock_retries, values, NULL);
	for (uint64 row = 0; row < n; row++)
		record_mark_locked(rf_int64(row, 1));
}

void
rf_record_write(void)
{
	if (record_count == 0)
		return;
	record_lock_retries();
	record_write_attempts();
	rf_consequence_write(records, record_count);
}

/* What is still to be recorded moves, with its texts, so that nothing piles up. */
static void
record_keep_locked(void)
{
	MemoryContext before = record_context;
	int			  n = record_count;

	rf_record_start();
	record_count = 0;
	record_due_at = DT_NOEND;
	for (int i = 0; i < n; i++)
	{
		RfRecord record = records[i];

		if (record.locked)
			rf_record_add(&record);
	}
	MemoryContextDelete(before);
	record_locked = record_count;
	if (record_count > 0)
		record_due_at = rf_steady_now() + LOCKED_MS * INT64CONST(1000);
}

RfShareSet
rf_record_shares(void)
{
	RfShareSet shares = RF_SHARES_NONE;

	for (int i = 0; i < record_count; i++)
		shares |= RF_SHARE_BIT(rf_share_of(records[i].webhook_id));
	return shares;
}

void
rf_record_confirm(void)
{
	for (int i = 0; i < record_count; i++)
	{
		RfEndpoint *endpoint = rf_endpoint_find(records[i].webhook_id);

		if (records[i].locked)
			continue;
		if (records[i].outcome != RF_RECORD_SUCCESS)
			endpoint->unrecorded--;
		rf_agenda_touch(endpoint);
		rf_placing_done(endpoint, &records[i].delivery);
		if (rf_consequence_lives_on(&records[i]))
			rf_retrying_expect(endpoint, rf_consequence_next_at(&records[i]));
	}
	record_keep_locked();
}
