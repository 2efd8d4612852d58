/*
 * statistics_memory.c
 *	  See statistics_memory.h.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/clock.h"
#include "delivery/statistics.h"
#include "delivery/statistics_page.h"

/* ---- for workers -------------------------------------------------------- */

static void
page_begin(RfPage *page, int64 webhook_id)
{
	if (page->kind == RF_PAGE_SENT)
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
static RfPage *
memory_get(RfPageKind kind, int64 webhook_id)
{
	int64  now = rf_monotonic_usecs();
	uint32 number;

	if (!rf_statistics_are_kept())
		return NULL;
	number = rf_page_find(MyDatabaseId, webhook_id);
	if (number != 0)
		return rf_page_at(number);
	if (!rf_page_may_take(kind, now))
		return NULL;
	rf_page_lock();
	number = rf_page_find(MyDatabaseId, webhook_id);
	if (number == 0 && (number = rf_page_take(kind, now)) != 0)
	{
		page_begin(rf_page_at(number), webhook_id);
		rf_page_enter(number, webhook_id);
	}
	rf_page_unlock();
	return number != 0 ? rf_page_at(number) : NULL;
}

RfSending *
rf_statistics_sending(void)
{
	RfPage *page = memory_get(RF_PAGE_SENDING, 0);

	return page != NULL ? &page->as.sending : NULL;
}

RfSent *
rf_statistics_sent(int64 webhook_id)
{
	RfPage *page = memory_get(RF_PAGE_SENT, webhook_id);

	return page != NULL ? &page->as.sent : NULL;
}

static RfPage *
page_of(const void *content)
{
	return (RfPage *) ((char *) content - offsetof(RfPage, as));
}

bool
rf_statistics_is_of(const RfSent *sent, int64 webhook_id)
{
	return rf_page_is_of(page_of(sent), MyDatabaseId, webhook_id);
}

bool
rf_statistics_take_histograms(const RfSent *sent, RfRecentSlot *slot, int64 now)
{
	uint32 number;

	if (!rf_page_may_take(RF_PAGE_HISTOGRAMS, now))
		return false;
	rf_page_lock();
	number = rf_page_take(RF_PAGE_HISTOGRAMS, now);
	if (number != 0)
	{
		rf_page_at(number)->as.many.webhook_id = sent->webhook_id;
		rf_page_at(number)->as.many.period = slot->period;
		rf_recent_move(slot, &rf_page_at(number)->as.many.histograms);
		pg_write_barrier();
		slot->many = number;
	}
	rf_page_unlock();
	return number != 0;
}

RfHistograms *
rf_statistics_histograms(const RfRecentSlot *slot)
{
	RfPage *page = rf_page_of_slot(slot);

	return page != NULL ? &page->as.many.histograms : NULL;
}

void
rf_statistics_drop_histograms(RfRecentSlot *slot)
{
	if (slot->many == 0)
		return;
	rf_page_lock();
	rf_page_drop_slot(slot);
	rf_page_unlock();
}

void
rf_statistics_forget(int64 webhook_id)
{
	uint32 number;

	if (!rf_statistics_are_kept())
		return;
	rf_page_lock();
	number = rf_page_find(MyDatabaseId, webhook_id);
	if (number != 0)
		rf_page_remove(number);
	rf_page_unlock();
}

void
rf_statistics_change(RfSending	*sending, void (*change)(RfSending *, const void *),
					 const void *argument)
{
	rf_page_lock();
	rf_page_begin_change(page_of(sending));
	change(sending, argument);
	rf_page_end_change(page_of(sending));
	rf_page_unlock();
}

/* ---- for others --------------------------------------------------------- */

void
rf_statistics_forget_database(Oid database)
{
	uint32 used;

	if (!rf_statistics_are_kept())
		return;
	rf_page_lock();
	used = rf_page_count();
	for (uint32 number = 1; number <= used; number++)
	{
		RfPage *page = rf_page_at(number);

		if (page->database == database && page->kind != RF_PAGE_HISTOGRAMS)
			rf_page_remove(number);
	}
	rf_page_unlock();
}

/*
 * The worker may be counting meanwhile: an attempt of this moment may then be half
 * counted. Its histograms stay where it looks for them.
 */
static void
slot_reset(RfRecentSlot *slot)
{
	RfPage *page = rf_page_of_slot(slot);

	if (page != NULL)
		memset(&page->as.many.histograms, 0, sizeof(page->as.many.histograms));
	slot->attempts = slot->failures = 0;
}

static void
sent_reset(RfPage *page)
{
	RfSent *sent = &page->as.sent;

	rf_page_begin_change(page);
	for (int i = 0; i < RF_RECENT_SLOTS; i++)
		slot_reset(&sent->recent.slot[i]);
	sent->attempts = sent->failures = 0;
	sent->since = GetCurrentTimestamp();
	rf_page_end_change(page);
}

static void
sending_reset(RfPage *page)
{
	RfSending *sending = &page->as.sending;

	rf_page_begin_change(page);
	pg_atomic_write_u64(&sending->attempts, 0);
	pg_atomic_write_u64(&sending->failures, 0);
	pg_atomic_write_u64(&sending->faults, 0);
	sending->fault_at = 0;
	sending->fault[0] = '\0';
	sending->since = GetCurrentTimestamp();
	rf_page_end_change(page);
}

void
rf_statistics_reset(int64 webhook_id)
{
	uint32 used;

	rf_page_lock();
	used = rf_page_count();
	for (uint32 number = 1; number <= used; number++)
	{
		RfPage *page = rf_page_at(number);

		if (page->database != MyDatabaseId)
			continue;
		if (page->kind == RF_PAGE_SENDING && webhook_id == 0)
			sending_reset(page);
		if (page->kind == RF_PAGE_SENT &&
			(webhook_id == 0 || page->as.sent.webhook_id == webhook_id))
			sent_reset(page);
	}
	rf_page_unlock();
}

static bool
memory_copy_of(int64 webhook_id, RfPage *copy)
{
	uint32 number;

	if (!rf_statistics_are_kept())
		return false;
	number = rf_page_find(MyDatabaseId, webhook_id);
	return number != 0 && rf_page_copy(rf_page_at(number), copy) &&
		rf_page_is_of(copy, MyDatabaseId, webhook_id);
}

bool
rf_statistics_copy_sending(RfSending *copy)
{
	RfPage page;

	if (!memory_copy_of(0, &page))
		return false;
	*copy = page.as.sending;
	return true;
}

bool
rf_statistics_copy_sent(int64 webhook_id, RfSent *copy)
{
	RfPage page;

	if (!memory_copy_of(webhook_id, &page))
		return false;
	*copy = page.as.sent;
	return true;
}

void
rf_statistics_each(void (*visit)(RfSent *sent, void *argument), void *argument)
{
	uint32 used = rf_page_count();

	for (uint32 number = 1; number <= used; number++)
	{
		RfPage *page = rf_page_at(number);

		if (page->kind == RF_PAGE_SENT && page->database == MyDatabaseId)
			visit(&page->as.sent, argument);
	}
}

static bool
page_is_of_slot(const RfPage *page, const RfSent *sent, const RfRecentSlot *slot)
{
	return page->kind == RF_PAGE_HISTOGRAMS && page->database == MyDatabaseId &&
		page->as.many.webhook_id == sent->webhook_id && page->as.many.period == slot->period;
}

void
rf_statistics_sum(const RfSent *copy, RfWindow window, int64 now, RfRecentSum *sum)
{
	memset(sum, 0, sizeof(RfRecentSum));
	for (int i = 0; i < RF_RECENT_SLOTS; i++)
	{
		const RfRecentSlot *slot = &copy->recent.slot[i];
		const RfPage	   *many = rf_page_of_slot(slot);
		RfPage				page;

		if (rf_recent_window(i) != window || !rf_recent_counts(slot, window, now))
			continue;
		if (slot->many == 0)
			rf_recent_sum(slot, NULL, sum);
		else if (many != NULL && rf_page_copy(many, &page) && page_is_of_slot(&page, copy, slot))
			rf_recent_sum(slot, &page.as.many.histograms, sum);
	}
}
