/*
 * launcher.h
 *	  The process that gives every database with the extension its workers.
 */
#ifndef RF_LAUNCHER_H
#define RF_LAUNCHER_H

/* Setting referral.workers. */
extern int rf_launcher_workers;

/* Register the background worker; while libraries are preloaded. */
extern void rf_launcher_register(void);

#endif /* RF_LAUNCHER_H */
