/*
 * calling.c
 *	  See calling.h.
 *
 * What people write by hand for us is told what is wrong with it. Senders whose
 * payloads are mapped were not written for us: they tell of every order, whoever
 * placed it, and what is no news to us is no error of theirs. They would send it
 * again for days, and give up on us then.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "base/sqlstate.h"
#include "inbound/call.h"
#include "inbound/calling.h"
#include "inbound/inbound.h"
#include "inbound/mapping.h"
#include "inbound/problem.h"
#include "inbound/status.h"

static bool
is_mapped(const RfCalling *calling)
{
	return rf_caller_is_mapped(calling->caller);
}

static void
answer(RfResponse *response, char *body)
{
	response->status = 200;
	response->body = body;
}

/* Returns false, for the caller to return: there is nothing to do. */
static bool
answer_ignored(RfResponse *response, const char *why)
{
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"ok\":true,\"changed\":false,\"ignored\":");
	escape_json(&body, why);
	appendStringInfoChar(&body, '}');
	answer(response, body.data);
	return false;
}

/* ---- what it says --------------------------------------------------------- */

/* False: the payload is about something else. */
static bool
read_mapped(RfCalling *calling, Jsonb *payload, char **message_id)
{
	const RfCaller *caller = calling->caller;
	RfMapped		mapped = {0};

	calling->phase = RF_CALL_DOING; /* the payload is as its sender makes it */
	if (!rf_mapping_read(caller->token.mapping, payload, caller->request, &mapped) ||
		(caller->has_action && caller->action != mapped.action))
		return false;
	calling->action = mapped.action;
	calling->arguments = mapped.arguments;
	*message_id = mapped.message_id;
	return true;
}

static void
read_ours(RfCalling *calling, Jsonb *object)
{
	calling->phase = RF_CALL_READING;
	calling->action = calling->caller->action;
	if (object != NULL)
		rf_body_arguments(object, &calling->arguments);
	else
		calling->arguments = calling->caller->body.arguments;
}

/* JSON in a form is what comes of curl -d '{...}'. */
static void
raise_lack(const RfCalling *calling, const char *lack)
{
	const RfRequest *request = calling->caller->request;
	bool			 is_json = calling->caller->body.json == NULL && request->length > 0 &&
		request->body[0] == '{';

	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s is missing", lack),
			 is_json ? errhint("Send JSON with the header Content-Type: application/json.") : 0));
}

/* ---- its name ------------------------------------------------------------- */

static char *
valid_key(const char *key, int position)
{
	if (!rf_message_key_is_valid(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an idempotency key must have 1 to %d printable ASCII characters",
						RF_MESSAGE_KEY_MAX)));
	return rf_message_name(key, position);
}

/*
 * The key that the caller gave; NULL: none. Of a request whose sender names it that
 * name counts: a header that nobody has signed would make a repeat something new.
 */
static char *
own_key(const RfCalling *calling, bool is_named)
{
	const char *key = calling->arguments.value[RF_ARGUMENT_IDEMPOTENCY_KEY];

	if (key != NULL)
		return valid_key(key, 0);
	key = is_named ? NULL : rf_request_header(calling->caller->request, "idempotency-key");
	return key != NULL ? valid_key(key, calling->position) : NULL;
}

static Datum
own_digest(const RfCalling *calling, Jsonb *json)
{
	const RfRequest *request = calling->caller->request;
	const char		*action = rf_action_name(calling->action);
	char			*text;

	if (calling->position == 0)
		return rf_message_digest(action, request->body, request->length);
	text = JsonbToCString(NULL, &json->root, -1);
	return rf_message_digest(action, text, strlen(text));
}

/*
 * A caller's own key stands for what is said under it; what a sender calls a message
 * is the sender's business.
 */
static void
name_message(RfCalling *calling, Jsonb *json, const char *payload_id)
{
	const RfCaller *caller = calling->caller;
	RfMessage	   *message = &calling->message;

	if (calling->action == RF_ACTION_PARTICIPANT)
		return;
	message->token_id = caller->token.id;
	message->id = own_key(calling, caller->message_id != NULL || payload_id != NULL);
	if (message->id != NULL)
		message->digest = own_digest(calling, json);
	else if (caller->message_id != NULL)
		message->id = rf_message_name(caller->message_id, calling->position);
	else if (payload_id != NULL)
		message->id = rf_message_name(payload_id, 0);
}

/* ---- doing ---------------------------------------------------------------- */

/* The answer that was given before; NULL: it is made for the first time. */
static char *
recognize(RfCalling *calling)
{
	if (calling->message.id == NULL)
		return NULL;
	calling->phase = RF_CALL_NAMING;
	return rf_message_begin(&calling->message);
}

static char *
perform(RfCalling *calling)
{
	char *body;

	calling->phase = RF_CALL_DOING;
	body = rf_call_do(&calling->caller->token, calling->action, &calling->arguments);
	if (calling->message.id != NULL)
		rf_message_end(&calling->message, 200, body);
	return body;
}

/* NULL: a form. */
static Jsonb *
said(const RfCalling *calling)
{
	const RfBody *body = &calling->caller->body;

	return body->json != NULL ? rf_body_call(body, Max(calling->position - 1, 0)) : NULL;
}

/* False: it is answered, there is nothing to do. */
static bool
understand(RfCalling *calling)
{
	Jsonb	   *json = said(calling);
	char	   *payload_id = NULL;
	const char *lack;

	if (!is_mapped(calling))
		read_ours(calling, json);
	else if (!read_mapped(calling, json, &payload_id))
		return answer_ignored(calling->response, "the payload is about something else");
	if (is_mapped(calling) && !rf_caller_may(calling->caller, calling->action))
		return answer_ignored(calling->response, "the token does not allow it");
	name_message(calling, json, payload_id);
	lack = rf_call_lacks(calling->action, &calling->arguments);
	if (lack != NULL && is_mapped(calling))
		return answer_ignored(calling->response, psprintf("no %s is in the payload", lack));
	calling->phase = RF_CALL_DOING;
	if (lack != NULL)
		raise_lack(calling, lack);
	return true;
}

void
rf_calling_serve(RfCalling *calling)
{
	char *earlier;

	if (!understand(calling))
		return;
	earlier = recognize(calling);
	answer(calling->response, earlier != NULL ? earlier : perform(calling));
}

/* ---- what went wrong ------------------------------------------------------ */

/* Would it be the same however often the sender tries? */
static bool
is_no_news(const RfCalling *calling, const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_RF_CAMPAIGN_NOT_OPEN:
		case ERRCODE_RF_UNKNOWN_CODE:
		case ERRCODE_RF_SELF_REFERRAL:
		case ERRCODE_RF_NOT_INVITED:
		case ERRCODE_RF_CAP_REACHED:
		case ERRCODE_RF_BLOCKED_OR_HELD:
		case ERRCODE_RF_WINDOW_PASSED:
		case ERRCODE_RF_CURRENCY_MISMATCH:
			return true;
		case ERRCODE_UNIQUE_VIOLATION:
			/* Two messages tell of one payment, each in its own way. An index may be anybody's. */
			return error->constraint_name == NULL &&
				(calling->action == RF_ACTION_PURCHASE || calling->action == RF_ACTION_REFUND);
		case ERRCODE_UNDEFINED_OBJECT:
			/* Something is refunded that nobody bought who was invited. */
			return calling->action == RF_ACTION_REFUND;
		default:
			return false;
	}
}

/* What cannot be read is not the same as what cannot be done. 0: as the error says. */
static int
failed_status(const RfCalling *calling, int sqlstate)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);

	if (calling->phase == RF_CALL_READING &&
		(category == ERRCODE_DATA_EXCEPTION || category == ERRCODE_PROGRAM_LIMIT_EXCEEDED))
		return 400;
	if (calling->phase == RF_CALL_NAMING && sqlstate == ERRCODE_LOCK_NOT_AVAILABLE)
		return 409;
	return 0;
}

void
rf_calling_failed(RfCalling *calling, const ErrorData *error)
{
	int status = failed_status(calling, error->sqlerrcode);

	if (is_mapped(calling) && is_no_news(calling, error))
	{
		(void) answer_ignored(calling->response, error->message);
		return;
	}
	rf_problem_of_error(calling->response, error, status);
	if (calling->phase == RF_CALL_NAMING && status == 409)
		calling->response->retry_after = RF_STATUS_RETRY_AFTER;
}

bool
rf_calling_is_kept(const RfCalling *calling, const ErrorData *error)
{
	return is_mapped(calling) && error->sqlerrcode == ERRCODE_RF_BLOCKED_OR_HELD &&
		(calling->action == RF_ACTION_PURCHASE || calling->action == RF_ACTION_QUALIFY);
}
