/*
 * predicate.c
 *	  See predicate.h.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "program/predicate.h"

/*
 * The first item a condition yields; NULL: none. Times without a zone are in UTC,
 * whoever asks: the session of a call, or the worker.
 */
static Jsonb *
condition_first(const JsonPath *condition, const Jsonb *document)
{
	LOCAL_FCINFO(fcinfo, 4);
	pg_tz *caller = session_timezone;
	Datum  item = 0;

	InitFunctionCallInfoData(*fcinfo, NULL, 4, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = JsonbPGetDatum(document);
	fcinfo->args[1].value = PointerGetDatum(condition);
	fcinfo->args[2].value = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	fcinfo->args[3].value = BoolGetDatum(true); /* silent */
	for (int i = 0; i < 4; i++)
		fcinfo->args[i].isnull = false;
	session_timezone = pg_tzset("GMT");
	PG_TRY();
	{
		item = jsonb_path_query_first_tz(fcinfo);
	}
	PG_FINALLY();
	{
		session_timezone = caller;
	}
	PG_END_TRY();
	return fcinfo->isnull ? NULL : DatumGetJsonbP(item);
}

RfHolds
rf_condition_holds(const JsonPath *condition, const Jsonb *document)
{
	Jsonb	  *item = condition_first(condition, document);
	JsonbValue value;

	if (item == NULL)
		return RF_HOLDS_NOT;
	if (!JsonbExtractScalar(&item->root, &value))
		return RF_HOLDS;
	if (value.type == jbvNull)
		return RF_HOLDS_UNKNOWN;
	return value.type != jbvBool || value.val.boolean ? RF_HOLDS : RF_HOLDS_NOT;
}

/* Only its name leads to a member, or a step that takes whatever there is. */
bool
rf_condition_may_see(const JsonPath *condition, const char *member)
{
	char *text = DatumGetCString(DirectFunctionCall1(jsonpath_out, PointerGetDatum(condition)));

	return strstr(text, psprintf("\"%s\"", member)) != NULL ||
		strchr(text, '*') != NULL || strstr(text, "keyvalue") != NULL;
}

/*
 * A variable has no value here, and asking for one is an error that "silent"
 * does not catch. As text, jsonpath writes it as $"name", and nothing else so.
 */
void
rf_condition_check(const JsonPath *condition)
{
	char *text = DatumGetCString(DirectFunctionCall1(jsonpath_out, PointerGetDatum(condition)));
	bool  in_string = false;

	for (const char *c = text; *c != '\0'; c++)
	{
		if (in_string && c[0] == '\\' && c[1] != '\0')
			c++;
		else if (*c == '"')
			in_string = !in_string;
		else if (!in_string && c[0] == '$' && c[1] == '"')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("condition uses a variable"),
					 errdetail("It is %s.", text),
					 errhint("Conditions look at what happened only, such as $.amount or $.meta.plan.")));
	}
}
