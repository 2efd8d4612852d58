/*
 * hold.h
 *	  Databases in which no worker or listener may be, because DDL works on the
 *	  database itself.
 *
 * DROP DATABASE and its like fail if anybody is connected. A hold keeps our
 * own processes out until the transaction that took it ends.
 */
#ifndef RF_HOLD_H
#define RF_HOLD_H

typedef struct RfHold
{
	Oid	  database; /* lock of rf_shmem, as nholds */
	pid_t holder;
} RfHold;

/*
 * Hold a database until the end of the transaction; returns when its workers and
 * listeners are gone, or after five seconds, with a stubborn one for the DDL to report.
 */
extern void rf_hold_take(Oid database);

/* Release what this process holds; at the end of every transaction. */
extern void rf_hold_release(void);

/* Does anybody hold it? The caller has the lock of rf_shmem. */
extern bool rf_hold_exists(Oid database);

#endif /* RF_HOLD_H */
