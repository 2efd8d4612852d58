/*
 * hold.c
 *	  See hold.h.
 *
 * Holds are few and short, so they stand in an array without order. Every
 * backend finds room in it; one that takes several in one transaction may not,
 * and then goes on with the worker stopped but free to come back.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/compat.h"
#include "server/listening.h"
#include "server/shmem.h"

/* A process that still is there after this long is told to drop everything. */
#define HOLD_PATIENCE_MS 300
#define HOLD_LONGEST_MS	 5000

static bool hold_taken = false;

static void
hold_add(Oid database)
{
	if (rf_shmem->nholds == rf_shmem->max_holds)
		return;
	rf_shmem->holds[rf_shmem->nholds].database = database;
	rf_shmem->holds[rf_shmem->nholds].holder = MyProcPid;
	rf_shmem->nholds++;
	hold_taken = true;
}

/* Ask workers and listeners to leave; returns false if there are none. */
static bool
hold_dismiss(Oid oid)
{
	RfDatabase *database;
	bool		dismissed;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = rf_database_find(oid);
	dismissed = database != NULL && rf_database_count_workers(database) > 0;
	if (dismissed)
		rf_database_dismiss(database);
	dismissed |= rf_listening_dismiss(oid);
	LWLockRelease(rf_shmem->lock);
	return dismissed;
}

static bool
hold_is_served(Oid oid)
{
	RfDatabase *database;
	bool		served;

	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	database = rf_database_find(oid);
	served = database != NULL && rf_database_count_workers(database) > 0;
	served |= rf_listening_serves(oid);
	LWLockRelease(rf_shmem->lock);
	return served;
}

/* Returns false if some worker is still there after that many milliseconds. */
static bool
hold_await(Oid database, int ms)
{
	TimestampTz start = rf_steady_now();
	bool		gone;

	ConditionVariablePrepareToSleep(&rf_shmem->left);
	while (!(gone = !hold_is_served(database)) &&
		   !TimestampDifferenceExceeds(start, rf_steady_now(), ms))
		(void) ConditionVariableTimedSleep(&rf_shmem->left, ms,
										   rf_wait_event("ReferralWorkerLeave"));
	ConditionVariableCancelSleep();
	return gone;
}

void
rf_hold_take(Oid database)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	hold_add(database);
	LWLockRelease(rf_shmem->lock);
	if (!hold_dismiss(database) || hold_await(database, HOLD_PATIENCE_MS))
		return;
	(void) hold_dismiss(database);
	(void) hold_await(database, HOLD_LONGEST_MS - HOLD_PATIENCE_MS);
}

void
rf_hold_release(void)
{
	int kept = 0;

	if (!hold_taken)
		return;
	hold_taken = false;
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	for (int i = 0; i < rf_shmem->nholds; i++)
		if (rf_shmem->holds[i].holder != MyProcPid)
			rf_shmem->holds[kept++] = rf_shmem->holds[i];
	rf_shmem->nholds = kept;
	LWLockRelease(rf_shmem->lock);
	rf_shmem_request(InvalidOid);
}

bool
rf_hold_exists(Oid database)
{
	for (int i = 0; i < rf_shmem->nholds; i++)
		if (rf_shmem->holds[i].database == database)
			return true;
	return false;
}
