/*
 * seat.h
 *	  The place of one worker of a database.
 *
 * A worker takes its seat before it connects, so that no seat has two, and
 * leaves it when it is out of the array of processes, so that whoever waits for
 * that may go on with DDL.
 */
#ifndef RF_SEAT_H
#define RF_SEAT_H

#include "server/database.h"

/* Lock held exclusively. */
extern void rf_seat_set(RfSeat *seat, RfSeatState state);

/* Send the worker, if any, a SIGTERM. Lock held exclusively. */
extern void rf_seat_dismiss(RfSeat *seat);

/* Tell the worker that there is news. Without lock, at no cost if told. */
extern void rf_seat_wake(RfSeat *seat);

/* Seconds to wait before the next process, after so many failures: 0, 1, 2, 4 ... 60. */
extern int rf_seat_delay(int failures);

/* ---- for a worker: its own seat ----------------------------------------- */

typedef struct RfOwnSeat
{
	RfDatabase *database;
	RfSeat	   *seat;
	int			number;
} RfOwnSeat;

/* Of this process; all zero: it has none. */
extern RfOwnSeat rf_own_seat;

/*
 * Take a seat until this process ends. False if it is taken, or if the database
 * is held back by DDL or not to be served.
 */
extern bool rf_seat_take(Oid database, int number);

/* Has there been news since the last call? */
extern bool rf_seat_take_wake(void);

/* The worker works. */
extern void rf_seat_note_activity(void);

/* Take the lock and set the state; the detail may be NULL. */
extern void rf_seat_report(RfSeatState state, const char *detail);

/* What the worker dies of, to be seen in RfDatabase.detail once it has. */
extern void rf_seat_note_error(const char *message);

#endif /* RF_SEAT_H */
