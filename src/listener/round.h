/*
 * round.h
 *	  Requests that are whole at the same time are answered together: each in a
 *	  transaction of its own that does not wait for the disk, then one flush of WAL
 *	  for all of them, and synchronous standbys are waited for. Only then may the
 *	  answers leave.
 */
#ifndef RF_ROUND_H
#define RF_ROUND_H

#include "listener/exchange.h"

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

#endif /* RF_ROUND_H */
