/*
 * take_back.c
 *	  See take_back.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "base/clock.h"
#include "program/limit.h"
#include "program/take_back.h"

/*
 * What a person or a count no longer deserves: the subject's grants, and the
 * referrer's ordinals above the bound of each rule. The two are found by the
 * two unique indexes of live rewards. Issued ones only with $6.
 */
RF_STATEMENT(take_back,
			 "WITH found AS ("
			 " SELECT r.id"
			 " FROM unnest($1, $2) AS k (rule_id, bound)"
			 " JOIN @extschema@.rf_reward r ON r.rule_id = k.rule_id AND r.participant_id = $4"
			 "  AND r.ordinal > k.bound AND r.ordinal IS NOT NULL"
			 "  AND r.state NOT IN ('cancelled', 'clawed_back')"
			 " UNION ALL"
			 " SELECT r.id"
			 " FROM @extschema@.rf_reward r"
			 " WHERE r.subject_id = $3 AND r.rule_id = ANY ($1)"
			 "  AND r.ordinal IS NULL"
			 "  AND r.state NOT IN ('cancelled', 'clawed_back')"
			 "  AND NOT ($8 AND r.participant_id = $3)"
			 "), lost AS ("
			 " SELECT r.id, r.state"
			 " FROM @extschema@.rf_reward r"
			 " WHERE r.id IN (SELECT id FROM found)"
			 " AND (r.state IN ('pending', 'due', 'failed')"
			 "  OR $6 AND r.state IN ('issued', 'fulfilled'))"
			 " ORDER BY r.id"
			 " FOR UPDATE)"
			 " UPDATE @extschema@.rf_reward r"
			 " SET state = CASE WHEN lost.state IN ('issued', 'fulfilled')"
			 "  THEN 'clawed_back' ELSE 'cancelled' END,"
			 " reason = $5, changed_at = $7"
			 " FROM lost"
			 " WHERE r.id = lost.id"
			 " RETURNING" RF_TAKEN_COLUMNS("lost.state"),
			 INT8ARRAYOID, INT4ARRAYOID, INT8OID, INT8OID, TEXTOID, BOOLOID, TIMESTAMPTZOID,
			 BOOLOID);

/* The count of the referrer that a rule goes by, if the loss moved it. */
static bool
loss_count(const RfLoss *loss, const RfRule *rule, int *count)
{
	bool join = rule->terms.earned_on == RF_INVITED_JOINS;
	bool qualification = rule->terms.earned_on == RF_INVITED_QUALIFIES;

	*count = 0;
	if (!(join && (loss->lost & RF_LOST_JOIN) != 0) &&
		!(qualification && (loss->lost & RF_LOST_QUALIFICATION) != 0))
		return false;
	if (loss->referrer != NULL)
		*count = join ? loss->referrer->invited_count : loss->referrer->qualified_count;
	return true;
}

/* Rules whose grants may be lost, with the highest ordinal still deserved. */
static void
loss_bounds(const RfLoss *loss, RfColumn *rule_ids, RfColumn *bounds)
{
	rf_column_init(rule_ids, INT8OID);
	rf_column_init(bounds, INT4OID);
	for (int i = 0; i < loss->campaign->nrules; i++)
	{
		const RfRule *rule = &loss->campaign->rules[i];
		int			  count;

		if (!loss_count(loss, rule, &count))
			continue;
		rf_column_add(rule_ids, Int64GetDatum(rule->id));
		rf_column_add(bounds, Int32GetDatum(rf_rules_deserved(&rule->terms, count)));
	}
}

void
rf_taken_read(RfTaken *taken, const RfCampaign *campaign, uint64 row)
{
	RfRewardFacts *reward = &taken->reward;
	bool		   isnull;
	Datum		   amount = rf_value(row, 5, &isnull);

	memset(taken, 0, sizeof(*taken));
	reward->id = rf_int64(row, 1);
	reward->rule = rf_campaign_rule(campaign, rf_int64(row, 2));
	reward->ordinal = rf_int32(row, 3);
	reward->level = rf_int32(row, 4);
	if (!isnull)
		reward->amount = datumCopy(amount, false, -1);
	reward->unit = rf_text(row, 6);
	reward->coupon = rf_text(row, 7);
	reward->state = rf_text(row, 8);
	reward->previous_state = rf_text(row, 9);
	taken->recipient_id = rf_int64(row, 10);
}

/* Mark what is lost; the rows returned are read by rf_taken_read(). */
static uint64
loss_mark(const RfLoss *loss)
{
	RfColumn rule_ids;
	RfColumn bounds;

	loss_bounds(loss, &rule_ids, &bounds);
	if (rule_ids.n == 0)
		return 0;
	{
		Datum values[] = {
			rf_column_array(&rule_ids), rf_column_array(&bounds),
			Int64GetDatum(loss->participant->id),
			Int64GetDatum(loss->referrer != NULL ? loss->referrer->id : 0),
			CStringGetTextDatum(loss->reason),
			BoolGetDatum(loss->campaign->on_unqualify == RF_CLAWBACK),
			TimestampTzGetDatum(rf_now()),
			BoolGetDatum(loss->others_only)};

		return rf_execute(&take_back, values, NULL);
	}
}

/* A negative row belongs to the time that earned the reward, as limits count it. */
RF_STATEMENT(insert_clawbacks,
			 "INSERT INTO @extschema@.rf_reward"
			 " (rule_id, participant_id, subject_id, ordinal, purchase_id, n, generation,"
			 "  original_id, metric, amount, unit, coupon, state, reason, earned_at, due_at,"
			 "  changed_at, level)"
			 " SELECT r.rule_id, r.participant_id, r.subject_id, r.ordinal, r.purchase_id, r.n,"
			 "  r.generation, r.id, r.metric, - k.amount, r.unit, r.coupon, 'clawed_back', $3,"
			 "  r.earned_at, $4, $4, r.level"
			 " FROM unnest($1, $2) AS k (id, amount)"
			 " JOIN @extschema@.rf_reward r USING (id)"
			 " ORDER BY r.id",
			 INT8ARRAYOID, NUMERICARRAYOID, TEXTOID, TIMESTAMPTZOID);

/* Ids and amounts of some of the rewards, as arrays. */
typedef struct Share
{
	RfColumn ids;
	RfColumn amounts;
	Datum	 values[2];
} Share;

#define HOW(how) (1 << (how))

/* Those taken in one of these ways; false: there are none. */
static bool
taken_share(Share *share, const RfTaken *taken, int ntaken, int hows)
{
	rf_column_init(&share->ids, INT8OID);
	rf_column_init(&share->amounts, NUMERICOID);
	for (int i = 0; i < ntaken; i++)
	{
		if ((hows & HOW(taken[i].how)) == 0)
			continue;
		rf_column_add(&share->ids, Int64GetDatum(taken[i].reward.id));
		if (taken[i].reward.amount != 0)
			rf_column_add(&share->amounts, taken[i].reward.amount);
		else
			rf_column_add_null(&share->amounts);
	}
	share->values[0] = rf_column_array(&share->ids);
	share->values[1] = rf_column_array(&share->amounts);
	return share->ids.n > 0;
}

static void
taken_claw_back(Share *share, const char *reason)
{
	Datum values[] = {
		share->values[0], share->values[1], CStringGetTextDatum(reason),
		TimestampTzGetDatum(rf_now())};

	rf_execute(&insert_clawbacks, values, NULL);
}

/* Events of a reward up the tree show in the referrer's place who had it. */
static const RfPerson *
taken_referrer(const RfLoss *loss, const RfTaken *taken)
{
	RfPerson *recipient;

	if (taken->reward.level < 2)
		return loss->referrer;
	recipient = palloc_object(RfPerson);
	return rf_person_find(recipient, taken->recipient_id) ? recipient : loss->referrer;
}

static void
taken_tell(const RfLoss *loss, const RfTaken *taken, RfEventBatch *events)
{
	RfEvent event = {
		.type = taken->how == RF_CANCELLED ? RF_EVENT_REWARD_CANCELLED
										   : RF_EVENT_REWARD_CLAWED_BACK,
		.campaign = loss->campaign,
		.participant = loss->participant,
		.reward = &taken->reward,
	};

	if (taken->how == RF_LOWERED || (loss->campaign->wanted & RF_EVENT_BIT(event.type)) == 0)
		return;
	event.referrer = taken_referrer(loss, taken);
	rf_event_add(events, &event);
}

void
rf_rewards_taken(const RfLoss *loss, const RfTaken *taken, int ntaken, RfEventBatch *events)
{
	Share share;

	for (int i = 0; i < ntaken; i++)
		taken_tell(loss, &taken[i], events);
	if (taken_share(&share, taken, ntaken, HOW(RF_CLAWED_BACK) | HOW(RF_CLAWED_BACK_PART)))
		taken_claw_back(&share, loss->reason);
	if (taken_share(&share, taken, ntaken, HOW(RF_CLAWED_BACK) | HOW(RF_CANCELLED)))
		rf_rewards_freed(share.values[0], share.values[1]);
	if (taken_share(&share, taken, ntaken, HOW(RF_CLAWED_BACK_PART) | HOW(RF_LOWERED)))
		rf_rewards_lowered(share.values[0], share.values[1]);
}

int
rf_rewards_take_back(const RfLoss *loss, RfEventBatch *events)
{
	uint64	 ntaken;
	RfTaken *taken;

	if (loss->campaign->on_unqualify == RF_KEEP)
		return 0;
	ntaken = loss_mark(loss);
	taken = palloc_array(RfTaken, ntaken);
	for (uint64 row = 0; row < ntaken; row++)
	{
		rf_taken_read(&taken[row], loss->campaign, row);
		if (strcmp(taken[row].reward.state, "clawed_back") == 0)
			taken[row].how = RF_CLAWED_BACK;
	}
	rf_rewards_taken(loss, taken, ntaken, events);
	return (int) ntaken;
}
