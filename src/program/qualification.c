/*
 * qualification.c
 *	  An invited person converts: rf_qualify, by e-mail and by coupon too, and
 *	  rf_unqualify.
 *
 * The person and their referrer are locked first, in ascending order of id;
 * what is decided afterwards is decided on the locked rows. Of N calls at the
 * same time the first finds the person pending and makes the transition, the
 * others find them qualified and answer changed = false.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "base/clock.h"
#include "base/number.h"
#include "program/answer.h"
#include "program/idempotency.h"
#include "program/conversion.h"
#include "program/purchase.h"

PG_FUNCTION_INFO_V1(rf_qualify);
PG_FUNCTION_INFO_V1(rf_qualify_email);
PG_FUNCTION_INFO_V1(rf_qualify_coupon);
PG_FUNCTION_INFO_V1(rf_unqualify);

typedef struct Answer
{
	int64		  participant_id;
	RfPersonState state;
	bool		  changed;
	int			  rewards;
} Answer;

static Datum
answer_row(FunctionCallInfo fcinfo, const Answer *answer)
{
	Datum values[] = {
		Int64GetDatum(answer->participant_id),
		CStringGetTextDatum(rf_person_state_name(answer->state)),
		BoolGetDatum(answer->changed),
		Int32GetDatum(answer->rewards)};
	bool nulls[lengthof(values)] = {false};

	return rf_answer(fcinfo, values, nulls);
}

static Datum
answer_jsonb(const Answer *answer)
{
	char *text = psprintf("{\"participant_id\":" INT64_FORMAT ",\"state\":\"%s\",\"changed\":%s,\"rewards\":%d}",
						  answer->participant_id, rf_person_state_name(answer->state),
						  answer->changed ? "true" : "false", answer->rewards);

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

static char *
answer_member(Jsonb *answer, const char *name)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&answer->root, name, strlen(name), NULL);

	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	return JsonbToCString(NULL, &JsonbValueToJsonb(value)->root, 0);
}

static Answer
answer_from_jsonb(Jsonb *jsonb)
{
	Answer answer;

	answer.participant_id = strtoll(answer_member(jsonb, "participant_id"), NULL, 10);
	answer.state = rf_person_state_parse(answer_member(jsonb, "state"));
	answer.changed = strcmp(answer_member(jsonb, "changed"), "true") == 0;
	answer.rewards = atoi(answer_member(jsonb, "rewards"));
	return answer;
}

/* What all ways to qualify take besides the person. */
typedef struct Request
{
	RfPurchaseRequest purchase; /* amount 0: none */
	bool			  has_occurred_at;
	const char		 *key; /* NULL: none */
} Request;

/* Arguments amount, currency, occurred_at, idempotency_key start at `first`. */
static Request
request_read(FunctionCallInfo fcinfo, int first)
{
	Request			   request = {.has_occurred_at = !PG_ARGISNULL(first + 2)};
	RfPurchaseRequest *purchase = &request.purchase;
	RfRefusal		   refusal;

	if (!PG_ARGISNULL(first))
		purchase->amount = NumericGetDatum(PG_GETARG_NUMERIC(first));
	if (!PG_ARGISNULL(first + 1))
		purchase->currency = text_to_cstring(PG_GETARG_TEXT_PP(first + 1));
	purchase->occurred_at = rf_now();
	if (request.has_occurred_at)
		purchase->occurred_at = PG_GETARG_TIMESTAMPTZ(first + 2);
	if (!PG_ARGISNULL(first + 3))
		request.key = text_to_cstring(PG_GETARG_TEXT_PP(first + 3));
	if (!rf_purchase_is_sound(purchase, &refusal))
		rf_refusal_raise(&refusal);
	return request;
}

/* The arguments that a repeated call must repeat. */
static Datum
request_arguments(const Request *request, const RfPair *pair)
{
	const RfPurchaseRequest *purchase = &request->purchase;
	StringInfoData			 text;

	initStringInfo(&text);
	appendStringInfo(&text, "{\"participant_id\":" INT64_FORMAT ",\"occurred_at\":", pair->invited.id);
	if (request->has_occurred_at)
		appendStringInfo(&text, INT64_FORMAT, purchase->occurred_at);
	else
		appendStringInfoString(&text, "null");
	if (purchase->amount != 0)
		appendStringInfo(&text, ",\"amount\":%s",
						 rf_number_text(purchase->amount));
	if (purchase->currency != NULL)
		appendStringInfo(&text, ",\"currency\":\"%s\"", purchase->currency);
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

/* May the transition be made, with its purchase? False: it was made before. */
static bool
qualify_check(RfPair *pair, const RfPurchaseRequest *request, RfPurchase *purchase)
{
	RfRefusal refusal;

	if (pair->invited.state == RF_QUALIFIED)
		return false;
	if (request->amount != 0 &&
		(!rf_purchase_price(purchase, request, pair->campaign, &refusal) ||
		 !rf_purchase_check_currency(purchase, pair->campaign, &refusal)))
		rf_refusal_raise(&refusal);
	if (!rf_pair_is_open(pair, request->occurred_at, &refusal) ||
		!rf_pair_check_window(pair, request->occurred_at, &refusal))
		rf_refusal_raise(&refusal);
	return true;
}

static Answer
qualify(RfPair *pair, const RfPurchaseRequest *request)
{
	RfPurchase purchase = {.occurred_at = request->occurred_at};
	Answer	   answer = {.participant_id = pair->invited.id};
	RfRefusal  refusal;

	answer.changed = qualify_check(pair, request, &purchase);
	if (answer.changed)
	{
		if (request->amount != 0 && !rf_purchase_write(&purchase, pair, &refusal))
			rf_refusal_raise(&refusal);
		answer.rewards = rf_convert(pair, true, request->amount != 0 ? &purchase : NULL,
									request->occurred_at);
	}
	answer.state = pair->invited.state;
	return answer;
}

static Answer
qualify_once(RfPair *pair, const Request *request, const char *function)
{
	RfCall call = {pair->campaign->id, function, request->key, 0};
	Jsonb *earlier;
	Answer answer;

	if (request->key == NULL)
		return qualify(pair, &request->purchase);
	call.arguments = request_arguments(request, pair);
	earlier = rf_call_begin(&call);
	if (earlier != NULL)
		return answer_from_jsonb(earlier);
	answer = qualify(pair, &request->purchase);
	rf_call_end(&call, answer_jsonb(&answer));
	return answer;
}

static char *
key_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

Datum
rf_qualify(PG_FUNCTION_ARGS)
{
	char	 *code = key_argument(fcinfo, 0, "code");
	Request	  request = request_read(fcinfo, 1);
	RfEngine  engine;
	RfPair	  pair;
	RfRefusal refusal;
	Answer	  answer;

	rf_engine_enter(&engine, fcinfo);
	if (!rf_pair_lock_by_code(&pair, 0, code, &refusal))
		rf_refusal_raise(&refusal);
	answer = qualify_once(&pair, &request, "rf_qualify");
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_qualify_email(PG_FUNCTION_ARGS)
{
	char			 *email = key_argument(fcinfo, 1, "email");
	Request			  request = request_read(fcinfo, 2);
	RfEngine		  engine;
	const RfCampaign *campaign;
	RfPair			  pair;
	RfRefusal		  refusal;
	Answer			  answer;

	rf_engine_enter(&engine, fcinfo);
	campaign = rf_campaign_by_slug(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!rf_pair_lock_by_email(&pair, campaign->id, email, &refusal))
		rf_refusal_raise(&refusal);
	answer = qualify_once(&pair, &request, "rf_qualify_email");
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_qualify_coupon(PG_FUNCTION_ARGS)
{
	char	 *coupon = key_argument(fcinfo, 0, "coupon");
	Request	  request = request_read(fcinfo, 1);
	RfEngine  engine;
	RfPair	  pair;
	RfRefusal refusal;
	Answer	  answer;

	rf_engine_enter(&engine, fcinfo);
	if (!rf_pair_lock_by_coupon(&pair, coupon, &refusal))
		rf_refusal_raise(&refusal);
	answer = qualify_once(&pair, &request, "rf_qualify_coupon");
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_unqualify(PG_FUNCTION_ARGS)
{
	char		*code = key_argument(fcinfo, 0, "code");
	const char	*reason = PG_ARGISNULL(1) ? "unqualified" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	RfEventBatch events = {0};
	RfEngine	 engine;
	RfPair		 pair;
	RfRefusal	 refusal;
	Answer		 answer = {0};

	rf_engine_enter(&engine, fcinfo);
	if (!rf_pair_lock_by_code(&pair, 0, code, &refusal))
		rf_refusal_raise(&refusal);
	answer.changed = pair.invited.state == RF_QUALIFIED;
	if (answer.changed)
	{
		answer.rewards = rf_unconvert(&pair, reason, &events);
		rf_event_flush(&events);
	}
	answer.participant_id = pair.invited.id;
	answer.state = pair.invited.state;
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}
