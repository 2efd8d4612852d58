/*
 * condition.c
 *	  See condition.h.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "base/clock.h"
#include "program/condition.h"
#include "program/spend.h"

static void
document_string(StringInfo out, const char *key, const char *value)
{
	appendStringInfo(out, ",\"%s\":", key);
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, value);
}

static void
document_number(StringInfo out, const char *key, Datum number)
{
	appendStringInfo(out, ",\"%s\":%s", key,
					 number == 0 ? "null" : DatumGetCString(DirectFunctionCall1(numeric_out, number)));
}

/* What was spent, in the currency at hand; 0 without any purchase. */
static Datum
document_spend(const RfHappening *happening)
{
	const RfPurchase *purchase = happening->purchase;
	const RfSpend	 *spend = rf_spending_in(&happening->spending,
											 purchase != NULL ? purchase->currency : NULL,
											 happening->campaign->currency);

	return spend != NULL ? spend->net : DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
}

Jsonb *
rf_condition_document(const RfHappening *happening)
{
	const RfPurchase *purchase = happening->purchase;
	const RfPerson	 *person = happening->participant;
	StringInfoData	  text;
	RfEvent			  event = {
				  .type = happening->event,
				  .campaign = happening->campaign,
				  .participant = person,
				  .referrer = happening->referrer,
				  .purchase = purchase,
	  };

	initStringInfo(&text);
	appendStringInfo(&text, "{\"type\":\"%s\",\"timestamp\":",
					 event.type == RF_EVENT_NONE ? "purchase" : rf_event_name(event.type));
	rf_payload_time(&text, happening->earned_at);
	document_number(&text, "amount", purchase ? purchase->amount : 0);
	document_string(&text, "currency", purchase ? purchase->currency : NULL);
	document_string(&text, "external_id", purchase ? purchase->external_id : NULL);
	document_number(&text, "spend", document_spend(happening));
	document_string(&text, "source", person->source);
	appendStringInfoString(&text, ",\"meta\":");
	(void) JsonbToCString(&text, &person->meta->root, VARSIZE(person->meta));
	appendStringInfoString(&text, ",\"data\":");
	rf_payload_data(&text, &event);
	appendStringInfoChar(&text, '}');
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
}

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
