/*
 * clock.c
 *	  See clock.h.
 */
#include "postgres.h"

#include <time.h>

#include "base/clock.h"

int rf_clock_offset = 0;

int64
rf_monotonic_usecs(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * USECS_PER_SEC + now.tv_nsec / 1000;
}

TimestampTz
rf_steady_now(void)
{
	static TimestampTz begin = 0; /* the system's time when the monotonic clock showed 0 */
	int64			   elapsed = rf_monotonic_usecs();

	if (begin == 0)
		begin = GetCurrentTimestamp() - elapsed;
	return begin + elapsed;
}

TimestampTz
rf_steady_from_wall(TimestampTz when)
{
	if (TIMESTAMP_NOT_FINITE(when))
		return when;
	return when - GetCurrentTimestamp() + rf_steady_now();
}

TimestampTz
rf_steady_to_wall(TimestampTz when)
{
	if (TIMESTAMP_NOT_FINITE(when))
		return when;
	return when - rf_steady_now() + GetCurrentTimestamp();
}
