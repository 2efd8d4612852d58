/*
 * token_functions.c
 *	  What SQL calls to make inbound tokens and to end them.
 *
 * What a caller gives is judged before a row is written: the messages of the
 * table's constraints would show the row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "inbound/token.h"
#include "program/answer.h"
#include "program/campaign.h"

PG_FUNCTION_INFO_V1(rf_create_inbound_token);
PG_FUNCTION_INFO_V1(rf_rotate_inbound_token);
PG_FUNCTION_INFO_V1(rf_revoke_inbound_token);

#define NAME_MAX 255

/* ---- what is given -------------------------------------------------------- */

static void
token_argument_not_null(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

static void
token_check_name(FunctionCallInfo fcinfo, int argument, const char *name)
{
	size_t length = VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(argument));

	if (length == 0 || length > NAME_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have 1 to %d bytes", name, NAME_MAX)));
}

static void
token_check_action(Datum name)
{
	RfAction action;

	if (!rf_action_parse(TextDatumGetCString(name), &action))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("action \"%s\" is not known", TextDatumGetCString(name)),
				 errhint("The actions are qualify, unqualify, join, purchase, refund, fulfill and participant.")));
}

static void
token_check_actions(ArrayType *actions)
{
	Datum *names;
	bool  *nulls;
	int	   n;

	deconstruct_array(actions, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &n);
	if (n == 0 || ARR_HASNULL(actions))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("actions must be a list of one or more names, without nulls")));
	for (int i = 0; i < n; i++)
		token_check_action(names[i]);
}

static Datum
token_hash_datum(const char *token)
{
	uint8 hash[RF_TOKEN_HASH];

	rf_token_hash(token, hash);
	return PointerGetDatum(cstring_to_text_with_len((const char *) hash, sizeof(hash)));
}

/* ---- making --------------------------------------------------------------- */

/* Arguments of rf_create_inbound_token, in their order. */
enum
{
	CREATE_NAME,
	CREATE_CAMPAIGN,
	CREATE_ACTIONS,
	CREATE_EXPIRES_AT,
	CREATE_MAPPING,
};

RF_STATEMENT(hold_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1 FOR KEY SHARE", INT8OID);
RF_STATEMENT(insert_token,
			 "INSERT INTO @extschema@.rf_inbound_token"
			 " (name, campaign_id, actions, expires_at, mapping, token_hash, created_at)"
			 " VALUES ($1, $2, $3, $4, $5, $6, $7)"
			 " RETURNING id",
			 TEXTOID, INT8OID, TEXTARRAYOID, TIMESTAMPTZOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID);

static void
token_check_new(FunctionCallInfo fcinfo)
{
	token_argument_not_null(fcinfo, CREATE_NAME, "name");
	token_check_name(fcinfo, CREATE_NAME, "name");
	if (!PG_ARGISNULL(CREATE_ACTIONS))
		token_check_actions(PG_GETARG_ARRAYTYPE_P(CREATE_ACTIONS));
	if (!PG_ARGISNULL(CREATE_EXPIRES_AT) && PG_GETARG_TIMESTAMPTZ(CREATE_EXPIRES_AT) <= rf_now())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expires_at has passed already"),
				 errdetail("It is %s.", timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(CREATE_EXPIRES_AT)))));
	if (!PG_ARGISNULL(CREATE_MAPPING))
		token_check_name(fcinfo, CREATE_MAPPING, "mapping");
}

/* It is not deleted meanwhile. Who deletes campaigns locks tables in this order. */
static Datum
token_campaign(FunctionCallInfo fcinfo)
{
	char *slug = text_to_cstring(PG_GETARG_TEXT_PP(CREATE_CAMPAIGN));
	Datum id = Int64GetDatum(rf_campaign_by_slug(slug)->id);

	LockRelationOid(rf_engine_relation("rf_inbound_token"), RowExclusiveLock);
	if (rf_execute(&hold_campaign, &id, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("campaign \"%s\" does not exist", slug)));
	return id;
}

RF_STATEMENT(mapped_actions,
			 "SELECT array_agg(DISTINCT action) FROM @extschema@.rf_inbound_mapping"
			 " WHERE mapping = $1 HAVING count(*) > 0",
			 TEXTOID);

/* Those a mapping asks for; raises 42704 if there is no such mapping. */
static Datum
token_mapped_actions(Datum mapping)
{
	if (rf_execute(&mapped_actions, &mapping, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("mapping \"%s\" does not exist", TextDatumGetCString(mapping)),
				 errhint("Mappings are the rows of rf_inbound_mapping.")));
	return rf_array();
}

static Datum
token_actions(FunctionCallInfo fcinfo)
{
	Datum mapped = (Datum) 0;
	Datum qualify = CStringGetTextDatum(rf_action_name(RF_ACTION_QUALIFY));

	if (!PG_ARGISNULL(CREATE_MAPPING))
		mapped = token_mapped_actions(PG_GETARG_DATUM(CREATE_MAPPING));
	if (!PG_ARGISNULL(CREATE_ACTIONS))
		return PG_GETARG_DATUM(CREATE_ACTIONS);
	if (!PG_ARGISNULL(CREATE_MAPPING))
		return mapped;
	return PointerGetDatum(construct_array(&qualify, 1, TEXTOID, -1, false, TYPALIGN_INT));
}

static int64
token_insert(FunctionCallInfo fcinfo, const char *token)
{
	Datum values[] = {
		PG_GETARG_DATUM(CREATE_NAME), (Datum) 0, token_actions(fcinfo),
		PG_GETARG_DATUM(CREATE_EXPIRES_AT), PG_GETARG_DATUM(CREATE_MAPPING),
		token_hash_datum(token), TimestampTzGetDatum(rf_now())};
	char nulls[lengthof(values) + 1] = "       ";

	if (PG_ARGISNULL(CREATE_CAMPAIGN))
		nulls[1] = 'n';
	else
		values[1] = token_campaign(fcinfo);
	if (PG_ARGISNULL(CREATE_EXPIRES_AT))
		nulls[3] = 'n';
	if (PG_ARGISNULL(CREATE_MAPPING))
		nulls[4] = 'n';
	rf_execute(&insert_token, values, nulls);
	return rf_int64(0, 1);
}

Datum
rf_create_inbound_token(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	char	 token[RF_TOKEN_SIZE];
	Datum	 values[2];
	bool	 nulls[2] = {false, false};

	token_check_new(fcinfo);
	rf_token_draw(token);
	rf_engine_enter(&engine, fcinfo);
	values[0] = Int64GetDatum(token_insert(fcinfo, token));
	rf_engine_leave(&engine);
	values[1] = CStringGetTextDatum(token);
	return rf_answer(fcinfo, values, nulls);
}

/* ---- changing ------------------------------------------------------------- */

RF_STATEMENT(rotate_token,
			 "UPDATE @extschema@.rf_inbound_token"
			 " SET token_hash = $2,"
			 "  previous_hash = CASE WHEN $4 > $3 THEN token_hash END,"
			 "  previous_until = CASE WHEN $4 > $3 THEN $4 END"
			 " WHERE id = $1",
			 INT8OID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID);

Datum
rf_rotate_inbound_token(PG_FUNCTION_ARGS)
{
	RfEngine	engine;
	TimestampTz now = rf_now();
	TimestampTz end;
	char		token[RF_TOKEN_SIZE];
	Datum		values[4];

	token_argument_not_null(fcinfo, 0, "inbound_id");
	end = rf_token_end(fcinfo, 1, now);
	rf_token_draw(token);
	rf_engine_enter(&engine, fcinfo);
	rf_token_lock_live(PG_GETARG_INT64(0));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = token_hash_datum(token);
	values[2] = TimestampTzGetDatum(now);
	values[3] = TimestampTzGetDatum(end);
	rf_execute(&rotate_token, values, NULL);
	rf_engine_leave(&engine);
	PG_RETURN_TEXT_P(cstring_to_text(token));
}

RF_STATEMENT(revoke_token,
			 "UPDATE @extschema@.rf_inbound_token SET revoked_at = coalesce(revoked_at, $2)"
			 " WHERE id = $1",
			 INT8OID, TIMESTAMPTZOID);

/* What was revoked before remains so since then. */
Datum
rf_revoke_inbound_token(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Datum	 values[2];

	token_argument_not_null(fcinfo, 0, "inbound_id");
	rf_engine_enter(&engine, fcinfo);
	rf_token_lock(PG_GETARG_INT64(0));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = TimestampTzGetDatum(rf_now());
	rf_execute(&revoke_token, values, NULL);
	rf_engine_leave(&engine);
	PG_RETURN_VOID();
}
