/*
 * courier.c
 *	  See courier.h.
 *
 * One call is one round: see what came back, record it, read what is next, send
 * it. Each database step is a turn (turn.h); between turns there is neither
 * transaction nor snapshot nor lock, whatever the network does.
 *
 * When rf_home changes, deliveries that were passed over as foreign may have
 * become ours: then everything under way is brought to an end and the outbox is
 * read from the beginning.
 */
#include "postgres.h"

#include <poll.h>

#include "storage/lmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/durable.h"
#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/courier.h"
#include "delivery/dispatch.h"
#include "delivery/holding.h"
#include "delivery/load.h"
#include "delivery/outbox.h"
#include "delivery/outcome.h"
#include "delivery/parking.h"
#include "delivery/placing.h"
#include "delivery/record.h"
#include "delivery/retention.h"
#include "delivery/retrying.h"
#include "delivery/rotation.h"
#include "delivery/statistics.h"
#include "delivery/turn.h"
#include "delivery/webhook_state.h"
#include "program/fulfilment.h"
#include "program/home.h"

#define SLEEP_MAX_MS   5000
#define FAILED_TURN_MS 1000
#define OWN_FAULT_MS   3000
#define FLUSH_SHARE	   20  /* from one flush to the next: times what it took */
#define LOCKED_MS	   200 /* until a locked table is looked at again */

/* All times are the steady clock's. */
static bool		   courier_news = true;
static bool		   courier_restarts = false; /* as soon as nothing is under way */
static bool		   courier_write_waits = false;
static TimestampTz courier_read_at = 0;
/* Not before: such a turn failed. One that fails does not hold back the others. */
static TimestampTz courier_writes_from = 0;
static TimestampTz courier_saves_from = 0;
static TimestampTz courier_reads_from = 0;
static TimestampTz courier_rotates_from = 0;
static TimestampTz courier_sends_from = 0; /* not before: no descriptors are left */

void
rf_courier_start(int max_in_flight)
{
	rf_turn_start();
	rf_outbox_start();
	rf_record_start();
	rf_dispatch_start(max_in_flight);
	rf_http_start(max_in_flight);
	rf_statistics_start();
}

int
rf_courier_fd(void)
{
	return rf_http_fd();
}

void
rf_courier_wake(void)
{
	courier_news = true;
}

/* ---- the network -------------------------------------------------------- */

static void
courier_collect(void)
{
	const RfHttpResult *result;

	rf_http_drive();
	while ((result = rf_http_next_result()) != NULL)
	{
		if (!rf_outcome_take(result->tag, result))
			courier_sends_from = rf_steady_now() + OWN_FAULT_MS * INT64CONST(1000);
	}
}

static void
courier_send(void)
{
	TimestampTz now = rf_steady_now();

	if (courier_restarts || !rf_configuration_is_here() || now < courier_sends_from)
		return;
	rf_dispatch_send(now);
	courier_collect();
}

/* ---- turns -------------------------------------------------------------- */

/* Whose webhook is not enabled any more lets go of what it has in memory. */
static void
courier_put_away(void)
{
	rf_dispatch_settle(rf_steady_now());
	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_LEAVING); endpoint != NULL;
		 endpoint = rf_agenda_next(RF_AGENDA_LEAVING, endpoint))
	{
		rf_parcels_unload(endpoint);
		rf_placing_put_away(endpoint);
	}
}

/* As courier_write() does: reading must not fail because somebody erases. */
static bool
courier_may_clear(void)
{
	return ConditionalLockRelationOid(rf_engine_relation("rf_retry"), RowExclusiveLock) &&
		ConditionalLockRelationOid(rf_engine_relation("rf_dead"), RowExclusiveLock);
}

/* In a turn: nothing of a deleted webhook is left. */
static void
courier_clear_gone(void)
{
	bool may = rf_agenda_count(RF_AGENDA_LEAVING) > 0 && courier_may_clear();

	for (RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_LEAVING); endpoint != NULL;
		 endpoint = rf_agenda_next(RF_AGENDA_LEAVING, endpoint))
	{
		endpoint->cleared = false;
		if (!may || endpoint->state != RF_ENDPOINT_GONE || endpoint->in_flight > 0 ||
			endpoint->queue.count > 0 || endpoint->overflow_from != 0 || rf_record_count() > 0)
			continue;
		rf_retrying_clear(endpoint);
		endpoint->cleared = true;
	}
}

/* That turn committed. */
static void
courier_remove_gone(void)
{
	RfEndpoint *endpoint = rf_agenda_first(RF_AGENDA_LEAVING);

	while (endpoint != NULL)
	{
		RfEndpoint *next = rf_agenda_next(RF_AGENDA_LEAVING, endpoint);

		if (endpoint->cleared)
		{
			rf_statistics_forget(endpoint->id);
			rf_endpoint_remove(endpoint);
		}
		endpoint = next;
	}
}

static void
courier_read(void)
{
	if (rf_configuration_refresh())
		courier_restarts = true;
	if (courier_restarts || !rf_configuration_is_here())
		return;
	courier_put_away();
	rf_outbox_read();
	courier_put_away();
	courier_clear_gone();
	rf_dispatch_ask(rf_steady_now());
	rf_load_fetch();
}

static RfTurnResult
courier_read_turn(void)
{
	RfTurnResult result;

	courier_news = false;
	courier_read_at = rf_steady_now();
	result = rf_turn_run("reading the outbox", courier_read);
	rf_load_settle(result == RF_TURN_DONE);
	if (result == RF_TURN_DONE)
	{
		courier_remove_gone();
		rf_outbox_make_durable();
	}
	else
		courier_news = true;
	return result;
}

/*
 * Bodies are copied into rf_retry here. Who changes them keeps us from it until
 * their transaction has committed (see erase.c): we do not wait, but come back.
 */
static void
courier_write(void)
{
	courier_write_waits = !ConditionalLockRelationOid(rf_engine_relation("rf_retry"),
													  RowExclusiveLock);
	if (courier_write_waits)
		return;
	rf_record_write();
	rf_parking_write();
}

/*
 * What a crash undoes is sent again. The disk may have a small part of our time for
 * keeping that little.
 */
static void
courier_flush_records(void)
{
	static TimestampTz next = 0;
	TimestampTz		   begin = rf_steady_now();

	if (begin < next)
		return;
	rf_durable_flush();
	next = begin + (rf_steady_now() - begin) * FLUSH_SHARE;
}

static RfTurnResult
courier_write_turn(void)
{
	RfTurnResult result = rf_turn_run("recording attempts", courier_write);

	if (result == RF_TURN_DONE && courier_write_waits)
		courier_writes_from = rf_steady_now() + LOCKED_MS * INT64CONST(1000);
	else if (result == RF_TURN_DONE)
	{
		rf_record_confirm();
		rf_parking_confirm();
		courier_flush_records();
	}
	return result;
}

/* What is left here, because somebody holds people, or the turn failed, a tick takes. */
static void
courier_fulfil(void)
{
	if (rf_home_is_here())
		(void) rf_fulfilments_take();
}

static RfTurnResult
courier_fulfil_turn(void)
{
	return rf_turn_run("fulfilling rewards", courier_fulfil);
}

/* Apart from the above: it is about rows that users hold. */
static RfTurnResult
courier_save_turn(void)
{
	RfTurnResult result = rf_turn_run("saving the state of webhooks", rf_webhook_state_write);

	if (result == RF_TURN_DONE)
		rf_webhook_state_confirm();
	return result;
}

static RfTurnResult
courier_rotation_turn(void)
{
	return rf_turn_run("emptying the outbox", rf_rotation_work);
}

static RfTurnResult
courier_retention_turn(void)
{
	RfTurnResult result = rf_turn_run("removing old events and attempts", rf_retention_work);

	rf_retention_settle(result == RF_TURN_DONE);
	return result;
}

static bool
courier_should_write(TimestampTz now)
{
	return now >= courier_writes_from && (rf_parking_count() > 0 || rf_record_due_at() <= now);
}

static bool
courier_should_save(TimestampTz now)
{
	return now >= courier_saves_from && rf_webhook_state_due_at() <= now;
}

static bool
courier_should_read(TimestampTz now)
{
	if (courier_restarts || now < courier_reads_from)
		return false;
	return courier_news || TimestampDifferenceExceeds(courier_read_at, now, SLEEP_MAX_MS - 1) ||
		rf_configuration_has_more() ||
		(rf_configuration_is_here() &&
		 (rf_outbox_has_more() || rf_dispatch_wants_loads(now)));
}

/* When old rows may be removed. Not while those of another place wait to be adopted. */
static TimestampTz
courier_cleans_at(void)
{
	if (!rf_configuration_is_here() || courier_restarts || !rf_holding_is_keeper())
		return DT_NOEND;
	return rf_retention_due_at(rf_http_in_flight() > 0 || rf_record_count() > 0 || courier_news);
}

/* Everything is at rest: forget it and begin again. */
static void
courier_restart(void)
{
	for (int i = 0; i < rf_endpoint_count(); i++)
		rf_parcels_unload(rf_endpoint_at(i));
	if (rf_http_in_flight() > 0 || rf_record_count() > 0)
		return;
	rf_outbox_restart();
	courier_restarts = false;
	courier_news = true;
}

/* A turn that fails is not tried again at once. False if the extension is gone. */
static bool
courier_take_turn(RfTurnResult (*turn)(void), TimestampTz *from)
{
	RfTurnResult result = turn();

	if (result == RF_TURN_FAILED)
		*from = rf_steady_now() + FAILED_TURN_MS * INT64CONST(1000);
	return result != RF_TURN_ABSENT;
}

/* Which turns are due, one after the other. False if the extension is gone. */
static bool
courier_turns(void)
{
	TimestampTz now = rf_steady_now();

	rf_dispatch_settle(now);
	if (courier_should_write(now) &&
		!courier_take_turn(courier_write_turn, &courier_writes_from))
		return false;
	if (rf_fulfilments_were_noted() && courier_fulfil_turn() == RF_TURN_ABSENT)
		return false;
	if (courier_should_save(now) &&
		!courier_take_turn(courier_save_turn, &courier_saves_from))
		return false;
	if (courier_should_read(now) &&
		!courier_take_turn(courier_read_turn, &courier_reads_from))
		return false;
	if (courier_restarts)
		courier_restart();
	rf_rotation_publish();
	if (rf_holding_is_keeper() && rf_rotation_is_due() && now >= courier_rotates_from &&
		!courier_take_turn(courier_rotation_turn, &courier_rotates_from))
		return false;
	if (courier_cleans_at() <= now)
		return courier_retention_turn() != RF_TURN_ABSENT;
	return true;
}

/* ---- one round ---------------------------------------------------------- */

static long
courier_ms_until(TimestampTz time, TimestampTz now)
{
	if (time == DT_NOEND)
		return SLEEP_MAX_MS;
	return TimestampDifferenceMilliseconds(now, time);
}

/* Until a turn is due. */
static long
courier_turn_sleep(TimestampTz now)
{
	TimestampTz write = Max(rf_record_due_at(), courier_writes_from);
	TimestampTz save = Max(rf_webhook_state_due_at(), courier_saves_from);
	TimestampTz read = rf_outbox_next_due();

	if (courier_should_write(now) || courier_should_save(now) || courier_should_read(now))
		return 0;
	if (rf_parking_count() > 0)
		write = courier_writes_from;
	if (courier_news)
		read = courier_reads_from;
	read = courier_restarts ? DT_NOEND : Max(read, courier_reads_from);
	return courier_ms_until(Min(Min(read, write), Min(save, courier_cleans_at())), now);
}

static long
courier_sleep(void)
{
	TimestampTz now = rf_steady_now();
	long		http = rf_http_timeout_ms();
	long		publish = rf_statistics_publish();
	long		sleep;

	rf_dispatch_settle(now);
	sleep = Min(SLEEP_MAX_MS, courier_turn_sleep(now));
	if (http >= 0)
		sleep = Min(sleep, http);
	if (publish >= 0)
		sleep = Min(sleep, publish);
	if (courier_restarts || !rf_configuration_is_here())
		return sleep;
	if (now < courier_sends_from)
		return Min(sleep, courier_ms_until(courier_sends_from, now));
	if (rf_dispatch_can_send(now))
		return 0;
	return Min(sleep, courier_ms_until(rf_dispatch_looks_at(), now));
}

RfCourierState
rf_courier_work(long *timeout_ms)
{
	courier_collect();
	*timeout_ms = 0;
	if (!courier_turns())
		return RF_COURIER_ABSENT;
	courier_send();
	*timeout_ms = courier_sleep();
	return rf_configuration_is_elsewhere() && !courier_restarts
		? RF_COURIER_SILENT
		: RF_COURIER_SERVING;
}

bool
rf_courier_is_idle(void)
{
	return rf_http_in_flight() == 0 && rf_record_count() == 0 && rf_parking_count() == 0;
}

static void
courier_wait_for_network(long timeout_ms)
{
	struct pollfd network = {.fd = rf_http_fd(), .events = POLLIN};
	long		  http = rf_http_timeout_ms();

	if (http >= 0)
		timeout_ms = Min(timeout_ms, http);
	(void) poll(&network, 1, (int) timeout_ms);
}

void
rf_courier_stop(long grace_ms)
{
	TimestampTz end = rf_steady_now() + grace_ms * INT64CONST(1000);

	courier_collect();
	while (rf_http_in_flight() > 0)
	{
		TimestampTz now = rf_steady_now();

		if (now >= end)
			break;
		courier_wait_for_network(TimestampDifferenceMilliseconds(now, end));
		courier_collect();
	}
	if (rf_record_count() > 0)
		(void) courier_write_turn();
	(void) courier_save_turn();
}
