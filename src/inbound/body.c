/*
 * body.c
 *	  See body.h.
 *
 * Members and fields that we have no name for are passed over: shops send more
 * than we ask for. What is empty or null is not given: forms have a field for
 * everything. A field of ours that comes twice is refused, as either might be
 * meant; of members of an object that have the same name the last one counts, as
 * in all JSON here.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "inbound/body.h"
#include "inbound/form.h"
#include "inbound/inbound.h"
#include "inbound/media.h"

/* ---- forms ---------------------------------------------------------------- */

/* All of it, zeros too: who reads on goes by the length. */
static char *
text_copy(const char *text, size_t length)
{
	char *copy = palloc(length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* Raises 22021 for what is no UTF-8, 22P05 for what the database has no letter for. */
static char *
server_text(const char *text, size_t length)
{
	return pg_any_to_server(text_copy(text, length), (int) length, PG_UTF8);
}

/* RF_ARGUMENTS: none of ours. */
static int
argument_of(const char *name, size_t length)
{
	int i;

	for (i = 0; i < RF_ARGUMENTS; i++)
	{
		const char *ours = rf_argument_name((RfArgument) i);

		if (strlen(ours) == length && memcmp(ours, name, length) == 0)
			break;
	}
	return i;
}

static void
form_set(RfArguments *arguments, const RfFormField *field, bool *seen)
{
	int i = argument_of(field->name, field->name_length);

	(void) pg_verify_mbstr(PG_UTF8, field->name, (int) field->name_length, false);
	(void) pg_verify_mbstr(PG_UTF8, field->value, (int) field->value_length, false);
	if (i == RF_ARGUMENTS)
		return;
	if (seen[i])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is given twice", rf_argument_name((RfArgument) i))));
	seen[i] = true;
	if (field->value_length > 0)
		arguments->value[i] = server_text(field->value, field->value_length);
}

static void
form_arguments(RfForm form, RfArguments *arguments)
{
	bool		seen[RF_ARGUMENTS] = {false};
	RfFormField field;

	while (rf_form_next(&form, &field))
		form_set(arguments, &field, seen);
}

static Jsonb *
json_of(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/* An object of strings. */
static Jsonb *
form_json(RfForm form)
{
	StringInfoData text;
	RfFormField	   field;

	initStringInfo(&text);
	while (rf_form_next(&form, &field))
	{
		appendStringInfoChar(&text, text.len == 0 ? '{' : ',');
		escape_json(&text, server_text(field.name, field.name_length));
		appendStringInfoChar(&text, ':');
		escape_json(&text, server_text(field.value, field.value_length));
	}
	appendStringInfoString(&text, text.len == 0 ? "{}" : "}");
	return json_of(text.data);
}

static void
body_read_form(RfBody *body, const char *text, size_t length, bool as_json)
{
	RfForm form = rf_form(text_copy(text, length), length);

	if (as_json)
		body->json = form_json(form);
	else
		form_arguments(form, &body->arguments);
}

/* ---- JSON ----------------------------------------------------------------- */

/*
 * A number is kept digit by digit, so that a few bytes of 1e131071 become a hundred
 * thousand. What is sent are doubles at most.
 */
static void
check_exponent(const char *at, const char *end)
{
	int exponent = 0;

	if (at < end && (*at == '+' || *at == '-'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9' && exponent <= RF_BODY_EXPONENT_MAX; at++)
		exponent = exponent * 10 + (*at - '0');
	if (exponent > RF_BODY_EXPONENT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a number in the body is out of range"),
				 errdetail("The limit of exponents is %d.", RF_BODY_EXPONENT_MAX)));
}

/*
 * What the parser would take, but we do not. Its own limit of depth, the stack's, is
 * a setting's.
 */
static void
check_json(const char *text, size_t length)
{
	bool in_string = false;
	int	 depth = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '"')
			in_string = !in_string;
		else if (in_string && text[i] == '\\')
			i++;
		else if (!in_string && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!in_string && (text[i] == '}' || text[i] == ']'))
			depth--;
		else if (!in_string && (text[i] == 'e' || text[i] == 'E'))
			check_exponent(text + i + 1, text + length);
		if (depth > RF_BODY_DEPTH_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the body is nested too deeply"),
					 errdetail("The limit is %d levels.", RF_BODY_DEPTH_MAX)));
	}
}

static bool
body_read_json(RfBody *body, const RfRequest *request, RfResponse *response)
{
	check_json(request->body, request->length);
	body->json = json_of(server_text(request->body, request->length));
	if (JB_ROOT_IS_SCALAR(body->json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the body must be a JSON object, or an array of objects")));
	if (rf_body_is_batch(body) && rf_body_ncalls(body) > RF_BATCH_CALLS_MAX)
	{
		rf_problem(response, 413, psprintf("a batch has at most %d calls", RF_BATCH_CALLS_MAX));
		return false;
	}
	return true;
}

/* ---- either --------------------------------------------------------------- */

static const char *
content_type_of(const RfRequest *request)
{
	if (request->content_type != NULL)
		return request->content_type;
	return rf_request_header(request, "content-type");
}

static bool
is_encoded(const RfRequest *request)
{
	const char *encoding = rf_request_header(request, "content-encoding");

	return encoding != NULL && encoding[0] != '\0' && pg_strcasecmp(encoding, "identity") != 0;
}

/* Without a type: nobody sends JSON as a form. */
static RfMedia
media_of(const RfRequest *request)
{
	RfMedia media = is_encoded(request) ? RF_MEDIA_OTHER : rf_media(content_type_of(request));

	if (media != RF_MEDIA_NONE)
		return media;
	if (request->length > 0 && strchr("{[\"", request->body[0]) != NULL)
		return RF_MEDIA_OTHER;
	return RF_MEDIA_FORM;
}

bool
rf_body_read(const RfRequest *request, bool as_json, RfBody *body, RfResponse *response)
{
	const char *query = request->query != NULL ? request->query : "";

	memset(body, 0, sizeof(*body));
	if (request->reads)
	{
		body_read_form(body, query, strlen(query), as_json);
		return true;
	}
	switch (media_of(request))
	{
		case RF_MEDIA_NONE:
		case RF_MEDIA_FORM:
			body_read_form(body, request->body, request->length, as_json);
			return true;
		case RF_MEDIA_JSON:
			return body_read_json(body, request, response);
		case RF_MEDIA_OTHER:
			rf_problem(response, 415,
					   "send application/x-www-form-urlencoded or application/json, unencoded");
			return false;
		case RF_MEDIA_OTHER_CHARSET:
			rf_problem(response, 415, "send UTF-8");
			return false;
	}
	return false;
}

bool
rf_body_is_batch(const RfBody *body)
{
	return body->json != NULL && JB_ROOT_IS_ARRAY(body->json);
}

int
rf_body_ncalls(const RfBody *body)
{
	return rf_body_is_batch(body) ? (int) JB_ROOT_COUNT(body->json) : 1;
}

Jsonb *
rf_body_call(const RfBody *body, int i)
{
	if (!rf_body_is_batch(body))
		return body->json;
	return JsonbValueToJsonb(getIthJsonbValueFromContainer(&body->json->root, i));
}

/* ---- objects that bear our names ------------------------------------------ */

/* NULL: null, or empty. */
static char *
member_text(RfArgument argument, JsonbValue *member)
{
	if (member->type == jbvNull || (member->type == jbvString && member->val.string.len == 0))
		return NULL;
	if (member->type == jbvString)
		return pnstrdup(member->val.string.val, member->val.string.len);
	if (member->type == jbvNumeric)
		return DatumGetCString(
			DirectFunctionCall1(numeric_out, NumericGetDatum(member->val.numeric)));
	if (member->type == jbvBool)
		return pstrdup(member->val.boolean ? "true" : "false");
	if (argument != RF_ARGUMENT_META)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be a string or a number", rf_argument_name(argument))));
	return JsonbToCString(NULL, &JsonbValueToJsonb(member)->root, -1);
}

void
rf_body_arguments(Jsonb *object, RfArguments *arguments)
{
	memset(arguments, 0, sizeof(*arguments));
	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a call must be a JSON object")));
	for (int i = 0; i < RF_ARGUMENTS; i++)
	{
		const char *name = rf_argument_name((RfArgument) i);
		JsonbValue	room;
		JsonbValue *member = getKeyJsonValueFromContainer(&object->root, name, strlen(name), &room);

		if (member != NULL)
			arguments->value[i] = member_text((RfArgument) i, member);
	}
}
