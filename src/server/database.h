/*
 * database.h
 *	  A database as our processes share it: who serves it, how it is, and what
 *	  they tell each other.
 *
 * The launcher gives a database its entry and takes it away; between the two
 * the entry outlives every worker. Each worker has a seat in it (seat.h), and the
 * webhooks of the database are divided among those who sit there (sharing.h).
 */
#ifndef RF_DATABASE_H
#define RF_DATABASE_H

#include "port/atomics.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "delivery/delivery.h"
#include "server/shares.h"

/* Bytes of RfDatabase.detail, the terminating zero included. */
#define RF_DATABASE_DETAIL 160

typedef enum RfSeatState
{
	RF_SEAT_WAITING,  /* for a worker */
	RF_SEAT_STARTING, /* its worker has not looked around yet */
	RF_SEAT_SERVING,
	RF_SEAT_SILENT,	 /* a restored copy: nothing is sent */
	RF_SEAT_LEAVING, /* its worker was asked to leave */
	RF_SEAT_ABSENT,	 /* its worker found no extension */
} RfSeatState;

/*
 * "lock" means rf_shmem->lock: exclusive to write, shared to read. Times are the
 * steady clock's, which all children of the postmaster have in common. What
 * producers use at commit is read without lock: a wrong reading there costs a
 * needless wake-up at worst (see rf_database_wake).
 */
typedef struct RfSeat
{
	RfSeatState		 state;					/* lock */
	pid_t			 pid;					/* lock; of the worker, 0: none */
	TimestampTz		 since;					/* lock; of the state */
	TimestampTz		 start_at;				/* lock; no worker before */
	int				 failures;				/* lock; of workers, one soon after another */
	Latch			*latch;					/* lock to write; of the worker, NULL: none */
	pg_atomic_uint32 wake;					/* 1: there is news for the worker */
	pg_atomic_uint64 active_at;				/* worker's last sign of work */
	pg_atomic_uint64 done[RF_OUTBOX_SLOTS]; /* see counts.c */
} RfSeat;

typedef struct RfDatabase
{
	Oid				 oid;						 /* lock; invalid: entry is free */
	bool			 wanted;					 /* lock; false: not to be served */
	bool			 look_again;				 /* lock; its workers may have looked too early */
	int				 detail_seat;				 /* lock; whose detail it is */
	char			 detail[RF_DATABASE_DETAIL]; /* lock; why it is so; may be empty */
	RfSharing		 sharing;					 /* lock */
	pg_atomic_uint32 sharing_generation;		 /* moves whenever sharing does */
	pg_atomic_uint32 outbox_slot;				 /* outbox table that producers fill */
	int				 nseats;					 /* lock to write; none beyond has a latch */
	RfSeat			 seats[RF_WORKERS_MAX];
} RfDatabase;

/* NULL if it has no entry. The caller holds the lock. */
extern RfDatabase *rf_database_find(Oid oid);

/* Give a database an entry; NULL if all are taken. Lock held exclusively. */
extern RfDatabase *rf_database_add(Oid oid);

/* Take the entry of a database without workers away. Lock held exclusively. */
extern void rf_database_remove(RfDatabase *database);

/* Has it a worker, one that serves, one that found no extension? Lock held. */
extern bool rf_database_has(const RfDatabase *database, RfSeatState state);
extern int	rf_database_count_workers(const RfDatabase *database);

/* What the status says why. Null from one seat leaves another's alone. Lock held
 * exclusively. */
extern void rf_database_explain(RfDatabase *database, int seat, const char *detail);

/* Send the workers, if any, a SIGTERM. Lock held exclusively. */
extern void rf_database_dismiss(RfDatabase *database);

/*
 * The entry of the database this process is connected to, NULL if there is
 * none; takes the lock only if entries changed since the last call.
 */
extern RfDatabase *rf_database_mine(void);

/* Tell the workers that there is news. Without lock, at no cost if told. */
extern void rf_database_wake(RfDatabase *database);

#endif /* RF_DATABASE_H */
