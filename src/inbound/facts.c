/*
 * facts.c
 *	  See facts.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/sqlstate.h"
#include "inbound/call.h"
#include "inbound/facts.h"
#include "program/answer.h"
#include "program/code.h"
#include "program/particulars.h"
#include "program/payload.h"

enum
{
	FACTS_ID = 1,
	FACTS_CAMPAIGN_ID,
	FACTS_CODE,
	FACTS_STATE,
	FACTS_TYPE,
	FACTS_INVITED_COUNT,
	FACTS_QUALIFIED_COUNT,
	FACTS_JOINED_AT,
	FACTS_QUALIFIED_AT,
	FACTS_REFERRER
};

#define FACTS \
	"SELECT p.id, p.campaign_id, p.code, p.state," \
	"  CASE WHEN p.referrer_id IS NULL THEN 'person_referring' ELSE 'person_invited' END," \
	"  p.invited_count, p.qualified_count, p.joined_at, p.qualified_at, r.code" \
	" FROM @extschema@.rf_participant p" \
	" LEFT JOIN @extschema@.rf_participant r ON r.id = p.referrer_id" \
	" WHERE p.erased_at IS NULL AND "

RF_STATEMENT(facts_by_code, FACTS "p.code_key = $1 AND $2 IN (0, p.campaign_id)", TEXTOID, INT8OID);
RF_STATEMENT(facts_by_email, FACTS "p.email_key = $1 AND p.campaign_id = $2", TEXTOID, INT8OID);

static bool
find_by_code(const RfToken *token, const RfArguments *arguments)
{
	Datum values[] = {
		CStringGetTextDatum(rf_code_key(arguments->value[RF_ARGUMENT_CODE])),
		Int64GetDatum(rf_call_campaign_id(token, arguments))};

	return rf_execute(&facts_by_code, values, NULL) > 0;
}

static bool
find_by_email(const RfToken *token, const RfArguments *arguments)
{
	Datum values[] = {
		CStringGetTextDatum(rf_email_key(rf_email_trim(arguments->value[RF_ARGUMENT_EMAIL]))),
		Int64GetDatum(rf_call_campaign(token, arguments)->id)};

	return rf_execute(&facts_by_email, values, NULL) > 0;
}

static void
append_time(StringInfo out, const char *key, int column)
{
	bool  isnull;
	Datum when = rf_value(0, column, &isnull);

	appendStringInfo(out, ",\"%s\":", key);
	rf_payload_time(out, isnull ? DT_NOBEGIN : DatumGetTimestampTz(when));
}

static void
append_text(StringInfo out, const char *key, const char *text)
{
	appendStringInfoChar(out, ',');
	rf_payload_string(out, key, text);
}

/* The row last found. */
static char *
facts_json(void)
{
	int64		   campaign_id = rf_int64(0, FACTS_CAMPAIGN_ID);
	char		  *code = rf_text(0, FACTS_CODE);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"ok\":true,\"participant_id\":" INT64_FORMAT, rf_int64(0, FACTS_ID));
	append_text(&out, "code", code);
	append_text(&out, "state", rf_text(0, FACTS_STATE));
	append_text(&out, "type", rf_text(0, FACTS_TYPE));
	appendStringInfo(&out, ",\"invited_count\":%d,\"qualified_count\":%d",
					 rf_int32(0, FACTS_INVITED_COUNT), rf_int32(0, FACTS_QUALIFIED_COUNT));
	append_time(&out, "joined_at", FACTS_JOINED_AT);
	append_time(&out, "qualified_at", FACTS_QUALIFIED_AT);
	append_text(&out, "referrer", rf_text(0, FACTS_REFERRER));
	/* Last: looking the campaign up runs another statement. */
	append_text(&out, "url", rf_campaign_link(rf_campaign_by_id(campaign_id), code));
	appendStringInfoChar(&out, '}');
	return out.data;
}

char *
rf_facts_read(const RfToken *token, const RfArguments *arguments)
{
	const char *code = arguments->value[RF_ARGUMENT_CODE];

	if (code != NULL)
	{
		if (!find_by_code(token, arguments))
			rf_raise_unknown_code(code);
	}
	else if (!find_by_email(token, arguments))
		ereport(ERROR,
				(errcode(ERRCODE_RF_UNKNOWN_CODE),
				 errmsg("\"%s\" is not a participant", arguments->value[RF_ARGUMENT_EMAIL])));
	return facts_json();
}
