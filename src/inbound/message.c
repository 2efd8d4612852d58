/*
 * message.c
 *	  See message.h.
 *
 * As in idempotency.c, the row is written before the work is done: the unique key
 * makes a second message wait for the first, and a call that fails takes its row
 * along. The clock's work (tick.c) forgets them after seven days.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "base/engine.h"
#include "base/sqlstate.h"
#include "inbound/message.h"

RF_STATEMENT(insert_message,
			 "INSERT INTO @extschema@.rf_inbound_message"
			 " (token_id, message_id, digest, created_at)"
			 " VALUES ($1, $2, $3, $4)"
			 " ON CONFLICT DO NOTHING",
			 INT8OID, TEXTOID, BYTEAOID, TIMESTAMPTZOID);
RF_STATEMENT(read_message,
			 "SELECT body, coalesce(digest = $3, true)"
			 " FROM @extschema@.rf_inbound_message"
			 " WHERE token_id = $1 AND message_id = $2",
			 INT8OID, TEXTOID, BYTEAOID);
RF_STATEMENT(keep_answer,
			 "UPDATE @extschema@.rf_inbound_message SET status = $3, body = $4"
			 " WHERE token_id = $1 AND message_id = $2",
			 INT8OID, TEXTOID, INT4OID, TEXTOID);

char *
rf_message_begin(const RfMessage *message)
{
	Datum values[] = {
		Int64GetDatum(message->token_id), CStringGetTextDatum(message->id),
		message->digest, TimestampTzGetDatum(rf_now())};
	const char *nulls = message->digest == 0 ? "  n " : NULL;

	if (rf_execute(&insert_message, values, nulls) > 0)
		return NULL;
	if (rf_execute(&read_message, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("idempotency key \"%s\" was used by a concurrent call", message->id),
				 errhint("Try the call again.")));
	if (message->digest != 0 && !rf_bool(0, 2))
		ereport(ERROR,
				(errcode(ERRCODE_RF_KEY_REUSED),
				 errmsg("idempotency key \"%s\" was used for another call", message->id),
				 errhint("A key belongs to one call; draw a new one for every new call.")));
	return rf_text(0, 1);
}

void
rf_message_end(const RfMessage *message, int status, const char *body)
{
	Datum values[] = {
		Int64GetDatum(message->token_id), CStringGetTextDatum(message->id),
		Int32GetDatum(status), CStringGetTextDatum(body)};

	rf_execute(&keep_answer, values, NULL);
}

bool
rf_message_key_is_valid(const char *key)
{
	size_t length = strlen(key);

	if (length == 0 || length > RF_MESSAGE_KEY_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (key[i] < ' ' || key[i] > '~')
			return false;
	}
	return true;
}

static Datum
sha256_of(const char *bytes, size_t length)
{
	return DirectFunctionCall1(sha256_bytea,
							   PointerGetDatum(cstring_to_text_with_len(bytes, (int) length)));
}

char *
rf_message_name(const char *name, int position)
{
	if (!rf_message_key_is_valid(name))
		name = TextDatumGetCString(DirectFunctionCall2(
			binary_encode, sha256_of(name, strlen(name)), CStringGetTextDatum("hex")));
	return position == 0 ? pstrdup(name) : psprintf("%s#%d", name, position);
}

Datum
rf_message_digest(const char *action, const char *body, size_t length)
{
	StringInfoData all;

	initStringInfo(&all);
	appendStringInfoString(&all, action);
	appendStringInfoChar(&all, '\n');
	appendBinaryStringInfo(&all, body, (int) length);
	return sha256_of(all.data, all.len);
}
