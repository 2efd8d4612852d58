/*
 * endpoint.c
 *	  See endpoint.h.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "delivery/endpoint.h"

/*
 * A queue holds so many while all queues together are below their bound, and
 * always a few: memory stays bounded, and no endpoint can crowd out another.
 */
#define QUEUE_MAX  4096
#define QUEUE_MIN  64
#define QUEUED_MAX 65536

static HTAB		   *endpoint_table = NULL;
static RfEndpoint **endpoint_list = NULL;
static int			endpoint_n = 0;
static int			endpoint_capacity = 0;
static int			endpoint_queued = 0;

void
rf_endpoint_start(void)
{
	HASHCTL control = {
		.keysize = sizeof(int64),
		.entrysize = sizeof(RfEndpoint),
		.hcxt = TopMemoryContext};

	endpoint_table = hash_create("referral endpoints", 64, &control,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	rf_agenda_start();
	endpoint_capacity = 64;
	endpoint_list = MemoryContextAlloc(TopMemoryContext, endpoint_capacity * sizeof(RfEndpoint *));
}

RfEndpoint *
rf_endpoint_find(int64 id)
{
	return hash_search(endpoint_table, &id, HASH_FIND, NULL);
}

static void
endpoint_init(RfEndpoint *endpoint)
{
	int64 id = endpoint->id;

	memset(endpoint, 0, sizeof(RfEndpoint));
	endpoint->id = id;
	endpoint->next_due = DT_NOBEGIN;
	endpoint->paused_until = DT_NOBEGIN;
	endpoint->sends_from = DT_NOBEGIN;
	endpoint->known_to = PG_INT64_MIN;
	rf_agenda_touch(endpoint);
}

RfEndpoint *
rf_endpoint_get(int64 id)
{
	bool		found;
	RfEndpoint *endpoint;

	if (endpoint_n == endpoint_capacity)
	{
		endpoint_capacity *= 2;
		endpoint_list = repalloc(endpoint_list, endpoint_capacity * sizeof(RfEndpoint *));
	}
	endpoint = hash_search(endpoint_table, &id, HASH_ENTER, &found);
	if (!found)
	{
		endpoint_init(endpoint);
		endpoint_list[endpoint_n++] = endpoint;
	}
	return endpoint;
}

int
rf_endpoint_count(void)
{
	return endpoint_n;
}

RfEndpoint *
rf_endpoint_at(int i)
{
	return endpoint_list[i];
}

void
rf_endpoint_remove(RfEndpoint *endpoint)
{
	Assert(endpoint->in_flight == 0 && endpoint->nloaded == 0);
	rf_agenda_forget(endpoint);
	endpoint_queued -= endpoint->queue.count;
	rf_queue_free(&endpoint->queue);
	rf_endpoint_config_replace(endpoint, NULL);
	for (int i = 0; i < endpoint_n; i++)
	{
		if (endpoint_list[i] == endpoint)
			endpoint_list[i] = endpoint_list[--endpoint_n];
	}
	hash_search(endpoint_table, &endpoint->id, HASH_REMOVE, NULL);
}

/* ---- configuration ------------------------------------------------------ */

RfEndpointConfig *
rf_endpoint_config_create(void)
{
	MemoryContext	  context = AllocSetContextCreate(TopMemoryContext, "referral endpoint",
													  ALLOCSET_SMALL_SIZES);
	RfEndpointConfig *config = MemoryContextAllocZero(context, sizeof(RfEndpointConfig));

	config->context = context;
	return config;
}

static void
endpoint_config_free_unused(RfEndpointConfig *config)
{
	if (config->replaced && config->uses == 0)
		MemoryContextDelete(config->context);
}

void
rf_endpoint_config_replace(RfEndpoint *endpoint, RfEndpointConfig *config)
{
	RfEndpointConfig *old = endpoint->config;

	endpoint->config = config;
	if (old == NULL)
		return;
	old->replaced = true;
	endpoint_config_free_unused(old);
}

void
rf_endpoint_config_release(RfEndpointConfig *config)
{
	config->uses--;
	endpoint_config_free_unused(config);
}

/* ---- queues ------------------------------------------------------------- */

int
rf_endpoint_queue_room(const RfEndpoint *endpoint)
{
	int most = endpoint_queued < QUEUED_MAX ? QUEUE_MAX : QUEUE_MIN;

	return Max(0, most - endpoint->queue.count);
}

bool
rf_endpoint_is_fifo(const RfEndpoint *endpoint)
{
	return endpoint->config != NULL && endpoint->config->fifo;
}

static void
endpoint_queue(RfEndpoint *endpoint, const RfDelivery *delivery,
			   void (*push)(RfQueue *queue, const RfDelivery *delivery))
{
	if (rf_endpoint_is_fifo(endpoint))
		push = rf_queue_insert;
	push(&endpoint->queue, delivery);
	endpoint_queued++;
	rf_agenda_touch(endpoint);
}

void
rf_endpoint_queue(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	endpoint_queue(endpoint, delivery, rf_queue_push);
}

void
rf_endpoint_requeue(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	endpoint_queue(endpoint, delivery, rf_queue_push_front);
}

RfDelivery
rf_endpoint_unqueue(RfEndpoint *endpoint)
{
	rf_agenda_touch(endpoint);
	endpoint_queued--;
	return rf_queue_pop(&endpoint->queue);
}
