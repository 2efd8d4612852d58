/*
 * statistics_memory.c
 *	  See statistics_memory.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "base/clock.h"
#include "delivery/statistics.h"
#include "delivery/statistics_memory.h"

#define PAGE_SIZE 2048

/* After this long memory that could not be had is asked for again. */
#define FULL_USECS (10 * USECS_PER_SEC)

/* A reader that meets a page in change looks again so often. */
#define READ_TRIES 100

typedef enum PageKind
{
	PAGE_FREE,
	PAGE_SENDING,
	PAGE_SENT,
	PAGE_HISTOGRAMS,
	PAGE_KINDS
} PageKind;

typedef struct Page
{
	pg_atomic_uint32 version; /* odd while what readers believe in changes */
	PageKind		 kind;
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
} Page;

StaticAssertDecl(sizeof(Page) <= PAGE_SIZE, "a page of statistics is too small");

/* Pages are numbered from 1. */
typedef struct Memory
{
	uint32			 npages;
	pg_atomic_uint32 used;						   /* no page above was ever given out */
	uint32			 free;						   /* the first of those that were given back */
	uint32			 nfree;						   /* how many these are */
	uint32			 heads[FLEXIBLE_ARRAY_MEMBER]; /* by hash, as many as pages */
} Memory;

int rf_statistics_memory = 0;

static Memory *memory = NULL;
static char	  *memory_pages = NULL;
static LWLock *memory_lock = NULL;
static int64   memory_full_until[PAGE_KINDS];

static uint32
memory_npages(void)
{
	return (uint32) ((Size) rf_statistics_memory * 1024 / PAGE_SIZE);
}

static Size
memory_header_size(void)
{
	Size size = offsetof(Memory, heads) + memory_npages() * sizeof(uint32);

	return TYPEALIGN(PG_CACHE_LINE_SIZE, size);
}

Size
rf_statistics_size(void)
{
	return memory_header_size() + (Size) memory_npages() * PAGE_SIZE;
}

/* Pages are left untouched. */
void
rf_statistics_provide(void *provided, LWLock *lock, bool fresh)
{
	memory = provided;
	memory_pages = (char *) provided + memory_header_size();
	memory_lock = lock;
	if (!fresh)
		return;
	memset(memory, 0, memory_header_size());
	memory->npages = memory_npages();
	pg_atomic_init_u32(&memory->used, 0);
}

bool
rf_statistics_are_kept(void)
{
	return memory != NULL && memory->npages > 0;
}

/* ---- pages -------------------------------------------------------------- */

static Page *
memory_page(uint32 number)
{
	return (Page *) (memory_pages + (Size) (number - 1) * PAGE_SIZE);
}

static void
page_begin_change(Page *page)
{
	pg_atomic_fetch_add_u32(&page->version, 1);
	pg_write_barrier();
}

static void
page_end_change(Page *page)
{
	pg_write_barrier();
	pg_atomic_fetch_add_u32(&page->version, 1);
}

static uint32 *
memory_head(Oid database, int64 webhook_id)
{
	uint64 key = (uint64) webhook_id ^ ((uint64) database << 32);

	return &memory->heads[hash_bytes((unsigned char *) &key, sizeof(key)) % memory->npages];
}

static bool
page_is_of(const Page *page, Oid database, int64 webhook_id)
{
	if (page->database != database)
		return false;
	if (webhook_id == 0)
		return page->kind == PAGE_SENDING;
	return page->kind == PAGE_SENT && page->as.sent.webhook_id == webhook_id;
}

/*
 * The number of a page, 0 if there is none. Without the lock it may miss one
 * whose chain changes; a chain never leads out of the pages, and the bound ends
 * one that was bent into a ring.
 */
static uint32
memory_find(Oid database, int64 webhook_id)
{
	uint32 number = *memory_head(database, webhook_id);

	for (uint32 i = 0; number != 0 && i < memory->npages; i++)
	{
		Page *page = memory_page(number);

		if (page_is_of(page, database, webhook_id))
			return number;
		number = page->next;
	}
	return 0;
}

/* Lock held. */
static void
page_free(uint32 number)
{
	Page *page = memory_page(number);

	page_begin_change(page);
	page->kind = PAGE_FREE;
	page->database = InvalidOid;
	page->next = memory->free;
	page_end_change(page);
	memory->free = number;
	memory->nfree++;
}

/* Lock held. */
static void
slot_drop(RfRecentSlot *slot)
{
	uint32 many = slot->many;

	slot->many = 0;
	if (many != 0)
		page_free(many);
}

/* Histograms of periods that are over, which no later attempt gave back. Lock held. */
static void
memory_sweep(int64 now)
{
	uint32 used = pg_atomic_read_u32(&memory->used);

	for (uint32 number = 1; number <= used; number++)
	{
		Page *page = memory_page(number);

		for (int i = 0; page->kind == PAGE_SENT && i < RF_RECENT_SLOTS; i++)
		{
			RfRecentSlot *slot = &page->as.sent.recent.slot[i];

			if (!rf_recent_counts(slot, rf_recent_window(i), now))
				slot_drop(slot);
		}
	}
}

/*
 * A webhook without a page shows nothing, one without histograms shows less: so
 * histograms leave a quarter of the pages to webhooks. Lock held.
 */
static bool
memory_has_room(PageKind kind)
{
	uint32 room = memory->npages - pg_atomic_read_u32(&memory->used) + memory->nfree;

	return room > (kind == PAGE_HISTOGRAMS ? memory->npages / 4 : 0);
}

/* One that was given back, else one that was never used. Lock held. */
static uint32
memory_pop(void)
{
	uint32 number = memory->free;

	if (number != 0)
	{
		memory->free = memory_page(number)->next;
		memory->nfree--;
		return number;
	}
	number = pg_atomic_read_u32(&memory->used) + 1;
	memory_page(number)->kind = PAGE_FREE;
	pg_atomic_init_u32(&memory_page(number)->version, 0);
	pg_atomic_write_u32(&memory->used, number);
	return number;
}

/* Lock held. 0 without memory. */
static uint32
memory_take(PageKind kind, int64 now)
{
	uint32 number;
	Page  *page;

	if (!memory_has_room(kind))
		memory_sweep(now);
	if (!memory_has_room(kind))
	{
		memory_full_until[kind] = now + FULL_USECS;
		return 0;
	}
	number = memory_pop();
	page = memory_page(number);
	page_begin_change(page);
	memset(&page->as, 0, sizeof(page->as));
	page->kind = kind;
	page->database = MyDatabaseId;
	page->next = 0;
	page_end_change(page);
	return number;
}

/* ---- for workers -------------------------------------------------------- */

static void
page_begin(Page *page, int64 webhook_id)
{
	if (page->kind == PAGE_SENT)
	{
		page->as.sent.webhook_id = webhook_id;
		page->as.sent.since = GetCurrentTimestamp();
		return;
	}
	pg_atomic_init_u64(&page->as.sending.attempts, 0);
	pg_atomic_init_u64(&page->as.sending.failures, 0);
	pg_atomic_init_u64(&page->as.sending.faults, 0);
	page->as.sending.since = GetCurrentTimestamp();
}

/* Found, or new; NULL without memory. */
static Page *
memory_get(PageKind kind, int64 webhook_id)
{
	int64  now = rf_monotonic_usecs();
	uint32 number;

	if (!rf_statistics_are_kept())
		return NULL;
	number = memory_find(MyDatabaseId, webhook_id);
	if (number != 0)
		return memory_page(number);
	if (now < memory_full_until[kind])
		return NULL;
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	number = memory_find(MyDatabaseId, webhook_id);
	if (number == 0 && (number = memory_take(kind, now)) != 0)
	{
		uint32 *head = memory_head(MyDatabaseId, webhook_id);

		page_begin(memory_page(number), webhook_id);
		memory_page(number)->next = *head;
		pg_write_barrier();
		*head = number;
	}
	LWLockRelease(memory_lock);
	return number != 0 ? memory_page(number) : NULL;
}

RfSending *
rf_statistics_sending(void)
{
	Page *page = memory_get(PAGE_SENDING, 0);

	return page != NULL ? &page->as.sending : NULL;
}

RfSent *
rf_statistics_sent(int64 webhook_id)
{
	Page *page = memory_get(PAGE_SENT, webhook_id);

	return page != NULL ? &page->as.sent : NULL;
}

static Page *
page_of(const void *content)
{
	return (Page *) ((char *) content - offsetof(Page, as));
}

bool
rf_statistics_is_of(const RfSent *sent, int64 webhook_id)
{
	return page_is_of(page_of(sent), MyDatabaseId, webhook_id);
}

bool
rf_statistics_take_histograms(const RfSent *sent, RfRecentSlot *slot, int64 now)
{
	uint32 number;

	if (now < memory_full_until[PAGE_HISTOGRAMS])
		return false;
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	number = memory_take(PAGE_HISTOGRAMS, now);
	if (number != 0)
	{
		memory_page(number)->as.many.webhook_id = sent->webhook_id;
		memory_page(number)->as.many.period = slot->period;
		rf_recent_move(slot, &memory_page(number)->as.many.histograms);
		pg_write_barrier();
		slot->many = number;
	}
	LWLockRelease(memory_lock);
	return number != 0;
}

RfHistograms *
rf_statistics_histograms(const RfRecentSlot *slot)
{
	return slot->many != 0 ? &memory_page(slot->many)->as.many.histograms : NULL;
}

void
rf_statistics_drop_histograms(RfRecentSlot *slot)
{
	if (slot->many == 0)
		return;
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	slot_drop(slot);
	LWLockRelease(memory_lock);
}

/* Lock held. */
static void
sent_drop_histograms(RfSent *sent)
{
	for (int i = 0; i < RF_RECENT_SLOTS; i++)
		slot_drop(&sent->recent.slot[i]);
}

/* Take a page out of its chain and give it back. Lock held. */
static void
memory_remove(uint32 number)
{
	Page   *page = memory_page(number);
	int64	webhook_id = page->kind == PAGE_SENT ? page->as.sent.webhook_id : 0;
	uint32 *link = memory_head(page->database, webhook_id);

	while (*link != 0 && *link != number)
		link = &memory_page(*link)->next;
	if (*link == number)
		*link = page->next;
	if (page->kind == PAGE_SENT)
		sent_drop_histograms(&page->as.sent);
	page_free(number);
}

void
rf_statistics_forget(int64 webhook_id)
{
	uint32 number;

	if (!rf_statistics_are_kept())
		return;
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	number = memory_find(MyDatabaseId, webhook_id);
	if (number != 0)
		memory_remove(number);
	LWLockRelease(memory_lock);
}

void
rf_statistics_change(RfSending	*sending, void (*change)(RfSending *, const void *),
					 const void *argument)
{
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	page_begin_change(page_of(sending));
	change(sending, argument);
	page_end_change(page_of(sending));
	LWLockRelease(memory_lock);
}

/* ---- for others --------------------------------------------------------- */

void
rf_statistics_forget_database(Oid database)
{
	uint32 used;

	if (!rf_statistics_are_kept())
		return;
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	used = pg_atomic_read_u32(&memory->used);
	for (uint32 number = 1; number <= used; number++)
	{
		Page *page = memory_page(number);

		if (page->database == database && page->kind != PAGE_HISTOGRAMS)
			memory_remove(number);
	}
	LWLockRelease(memory_lock);
}

/*
 * The worker may be counting meanwhile: an attempt of this moment may then be
 * half counted, or counted in histograms that were just given back and are
 * cleared before anybody uses them.
 */
static void
sent_reset(Page *page)
{
	RfSent *sent = &page->as.sent;

	page_begin_change(page);
	sent_drop_histograms(sent);
	memset(&sent->recent, 0, sizeof(sent->recent));
	sent->attempts = sent->failures = 0;
	sent->since = GetCurrentTimestamp();
	page_end_change(page);
}

static void
sending_reset(Page *page)
{
	RfSending *sending = &page->as.sending;

	page_begin_change(page);
	pg_atomic_write_u64(&sending->attempts, 0);
	pg_atomic_write_u64(&sending->failures, 0);
	pg_atomic_write_u64(&sending->faults, 0);
	sending->fault_at = 0;
	sending->fault[0] = '\0';
	sending->since = GetCurrentTimestamp();
	page_end_change(page);
}

void
rf_statistics_reset(int64 webhook_id)
{
	uint32 used;

	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
	used = pg_atomic_read_u32(&memory->used);
	for (uint32 number = 1; number <= used; number++)
	{
		Page *page = memory_page(number);

		if (page->database != MyDatabaseId)
			continue;
		if (page->kind == PAGE_SENDING && webhook_id == 0)
			sending_reset(page);
		if (page->kind == PAGE_SENT &&
			(webhook_id == 0 || page->as.sent.webhook_id == webhook_id))
			sent_reset(page);
	}
	LWLockRelease(memory_lock);
}

/* Copy a page as it was at one moment, but for counters. */
static bool
memory_copy(uint32 number, Page *copy)
{
	Page *page = memory_page(number);

	for (int i = 0; i < READ_TRIES; i++)
	{
		uint32 version = pg_atomic_read_u32(&page->version);

		pg_read_barrier();
		memcpy(copy, page, sizeof(Page));
		pg_read_barrier();
		if (version % 2 == 0 && pg_atomic_read_u32(&page->version) == version)
			return true;
	}
	return false;
}

static bool
memory_copy_of(int64 webhook_id, Page *copy)
{
	uint32 number;

	if (!rf_statistics_are_kept())
		return false;
	number = memory_find(MyDatabaseId, webhook_id);
	return number != 0 && memory_copy(number, copy) &&
		page_is_of(copy, MyDatabaseId, webhook_id);
}

bool
rf_statistics_copy_sending(RfSending *copy)
{
	Page page;

	if (!memory_copy_of(0, &page))
		return false;
	*copy = page.as.sending;
	return true;
}

bool
rf_statistics_copy_sent(int64 webhook_id, RfSent *copy)
{
	Page page;

	if (!memory_copy_of(webhook_id, &page))
		return false;
	*copy = page.as.sent;
	return true;
}

void
rf_statistics_each(void (*visit)(RfSent *sent, void *argument), void *argument)
{
	uint32 used = rf_statistics_are_kept() ? pg_atomic_read_u32(&memory->used) : 0;

	for (uint32 number = 1; number <= used; number++)
	{
		Page *page = memory_page(number);

		if (page->kind == PAGE_SENT && page->database == MyDatabaseId)
			visit(&page->as.sent, argument);
	}
}

static bool
page_is_of_slot(const Page *page, const RfSent *sent, const RfRecentSlot *slot)
{
	return page->kind == PAGE_HISTOGRAMS && page->database == MyDatabaseId &&
		page->as.many.webhook_id == sent->webhook_id && page->as.many.period == slot->period;
}

void
rf_statistics_sum(const RfSent *copy, RfWindow window, int64 now, RfRecentSum *sum)
{
	memset(sum, 0, sizeof(RfRecentSum));
	for (int i = 0; i < RF_RECENT_SLOTS; i++)
	{
		const RfRecentSlot *slot = &copy->recent.slot[i];
		Page				page;

		if (rf_recent_window(i) != window || !rf_recent_counts(slot, window, now))
			continue;
		if (slot->many == 0)
			rf_recent_sum(slot, NULL, sum);
		else if (memory_copy(slot->many, &page) && page_is_of_slot(&page, copy, slot))
			rf_recent_sum(slot, &page.as.many.histograms, sum);
	}
}
