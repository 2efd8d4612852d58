/*
 * recurrence.c
 *	  See recurrence.h.
 *
 * rf_recurrence has a row for each enrolled person and rule, with the number and
 * time of the next reward. Whoever changes it holds the lock of the person, so
 * that each time is paid once, however many sessions look at the clock.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "program/batch.h"
#include "program/recurrence.h"
#include "program/settle.h"

TimestampTz
rf_recurrence_time(const RfRecurrence *recurrence, int n)
{
	const Interval *every = &recurrence->every;
	Interval		passed;

	if (n == 0)
		return DT_NOBEGIN;
	if (pg_mul_s64_overflow(every->time, n - 1, &passed.time) ||
		pg_mul_s32_overflow(every->day, n - 1, &passed.day) ||
		pg_mul_s32_overflow(every->month, n - 1, &passed.month))
		return DT_NOEND;
	return rf_time_add(recurrence->anchor, &passed);
}

/* When the next one is earned; DT_NOEND: there is none. */
static TimestampTz
recurrence_next_at(const RfRecurrence *recurrence)
{
	if (recurrence->times > 0 && recurrence->next > recurrence->times)
		return DT_NOEND;
	return rf_recurrence_time(recurrence, recurrence->next);
}

RF_STATEMENT(read_recurrence,
			 "SELECT anchor, recur_every, recur_times, n"
			 " FROM @extschema@.rf_recurrence"
			 " WHERE subject_id = $1 AND rule_id = $2",
			 INT8OID, INT8OID);

RF_STATEMENT(insert_recurrence,
			 "INSERT INTO @extschema@.rf_recurrence"
			 " (subject_id, rule_id, participant_id, anchor, recur_every, recur_times, n, next_at)"
			 " VALUES ($1, $2, $3, $4, $5, nullif($6, 0), $7, $8)",
			 INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID, INTERVALOID, INT4OID, INT4OID,
			 TIMESTAMPTZOID);

RF_STATEMENT(move_recurrence,
			 "UPDATE @extschema@.rf_recurrence SET n = $3, next_at = $4"
			 " WHERE subject_id = $1 AND rule_id = $2",
			 INT8OID, INT8OID, INT4OID, TIMESTAMPTZOID);

/* Columns anchor, recur_every, recur_times, n of a row, from the given one on. */
static void
recurrence_read(RfRecurrence *recurrence, uint64 row, int column)
{
	bool isnull;

	recurrence->anchor = DatumGetTimestampTz(rf_value(row, column, &isnull));
	recurrence->every = *DatumGetIntervalP(rf_value(row, column + 1, &isnull));
	recurrence->times = rf_int32(row, column + 2);
	recurrence->next = rf_int32(row, column + 3);
}

static void
recurrence_move(const RfRecurrence *recurrence)
{
	Datum values[] = {
		Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id),
		Int32GetDatum(recurrence->next), TimestampTzGetDatum(recurrence_next_at(recurrence))};

	rf_execute(&move_recurrence, values, NULL);
}

static int *
recurrence_enrol(RfRecurrence *recurrence, TimestampTz when, RfEnrolment how, int *count)
{
	int *first = palloc_object(int);

	recurrence->anchor = when;
	recurrence->every = *recurrence->rule->recur_every;
	recurrence->times = recurrence->rule->recur_times;
	recurrence->next = 2;
	if (how != RF_ENROL_FORESEE)
	{
		Datum values[] = {
			Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id),
			Int64GetDatum(recurrence->participant_id), TimestampTzGetDatum(when),
			IntervalPGetDatum(&recurrence->every), Int32GetDatum(recurrence->times),
			Int32GetDatum(recurrence->next), TimestampTzGetDatum(recurrence_next_at(recurrence))};

		rf_execute(&insert_recurrence, values, NULL);
	}
	*first = 1;
	*count = 1;
	return first;
}

/* What was taken back; with $4 what was rejected, too, and numbers $5 to $6. */
RF_STATEMENT(read_taken_back,
			 "SELECT n FROM @extschema@.rf_reward"
			 " WHERE (state IN ('cancelled', 'clawed_back') OR $4 AND state = 'rejected')"
			 " AND subject_id = $1 AND rule_id = $2 AND participant_id = $3 AND n IS NOT NULL"
			 " UNION"
			 " SELECT generate_series($5, $6) WHERE $4"
			 " ORDER BY n",
			 INT8OID, INT8OID, INT8OID, BOOLOID, INT4OID, INT4OID);

/* The first number whose time is not before `when`. */
static int
recurrence_first(const RfRecurrence *recurrence, int from, TimestampTz when)
{
	while (rf_recurrence_time(recurrence, from) < when)
		from++;
	return from;
}

static int *
recurrence_go_on(RfRecurrence *recurrence, TimestampTz when, RfEnrolment how, int *count)
{
	Datum values[] = {
		Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id),
		Int64GetDatum(recurrence->participant_id), BoolGetDatum(how == RF_ENROL_AGAIN),
		Int32GetDatum(recurrence_first(recurrence, 1, when)),
		Int32GetDatum(recurrence->next - 1)};
	int *numbers;

	recurrence->next = recurrence_first(recurrence, recurrence->next, when);
	if (how != RF_ENROL_FORESEE)
		recurrence_move(recurrence);
	*count = (int) rf_execute(&read_taken_back, values, NULL);
	numbers = palloc_array(int, *count);
	for (int i = 0; i < *count; i++)
		numbers[i] = rf_int32(i, 1);
	return numbers;
}

int *
rf_recurrence_begin(RfRecurrence *recurrence, TimestampTz when, RfEnrolment how, int *count)
{
	Datum values[] = {
		Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id)};

	if (rf_execute(&read_recurrence, values, NULL) == 0)
		return recurrence_enrol(recurrence, when, how, count);
	recurrence_read(recurrence, 0, 1);
	return recurrence_go_on(recurrence, when, how, count);
}

void
rf_recurrence_resume(RfRecurrence *recurrence, TimestampTz when)
{
	Datum values[] = {
		Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id)};

	if (rf_execute(&read_recurrence, values, NULL) == 0)
		return;
	recurrence_read(recurrence, 0, 1);
	recurrence->next = recurrence_first(recurrence, recurrence->next, when);
	recurrence_move(recurrence);
}

RF_STATEMENT(read_spending_between,
			 "SELECT currency, sum(amount - refunded), max(id)"
			 " FROM @extschema@.rf_purchase"
			 " WHERE participant_id = $1 AND occurred_at > $2 AND occurred_at <= $3"
			 " GROUP BY currency",
			 INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID);

RfSpending
rf_recurrence_spending(int64 participant_id, TimestampTz from, TimestampTz until)
{
	Datum values[] = {
		Int64GetDatum(participant_id), TimestampTzGetDatum(from), TimestampTzGetDatum(until)};

	return rf_spending_rows(rf_execute(&read_spending_between, values, NULL));
}

RF_STATEMENT(read_due,
			 "SELECT r.anchor, r.recur_every, r.recur_times, r.n, r.rule_id," RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_recurrence r"
			 " JOIN @extschema@.rf_participant p ON p.id = r.subject_id"
			 " WHERE r.subject_id = ANY ($1) AND r.next_at <= $2 AND ($3 = 0 OR r.rule_id = $3)"
			 " ORDER BY r.next_at, r.subject_id, r.rule_id",
			 INT8ARRAYOID, TIMESTAMPTZOID, INT8OID);

RF_STATEMENT(read_person,
			 "SELECT " RF_PERSON_COLUMNS " FROM @extschema@.rf_participant p WHERE p.id = $1",
			 INT8OID);

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

	if (recurrence->rule->terms.active)
		rf_settle_add_period(settlement, &happening, recurrence->rule, recurrence->next,
							 rf_recurrence_time(recurrence, recurrence->next - 1));
	recurrence->next++;
	due->next_at = recurrence_next_at(recurrence);
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
	Datum referrer_id = Int64GetDatum(due->subject.referrer_id);

	due->campaign = rf_campaign_by_id(due->subject.campaign_id);
	due->recurrence.rule = rf_campaign_rule(due->campaign, due->recurrence.subject_id);
	due->recurrence.subject_id = due->subject.id;
	due->next_at = recurrence_next_at(&due->recurrence);

	rf_execute(&read_person, &referrer_id, NULL);
	rf_person_read(&due->referrer, 0, 1);
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
		recurrence_read(&due[i].recurrence, i, 1);
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
		recurrence_move(&due[i].recurrence);
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
	bool  isnull;

	rf_execute(&find_due, values, NULL);
	ids = rf_value(0, 1, &isnull);
	if (isnull)
		return 0;
	ids = PointerGetDatum(DatumGetArrayTypePCopy(ids));
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
	bool  isnull;
	Datum ids;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		rf_execute(&find_due_of, values, NULL);
		ids = rf_value(0, 1, &isnull);
		if (isnull)
			return paid;
		ids = PointerGetDatum(DatumGetArrayTypePCopy(ids));
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
