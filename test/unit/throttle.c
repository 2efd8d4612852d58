/* links: base/throttle.c */
/*
 * throttle.c
 *	  So many requests per second: never more, and over time no fewer.
 */
#include "base/throttle.h"
#include "tap.h"

#define SECOND INT64_C(1000000)
#define START  (1000000 * SECOND)
#define DAY	   (86400 * SECOND)

static RfThrottle
throttle(double rate)
{
	RfThrottle result = {0};

	rf_throttle_set(&result, rate, START);
	return result;
}

/* How many can be taken from the start on, by somebody who waits as he is told. */
static int
taken_within(double rate, int64_t time)
{
	RfThrottle bucket = throttle(rate);
	int64_t	   now = START;
	int		   n = 0;

	while (now <= START + time)
	{
		int64_t ready = rf_throttle_ready_at(&bucket, now);

		if (ready > now)
			now = ready;
		else if (rf_throttle_take(&bucket, now))
			n++;
	}
	return n;
}

/* What was there at the start, and what came since. */
typedef struct Case
{
	double	rate;
	int64_t time;
	int		expected;
} Case;

static const Case cases[] = {
	{1, 0, 1},
	{1, 10 * SECOND, 11},
	{5, 0, 5},
	{5, 10 * SECOND, 55},
	{0.2, 0, 1},
	{0.2, 5 * SECOND - 2, 1},
	{0.2, 5 * SECOND, 2},
	{0.2, 3600 * SECOND, 721},
	{0.3, 1000 * SECOND + 2, 301},
	{1.5, 0, 1},
	{1.5, 100 * SECOND, 151},
	{2.5, 1000 * SECOND, 2502},
	{1.0 / 3600, DAY, 25},
	{1.0 / 604800, 7 * DAY, 2},
	{7, 1000 * SECOND, 7007},
	{1000, 60 * SECOND, 61000},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int got = taken_within(cases[i].rate, cases[i].time);

		ok(got == cases[i].expected, "%g a second for %g s: %d", cases[i].rate,
		   (double) cases[i].time / SECOND, got);
	}
}

static void
test_waiting(void)
{
	RfThrottle bucket = throttle(0.2);

	ok(rf_throttle_ready_at(&bucket, START) == START, "full at first");
	ok(rf_throttle_take(&bucket, START), "one can be taken");
	ok(!rf_throttle_take(&bucket, START), "and no more");
	ok(rf_throttle_ready_at(&bucket, START) == START + 5 * SECOND, "the next in 5 s");
	ok(rf_throttle_ready_at(&bucket, START + 2 * SECOND) == START + 5 * SECOND,
	   "whenever one asks");
	ok(!rf_throttle_take(&bucket, START + 4 * SECOND), "not before");
	ok(rf_throttle_take(&bucket, START + 5 * SECOND), "but then");
	ok(rf_throttle_ready_at(&bucket, START - SECOND) == START + 10 * SECOND,
	   "an earlier time brings nothing");
}

/* Who wakes up some milliseconds late gets as many in the end. */
static void
test_lateness(void)
{
	static const double rates[] = {0.2, 1, 1.5, 50};

	for (int i = 0; i < 4; i++)
	{
		RfThrottle bucket = throttle(rates[i]);
		int64_t	   now = START;
		int		   n = 0;

		while (now <= START + 1000 * SECOND)
		{
			int64_t ready = rf_throttle_ready_at(&bucket, now);

			now = ready > now ? ready + 9000 : now;
			n += rf_throttle_take(&bucket, now);
		}
		ok(n >= 1000 * rates[i] && n <= 1000 * rates[i] + rates[i] + 1, "%g a second, late: %d",
		   rates[i], n);
	}
}

/* Whatever was not used beyond a second's worth is gone. */
static void
test_idle(void)
{
	RfThrottle bucket = throttle(5);
	int		   n = 0;

	while (rf_throttle_take(&bucket, START + 3600 * SECOND))
		n++;
	ok(n == 5, "an idle hour leaves one second's worth");
	bucket = throttle(0.01);
	n = 0;
	while (rf_throttle_take(&bucket, START + 3600 * SECOND))
		n++;
	ok(n == 1, "or one token");
}

static void
test_rates(void)
{
	RfThrottle bucket = {0};
	bool	   all = true;

	for (int i = 0; i < 100000; i++)
		all = all && rf_throttle_take(&bucket, START);
	ok(all, "no rate is no limit");
	ok(rf_throttle_ready_at(&bucket, START) == START, "nothing to wait for");
	bucket = throttle(2);
	(void) rf_throttle_take(&bucket, START);
	(void) rf_throttle_take(&bucket, START);
	rf_throttle_set(&bucket, 2, START);
	ok(!rf_throttle_take(&bucket, START), "the same rate is no new bucket");
	rf_throttle_set(&bucket, 3, START);
	ok(rf_throttle_take(&bucket, START), "another one is");
	rf_throttle_set(&bucket, 0, START);
	ok(rf_throttle_take(&bucket, START) && rf_throttle_take(&bucket, START), "none is no limit");
	bucket = throttle(1e-300);
	(void) rf_throttle_take(&bucket, START);
	ok(rf_throttle_ready_at(&bucket, START) == START + DAY, "hardly ever: ask again in a day");
	bucket = throttle(1e300);
	ok(rf_throttle_take(&bucket, START), "and as often as you like");
}

static void
test_giving_back(void)
{
	RfThrottle bucket = throttle(0.5);

	(void) rf_throttle_take(&bucket, START);
	rf_throttle_give_back(&bucket);
	ok(rf_throttle_take(&bucket, START), "what was given back can be taken");
	ok(!rf_throttle_take(&bucket, START), "once");
	bucket = throttle(0.5);
	rf_throttle_give_back(&bucket);
	(void) rf_throttle_take(&bucket, START);
	ok(!rf_throttle_take(&bucket, START), "the bucket holds no more than before");
}

int
main(void)
{
	test_cases();
	test_waiting();
	test_lateness();
	test_idle();
	test_rates();
	test_giving_back();
	return tap_done();
}
