/*
 * qualification.c
 *	  An invited person converts: rf_qualify, rf_qualify_email, rf_unqualify.
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
#include "program/answer.h"
#include "program/idempotency.h"
#include "program/pair.h"
#include "program/settle.h"
#include "program/take_back.h"

PG_FUNCTION_INFO_V1(rf_qualify);
PG_FUNCTION_INFO_V1(rf_qualify_email);
PG_FUNCTION_INFO_V1(rf_unqualify);

typedef struct Answer
{
	int64		  participant_id;
	RfPersonState state;
	bool		  changed;
	int			  rewards;
} Answer;

static Answer
pair_answer(const RfPair *pair, bool changed, int rewards)
{
	Answer answer = {pair->invited.id, pair->invited.state, changed, rewards};

	return answer;
}

static Answer
pair_qualify(RfPair *pair, TimestampTz when)
{
	RfHappening qualified = {
		.campaign = pair->campaign,
		.event = RF_EVENT_INVITED_QUALIFIED,
		.participant = &pair->invited,
		.referrer = &pair->referrer,
		.move = {RF_INVITED_QUALIFIES, pair->referrer.qualified_count,
				 pair->referrer.qualified_count + 1},
		.earned_at = when,
	};
	RfSettlement *settlement;
	RfRefusal	  refusal;

	if (pair->invited.state == RF_QUALIFIED)
		return pair_answer(pair, false, 0);
	if (!rf_pair_is_open(pair, when, &refusal) || !rf_pair_check_window(pair, when, &refusal))
		rf_refusal_raise(&refusal);
	pair->invited.state = RF_QUALIFIED;
	pair->invited.qualified_at = when;
	pair->referrer.qualified_count++;
	rf_pair_write(pair);
	settlement = rf_settlement();
	rf_settle_add(settlement, &qualified);
	return pair_answer(pair, true, rf_settle(settlement));
}

static Answer
pair_unqualify(RfPair *pair, const char *reason)
{
	RfEventBatch events = {0};
	RfEvent		 event = {
			 .type = RF_EVENT_INVITED_UNQUALIFIED,
			 .campaign = pair->campaign,
			 .participant = &pair->invited,
			 .referrer = &pair->referrer,
	 };
	RfLoss loss = {
		.campaign = pair->campaign,
		.participant = &pair->invited,
		.referrer = &pair->referrer,
		.lost = RF_LOST_QUALIFICATION,
		.reason = reason,
	};
	int rewards;

	if (pair->invited.state != RF_QUALIFIED)
		return pair_answer(pair, false, 0);
	pair->invited.state = RF_PENDING;
	pair->invited.qualified_at = DT_NOBEGIN;
	pair->referrer.qualified_count--;
	rf_pair_write(pair);
	rf_event_add(&events, &event);
	rewards = rf_rewards_take_back(&loss, &events);
	rf_event_flush(&events);
	return pair_answer(pair, true, rewards);
}

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

/* What both ways to qualify take besides the person. */
typedef struct Request
{
	TimestampTz occurred_at;
	const char *key; /* NULL: none */
} Request;

/* Arguments amount, currency, occurred_at, idempotency_key start at `first`. */
static Request
request_read(FunctionCallInfo fcinfo, int first)
{
	Request request = {0};

	if (!PG_ARGISNULL(first) || !PG_ARGISNULL(first + 1))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("amounts of purchases are not supported by this version"),
				 errhint("Leave amount and currency out; a later version brings them.")));
	request.occurred_at = PG_ARGISNULL(first + 2) ? rf_now() : PG_GETARG_TIMESTAMPTZ(first + 2);
	if (TIMESTAMP_NOT_FINITE(request.occurred_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("occurred_at must be finite")));
	if (request.occurred_at > rf_now() + RF_CLOCK_SKEW)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("occurred_at lies in the future"),
				 errdetail("It is %s.", timestamptz_to_str(request.occurred_at)),
				 errhint("At most 5 minutes ahead are taken for a difference of clocks.")));
	if (!PG_ARGISNULL(first + 3))
		request.key = text_to_cstring(PG_GETARG_TEXT_PP(first + 3));
	return request;
}

/* The arguments that a repeated call must repeat. */
static Datum
request_arguments(const RfPair *pair, FunctionCallInfo fcinfo, int first)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "{\"participant_id\":" INT64_FORMAT ",\"occurred_at\":", pair->invited.id);
	if (PG_ARGISNULL(first + 2))
		appendStringInfoString(&text, "null}");
	else
		appendStringInfo(&text, INT64_FORMAT "}", PG_GETARG_TIMESTAMPTZ(first + 2));
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static Answer
request_qualify(const Request *request, RfPair *pair, const char *function,
				FunctionCallInfo fcinfo, int first)
{
	RfCall call = {
		pair->campaign->id, function, request->key, 0};
	Jsonb *earlier;
	Answer answer;

	if (request->key == NULL)
		return pair_qualify(pair, request->occurred_at);
	call.arguments = request_arguments(pair, fcinfo, first);
	earlier = rf_call_begin(&call);
	if (earlier != NULL)
		return answer_from_jsonb(earlier);
	answer = pair_qualify(pair, request->occurred_at);
	rf_call_end(&call, answer_jsonb(&answer));
	return answer;
}

Datum
rf_qualify(PG_FUNCTION_ARGS)
{
	RfEngine  engine;
	Request	  request;
	RfPair	  pair;
	RfRefusal refusal;
	Answer	  answer;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("code must not be null")));
	request = request_read(fcinfo, 1);
	rf_engine_enter(&engine, fcinfo);
	if (!rf_pair_lock_by_code(&pair, 0, text_to_cstring(PG_GETARG_TEXT_PP(0)), &refusal))
		rf_refusal_raise(&refusal);
	answer = request_qualify(&request, &pair, "rf_qualify", fcinfo, 1);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_qualify_email(PG_FUNCTION_ARGS)
{
	RfEngine  engine;
	Request	  request;
	RfPair	  pair;
	RfRefusal refusal;
	Answer	  answer;
	char	 *email;

	const RfCampaign *campaign;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("email must not be null")));
	request = request_read(fcinfo, 2);
	email = text_to_cstring(PG_GETARG_TEXT_PP(1));
	rf_engine_enter(&engine, fcinfo);
	campaign = rf_campaign_by_slug(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!rf_pair_lock_by_email(&pair, campaign->id, email, &refusal))
		rf_refusal_raise(&refusal);
	answer = request_qualify(&request, &pair, "rf_qualify_email", fcinfo, 2);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_unqualify(PG_FUNCTION_ARGS)
{
	RfEngine  engine;
	RfPair	  pair;
	RfRefusal refusal;
	Answer	  answer;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("code must not be null")));
	rf_engine_enter(&engine, fcinfo);
	if (!rf_pair_lock_by_code(&pair, 0, text_to_cstring(PG_GETARG_TEXT_PP(0)), &refusal))
		rf_refusal_raise(&refusal);
	answer = pair_unqualify(&pair, PG_ARGISNULL(1) ? "unqualified" : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}
