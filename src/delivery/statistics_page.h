/*
 * statistics_page.h
 *	  Pages of the statistics' memory: finding, giving out and taking back. Only
 *	  for statistics_memory.c, whose header tells who may touch what.
 *
 * Pages are numbered from 1; 0 stands for none. Those of databases and webhooks
 * are found by a hash of both; those of histograms belong to the slot that has
 * their number.
 */
#ifndef RF_STATISTICS_PAGE_H
#define RF_STATISTICS_PAGE_H

#include "delivery/statistics_memory.h"

typedef enum RfPageKind
{
	RF_PAGE_FREE,
	RF_PAGE_SENDING,
	RF_PAGE_SENT,
	RF_PAGE_HISTOGRAMS,
	RF_PAGE_KINDS
} RfPageKind;

typedef struct RfPage
{
	pg_atomic_uint32 version; /* odd while what readers believe in changes */
	RfPageKind		 kind;
	Oid				 database;
	uint32			 next; /* with the same hash, or free, too; 0: none */
	union
	{
		RfSending sending;
		RfSent	  sent;
		struct
		{
			int64		 webhook_id;
			int64		 period;
			RfHistograms histograms;
		} many;
	} as;
} RfPage;

/* The lock, for whoever changes which page is whose. */
extern void rf_page_lock(void);
extern void rf_page_unlock(void);

/* All that were ever given out: 1 <= number <= rf_page_count(). */
extern uint32  rf_page_count(void);
extern RfPage *rf_page_at(uint32 number);

/*
 * The number of a database's page (webhook_id 0) or a webhook's. Without the lock
 * it may miss one while pages with the same hash come and go.
 */
extern uint32 rf_page_find(Oid database, int64 webhook_id);
extern bool	  rf_page_is_of(const RfPage *page, Oid database, int64 webhook_id);

/* Is it worth the lock to ask for a page, or was there no memory a moment ago? */
extern bool rf_page_may_take(RfPageKind kind, int64 now);

/* A page for this database, all zero. Lock held. */
extern uint32 rf_page_take(RfPageKind kind, int64 now);

/* Let it be found. Lock held. */
extern void rf_page_enter(uint32 number, int64 webhook_id);

/* Take one back, with all that belongs to it. Lock held. */
extern void rf_page_remove(uint32 number);

/* The histograms of a slot; NULL if it has none. */
extern RfPage *rf_page_of_slot(const RfRecentSlot *slot);

/* Take them back. Lock held. */
extern void rf_page_drop_slot(RfRecentSlot *slot);

/* Around what readers must not see half done. Lock held. */
extern void rf_page_begin_change(RfPage *page);
extern void rf_page_end_change(RfPage *page);

/* Copy a page as it was at one moment, but for counters; false if it could not be had. */
extern bool rf_page_copy(const RfPage *page, RfPage *copy);

#endif /* RF_STATISTICS_PAGE_H */
