/*
 * histogram.h
 *	  How long things took: a histogram whose buckets grow with the time. Pure.
 *
 * Each power of two from 32 microseconds to 67 seconds has four buckets, and
 * what is shorter has one. A bucket is at most a quarter as wide as the times in
 * it are long, so that a percentile, which is given as the middle of its bucket,
 * is at most an eighth off the true one. Below 32 microseconds it says 16; more
 * than 67 seconds, which is longer than a request may take, count as the last
 * bucket.
 */
#ifndef RF_HISTOGRAM_H
#define RF_HISTOGRAM_H

#include <stdint.h>

#define RF_HISTOGRAM_SHORTEST 5	 /* log2 of microseconds */
#define RF_HISTOGRAM_LONGEST  26 /* log2 of microseconds */
#define RF_HISTOGRAM_PARTS	  4	 /* buckets of each power of two */
#define RF_HISTOGRAM_BUCKETS \
	(1 + RF_HISTOGRAM_PARTS * (RF_HISTOGRAM_LONGEST - RF_HISTOGRAM_SHORTEST))

typedef struct RfHistogram
{
	uint32_t count[RF_HISTOGRAM_BUCKETS];
} RfHistogram;

/* The bucket of a time in microseconds. */
extern int rf_histogram_bucket(int64_t usecs);

/* The middle of a bucket, in microseconds. */
extern int64_t rf_histogram_middle(int bucket);

/* Add what another one counted. */
extern void rf_histogram_merge(RfHistogram *into, const RfHistogram *from);

/*
 * The times, in microseconds, that these percentages of all do not exceed;
 * "percent" ascends. Returns how many times were counted; with none, nothing is
 * written.
 */
extern uint64_t rf_histogram_percentiles(const RfHistogram *histogram, const int *percent, int n,
										 int64_t *usecs);

#endif /* RF_HISTOGRAM_H */
