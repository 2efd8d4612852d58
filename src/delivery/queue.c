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

static RfDelivery *
queue_at(const RfQueue *queue, int place)
{
	return &queue->ring[(queue->first + place) & (queue->capacity - 1)];
}

/* How many are of that event or earlier ones. */
static int
queue_place(const RfQueue *queue, int64 event_id)
{
	int low = 0;
	int high = queue->count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (queue_at(queue, middle)->event_id <= event_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Those on the shorter side make room. */
void
rf_queue_insert(RfQueue *queue, const RfDelivery *delivery)
{
	int place = queue_place(queue, delivery->event_id);

	queue_make_room(queue);
	if (place < queue->count / 2)
	{
		queue->first = (queue->first - 1) & (queue->capacity - 1);
		for (int i = 0; i < place; i++)
			*queue_at(queue, i) = *queue_at(queue, i + 1);
	}
	else
	{
		for (int i = queue->count; i > place; i--)
			*queue_at(queue, i) = *queue_at(queue, i - 1);
	}
	*queue_at(queue, place) = *delivery;
	queue->count++;
}

RfDelivery *
rf_queue_head(const RfQueue *queue)
{
	return queue_at(queue, 0);
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
