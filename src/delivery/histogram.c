/*
 * histogram.c
 *	  See histogram.h.
 */
#include "delivery/histogram.h"

/* The highest bit that is set; not of 0. */
static int
histogram_log2(uint64_t value)
{
	return 63 - __builtin_clzll(value);
}

int
rf_histogram_bucket(int64_t usecs)
{
	int power;
	int part;

	if (usecs < (INT64_C(1) << RF_HISTOGRAM_SHORTEST))
		return 0;
	if (usecs >= (INT64_C(1) << RF_HISTOGRAM_LONGEST))
		return RF_HISTOGRAM_BUCKETS - 1;
	power = histogram_log2((uint64_t) usecs);
	part = (int) (usecs >> (power - 2)) - RF_HISTOGRAM_PARTS;
	return 1 + (power - RF_HISTOGRAM_SHORTEST) * RF_HISTOGRAM_PARTS + part;
}

int64_t
rf_histogram_middle(int bucket)
{
	int		power = RF_HISTOGRAM_SHORTEST + (bucket - 1) / RF_HISTOGRAM_PARTS;
	int		part = (bucket - 1) % RF_HISTOGRAM_PARTS;
	int64_t width = (INT64_C(1) << power) / RF_HISTOGRAM_PARTS;

	if (bucket == 0)
		return (INT64_C(1) << RF_HISTOGRAM_SHORTEST) / 2;
	return (RF_HISTOGRAM_PARTS + part) * width + width / 2;
}

void
rf_histogram_merge(RfHistogram *into, const RfHistogram *from)
{
	for (int i = 0; i < RF_HISTOGRAM_BUCKETS; i++)
		into->count[i] += from->count[i];
}

static uint64_t
histogram_total(const RfHistogram *histogram)
{
	uint64_t total = 0;

	for (int i = 0; i < RF_HISTOGRAM_BUCKETS; i++)
		total += histogram->count[i];
	return total;
}

uint64_t
rf_histogram_percentiles(const RfHistogram *histogram, const int *percent, int n, int64_t *usecs)
{
	uint64_t total = histogram_total(histogram);
	uint64_t passed = 0;
	int		 found = 0;

	for (int i = 0; i < RF_HISTOGRAM_BUCKETS && found < n; i++)
	{
		passed += histogram->count[i];
		while (found < n && total > 0 && passed * 100 >= total * (uint64_t) percent[found])
			usecs[found++] = rf_histogram_middle(i);
	}
	return total;
}
