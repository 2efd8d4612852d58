/*
 * statistics.c
 *	  See statistics.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"

#include "base/clock.h"
#include "delivery/outbox.h"
#include "delivery/parcel.h"
#include "delivery/rotation.h"
#include "delivery/statistics.h"
#include "delivery/statistics_memory.h"

#define PUBLISH_MS 500

/* NULL: there was no memory yet. */
static RfSending *statistics_sending = NULL;
static int		  statistics_worker = -1; /* our place in it */
static int64	  statistics_published_at = 0;

/* ---- publishing --------------------------------------------------------- */

static void
sent_is_nobodys(RfSent *sent, void *argument)
{
	if (sent->worker != MyProcPid)
		return;
	sent->worker = 0;
	sent->waiting = sent->in_flight = 0;
	sent->oldest_event = 0;
}

static void
sending_leave_place(RfSending *sending, const void *argument)
{
	sending->worker[statistics_worker] = (RfWorkerNow){0};
}

/* before_shmem_exit callback. */
static void
statistics_leave(int code, Datum arg)
{
	rf_statistics_each(sent_is_nobodys, NULL);
	rf_statistics_change(statistics_sending, sending_leave_place, NULL);
}

static void
sending_take_place(RfSending *sending, const void *argument)
{
	for (int i = 0; i < RF_STATISTICS_WORKERS && statistics_worker < 0; i++)
	{
		if (sending->worker[i].pid != 0)
			continue;
		sending->worker[i] = (RfWorkerNow){.pid = MyProcPid};
		statistics_worker = i;
	}
}

void
rf_statistics_start(void)
{
	statistics_sending = rf_statistics_sending();
	if (statistics_sending == NULL)
		return;
	rf_statistics_change(statistics_sending, sending_take_place, NULL);
	if (statistics_worker >= 0)
		before_shmem_exit(statistics_leave, (Datum) 0);
}

/* NULL without memory. */
static RfSent *
endpoint_sent(RfEndpoint *endpoint)
{
	if (endpoint->sent == NULL || !rf_statistics_is_of(endpoint->sent, endpoint->id))
		endpoint->sent = rf_statistics_sent(endpoint->id);
	return endpoint->sent;
}

void
rf_statistics_leave(RfEndpoint *endpoint)
{
	if (endpoint->sent != NULL && rf_statistics_is_of(endpoint->sent, endpoint->id))
		sent_is_nobodys(endpoint->sent, NULL);
}

/* Of the first attempt; what is in rf_retry is counted there. */
static void
endpoint_count(RfEndpoint *endpoint, const RfDelivery *delivery)
{
	if (delivery->slot == RF_SLOT_RETRY)
		return;
	endpoint->waiting++;
	if (endpoint->oldest_event == 0 || delivery->event_id < endpoint->oldest_event)
		endpoint->oldest_event = delivery->event_id;
}

static void
endpoint_count_queue(RfEndpoint *endpoint)
{
	endpoint->waiting = endpoint->overflowed;
	endpoint->oldest_event = 0;
	for (int i = 0; i < endpoint->queue.count; i++)
		endpoint_count(endpoint, rf_queue_at(&endpoint->queue, i));
}

/* An endpoint for which there is nothing to say needs no memory. */
static void
endpoint_publish(RfEndpoint *endpoint)
{
	RfSent *sent = endpoint->sent;

	if (sent == NULL && endpoint->waiting == 0 && endpoint->in_flight == 0)
		return;
	sent = endpoint_sent(endpoint);
	if (sent == NULL)
		return;
	sent->waiting = endpoint->waiting;
	sent->in_flight = endpoint->in_flight;
	sent->oldest_event = endpoint->oldest_event;
	sent->worker = MyProcPid;
}

static void
sending_publish(RfSending *sending, const void *argument)
{
	sending->worker[statistics_worker] = *(const RfWorkerNow *) argument;
}

static void
statistics_publish(void)
{
	RfWorkerNow now = {
		.pid = MyProcPid,
		.read_to = rf_outbox_read_to(),
		.waiting = rf_rotation_held(),
		.in_flight = rf_http_in_flight()};

	for (int i = 0; i < rf_endpoint_count(); i++)
		endpoint_count_queue(rf_endpoint_at(i));
	for (const RfParcel *parcel = rf_parcel_first(); parcel != NULL;
		 parcel = rf_parcel_after(parcel))
		endpoint_count(parcel->endpoint, &parcel->delivery);
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		endpoint_publish(endpoint);
		now.waiting += endpoint->overflowed;
		if (endpoint->oldest_event != 0 &&
			(now.oldest_event == 0 || endpoint->oldest_event < now.oldest_event))
			now.oldest_event = endpoint->oldest_event;
	}
	rf_statistics_change(statistics_sending, sending_publish, &now);
}

long
rf_statistics_publish(void)
{
	int64 now = rf_monotonic_usecs();
	int64 due = statistics_published_at + PUBLISH_MS * INT64CONST(1000);

	if (now < due)
		return (due - now) / 1000 + 1;
	statistics_published_at = now;
	if (statistics_worker < 0)
		rf_statistics_start();
	if (statistics_worker >= 0)
		statistics_publish();
	return -1;
}

/* ---- counting ----------------------------------------------------------- */

static void
sent_count(RfSent *sent, RfWindow window, int64 now, const RfRecentAttempt *attempt)
{
	RfRecentSlot *slot = rf_recent_slot(&sent->recent, window, now);

	if (rf_recent_is_over(slot, window, now))
	{
		rf_statistics_drop_histograms(slot);
		rf_recent_begin(slot, window, now);
	}
	if (slot->many == 0 && rf_recent_is_full(slot))
		(void) rf_statistics_take_histograms(sent, slot, now);
	rf_recent_add(slot, rf_statistics_histograms(slot), attempt);
}

/* How long a step took that ended then and began when another ended; -1: there was none. */
static int64
step_usecs(const RfHttpResult *result, int64 begin, int64 end)
{
	return result->dialled && end > 0 ? Max(end - begin, 0) : -1;
}

/*
 * Steps of connecting count where they were taken: on a connection that is used
 * again libcurl gives times of a few microseconds.
 */
static RfRecentAttempt
attempt_of(const RfHttpResult *result, bool failed)
{
	int64 usecs[RF_PHASES] = {
		[RF_PHASE_DNS] = step_usecs(result, 0, result->dns_us),
		[RF_PHASE_CONNECT] = step_usecs(result, result->dns_us, result->connect_us),
		[RF_PHASE_TLS] = step_usecs(result, result->connect_us, result->tls_us),
		[RF_PHASE_FIRST_BYTE] = result->status != 0 ? result->first_byte_us : -1,
		[RF_PHASE_TOTAL] = result->total_us};

	return rf_recent_attempt(failed, usecs);
}

void
rf_statistics_note(RfEndpoint *endpoint, const RfHttpResult *result, bool failed)
{
	int64			now = rf_monotonic_usecs();
	RfRecentAttempt attempt = attempt_of(result, failed);
	RfSent		   *sent;

	if (statistics_sending == NULL)
		return;
	pg_atomic_fetch_add_u64(&statistics_sending->attempts, 1);
	if (failed)
		pg_atomic_fetch_add_u64(&statistics_sending->failures, 1);
	sent = endpoint_sent(endpoint);
	if (sent == NULL)
		return;
	sent->attempts++;
	sent->failures += failed;
	if (result->http_version != NULL)
		strlcpy(sent->http_version, result->http_version, sizeof(sent->http_version));
	for (int window = 0; window < RF_WINDOWS; window++)
		sent_count(sent, window, now, &attempt);
}

static void
sending_note_fault(RfSending *sending, const void *argument)
{
	const char *message = argument;
	int			length = pg_mbcliplen(message, strlen(message), RF_STATISTICS_FAULT - 1);

	memcpy(sending->fault, message, length);
	sending->fault[length] = '\0';
	sending->fault_at = GetCurrentTimestamp();
}

void
rf_statistics_note_fault(const char *message)
{
	if (statistics_sending == NULL)
		return;
	pg_atomic_fetch_add_u64(&statistics_sending->faults, 1);
	rf_statistics_change(statistics_sending, sending_note_fault, message);
}
