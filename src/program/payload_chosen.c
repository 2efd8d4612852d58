/*
 * payload_chosen.c
 *	  The formats whose fields the user chose. See payload_chosen.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/json.h"

#include "program/payload_chosen.h"

/* RFC 3986: all bytes of UTF-8 but the unreserved characters are percent-encoded. */
static void
percent_encode(StringInfo out, const char *text)
{
	for (text = pg_server_to_any(text, strlen(text), PG_UTF8); *text != '\0'; text++)
	{
		unsigned char c = *text;

		if ((c < 0x80 && isalnum(c)) || strchr("-._~", c) != NULL)
			appendStringInfoChar(out, c);
		else
			appendStringInfo(out, "%%%02X", c);
	}
}

/* A value that is NULL is null. */
static void
chosen_json(StringInfo out, const char *name, JsonbValue *value)
{
	appendStringInfoChar(out, out->len == 0 ? '{' : ',');
	escape_json(out, name);
	appendStringInfoChar(out, ':');
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		rf_payload_append_json(out, value);
}

static void
chosen_pair(StringInfo out, const char *name, JsonbValue *value)
{
	StringInfoData text;

	initStringInfo(&text);
	if (value != NULL && value->type != jbvNull)
		rf_payload_append_text(&text, value);
	if (out->len > 0)
		appendStringInfoChar(out, '&');
	percent_encode(out, name);
	appendStringInfoChar(out, '=');
	percent_encode(out, text.data);
}

/*
 * Add every pair of an object; its values are paths into the payload, or, if
 * that is NULL, what is added.
 */
static void
chosen_add(StringInfo out, RfFormat format, Jsonb *object, const RfPayload *payload)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue		   item;
	char			  *name = NULL;

	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		JsonbValue	found;
		JsonbValue *value = &item;

		if (token == WJB_KEY)
			name = pnstrdup(item.val.string.val, item.val.string.len);
		if (token != WJB_VALUE)
			continue;
		if (payload != NULL)
			value = item.type == jbvString &&
					rf_payload_value(payload, item.val.string.val, item.val.string.len, &found)
				? &found
				: NULL;
		if (format == RF_FORMAT_FORM)
			chosen_pair(out, name, value);
		else
			chosen_json(out, name, value);
	}
}

char *
rf_payload_chosen(const RfPayload *payload, const RfSubscription *subscription)
{
	StringInfoData out;

	initStringInfo(&out);
	chosen_add(&out, subscription->format, subscription->fields, payload);
	if (subscription->extra != NULL)
		chosen_add(&out, subscription->format, subscription->extra, NULL);
	if (subscription->format == RF_FORMAT_FIELDS)
		appendStringInfoString(&out, out.len == 0 ? "{}" : "}");
	return out.data;
}
