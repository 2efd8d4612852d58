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
#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/answer.h"
#include "program/idempotency.h"
#include "program/reward.h"
#include "program/settle.h"

PG_FUNCTION_INFO_V1(rf_qualify);
PG_FUNCTION_INFO_V1(rf_qualify_email);
PG_FUNCTION_INFO_V1(rf_unqualify);

/* The two people of a qualification, locked. */
typedef struct Pair
{
	const RfCampaign *campaign;
	RfPerson		  invited;
	RfPerson		  referrer;
} Pair;

typedef struct Answer
{
	int64		  participant_id;
	RfPersonState state;
	bool		  changed;
	int			  rewards;
} Answer;

RF_STATEMENT(find_by_code,
			 "SELECT id, referrer_id FROM @extschema@.rf_participant WHERE code_key = $1",
			 TEXTOID);
RF_STATEMENT(find_by_email,
			 "SELECT id, referrer_id FROM @extschema@.rf_participant"
			 " WHERE campaign_id = $1 AND email_key = $2",
			 INT8OID, TEXTOID);

/* referrer_id never changes, so it may be read before the lock. */
RF_STATEMENT(lock_pair,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id IN ($1, $2)"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8OID, INT8OID);

/* The row last found becomes a locked pair. */
static void
pair_lock(Pair *pair, const char *name)
{
	int64 invited = rf_int64(0, 1);
	int64 referrer = rf_int64(0, 2);
	Datum values[] = {Int64GetDatum(invited), Int64GetDatum(referrer)};

	if (referrer == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RF_NOT_INVITED),
				 errmsg("\"%s\" is not an invited participant", name),
				 errdetail("They joined on their own."),
				 errhint("Only people who joined with somebody's code qualify.")));
	if (rf_execute(&lock_pair, values, NULL) != 2)
		elog(ERROR, "referrer " INT64_FORMAT " of participant " INT64_FORMAT " is missing",
			 referrer, invited);
	rf_person_read(&pair->invited, invited < referrer ? 0 : 1, 1);
	rf_person_read(&pair->referrer, invited < referrer ? 1 : 0, 1);
	rf_rewards_lock();
	pair->campaign = rf_campaign_by_id(pair->invited.campaign_id);
	rf_campaign_hold(pair->campaign);
}

static void
pair_lock_by_code(Pair *pair, const char *code)
{
	Datum values[] = {CStringGetTextDatum(rf_code_key(code))};

	if (rf_execute(&find_by_code, values, NULL) == 0)
		rf_raise_unknown_code(code);
	pair_lock(pair, code);
}

static void
check_campaign(const RfCampaign *campaign, TimestampTz when)
{
	RfCampaignState state = rf_campaign_state_at(campaign, when);

	if (state == RF_LIVE || state == RF_PAUSED)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_RF_CAMPAIGN_NOT_OPEN),
			 errmsg("campaign \"%s\" is not open", campaign->slug),
			 errdetail("At the time of the qualification it is %s.",
					   rf_campaign_state_name(state))));
}

static void
check_window(const Pair *pair, TimestampTz when)
{
	TimestampTz from = pair->invited.joined_at;
	TimestampTz until;

	if (pair->campaign->qualify_within == NULL)
		return;
	until = rf_time_add(from, pair->campaign->qualify_within);
	if (when >= from && when < until)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_RF_WINDOW_PASSED),
			 errmsg("\"%s\" cannot qualify at that time", pair->invited.code),
			 errdetail("The campaign's window for this person ends at %s.",
					   timestamptz_to_str(until))));
}

static void
check_state(const RfPerson *invited)
{
	if (invited->state == RF_HELD || invited->state == RF_BLOCKED)
		ereport(ERROR,
				(errcode(ERRCODE_RF_BLOCKED_OR_HELD),
				 errmsg("participant \"%s\" is %s", invited->code,
						rf_person_state_name(invited->state))));
}

/* One statement for both rows: the person's state, the referrer's count. */
RF_STATEMENT(write_pair,
			 "UPDATE @extschema@.rf_participant p"
			 " SET state = CASE p.id WHEN $1 THEN $3 ELSE p.state END,"
			 " qualified_at = CASE p.id WHEN $1 THEN $4 ELSE p.qualified_at END,"
			 " qualified_count = CASE p.id WHEN $2 THEN $5 ELSE p.qualified_count END"
			 " WHERE p.id IN ($1, $2)",
			 INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, INT4OID);

static void
pair_write(const Pair *pair)
{
	Datum values[] = {
		Int64GetDatum(pair->invited.id), Int64GetDatum(pair->referrer.id),
		CStringGetTextDatum(rf_person_state_name(pair->invited.state)),
		TimestampTzGetDatum(pair->invited.qualified_at),
		Int32GetDatum(pair->referrer.qualified_count)};

	rf_execute(&write_pair, values, pair->invited.state == RF_QUALIFIED ? NULL : "   n ");
}

static Answer
pair_answer(const Pair *pair, bool changed, int rewards)
{
	Answer answer = {pair->invited.id, pair->invited.state, changed, rewards};

	return answer;
}

static Answer
pair_qualify(Pair *pair, TimestampTz when)
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

	if (pair->invited.state == RF_QUALIFIED)
		return pair_answer(pair, false, 0);
	check_state(&pair->invited);
	check_campaign(pair->campaign, when);
	check_window(pair, when);
	pair->invited.state = RF_QUALIFIED;
	pair->invited.qualified_at = when;
	pair->referrer.qualified_count++;
	pair_write(pair);
	settlement = rf_settlement();
	rf_settle_add(settlement, &qualified);
	return pair_answer(pair, true, rf_settle(settlement));
}

static Answer
pair_unqualify(Pair *pair, const char *reason)
{
	RfEventBatch events = {0};
	RfEvent		 event = {
			 RF_EVENT_INVITED_UNQUALIFIED, pair->campaign, &pair->invited, &pair->referrer, NULL};
	int rewards;

	if (pair->invited.state != RF_QUALIFIED)
		return pair_answer(pair, false, 0);
	pair->invited.state = RF_PENDING;
	pair->invited.qualified_at = DT_NOBEGIN;
	pair->referrer.qualified_count--;
	pair_write(pair);
	rf_event_add(&events, &event);
	rewards = rf_rewards_take_back(pair->campaign, &pair->invited, &pair->referrer,
								   reason, &events);
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
request_arguments(const Pair *pair, FunctionCallInfo fcinfo, int first)
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
request_qualify(const Request *request, Pair *pair, const char *function,
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
	RfEngine engine;
	Request	 request;
	Pair	 pair;
	Answer	 answer;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("code must not be null")));
	request = request_read(fcinfo, 1);
	rf_engine_enter(&engine, fcinfo);
	pair_lock_by_code(&pair, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	answer = request_qualify(&request, &pair, "rf_qualify", fcinfo, 1);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_qualify_email(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Request	 request;
	Pair	 pair;
	Answer	 answer;
	char	*slug;
	char	*email;
	Datum	 values[2];

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("email must not be null")));
	request = request_read(fcinfo, 2);
	email = text_to_cstring(PG_GETARG_TEXT_PP(1));
	rf_engine_enter(&engine, fcinfo);
	slug = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	values[0] = Int64GetDatum(rf_campaign_by_slug(slug)->id);
	values[1] = CStringGetTextDatum(rf_email_key(rf_email_trim(email)));
	if (rf_execute(&find_by_email, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RF_NOT_INVITED),
				 errmsg("\"%s\" is not an invited participant", email)));
	pair_lock(&pair, email);
	answer = request_qualify(&request, &pair, "rf_qualify_email", fcinfo, 2);
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}

Datum
rf_unqualify(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Pair	 pair;
	Answer	 answer;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("code must not be null")));
	rf_engine_enter(&engine, fcinfo);
	pair_lock_by_code(&pair, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	answer = pair_unqualify(&pair, PG_ARGISNULL(1) ? "unqualified" : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	rf_engine_leave(&engine);
	return answer_row(fcinfo, &answer);
}
