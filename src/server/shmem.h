/*
 * shmem.h
 *	  Shared memory of our processes: one structure, one lock.
 */
#ifndef RF_SHMEM_H
#define RF_SHMEM_H

#include "storage/condition_variable.h"
#include "storage/lwlock.h"

#include "server/database.h"
#include "server/hold.h"

/* Databases that can have the extension at the same time. */
#define RF_SHMEM_DATABASES 1024

/* Requests to the launcher that are remembered one by one. */
#define RF_SHMEM_REQUESTS 64

typedef struct RfShmem
{
	LWLock			 *lock;
	ConditionVariable left;		  /* broadcast whenever a worker or listener has left */
	pg_atomic_uint32  generation; /* moves when an entry gets another oid */

	/* Under the lock: */
	Latch	  *launcher;  /* NULL: does not run */
	int		   workers;	  /* of each database, as the launcher last read the setting */
	int		   nrequests; /* more than RF_SHMEM_REQUESTS: some were lost */
	Oid		   requests[RF_SHMEM_REQUESTS];
	RfDatabase databases[RF_SHMEM_DATABASES];
	int		   nholds; /* entries of holds that are in use */
	int		   max_holds;
	RfHold	   holds[FLEXIBLE_ARRAY_MEMBER];
} RfShmem;

/* NULL if the library was not preloaded: there is no launcher then. */
extern RfShmem *rf_shmem;

/* Ask the server for the memory; while libraries are preloaded. */
extern void rf_shmem_setup(void);

/*
 * Ask the launcher to read the list of databases and to look for the extension
 * in this one, even if it has just done so (InvalidOid: in new ones only). Listeners
 * that wait for their database try again, and those of this one look as well. Does
 * nothing without shared memory; raises no error.
 */
extern void rf_shmem_request(Oid database);

#endif /* RF_SHMEM_H */
