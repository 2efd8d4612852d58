/*
 * problem.c
 *	  See problem.h and, for rf_problem, inbound.h.
 *
 * What we say of errors is what their messages, details and hints say. Details of
 * the server's own constraints are left out: they show whole rows.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "inbound/problem.h"
#include "inbound/status.h"

static void
append_member(StringInfo body, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(body, ",\"%s\":", name);
	escape_json(body, value);
}

static StringInfoData
problem_begin(RfResponse *response, int status, const char *detail)
{
	StringInfoData body;

	response->status = status;
	response->problem = true;
	response->retry_after = status == 503 ? RF_STATUS_RETRY_AFTER : 0;
	initStringInfo(&body);
	appendStringInfo(&body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d",
					 rf_status_title(status), status);
	append_member(&body, "detail", detail);
	return body;
}

void
rf_problem(RfResponse *response, int status, const char *detail)
{
	StringInfoData body = problem_begin(response, status, detail);

	appendStringInfoChar(&body, '}');
	response->body = body.data;
}

/* The server's own constraints show whole rows. */
static bool
shows_rows(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_NOT_NULL_VIOLATION || error->constraint_name != NULL;
}

/* Details are sentences, messages are not. */
static char *
error_text(const ErrorData *error)
{
	if (error->detail == NULL || shows_rows(error))
		return error->message;
	return psprintf("%s. %s", error->message, error->detail);
}

void
rf_problem_of_error(RfResponse *response, const ErrorData *error, int status)
{
	const char	  *sqlstate = response->sqlstate;
	int			   of_error;
	bool		   is_internal;
	StringInfoData body;

	strlcpy(response->sqlstate, unpack_sql_state(error->sqlerrcode), sizeof(response->sqlstate));
	of_error = rf_status_of_sqlstate(sqlstate);
	is_internal = status == 0 && of_error == 500;
	body = problem_begin(response, status != 0 ? status : of_error,
						 is_internal ? NULL : error_text(error));
	append_member(&body, "code", is_internal ? NULL : sqlstate);
	append_member(&body, "hint", is_internal ? NULL : error->hint);
	appendStringInfoChar(&body, '}');
	response->body = body.data;
}

bool
rf_problem_is_answer(int sqlstate)
{
	return rf_status_of_sqlstate(unpack_sql_state(sqlstate)) < 500;
}
