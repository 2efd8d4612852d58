/*
 * listening.c
 *	  See listening.h.
 */
#include "postgres.h"

#include <signal.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"

#include "base/clock.h"
#include "server/listen_settings.h"
#include "server/listening.h"
#include "server/listening_process.h"
#include "server/seat.h"
#include "server/shmem.h"

/* As the settings have it, before and after there is shared memory. */
static RfListenEntries listening_entries;
static int			   listening_nslots = 0;
static RfListening	  *listening_slots = NULL;

static int
listening_processes(const RfListenEntry *entry)
{
	return entry->local ? 1 : rf_listeners_wanted;
}

/* The setting was checked when it was set. */
void
rf_listening_setup(void)
{
	bool possible;

	if (rf_listen == NULL || rf_listen_parse(rf_listen, &listening_entries) != NULL)
		return;
	possible = listening_entries.n > 0 && rf_listening_check_library();
	for (int i = 0; i < listening_entries.n; i++)
		for (int number = 1; number <= listening_processes(&listening_entries.entry[i]); number++)
		{
			if (possible)
				rf_listening_register(&listening_entries.entry[i], number, listening_nslots);
			listening_nslots++;
		}
}

/* ---- shared memory ------------------------------------------------------ */

Size
rf_listening_size(void)
{
	return mul_size(listening_nslots, sizeof(RfListening));
}

static void
listening_init(RfListening *slot, int entry, int number)
{
	memset(slot, 0, sizeof(*slot));
	slot->entry = listening_entries.entry[entry];
	rf_listen_place(&slot->entry, slot->place);
	slot->entry_number = entry;
	slot->number = number;
	slot->since = slot->start_at = rf_steady_now();
	strlcpy(slot->detail,
			rf_listening_is_possible()
				? "no background worker process is free; increase max_worker_processes"
				: "referral was built without libmicrohttpd",
			sizeof(slot->detail));
	pg_atomic_init_u32(&slot->news, 0);
	pg_atomic_init_u32(&slot->connections, 0);
	for (int i = 0; i < RF_LISTENING_CLASSES; i++)
		pg_atomic_init_u64(&slot->answers[i], 0);
	pg_atomic_init_u64(&slot->rejected, 0);
	pg_atomic_init_u64(&slot->clicks, 0);
}

void
rf_listening_provide(void *memory, bool fresh)
{
	int n = 0;

	listening_slots = memory;
	for (int i = 0; fresh && i < listening_entries.n; i++)
		for (int number = 1; number <= listening_processes(&listening_entries.entry[i]); number++)
			listening_init(&listening_slots[n++], i, number);
}

int
rf_listening_count(void)
{
	return listening_slots != NULL ? listening_nslots : 0;
}

RfListening *
rf_listening_slot(int slot)
{
	return &listening_slots[slot];
}

/* ---- whoever needs the database ----------------------------------------- */

/* Lock held exclusively. */
static void
listening_set(RfListening *slot, RfListeningState state, const char *detail)
{
	int length = 0;

	if (detail != NULL)
	{
		length = pg_mbcliplen(detail, strlen(detail), RF_LISTENING_DETAIL - 1);
		memcpy(slot->detail, detail, length);
	}
	slot->detail[length] = '\0';
	if (slot->state != state)
		slot->since = rf_steady_now();
	slot->state = state;
}

/* Is it connected to the database, or about to be? Lock held. */
static bool
listening_uses(const RfListening *slot, Oid database)
{
	if (slot->pid == 0)
		return false;
	switch (slot->state)
	{
		case RF_LISTENING_WAITING:
		case RF_LISTENING_HELD:
		case RF_LISTENING_ADDRESS:
			return false;
		case RF_LISTENING_STARTING:
		case RF_LISTENING_SERVING:
		case RF_LISTENING_ABSENT:
		case RF_LISTENING_VERSION:
		case RF_LISTENING_LEAVING:
			break;
	}
	return slot->database == database || !OidIsValid(slot->database);
}

bool
rf_listening_dismiss(Oid database)
{
	bool found = false;

	for (int i = 0; i < rf_listening_count(); i++)
	{
		RfListening *slot = &listening_slots[i];

		if (!listening_uses(slot, database))
			continue;
		found = true;
		if (slot->state != RF_LISTENING_LEAVING)
			listening_set(slot, RF_LISTENING_LEAVING, NULL);
		kill(slot->pid, SIGTERM);
	}
	return found;
}

bool
rf_listening_serves(Oid database)
{
	for (int i = 0; i < rf_listening_count(); i++)
		if (listening_uses(&listening_slots[i], database))
			return true;
	return false;
}

void
rf_listening_wake(Oid database)
{
	for (int i = 0; i < rf_listening_count(); i++)
	{
		RfListening *slot = &listening_slots[i];

		if (slot->state == RF_LISTENING_WAITING || slot->state == RF_LISTENING_HELD)
			slot->start_at = rf_steady_now();
		else if (slot->database == database)
			pg_atomic_write_u32(&slot->news, 1);
		else
			continue;
		if (slot->latch != NULL)
			SetLatch(slot->latch);
	}
}

/* ---- a listener --------------------------------------------------------- */

/* A listener that lived longer than this did well. */
#define LISTENING_SHORT_LIFE_MS 10000

RfListening *rf_own_listening = NULL;

static char		   listening_error[RF_LISTENING_DETAIL] = "";
static TimestampTz listening_taken_at = 0;

/* Why did a process end that was not asked to? */
static const char *
listening_explain(const RfListening *slot)
{
	if (listening_error[0] != '\0')
		return listening_error;
	if (slot->state == RF_LISTENING_STARTING)
		return "it could not connect to its database; the server's log says why";
	return "it ended; the server's log says why";
}

/* The process failed: count it, unless it had been doing well. Lock held. */
static void
listening_count_failure(RfListening *slot)
{
	TimestampTz now = rf_steady_now();

	if (TimestampDifferenceExceeds(listening_taken_at, now, LISTENING_SHORT_LIFE_MS))
		slot->failures = 0;
	slot->start_at = TimestampTzPlusMilliseconds(now, rf_seat_delay(slot->failures) * 1000L);
	slot->failures++;
}

/* Those that wait leave without having failed. Lock held. */
static void
listening_end(RfListening *slot)
{
	switch (slot->state)
	{
		case RF_LISTENING_WAITING:
		case RF_LISTENING_HELD:
		case RF_LISTENING_ADDRESS:
			break;
		case RF_LISTENING_LEAVING:
			slot->failures = 0;
			slot->start_at = rf_steady_now();
			listening_set(slot, RF_LISTENING_WAITING, NULL);
			break;
		case RF_LISTENING_STARTING:
		case RF_LISTENING_SERVING:
		case RF_LISTENING_ABSENT:
		case RF_LISTENING_VERSION:
			listening_count_failure(slot);
			listening_set(slot, RF_LISTENING_WAITING, listening_explain(slot));
			break;
	}
}

/* on_shmem_exit callback. */
static void
listening_leave(int code, Datum arg)
{
	RfListening *slot = rf_own_listening;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	slot->pid = 0;
	slot->latch = NULL;
	slot->bound = false;
	pg_atomic_write_u32(&slot->connections, 0);
	listening_end(slot);
	LWLockRelease(rf_shmem->lock);
	ConditionVariableBroadcast(&rf_shmem->left);
}

/*
 * To be called before the process connects: callbacks run in reverse order, so
 * that ours comes after the one that takes the process out of the array of
 * processes.
 */
void
rf_listening_take(int slot)
{
	rf_own_listening = &listening_slots[slot];
	listening_taken_at = rf_steady_now();
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	/* What it says of the lack of a process is over; of an earlier failure, not yet. */
	if (rf_own_listening->failures == 0)
		listening_set(rf_own_listening, RF_LISTENING_WAITING, NULL);
	rf_own_listening->pid = MyProcPid;
	rf_own_listening->latch = MyLatch;
	on_shmem_exit(listening_leave, (Datum) 0);
	LWLockRelease(rf_shmem->lock);
}

long
rf_listening_rest(void)
{
	TimestampTz start_at;

	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	start_at = rf_own_listening->start_at;
	LWLockRelease(rf_shmem->lock);
	return TimestampDifferenceMilliseconds(rf_steady_now(), start_at);
}

/* Lock held. */
static bool
listening_is_alone(void)
{
	for (int i = 0; i < rf_listening_count(); i++)
		if (listening_slots[i].entry_number == rf_own_listening->entry_number &&
			listening_slots[i].bound)
			return false;
	return true;
}

/* A database that it never was in is found out about when it is. */
bool
rf_listening_bind(bool *alone)
{
	RfListening *slot = rf_own_listening;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	if (OidIsValid(slot->database) && rf_hold_exists(slot->database))
	{
		listening_set(slot, RF_LISTENING_HELD, NULL);
		LWLockRelease(rf_shmem->lock);
		return false;
	}
	*alone = listening_is_alone();
	return true;
}

void
rf_listening_bound(bool bound)
{
	rf_own_listening->bound = bound;
	if (bound)
		listening_set(rf_own_listening, RF_LISTENING_STARTING, NULL);
	LWLockRelease(rf_shmem->lock);
}

/* A database of that name may be another one than before. */
bool
rf_listening_connected(void)
{
	bool held;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	rf_own_listening->database = MyDatabaseId;
	held = rf_hold_exists(MyDatabaseId);
	if (rf_own_listening->state != RF_LISTENING_LEAVING)
		listening_set(rf_own_listening, held ? RF_LISTENING_LEAVING : RF_LISTENING_SERVING, NULL);
	LWLockRelease(rf_shmem->lock);
	return !held;
}

/* A listener that was asked to leave stays so marked, lest it count as failed. */
void
rf_listening_report(RfListeningState state, const char *detail)
{
	RfListening *slot = rf_own_listening;

	/* Nobody else writes what is compared, but for the mark. */
	if (slot == NULL ||
		(slot->state == state && strncmp(slot->detail, detail != NULL ? detail : "", RF_LISTENING_DETAIL - 1) == 0))
		return;
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	if (slot->state != RF_LISTENING_LEAVING)
		listening_set(slot, state, detail);
	LWLockRelease(rf_shmem->lock);
}

bool
rf_listening_take_news(void)
{
	return pg_atomic_exchange_u32(&rf_own_listening->news, 0) != 0;
}

void
rf_listening_note_error(const char *message)
{
	strlcpy(listening_error, message, sizeof(listening_error));
}

bool
rf_listening_is_held(void)
{
	bool held;

	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	held = rf_hold_exists(MyDatabaseId);
	LWLockRelease(rf_shmem->lock);
	return held;
}
