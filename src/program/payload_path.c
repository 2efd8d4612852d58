/*
 * payload_path.c
 *	  See payload_path.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "base/number.h"
#include "program/payload_path.h"

/* ---- which there are ---------------------------------------------------- */

/* What payloads hold; not all of it is in every one. */
static const char *const known_paths[] = {
	"type", "timestamp",
	"event.type", "event.timestamp", "event.id",
	"campaign", "campaign.id", "campaign.slug", "campaign.name",
	"participant", "referrer", "reward",
	"reward.id", "reward.rule_id", "reward.rule", "reward.kind", "reward.threshold",
	"reward.recipient", "reward.metric", "reward.amount", "reward.unit",
	"reward.coupon", "reward.state", "reward.previous_state", "reward.level",
	"purchase", "purchase.id", "purchase.external_id", "purchase.amount",
	"purchase.currency", "purchase.occurred_at",
	"coupon_pool", "coupon_pool.pool", "coupon_pool.total", "coupon_pool.used",
	"coupon_pool.percent",
	"referrer.invited_count", "referrer.qualified_count",
	"webhook", "webhook.id", "webhook.name", "webhook.host", "webhook.state", "webhook.reason",
	"delivery", "delivery.id", "delivery.event_id", "delivery.event_type", "delivery.attempts",
	"delivery.error"};
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

/* ---- what stands there -------------------------------------------------- */

RfPayload
rf_payload_read(const char *standard, const char *message_id)
{
	Datum	  parsed = DirectFunctionCall1(jsonb_in, CStringGetDatum(standard));
	RfPayload payload = {DatumGetJsonbP(parsed), message_id};

	return payload;
}

/* The part of a path up to the next dot. */
static int
path_step(const char *path, int length)
{
	const char *dot = memchr(path, '.', length);

	return dot != NULL ? dot - path : length;
}

static bool
path_is(const char *path, int length, const char *name)
{
	return length == (int) strlen(name) && memcmp(path, name, length) == 0;
}

/* The place in an array that a step of a path names; -1: none. */
static int
step_place(const char *step, int length)
{
	int place = 0;

	if (length < 1 || length > 6)
		return -1;
	for (int i = 0; i < length; i++)
	{
		if (step[i] < '0' || step[i] > '9')
			return -1;
		place = place * 10 + (step[i] - '0');
	}
	return place;
}

/* A member of an object or an element of an array; NULL: there is none. */
static JsonbValue *
container_value(JsonbContainer *container, const char *step, int length)
{
	if (JsonContainerIsObject(container))
		return getKeyJsonValueFromContainer(container, step, length, NULL);
	if (JsonContainerIsArray(container) && step_place(step, length) >= 0)
		return getIthJsonbValueFromContainer(container, step_place(step, length));
	return NULL;
}

/* Follow a path from the top of a payload, whatever its shape. */
static JsonbValue *
payload_follow(JsonbContainer *container, const char *path, int length)
{
	for (;;)
	{
		int			step = path_step(path, length);
		JsonbValue *value = container_value(container, path, step);

		if (value == NULL || step == length)
			return value;
		if (value->type != jbvBinary)
			return NULL;
		container = value->val.binary.data;
		path += step + 1;
		length -= step + 1;
	}
}

/* All but type and timestamp stand below "data". */
static JsonbValue *
payload_data_value(const RfPayload *payload, const char *path, int length)
{
	JsonbValue *data = payload_follow(&payload->standard->root, "data", 4);

	if (data == NULL || data->type != jbvBinary)
		return NULL;
	return payload_follow(data->val.binary.data, path, length);
}

bool
rf_payload_value(const RfPayload *payload, const char *path, int length, JsonbValue *value)
{
	JsonbValue *found;

	if (path_is(path, length, "event.id"))
	{
		value->type = jbvString;
		value->val.string.val = unconstify(char *, payload->message_id);
		value->val.string.len = strlen(payload->message_id);
		return true;
	}
	if (path_is(path, length, "type") || path_is(path, length, "event.type"))
		found = payload_follow(&payload->standard->root, "type", 4);
	else if (path_is(path, length, "timestamp") || path_is(path, length, "event.timestamp"))
		found = payload_follow(&payload->standard->root, "timestamp", 9);
	else
		found = payload_data_value(payload, path, length);
	if (found == NULL || found->type == jbvNull)
		return false;
	*value = *found;
	return true;
}

/* ---- how it is written -------------------------------------------------- */

void
rf_payload_append_text(StringInfo out, JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			appendStringInfoString(out, "null");
			break;
		case jbvString:
			appendBinaryStringInfo(out, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			appendStringInfoString(out, rf_number_text(NumericGetDatum(value->val.numeric)));
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			break;
		case jbvBinary:
			(void) JsonbToCString(out, value->val.binary.data, value->val.binary.len);
			break;
		default:
			elog(ERROR, "unexpected type %d of a value", (int) value->type);
	}
}

void
rf_payload_append_json(StringInfo out, JsonbValue *value)
{
	if (value->type == jbvString)
		escape_json(out, pnstrdup(value->val.string.val, value->val.string.len));
	else
		rf_payload_append_text(out, value);
}
