/*
 * clock.h
 *	  The one clock of the domain.
 */
#ifndef RF_CLOCK_H
#define RF_CLOCK_H

#include "access/xact.h"
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

/* The domain's now: the transaction's start plus the offset. */
static inline TimestampTz
rf_now(void)
{
	return GetCurrentTransactionStartTimestamp() + rf_clock_offset * USECS_PER_SEC;
}

#endif /* RF_CLOCK_H */
