/*
 * dispatch.c
 *	  See dispatch.h.
 *
 * An endpoint that answers may have its max_in_flight requests under way, as
 * long as some room is left for the others: at most three times what is free.
 * One that has not answered yet, or whose last exchange ended in silence, or
 * that has been silent for a while with requests under way, is suspect: it
 * gets one request at a time, and all suspects together half of the room.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "delivery/dispatch.h"
#include "delivery/load.h"
#include "delivery/record.h"

#define SILENCE_MS	  2000	/* then an endpoint is suspect */
#define KNOWN_HOST_MS 60000 /* so long after a success */
#define LOAD_AHEAD	  32	/* parcels beyond what may be sent now */
#define SHARE		  3		/* times what is free */

static int	  dispatch_max_in_flight = 0;
static uint32 dispatch_next = 0; /* the endpoint that begins the next round */

void
rf_dispatch_start(int max_in_flight)
{
	dispatch_max_in_flight = max_in_flight;
}

static RfEndpoint *
dispatch_endpoint(int i)
{
	return rf_endpoint_at((dispatch_next + i) % (uint32) rf_endpoint_count());
}

static bool
dispatch_is_suspect(const RfEndpoint *endpoint, TimestampTz now)
{
	if (!endpoint->answers)
		return true;
	return endpoint->in_flight > 0 &&
		TimestampDifferenceExceeds(endpoint->heard_at, now, SILENCE_MS);
}

static int
dispatch_window(const RfEndpoint *endpoint, TimestampTz now)
{
	return dispatch_is_suspect(endpoint, now) ? 1 : endpoint->config->max_in_flight;
}

static bool
dispatch_is_open(const RfEndpoint *endpoint, TimestampTz now)
{
	return endpoint->state == RF_ENDPOINT_ENABLED && endpoint->paused_until <= now;
}

static int
dispatch_suspects_in_flight(TimestampTz now)
{
	int n = 0;

	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (dispatch_is_suspect(endpoint, now))
			n += endpoint->in_flight;
	}
	return n;
}

static int
dispatch_suspects_max(void)
{
	return Max(1, dispatch_max_in_flight / 2);
}

/* ---- loading ------------------------------------------------------------ */

/* How many more to load; 0 while enough is there, so that loads come in batches. */
static int
dispatch_loads_wanted(const RfEndpoint *endpoint, TimestampTz now)
{
	int window;
	int target;

	if (endpoint->queue.count == 0 || !dispatch_is_open(endpoint, now))
		return 0;
	window = Min(dispatch_window(endpoint, now), dispatch_max_in_flight);
	target = window - endpoint->in_flight;
	if (!dispatch_is_suspect(endpoint, now))
		target += Min(window, LOAD_AHEAD);
	if (endpoint->nloaded * 2 > target)
		return 0;
	return Min(target - endpoint->nloaded, endpoint->queue.count);
}

/* Suspects together load no more than they may send. */
static int
dispatch_loads_allowed(const RfEndpoint *endpoint, TimestampTz now, int *suspects)
{
	int wanted = dispatch_loads_wanted(endpoint, now);

	if (!dispatch_is_suspect(endpoint, now))
		return wanted;
	*suspects -= wanted + endpoint->nloaded;
	return *suspects >= 0 ? wanted : 0;
}

void
rf_dispatch_ask(TimestampTz now)
{
	int suspects = dispatch_suspects_max() - dispatch_suspects_in_flight(now);

	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = dispatch_endpoint(i);

		for (int n = dispatch_loads_allowed(endpoint, now, &suspects); n > 0; n--)
		{
			if (!rf_load_has_room())
				return;
			rf_load_ask(endpoint);
		}
	}
}

bool
rf_dispatch_wants_loads(TimestampTz now)
{
	int suspects = dispatch_suspects_max() - dispatch_suspects_in_flight(now);

	if (!rf_load_has_room())
		return false;
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		if (dispatch_loads_allowed(dispatch_endpoint(i), now, &suspects) > 0)
			return true;
	}
	return false;
}

static RfParcel *
dispatch_unlink(RfEndpoint *endpoint)
{
	RfParcel *parcel = endpoint->first_loaded;

	endpoint->first_loaded = parcel->next;
	if (endpoint->first_loaded == NULL)
		endpoint->last_loaded = NULL;
	endpoint->nloaded--;
	return parcel;
}

/* The last one first, so that the queue keeps its order. */
void
rf_dispatch_unload(RfEndpoint *endpoint)
{
	RfParcel *reversed = NULL;

	while (endpoint->first_loaded != NULL)
	{
		RfParcel *parcel = dispatch_unlink(endpoint);

		parcel->next = reversed;
		reversed = parcel;
	}
	while (reversed != NULL)
	{
		RfParcel *parcel = reversed;

		reversed = parcel->next;
		rf_endpoint_requeue(endpoint, &parcel->delivery);
		rf_parcel_free(parcel);
	}
}

/* ---- sending ------------------------------------------------------------ */

static bool
dispatch_knows_host(const RfEndpoint *endpoint, TimestampTz now)
{
	return endpoint->last_success_at != 0 &&
		!TimestampDifferenceExceeds(endpoint->last_success_at, now, KNOWN_HOST_MS);
}

static bool
dispatch_may_send(const RfEndpoint *endpoint, TimestampTz now, int suspects)
{
	int available = dispatch_max_in_flight - rf_http_in_flight();

	if (endpoint->nloaded == 0 || !dispatch_is_open(endpoint, now))
		return false;
	if (endpoint->in_flight >= dispatch_window(endpoint, now) ||
		endpoint->in_flight >= Max(1, SHARE * available))
		return false;
	if (dispatch_is_suspect(endpoint, now) && suspects >= dispatch_suspects_max())
		return false;
	return rf_http_has_room(dispatch_knows_host(endpoint, now));
}

/* Room for the results of all that is under way must be left. */
static bool
dispatch_has_room_for_results(void)
{
	return rf_record_count() + rf_http_in_flight() < RF_RECORD_MAX;
}

static bool
dispatch_send(RfEndpoint *endpoint, TimestampTz now)
{
	RfParcel	 *parcel = dispatch_unlink(endpoint);
	RfHttpRequest request;

	rf_parcel_address(parcel, now, &request);
	request.known_host = dispatch_knows_host(endpoint, now);
	if (!rf_http_submit(&request))
	{
		rf_endpoint_requeue(endpoint, &parcel->delivery);
		rf_parcel_free(parcel);
		return false;
	}
	if (endpoint->in_flight++ == 0)
		endpoint->heard_at = now;
	return true;
}

/* One request of each endpoint in each round. */
bool
rf_dispatch_send(TimestampTz now)
{
	int	 suspects = dispatch_suspects_in_flight(now);
	bool sent = true;

	while (sent && dispatch_has_room_for_results())
	{
		sent = false;
		for (int i = 0; i < rf_endpoint_count(); i++)
		{
			RfEndpoint *endpoint = dispatch_endpoint(i);

			if (!dispatch_may_send(endpoint, now, suspects) || !dispatch_has_room_for_results())
				continue;
			if (!dispatch_send(endpoint, now))
				return false;
			if (dispatch_is_suspect(endpoint, now))
				suspects++;
			sent = true;
		}
		dispatch_next++;
	}
	return true;
}

bool
rf_dispatch_can_send(TimestampTz now)
{
	int suspects = dispatch_suspects_in_flight(now);

	if (!dispatch_has_room_for_results())
		return false;
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		if (dispatch_may_send(rf_endpoint_at(i), now, suspects))
			return true;
	}
	return false;
}

TimestampTz
rf_dispatch_pause_ends(TimestampTz now)
{
	TimestampTz ends = DT_NOEND;

	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (endpoint->state == RF_ENDPOINT_ENABLED && endpoint->paused_until > now &&
			(endpoint->queue.count > 0 || endpoint->nloaded > 0))
			ends = Min(ends, endpoint->paused_until);
	}
	return ends;
}
