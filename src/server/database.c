/*
 * database.c
 *	  See database.h.
 */
#include "postgres.h"

#include <signal.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"

#include "delivery/statistics_memory.h"
#include "server/shmem.h"

/* A worker that lived shorter than this and failed is started ever later. */
#define DATABASE_SHORT_LIFE_MS	 10000
#define DATABASE_LONGEST_DELAY_S 60

static char		   database_error[RF_DATABASE_DETAIL] = "";
static TimestampTz database_attached_at = 0;

/* The first entry with that oid; InvalidOid finds a free one. */
static RfDatabase *
database_entry(Oid oid)
{
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
		if (rf_shmem->databases[i].oid == oid)
			return &rf_shmem->databases[i];
	return NULL;
}

RfDatabase *
rf_database_find(Oid oid)
{
	return OidIsValid(oid) ? database_entry(oid) : NULL;
}

RfDatabase *
rf_database_add(Oid oid)
{
	RfDatabase *database = database_entry(InvalidOid);

	if (database == NULL)
		return NULL;
	rf_database_set(database, RF_DATABASE_WAITING, NULL);
	database->start_at = database->since;
	database->failures = 0;
	database->wanted = true;
	database->look_again = false;
	pg_atomic_write_u32(&database->wake, 0);
	pg_atomic_write_u32(&database->outbox_slot, 0);
	database->oid = oid;
	pg_atomic_fetch_add_u32(&rf_shmem->generation, 1);
	return database;
}

void
rf_database_remove(RfDatabase *database)
{
	Assert(database->pid == 0);
	rf_statistics_forget_database(database->oid);
	database->oid = InvalidOid;
	pg_atomic_fetch_add_u32(&rf_shmem->generation, 1);
}

void
rf_database_set(RfDatabase *database, RfDatabaseState state, const char *detail)
{
	size_t length = 0;

	if (detail != NULL)
		length = pg_mbcliplen(detail, strlen(detail), RF_DATABASE_DETAIL - 1);
	database->state = state;
	database->since = GetCurrentTimestamp();
	if (length > 0)
		memcpy(database->detail, detail, length);
	database->detail[length] = '\0';
}

void
rf_database_dismiss(RfDatabase *database)
{
	if (database->pid == 0)
		return;
	if (database->state != RF_DATABASE_LEAVING)
		rf_database_set(database, RF_DATABASE_LEAVING, NULL);
	kill(database->pid, SIGTERM);
}

RfDatabase *
rf_database_mine(void)
{
	static uint32	   generation = 0;
	static RfDatabase *mine = NULL;
	uint32			   now;

	if (rf_shmem == NULL)
		return NULL;
	now = pg_atomic_read_u32(&rf_shmem->generation);
	if (now != generation)
	{
		LWLockAcquire(rf_shmem->lock, LW_SHARED);
		generation = pg_atomic_read_u32(&rf_shmem->generation);
		mine = rf_database_find(MyDatabaseId);
		LWLockRelease(rf_shmem->lock);
	}
	return mine;
}

/*
 * Whoever turns the flag sets the latch; who finds it turned knows that the
 * worker has not looked yet and will, after this commit. The latch read here
 * may be that of a worker that left: it then belongs to nobody or to another
 * process, which shrugs.
 */
void
rf_database_wake(RfDatabase *database)
{
	Latch *latch;

	if (pg_atomic_exchange_u32(&database->wake, 1) != 0)
		return;
	latch = *(Latch *volatile *) &database->latch;
	if (latch != NULL)
		SetLatch(latch);
}

bool
rf_database_take_wake(RfDatabase *database)
{
	if (pg_atomic_exchange_u32(&database->wake, 0) == 0)
		return false;
	pg_atomic_write_u64(&database->active_at, (uint64) GetCurrentTimestamp());
	return true;
}

/* Seconds to wait before the next worker: at once, then 1, 2, 4 ... 60. */
static int
database_delay(int failures)
{
	if (failures == 0)
		return 0;
	return Min(1 << Min(failures - 1, 10), DATABASE_LONGEST_DELAY_S);
}

/* The worker failed: count it, unless it had been doing well. */
static void
database_count_failure(RfDatabase *database, TimestampTz now)
{
	if (TimestampDifferenceExceeds(database_attached_at, now, DATABASE_SHORT_LIFE_MS))
		database->failures = 0;
	database->start_at = TimestampTzPlusMilliseconds(now,
													 database_delay(database->failures) * 1000L);
	database->failures++;
}

/* Another database may have its turn now. Lock held. */
static void
database_tell_launcher(void)
{
	if (rf_shmem->launcher != NULL)
		SetLatch(rf_shmem->launcher);
}

/* on_shmem_exit callback. */
static void
database_leave(int code, Datum arg)
{
	RfDatabase *database = (RfDatabase *) DatumGetPointer(arg);
	TimestampTz now = GetCurrentTimestamp();

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database->pid = 0;
	database->latch = NULL;
	database->start_at = now;
	if (code != 0)
		database_count_failure(database, now);
	else
		database->failures = 0;
	if (database->state != RF_DATABASE_ABSENT)
		rf_database_set(database, RF_DATABASE_WAITING, database_error);
	database_tell_launcher();
	LWLockRelease(rf_shmem->lock);
	ConditionVariableBroadcast(&rf_shmem->left);
}

/*
 * To be called before the worker connects: callbacks run in reverse order, so
 * that ours comes after the one that takes the process out of the array of
 * processes, and before the one that gives up its PGPROC.
 */
RfDatabase *
rf_database_attach(Oid oid)
{
	RfDatabase *database;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = rf_database_find(oid);
	if (database != NULL && database->pid == 0 && rf_hold_exists(oid))
		rf_database_set(database, RF_DATABASE_WAITING, NULL);
	if (database == NULL || database->pid != 0 || database->state != RF_DATABASE_STARTING)
	{
		LWLockRelease(rf_shmem->lock);
		return NULL;
	}
	database->pid = MyProcPid;
	database->latch = MyLatch;
	database_attached_at = GetCurrentTimestamp();
	pg_atomic_write_u64(&database->active_at, (uint64) database_attached_at);
	on_shmem_exit(database_leave, PointerGetDatum(database));
	LWLockRelease(rf_shmem->lock);
	return database;
}

/* A worker that was asked to leave stays so marked, lest it be asked again. */
void
rf_database_report(RfDatabase *database, RfDatabaseState state, const char *detail)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	if (database->state == RF_DATABASE_STARTING)
		database_tell_launcher();
	if (database->state != RF_DATABASE_LEAVING || state == RF_DATABASE_ABSENT)
		rf_database_set(database, state, detail);
	LWLockRelease(rf_shmem->lock);
}

void
rf_database_note_error(const char *message)
{
	strlcpy(database_error, message, sizeof(database_error));
}
