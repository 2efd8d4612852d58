/*
 * recurrence_pay.c
 *	  See recurrence_pay.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "base/clock.h"
#include "program/batch.h"
#include "program/recurrence.h"
#include "program/recurrence_pay.h"
#include "program/settle.h"

RF_STATEMENT(read_due,
			 "SELECT r.anchor, r.recur_every, r.recur_times, r.n, r.rule_id," RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_recurrence r"
			 " JOIN @extschema@.rf_participant p ON p.id = r.subject_id"
			 " WHERE r.subject_id = ANY ($1) AND r.next_at <= $2 AND ($3 = 0 OR r.rule_id = $3)"
			 " ORDER BY r.next_at, r.subject_id, r.rule_id",
			 INT8ARRAYOID, TIMESTAMPTZOID, INT8OID);

/* A person and rule with something due. */
typedef struct Due
{
	const RfCampaign *campaign;
	RfRecurrence	  recurrence;
	TimestampTz		  next_at;
	RfPerson		  subject;
	RfPerson		  referrer;
	RfSpending		  spending;
} Due;

/* Add the next period of one of them. */
static void
due_settle(Due *due, RfSettlement *settlement)
{
	RfRecurrence *recurrence = &due->recurrence;
	RfHappening	  happening = {
		  .campaign = due->campaign,
		  .event = RF_EVENT_INVITED_QUALIFIED,
		  .participant = &due->subject,
		  .referrer = &due->referrer,
		  .spending = due->spending,
		  .earned_at = due->next_at,
	  };

	/* Of a rule that sleeps, or is of another kind by now, times pass unpaid. */
	if (recurrence->rule->terms.active && recurrence->rule->terms.kind == RF_RECURRING)
		rf_settle_add_period(settlement, &happening, recurrence->rule, recurrence->next,
							 rf_recurrence_time(recurrence, recurrence->next - 1));
	recurrence->next++;
	due->next_at = rf_recurrence_next_at(recurrence);
}

/* The one whose next period is the earliest. */
static Due *
due_earliest(Due *due, uint64 ndue)
{
	Due *earliest = &due[0];

	for (uint64 i = 1; i < ndue; i++)
	{
		if (due[i].next_at < earliest->next_at)
			earliest = &due[i];
	}
	return earliest;
}

static void
due_complete(Due *due)
{
	due->campaign = rf_campaign_by_id(due->subject.campaign_id);
	due->recurrence.rule = rf_campaign_rule(due->campaign, due->recurrence.subject_id);
	due->recurrence.subject_id = due->subject.id;
	due->next_at = rf_recurrence_next_at(&due->recurrence);

	(void) rf_person_find(&due->referrer, due->subject.referrer_id);
	if (due->campaign->needs_spending)
		due->spending = rf_spending_read(due->subject.id);
}

/*
 * Pay these people (bigint[]), who stand locked, under one rule or all (0), in
 * the order in which it was earned, so that limits do not depend on when the
 * clock was looked at. At most RF_BATCH periods: the rest is for the next time.
 */
static int
recurrences_pay_locked(Datum subject_ids, int64 rule_id)
{
	Datum values[] = {
		subject_ids, TimestampTzGetDatum(rf_now()), Int64GetDatum(rule_id)};
	RfSettlement *settlement = rf_settlement();
	uint64		  ndue;
	Due			 *due;
	int			  paid;

	ndue = rf_execute(&read_due, values, NULL);
	due = palloc0_array(Due, ndue);
	for (uint64 i = 0; i < ndue; i++)
	{
		rf_recurrence_read(&due[i].recurrence, i, 1);
		due[i].recurrence.subject_id = rf_int64(i, 5); /* the rule's for now */
		rf_person_read(&due[i].subject, i, 6);
	}
	for (uint64 i = 0; i < ndue; i++)
		due_complete(&due[i]);
	for (int i = 0; i < RF_BATCH && ndue > 0; i++)
	{
		Due *next = due_earliest(due, ndue);

		if (next->next_at > rf_now())
			break;
		due_settle(next, settlement);
	}
	paid = rf_settle(settlement);
	for (uint64 i = 0; i < ndue; i++)
		rf_recurrence_move(&due[i].recurrence);
	return paid;
}

/* People whom another session has locked are left to the next time. */
RF_STATEMENT(lock_free_people,
			 "SELECT p.id FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (SELECT unnest($1)"
			 "  UNION SELECT s.referrer_id FROM @extschema@.rf_participant s"
			 "   WHERE s.id = ANY ($1))"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE SKIP LOCKED",
			 INT8ARRAYOID);

RF_STATEMENT(people_between,
			 "SELECT s.id FROM @extschema@.rf_participant s"
			 " WHERE s.id = ANY ($1) AND s.id = ANY ($2) AND s.referrer_id = ANY ($2)",
			 INT8ARRAYOID, INT8ARRAYOID);

static int
recurrences_pay_people(Datum subject_ids)
{
	Datum  values[2] = {subject_ids};
	uint64 n;

	rf_rewards_lock();
	n = rf_execute(&lock_free_people, values, NULL);
	values[1] = rf_int64_column(n, 1);
	n = rf_execute(&people_between, values, NULL);
	return n > 0 ? recurrences_pay_locked(rf_int64_column(n, 1), 0) : 0;
}

RF_STATEMENT(find_due,
			 "SELECT array_agg(DISTINCT s.subject_id)"
			 " FROM (SELECT subject_id FROM @extschema@.rf_recurrence"
			 "  WHERE next_at <= $1"
			 "  ORDER BY next_at LIMIT $2) AS s",
			 TIMESTAMPTZOID, INT4OID);

int
rf_recurrences_pay(void)
{
	Datum values[] = {TimestampTzGetDatum(rf_now()), Int32GetDatum(RF_BATCH)};
	Datum ids;

	rf_execute(&find_due, values, NULL);
	ids = rf_array();
	if (ids == 0)
		return 0;
	return rf_batch_run(ids, recurrences_pay_people, "recurring reward of participant");
}

RF_STATEMENT(find_due_of,
			 "SELECT array_agg(DISTINCT s.subject_id)"
			 " FROM (SELECT subject_id FROM @extschema@.rf_recurrence"
			 "  WHERE next_at <= $1 AND rule_id = $3"
			 "  ORDER BY next_at LIMIT $2) AS s",
			 TIMESTAMPTZOID, INT4OID, INT8OID);

int
rf_recurrences_catch_up(int64 rule_id)
{
	Datum values[] = {
		TimestampTzGetDatum(rf_now()), Int32GetDatum(RF_BATCH), Int64GetDatum(rule_id)};
	int	  paid = 0;
	Datum ids;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		rf_execute(&find_due_of, values, NULL);
		ids = rf_array();
		if (ids == 0)
			return paid;
		paid += recurrences_pay_locked(ids, rule_id);
	}
}

RF_STATEMENT(stop_recurrences,
			 "UPDATE @extschema@.rf_recurrence SET next_at = 'infinity'"
			 " WHERE subject_id = $1 AND next_at <> 'infinity'",
			 INT8OID);
RF_STATEMENT(is_due,
			 "SELECT FROM @extschema@.rf_recurrence WHERE subject_id = $1 AND next_at <= $2",
			 INT8OID, TIMESTAMPTZOID);

void
rf_recurrence_stop(int64 subject_id)
{
	Datum values[] = {Int64GetDatum(subject_id), TimestampTzGetDatum(rf_now())};

	while (rf_execute(&is_due, values, NULL) > 0)
	{
		RfColumn ids;

		CHECK_FOR_INTERRUPTS();
		rf_column_init(&ids, INT8OID);
		rf_column_add(&ids, values[0]);
		(void) recurrences_pay_locked(rf_column_array(&ids), 0);
	}
	rf_execute(&stop_recurrences, values, NULL);
}
