/*
 * retrying.h
 *	  Deliveries of rf_retry: which are due, and which of them are in memory.
 *
 * A row stays in rf_retry until the outcome of its next attempt is recorded, so
 * the ids of those in memory are kept, lest they be read twice.
 *
 * An endpoint whose ordering is fifo has its rows read in the order of events,
 * due or not, and takes them and what comes from the outbox in one order. It
 * sends only while memory has all that may come before its next delivery: not
 * while something is on its way to rf_retry, nor before it was read from there.
 */
#ifndef RF_RETRYING_H
#define RF_RETRYING_H

#include "delivery/endpoint.h"

/* Once per process. */
extern void rf_retrying_start(void);

/* When there will be rows to read, as far as known; DT_NOEND while enough are in memory. */
extern TimestampTz rf_retrying_due_at(const RfEndpoint *endpoint);

/*
 * When, by the steady clock, an endpoint with ordering fifo may send what is next;
 * DT_NOEND while that is not known. Of others the queue holds what may be sent.
 */
extern TimestampTz rf_retrying_head_at(const RfEndpoint *endpoint);

/* The same of the first that is not loaded: each has a time of its own. */
extern TimestampTz rf_retrying_loads_at(const RfEndpoint *endpoint);

/* The ordering of the endpoint has changed: bring its queue in order. */
extern void rf_retrying_reorder(RfEndpoint *endpoint);

/* Read those that are due into the endpoint's queue. In a turn. */
extern void rf_retrying_read(RfEndpoint *endpoint, TimestampTz now);

/* A delivery of rf_retry left memory: it was recorded, or its row is gone. */
extern void rf_retrying_forget(RfEndpoint *endpoint, int64 delivery_id);

/* A delivery will be tried again at that time. */
extern void rf_retrying_expect(RfEndpoint *endpoint, TimestampTz next_at);

/*
 * Notice, in a turn, that others have written to rf_retry (see rf_retrying_announce):
 * all endpoints are looked at.
 */
extern void rf_retrying_notice(void);

/* From any backend: at commit, workers shall notice what was written to rf_retry. */
extern void rf_retrying_announce(void);

/* Delete what is left of a webhook that was deleted. In a turn. */
extern void rf_retrying_clear(RfEndpoint *endpoint);

/* Forget all ids: reading starts over. */
extern void rf_retrying_reset(void);

#endif /* RF_RETRYING_H */
