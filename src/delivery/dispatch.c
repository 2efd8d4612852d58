/*
 * dispatch.c
 *	  See dispatch.h.
 *
 * An endpoint that answers may have its max_in_flight requests under way, as
 * long as some room is left for the others: at most three times what is free.
 * One that has not answered yet, or whose last exchange ended in silence, or
 * that has been silent for a while with requests under way, is suspect: it
 * gets one request at a time. Suspects that are new have half of the room, and
 * those that have been silent a quarter, so that neither can take it all, nor
 * the silent keep the new ones from being tried.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "delivery/dispatch.h"
#include "delivery/load.h"
#include "delivery/outcome.h"
#include "delivery/record.h"

#define SILENCE_MS	  2000	/* then an endpoint is suspect */
#define KNOWN_HOST_MS 60000 /* so long after a success */
#define LOAD_AHEAD	  32	/* parcels beyond what may be sent now */
#define SHARE		  3		/* times what is free */
#define LACK_MS		  3000	/* pause of an endpoint whose request found no memory */

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

typedef enum DispatchTrust
{
	DISPATCH_ANSWERS,
	DISPATCH_NEW,
	DISPATCH_SILENT,
	DISPATCH_TRUSTS
} DispatchTrust;

static DispatchTrust
dispatch_trust(const RfEndpoint *endpoint, TimestampTz now)
{
	if (endpoint->in_flight > 0 &&
		TimestampDifferenceExceeds(endpoint->heard_at, now, SILENCE_MS))
		return DISPATCH_SILENT;
	if (endpoint->answers)
		return DISPATCH_ANSWERS;
	return endpoint->tried ? DISPATCH_SILENT : DISPATCH_NEW;
}

static bool
dispatch_is_suspect(const RfEndpoint *endpoint, TimestampTz now)
{
	return dispatch_trust(endpoint, now) != DISPATCH_ANSWERS;
}

static int
dispatch_window(const RfEndpoint *endpoint, TimestampTz now)
{
	return dispatch_is_suspect(endpoint, now) ? 1 : endpoint->config->max_in_flight;
}

static bool
dispatch_is_open(const RfEndpoint *endpoint, TimestampTz now)
{
	return endpoint->state == RF_ENDPOINT_ENABLED && endpoint->paused_until <= now &&
		endpoint->sends_from <= now;
}

/*
 * How much room each kind of endpoint may still take. Silent ones may be more
 * than their share, because new ones fell silent: then others have less.
 */
static void
dispatch_measure_room(TimestampTz now, int room[DISPATCH_TRUSTS])
{
	int used[DISPATCH_TRUSTS] = {0};
	int all = Max(1, dispatch_max_in_flight * 3 / 4);

	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		used[dispatch_trust(endpoint, now)] += endpoint->in_flight;
	}
	all -= used[DISPATCH_NEW] + used[DISPATCH_SILENT];
	room[DISPATCH_ANSWERS] = dispatch_max_in_flight;
	room[DISPATCH_NEW] = Min(all, Max(1, dispatch_max_in_flight / 2) - used[DISPATCH_NEW]);
	room[DISPATCH_SILENT] = Min(all, Max(1, dispatch_max_in_flight / 4) - used[DISPATCH_SILENT]);
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
dispatch_loads_allowed(const RfEndpoint *endpoint, TimestampTz now, int *room)
{
	int			  wanted = dispatch_loads_wanted(endpoint, now);
	DispatchTrust trust = dispatch_trust(endpoint, now);

	if (trust == DISPATCH_ANSWERS)
		return wanted;
	room[trust] -= wanted + endpoint->nloaded;
	return room[trust] >= 0 ? wanted : 0;
}

void
rf_dispatch_ask(TimestampTz now)
{
	int room[DISPATCH_TRUSTS];

	dispatch_measure_room(now, room);
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = dispatch_endpoint(i);

		for (int n = dispatch_loads_allowed(endpoint, now, room); n > 0; n--)
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
	int room[DISPATCH_TRUSTS];

	dispatch_measure_room(now, room);
	if (!rf_load_has_room())
		return false;
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		if (dispatch_loads_allowed(dispatch_endpoint(i), now, room) > 0)
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
	return endpoint->succeeded_at != 0 &&
		!TimestampDifferenceExceeds(endpoint->succeeded_at, now, KNOWN_HOST_MS);
}

static bool
dispatch_may_send(const RfEndpoint *endpoint, TimestampTz now, const int *room)
{
	int available = dispatch_max_in_flight - rf_http_in_flight();

	if (endpoint->nloaded == 0 || !dispatch_is_open(endpoint, now))
		return false;
	if (endpoint->in_flight >= dispatch_window(endpoint, now) ||
		endpoint->in_flight >= Max(1, SHARE * available))
		return false;
	if (room[dispatch_trust(endpoint, now)] <= 0)
		return false;
	return rf_http_has_room(dispatch_knows_host(endpoint, now));
}

/* Room for the results of all that is under way must be left. */
static bool
dispatch_has_room_for_results(void)
{
	return rf_record_count() + rf_http_in_flight() < RF_RECORD_MAX;
}

/* The settings may have become stricter since the webhook was made. */
static void
dispatch_refuse(RfParcel *parcel, const char *reason)
{
	char		 error[256];
	RfHttpResult result = {.tag = parcel, .fault = RF_FAULT_FORBIDDEN, .error = error};

	snprintf(error, sizeof(error), "forbidden target: %s", reason);
	(void) rf_outcome_take(parcel, &result);
}

static void
dispatch_send(RfEndpoint *endpoint, TimestampTz now)
{
	RfParcel	 *parcel = dispatch_unlink(endpoint);
	RfHttpRequest request;

	rf_parcel_address(parcel, GetCurrentTimestamp(), &request);
	request.known_host = dispatch_knows_host(endpoint, now);
	if (endpoint->in_flight++ == 0)
		endpoint->heard_at = now;
	if (endpoint->config->forbidden != NULL)
	{
		dispatch_refuse(parcel, endpoint->config->forbidden);
		return;
	}
	if (rf_http_submit(&request))
		return;
	endpoint->in_flight--;
	endpoint->sends_from = now + LACK_MS * INT64CONST(1000);
	rf_endpoint_requeue(endpoint, &parcel->delivery);
	rf_parcel_free(parcel);
}

/* One request of each endpoint in each round. */
void
rf_dispatch_send(TimestampTz now)
{
	int	 room[DISPATCH_TRUSTS];
	bool sent = true;

	dispatch_measure_room(now, room);
	while (sent && dispatch_has_room_for_results())
	{
		sent = false;
		for (int i = 0; i < rf_endpoint_count(); i++)
		{
			RfEndpoint *endpoint = dispatch_endpoint(i);

			if (!dispatch_may_send(endpoint, now, room) || !dispatch_has_room_for_results())
				continue;
			dispatch_send(endpoint, now);
			room[dispatch_trust(endpoint, now)]--;
			sent = true;
		}
		dispatch_next++;
	}
}

bool
rf_dispatch_can_send(TimestampTz now)
{
	int room[DISPATCH_TRUSTS];

	dispatch_measure_room(now, room);
	if (!dispatch_has_room_for_results())
		return false;
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		if (dispatch_may_send(rf_endpoint_at(i), now, room))
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
		TimestampTz opens = Max(endpoint->paused_until, endpoint->sends_from);

		if (endpoint->state == RF_ENDPOINT_ENABLED && opens > now &&
			(endpoint->queue.count > 0 || endpoint->nloaded > 0))
			ends = Min(ends, opens);
	}
	return ends;
}
