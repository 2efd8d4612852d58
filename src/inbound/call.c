/*
 * call.c
 *	  See call.h.
 *
 * A token that is bound to a campaign sees that campaign only: codes, coupons,
 * purchases and rewards of others are unknown to it.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inet.h"
#include "utils/jsonb.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "inbound/call.h"
#include "inbound/facts.h"
#include "inbound/moment.h"
#include "program/join.h"
#include "program/payload.h"
#include "program/qualification.h"
#include "program/refund.h"
#include "program/reward_life.h"
#include "program/unmatched.h"

/* ---- what the texts mean -------------------------------------------------- */

/* 0: not given. */
static Datum
number_argument(const RfArguments *arguments, RfArgument which)
{
	char *text = arguments->value[which];

	if (text == NULL)
		return 0;
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/* Nothing but a number, and too long for a date without separators. */
static bool
counts_from_1970(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > strlen("20270105") && strspn(text, "0123456789.") == strlen(text);
}

/* False: not given. */
static bool
time_argument(const RfArguments *arguments, TimestampTz *when)
{
	char *text = arguments->value[RF_ARGUMENT_OCCURRED_AT];
	char  written[RF_MOMENT_SIZE];

	if (text == NULL)
		return false;
	if (rf_moment_rewrite(text, counts_from_1970(text), written))
		text = written;
	*when = DatumGetTimestampTz(
		DirectFunctionCall3(timestamptz_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
							Int32GetDatum(-1)));
	return true;
}

/* Not given: false. Raises 22P02 for what is neither true nor false. */
static bool
flag_argument(const RfArguments *arguments, RfArgument which)
{
	char *text = arguments->value[which];

	return text != NULL && DatumGetBool(DirectFunctionCall1(boolin, CStringGetDatum(text)));
}

static Datum
ip_argument(const RfArguments *arguments)
{
	char *text = arguments->value[RF_ARGUMENT_IP];

	return text == NULL ? 0 : DirectFunctionCall1(inet_in, CStringGetDatum(text));
}

static Datum
meta_argument(const RfArguments *arguments)
{
	char *text = arguments->value[RF_ARGUMENT_META];
	Datum meta;

	if (text == NULL)
		return 0;
	meta = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(meta)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"meta\" must be a JSON object")));
	return meta;
}

int64
rf_call_campaign_id(const RfToken *token, const RfArguments *arguments)
{
	char *slug = arguments->value[RF_ARGUMENT_CAMPAIGN];
	int64 named;

	if (slug == NULL)
		return token->bound ? token->campaign_id : 0;
	named = rf_campaign_by_slug(slug)->id;
	if (token->bound && named != token->campaign_id)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("campaign \"%s\" does not exist", slug),
				 errhint("Campaigns are the rows of rf_campaign; they are found by slug.")));
	return named;
}

const RfCampaign *
rf_call_campaign(const RfToken *token, const RfArguments *arguments)
{
	int64			  id = rf_call_campaign_id(token, arguments);
	const RfCampaign *campaign = id != 0 ? rf_campaign_by_id(id) : NULL;

	if (campaign == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("campaign must not be null"),
				 errhint("Give the campaign's slug as \"campaign\", or use a token that is bound to a campaign.")));
	return campaign;
}

/* ---- answers -------------------------------------------------------------- */

static char *
answer_person(int64 participant_id, RfPersonState state, bool changed, int rewards)
{
	return psprintf("{\"ok\":true,\"changed\":%s,\"participant_id\":" INT64_FORMAT
					",\"state\":\"%s\",\"rewards\":%d}",
					changed ? "true" : "false", participant_id, rf_person_state_name(state), rewards);
}

static char *
answer_purchase(const RfPurchaseAnswer *answer)
{
	return psprintf("{\"ok\":true,\"changed\":%s,\"purchase_id\":" INT64_FORMAT
					",\"participant_id\":" INT64_FORMAT ",\"state\":\"%s\",\"rewards\":%d}",
					answer->changed ? "true" : "false", answer->purchase_id,
					answer->participant_id, rf_person_state_name(answer->state), answer->rewards);
}

static char *
answer_joined(const RfJoined *joined)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"ok\":true,\"changed\":%s,\"participant_id\":" INT64_FORMAT ",\"state\":\"%s\",",
					 joined->created ? "true" : "false", joined->participant_id, joined->state);
	rf_payload_string(&out, "code", joined->code);
	appendStringInfoChar(&out, ',');
	rf_payload_string(&out, "url", joined->link);
	appendStringInfoChar(&out, '}');
	return out.data;
}

/* ---- the calls ------------------------------------------------------------ */

/* By a code or coupon in any campaign, or an e-mail, which needs one. */
static RfQualifyRequest
whom(const RfToken *token, const RfArguments *arguments)
{
	RfQualifyRequest request = {
		.code = arguments->value[RF_ARGUMENT_CODE],
		.coupon = arguments->value[RF_ARGUMENT_COUPON],
		.email = arguments->value[RF_ARGUMENT_EMAIL],
		.code_may_be_coupon = true,
	};

	if (request.code != NULL || request.coupon != NULL)
		request.campaign_id = rf_call_campaign_id(token, arguments);
	else
		request.campaign_id = rf_call_campaign(token, arguments)->id;
	return request;
}

static char *
call_qualify(const RfToken *token, const RfArguments *arguments)
{
	RfQualifyRequest request = whom(token, arguments);
	RfQualified		 done;

	request.purchase.amount = number_argument(arguments, RF_ARGUMENT_AMOUNT);
	request.purchase.currency = arguments->value[RF_ARGUMENT_CURRENCY];
	request.has_occurred_at = time_argument(arguments, &request.purchase.occurred_at);
	done = rf_qualify_person(&request);
	return answer_person(done.participant_id, done.state, done.changed, done.rewards);
}

static char *
call_unqualify(const RfToken *token, const RfArguments *arguments)
{
	RfQualifyRequest request = whom(token, arguments);
	RfQualified		 done = rf_unqualify_person(&request, arguments->value[RF_ARGUMENT_REASON]);

	return answer_person(done.participant_id, done.state, done.changed, done.rewards);
}

static RfJoined
join(const RfToken *token, const RfArguments *arguments)
{
	RfJoinRequest request = {
		.campaign = rf_call_campaign(token, arguments),
		.email = arguments->value[RF_ARGUMENT_EMAIL],
		.name = arguments->value[RF_ARGUMENT_NAME],
		.referred_by = arguments->value[RF_ARGUMENT_REFERRED_BY],
		.source = arguments->value[RF_ARGUMENT_SOURCE],
		.ip = ip_argument(arguments),
		.meta = meta_argument(arguments),
	};

	return rf_join_person(&request);
}

static char *
call_join(const RfToken *token, const RfArguments *arguments)
{
	RfJoined joined = join(token, arguments);

	return answer_joined(&joined);
}

static RfPurchaseRequest
bought(const RfToken *token, const RfArguments *arguments)
{
	RfPurchaseRequest request = {
		.code = arguments->value[RF_ARGUMENT_CODE],
		.coupon = arguments->value[RF_ARGUMENT_COUPON],
		.email = arguments->value[RF_ARGUMENT_EMAIL],
		.amount = number_argument(arguments, RF_ARGUMENT_AMOUNT),
		.currency = arguments->value[RF_ARGUMENT_CURRENCY],
		.external_id = arguments->value[RF_ARGUMENT_EXTERNAL_ID],
		.qualifies = flag_argument(arguments, RF_ARGUMENT_QUALIFY),
	};

	if (request.code != NULL || request.coupon != NULL)
		request.campaign_id = rf_call_campaign_id(token, arguments);
	else
		request.campaign_id = rf_call_campaign(token, arguments)->id;
	if (!time_argument(arguments, &request.occurred_at))
		request.occurred_at = rf_now();
	return request;
}

void
rf_call_keep(const RfToken *token, const RfArguments *arguments, const RfRefusal *refusal)
{
	rf_unmatched_note(psprintf("inbound token " INT64_FORMAT, token->id),
					  rf_arguments_object(arguments), refusal);
}

/*
 * Who buys by somebody's link and is not there yet joins by it. A purchase that is
 * refused then, as the person is held, does not undo that.
 */
static char *
join_and_buy(const RfToken *token, const RfArguments *arguments, RfPurchaseRequest *request,
			 const RfRefusal *unknown)
{
	RfJoined		 joined;
	RfPurchaseAnswer answer;
	RfRefusal		 refusal;
	RfPair			 line;

	request->campaign_id = rf_call_campaign(token, arguments)->id;
	/* The people above are locked in order: the join would begin with the nearest. */
	(void) rf_pair_lock_by_code(&line, request->campaign_id,
								arguments->value[RF_ARGUMENT_REFERRED_BY], &refusal);
	joined = join(token, arguments);
	if (!joined.created)
		rf_refusal_raise(unknown);
	request->code = request->coupon = NULL;
	/* Nobody buys before they join, whatever the shop's clock says. */
	request->occurred_at = Max(request->occurred_at, rf_now());
	if (rf_purchase_record(request, &answer, &refusal))
		return answer_purchase(&answer);
	if (refusal.sqlstate != ERRCODE_RF_BLOCKED_OR_HELD)
		rf_refusal_raise(&refusal);
	rf_call_keep(token, arguments, &refusal);
	return answer_joined(&joined);
}

static char *
call_purchase(const RfToken *token, const RfArguments *arguments)
{
	RfPurchaseRequest request = bought(token, arguments);
	RfPurchaseAnswer  answer;
	RfRefusal		  refusal;

	if (rf_purchase_record(&request, &answer, &refusal))
		return answer_purchase(&answer);
	if (request.email != NULL && arguments->value[RF_ARGUMENT_REFERRED_BY] != NULL &&
		(refusal.sqlstate == ERRCODE_RF_UNKNOWN_CODE || refusal.sqlstate == ERRCODE_RF_NOT_INVITED))
		return join_and_buy(token, arguments, &request, &refusal);
	rf_refusal_raise(&refusal);
}

static char *
call_refund(const RfToken *token, const RfArguments *arguments)
{
	RfRefundRequest request = {
		.campaign_id = rf_call_campaign(token, arguments)->id,
		.external_id = arguments->value[RF_ARGUMENT_EXTERNAL_ID],
		.amount = number_argument(arguments, RF_ARGUMENT_AMOUNT),
		.in_all = number_argument(arguments, RF_ARGUMENT_REFUNDED),
		.refund_id = arguments->value[RF_ARGUMENT_REFUND_ID],
		.unqualifies = flag_argument(arguments, RF_ARGUMENT_QUALIFY),
	};
	RfPurchaseAnswer answer = rf_refund_record(&request);

	return answer_purchase(&answer);
}

static char *
call_fulfill(const RfToken *token, const RfArguments *arguments)
{
	char *text = arguments->value[RF_ARGUMENT_REWARD];
	int64 id = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));
	bool  changed = rf_reward_fulfill(rf_call_campaign_id(token, arguments), id,
									  arguments->value[RF_ARGUMENT_REFERENCE]);

	return psprintf("{\"ok\":true,\"changed\":%s,\"reward_id\":" INT64_FORMAT ",\"state\":\"fulfilled\"}",
					changed ? "true" : "false", id);
}

const char *
rf_call_lacks(RfAction action, const RfArguments *arguments)
{
	bool code = arguments->value[RF_ARGUMENT_CODE] != NULL;
	bool coupon = arguments->value[RF_ARGUMENT_COUPON] != NULL;
	bool email = arguments->value[RF_ARGUMENT_EMAIL] != NULL;

	switch (action)
	{
		case RF_ACTION_QUALIFY:
		case RF_ACTION_UNQUALIFY:
		case RF_ACTION_PURCHASE:
			return code || coupon || email ? NULL : "code, coupon or email";
		case RF_ACTION_PARTICIPANT:
			return code || email ? NULL : "code or email";
		case RF_ACTION_JOIN:
			return email ? NULL : "email";
		case RF_ACTION_REFUND:
			return arguments->value[RF_ARGUMENT_EXTERNAL_ID] != NULL ? NULL : "external_id";
		case RF_ACTION_FULFILL:
			return arguments->value[RF_ARGUMENT_REWARD] != NULL ? NULL : "reward";
		case RF_ACTIONS:
			break;
	}
	return NULL;
}

char *
rf_call_do(const RfToken *token, RfAction action, const RfArguments *arguments)
{
	static char *(*const calls[RF_ACTIONS])(const RfToken *, const RfArguments *) = {
		[RF_ACTION_QUALIFY] = call_qualify,
		[RF_ACTION_UNQUALIFY] = call_unqualify,
		[RF_ACTION_JOIN] = call_join,
		[RF_ACTION_PURCHASE] = call_purchase,
		[RF_ACTION_REFUND] = call_refund,
		[RF_ACTION_FULFILL] = call_fulfill,
		[RF_ACTION_PARTICIPANT] = rf_facts_read,
	};

	return calls[action](token, arguments);
}
