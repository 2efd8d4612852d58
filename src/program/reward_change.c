/*
 * reward_change.c
 *	  See reward_change.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/clock.h"
#include "program/coupon.h"
#include "program/reward.h"
#include "program/reward_change.h"

RF_STATEMENT(lock_people,
			 "SELECT FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (SELECT unnest(ARRAY[r.participant_id, r.subject_id])"
			 "  FROM @extschema@.rf_reward r WHERE r.id = ANY ($1))"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8ARRAYOID);

RF_STATEMENT(lock_rewards,
			 "SELECT id, state FROM @extschema@.rf_reward"
			 " WHERE id = ANY ($1)"
			 " ORDER BY id"
			 " FOR NO KEY UPDATE",
			 INT8ARRAYOID);

uint64
rf_rewards_lock_rows(Datum ids)
{
	/* Whoever locks this table as a whole waits for people and pools afterwards. */
	rf_rewards_lock();
	rf_execute(&lock_people, &ids, NULL);
	return rf_execute(&lock_rewards, &ids, NULL);
}

/* The subject, and who is shown as the referrer: up the tree, who gets it. */
RF_STATEMENT(read_people,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1 OR p.id = CASE WHEN $3 THEN $2 ELSE"
			 "  (SELECT s.referrer_id FROM @extschema@.rf_participant s WHERE s.id = $1) END"
			 " ORDER BY p.id = $1 DESC",
			 INT8OID, INT8OID, BOOLOID);

/* A reward that changed, as the last statement returned it. */
typedef struct Changed
{
	RfRewardFacts facts;
	int64		  rule_id;
	int64		  subject_id;
	int64		  participant_id;
} Changed;

static Changed *
changed_read(uint64 nrows)
{
	Changed *changed = palloc0_array(Changed, nrows);

	for (uint64 row = 0; row < nrows; row++)
	{
		RfRewardFacts *facts = &changed[row].facts;
		bool		   isnull;
		Datum		   amount = rf_value(row, 4, &isnull);

		facts->id = rf_int64(row, 1);
		changed[row].rule_id = rf_int64(row, 2);
		facts->ordinal = rf_int32(row, 3);
		if (!isnull)
			facts->amount = PointerGetDatum(DatumGetNumericCopy(amount));
		facts->unit = rf_text(row, 5);
		facts->coupon = rf_text(row, 6);
		facts->state = rf_text(row, 7);
		facts->previous_state = rf_text(row, 8);
		changed[row].subject_id = rf_int64(row, 9);
		changed[row].participant_id = rf_int64(row, 10);
		facts->level = rf_int32(row, 11);
	}
	return changed;
}

static void
changed_add_event(Changed *changed, RfEventBatch *events)
{
	Datum values[] = {
		Int64GetDatum(changed->subject_id), Int64GetDatum(changed->participant_id),
		BoolGetDatum(changed->facts.level > 1)};
	RfPerson		  people[2];
	uint64			  npeople = rf_execute(&read_people, values, NULL);
	const RfCampaign *campaign;

	for (uint64 i = 0; i < npeople; i++)
		rf_person_read(&people[i], i, 1);
	campaign = npeople > 0 ? rf_campaign_by_id(people[0].campaign_id) : NULL;
	if (campaign != NULL)
		changed->facts.rule = rf_campaign_rule(campaign, changed->rule_id);
	if (changed->facts.rule == NULL)
		elog(ERROR, "rule or person of reward " INT64_FORMAT " is missing", changed->facts.id);
	{
		RfEvent event = {
			.type = rf_event_of_reward(changed->facts.state),
			.campaign = campaign,
			.participant = &people[0],
			.referrer = npeople > 1 ? &people[1] : NULL,
			.reward = &changed->facts,
		};

		rf_event_add(events, &event);
	}
}

int
rf_rewards_changed(uint64 nrows, RfEventBatch *events)
{
	Changed *changed = changed_read(nrows);

	for (uint64 row = 0; row < nrows; row++)
		changed_add_event(&changed[row], events);
	return (int) nrows;
}

RF_STATEMENT(need_coupons,
			 "SELECT r.id, r.pool, p.campaign_id"
			 " FROM @extschema@.rf_reward r"
			 " JOIN @extschema@.rf_participant p ON p.id = r.subject_id"
			 " WHERE r.id = ANY ($1) AND r.metric = 'coupon' AND r.coupon IS NULL"
			 " ORDER BY r.earned_at, r.id",
			 INT8ARRAYOID);

RF_STATEMENT(write_coupons,
			 "UPDATE @extschema@.rf_reward r SET coupon = g.coupon"
			 " FROM unnest($1, $2) AS g (id, coupon)"
			 " WHERE r.id = g.id",
			 INT8ARRAYOID, TEXTARRAYOID);

static void
coupons_write(const RfCouponNeed *needs, int nneeds)
{
	RfColumn ids;
	RfColumn coupons;
	Datum	 values[2];

	rf_column_init(&ids, INT8OID);
	rf_column_init(&coupons, TEXTOID);
	for (int i = 0; i < nneeds; i++)
	{
		if (needs[i].coupon == NULL)
			continue;
		rf_column_add(&ids, Int64GetDatum(needs[i].reward_id));
		rf_column_add(&coupons, CStringGetTextDatum(needs[i].coupon));
	}
	values[0] = rf_column_array(&ids);
	values[1] = rf_column_array(&coupons);
	rf_execute(&write_coupons, values, NULL);
}

char *
rf_rewards_take_coupons(Datum ids, RfEventBatch *events)
{
	int			  nneeds = (int) rf_execute(&need_coupons, &ids, NULL);
	RfCouponNeed *needs = palloc0_array(RfCouponNeed, nneeds);
	int64		 *campaign_ids = palloc_array(int64, nneeds);

	if (nneeds == 0)
		return NULL;
	for (int i = 0; i < nneeds; i++)
	{
		needs[i].reward_id = rf_int64(i, 1);
		needs[i].pool = rf_text(i, 2);
		campaign_ids[i] = rf_int64(i, 3);
	}
	for (int i = 0; i < nneeds; i++)
		needs[i].campaign = rf_campaign_by_id(campaign_ids[i]);
	rf_coupons_give(needs, nneeds, events);
	coupons_write(needs, nneeds);
	for (int i = 0; i < nneeds; i++)
	{
		if (needs[i].coupon == NULL)
			return unconstify(char *, needs[i].pool);
	}
	return NULL;
}
