/*
 * join.c
 *	  rf_join and rf_link: joining by a call instead of an INSERT.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/answer.h"

PG_FUNCTION_INFO_V1(rf_join);
PG_FUNCTION_INFO_V1(rf_link);

RF_STATEMENT(find_by_email,
			 "SELECT id, code"
			 " FROM @extschema@.rf_participant"
			 " WHERE campaign_id = $1 AND email_key = $2",
			 INT8OID, TEXTOID);

RF_STATEMENT(insert_person,
			 "INSERT INTO @extschema@.rf_participant"
			 " (campaign_id, email, name, referred_by, source, ip, meta)"
			 " VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, '{}'))"
			 " ON CONFLICT (campaign_id, email_key) DO NOTHING"
			 " RETURNING id, code",
			 INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INETOID, JSONBOID);

/* Arguments email to meta become columns; returns false if they lost to another session. */
static bool
join_insert(FunctionCallInfo fcinfo, int64 campaign_id)
{
	Datum values[7] = {Int64GetDatum(campaign_id)};
	char  nulls[7] = {' '};

	for (int i = 1; i < 7; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	return rf_execute(&insert_person, values, nulls) > 0;
}

static bool
join_find(int64 campaign_id, const char *email)
{
	Datum values[] = {
		Int64GetDatum(campaign_id),
		CStringGetTextDatum(rf_email_key(rf_email_trim(email)))};

	return rf_execute(&find_by_email, values, NULL) > 0;
}

Datum
rf_join(PG_FUNCTION_ARGS)
{
	RfEngine		  engine;
	const RfCampaign *campaign;
	char			 *email = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool			  created = false;
	Datum			  values[4] = {0};
	bool			  nulls[4] = {false};
	char			 *code;
	char			 *link;

	rf_engine_enter(&engine, fcinfo);
	campaign = rf_campaign_by_slug(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (email == NULL || !join_find(campaign->id, email))
	{
		created = join_insert(fcinfo, campaign->id);
		if (!created && !join_find(campaign->id, email))
			elog(ERROR, "participant \"%s\" is neither new nor there", email);
	}
	code = rf_text(0, 2);
	link = rf_campaign_link(campaign, code);
	values[0] = Int64GetDatum(rf_int64(0, 1));
	values[1] = CStringGetTextDatum(code);
	nulls[2] = link == NULL;
	if (link != NULL)
		values[2] = CStringGetTextDatum(link);
	values[3] = BoolGetDatum(created);
	rf_engine_leave(&engine);
	return rf_answer(fcinfo, values, nulls);
}

RF_STATEMENT(find_by_code,
			 "SELECT campaign_id, code"
			 " FROM @extschema@.rf_participant"
			 " WHERE code_key = $1",
			 TEXTOID);

Datum
rf_link(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	char	*code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum	 values[] = {CStringGetTextDatum(rf_code_key(code))};
	char	*link;

	rf_engine_enter(&engine, fcinfo);
	if (rf_execute(&find_by_code, values, NULL) == 0)
		rf_raise_unknown_code(code);
	code = rf_text(0, 2);
	link = rf_campaign_link(rf_campaign_by_id(rf_int64(0, 1)), code);
	rf_engine_leave(&engine);
	if (link == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(link));
}
