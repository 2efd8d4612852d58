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
#include "program/join.h"

PG_FUNCTION_INFO_V1(rf_join);
PG_FUNCTION_INFO_V1(rf_link);

RF_STATEMENT(find_by_email,
			 "SELECT id, code, state"
			 " FROM @extschema@.rf_participant"
			 " WHERE campaign_id = $1 AND email_key = $2",
			 INT8OID, TEXTOID);

RF_STATEMENT(insert_person,
			 "INSERT INTO @extschema@.rf_participant"
			 " (campaign_id, email, name, referred_by, source, ip, meta)"
			 " VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, '{}'))"
			 " ON CONFLICT (campaign_id, email_key) DO NOTHING"
			 " RETURNING id, code, state",
			 INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INETOID, JSONBOID);

static Datum
text_or_null(const char *text)
{
	return text != NULL ? CStringGetTextDatum(text) : 0;
}

/* Returns false if they lost to another session. */
static bool
join_insert(const RfJoinRequest *request)
{
	Datum values[] = {
		Int64GetDatum(request->campaign->id), text_or_null(request->email),
		text_or_null(request->name), text_or_null(request->referred_by),
		text_or_null(request->source), request->ip, request->meta};
	char nulls[lengthof(values) + 1] = " ";

	for (size_t i = 1; i < lengthof(values); i++)
		nulls[i] = values[i] == 0 ? 'n' : ' ';
	return rf_execute(&insert_person, values, nulls) > 0;
}

static bool
join_find(const RfJoinRequest *request)
{
	Datum values[] = {
		Int64GetDatum(request->campaign->id),
		CStringGetTextDatum(rf_email_key(rf_email_trim(request->email)))};

	return rf_execute(&find_by_email, values, NULL) > 0;
}

RfJoined
rf_join_person(const RfJoinRequest *request)
{
	RfJoined joined = {0};

	if (request->email == NULL || !join_find(request))
	{
		joined.created = join_insert(request);
		if (!joined.created && !join_find(request))
			elog(ERROR, "participant \"%s\" is neither new nor there", request->email);
	}
	joined.participant_id = rf_int64(0, 1);
	joined.code = rf_text(0, 2);
	joined.state = rf_text(0, 3);
	joined.link = rf_campaign_link(request->campaign, joined.code);
	return joined;
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

Datum
rf_join(PG_FUNCTION_ARGS)
{
	RfJoinRequest request = {
		.email = optional_text(fcinfo, 1),
		.name = optional_text(fcinfo, 2),
		.referred_by = optional_text(fcinfo, 3),
		.source = optional_text(fcinfo, 4),
		.ip = PG_ARGISNULL(5) ? 0 : PG_GETARG_DATUM(5),
		.meta = PG_ARGISNULL(6) ? 0 : PG_GETARG_DATUM(6),
	};
	char	*slug = optional_text(fcinfo, 0);
	RfEngine engine;
	RfJoined joined;
	Datum	 values[4] = {0};
	bool	 nulls[4] = {false};

	rf_engine_enter(&engine, fcinfo);
	request.campaign = rf_campaign_by_slug(slug);
	joined = rf_join_person(&request);
	rf_engine_leave(&engine);
	values[0] = Int64GetDatum(joined.participant_id);
	values[1] = CStringGetTextDatum(joined.code);
	nulls[2] = joined.link == NULL;
	if (joined.link != NULL)
		values[2] = CStringGetTextDatum(joined.link);
	values[3] = BoolGetDatum(joined.created);
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
