/*
 * seat.c
 *	  See seat.h.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/ipc.h"

#include "base/clock.h"
#include "server/seat.h"
#include "server/sharing.h"
#include "server/shmem.h"

/* A worker that lived shorter than this and failed is started ever later. */
#define SEAT_SHORT_LIFE_MS	 10000
#define SEAT_LONGEST_DELAY_S 60

/* One of several found no extension: the others will see, or it was wrong. */
#define SEAT_ABSENT_MS 1000

RfOwnSeat rf_own_seat = {NULL, NULL, 0};

static char		   seat_error[RF_DATABASE_DETAIL] = "";
static TimestampTz seat_taken_at = 0;

void
rf_seat_set(RfSeat *seat, RfSeatState state)
{
	seat->state = state;
	seat->since = rf_steady_now();
}

void
rf_seat_dismiss(RfSeat *seat)
{
	if (seat->pid == 0)
		return;
	if (seat->state != RF_SEAT_LEAVING)
		rf_seat_set(seat, RF_SEAT_LEAVING);
	kill(seat->pid, SIGTERM);
}

/*
 * Whoever turns the flag sets the latch; who finds it turned knows that the
 * worker has not looked yet and will, after this commit. The latch read here
 * may be that of a worker that left: it then belongs to nobody or to another
 * process, which shrugs.
 */
void
rf_seat_wake(RfSeat *seat)
{
	Latch *latch;

	if (pg_atomic_exchange_u32(&seat->wake, 1) != 0)
		return;
	latch = *(Latch *volatile *) &seat->latch;
	if (latch != NULL)
		SetLatch(latch);
}

bool
rf_seat_take_wake(void)
{
	if (pg_atomic_exchange_u32(&rf_own_seat.seat->wake, 0) == 0)
		return false;
	rf_seat_note_activity();
	return true;
}

void
rf_seat_note_activity(void)
{
	pg_atomic_write_u64(&rf_own_seat.seat->active_at, (uint64) rf_steady_now());
}

int
rf_seat_delay(int failures)
{
	if (failures == 0)
		return 0;
	return Min(1 << Min(failures - 1, 10), SEAT_LONGEST_DELAY_S);
}

/* The worker failed: count it, unless it had been doing well. */
static void
seat_count_failure(RfSeat *seat, TimestampTz now)
{
	if (TimestampDifferenceExceeds(seat_taken_at, now, SEAT_SHORT_LIFE_MS))
		seat->failures = 0;
	seat->start_at = TimestampTzPlusMilliseconds(now, rf_seat_delay(seat->failures) * 1000L);
	seat->failures++;
}

/* Another worker may have its turn now. Lock held. */
static void
seat_tell_launcher(void)
{
	if (rf_shmem->launcher != NULL)
		SetLatch(rf_shmem->launcher);
}

/* Whether the extension is there the last worker of a database decides. */
static void
seat_empty(RfDatabase *database, RfSeat *seat, TimestampTz now)
{
	bool absent = seat->state == RF_SEAT_ABSENT;

	seat->pid = 0;
	seat->latch = NULL;
	while (database->nseats > 0 && database->seats[database->nseats - 1].latch == NULL)
		database->nseats--;
	if (absent && rf_database_count_workers(database) == 0)
		return;
	if (absent)
		seat->start_at = TimestampTzPlusMilliseconds(now, SEAT_ABSENT_MS);
	rf_seat_set(seat, RF_SEAT_WAITING);
	rf_database_explain(database, rf_own_seat.number, seat_error);
}

/* on_shmem_exit callback. */
static void
seat_leave(int code, Datum arg)
{
	RfSeat	   *seat = rf_own_seat.seat;
	TimestampTz now = rf_steady_now();

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	rf_sharing_leave();
	seat->start_at = now;
	if (code != 0)
		seat_count_failure(seat, now);
	else
		seat->failures = 0;
	seat_empty(rf_own_seat.database, seat, now);
	seat_tell_launcher();
	LWLockRelease(rf_shmem->lock);
	ConditionVariableBroadcast(&rf_shmem->left);
}

static void
seat_occupy(RfDatabase *database, int number)
{
	RfSeat *seat = &database->seats[number];

	rf_own_seat = (RfOwnSeat){database, seat, number};
	seat_taken_at = rf_steady_now();
	rf_seat_note_activity();
	for (int i = 0; i < RF_OUTBOX_SLOTS; i++)
		pg_atomic_write_u64(&seat->done[i], 0);
	seat->pid = MyProcPid;
	seat->latch = MyLatch;
	database->nseats = Max(database->nseats, number + 1);
}

/*
 * To be called before the worker connects: callbacks run in reverse order, so
 * that ours comes after the one that takes the process out of the array of
 * processes, and before the one that gives up its PGPROC.
 */
bool
rf_seat_take(Oid oid, int number)
{
	RfDatabase *database;
	RfSeat	   *seat;
	bool		free;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = rf_database_find(oid);
	seat = database != NULL ? &database->seats[number] : NULL;
	if (seat != NULL && seat->pid == 0 && rf_hold_exists(oid))
		rf_seat_set(seat, RF_SEAT_WAITING);
	free = seat != NULL && seat->pid == 0 && seat->state == RF_SEAT_STARTING;
	if (free)
	{
		seat_occupy(database, number);
		on_shmem_exit(seat_leave, (Datum) 0);
	}
	LWLockRelease(rf_shmem->lock);
	return free;
}

/* A worker that was asked to leave stays so marked, lest it be asked again. */
void
rf_seat_report(RfSeatState state, const char *detail)
{
	RfSeat *seat = rf_own_seat.seat;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	if (seat->state == RF_SEAT_STARTING)
		seat_tell_launcher();
	if (seat->state != RF_SEAT_LEAVING || state == RF_SEAT_ABSENT)
		rf_seat_set(seat, state);
	rf_database_explain(rf_own_seat.database, rf_own_seat.number, detail);
	LWLockRelease(rf_shmem->lock);
}

void
rf_seat_note_error(const char *message)
{
	strlcpy(seat_error, message, sizeof(seat_error));
}
