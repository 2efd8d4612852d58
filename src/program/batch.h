/*
 * batch.h
 *	  Timed work on many rows, of which one must not keep the others waiting.
 */
#ifndef RF_BATCH_H
#define RF_BATCH_H

#include "postgres.h"

/* Most rows that timed work takes in one transaction. */
#define RF_BATCH 1000

/*
 * Do the work on all ids (bigint[]) at once. If that fails over its data (say,
 * an event's payload grew too large), each goes by itself, and what fails again
 * is a warning: "<what> <id>: <error>". Returns the sum of what the work
 * returned. Inside an engine scope.
 */
extern int rf_batch_run(Datum ids, int (*work)(Datum ids), const char *what);

#endif /* RF_BATCH_H */
