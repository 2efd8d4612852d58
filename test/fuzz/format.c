/* links: program/template.c program/placeholder.c program/payload_path.c */
/* links: program/payload_chosen.c */
/* server */
/*
 * format.c
 *	  The formats of the user's choice: a template, or fields, in the first line
 *	  and a payload in the others, both JSON. What comes out must be JSON, or
 *	  urlencoded, whatever they hold.
 */
#include "server.h"

#include "program/payload_chosen.h"
#include "program/template.h"
#include "utils/fmgrprotos.h"

#include "fuzz.h"

static void *
format_jsonb(const void *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/* The result only says that there was no error. */
static void *
format_check(const void *template)
{
	rf_template_check((Jsonb *) template);
	return (void *) template;
}

static bool
format_is_urlencoded(const char *body)
{
	for (; *body != '\0'; body++)
	{
		if (*body == '%' && isxdigit((unsigned char) body[1]) && isxdigit((unsigned char) body[2]))
			body += 2;
		else if (!isalnum((unsigned char) *body) && strchr("-._~&=", *body) == NULL)
			return false;
	}
	return true;
}

/* Whether it was checked or not, it does no harm. */
static void
format_template(Jsonb *template, const RfPayload *payload)
{
	bool  valid = fuzz_try(format_check, template) != NULL;
	char *body = rf_template_render(template, payload);

	if (body == NULL)
		return;
	holds(strlen(body) <= RF_TEMPLATE_BODY_MAX);
	if (valid)
		holds(fuzz_try(format_jsonb, body) != NULL);
}

static void
format_chosen(Jsonb *fields, const RfPayload *payload)
{
	RfSubscription subscription = {.format = RF_FORMAT_FIELDS, .fields = fields, .extra = fields};

	holds(fuzz_try(format_jsonb, rf_payload_chosen(payload, &subscription)) != NULL);
	subscription.format = RF_FORMAT_FORM;
	holds(format_is_urlencoded(rf_payload_chosen(payload, &subscription)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = memchr(bytes, '\n', length);
	char		  *chosen;
	char		  *standard;
	Jsonb		  *wanted;
	RfPayload	   payload = {NULL, "msg_1"};

	fuzz_server_begin();
	if (end == NULL)
		return 0;
	chosen = pnstrdup((const char *) bytes, end - bytes);
	standard = pnstrdup((const char *) end + 1, length - (end + 1 - bytes));
	/* What comes from a client was verified before. */
	if (!pg_verifymbstr(chosen, strlen(chosen), true) ||
		!pg_verifymbstr(standard, strlen(standard), true))
		return 0;
	wanted = fuzz_try(format_jsonb, chosen);
	payload.standard = fuzz_try(format_jsonb, standard);
	if (wanted == NULL || payload.standard == NULL)
		return 0;
	format_template(wanted, &payload);
	if (JB_ROOT_IS_OBJECT(wanted))
		format_chosen(wanted, &payload);
	return 0;
}
