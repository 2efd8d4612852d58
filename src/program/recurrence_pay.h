/*
 * recurrence_pay.h
 *	  Recurring rewards that are due.
 */
#ifndef RF_RECURRENCE_PAY_H
#define RF_RECURRENCE_PAY_H

#include "postgres.h"

/*
 * Before somebody is qualified no more: pay what is due until now, then stop.
 * Their people stand locked. Inside an engine scope.
 */
extern void rf_recurrence_stop(int64 subject_id);

/* Pay what is due, at most 1000 people. Returns how many rewards. Inside an engine scope. */
extern int rf_recurrences_pay(void);

/*
 * The same for one rule, and all that is due. Inside an engine scope in which
 * nobody else can grant.
 */
extern int rf_recurrences_catch_up(int64 rule_id);

#endif /* RF_RECURRENCE_PAY_H */
