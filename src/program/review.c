/*
 * review.c
 *	  Review of people: rf_release and rf_block.
 *
 * Released, a person joins as if they joined only now, but for the time: the
 * count, the event and the rewards of joining come with the joined_at they have.
 * Blocked, they leave the counts, and what their joining and qualifying earned
 * others goes the way of an unqualification. A released person has no
 * qualification, whatever they had before they were blocked.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "program/admission.h"
#include "program/answer.h"
#include "program/fraud.h"
#include "program/limit.h"
#include "program/pair.h"
#include "program/recurrence_pay.h"
#include "program/reward_change.h"
#include "program/settle.h"
#include "program/take_back.h"

PG_FUNCTION_INFO_V1(rf_release);
PG_FUNCTION_INFO_V1(rf_block);

RF_STATEMENT(write_review,
			 "UPDATE @extschema@.rf_participant SET review = $2 WHERE id = $1",
			 INT8OID, TEXTOID);

/* NULL: nothing to say. */
static void
review_write(const RfPair *pair, const char *reason)
{
	Datum values[] = {
		Int64GetDatum(pair->invited.id), reason != NULL ? CStringGetTextDatum(reason) : 0};

	rf_execute(&write_review, values, reason != NULL ? NULL : " n");
}

/* Held people had their place all the time, blocked ones had none. */
static void
check_place(const RfPair *pair)
{
	const RfCampaign *campaign = pair->campaign;
	RfRefusal		  refusal;

	if (pair->invited.state != RF_BLOCKED || pair->referrer.id == 0 ||
		campaign->max_referrals == 0 ||
		pair->referrer.invited_count + rf_fraud_held(pair->referrer.id) < campaign->max_referrals)
		return;
	(void) rf_refuse_capped(campaign, pair->referrer.code, &refusal);
	rf_refusal_raise(&refusal);
}

static int
pair_settle_join(const RfPair *pair)
{
	RfSettlement *settlement = rf_settlement();
	RfHappening	  joined = {
		  .campaign = pair->campaign,
		  .event = RF_EVENT_REFERRER_JOINED,
		  .participant = &pair->invited,
		  .referrer = rf_pair_referrer(pair),
		  .move = {RF_REFERRER_JOINS, 0, 1},
		  .earned_at = pair->invited.joined_at,
		  .again = true,
	  };

	if (joined.referrer != NULL)
	{
		joined.event = RF_EVENT_INVITED_JOINED;
		joined.move.what = RF_INVITED_JOINS;
		joined.move.after = joined.referrer->invited_count;
		joined.move.before = joined.move.after - 1;
	}
	if (pair->campaign->needs_spending)
		joined.spending = rf_spending_read(pair->invited.id);
	rf_settle_add(settlement, &joined);
	return rf_settle(settlement);
}

/* Returns the number of rewards granted. */
static int
pair_release(RfPair *pair)
{
	bool invited = pair->referrer.id != 0;

	check_place(pair);
	pair->invited.state = invited ? RF_PENDING : RF_ACTIVE;
	pair->referrer.invited_count += invited;
	rf_pair_write(pair);
	review_write(pair, NULL);
	return pair_settle_join(pair);
}

RF_STATEMENT(find_own,
			 "SELECT array_agg(id) FROM @extschema@.rf_reward"
			 " WHERE participant_id = $1 AND state IN ('pending', 'due', 'failed')",
			 INT8OID);

/*
 * Lock the person's own rewards that were not issued, and the people who earned
 * them: those joined later, so their ids are higher.
 */
static void
own_rewards_lock(const RfPair *pair)
{
	Datum values[] = {Int64GetDatum(pair->invited.id)};
	Datum ids;

	rf_execute(&find_own, values, NULL);
	ids = rf_array();
	if (ids != 0)
		rf_rewards_lock_rows(ids);
}

RF_STATEMENT(reject_own,
			 "UPDATE @extschema@.rf_reward r"
			 " SET state = 'rejected', reason = 'recipient blocked', changed_at = $2"
			 " FROM @extschema@.rf_reward o"
			 " WHERE r.participant_id = $1 AND r.state IN ('pending', 'due', 'failed')"
			 " AND o.id = r.id"
			 " RETURNING" RF_REWARD_CHANGE_COLUMNS,
			 INT8OID, TIMESTAMPTZOID);

static int
own_rewards_reject(const RfPair *pair, RfEventBatch *events)
{
	Datum	 values[] = {Int64GetDatum(pair->invited.id), TimestampTzGetDatum(rf_now())};
	uint64	 nrejected = rf_execute(&reject_own, values, NULL);
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (uint64 row = 0; row < nrejected; row++)
		rf_column_add(&ids, Int64GetDatum(rf_int64(row, 1)));
	(void) rf_rewards_changed(nrejected, events);
	if (ids.n > 0)
		rf_rewards_freed(rf_column_array(&ids), 0);
	return ids.n;
}

/* What the person earned others goes, as the campaign says. */
static int
others_rewards_take_back(const RfPair *pair, bool was_qualified, RfEventBatch *events)
{
	RfEvent unqualified = {
		.type = RF_EVENT_INVITED_UNQUALIFIED,
		.campaign = pair->campaign,
		.participant = &pair->invited,
		.referrer = &pair->referrer,
	};
	RfLoss loss = {
		.campaign = pair->campaign,
		.participant = &pair->invited,
		.referrer = &pair->referrer,
		/* Also what an earlier qualification left behind. */
		.lost = RF_LOST_JOIN | RF_LOST_QUALIFICATION,
		.others_only = true,
		.reason = "invited person blocked",
	};

	if (was_qualified)
		rf_event_add(events, &unqualified);
	return rf_rewards_take_back(&loss, events);
}

/* Returns the number of rewards taken back or rejected. */
static int
pair_block(RfPair *pair, const char *reason)
{
	bool was_qualified = pair->invited.state == RF_QUALIFIED;
	bool counted = was_qualified ||
		pair->invited.state == RF_PENDING || pair->invited.state == RF_EXPIRED;
	RfEventBatch events = {0};
	int			 rewards = 0;

	own_rewards_lock(pair);
	rf_limits_lock_campaign(pair->campaign);
	if (was_qualified)
		rf_recurrence_stop(pair->invited.id);
	pair->invited.state = RF_BLOCKED;
	pair->invited.qualified_at = DT_NOBEGIN;
	pair->referrer.invited_count -= counted;
	pair->referrer.qualified_count -= was_qualified;
	rf_pair_write(pair);
	review_write(pair, reason);
	if (counted)
		rewards = others_rewards_take_back(pair, was_qualified, &events);
	rewards += own_rewards_reject(pair, &events);
	rf_event_flush(&events);
	return rewards;
}

static void
pair_find(RfPair *pair, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("participant_id must not be null")));
	rf_pair_lock_by_id(pair, PG_GETARG_INT64(0));
}

static Datum
review_row(FunctionCallInfo fcinfo, const RfPair *pair, bool changed, int rewards)
{
	Datum values[] = {
		Int64GetDatum(pair->invited.id),
		CStringGetTextDatum(rf_person_state_name(pair->invited.state)),
		BoolGetDatum(changed),
		Int32GetDatum(rewards)};
	bool nulls[lengthof(values)] = {false};

	return rf_answer(fcinfo, values, nulls);
}

Datum
rf_release(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	RfPair	 pair;
	bool	 changed;
	int		 rewards = 0;

	rf_engine_enter(&engine, fcinfo);
	pair_find(&pair, fcinfo);
	changed = pair.invited.state == RF_HELD || pair.invited.state == RF_BLOCKED;
	if (changed)
		rewards = pair_release(&pair);
	rf_engine_leave(&engine);
	return review_row(fcinfo, &pair, changed, rewards);
}

Datum
rf_block(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	RfPair	 pair;
	bool	 changed;
	int		 rewards = 0;

	rf_engine_enter(&engine, fcinfo);
	pair_find(&pair, fcinfo);
	changed = pair.invited.state != RF_BLOCKED;
	if (changed)
		rewards = pair_block(&pair, PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	rf_engine_leave(&engine);
	return review_row(fcinfo, &pair, changed, rewards);
}
