/*
 * clock.h
 *	  The one clock of the domain, and a steady one for timers.
 */
#ifndef RF_CLOCK_H
#define RF_CLOCK_H

#include "access/xact.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* Setting referral.clock_offset, in seconds; for tests. */
extern int rf_clock_offset;

/* How far ahead of us the clocks of callers may be, in microseconds. */
#define RF_CLOCK_SKEW (5 * USECS_PER_MINUTE)

/* A time as Unix counts: microseconds since 1970. */
static inline int64
rf_unix_usecs(TimestampTz when)
{
	return when + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

/*
 * Microseconds on a clock that never jumps and is the same for all processes,
 * from an arbitrary moment: for what they share.
 */
extern int64 rf_monotonic_usecs(void);

/*
 * A clock that never jumps, for what is kept in this process's memory: the
 * system's time when it was first asked, and what has passed since.
 */
extern PGDLLEXPORT TimestampTz rf_steady_now(void);

/* A time of the system's clock as the steady clock will show it; infinities stay. */
extern TimestampTz rf_steady_from_wall(TimestampTz when);

/* And back. */
extern TimestampTz rf_steady_to_wall(TimestampTz when);

/* The domain's now: the transaction's start plus the offset. */
static inline TimestampTz
rf_now(void)
{
	return GetCurrentTransactionStartTimestamp() + rf_clock_offset * USECS_PER_SEC;
}

/*
 * A time and an interval, or several intervals, later. Reckoned in UTC, so that
 * the session's time zone decides nothing; months are added at once, so that
 * 31 January and two months is 31 March.
 */
static inline TimestampTz
rf_time_add(TimestampTz when, const Interval *interval)
{
	/* A timestamptz is kept in UTC: as a plain timestamp it is UTC's. */
	return DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval,
												 TimestampGetDatum(when),
												 IntervalPGetDatum(interval)));
}

#endif /* RF_CLOCK_H */
