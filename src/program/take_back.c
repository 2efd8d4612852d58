/*
 * take_back.c
 *	  See take_back.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
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
			 " RETURNING r.id, r.rule_id, coalesce(r.ordinal, 0), r.amount, r.unit, r.coupon,"
			 "  r.state, lost.state",
			 INT8ARRAYOID, INT4ARRAYOID, INT8OID, INT8OID, TEXTOID, BOOLOID, TIMESTAMPTZOID,
			 BOOLOID);

/* A refund may have clawed back a part before. */
RF_STATEMENT(insert_clawbacks,
			 "INSERT INTO @extschema@.rf_reward"
			 " (rule_id, participant_id, subject_id, ordinal, purchase_id, n, generation,"
			 "  original_id, metric, amount, unit, coupon, state, reason, earned_at, due_at, changed_at)"
			 " SELECT r.rule_id, r.participant_id, r.subject_id, r.ordinal, r.purchase_id, r.n,"
			 "  r.generation, r.id, r.metric,"
			 "  - (r.amount + coalesce((SELECT sum(c.amount) FROM @extschema@.rf_reward c"
			 "   WHERE c.original_id = r.id), 0)),"
			 "  r.unit, r.coupon, 'clawed_back', r.reason, $2, $2, $2"
			 " FROM @extschema@.rf_reward r"
			 " WHERE r.id = ANY ($1)"
			 " ORDER BY r.id",
			 INT8ARRAYOID, TIMESTAMPTZOID);

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

static RfRewardFacts
reward_facts(const RfCampaign *campaign, uint64 row)
{
	bool		  isnull;
	RfRewardFacts reward = {
		.id = rf_int64(row, 1),
		.rule = rf_campaign_rule(campaign, rf_int64(row, 2)),
		.ordinal = rf_int32(row, 3),
		.amount = rf_value(row, 4, &isnull),
		.unit = rf_text(row, 5),
		.coupon = rf_text(row, 6),
		.state = rf_text(row, 7),
		.previous_state = rf_text(row, 8),
	};

	return reward;
}

/* Mark what is lost; the rows returned are read by reward_facts(). */
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

static void
reward_claw_back(RfColumn *ids)
{
	Datum values[] = {rf_column_array(ids), TimestampTzGetDatum(rf_now())};

	if (ids->n > 0)
		rf_execute(&insert_clawbacks, values, NULL);
}

int
rf_rewards_take_back(const RfLoss *loss, RfEventBatch *events)
{
	RfColumn clawed_back;
	uint64	 ntaken;

	if (loss->campaign->on_unqualify == RF_KEEP)
		return 0;
	ntaken = loss_mark(loss);
	rf_column_init(&clawed_back, INT8OID);
	for (uint64 row = 0; row < ntaken; row++)
	{
		RfRewardFacts reward = reward_facts(loss->campaign, row);
		RfEvent		  event = {
				  .type = rf_event_of_reward(reward.state),
				  .campaign = loss->campaign,
				  .participant = loss->participant,
				  .referrer = loss->referrer,
				  .reward = &reward,
		  };

		rf_event_add(events, &event);
		if (event.type == RF_EVENT_REWARD_CLAWED_BACK)
			rf_column_add(&clawed_back, Int64GetDatum(reward.id));
	}
	reward_claw_back(&clawed_back);
	return (int) ntaken;
}
