/*
 * inbound.c
 *	  From a request to its answer. See inbound.h.
 *
 * The first unit goes as far as it can: token, signature, body and, unless that is
 * a batch, the call itself; so a call costs one transaction. Whatever a unit leaves
 * behind lives in the memory of the request.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "inbound/call.h"
#include "inbound/calling.h"
#include "inbound/inbound.h"
#include "inbound/problem.h"
#include "inbound/status.h"

typedef struct Serving
{
	RfUnit		  unit;
	MemoryContext memory;
	RfCaller	  caller;
	RfCalling	  alone; /* the request itself, as far as it is one call */
	RfResponse	 *response;
} Serving;

/* ---- the first unit ------------------------------------------------------- */

/* Unknown, expired and revoked tokens, other paths: who asks does not learn which. */
static bool
refuse_address(RfResponse *response)
{
	rf_problem(response, 404, "no such address");
	return false;
}

static bool
caller_find(RfCaller *caller, RfResponse *response)
{
	const RfRequest *request = caller->request;

	if (!rf_token_find(request->token, &caller->token))
		return refuse_address(response);
	response->token_id = caller->token.id;
	caller->has_action = request->action[0] != '\0';
	if (!caller->has_action && caller->token.mapping == NULL)
		return refuse_address(response);
	if (caller->has_action && !rf_action_parse(request->action, &caller->action))
		return refuse_address(response);
	return true;
}

static bool
caller_verify(RfCaller *caller, RfResponse *response)
{
	const char *wrong = rf_token_verify(&caller->token, caller->request, &caller->message_id);

	if (wrong != NULL)
		rf_problem(response, 401, wrong);
	return wrong == NULL;
}

/* Of a mapping's payload it is not known yet what it asks for. */
static bool
caller_may(const RfCaller *caller, RfResponse *response)
{
	if (caller->has_action && !rf_caller_may(caller, caller->action))
		rf_problem(response, 403,
				   psprintf("the token does not allow \"%s\"", rf_action_name(caller->action)));
	else if (caller->request->reads &&
			 !(caller->has_action && caller->action == RF_ACTION_PARTICIPANT))
		rf_problem(response, 405, "what changes something is sent with POST");
	return response->status == 0;
}

static bool
caller_read(Serving *serving)
{
	RfCaller *caller = &serving->caller;

	serving->alone.phase = RF_CALL_READING;
	return rf_body_read(caller->request, rf_caller_is_mapped(caller), &caller->body,
						serving->response);
}

static void
serve_first(void *arg)
{
	Serving	   *serving = arg;
	RfCaller   *caller = &serving->caller;
	RfResponse *response = serving->response;

	MemoryContextSwitchTo(serving->memory);
	if (caller_find(caller, response) && caller_verify(caller, response) &&
		caller_may(caller, response) && caller_read(serving) &&
		!rf_body_is_batch(&caller->body))
		rf_calling_serve(&serving->alone);
}

/* ---- what failed ---------------------------------------------------------- */

typedef struct Kept
{
	const RfCalling *calling;
	const ErrorData *error;
} Kept;

static void
keep(void *arg)
{
	const Kept *kept = arg;
	RfRefusal	refusal = rf_refusal_of_error(kept->error);

	rf_call_keep(&kept->calling->caller->token, &kept->calling->arguments, &refusal);
}

static void
answer_failed(const Serving *serving, RfCalling *calling, const ErrorData *error)
{
	Kept	   kept = {calling, error};
	ErrorData *worse = NULL;

	if (rf_calling_is_kept(calling, error))
		worse = serving->unit(keep, &kept);
	rf_calling_failed(calling, worse != NULL ? worse : error);
}

/* ---- batches -------------------------------------------------------------- */

/* A call of a batch, in memory of its own. */
typedef struct Element
{
	RfCalling	  calling;
	RfResponse	  response;
	MemoryContext memory;
} Element;

static void
serve_element(void *arg)
{
	Element *element = arg;

	MemoryContextSwitchTo(element->memory);
	rf_calling_serve(&element->calling);
}

/* Answers that are no problems do not say their status. */
static void
append_element(StringInfo all, const RfResponse *response)
{
	appendStringInfoChar(all, all->len == 0 ? '[' : ',');
	if (response->problem)
		appendStringInfoString(all, response->body);
	else
		appendStringInfo(all, "{\"status\":%d,%s", response->status, response->body + 1);
}

static void
element_run(Element *element, const Serving *serving)
{
	ErrorData *error = serving->unit(serve_element, element);

	if (error != NULL)
		answer_failed(serving, &element->calling, error);
}

/*
 * A sender of a mapped payload looks at the status alone: that of the whole is then
 * that of its worst call, so that it is sent again if one of them is worth it.
 */
static void
take_status(RfResponse *whole, const RfResponse *element)
{
	int status = element->retry_after > 0 ? 503 : element->status;

	if (status < 400 || status < whole->status)
		return;
	whole->status = status;
	whole->retry_after = element->retry_after;
}

/* A batch is answered for each call. */
static void
serve_batch(Serving *serving)
{
	int			   n = rf_body_ncalls(&serving->caller.body);
	StringInfoData all;
	MemoryContext  memory = AllocSetContextCreate(serving->memory, "referral inbound call",
												  ALLOCSET_DEFAULT_SIZES);

	initStringInfo(&all);
	serving->response->status = 200;
	for (int i = 0; i < n; i++)
	{
		Element element = {.memory = memory};

		element.calling = (RfCalling){
			.caller = &serving->caller, .response = &element.response, .position = i + 1};
		MemoryContextSwitchTo(memory);
		element_run(&element, serving);
		MemoryContextSwitchTo(serving->memory);
		append_element(&all, &element.response);
		if (rf_caller_is_mapped(&serving->caller))
			take_status(serving->response, &element.response);
		MemoryContextReset(memory);
	}
	appendStringInfoString(&all, n == 0 ? "[]" : "]");
	serving->response->body = all.data;
	MemoryContextDelete(memory);
}

/* ---- UTF-8 ---------------------------------------------------------------- */

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (IS_HIGHBIT_SET(*text))
			return false;
	}
	return true;
}

/* Messages of a server whose encoding nobody knows. */
static void
mask_letters(char *text)
{
	for (; *text != '\0'; text++)
	{
		if (IS_HIGHBIT_SET(*text))
			*text = '?';
	}
}

static void
convert(void *arg)
{
	Serving *serving = arg;
	char	*body = serving->response->body;

	MemoryContextSwitchTo(serving->memory);
	serving->response->body = pg_server_to_any(body, (int) strlen(body), PG_UTF8);
}

/* Conversions are functions of the database: they need a unit, too. */
static void
encode(Serving *serving)
{
	char *body = serving->response->body;

	if (GetDatabaseEncoding() == PG_UTF8 || is_ascii(body))
		return;
	if (serving->unit(convert, serving) != NULL)
		mask_letters(body);
}

/* --------------------------------------------------------------------------- */

void
rf_inbound_serve(const RfRequest *request, RfUnit unit, RfResponse *response)
{
	Serving serving = {
		.unit = unit,
		.memory = CurrentMemoryContext,
		.caller.request = request,
		.response = response,
	};
	ErrorData *error;

	memset(response, 0, sizeof(*response));
	serving.alone.caller = &serving.caller;
	serving.alone.response = response;
	error = unit(serve_first, &serving);
	MemoryContextSwitchTo(serving.memory);
	if (error != NULL)
		answer_failed(&serving, &serving.alone, error);
	else if (response->status == 0)
		serve_batch(&serving);
	encode(&serving);
	MemoryContextSwitchTo(serving.memory);
}
