/*
 * webhook_functions.c
 *	  What SQL calls to make a webhook and to judge a URL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/secret.h"
#include "delivery/webhook.h"
#include "program/campaign.h"

PG_FUNCTION_INFO_V1(rf_create_webhook);
PG_FUNCTION_INFO_V1(rf_check_url);

/* Arguments of rf_create_webhook, in their order. */
enum
{
	CREATE_URL,
	CREATE_EVENTS,
	CREATE_CAMPAIGN,
	CREATE_NAME,
	CREATE_METHOD,
	CREATE_FORMAT,
	CREATE_FIELDS,
	CREATE_EXTRA,
	CREATE_SOURCES,
	CREATE_RULE_ID,
	CREATE_HEADERS,
	CREATE_TEMPLATE,
	CREATE_SIGNATURE,
};

/* Those that are columns, in the order of insert_webhook; the campaign becomes its id. */
static const int create_columns[] = {
	CREATE_URL, CREATE_EVENTS, CREATE_CAMPAIGN, CREATE_NAME, CREATE_METHOD, CREATE_FORMAT,
	CREATE_FIELDS, CREATE_EXTRA, CREATE_SOURCES, CREATE_RULE_ID, CREATE_TEMPLATE};

RF_STATEMENT(insert_webhook,
			 "INSERT INTO @extschema@.rf_webhook"
			 " (url, events, campaign_id, name, method, format, fields, extra, sources, rule_id,"
			 "  template)"
			 " VALUES ($1, coalesce($2, '{*}'), $3, $4, coalesce($5, 'POST'),"
			 "  coalesce($6, 'standard'), $7, $8, $9, $10, $11)"
			 " RETURNING id",
			 TEXTOID, TEXTARRAYOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID,
			 TEXTARRAYOID, INT8OID, JSONBOID);

static int64
webhook_insert(FunctionCallInfo fcinfo)
{
	Datum values[lengthof(create_columns)];
	char  nulls[lengthof(create_columns)];

	for (size_t i = 0; i < lengthof(create_columns); i++)
	{
		int argument = create_columns[i];

		values[i] = PG_GETARG_DATUM(argument);
		nulls[i] = PG_ARGISNULL(argument) ? 'n' : ' ';
		if (argument == CREATE_CAMPAIGN && nulls[i] == ' ')
			values[i] =
				Int64GetDatum(rf_campaign_by_slug(TextDatumGetCString(values[i]))->id);
	}
	rf_execute(&insert_webhook, values, nulls);
	return rf_int64(0, 1);
}

/* The trigger has made a shared secret. Returns what the receiver needs, in buffer. */
static void
webhook_make_key(int64 webhook_id, RfKeyKind kind, char secret[RF_SECRET_SIZE])
{
	TimestampTz now = GetCurrentTimestamp();
	RfKey		key;

	if (kind != RF_KEY_SHARED)
		rf_secret_rotate(webhook_id, kind, now, now, &key);
	else
		(void) rf_secret_current_key(webhook_id, &key);
	rf_signature_encode_receiver_key(&key, secret);
}

Datum
rf_create_webhook(PG_FUNCTION_ARGS)
{
	RfEngine  engine;
	TupleDesc tupdesc;
	Datum	  values[2];
	bool	  nulls[2] = {false, false};
	int64	  webhook_id;
	RfKeyKind kind = RF_KEY_SHARED;
	char	  secret[RF_SECRET_SIZE];

	if (PG_ARGISNULL(CREATE_URL))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("url must not be null")));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);
	if (!PG_ARGISNULL(CREATE_SIGNATURE))
		kind = rf_secret_key_kind(text_to_cstring(PG_GETARG_TEXT_PP(CREATE_SIGNATURE)));
	rf_engine_enter(&engine, fcinfo);
	webhook_id = webhook_insert(fcinfo);
	if (!PG_ARGISNULL(CREATE_HEADERS))
		rf_webhook_set_headers(webhook_id, PG_GETARG_JSONB_P(CREATE_HEADERS));
	webhook_make_key(webhook_id, kind, secret);
	rf_engine_leave(&engine);
	values[0] = Int64GetDatum(webhook_id);
	values[1] = CStringGetTextDatum(secret);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}

Datum
rf_check_url(PG_FUNCTION_ARGS)
{
	RfTarget target = rf_webhook_check_url(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (target.verdict == RF_TARGET_FINE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(target.reason));
}
