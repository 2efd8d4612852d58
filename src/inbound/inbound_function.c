/*
 * inbound_function.c
 *	  rf_inbound: the same calls for an application that has a route of its own.
 *
 * What trying again may mend, such as a deadlock, is raised, as by every function:
 * the transaction is the caller's.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/jsonb.h"

#include "base/engine.h"
#include "base/savepoint.h"
#include "inbound/inbound.h"
#include "mb/pg_wchar.h"
#include "program/answer.h"

PG_FUNCTION_INFO_V1(rf_inbound);

static ErrorData *
take_savepoint(void (*work)(void *arg), void *arg)
{
	return rf_savepoint_try_for(work, arg, rf_problem_is_answer);
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* An object of strings. */
static void
headers_read(RfRequest *request, Jsonb *headers)
{
	int				   nheaders = JB_ROOT_IS_OBJECT(headers) ? (int) JB_ROOT_COUNT(headers) : 0;
	RfRequestHeader	  *header = palloc_array(RfRequestHeader, nheaders);
	JsonbIterator	  *iterator = JsonbIteratorInit(&headers->root);
	JsonbValue		   value;
	JsonbIteratorToken token;

	request->headers = header;
	request->nheaders = nheaders;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			header->name = asc_tolower(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && JB_ROOT_IS_OBJECT(headers) && value.type == jbvString)
			header++->value = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE || token == WJB_ELEM)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("headers must be a JSON object of strings")));
	}
}

static RfRequest
request_read(FunctionCallInfo fcinfo)
{
	RfRequest request = {
		.token = PG_ARGISNULL(0) ? "" : optional_text(fcinfo, 0),
		.action = PG_ARGISNULL(1) ? "" : optional_text(fcinfo, 1),
		.body = "",
		.content_type = optional_text(fcinfo, 3),
	};

	if (!PG_ARGISNULL(2))
	{
		bytea *body = PG_GETARG_BYTEA_PP(2);

		request.body = VARDATA_ANY(body);
		request.length = VARSIZE_ANY_EXHDR(body);
	}
	if (!PG_ARGISNULL(4))
		headers_read(&request, PG_GETARG_JSONB_P(4));
	return request;
}

Datum
rf_inbound(PG_FUNCTION_ARGS)
{
	RfRequest  request = request_read(fcinfo);
	RfResponse response;
	RfEngine   engine;
	Datum	   values[2];
	bool	   nulls[2] = {false};
	char	  *body;

	rf_engine_enter(&engine, fcinfo);
	rf_inbound_serve(&request, take_savepoint, &response);
	rf_engine_leave(&engine);
	body = pg_any_to_server(response.body, (int) strlen(response.body), PG_UTF8);
	values[0] = Int32GetDatum(response.status);
	values[1] = DirectFunctionCall1(jsonb_in, CStringGetDatum(body));
	return rf_answer(fcinfo, values, nulls);
}
