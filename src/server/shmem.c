/*
 * shmem.c
 *	  See shmem.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "delivery/statistics_memory.h"
#include "server/listening.h"
#include "server/shmem.h"

#define SHMEM_NAME "referral"

/* Of the tranche of that name. */
enum
{
	LOCK_PROCESSES,
	LOCK_STATISTICS,
	LOCKS
};

RfShmem *rf_shmem = NULL;

static shmem_request_hook_type shmem_request_next = NULL;
static shmem_startup_hook_type shmem_startup_next = NULL;

/* A backend holds more than one database only in a transaction block. */
static Size
shmem_size(void)
{
	return add_size(offsetof(RfShmem, holds), mul_size(MaxBackends, sizeof(RfHold)));
}

static void
shmem_request(void)
{
	if (shmem_request_next != NULL)
		shmem_request_next();
	RequestAddinShmemSpace(shmem_size());
	RequestAddinShmemSpace(rf_statistics_size());
	RequestAddinShmemSpace(rf_listening_size());
	RequestNamedLWLockTranche(SHMEM_NAME, LOCKS);
}

static void
shmem_init_seat(RfSeat *seat)
{
	pg_atomic_init_u32(&seat->wake, 0);
	pg_atomic_init_u64(&seat->active_at, 0);
	for (int i = 0; i < RF_OUTBOX_SLOTS; i++)
		pg_atomic_init_u64(&seat->done[i], 0);
}

static void
shmem_init_database(RfDatabase *database)
{
	pg_atomic_init_u32(&database->sharing_generation, 1);
	pg_atomic_init_u32(&database->outbox_slot, 0);
	for (int i = 0; i < RF_WORKERS_MAX; i++)
		shmem_init_seat(&database->seats[i]);
}

static void
shmem_init(void)
{
	memset(rf_shmem, 0, shmem_size());
	rf_shmem->lock = &GetNamedLWLockTranche(SHMEM_NAME)[LOCK_PROCESSES].lock;
	rf_shmem->max_holds = MaxBackends;
	ConditionVariableInit(&rf_shmem->left);
	pg_atomic_init_u32(&rf_shmem->generation, 1);
	rf_shmem->workers = 1;
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
		shmem_init_database(&rf_shmem->databases[i]);
}

static void
shmem_provide_statistics(void)
{
	bool  found;
	void *memory = ShmemInitStruct(SHMEM_NAME " statistics", rf_statistics_size(), &found);

	rf_statistics_provide(memory, &GetNamedLWLockTranche(SHMEM_NAME)[LOCK_STATISTICS].lock, !found);
}

static void
shmem_provide_listeners(void)
{
	bool found;

	if (rf_listening_size() > 0)
	{
		void *memory = ShmemInitStruct(SHMEM_NAME " listeners", rf_listening_size(), &found);

		rf_listening_provide(memory, !found);
	}
}

static void
shmem_startup(void)
{
	bool found;

	if (shmem_startup_next != NULL)
		shmem_startup_next();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	rf_shmem = ShmemInitStruct(SHMEM_NAME, shmem_size(), &found);
	if (!found)
		shmem_init();
	shmem_provide_statistics();
	shmem_provide_listeners();
	LWLockRelease(AddinShmemInitLock);
}

void
rf_shmem_setup(void)
{
	shmem_request_next = shmem_request_hook;
	shmem_request_hook = shmem_request;
	shmem_startup_next = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
}

static bool
shmem_is_requested(Oid database)
{
	int n = Min(rf_shmem->nrequests, RF_SHMEM_REQUESTS);

	for (int i = 0; i < n; i++)
		if (rf_shmem->requests[i] == database)
			return true;
	return false;
}

void
rf_shmem_request(Oid database)
{
	if (rf_shmem == NULL)
		return;
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	if (!shmem_is_requested(database))
	{
		if (rf_shmem->nrequests < RF_SHMEM_REQUESTS)
			rf_shmem->requests[rf_shmem->nrequests++] = database;
		else
			rf_shmem->nrequests = RF_SHMEM_REQUESTS + 1;
	}
	if (rf_shmem->launcher != NULL)
		SetLatch(rf_shmem->launcher);
	rf_listening_wake(database);
	LWLockRelease(rf_shmem->lock);
}
