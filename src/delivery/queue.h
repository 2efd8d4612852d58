/*
 * queue.h
 *	  A queue of deliveries: a ring that grows and shrinks with what it holds.
 */
#ifndef RF_QUEUE_H
#define RF_QUEUE_H

#include "delivery/delivery.h"

typedef struct RfQueue
{
	RfDelivery *ring;	  /* NULL while it never held anything */
	int			capacity; /* 0 or a power of two */
	int			first;
	int			count;
} RfQueue;

extern void rf_queue_push(RfQueue *queue, const RfDelivery *delivery);
extern void rf_queue_push_front(RfQueue *queue, const RfDelivery *delivery);

/* The i-th from the front, from 0. */
static inline const RfDelivery *
rf_queue_at(const RfQueue *queue, int i)
{
	return &queue->ring[(queue->first + i) & (queue->capacity - 1)];
}

/* In front of those of later events, in a queue that is in that order. */
extern void rf_queue_insert(RfQueue *queue, const RfDelivery *delivery);

/* Not of an empty one. */
extern RfDelivery *rf_queue_head(const RfQueue *queue);
extern RfDelivery  rf_queue_pop(RfQueue *queue);

extern void rf_queue_free(RfQueue *queue);

#endif /* RF_QUEUE_H */
