/*
 * statistics_page.c
 *	  See statistics_page.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "delivery/statistics_page.h"

#define PAGE_SIZE 2048

/* After this long memory that could not be had is asked for again. */
#define FULL_USECS (10 * USECS_PER_SEC)

/* A reader that meets a page in change looks again so often. */
#define READ_TRIES 100

StaticAssertDecl(sizeof(RfPage) <= PAGE_SIZE, "a page of statistics is too small");

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
static int64   memory_full_until[RF_PAGE_KINDS];

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

void
rf_page_lock(void)
{
	LWLockAcquire(memory_lock, LW_EXCLUSIVE);
}

void
rf_page_unlock(void)
{
	LWLockRelease(memory_lock);
}

uint32
rf_page_count(void)
{
	return rf_statistics_are_kept() ? pg_atomic_read_u32(&memory->used) : 0;
}

/* ---- pages -------------------------------------------------------------- */

RfPage *
rf_page_at(uint32 number)
{
	return (RfPage *) (memory_pages + (Size) (number - 1) * PAGE_SIZE);
}

void
rf_page_begin_change(RfPage *page)
{
	pg_atomic_fetch_add_u32(&page->version, 1);
	pg_write_barrier();
}

void
rf_page_end_change(RfPage *page)
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

bool
rf_page_is_of(const RfPage *page, Oid database, int64 webhook_id)
{
	if (page->database != database)
		return false;
	if (webhook_id == 0)
		return page->kind == RF_PAGE_SENDING;
	return page->kind == RF_PAGE_SENT && page->as.sent.webhook_id == webhook_id;
}

/* A chain never leads out of the pages, and the bound ends one that is bent meanwhile. */
uint32
rf_page_find(Oid database, int64 webhook_id)
{
	uint32 number = *memory_head(database, webhook_id);

	for (uint32 i = 0; number != 0 && i < memory->npages; i++)
	{
		RfPage *page = rf_page_at(number);

		if (rf_page_is_of(page, database, webhook_id))
			return number;
		number = page->next;
	}
	return 0;
}

/* Lock held. */
static void
page_free(uint32 number)
{
	RfPage *page = rf_page_at(number);

	rf_page_begin_change(page);
	page->kind = RF_PAGE_FREE;
	page->database = InvalidOid;
	page->next = memory->free;
	rf_page_end_change(page);
	memory->free = number;
	memory->nfree++;
}

/*
 * The number is read once and looked at: a reset may be changing it, and an
 * attempt counted while its page changed hands may have spoilt it.
 */
RfPage *
rf_page_of_slot(const RfRecentSlot *slot)
{
	uint32	number = *(const volatile uint32 *) &slot->many;
	RfPage *page;

	if (number == 0 || number > memory->npages)
		return NULL;
	page = rf_page_at(number);
	return page->kind == RF_PAGE_HISTOGRAMS ? page : NULL;
}

void
rf_page_drop_slot(RfRecentSlot *slot)
{
	uint32	many = slot->many;
	RfPage *page = rf_page_of_slot(slot);

	slot->many = 0;
	if (page != NULL)
		page_free(many);
}

/* Histograms of periods that are over, which no later attempt gave back. Lock held. */
static void
memory_sweep(int64 now)
{
	uint32 used = rf_page_count();

	for (uint32 number = 1; number <= used; number++)
	{
		RfPage *page = rf_page_at(number);

		for (int i = 0; page->kind == RF_PAGE_SENT && i < RF_RECENT_SLOTS; i++)
		{
			RfRecentSlot *slot = &page->as.sent.recent.slot[i];

			if (!rf_recent_counts(slot, rf_recent_window(i), now))
				rf_page_drop_slot(slot);
		}
	}
}

/*
 * A webhook without a page shows nothing, one without histograms shows less: so
 * histograms leave a quarter of the pages to webhooks. Lock held.
 */
static bool
memory_has_room(RfPageKind kind)
{
	uint32 room = memory->npages - pg_atomic_read_u32(&memory->used) + memory->nfree;

	return room > (kind == RF_PAGE_HISTOGRAMS ? memory->npages / 4 : 0);
}

/* One that was given back, else one that was never used. Lock held. */
static uint32
memory_pop(void)
{
	uint32 number = memory->free;

	if (number != 0)
	{
		memory->free = rf_page_at(number)->next;
		memory->nfree--;
		return number;
	}
	number = pg_atomic_read_u32(&memory->used) + 1;
	rf_page_at(number)->kind = RF_PAGE_FREE;
	pg_atomic_init_u32(&rf_page_at(number)->version, 0);
	pg_atomic_write_u32(&memory->used, number);
	return number;
}

bool
rf_page_may_take(RfPageKind kind, int64 now)
{
	return now >= memory_full_until[kind];
}

uint32
rf_page_take(RfPageKind kind, int64 now)
{
	uint32	number;
	RfPage *page;

	if (!memory_has_room(kind))
		memory_sweep(now);
	if (!memory_has_room(kind))
	{
		memory_full_until[kind] = now + FULL_USECS;
		return 0;
	}
	number = memory_pop();
	page = rf_page_at(number);
	rf_page_begin_change(page);
	memset(&page->as, 0, sizeof(page->as));
	page->kind = kind;
	page->database = MyDatabaseId;
	page->next = 0;
	rf_page_end_change(page);
	return number;
}

void
rf_page_enter(uint32 number, int64 webhook_id)
{
	uint32 *head = memory_head(MyDatabaseId, webhook_id);

	rf_page_at(number)->next = *head;
	pg_write_barrier();
	*head = number;
}

void
rf_page_remove(uint32 number)
{
	RfPage *page = rf_page_at(number);
	int64	webhook_id = page->kind == RF_PAGE_SENT ? page->as.sent.webhook_id : 0;
	uint32 *link = memory_head(page->database, webhook_id);

	while (*link != 0 && *link != number)
		link = &rf_page_at(*link)->next;
	if (*link == number)
		*link = page->next;
	if (page->kind == RF_PAGE_SENT)
	{
		for (int i = 0; i < RF_RECENT_SLOTS; i++)
			rf_page_drop_slot(&page->as.sent.recent.slot[i]);
	}
	page_free(number);
}

/* ---- reading ------------------------------------------------------------ */

bool
rf_page_copy(const RfPage *page, RfPage *copy)
{
	pg_atomic_uint32 *at = unconstify(pg_atomic_uint32 *, &page->version);

	for (int i = 0; i < READ_TRIES; i++)
	{
		uint32 version = pg_atomic_read_u32(at);

		pg_read_barrier();
		memcpy(copy, page, sizeof(RfPage));
		pg_read_barrier();
		if (version % 2 == 0 && pg_atomic_read_u32(at) == version)
			return true;
	}
	return false;
}
