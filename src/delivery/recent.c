/*
 * recent.c
 *	  See recent.h.
 */
#include <string.h>

#include "delivery/recent.h"

#define MINUTE INT64_C(60000000)

typedef struct RecentRing
{
	int		first; /* of its slots */
	int		nslots;
	int64_t length; /* of a period, in microseconds */
} RecentRing;

static const RecentRing recent_rings[RF_WINDOWS] = {
	[RF_WINDOW_5M] = {0, RF_RECENT_MINUTES, MINUTE},
	[RF_WINDOW_24H] = {RF_RECENT_MINUTES, RF_RECENT_HOURS, 180 * MINUTE}};

/* From 1, so that 0 is none. */
static int64_t
recent_period(RfWindow window, int64_t now)
{
	return 1 + now / recent_rings[window].length;
}

RfRecentAttempt
rf_recent_attempt(bool failed, const int64_t usecs[RF_PHASES])
{
	RfRecentAttempt attempt = {.failed = failed};

	for (int i = 0; i < RF_PHASES; i++)
		attempt.bucket[i] = usecs[i] < 0 ? RF_NO_BUCKET : (uint8_t) rf_histogram_bucket(usecs[i]);
	return attempt;
}

RfRecentSlot *
rf_recent_slot(RfRecent *recent, RfWindow window, int64_t now)
{
	const RecentRing *ring = &recent_rings[window];

	return &recent->slot[ring->first + recent_period(window, now) % ring->nslots];
}

bool
rf_recent_is_over(const RfRecentSlot *slot, RfWindow window, int64_t now)
{
	return slot->period != recent_period(window, now);
}

void
rf_recent_begin(RfRecentSlot *slot, RfWindow window, int64_t now)
{
	memset(slot, 0, sizeof(RfRecentSlot));
	slot->period = recent_period(window, now);
}

bool
rf_recent_is_full(const RfRecentSlot *slot)
{
	return slot->attempts >= RF_RECENT_FEW;
}

static void
recent_count(RfHistograms *histograms, const uint8_t bucket[RF_PHASES])
{
	for (int i = 0; i < RF_PHASES; i++)
	{
		if (bucket[i] < RF_HISTOGRAM_BUCKETS)
			histograms->phase[i].count[bucket[i]]++;
	}
}

static void
recent_count_few(const RfRecentSlot *slot, RfHistograms *histograms)
{
	uint32_t n = slot->attempts < RF_RECENT_FEW ? slot->attempts : RF_RECENT_FEW;

	for (uint32_t i = 0; i < n; i++)
		recent_count(histograms, slot->few[i]);
}

void
rf_recent_move(const RfRecentSlot *slot, RfHistograms *histograms)
{
	recent_count_few(slot, histograms);
}

void
rf_recent_add(RfRecentSlot *slot, RfHistograms *histograms, const RfRecentAttempt *attempt)
{
	if (histograms != NULL)
		recent_count(histograms, attempt->bucket);
	else
		memcpy(slot->few[slot->attempts % RF_RECENT_FEW], attempt->bucket, RF_PHASES);
	slot->attempts++;
	slot->failures += attempt->failed;
}

RfWindow
rf_recent_window(int slot)
{
	return slot < RF_RECENT_MINUTES ? RF_WINDOW_5M : RF_WINDOW_24H;
}

bool
rf_recent_counts(const RfRecentSlot *slot, RfWindow window, int64_t now)
{
	int64_t age = recent_period(window, now) - slot->period;

	return slot->period != 0 && age >= 0 && age < recent_rings[window].nslots;
}

void
rf_recent_sum(const RfRecentSlot *slot, const RfHistograms *histograms, RfRecentSum *sum)
{
	sum->attempts += slot->attempts;
	sum->failures += slot->failures;
	if (histograms == NULL)
	{
		recent_count_few(slot, &sum->histograms);
		return;
	}
	for (int i = 0; i < RF_PHASES; i++)
		rf_histogram_merge(&sum->histograms.phase[i], &histograms->phase[i]);
}
