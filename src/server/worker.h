/*
 * worker.h
 *	  The process that sends what one database has to send.
 */
#ifndef RF_WORKER_H
#define RF_WORKER_H

/* Setting referral.max_in_flight: requests of one worker at the same time. */
extern int rf_worker_max_in_flight;

#endif /* RF_WORKER_H */
