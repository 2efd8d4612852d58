/*
 * idempotency.c
 *	  See idempotency.h.
 *
 * The row is inserted before the work is done: the unique key makes a second
 * call wait for the first, and a call that fails takes its row along.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "base/sqlstate.h"
#include "program/batch.h"
#include "program/idempotency.h"

int rf_idempotency_retention = 30 * SECS_PER_DAY;

RF_STATEMENT(insert_call,
			 "INSERT INTO @extschema@.rf_idempotency"
			 " (campaign_id, function, key, arguments, created_at)"
			 " VALUES ($1, $2, $3, $4, $5)"
			 " ON CONFLICT DO NOTHING",
			 INT8OID, TEXTOID, TEXTOID, JSONBOID, TIMESTAMPTZOID);
RF_STATEMENT(read_call,
			 "SELECT answer, arguments = $4"
			 " FROM @extschema@.rf_idempotency"
			 " WHERE campaign_id = $1 AND function = $2 AND key = $3",
			 INT8OID, TEXTOID, TEXTOID, JSONBOID);
RF_STATEMENT(keep_answer,
			 "UPDATE @extschema@.rf_idempotency SET answer = $4"
			 " WHERE campaign_id = $1 AND function = $2 AND key = $3",
			 INT8OID, TEXTOID, TEXTOID, JSONBOID);

Jsonb *
rf_call_begin(const RfCall *call)
{
	Datum values[] = {
		Int64GetDatum(call->campaign_id), CStringGetTextDatum(call->function),
		CStringGetTextDatum(call->key), call->arguments, TimestampTzGetDatum(rf_now())};
	bool isnull;

	if (rf_execute(&insert_call, values, NULL) > 0)
		return NULL;
	if (rf_execute(&read_call, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("idempotency key \"%s\" was used by a concurrent call", call->key),
				 errhint("Try the transaction again.")));
	if (!rf_bool(0, 2))
		ereport(ERROR,
				(errcode(ERRCODE_RF_KEY_REUSED),
				 errmsg("idempotency key \"%s\" was used with other arguments", call->key),
				 errhint("A key belongs to one call; draw a new one for every new call.")));
	return DatumGetJsonbPCopy(rf_value(0, 1, &isnull));
}

void
rf_call_end(const RfCall *call, Datum answer)
{
	Datum values[] = {
		Int64GetDatum(call->campaign_id), CStringGetTextDatum(call->function),
		CStringGetTextDatum(call->key), answer};

	rf_execute(&keep_answer, values, NULL);
}

/* What another session is forgetting is left to it. */
RF_STATEMENT(forget_calls,
			 "DELETE FROM @extschema@.rf_idempotency"
			 " WHERE ctid = ANY (ARRAY("
			 "  SELECT ctid FROM @extschema@.rf_idempotency"
			 "  WHERE created_at <= $1"
			 "  ORDER BY created_at LIMIT $2"
			 "  FOR UPDATE SKIP LOCKED))",
			 TIMESTAMPTZOID, INT4OID);

int
rf_idempotency_forget(void)
{
	TimestampTz until = rf_now() - rf_idempotency_retention * USECS_PER_SEC;
	Datum		values[] = {TimestampTzGetDatum(until), Int32GetDatum(RF_BATCH)};

	return (int) rf_execute(&forget_calls, values, NULL);
}
