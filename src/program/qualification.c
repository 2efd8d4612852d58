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
#include "base/sqlstate.h"
#include "program/answer.h"
#include "program/idempotency.h"
#include "program/conversion.h"
#include "program/qualification.h"

PG_FUNCTION_INFO_V1(rf_qualify);
PG_FUNCTION_INFO_V1(rf_qualify_email);
PG_FUNCTION_INFO_V1(rf_qualify_coupon);
PG_FUNCTION_INFO_V1(rf_unqualify);

static Datum
answer_row(FunctionCallInfo fcinfo, const RfQualified *answer)
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
answer_jsonb(const RfQualified *answer)
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

static RfQualified
answer_from_jsonb(Jsonb *jsonb)
{
	RfQualified answer;

	answer.participant_id = strtoll(answer_member(jsonb, "participant_id"), NULL, 10);
	answer.state = rf_person_state_parse(answer_member(jsonb, "state"));
	answer.changed = strcmp(answer_member(jsonb, "changed"), "true") == 0;
	answer.rewards = atoi(answer_member(jsonb, "rewards"));
	return answer;
}

/* Arguments amount, currency, occurred_at, idempotency_key start at `first`. */
static void
request_read(RfQualifyRequest *request, FunctionCallInfo fcinfo, int first)
{
	RfPurchaseRequest *purchase = &request->purchase;

	if (!PG_ARGISNULL(first))
		purchase->amount = NumericGetDatum(PG_GETARG_NUMERIC(first));
	if (!PG_ARGISNULL(first + 1))
		purchase->currency = text_to_cstring(PG_GETARG_TEXT_PP(first + 1));
	request->has_occurred_at = !PG_ARGISNULL(first + 2);
	if (request->has_occurred_at)
		purchase->occurred_at = PG_GETARG_TIMESTAMPTZ(first + 2);
	if (!PG_ARGISNULL(first + 3))
		request->key = text_to_cstring(PG_GETARG_TEXT_PP(first + 3));
}

/* When it happened, and whether that and what was paid can be. */
static void
request_check(RfQualifyRequest *request)
{
	RfRefusal refusal;

	if (!request->has_occurred_at)
		request->purchase.occurred_at = rf_now();
	if (!rf_purchase_is_sound(&request->purchase, &refusal))
		rf_refusal_raise(&refusal);
}

/* The arguments that a repeated call must repeat. */
static Datum
request_arguments(const RfQualifyRequest *request, const RfPair *pair)
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

static RfQualified
qualify(RfPair *pair, const RfPurchaseRequest *request)
{
	RfPurchase	purchase = {.occurred_at = request->occurred_at};
	RfQualified answer = {.participant_id = pair->invited.id};
	RfRefusal	refusal;

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

static RfQualified
qualify_once(RfPair *pair, const RfQualifyRequest *request, const char *function)
{
	RfCall		call = {pair->campaign->id, function, request->key, 0};
	Jsonb	   *earlier;
	RfQualified answer;

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

/* A shop's field for codes takes either kind. */
static bool
lock_by_code_or_coupon(RfPair *pair, const RfQualifyRequest *request, RfRefusal *refusal)
{
	RfRefusal coupon;

	if (rf_pair_lock_by_code(pair, request->campaign_id, request->code, refusal))
		return true;
	if (!request->code_may_be_coupon || refusal->sqlstate != ERRCODE_RF_UNKNOWN_CODE)
		return false;
	if (rf_pair_lock_by_coupon(pair, request->campaign_id, request->code, &coupon))
		return true;
	if (coupon.sqlstate != ERRCODE_RF_UNKNOWN_CODE)
		*refusal = coupon;
	return false;
}

static void
request_lock(RfPair *pair, const RfQualifyRequest *request)
{
	RfRefusal refusal;
	bool	  locked;

	if (request->code != NULL)
		locked = lock_by_code_or_coupon(pair, request, &refusal) ||
			(refusal.sqlstate == ERRCODE_RF_UNKNOWN_CODE && request->email != NULL &&
			 request->campaign_id != 0 &&
			 rf_pair_lock_by_email(pair, request->campaign_id, request->email, &refusal));
	else if (request->coupon != NULL)
		locked = rf_pair_lock_by_coupon(pair, request->campaign_id, request->coupon, &refusal);
	else
		locked = rf_pair_lock_by_email(pair, request->campaign_id, request->email, &refusal);
	if (!locked)
		rf_refusal_raise(&refusal);
}

RfQualified
rf_qualify_person(RfQualifyRequest *request)
{
	RfPair pair;

	request_check(request);
	request_lock(&pair, request);
	if (request->code != NULL)
		return qualify_once(&pair, request, "rf_qualify");
	return qualify_once(&pair, request,
						request->coupon != NULL ? "rf_qualify_coupon" : "rf_qualify_email");
}

RfQualified
rf_unqualify_person(const RfQualifyRequest *request, const char *reason)
{
	RfEventBatch events = {0};
	RfPair		 pair;
	RfQualified	 answer = {0};

	request_lock(&pair, request);
	answer.changed = pair.invited.state == RF_QUALIFIED;
	if (answer.changed)
	{
		answer.rewards = rf_unconvert(&pair, reason != NULL ? reason : "unqualified", &events);
		rf_event_flush(&events);
	}
	answer.participant_id = pair.invited.id;
	answer.state = pair.invited.state;
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
	RfQualifyRequest request = {.code = key_argument(fcinfo, 0, "code")};
	RfEngine		 engine;
	RfQualified		 answer;

	request_read(&request, fcinfo, 1);
	rf_engine_enter(&engine, fcinfo);
	answer = rf_qualify_person(&request);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_qualify_email(PG_FUNCTION_ARGS)
{
	RfQualifyRequest request = {.email = key_argument(fcinfo, 1, "email")};
	char			*slug = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	RfEngine		 engine;
	RfQualified		 answer;

	request_read(&request, fcinfo, 2);
	rf_engine_enter(&engine, fcinfo);
	request.campaign_id = rf_campaign_by_slug(slug)->id;
	answer = rf_qualify_person(&request);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_qualify_coupon(PG_FUNCTION_ARGS)
{
	RfQualifyRequest request = {.coupon = key_argument(fcinfo, 0, "coupon")};
	RfEngine		 engine;
	RfQualified		 answer;

	request_read(&request, fcinfo, 1);
	rf_engine_enter(&engine, fcinfo);
	answer = rf_qualify_person(&request);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_unqualify(PG_FUNCTION_ARGS)
{
	RfQualifyRequest request = {.code = key_argument(fcinfo, 0, "code")};
	const char		*reason = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	RfEngine		 engine;
	RfQualified		 answer;

	rf_engine_enter(&engine, fcinfo);
	answer = rf_unqualify_person(&request, reason);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}
