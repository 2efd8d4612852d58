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
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "program/recurrence.h"

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

TimestampTz
rf_recurrence_next_at(const RfRecurrence *recurrence)
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

void
rf_recurrence_read(RfRecurrence *recurrence, uint64 row, int column)
{
	bool isnull;

	recurrence->anchor = DatumGetTimestampTz(rf_value(row, column, &isnull));
	recurrence->every = *DatumGetIntervalP(rf_value(row, column + 1, &isnull));
	recurrence->times = rf_int32(row, column + 2);
	recurrence->next = rf_int32(row, column + 3);
}

void
rf_recurrence_move(const RfRecurrence *recurrence)
{
	Datum values[] = {
		Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id),
		Int32GetDatum(recurrence->next), TimestampTzGetDatum(rf_recurrence_next_at(recurrence))};

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
			Int32GetDatum(recurrence->next),
			TimestampTzGetDatum(rf_recurrence_next_at(recurrence))};

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
		Int32GetDatum(recurrence->times > 0 ? Min(recurrence->next - 1, recurrence->times)
											: recurrence->next - 1)};
	int *numbers;

	recurrence->next = recurrence_first(recurrence, recurrence->next, when);
	if (how != RF_ENROL_FORESEE)
		rf_recurrence_move(recurrence);
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
	rf_recurrence_read(recurrence, 0, 1);
	return recurrence_go_on(recurrence, when, how, count);
}

void
rf_recurrence_resume(RfRecurrence *recurrence, TimestampTz when)
{
	Datum values[] = {
		Int64GetDatum(recurrence->subject_id), Int64GetDatum(recurrence->rule->id)};

	if (rf_execute(&read_recurrence, values, NULL) == 0)
		return;
	rf_recurrence_read(recurrence, 0, 1);
	recurrence->next = recurrence_first(recurrence, recurrence->next, when);
	rf_recurrence_move(recurrence);
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
