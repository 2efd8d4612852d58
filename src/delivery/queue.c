/*
 * queue.c
 *	  See queue.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "delivery/queue.h"

#define QUEUE_SMALLEST 16

static void
queue_resize(RfQueue *queue, int capacity)
{
	RfDelivery *ring = MemoryContextAlloc(TopMemoryContext, capacity * sizeof(RfDelivery));

	for (int i = 0; i < queue->count; i++)
		ring[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
	if (queue->ring != NULL)
		pfree(queue->ring);
	queue->ring = ring;
	queue->capacity = capacity;
	queue->first = 0;
}

static void
queue_make_room(RfQueue *queue)
{
	if (queue->count == queue->capacity)
		queue_resize(queue, queue->capacity == 0 ? QUEUE_SMALLEST : queue->capacity * 2);
}

void
rf_queue_push(RfQueue *queue, const RfDelivery *delivery)
{
	queue_make_room(queue);
	queue->ring[(queue->first + queue->count) & (queue->capacity - 1)] = *delivery;
	queue->count++;
}

void
rf_queue_push_front(RfQueue *queue, const RfDelivery *delivery)
{
	queue_make_room(queue);
	queue->first = (queue->first - 1) & (queue->capacity - 1);
	queue->ring[queue->first] = *delivery;
	queue->count++;
}

RfDelivery
rf_queue_pop(RfQueue *queue)
{
	RfDelivery delivery = queue->ring[queue->first];

	queue->first = (queue->first + 1) & (queue->capacity - 1);
	queue->count--;
	if (queue->capacity > QUEUE_SMALLEST && queue->count < queue->capacity / 8)
		queue_resize(queue, queue->capacity / 2);
	return delivery;
}

void
rf_queue_free(RfQueue *queue)
{
	if (queue->ring != NULL)
		pfree(queue->ring);
	memset(queue, 0, sizeof(RfQueue));
}
