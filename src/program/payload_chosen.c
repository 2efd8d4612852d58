/*
 * payload_chosen.c
 *	  The formats whose fields the user chose. See payload.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "program/payload.h"

/* What the standard payload holds, in the notation of fields. */
static const char *const known_paths[] = {
	"type", "timestamp",
	"campaign", "campaign.id", "campaign.slug", "campaign.name",
	"participant", "referrer", "reward",
	"reward.id", "reward.rule_id", "reward.rule", "reward.kind", "reward.threshold",
	"reward.recipient", "reward.metric", "reward.amount", "reward.unit",
	"reward.coupon", "reward.state", "reward.previous_state", "reward.level",
	"purchase", "purchase.id", "purchase.external_id", "purchase.amount",
	"purchase.currency", "purchase.occurred_at",
	"coupon_pool", "coupon_pool.pool", "coupon_pool.total", "coupon_pool.used",
	"coupon_pool.percent",
	"referrer.invited_count", "referrer.qualified_count"};
static const char *const person_paths[] = {
	"id", "code", "email", "name", "type", "state", "source", "url",
	"joined_at", "qualified_at", "meta"};

static bool
path_is_of_person(const char *path, const char *person)
{
	size_t length = strlen(person);

	if (strncmp(path, person, length) != 0)
		return false;
	path += length;
	for (size_t i = 0; i < lengthof(person_paths); i++)
	{
		if (strcmp(person_paths[i], path) == 0)
			return true;
	}
	return strncmp(path, "meta.", 5) == 0 && path[5] != '\0';
}

bool
rf_payload_path_is_known(const char *path)
{
	for (size_t i = 0; i < lengthof(known_paths); i++)
	{
		if (strcmp(known_paths[i], path) == 0)
			return true;
	}
	return path_is_of_person(path, "participant.") || path_is_of_person(path, "referrer.");
}

/*
 * Value at a path of the standard payload; NULL if there is none. All but
 * type and timestamp stand below "data".
 */
static JsonbValue *
chosen_value(Jsonb *payload, const char *path)
{
	JsonbContainer *container = &payload->root;
	JsonbValue	   *value;

	if (strcmp(path, "type") != 0 && strcmp(path, "timestamp") != 0)
	{
		value = getKeyJsonValueFromContainer(container, "data", 4, NULL);
		container = value->val.binary.data;
	}
	for (;;)
	{
		size_t length = strcspn(path, ".");

		if (!JsonContainerIsObject(container))
			return NULL;
		value = getKeyJsonValueFromContainer(container, path, length, NULL);
		if (value == NULL || path[length] == '\0')
			return value;
		if (value->type != jbvBinary)
			return NULL;
		container = value->val.binary.data;
		path += length + 1;
	}
}

/* A value's text: strings bare, null empty, the rest as JSON. */
static char *
chosen_text(JsonbValue *value)
{
	if (value == NULL || value->type == jbvNull)
		return "";
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (value->type == jbvBinary)
		return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	return JsonbToCString(NULL, &JsonbValueToJsonb(value)->root, 0);
}

static void
chosen_json(StringInfo out, const char *name, JsonbValue *value)
{
	appendStringInfoChar(out, out->len == 0 ? '{' : ',');
	escape_json(out, name);
	appendStringInfoChar(out, ':');
	if (value == NULL || value->type == jbvNull)
		appendStringInfoString(out, "null");
	else if (value->type == jbvString)
		escape_json(out, chosen_text(value));
	else
		appendStringInfoString(out, chosen_text(value));
}

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

static void
chosen_pair(StringInfo out, const char *name, JsonbValue *value)
{
	if (out->len > 0)
		appendStringInfoChar(out, '&');
	percent_encode(out, name);
	appendStringInfoChar(out, '=');
	percent_encode(out, chosen_text(value));
}

/* Add every pair of an object; paths lead into the payload, or, if it is NULL,
 * the values themselves are added. */
static void
chosen_add(StringInfo out, RfFormat format, Jsonb *object, Jsonb *payload)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue		   item;
	char			  *name = NULL;

	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		JsonbValue *value = &item;

		if (token == WJB_KEY)
			name = pnstrdup(item.val.string.val, item.val.string.len);
		if (token != WJB_VALUE)
			continue;
		if (payload != NULL)
			value = chosen_value(payload, chosen_text(&item));
		if (format == RF_FORMAT_FORM)
			chosen_pair(out, name, value);
		else
			chosen_json(out, name, value);
	}
}

char *
rf_payload_chosen(const char *standard, const RfSubscription *subscription)
{
	Datum		   parsed = DirectFunctionCall1(jsonb_in, CStringGetDatum(standard));
	Jsonb		  *payload = DatumGetJsonbP(parsed);
	StringInfoData out;

	initStringInfo(&out);
	chosen_add(&out, subscription->format, subscription->fields, payload);
	if (subscription->extra != NULL)
		chosen_add(&out, subscription->format, subscription->extra, NULL);
	if (subscription->format == RF_FORMAT_FIELDS)
		appendStringInfoString(&out, out.len == 0 ? "{}" : "}");
	return out.data;
}
