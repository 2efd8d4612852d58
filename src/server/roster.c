/*
 * roster.c
 *	  See roster.h.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "server/roster.h"
#include "server/seat.h"
#include "server/shmem.h"

/* Databases without the extension; in TopMemoryContext. */
static List *roster_absent = NIL;

/* A negative limit other than -1 marks a DROP DATABASE that was interrupted. */
static bool
roster_may_serve(Form_pg_database database)
{
	return database->datallowconn && !database->datistemplate && database->datconnlimit >= -1;
}

static List *
roster_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	List		 *databases = NIL;
	Relation	  catalog;
	TableScanDesc scan;
	HeapTuple	  tuple;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext	 transaction = MemoryContextSwitchTo(context);

		if (roster_may_serve(database))
			databases = lappend_oid(databases, database->oid);
		MemoryContextSwitchTo(transaction);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return databases;
}

/* Once: to be asked twice means something else. */
static void
roster_ask_to_leave(RfDatabase *database)
{
	for (int i = 0; i < RF_WORKERS_MAX; i++)
		if (database->seats[i].state != RF_SEAT_LEAVING)
			rf_seat_dismiss(&database->seats[i]);
}

/* Lock held exclusively. */
static void
roster_mark(List *databases)
{
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i];

		database->wanted = list_member_oid(databases, database->oid);
		if (OidIsValid(database->oid) && !database->wanted)
			roster_ask_to_leave(database);
	}
}

/* Lock held exclusively. Returns how many found no free entry. */
static int
roster_add_new(List *databases)
{
	int		  refused = 0;
	ListCell *cell;

	foreach(cell, databases)
	{
		Oid oid = lfirst_oid(cell);

		if (rf_database_find(oid) == NULL && !list_member_oid(roster_absent, oid) &&
			rf_database_add(oid) == NULL)
			refused++;
	}
	return refused;
}

static void
roster_complain(int refused)
{
	static bool complained = false;

	if (refused > 0 && !complained)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("referral serves no more than %d databases", RF_SHMEM_DATABASES),
				 errdetail("%d more may have the extension.", refused),
				 errhint("Drop the extension where it is not needed.")));
	complained = refused > 0;
}

static void
roster_forget_missing(List *databases)
{
	ListCell *cell;

	foreach(cell, roster_absent)
		if (!list_member_oid(databases, lfirst_oid(cell)))
			roster_absent = foreach_delete_current(roster_absent, cell);
}

void
rf_roster_read(void)
{
	List *databases = roster_databases();
	int	  refused;

	roster_forget_missing(databases);
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	roster_mark(databases);
	refused = roster_add_new(databases);
	LWLockRelease(rf_shmem->lock);
	roster_complain(refused);
}

/* A worker that is there already may have looked before the commit we hear of. */
void
rf_roster_look_again(Oid oid)
{
	RfDatabase *database;

	roster_absent = list_delete_oid(roster_absent, oid);
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database = rf_database_find(oid);
	if (database != NULL)
	{
		database->look_again = true;
		rf_database_wake(database);
	}
	LWLockRelease(rf_shmem->lock);
}

void
rf_roster_look_everywhere(void)
{
	list_free(roster_absent);
	roster_absent = NIL;
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
		rf_shmem->databases[i].look_again = true;
	LWLockRelease(rf_shmem->lock);
}

static void
roster_seat_again(RfDatabase *database)
{
	for (int i = 0; i < RF_WORKERS_MAX; i++)
		if (database->seats[i].state == RF_SEAT_ABSENT)
			rf_seat_set(&database->seats[i], RF_SEAT_WAITING);
}

static void
roster_settle_absent(RfDatabase *database)
{
	MemoryContext context;

	if (database->look_again)
	{
		roster_seat_again(database);
		return;
	}
	context = MemoryContextSwitchTo(TopMemoryContext);
	roster_absent = lappend_oid(roster_absent, database->oid);
	MemoryContextSwitchTo(context);
	rf_database_remove(database);
}

void
rf_roster_settle(void)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	for (int i = 0; i < RF_SHMEM_DATABASES; i++)
	{
		RfDatabase *database = &rf_shmem->databases[i];

		if (!OidIsValid(database->oid) || rf_database_count_workers(database) > 0)
			continue;
		if (!database->wanted)
			rf_database_remove(database);
		else if (rf_database_has(database, RF_SEAT_ABSENT))
			roster_settle_absent(database);
	}
	LWLockRelease(rf_shmem->lock);
}
