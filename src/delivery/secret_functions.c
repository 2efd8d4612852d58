/*
 * secret_functions.c
 *	  What SQL calls to see, change and set secrets; and the trigger that checks
 *	  their rows.
 *
 * No message shows a value. The trigger stands before the constraints of the
 * table, whose messages would: "Failing row contains ...".
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/certificate.h"
#include "delivery/secret.h"

PG_FUNCTION_INFO_V1(rf_webhook_secret);
PG_FUNCTION_INFO_V1(rf_rotate_secret);
PG_FUNCTION_INFO_V1(rf_set_tls);
PG_FUNCTION_INFO_V1(rf_secret_admit);

#define KEEP_DAYS_MAX 366
#define TLS_BYTES_MAX (64 * 1024)

static int64
secret_webhook_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("webhook_id must not be null")));
	return PG_GETARG_INT64(0);
}

/* ---- keys --------------------------------------------------------------- */

static Datum
secret_for_receiver(const RfKey *key)
{
	char secret[RF_SECRET_SIZE];

	rf_signature_encode_receiver_key(key, secret);
	return CStringGetTextDatum(secret);
}

Datum
rf_webhook_secret(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	RfKey	 key;
	bool	 found;

	rf_engine_enter(&engine, fcinfo);
	found = rf_secret_current_key(PG_GETARG_INT64(0), &key);
	rf_engine_leave(&engine);
	if (!found)
		PG_RETURN_NULL();
	return secret_for_receiver(&key);
}

/* When the others end. */
static TimestampTz
secret_end(FunctionCallInfo fcinfo, TimestampTz now)
{
	TimestampTz end;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("keep must not be null")));
	end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												  TimestampTzGetDatum(now), PG_GETARG_DATUM(1)));
	if (end < now || end > now + KEEP_DAYS_MAX * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("keep is out of range"),
				 errhint("Secrets are kept between 0 and %d days.", KEEP_DAYS_MAX)));
	return end;
}

static RfKeyKind
secret_new_kind(FunctionCallInfo fcinfo, int64 webhook_id)
{
	RfKey current;

	if (!PG_ARGISNULL(2))
		return rf_secret_key_kind(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	return rf_secret_current_key(webhook_id, &current) ? current.kind : RF_KEY_SHARED;
}

Datum
rf_rotate_secret(PG_FUNCTION_ARGS)
{
	int64		webhook_id = secret_webhook_argument(fcinfo);
	TimestampTz now;
	RfEngine	engine;
	RfKey		key;

	rf_engine_enter(&engine, fcinfo);
	rf_secret_lock_webhook(webhook_id);
	/* The time after the lock: of two that rotate, the later one is the newer. */
	now = GetCurrentTimestamp();
	rf_secret_rotate(webhook_id, secret_new_kind(fcinfo, webhook_id), now,
					 secret_end(fcinfo, now), &key);
	rf_engine_leave(&engine);
	return secret_for_receiver(&key);
}

/* ---- TLS ---------------------------------------------------------------- */

enum
{
	TLS_WEBHOOK_ID,
	TLS_CA,
	TLS_CERTIFICATE,
	TLS_KEY
};

static const char *const tls_names[] = {
	[TLS_CA] = "ca", [TLS_CERTIFICATE] = "certificate", [TLS_KEY] = "key"};

/* NULL for null. */
static char *
tls_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return NULL;
	if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(argument)) > TLS_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s is longer than %d bytes", tls_names[argument], TLS_BYTES_MAX)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static void
tls_refuse(int argument, const char *reason)
{
	if (reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be used: %s", tls_names[argument], reason),
				 errhint("Give the text of a PEM file.")));
}

static void
tls_check(const char *ca, const char *certificate, const char *key)
{
	if ((certificate == NULL) != (key == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("certificate and key of a client belong together"),
				 errhint("Give both or neither.")));
	if (ca != NULL)
		tls_refuse(TLS_CA, rf_certificate_check(ca));
	if (certificate == NULL)
		return;
	tls_refuse(TLS_CERTIFICATE, rf_certificate_check(certificate));
	tls_refuse(TLS_KEY, rf_certificate_check_key(certificate, key));
}

/* An object of those that are not NULL. */
static char *
tls_object(char *const values[])
{
	StringInfoData object;
	char		   separator = '{';

	initStringInfo(&object);
	for (int i = TLS_CA; i <= TLS_KEY; i++)
	{
		if (values[i] == NULL)
			continue;
		appendStringInfo(&object, "%c\"%s\": ", separator, tls_names[i]);
		escape_json(&object, values[i]);
		separator = ',';
	}
	appendStringInfoChar(&object, '}');
	return separator == '{' ? NULL : object.data;
}

Datum
rf_set_tls(PG_FUNCTION_ARGS)
{
	int64	 webhook_id = secret_webhook_argument(fcinfo);
	char	*values[TLS_KEY + 1];
	RfEngine engine;

	for (int i = TLS_CA; i <= TLS_KEY; i++)
		values[i] = tls_argument(fcinfo, i);
	tls_check(values[TLS_CA], values[TLS_CERTIFICATE], values[TLS_KEY]);
	rf_engine_enter(&engine, fcinfo);
	rf_secret_lock_webhook(webhook_id);
	rf_secret_replace(webhook_id, "tls", tls_object(values));
	rf_engine_leave(&engine);
	PG_RETURN_VOID();
}

/* ---- rows --------------------------------------------------------------- */

/* The new row's column; raises 23502 if it is null and must not be. */
static Datum
secret_column(TriggerData *data, const char *column, bool *isnull)
{
	HeapTuple row =
		TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	TupleDesc tupdesc = RelationGetDescr(data->tg_relation);
	bool	  null;
	Datum	  value = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, column), &null);

	if (isnull != NULL)
		*isnull = null;
	else if (null)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("%s of a secret must not be null", column)));
	return value;
}

/* As jsonb_in, whose message shows what it was given. */
static bool
secret_is_object(char *value)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool result = false;

	PG_TRY();
	{
		Jsonb *object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(value)));

		result = JB_ROOT_IS_OBJECT(object);
	}
	PG_CATCH();
	{
		int code;

		MemoryContextSwitchTo(context);
		code = geterrcode();
		if (ERRCODE_TO_CATEGORY(code) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		/* Not the end of the story: the caller raises an error without the value. */
		FlushErrorState();
	}
	PG_END_TRY();
	return result;
}

static void
secret_refuse(int64 webhook_id, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("secret of webhook " INT64_FORMAT " %s", webhook_id, what)));
}

Datum
rf_secret_admit(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	int64		 webhook_id;
	char		*kind;
	char		*value;
	TimestampTz	 valid_from;
	TimestampTz	 valid_until;
	bool		 endless;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		!TRIGGER_FIRED_BEFORE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"rf_secret_admit\" must be fired before row")));
	webhook_id = DatumGetInt64(secret_column(data, "webhook_id", NULL));
	kind = TextDatumGetCString(secret_column(data, "kind", NULL));
	value = TextDatumGetCString(secret_column(data, "value", NULL));
	valid_from = DatumGetTimestampTz(secret_column(data, "valid_from", NULL));
	valid_until = DatumGetTimestampTz(secret_column(data, "valid_until", &endless));
	if (strcmp(kind, "signing") != 0 && strcmp(kind, "headers") != 0 && strcmp(kind, "tls") != 0)
		secret_refuse(webhook_id, "is of no known kind");
	if (strcmp(kind, "signing") != 0 && !secret_is_object(value))
		secret_refuse(webhook_id, "is not a JSON object");
	if (!endless && valid_until <= valid_from)
		secret_refuse(webhook_id, "would end before it begins");
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple
																   : data->tg_trigtuple);
}
