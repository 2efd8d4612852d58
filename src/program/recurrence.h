/*
 * recurrence.h
 *	  Recurring rewards: earned again and again while a person is qualified.
 *
 * Reward n is earned at anchor + (n - 1) * recur_every, in UTC; the anchor is the
 * first qualification under the rule, and the first reward comes with it. Times
 * that pass while the person is not qualified, or the rule not active, are not
 * paid later.
 */
#ifndef RF_RECURRENCE_H
#define RF_RECURRENCE_H

#include "program/happening.h"

typedef struct RfRecurrence
{
	const RfRule *rule;
	int64		  subject_id;
	int64		  participant_id;
	/* filled by rf_recurrence_begin() */
	TimestampTz anchor;
	Interval	every;
	int			times; /* 0: without end */
	int			next;  /* number of the next reward */
} RfRecurrence;

/* When reward n is earned; n = 0: DT_NOBEGIN. */
extern TimestampTz rf_recurrence_time(const RfRecurrence *recurrence, int n);

/* How somebody is enrolled. */
typedef enum RfEnrolment
{
	RF_ENROL,		 /* they qualified */
	RF_ENROL_AGAIN,	 /* long ago: what limits rejected is judged again, too */
	RF_ENROL_FORESEE /* nothing may be written */
} RfEnrolment;

/*
 * Someone qualified: enrol them, or go on. Returns the numbers of the rewards
 * earned now: the first, or those that were taken back. palloc'd. Inside an
 * engine scope.
 */
extern int *rf_recurrence_begin(RfRecurrence *recurrence, TimestampTz when, RfEnrolment how,
								int *count);

/*
 * The same under a rule that is not active: who was enrolled before goes on, and
 * nothing is earned now. Inside an engine scope.
 */
extern void rf_recurrence_resume(RfRecurrence *recurrence, TimestampTz when);

/* When the next one is earned; DT_NOEND: there is none. */
extern TimestampTz rf_recurrence_next_at(const RfRecurrence *recurrence);

/*
 * Columns anchor, recur_every, recur_times, n of row i of the last statement, from
 * the given one on.
 */
extern void rf_recurrence_read(RfRecurrence *recurrence, uint64 row, int column);

/* Write number and time of the next one. Inside an engine scope. */
extern void rf_recurrence_move(const RfRecurrence *recurrence);

/* Net spend of purchases with from < occurred_at <= until. Inside an engine scope. */
extern RfSpending rf_recurrence_spending(int64 participant_id, TimestampTz from,
										 TimestampTz until);

#endif /* RF_RECURRENCE_H */
