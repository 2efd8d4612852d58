/*
 * overflow.h
 *	  Deliveries that the reader of the outbox has passed without taking them to
 *	  memory: of endpoints whose queue was full, and of shares that were taken
 *	  over from another process.
 *
 * From some id on, RfEndpoint.overflow_from, they are only in the outbox, and
 * read through the index on (webhook_id, id) when the queue has room. That read
 * leaves out what the snapshot of the last page did not see, so that late rows
 * (late.h) are read once, whichever way.
 */
#ifndef RF_OVERFLOW_H
#define RF_OVERFLOW_H

#include "delivery/outbox_row.h"

/* From that delivery on, leave the endpoint's in the outbox; they were counted. */
extern void rf_overflow_begin(RfEndpoint *endpoint, int64 from);

/* Nothing is left there, or nothing of it is wanted. */
extern void rf_overflow_end(RfEndpoint *endpoint);

/* Will the read of the overflow come to this row? */
extern bool rf_overflow_holds(const RfEndpoint *endpoint, const RfOutboxRow *row);

/* Has the row still to be counted by that read? */
extern bool rf_overflow_will_count(const RfEndpoint *endpoint, const RfOutboxRow *row);

/*
 * The shares that were taken since the last call: what the reader passed, up to
 * "high", becomes overflow. In a turn.
 */
extern void rf_overflow_adopt(int64 high);

/* Is there something to read for the endpoint, and room for it? */
extern bool rf_overflow_is_due(const RfEndpoint *endpoint);

/* Read some of it. In a turn. */
extern void rf_overflow_read(RfEndpoint *endpoint, int64 high, int64 tried_to);

/* May rows up to that id be in somebody's overflow? */
extern bool rf_overflow_reaches(int64 id);

#endif /* RF_OVERFLOW_H */
