/*
 * outbox.h
 *	  Reading what waits to be sent, from the outbox tables and rf_retry, into
 *	  the queues of the endpoints. Knows nothing of HTTP.
 *
 * Each delivery is read once. All state is memory: a new process reads from the
 * beginning and skips what was tried before.
 */
#ifndef RF_OUTBOX_H
#define RF_OUTBOX_H

#include "delivery/endpoint.h"

/* Once per process. */
extern void rf_outbox_start(void);

/*
 * Read on: what is new, what became visible late, what had no room before, and
 * what is due again. In a turn; wants rf_parking_room() of a page.
 */
extern void rf_outbox_read(void);

/* Would reading again now bring more? */
extern bool rf_outbox_has_more(void);

/* When, by the steady clock, the first retry is due; DT_NOEND: none is known. */
extern TimestampTz rf_outbox_next_due(void);

/*
 * Flush the WAL if what was read last might not be durable yet: a producer
 * may commit asynchronously, and nothing may be sent that a crash can undo.
 * Outside a transaction.
 */
extern void rf_outbox_make_durable(void);

/*
 * Forget everything and read from the beginning. Only when nothing is in
 * flight, loaded or unrecorded.
 */
extern void rf_outbox_restart(void);

/* The last delivery that was read. */
extern int64 rf_outbox_read_to(void);

#endif /* RF_OUTBOX_H */
