/* links: delivery/histogram.c */
/*
 * histogram.c
 *	  How far a percentile may be off, and what it is for known times.
 */
#include <string.h>

#include "delivery/histogram.h"
#include "tap.h"

#define SECOND INT64_C(1000000)

static RfHistogram histogram;

static void
count(int64_t usecs, uint32_t times)
{
	histogram.count[rf_histogram_bucket(usecs)] += times;
}

static int64_t
percentile(int percent)
{
	int64_t usecs = -1;

	rf_histogram_percentiles(&histogram, &percent, 1, &usecs);
	return usecs;
}

/* Is a time within an eighth of another? */
static bool
near(int64_t usecs, int64_t expected)
{
	int64_t difference = usecs - expected;

	return (difference < 0 ? -difference : difference) * 8 <= expected;
}

static void
test_buckets(void)
{
	static const struct
	{
		int64_t usecs;
		int		bucket;
	} cases[] = {
		{-1, 0},
		{0, 0},
		{31, 0},
		{32, 1},
		{39, 1},
		{40, 2},
		{63, 4},
		{64, 5},
		{79, 5},
		{80, 6},
		{(INT64_C(1) << 26) - 1, RF_HISTOGRAM_BUCKETS - 1},
		{INT64_C(1) << 26, RF_HISTOGRAM_BUCKETS - 1},
		{INT64_MAX, RF_HISTOGRAM_BUCKETS - 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(rf_histogram_bucket(cases[i].usecs) == cases[i].bucket, "bucket of %lld",
		   (long long) cases[i].usecs);
	ok(RF_HISTOGRAM_BUCKETS < 255, "a bucket fits into a byte, and one value is left");
}

static void
test_error(void)
{
	bool within = true;
	bool ascending = true;

	for (int64_t usecs = 32; usecs < (INT64_C(1) << 26); usecs += 1 + usecs / 1000)
		within &= near(rf_histogram_middle(rf_histogram_bucket(usecs)), usecs);
	ok(within, "the middle of its bucket is within an eighth of every time");
	for (int i = 1; i < RF_HISTOGRAM_BUCKETS; i++)
		ascending &= rf_histogram_middle(i) > rf_histogram_middle(i - 1);
	ok(ascending, "middles ascend");
	for (int i = 0; i < RF_HISTOGRAM_BUCKETS; i++)
		within &= rf_histogram_bucket(rf_histogram_middle(i)) == i;
	ok(within, "and lie in their buckets");
}

static void
test_percentiles(void)
{
	static const int percent[] = {50, 95, 99};
	int64_t			 usecs[3] = {-1, -1, -1};

	memset(&histogram, 0, sizeof(histogram));
	ok(rf_histogram_percentiles(&histogram, percent, 3, usecs) == 0, "nothing was counted");
	ok(usecs[0] == -1 && usecs[2] == -1, "then nothing is said");
	count(2000, 1);
	ok(rf_histogram_percentiles(&histogram, percent, 3, usecs) == 1, "one");
	ok(near(usecs[0], 2000) && usecs[1] == usecs[0] && usecs[2] == usecs[0], "is all of them");
	memset(&histogram, 0, sizeof(histogram));
	count(1000, 50);
	count(10000, 45);
	count(SECOND, 5);
	ok(near(percentile(50), 1000), "half of them took a millisecond");
	ok(near(percentile(51), 10000), "more than half took longer");
	ok(near(percentile(95), 10000), "95 of 100");
	ok(near(percentile(96), SECOND) && near(percentile(99), SECOND), "the slowest");
	ok(near(percentile(100), SECOND), "all of them");
	ok(rf_histogram_percentiles(&histogram, percent, 3, usecs) == 100 &&
		   usecs[0] == percentile(50) && usecs[1] == percentile(95) && usecs[2] == percentile(99),
	   "several at once are the same");
	memset(&histogram, 0, sizeof(histogram));
	count(10, UINT32_MAX);
	count(SECOND, UINT32_MAX);
	ok(percentile(50) == 16 && near(percentile(51), SECOND), "eight thousand million");
}

static void
test_merge(void)
{
	RfHistogram other;

	memset(&histogram, 0, sizeof(histogram));
	count(1000, 10);
	other = histogram;
	memset(&histogram, 0, sizeof(histogram));
	count(SECOND, 10);
	rf_histogram_merge(&histogram, &other);
	ok(near(percentile(50), 1000) && near(percentile(51), SECOND), "a merge counts both");
}

int
main(void)
{
	test_buckets();
	test_error();
	test_percentiles();
	test_merge();
	return tap_done();
}
