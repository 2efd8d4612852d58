/*
 * statistics_memory.h
 *	  The shared memory in which workers count and from which views read.
 *
 * It is one piece of fixed size, cut into pages of 2 kB: one for each database
 * that sends, one for each webhook that was sent to, and more for the histograms
 * of webhooks that are sent much. A page that was never needed was never touched
 * and takes no memory; pages that are not needed any more are used again.
 * Ordinary shared memory rather than a dynamic area: it cannot run out while the
 * server runs (in containers /dev/shm is small, and running out there raises an
 * error), and it has the same address everywhere, so that readers need no lock.
 *
 * Who may touch what:
 *
 * - The lock guards which page is whose. It is taken to find a webhook's page for
 *	 the first time, to give out pages and to take them back; never by readers.
 * - Counters of a webhook are written without any lock by the one worker that
 *	 has the webhook. Readers may catch one between two stores and see an attempt
 *	 that is counted in one place and not yet in another: harmless, since nobody
 *	 adds them up, and the next reading is right.
 * - Readers copy a page and look at its version before and after: one that was
 *	 given to somebody else meanwhile is not believed.
 *
 * All of it is lost when the server restarts, after a crash too.
 */
#ifndef RF_STATISTICS_MEMORY_H
#define RF_STATISTICS_MEMORY_H

#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "delivery/recent.h"

/* Workers of one database that can publish at the same time. */
#define RF_STATISTICS_WORKERS 16

#define RF_STATISTICS_FAULT 256 /* bytes of a message, the terminating zero included */

/* What a worker said last. */
typedef struct RfWorkerNow
{
	pid_t pid; /* 0: this place is free */
	int32 in_flight;
	int64 read_to;		/* waiting are deliveries up to this one; 0: it has read none yet */
	int64 waiting;		/* for their first attempt, or for its end */
	int64 oldest_event; /* of those; 0: none */
} RfWorkerNow;

/* A database that sends. */
typedef struct RfSending
{
	TimestampTz		 since; /* of what is counted */
	pg_atomic_uint64 attempts;
	pg_atomic_uint64 failures;
	pg_atomic_uint64 faults;   /* of ours */
	TimestampTz		 fault_at; /* the last one; 0: none */
	char			 fault[RF_STATISTICS_FAULT];
	RfWorkerNow		 worker[RF_STATISTICS_WORKERS];
} RfSending;

/* A webhook that was sent to. */
typedef struct RfSent
{
	int64		webhook_id;
	TimestampTz since; /* of what is counted */
	uint64		attempts;
	uint64		failures;
	pid_t		worker; /* whose numbers the next three are; 0: nobody has the webhook */
	int32		in_flight;
	int64		waiting; /* as above */
	int64		oldest_event;
	char		http_version[8];
	RfRecent	recent;
} RfSent;

/* Setting referral.statistics_memory, in kB. */
extern int rf_statistics_memory;

/* What the server must provide, and where it did. */
extern Size rf_statistics_size(void);
extern void rf_statistics_provide(void *memory, LWLock *lock, bool fresh);

/* Is anything counted? Not in a server that does not preload the library. */
extern bool rf_statistics_are_kept(void);

/* ---- for workers ---- */

/* The page of this database, or of one of its webhooks; NULL without memory. */
extern RfSending *rf_statistics_sending(void);
extern RfSent	 *rf_statistics_sent(int64 webhook_id);

/* Is the page still that of this webhook? */
extern bool rf_statistics_is_of(const RfSent *sent, int64 webhook_id);

/* Give a full slot histograms, which begin with what it holds; false without memory. */
extern bool rf_statistics_take_histograms(const RfSent *sent, RfRecentSlot *slot, int64 now);

/* Those of a slot; NULL if it has none. */
extern RfHistograms *rf_statistics_histograms(const RfRecentSlot *slot);

/* Give them back, if the slot has some. */
extern void rf_statistics_drop_histograms(RfRecentSlot *slot);

/* Under the lock, change what readers must not see half done. */
extern void rf_statistics_change(RfSending	*sending, void (*change)(RfSending *, const void *),
								 const void *argument);

/* ---- for others ---- */

/* All pages of a database that is not served any more. */
extern void rf_statistics_forget_database(Oid database);

/* Begin counting anew: this database's webhooks (0: all of them, and itself). */
extern void rf_statistics_reset(int64 webhook_id);

/* Copies, for readers; false if there is none. */
extern bool rf_statistics_copy_sending(RfSending *copy);
extern bool rf_statistics_copy_sent(int64 webhook_id, RfSent *copy);

/* Call for each webhook of this database that has a page; the page is no copy. */
extern void rf_statistics_each(void (*visit)(RfSent *sent, void *argument), void *argument);

/* What a window of a copy holds. */
extern void rf_statistics_sum(const RfSent *copy, RfWindow window, int64 now, RfRecentSum *sum);

#endif /* RF_STATISTICS_MEMORY_H */
