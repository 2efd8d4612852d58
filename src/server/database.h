/*
 * database.h
 *	  A database as our processes share it: who serves it, how it is, and what
 *	  they tell each other.
 *
 * The launcher gives a database its entry and takes it away; between the two
 * the entry outlives every worker. A worker attaches to the entry before it
 * connects, so that a database never has two, and leaves it when it is out of
 * the array of processes, so that whoever waits for that may go on with DDL.
 */
#ifndef RF_DATABASE_H
#define RF_DATABASE_H

#include "port/atomics.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

/* Bytes of RfDatabase.detail, the terminating zero included. */
#define RF_DATABASE_DETAIL 160

typedef enum RfDatabaseState
{
	RF_DATABASE_WAITING,  /* for a worker */
	RF_DATABASE_STARTING, /* its worker has not looked around yet */
	RF_DATABASE_SERVING,
	RF_DATABASE_SILENT,	 /* a restored copy: nothing is sent */
	RF_DATABASE_LEAVING, /* its worker was asked to leave */
	RF_DATABASE_ABSENT,	 /* its worker found no extension */
} RfDatabaseState;

/*
 * "lock" means rf_shmem->lock: exclusive to write, shared to read. What
 * producers use at commit is read without it: a wrong reading there costs a
 * needless wake-up at worst (see rf_database_wake).
 */
typedef struct RfDatabase
{
	Oid				 oid;						 /* lock; invalid: entry is free */
	RfDatabaseState	 state;						 /* lock */
	pid_t			 pid;						 /* lock; of the worker, 0: none */
	TimestampTz		 since;						 /* lock; of the state */
	TimestampTz		 start_at;					 /* lock; no worker before */
	int				 failures;					 /* lock; of workers, one soon after another */
	bool			 wanted;					 /* lock; false: not to be served */
	bool			 look_again;				 /* lock; its worker may have looked too early */
	char			 detail[RF_DATABASE_DETAIL]; /* lock; why it is so; may be empty */
	Latch			*latch;						 /* lock to write; of the worker, NULL: none */
	pg_atomic_uint32 wake;						 /* 1: there is news for the worker */
	pg_atomic_uint32 outbox_slot;				 /* outbox table that producers fill */
	pg_atomic_uint64 active_at;					 /* TimestampTz; worker's last sign of work */
} RfDatabase;

/* NULL if it has no entry. The caller holds the lock. */
extern RfDatabase *rf_database_find(Oid oid);

/* Give a database an entry; NULL if all are taken. Lock held exclusively. */
extern RfDatabase *rf_database_add(Oid oid);

/* Take the entry of a database without worker away. Lock held exclusively. */
extern void rf_database_remove(RfDatabase *database);

/* Lock held exclusively; detail may be NULL. */
extern void rf_database_set(RfDatabase *database, RfDatabaseState state, const char *detail);

/* Send the worker, if any, a SIGTERM. Lock held exclusively. */
extern void rf_database_dismiss(RfDatabase *database);

/*
 * The entry of the database this process is connected to, NULL if there is
 * none; takes the lock only if entries changed since the last call.
 */
extern RfDatabase *rf_database_mine(void);

/* Tell the worker that there is news. Without lock, at no cost if told. */
extern void rf_database_wake(RfDatabase *database);

/* Has there been news since the last call? By the worker. */
extern bool rf_database_take_wake(RfDatabase *database);

/*
 * Become the worker of a database until this process ends. Returns NULL if
 * the database has another one, is held back by DDL or is not to be served.
 */
extern RfDatabase *rf_database_attach(Oid oid);

/* Take the lock and set the state; by the worker. */
extern void rf_database_report(RfDatabase *database, RfDatabaseState state, const char *detail);

/* What the worker dies of, to be seen in rf_database->detail once it has. */
extern void rf_database_note_error(const char *message);

#endif /* RF_DATABASE_H */
