/*
 * durable.h
 *	  Commits that do not wait, and waiting once for what many of them wrote.
 */
#ifndef RF_DURABLE_H
#define RF_DURABLE_H

#include <signal.h>

/*
 * Commit the current transaction without waiting for the disk or for standbys,
 * whatever synchronous_commit says. What it wrote is seen by all from then on.
 */
extern PGDLLEXPORT void rf_durable_commit(void);

/*
 * Make durable here whatever was written up to now, by anybody. Outside a
 * transaction.
 */
extern void rf_durable_flush(void);

/*
 * Wait for whatever was written up to now as a commit would with the
 * synchronous_commit that is set: for nothing if it is off, for the disk, and for
 * standbys. That may take for ever: *leaving tells that the process was asked to
 * end, whereupon it does end, here, if the standbys do not answer within a second.
 * Outside a transaction.
 */
extern PGDLLEXPORT void rf_durable_confirm(const volatile sig_atomic_t *leaving);

#endif /* RF_DURABLE_H */
