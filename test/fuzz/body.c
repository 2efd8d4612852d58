/* links: inbound/body.c inbound/form.c inbound/media.c inbound/arguments.c inbound/request.c */
/* server */
/*
 * body.c
 *	  The body of a call, behind a line with its Content-Type: what is read of it is
 *	  text of the server, or it is refused in words. A line that begins with "?" is
 *	  the query of a GET, one with "*" is for a mapping to read.
 */
#include "server.h"

#include "inbound/body.h"
#include "inbound/inbound.h"

#include "fuzz.h"

/* The answer is another room's. */
void
rf_problem(RfResponse *response, int status, const char *detail)
{
	response->status = status;
	response->body = pstrdup(detail);
}

static void
body_holds(const RfArguments *arguments)
{
	for (int i = 0; i < RF_ARGUMENTS; i++)
	{
		const char *value = arguments->value[i];

		if (value == NULL)
			continue;
		holds(value[0] != '\0');
		holds(pg_verify_mbstr(PG_UTF8, value, (int) strlen(value), true));
	}
}

typedef struct BodyTry
{
	RfRequest request;
	bool	  as_json;
} BodyTry;

static void *
body_arguments(const void *object)
{
	RfArguments *arguments = palloc(sizeof(RfArguments));

	rf_body_arguments((Jsonb *) object, arguments);
	return arguments;
}

static void *
body_read(const void *argument)
{
	const BodyTry *attempt = argument;
	RfBody		   body;
	RfResponse	   response = {0};

	if (!rf_body_read(&attempt->request, attempt->as_json, &body, &response))
	{
		holds(response.status == 413 || response.status == 415);
		return NULL;
	}
	body_holds(&body.arguments);
	holds(!rf_body_is_batch(&body) || rf_body_ncalls(&body) <= RF_BATCH_CALLS_MAX);
	for (int i = 0; body.json != NULL && i < rf_body_ncalls(&body); i++)
	{
		RfArguments *arguments = fuzz_try(body_arguments, rf_body_call(&body, i));

		if (arguments != NULL)
			body_holds(arguments);
	}
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = memchr(bytes, '\n', length);
	BodyTry		   attempt = {0};
	char		  *line;
	char		  *body;

	fuzz_server_begin();
	if (end == NULL)
		return 0;
	line = pnstrdup((const char *) bytes, end - bytes);
	attempt.as_json = line[0] == '*';
	attempt.request.reads = line[0] == '?';
	attempt.request.content_type = line + attempt.as_json;
	if (attempt.request.reads)
		attempt.request.query = line + 1;
	attempt.request.length = length - (end + 1 - bytes);
	attempt.request.body = body = malloc(Max(attempt.request.length, 1));
	/* Exactly as long: no zero follows. */
	memcpy(body, end + 1, attempt.request.length);
	(void) fuzz_try(body_read, &attempt);
	free(body);
	return 0;
}
