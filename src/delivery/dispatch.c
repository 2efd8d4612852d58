/*
 * dispatch.c
 *	  See dispatch.h.
 *
 * Every endpoint has its window (standing.h), as long as some room is left for
 * the others: at most three times what is free. Those that are new have half of
 * the room together, and those that are silent a quarter, so that neither can
 * take it all, nor the silent keep the new ones from being tried.
 *
 * What is done in a round depends on how many endpoints can send something and
 * how many have something under way, not on how many there are: an endpoint is
 * looked at when something happens to it, and put on the lists of the agenda.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "delivery/dispatch.h"
#include "delivery/load.h"
#include "delivery/outcome.h"
#include "delivery/record.h"
#include "delivery/retrying.h"
#include "delivery/standing.h"

#define LOAD_AHEAD	32		/* parcels beyond what may be sent now */
#define LOAD_EARLY	100000	/* us; load for one that opens so soon */
#define UNLOAD_LATE 1000000 /* us; what is loaded for one that opens later is let go */
#define SHARE		3		/* times what is free */
#define LACK_MS		3000	/* pause of an endpoint whose request found no memory */

static int dispatch_max_in_flight = 0;

void
rf_dispatch_start(int max_in_flight)
{
	dispatch_max_in_flight = max_in_flight;
}

/* ---- which lists an endpoint is on -------------------------------------- */

static bool
dispatch_has_something(const RfEndpoint *endpoint)
{
	return endpoint->queue.count > 0 || endpoint->nloaded > 0;
}

/* What may be loaded for it, what is loaded already included. */
static int
dispatch_load_target(const RfEndpoint *endpoint, TimestampTz now)
{
	int window = Min(rf_standing_window(endpoint, now), dispatch_max_in_flight);
	int target = window - endpoint->in_flight;

	if (rf_endpoint_is_fifo(endpoint))
		target += LOAD_AHEAD / 2;
	else if (rf_standing_trust(endpoint, now) < RF_TRUST_NEW)
		target += Min(window, LOAD_AHEAD);
	if (endpoint->throttle.rate > 0 && endpoint->throttle.rate < target)
		target = 1 + (int) endpoint->throttle.rate;
	return Max(target, 0);
}

/* How many more to load; 0 while enough is there, so that loads come in batches. */
static int
dispatch_loads_wanted(const RfEndpoint *endpoint, TimestampTz now)
{
	int target = dispatch_load_target(endpoint, now);

	if (endpoint->nloaded * 2 > target)
		return 0;
	return Min(target - endpoint->nloaded, endpoint->queue.count);
}

/* Is more loaded, or something else, than may be sent soon? */
static bool
dispatch_should_unload(const RfEndpoint *endpoint, TimestampTz opens, TimestampTz now)
{
	if (endpoint->nloaded == 0)
		return false;
	if (opens > now && opens - now > UNLOAD_LATE)
		return true;
	if (rf_endpoint_is_fifo(endpoint))
		return endpoint->queue.count > 0 &&
			rf_queue_head(&endpoint->queue)->event_id < endpoint->last_loaded->delivery.event_id;
	return rf_standing_trust(endpoint, now) == RF_TRUST_SILENT &&
		endpoint->nloaded > Max(1, dispatch_load_target(endpoint, now));
}

/* On the list of its kind, or on none. */
static void
dispatch_list(RfAgendaList lists, RfEndpoint *endpoint, RfTrust trust, bool listed)
{
	for (int i = 0; i < RF_TRUSTS; i++)
		rf_agenda_list(lists + i, endpoint, listed && i == (int) trust);
}

static void
dispatch_set_timers(RfEndpoint *endpoint, TimestampTz opens, TimestampTz now)
{
	TimestampTz look = rf_standing_falls_silent_at(endpoint, now);

	if (opens > now && dispatch_has_something(endpoint))
		look = Min(look, opens);
	rf_agenda_set(RF_TIMER_LOOK, endpoint, look);
	rf_agenda_set(RF_TIMER_RETRY, endpoint, rf_retrying_due_at(endpoint));
}

/* Is memory to be cleared of it? */
static bool
dispatch_is_leaving(const RfEndpoint *endpoint)
{
	return endpoint->state == RF_ENDPOINT_GONE ||
		(endpoint->state == RF_ENDPOINT_WAITING && dispatch_has_something(endpoint));
}

static void
dispatch_look_at(RfEndpoint *endpoint, TimestampTz now)
{
	TimestampTz opens = rf_standing_opens_at(endpoint, now);
	RfTrust		trust = rf_standing_trust(endpoint, now);
	bool		known = endpoint->state != RF_ENDPOINT_UNKNOWN;
	bool		enabled = endpoint->state == RF_ENDPOINT_ENABLED;
	bool		sends;
	bool		loads;

	/* An endpoint that is not enabled is put away as a whole. */
	if (enabled && dispatch_should_unload(endpoint, opens, now))
		rf_parcels_unload(endpoint);
	sends = endpoint->nloaded > 0 && opens <= now &&
		endpoint->in_flight < rf_standing_window(endpoint, now);
	loads = enabled && dispatch_loads_wanted(endpoint, now) > 0 &&
		opens <= now + (rf_endpoint_is_fifo(endpoint) ? 0 : LOAD_EARLY) &&
		rf_retrying_loads_at(endpoint) <= now;
	dispatch_list(RF_AGENDA_SEND, endpoint, trust, sends);
	dispatch_list(RF_AGENDA_LOAD, endpoint, trust, loads);
	rf_agenda_list(RF_AGENDA_IN_FLIGHT, endpoint, endpoint->in_flight > 0);
	rf_agenda_list(RF_AGENDA_UNKNOWN, endpoint, !known);
	rf_agenda_list(RF_AGENDA_OVERFLOW, endpoint, known && endpoint->overflow_from != 0);
	rf_agenda_list(RF_AGENDA_LEAVING, endpoint, dispatch_is_leaving(endpoint));
	dispatch_set_timers(endpoint, opens, now);
}

/* Looking at one may touch it: what is unloaded is queued. The next time nothing is. */
void
rf_dispatch_settle(TimestampTz now)
{
	RfEndpoint *endpoint;

	while ((endpoint = rf_agenda_take_due(RF_TIMER_LOOK, now)) != NULL)
		rf_agenda_touch(endpoint);
	while ((endpoint = rf_agenda_take(RF_AGENDA_TOUCHED)) != NULL)
		dispatch_look_at(endpoint, now);
}

TimestampTz
rf_dispatch_looks_at(void)
{
	return rf_agenda_due_at(RF_TIMER_LOOK);
}

/*
 * How much room each kind of endpoint may still take. Silent ones may be more
 * than their share, because others fell silent: then the new have less.
 */
static void
dispatch_measure_room(TimestampTz now, int room[RF_TRUSTS])
{
	int used[RF_TRUSTS] = {0};
	int all = Max(1, dispatch_max_in_flight * 3 / 4);

	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_IN_FLIGHT); endpoint != NULL;
		 endpoint = rf_agenda_next(RF_AGENDA_IN_FLIGHT, endpoint))
		used[rf_standing_trust(endpoint, now)] += endpoint->in_flight;
	all -= used[RF_TRUST_NEW] + used[RF_TRUST_SILENT];
	room[RF_TRUST_WARM] = room[RF_TRUST_COLD] = dispatch_max_in_flight;
	room[RF_TRUST_NEW] = Min(all, Max(1, dispatch_max_in_flight / 2) - used[RF_TRUST_NEW]);
	room[RF_TRUST_SILENT] = Min(all, Max(1, dispatch_max_in_flight / 4) - used[RF_TRUST_SILENT]);
}

/* ---- loading ------------------------------------------------------------ */

/* New and silent ones together load no more than they may send. */
static int
dispatch_loads_allowed(RfTrust trust, const int *room)
{
	if (trust < RF_TRUST_NEW)
		return dispatch_max_in_flight * LOAD_AHEAD;
	return room[trust] - rf_agenda_count(RF_AGENDA_SEND + trust);
}

/* Returns how many were asked for. */
static int
dispatch_ask_for(RfEndpoint *endpoint, TimestampTz now)
{
	int wanted = dispatch_loads_wanted(endpoint, now);
	int asked = 0;

	while (asked < wanted && rf_load_has_room() && rf_retrying_loads_at(endpoint) <= now)
	{
		rf_load_ask(endpoint);
		asked++;
	}
	rf_agenda_touch(endpoint);
	return asked;
}

void
rf_dispatch_ask(TimestampTz now)
{
	int room[RF_TRUSTS];

	rf_dispatch_settle(now);
	dispatch_measure_room(now, room);
	for (int trust = 0; trust < RF_TRUSTS; trust++)
	{
		int allowed = dispatch_loads_allowed(trust, room);

		while (allowed > 0 && rf_load_has_room() && rf_agenda_count(RF_AGENDA_LOAD + trust) > 0)
			allowed -= dispatch_ask_for(rf_agenda_take(RF_AGENDA_LOAD + trust), now);
	}
}

bool
rf_dispatch_wants_loads(TimestampTz now)
{
	int room[RF_TRUSTS];

	if (!rf_load_has_room())
		return false;
	dispatch_measure_room(now, room);
	for (int trust = 0; trust < RF_TRUSTS; trust++)
	{
		if (rf_agenda_count(RF_AGENDA_LOAD + trust) > 0 &&
			dispatch_loads_allowed(trust, room) > 0)
			return true;
	}
	return false;
}

/* ---- sending ------------------------------------------------------------ */

/* Room for the results of all that is under way must be left. */
static bool
dispatch_has_room(RfTrust trust, const int *room)
{
	return room[trust] > 0 && rf_http_has_room(trust == RF_TRUST_WARM) &&
		rf_record_count() + rf_http_in_flight() < RF_RECORD_MAX;
}

/* Only one that has something under way has had its share. */
static bool
dispatch_has_had_its_share(const RfEndpoint *endpoint)
{
	int available = dispatch_max_in_flight - rf_http_in_flight();

	return endpoint->in_flight >= Max(1, SHARE * available);
}

/* The settings may have become stricter since the webhook was made. */
static void
dispatch_refuse(RfParcel *parcel, const char *reason)
{
	char		 error[256];
	RfHttpResult result = {
		.tag = parcel, .fault = RF_FAULT_FORBIDDEN, .error = error, .error_class = "forbidden"};

	snprintf(error, sizeof(error), "forbidden target: %s", reason);
	(void) rf_outcome_take(parcel, &result);
}

static void
dispatch_send(RfEndpoint *endpoint, TimestampTz now)
{
	RfParcel	 *parcel = rf_parcel_take_loaded(endpoint);
	RfHttpRequest request;

	rf_parcel_address(parcel, GetCurrentTimestamp(), &request);
	request.known_host = rf_standing_knows_host(endpoint, now);
	if (endpoint->plain_until > now)
		request.version = RF_HTTP_1_1;
	rf_standing_begin(endpoint, parcel, now);
	if (endpoint->config->forbidden != NULL)
	{
		dispatch_refuse(parcel, endpoint->config->forbidden);
		return;
	}
	if (rf_http_submit(&request))
		return;
	rf_outcome_complain("out of memory");
	rf_standing_forgo(endpoint, parcel);
	endpoint->sends_from = now + LACK_MS * INT64CONST(1000);
	rf_endpoint_requeue(endpoint, &parcel->delivery);
	rf_parcel_free(parcel);
}

/* One request of each endpoint of a kind. Returns whether there was any. */
static bool
dispatch_send_round(RfTrust trust, int *room, TimestampTz now)
{
	RfAgendaList list = RF_AGENDA_SEND + trust;
	bool		 sent = false;

	for (int n = rf_agenda_count(list); n > 0 && dispatch_has_room(trust, room); n--)
	{
		RfEndpoint *endpoint = rf_agenda_take(list);

		/* Time may have passed since it was listed. */
		if (rf_standing_trust(endpoint, now) != trust)
			rf_agenda_touch(endpoint);
		else if (dispatch_has_had_its_share(endpoint))
			rf_agenda_list(list, endpoint, true);
		else
		{
			dispatch_send(endpoint, now);
			room[trust]--;
			sent = true;
		}
	}
	return sent;
}

void
rf_dispatch_send(TimestampTz now)
{
	int	 room[RF_TRUSTS];
	bool sent = true;

	rf_dispatch_settle(now);
	dispatch_measure_room(now, room);
	while (sent)
	{
		sent = false;
		for (int trust = 0; trust < RF_TRUSTS; trust++)
			sent |= dispatch_send_round(trust, room, now);
		rf_dispatch_settle(now);
	}
}

/* As many have had their share as have something under way: that many are looked at. */
static bool
dispatch_finds_one(RfAgendaList list)
{
	RfEndpoint *endpoint = rf_agenda_first(list);

	while (endpoint != NULL && dispatch_has_had_its_share(endpoint))
		endpoint = rf_agenda_next(list, endpoint);
	return endpoint != NULL;
}

bool
rf_dispatch_can_send(TimestampTz now)
{
	int room[RF_TRUSTS];

	dispatch_measure_room(now, room);
	for (int trust = 0; trust < RF_TRUSTS; trust++)
	{
		if (dispatch_has_room(trust, room) && dispatch_finds_one(RF_AGENDA_SEND + trust))
			return true;
	}
	return false;
}
