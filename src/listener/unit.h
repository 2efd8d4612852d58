/*
 * unit.h
 *	  A listener's transactions: each a piece of work that is kept whole, or whose
 *	  error is the answer.
 *
 * They commit without waiting; see base/durable.h for what follows. A lock is
 * waited for for two seconds. All of a unit ends by the deadline, unless it would
 * have less than those two seconds and a bit: then it is a lock that is given up,
 * rather than the whole.
 */
#ifndef RF_UNIT_H
#define RF_UNIT_H

#include "inbound/request.h"

/* Once per process: the settings that all units share. */
extern void rf_unit_start(void);

/*
 * For the units that follow: by when, on the steady clock, somebody stops waiting
 * for them. One that would begin later is not tried: 57014.
 */
extern void rf_unit_deadline(TimestampTz deadline);

/*
 * Run work(arg) in a transaction of its own, inside an engine scope; what it
 * allocates is the caller's. Returns its error, palloc'd, having logged what an
 * administrator should know; NULL: it was committed. 57P03: the extension is not
 * there, or of another version. An RfUnit.
 */
extern ErrorData *rf_unit_run(void (*work)(void *arg), void *arg);

#endif /* RF_UNIT_H */
