/* links: delivery/recent.c delivery/histogram.c */
/*
 * recent.c
 *	  What a window of time holds, and what has left it.
 */
#include <string.h>

#include "delivery/recent.h"
#include "tap.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* Where a period of both windows begins. */
#define BEGIN (3000 * HOUR)

static RfRecent		recent;
static RfHistograms many[3]; /* many[0] stands for none */

static void
forget(void)
{
	memset(&recent, 0, sizeof(recent));
	memset(many, 0, sizeof(many));
}

/* As the owner does; the slot that fills up first gets the first histograms. */
static void
add(RfWindow window, int64_t now, bool failed, int64_t total, bool memory)
{
	int64_t			usecs[RF_PHASES] = {-1, -1, -1, total / 2, total};
	RfRecentAttempt attempt = rf_recent_attempt(failed, usecs);
	RfRecentSlot   *slot = rf_recent_slot(&recent, window, now);

	if (rf_recent_is_over(slot, window, now))
		rf_recent_begin(slot, window, now);
	if (slot->many == 0 && memory && rf_recent_is_full(slot))
	{
		slot->many = 1;
		rf_recent_move(slot, &many[1]);
	}
	rf_recent_add(slot, slot->many != 0 ? &many[slot->many] : NULL, &attempt);
}

static RfRecentSum
sum(RfWindow window, int64_t now)
{
	RfRecentSum result;

	memset(&result, 0, sizeof(result));
	for (int i = 0; i < RF_RECENT_SLOTS; i++)
	{
		RfRecentSlot *slot = &recent.slot[i];

		if (rf_recent_window(i) == window && rf_recent_counts(slot, window, now))
			rf_recent_sum(slot, slot->many != 0 ? &many[slot->many] : NULL, &result);
	}
	return result;
}

static uint64_t
counted(RfWindow window, int64_t now)
{
	return sum(window, now).attempts;
}

static void
test_time(void)
{
	forget();
	ok(counted(RF_WINDOW_5M, BEGIN) == 0, "nothing happened yet");
	ok(counted(RF_WINDOW_5M, 0) == 0, "at the beginning of time either");
	add(RF_WINDOW_5M, BEGIN, false, 1000, true);
	add(RF_WINDOW_5M, BEGIN + 59 * SECOND, true, 1000, true);
	ok(counted(RF_WINDOW_5M, BEGIN + 59 * SECOND) == 2, "two in a minute");
	ok(sum(RF_WINDOW_5M, BEGIN + 59 * SECOND).failures == 1, "one of them failed");
	ok(counted(RF_WINDOW_5M, BEGIN + 5 * MINUTE - 1) == 2, "they stay for five minutes");
	ok(counted(RF_WINDOW_5M, BEGIN + 5 * MINUTE) == 0, "and no longer");
	ok(counted(RF_WINDOW_24H, BEGIN) == 0, "the other window is another");
	add(RF_WINDOW_5M, BEGIN + 4 * MINUTE, false, 1000, true);
	ok(counted(RF_WINDOW_5M, BEGIN + 4 * MINUTE) == 3, "a later minute adds to them");
	add(RF_WINDOW_5M, BEGIN + 5 * MINUTE, false, 1000, true);
	ok(counted(RF_WINDOW_5M, BEGIN + 5 * MINUTE) == 2, "the first minute's slot begins anew");
	ok(counted(RF_WINDOW_5M, BEGIN + 100 * HOUR) == 0, "after a long silence nothing is left");
	add(RF_WINDOW_5M, BEGIN + 100 * HOUR, false, 1000, true);
	ok(counted(RF_WINDOW_5M, BEGIN + 100 * HOUR) == 1, "but what comes then");
	ok(counted(RF_WINDOW_5M, BEGIN) == 0, "what is to come does not count");
}

static void
test_day(void)
{
	forget();
	for (int i = 0; i < 24; i++)
		add(RF_WINDOW_24H, BEGIN + i * HOUR, false, 1000, true);
	ok(counted(RF_WINDOW_24H, BEGIN + 24 * HOUR - 1) == 24, "a day");
	ok(counted(RF_WINDOW_24H, BEGIN + 24 * HOUR) == 21, "its first three hours leave it");
	ok(counted(RF_WINDOW_24H, BEGIN + 45 * HOUR - 1) == 3, "then the next, to the last");
	ok(counted(RF_WINDOW_24H, BEGIN + 45 * HOUR) == 0, "a day later nothing is left");
}

static void
test_many(bool memory)
{
	static const int percent[] = {50, 99};
	const char		*with = memory ? "with histograms" : "without";
	int64_t			 usecs[2];
	RfRecentSum		 result;

	forget();
	for (int i = 0; i < RF_RECENT_FEW; i++)
		add(RF_WINDOW_5M, BEGIN, true, SECOND, memory);
	ok(recent.slot[0].many == 0 && recent.slot[1].many == 0, "%s: few need none", with);
	for (int i = 0; i < 9 * RF_RECENT_FEW; i++)
		add(RF_WINDOW_5M, BEGIN, false, 1000, memory);
	result = sum(RF_WINDOW_5M, BEGIN);
	ok(result.attempts == 10 * RF_RECENT_FEW && result.failures == RF_RECENT_FEW,
	   "%s: all are counted", with);
	ok(rf_histogram_percentiles(&result.histograms.phase[RF_PHASE_TOTAL], percent, 2, usecs) ==
		   (memory ? 10 * RF_RECENT_FEW : RF_RECENT_FEW),
	   "%s: %s are measured", with, memory ? "all" : "the last few");
	ok(usecs[0] > 800 && usecs[0] < 1200, "%s: half of them", with);
	ok((usecs[1] > SECOND / 2) == memory, "%s: the slow ones", with);
	ok(rf_histogram_percentiles(&result.histograms.phase[RF_PHASE_DNS], percent, 2, usecs) == 0,
	   "%s: a phase that did not happen is not counted", with);
}

int
main(void)
{
	test_time();
	test_day();
	test_many(true);
	test_many(false);
	return tap_done();
}
