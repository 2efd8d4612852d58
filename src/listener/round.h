/*
 * round.h
 *	  Requests that are whole at the same time are answered together: each in a
 *	  transaction of its own that does not wait for the disk, then one flush of WAL
 *	  for all of them, and synchronous standbys are waited for. Only then may the
 *	  answers leave.
 */
#ifndef RF_ROUND_H
#define RF_ROUND_H

#include <signal.h>

#include "listener/exchange.h"

/*
 * Once per process, connected to its database. *leaving is set by the handler of
 * SIGTERM: a round that waits for standbys then ends with the process after about a
 * second, its requests unanswered.
 */
extern void rf_round_start(const volatile sig_atomic_t *leaving);

/*
 * Answer them all; results live in the current memory context. Raises no error but
 * what ends the process. No transaction is open before or after.
 */
extern void rf_round_serve(RfExchange **exchanges, int n);

/*
 * What a round puts off, such as counting clicks: milliseconds until it is to be
 * done, -1 if there is nothing; and doing it.
 */
extern long rf_round_due(void);
extern void rf_round_do_due(void);

/* Do all of it, due or not: the process ends. */
extern void rf_round_finish(void);

#endif /* RF_ROUND_H */
