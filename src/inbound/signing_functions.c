/*
 * signing_functions.c
 *	  What SQL calls to say how a token's calls are signed; and the trigger that
 *	  checks the rows of secrets.
 *
 * No message shows a secret. The trigger stands before the constraints of the
 * table, whose messages would: "Failing row contains ...".
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/clock.h"
#include "base/engine.h"
#include "base/written.h"
#include "inbound/signing.h"
#include "inbound/token.h"

PG_FUNCTION_INFO_V1(rf_sign_inbound);
PG_FUNCTION_INFO_V1(rf_inbound_secret_admit);

#define SECRET_BYTES_MAX 1024

/* ---- what is given -------------------------------------------------------- */

/* Arguments of rf_sign_inbound, in their order. */
enum
{
	SIGN_INBOUND_ID,
	SIGN_SCHEME,
	SIGN_SECRET,
	SIGN_OPTIONS,
	SIGN_KEEP,
};

static Jsonb *
signing_options(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(SIGN_OPTIONS) ? NULL : PG_GETARG_JSONB_P(SIGN_OPTIONS);
}

/* Blanks around it come with what is copied from a page. */
static bool
secret_is_plain(const char *secret)
{
	size_t length = strlen(secret);

	for (const char *c = secret; *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || (unsigned char) *c == 0x7f)
			return false;
	}
	return length > 0 && secret[0] != ' ' && secret[length - 1] != ' ';
}

static void
signing_check_secret(const char *scheme, const char *secret)
{
	RfSenderKey key;

	if (strlen(secret) > SECRET_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("secret is longer than %d bytes", SECRET_BYTES_MAX)));
	if (strcmp(scheme, "standard") == 0 && !rf_signing_key(scheme, secret, &key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("secret is not one of Standard Webhooks"),
				 errhint("It is base64 with \"whsec_\" before it or, of senders with a key pair, their public key, \"whpk_\".")));
	if (!secret_is_plain(secret))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("secret is empty, has control characters in it, or blanks around it")));
}

/* The scheme and its secret: both or neither. Returns whether they are given. */
static bool
signing_check(FunctionCallInfo fcinfo)
{
	char *scheme;

	if (PG_ARGISNULL(SIGN_INBOUND_ID))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("inbound_id must not be null")));
	if (PG_ARGISNULL(SIGN_SCHEME) != PG_ARGISNULL(SIGN_SECRET))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("scheme and secret belong together"),
				 errhint("Give both; or neither, so that signatures are no longer checked.")));
	if (PG_ARGISNULL(SIGN_SCHEME))
		return false;
	scheme = text_to_cstring(PG_GETARG_TEXT_PP(SIGN_SCHEME));
	(void) rf_signing_scheme(scheme, signing_options(fcinfo));
	signing_check_secret(scheme, text_to_cstring(PG_GETARG_TEXT_PP(SIGN_SECRET)));
	return true;
}

/* ---- changing ------------------------------------------------------------- */

/* A secret of another scheme would never be right. */
RF_STATEMENT(delete_secrets,
			 "DELETE FROM @extschema@.rf_inbound_secret s"
			 " USING @extschema@.rf_inbound_token t"
			 " WHERE s.inbound_id = $1 AND t.id = $1"
			 "  AND (t.scheme IS DISTINCT FROM $2 OR s.valid_until <= $3 OR $4 <= $3)",
			 INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
RF_STATEMENT(end_secrets,
			 "UPDATE @extschema@.rf_inbound_secret SET valid_until = least(valid_until, $2)"
			 " WHERE inbound_id = $1",
			 INT8OID, TIMESTAMPTZOID);
RF_STATEMENT(set_scheme,
			 "UPDATE @extschema@.rf_inbound_token SET scheme = $2, signing_options = $3"
			 " WHERE id = $1",
			 INT8OID, TEXTOID, JSONBOID);
RF_STATEMENT(insert_secret,
			 "INSERT INTO @extschema@.rf_inbound_secret (inbound_id, value, created_at)"
			 " SELECT inbound_id, value, created_at FROM written");

/* Those that are there end when that is; at once, if it is not after now. */
static void
signing_end_secrets(FunctionCallInfo fcinfo, TimestampTz now, TimestampTz end)
{
	int64 id = PG_GETARG_INT64(SIGN_INBOUND_ID);
	Datum deleted[] = {
		Int64GetDatum(id), PG_GETARG_DATUM(SIGN_SCHEME),
		TimestampTzGetDatum(now), TimestampTzGetDatum(end)};
	Datum ended[] = {Int64GetDatum(id), TimestampTzGetDatum(end)};

	rf_execute(&delete_secrets, deleted, PG_ARGISNULL(SIGN_SCHEME) ? " n  " : NULL);
	if (rf_execute(&end_secrets, ended, NULL) >= RF_SIGNING_SECRETS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("inbound token " INT64_FORMAT " has too many secrets that are still valid", id),
				 errdetail("%d at most are accepted at one time.", RF_SIGNING_SECRETS_MAX),
				 errhint("Wait until one of them ends, or end them all with keep => '0'.")));
}

static void
signing_set_scheme(FunctionCallInfo fcinfo)
{
	Jsonb *options = signing_options(fcinfo);
	bool   none = options == NULL || JB_ROOT_COUNT(options) == 0;
	Datum  values[] = {
		 PG_GETARG_DATUM(SIGN_INBOUND_ID), PG_GETARG_DATUM(SIGN_SCHEME),
		 none ? (Datum) 0 : JsonbPGetDatum(options)};
	char nulls[] = {
		' ', PG_ARGISNULL(SIGN_SCHEME) ? 'n' : ' ',
		none || PG_ARGISNULL(SIGN_SCHEME) ? 'n' : ' '};

	rf_execute(&set_scheme, values, nulls);
}

static void
signing_insert_secret(FunctionCallInfo fcinfo, TimestampTz now)
{
	Datum values[] = {
		PG_GETARG_DATUM(SIGN_INBOUND_ID), PG_GETARG_DATUM(SIGN_SECRET), TimestampTzGetDatum(now)};
	bool	   nulls[lengthof(values)] = {false};
	TupleDesc  columns = CreateTemplateTupleDesc(lengthof(values));
	RfWritten *written;

	TupleDescInitEntry(columns, 1, "inbound_id", INT8OID, -1, 0);
	TupleDescInitEntry(columns, 2, "value", TEXTOID, -1, 0);
	TupleDescInitEntry(columns, 3, "created_at", TIMESTAMPTZOID, -1, 0);
	written = rf_written_create(columns);
	rf_written_add(written, values, nulls);
	rf_written_execute(written, &insert_secret);
}

Datum
rf_sign_inbound(PG_FUNCTION_ARGS)
{
	RfEngine	engine;
	bool		is_signed = signing_check(fcinfo);
	TimestampTz now = rf_now();
	TimestampTz end = rf_token_end(fcinfo, SIGN_KEEP, now);

	rf_engine_enter(&engine, fcinfo);
	rf_token_lock_live(PG_GETARG_INT64(SIGN_INBOUND_ID));
	signing_end_secrets(fcinfo, now, end);
	signing_set_scheme(fcinfo);
	if (is_signed)
		signing_insert_secret(fcinfo, now);
	rf_engine_leave(&engine);
	PG_RETURN_VOID();
}

/* ---- rows ----------------------------------------------------------------- */

/* Columns that must not be null, in the order in which they are looked at. */
static const char *const secret_columns[] = {"inbound_id", "value", "created_at"};

Datum
rf_inbound_secret_admit(PG_FUNCTION_ARGS)
{
	TriggerData *data = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc = RelationGetDescr(data->tg_relation);
	HeapTuple	 row =
		   TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;

	for (size_t i = 0; i < lengthof(secret_columns); i++)
	{
		bool isnull;

		(void) SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, secret_columns[i]), &isnull);
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("%s of a secret must not be null", secret_columns[i])));
	}
	return PointerGetDatum(row);
}
