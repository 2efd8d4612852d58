/*
 * listening.h
 *	  The listeners as the server's processes see them: one slot for each process
 *	  that referral.listen asks for, from the start of the server to its end.
 *
 * A slot outlives its process, and so do its counters and the oid of its database:
 * a listener that was sent away by DDL stays unconnected as long as that lasts.
 */
#ifndef RF_LISTENING_H
#define RF_LISTENING_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "server/listen_entry.h"

/* Bytes, the terminating zero included. */
#define RF_LISTENING_DETAIL 192

typedef enum RfListeningState
{
	RF_LISTENING_WAITING,  /* for a process, or that process for its next attempt */
	RF_LISTENING_HELD,	   /* until DDL on its database is over */
	RF_LISTENING_ADDRESS,  /* for its address, which it cannot have */
	RF_LISTENING_STARTING, /* connects to its database */
	RF_LISTENING_SERVING,
	RF_LISTENING_ABSENT,  /* serves, and met no extension */
	RF_LISTENING_VERSION, /* serves, and met an extension of another version */
	RF_LISTENING_LEAVING,
} RfListeningState;

/* Answers are counted by the first digit of their status. */
#define RF_LISTENING_CLASSES 6

/* "lock" means rf_shmem->lock: exclusive to write, shared to read. */
typedef struct RfListening
{
	RfListenEntry	 entry;
	char			 place[RF_LISTEN_PLACE];	  /* of the entry, as it was written */
	int				 entry_number;				  /* in referral.listen, from 0 */
	int				 number;					  /* among those of the entry, from 1 */
	pid_t			 pid;						  /* lock; 0: none */
	Latch			*latch;						  /* lock */
	Oid				 database;					  /* lock; invalid: it never was connected */
	RfListeningState state;						  /* lock */
	TimestampTz		 since;						  /* lock; of the state, steady */
	TimestampTz		 start_at;					  /* lock; no attempt before, steady */
	int				 failures;					  /* lock; one soon after another */
	bool			 bound;						  /* lock; it has its sockets */
	char			 detail[RF_LISTENING_DETAIL]; /* lock; why it is so, may be empty */
	pg_atomic_uint32 news;						  /* 1: the extension may have come */
	pg_atomic_uint32 connections;				  /* open now */
	pg_atomic_uint64 answers[RF_LISTENING_CLASSES];
	pg_atomic_uint64 rejected; /* requests and connections, by a limit */
	pg_atomic_uint64 clicks;   /* on links that lead somewhere */
} RfListening;

/* ---- the server --------------------------------------------------------- */

/* Read the settings and register the processes; while libraries are preloaded. */
extern void rf_listening_setup(void);

/* What the server must provide, and where it did. */
extern Size rf_listening_size(void);
extern void rf_listening_provide(void *memory, bool fresh);

/* How many slots there are, and one of them. */
extern int			rf_listening_count(void);
extern RfListening *rf_listening_slot(int slot);

/* Ask the listeners of a database to leave: false if there are none. Lock held
 * exclusively. */
extern bool rf_listening_dismiss(Oid database);

/* Are there any? Lock held. */
extern bool rf_listening_serves(Oid database);

/*
 * Databases may have changed: those that wait for one try again. The extension may
 * have come to this one: those that serve it look. Lock held exclusively.
 */
extern void rf_listening_wake(Oid database);

/* ---- a listener: its own slot ------------------------------------------- */

/* NULL in all other processes. */
extern PGDLLEXPORT RfListening *rf_own_listening;

/* Take the slot until this process ends. */
extern void rf_listening_take(int slot);

/* Milliseconds until the next attempt after a failure; 0: now. */
extern long rf_listening_rest(void);

/*
 * Around the binding of addresses, which is done by one process at a time, so that
 * no error may be raised between. "alone": no other one of the entry has them. False,
 * and nothing may be bound: DDL holds the database; wait for the latch. Once it has
 * its addresses it counts as connected, and DDL makes it leave.
 */
extern PGDLLEXPORT bool rf_listening_bind(bool *alone);
extern PGDLLEXPORT void rf_listening_bound(bool bound);

/* It is connected. False: its database is held, leave. */
extern PGDLLEXPORT bool rf_listening_connected(void);

/* Takes the lock only if something changed; the detail may be NULL. */
extern PGDLLEXPORT void rf_listening_report(RfListeningState state, const char *detail);

/* Has there been news since the last call? */
extern PGDLLEXPORT bool rf_listening_take_news(void);

/* What the process dies of, to be seen once it has. */
extern PGDLLEXPORT void rf_listening_note_error(const char *message);

/* Does DDL wait for its database? */
extern PGDLLEXPORT bool rf_listening_is_held(void);

/* Without lock, and harmless where there is no slot. */
extern PGDLLEXPORT void rf_listening_count_answer(int status);
extern PGDLLEXPORT void rf_listening_count_rejected(void);
extern PGDLLEXPORT void rf_listening_count_clicks(int n);
extern PGDLLEXPORT void rf_listening_set_connections(int n);

#endif /* RF_LISTENING_H */
