/*
 * wake.h
 *	  What our processes are told when a transaction commits.
 */
#ifndef RF_WAKE_H
#define RF_WAKE_H

/* Register the callback and set the hooks of the rooms below; once. */
extern void rf_wake_setup(void);

/* At commit, tell this database's worker that there is news. */
extern void rf_wake_worker_at_commit(void);

/* At commit, ask the launcher to look for the extension in this database. */
extern void rf_wake_launcher_at_commit(void);

/* At commit, ask the launcher to read the list of databases. */
extern void rf_wake_rescan_at_commit(void);

#endif /* RF_WAKE_H */
