/*
 * worker.h
 *	  The process that sends what one database has to send, or some shares of it.
 */
#ifndef RF_WORKER_H
#define RF_WORKER_H

#include "postgres.h"

/* What the launcher tells a worker, in bgw_extra. */
typedef struct RfWorkerArg
{
	Oid database;
	int seat;
} RfWorkerArg;

/* Setting referral.max_in_flight: requests of one worker at the same time. */
extern int rf_worker_max_in_flight;

#endif /* RF_WORKER_H */
