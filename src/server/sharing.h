/*
 * sharing.h
 *	  The workers of a database agree who of them serves which share.
 *
 * RfDatabase.sharing says who is there and who holds what; shares.h decides what
 * follows from it. Only a worker itself takes a share, when nobody holds it, and
 * only a worker itself lets go of one: when nothing of it is under way, or when
 * its process ends. So no endpoint is ever sent to by two of them.
 *
 * A share whose owner is gone is left alone for a moment, in which a new worker
 * usually comes to the owner's seat; then another one takes it.
 */
#ifndef RF_SHARING_H
#define RF_SHARING_H

#include "server/database.h"

/* Take part from now on: the worker is ready to serve. */
extern void rf_sharing_join(void);

/*
 * Take and let go of what is to be; at every round of work, outside a turn.
 * Returns the milliseconds after which it wants to be called again at the latest.
 */
extern long rf_sharing_work(void);

/* Is this worker no more wanted, and does it hold nothing? */
extern bool rf_sharing_is_over(void);

/* The process ends. Lock held exclusively. */
extern void rf_sharing_leave(void);

/* By the launcher: so many workers for each database. */
extern void rf_sharing_set_workers(int workers);

#endif /* RF_SHARING_H */
