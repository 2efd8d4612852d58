/*
 * standing.c
 *	  See standing.h.
 *
 * An endpoint that answers may have its max_in_flight requests under way, or
 * fewer while it says that it has too much to do. One that has not answered yet,
 * or whose last exchange ended in silence, or that has been silent for a while
 * with requests under way, gets one request at a time.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "delivery/retrying.h"
#include "delivery/standing.h"

#define SILENCE_MS	  2000	/* then an endpoint is trusted less */
#define KNOWN_HOST_MS 60000 /* so long after a success */

static bool
standing_is_kept_waiting(const RfEndpoint *endpoint, TimestampTz now)
{
	return endpoint->in_flight > 0 &&
		TimestampDifferenceExceeds(endpoint->heard_at, now, SILENCE_MS);
}

bool
rf_standing_knows_host(const RfEndpoint *endpoint, TimestampTz now)
{
	return endpoint->succeeded_at != 0 &&
		!TimestampDifferenceExceeds(endpoint->succeeded_at, now, KNOWN_HOST_MS);
}

RfTrust
rf_standing_trust(const RfEndpoint *endpoint, TimestampTz now)
{
	if (standing_is_kept_waiting(endpoint, now))
		return RF_TRUST_SILENT;
	if (!endpoint->answers)
		return endpoint->tried ? RF_TRUST_SILENT : RF_TRUST_NEW;
	return rf_standing_knows_host(endpoint, now) ? RF_TRUST_WARM : RF_TRUST_COLD;
}

int
rf_standing_window(const RfEndpoint *endpoint, TimestampTz now)
{
	/* What was under way when the breaker opened does not keep the probe waiting. */
	if (endpoint->breaker.state == RF_BREAKER_OPEN && !rf_endpoint_is_fifo(endpoint))
		return endpoint->in_flight + 1;
	if (rf_endpoint_is_fifo(endpoint) || rf_standing_trust(endpoint, now) >= RF_TRUST_NEW)
		return 1;
	return endpoint->concurrency.window;
}

TimestampTz
rf_standing_opens_at(RfEndpoint *endpoint, TimestampTz now)
{
	TimestampTz opens;

	if (endpoint->state != RF_ENDPOINT_ENABLED)
		return DT_NOEND;
	opens = Max(endpoint->paused_until, endpoint->sends_from);
	opens = Max(opens, rf_breaker_admits_at(&endpoint->breaker));
	opens = Max(opens, rf_retrying_head_at(endpoint));
	if (opens == DT_NOEND)
		return opens;
	return Max(opens, rf_throttle_ready_at(&endpoint->throttle, now));
}

TimestampTz
rf_standing_falls_silent_at(const RfEndpoint *endpoint, TimestampTz now)
{
	if (endpoint->in_flight == 0 || standing_is_kept_waiting(endpoint, now))
		return DT_NOEND;
	return endpoint->heard_at + SILENCE_MS * INT64CONST(1000) + 1;
}

void
rf_standing_begin(RfEndpoint *endpoint, RfParcel *parcel, TimestampTz now)
{
	if (endpoint->in_flight++ == 0)
		endpoint->heard_at = now;
	(void) rf_throttle_take(&endpoint->throttle, now);
	if (rf_breaker_begin(&endpoint->breaker))
		endpoint->probe = parcel;
	parcel->sent_at = now;
	rf_agenda_touch(endpoint);
}

void
rf_standing_forgo(RfEndpoint *endpoint, RfParcel *parcel)
{
	endpoint->in_flight--;
	rf_throttle_give_back(&endpoint->throttle);
	if (endpoint->probe == parcel)
	{
		endpoint->probe = NULL;
		rf_breaker_forgo(&endpoint->breaker);
	}
	rf_agenda_touch(endpoint);
}

/* Whoever answers, even badly, is there: the others need not wait for it. */
static void
standing_note_answer(RfEndpoint *endpoint, const RfHttpResult *result, bool failed,
					 TimestampTz now)
{
	endpoint->answers = result->fault == RF_FAULT_NONE || result->fault == RF_FAULT_BROKEN;
	endpoint->heard_at = now;
	if (!failed)
		endpoint->succeeded_at = now;
	endpoint->tried = true;
}

bool
rf_standing_is_about(const RfParcel *parcel)
{
	const RfEndpoint *endpoint = parcel->endpoint;

	return endpoint->config != NULL && strcmp(endpoint->config->url, parcel->config->url) == 0;
}

bool
rf_standing_end(RfEndpoint *endpoint, RfParcel *parcel, const RfHttpResult *result,
				bool failed, TimestampTz now)
{
	bool probe = endpoint->probe == parcel;

	endpoint->in_flight--;
	if (probe)
		endpoint->probe = NULL;
	rf_agenda_touch(endpoint);
	if (!rf_standing_is_about(parcel))
		return false;
	standing_note_answer(endpoint, result, failed, now);
	if (!failed)
		rf_concurrency_success(&endpoint->concurrency, parcel->sent_at);
	else if (rf_retry_is_overload(result->fault, result->status))
		rf_concurrency_overload(&endpoint->concurrency, parcel->sent_at, now);
	return rf_breaker_end(&endpoint->breaker, now, probe, failed);
}

void
rf_standing_forgive(RfEndpoint *endpoint)
{
	endpoint->paused_until = DT_NOBEGIN;
	endpoint->sends_from = DT_NOBEGIN;
	endpoint->probe = NULL;
	endpoint->breaker = (RfBreaker){0};
	rf_agenda_touch(endpoint);
}

void
rf_standing_reset(RfEndpoint *endpoint)
{
	rf_standing_forgive(endpoint);
	endpoint->tried = endpoint->answers = false;
	endpoint->plain_until = 0;
	rf_concurrency_reset(&endpoint->concurrency);
}
