/*
 * webhook_body.c
 *	  See webhook_body.h.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "delivery/webhook_body.h"
#include "program/payload_path.h"
#include "program/template.h"

/* Call "check" for each member of an object; other values a constraint refuses. */
static void
webhook_each_member(Jsonb *object, void (*check)(const char *name, const JsonbValue *value))
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&object->root);
	JsonbValue		   value;
	JsonbIteratorToken token;
	char			  *name = NULL;

	if (!JB_ROOT_IS_OBJECT(object))
		return;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			check(name, &value);
	}
}

static void
webhook_check_name(const char *name)
{
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name of a field must not be empty")));
}

static void
webhook_check_field(const char *name, const JsonbValue *value)
{
	char *path;

	webhook_check_name(name);
	if (value->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("field \"%s\" is not a string", name),
				 errhint("Fields hold paths such as \"participant.email\"; constants belong in \"extra\".")));
	path = pnstrdup(value->val.string.val, value->val.string.len);
	if (!rf_payload_path_is_known(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path \"%s\" of field \"%s\" does not exist", path, name),
				 errhint(RF_PAYLOAD_PATHS_HINT)));
}

static void
webhook_check_constant(const char *name, const JsonbValue *value)
{
	webhook_check_name(name);
}

/* Where the body, or the query string of a GET, is urlencoded. */
static void
webhook_check_form_constant(const char *name, const JsonbValue *value)
{
	webhook_check_name(name);
	if (value->type == jbvBinary)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("constant \"%s\" is an object or an array", name),
				 errhint("In a form, constants are strings, numbers, booleans or null; names such as \"metadata[list]\" nest them.")));
}

void
rf_webhook_check_fields(Datum fields)
{
	webhook_each_member(DatumGetJsonbP(fields), webhook_check_field);
}

void
rf_webhook_check_extra(Datum extra)
{
	webhook_each_member(DatumGetJsonbP(extra), webhook_check_constant);
}

void
rf_webhook_check_form_extra(Datum extra)
{
	webhook_each_member(DatumGetJsonbP(extra), webhook_check_form_constant);
}

void
rf_webhook_check_template(Datum template)
{
	rf_template_check(DatumGetJsonbP(template));
}
