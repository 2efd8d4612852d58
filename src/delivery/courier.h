/*
 * courier.h
 *	  The worker's work: from the outbox to the endpoints and back.
 *
 * For the worker process of a database, which owns the wait: it sleeps until
 * rf_courier_fd() is readable, the time rf_courier_work() gave is over, or its
 * latch is set.
 */
#ifndef RF_COURIER_H
#define RF_COURIER_H

#include <stdbool.h>

typedef enum RfCourierState
{
	RF_COURIER_SERVING,
	RF_COURIER_SILENT, /* the rows come from another place: nothing is sent */
	RF_COURIER_ABSENT  /* the extension is gone, or of another version */
} RfCourierState;

/* Once per process, outside a transaction: requests under way at most. */
extern void rf_courier_start(int max_in_flight);

/* A descriptor that is readable when a request has news. */
extern int rf_courier_fd(void);

/* There may be new deliveries, or the configuration may have changed. */
extern void rf_courier_wake(void);

/*
 * Do all that can be done without waiting, in short transactions of its own.
 * Sets the longest time to sleep, in milliseconds, at most 5000.
 */
extern RfCourierState rf_courier_work(long *timeout_ms);

/* Is nothing under way or unrecorded? */
extern bool rf_courier_is_idle(void);

/*
 * Begin nothing new, let what is under way end for at most that long, and
 * record what ended. The rest is sent again by another process.
 */
extern void rf_courier_stop(long grace_ms);

#endif /* RF_COURIER_H */
