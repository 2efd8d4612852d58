/*
 * format.c
 *	  See format.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "base/sqlstate.h"
#include "program/format.h"
#include "program/payload_chosen.h"
#include "program/payload_path.h"
#include "program/template.h"

/* ---- what a webhook wants ----------------------------------------------- */

/* In the order of RfFormat. */
static const char *const format_names[] = {"standard", "fields", "form", "cloudevents", "template"};

static RfFormat
format_of_name(const char *name)
{
	if (name == NULL)
		return RF_FORMAT_STANDARD;
	for (size_t i = 0; i < lengthof(format_names); i++)
	{
		if (strcmp(format_names[i], name) == 0)
			return (RfFormat) i;
	}
	elog(ERROR, "unexpected format \"%s\"", name);
}

static Jsonb *
format_jsonb(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

void
rf_format_read(RfSubscription *subscription, uint64 row, int column)
{
	subscription->format = format_of_name(rf_text(row, column));
	subscription->fields = format_jsonb(row, column + 1);
	subscription->extra = format_jsonb(row, column + 2);
	subscription->template = format_jsonb(row, column + 3);
}

/* ---- CloudEvents -------------------------------------------------------- */

/* A member whose value the payload has; none where it has none. */
static void
cloudevent_add(StringInfo out, const char *name, const RfPayload *payload, const char *path)
{
	JsonbValue value;

	if (!rf_payload_value(payload, path, strlen(path), &value))
		return;
	appendStringInfo(out, ",\"%s\":", name);
	rf_payload_append_json(out, &value);
}

/* A slug consists of characters that need no encoding in a URI. */
static void
cloudevent_add_source(StringInfo out, const RfPayload *payload)
{
	JsonbValue slug;

	appendStringInfoString(out, ",\"source\":\"/referral");
	if (rf_payload_value(payload, "campaign.slug", strlen("campaign.slug"), &slug))
	{
		appendStringInfoString(out, "/campaign/");
		rf_payload_append_text(out, &slug);
	}
	appendStringInfoChar(out, '"');
}

/* CloudEvents 1.0.2, structured: the standard payload's data, as it stands, in an envelope. */
static char *
cloudevent_body(const char *standard, const RfPayload *payload)
{
	StringInfoData out;
	Datum		   data = DirectFunctionCall2(json_object_field, CStringGetTextDatum(standard),
											  CStringGetTextDatum("data"));

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"specversion\":\"1.0\"");
	cloudevent_add(&out, "id", payload, "event.id");
	cloudevent_add_source(&out, payload);
	cloudevent_add(&out, "type", payload, "event.type");
	cloudevent_add(&out, "time", payload, "event.timestamp");
	cloudevent_add(&out, "subject", payload, "participant.code");
	appendStringInfo(&out, ",\"datacontenttype\":\"application/json\",\"data\":%s}",
					 TextDatumGetCString(data));
	return out.data;
}

/* ---- any format --------------------------------------------------------- */

char *
rf_format_body_if_fits(const char *standard, const char *message_id,
					   const RfSubscription *subscription)
{
	RfPayload payload;

	/* Thousands of webhooks may want the same event. */
	CHECK_FOR_INTERRUPTS();
	if (subscription->format == RF_FORMAT_STANDARD)
		return NULL;
	payload = rf_payload_read(standard, message_id);
	if (subscription->format == RF_FORMAT_CLOUDEVENTS)
		return cloudevent_body(standard, &payload);
	if (subscription->format == RF_FORMAT_TEMPLATE)
		return rf_template_render(subscription->template, &payload);
	return rf_payload_chosen(&payload, subscription);
}

char *
rf_format_body(const char *standard, const char *message_id, const RfSubscription *subscription)
{
	char *body = rf_format_body_if_fits(standard, message_id, subscription);

	if (body == NULL && subscription->format != RF_FORMAT_STANDARD)
		ereport(ERROR,
				(errcode(ERRCODE_RF_PAYLOAD_TOO_LARGE),
				 errmsg("template of webhook " INT64_FORMAT " makes too large a body",
						subscription->webhook_id),
				 errdetail("The limit is %d bytes.", RF_TEMPLATE_BODY_MAX),
				 errhint("Name less in the template, or keep less in the participant's \"meta\".")));
	return body;
}
