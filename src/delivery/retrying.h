/*
 * retrying.h
 *	  Deliveries of rf_retry: which are due, and which of them are in memory.
 *
 * A row stays in rf_retry until the outcome of its next attempt is recorded, so
 * the ids of those in memory are kept, lest they be read twice.
 */
#ifndef RF_RETRYING_H
#define RF_RETRYING_H

#include "delivery/endpoint.h"

/* Once per process. */
extern void rf_retrying_start(void);

/* Are there rows to read for the endpoint, and room for them? */
extern bool rf_retrying_is_due(const RfEndpoint *endpoint, TimestampTz now);

/* When will there be, as far as known; DT_NOEND while enough are in memory. */
extern TimestampTz rf_retrying_due_at(const RfEndpoint *endpoint);

/* Read those that are due into the endpoint's queue. In a turn. */
extern void rf_retrying_read(RfEndpoint *endpoint, TimestampTz now);

/* A delivery of rf_retry left memory: it was recorded, or its row is gone. */
extern void rf_retrying_forget(RfEndpoint *endpoint, int64 delivery_id);

/* A delivery will be tried again at that time. */
extern void rf_retrying_expect(RfEndpoint *endpoint, TimestampTz next_at);

/* Delete what is left of a webhook that was deleted. In a turn. */
extern void rf_retrying_clear(RfEndpoint *endpoint);

/* Forget all ids: reading starts over. */
extern void rf_retrying_reset(void);

#endif /* RF_RETRYING_H */
