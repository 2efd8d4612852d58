/*
 * retention.h
 *	  How long the history of sending is kept: events, and attempts to deliver
 *	  them. What is pending or dead is never history.
 */
#ifndef RF_RETENTION_H
#define RF_RETENTION_H

#include "datatype/timestamp.h"

/* rf_attempt_0 to _3, filled in turn. */
#define RF_ATTEMPT_TABLES 4

/* Setting referral.retention, in seconds; -1: for ever. */
extern int rf_retention;

/*
 * The table for attempts that are recorded at this time of the system's clock:
 * each is filled for a third of the retention, so that when its turn comes again
 * all that is in it is past its time.
 */
extern int rf_retention_attempt_table(TimestampTz now);

/*
 * When, by the steady clock, it is time to look for history to let go of; DT_NOEND:
 * never. "busy": there is something to send, so that a batch follows another only
 * after many times what it took.
 */
extern TimestampTz rf_retention_due_at(bool busy);

/* One batch, in a turn of its own. */
extern void rf_retention_work(void);

/* That turn ended. */
extern void rf_retention_settle(bool committed);

#endif /* RF_RETENTION_H */
