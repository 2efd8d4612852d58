/*
 * database.c
 *	  See database.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "delivery/statistics_memory.h"
#include "server/seat.h"
#include "server/shmem.h"

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

static void
database_init_seat(RfSeat *seat)
{
	rf_seat_set(seat, RF_SEAT_WAITING);
	seat->start_at = seat->since;
	seat->failures = 0;
	pg_atomic_write_u32(&seat->wake, 0);
}

RfDatabase *
rf_database_add(Oid oid)
{
	RfDatabase *database = database_entry(InvalidOid);

	if (database == NULL)
		return NULL;
	for (int i = 0; i < RF_WORKERS_MAX; i++)
		database_init_seat(&database->seats[i]);
	database->detail[0] = '\0';
	database->wanted = true;
	database->look_again = false;
	database->sharing.wanted = rf_shmem->workers;
	database->sharing.present = 0;
	memset(database->sharing.holder, RF_NOBODY, sizeof(database->sharing.holder));
	pg_atomic_write_u32(&database->outbox_slot, 0);
	database->oid = oid;
	pg_atomic_fetch_add_u32(&rf_shmem->generation, 1);
	return database;
}

void
rf_database_remove(RfDatabase *database)
{
	Assert(rf_database_count_workers(database) == 0);
	rf_statistics_forget_database(database->oid);
	database->oid = InvalidOid;
	pg_atomic_fetch_add_u32(&rf_shmem->generation, 1);
}

bool
rf_database_has(const RfDatabase *database, RfSeatState state)
{
	for (int i = 0; i < RF_WORKERS_MAX; i++)
		if (database->seats[i].state == state)
			return true;
	return false;
}

int
rf_database_count_workers(const RfDatabase *database)
{
	int n = 0;

	for (int i = 0; i < RF_WORKERS_MAX; i++)
		n += database->seats[i].pid != 0;
	return n;
}

void
rf_database_explain(RfDatabase *database, int seat, const char *detail)
{
	size_t length = 0;

	if (detail != NULL)
		length = pg_mbcliplen(detail, strlen(detail), RF_DATABASE_DETAIL - 1);
	if (length == 0 && database->detail_seat != seat)
		return;
	if (length > 0)
		memcpy(database->detail, detail, length);
	database->detail[length] = '\0';
	database->detail_seat = seat;
}

void
rf_database_dismiss(RfDatabase *database)
{
	for (int i = 0; i < RF_WORKERS_MAX; i++)
		rf_seat_dismiss(&database->seats[i]);
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

void
rf_database_wake(RfDatabase *database)
{
	int nseats = *(volatile int *) &database->nseats;

	/* A database that waits for its first worker has news, too. */
	for (int i = 0; i < Max(nseats, 1); i++)
		rf_seat_wake(&database->seats[i]);
}
