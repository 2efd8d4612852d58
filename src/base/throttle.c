/*
 * throttle.c
 *	  See throttle.h.
 */
#include <math.h>

#include "base/throttle.h"

#define SECOND 1e6
#define DAY	   (24 * 60 * 60 * SECOND)

/*
 * A token that lacks less than this is there, so that who waits until it is told
 * to finds one, whatever is lost in rounding. What it lacked is owed: nothing
 * adds up.
 */
#define WHOLE (1.0 - 1e-6)

#define LATE 0.1 /* seconds that a taker may be late */

/* One that is full at one token would lose what comes while its taker wakes up. */
static double
throttle_capacity(const RfThrottle *throttle)
{
	return fmax(throttle->rate, 1.0 + throttle->rate * LATE);
}

void
rf_throttle_set(RfThrottle *throttle, double rate, int64_t now)
{
	if (throttle->rate == rate)
		return;
	throttle->rate = rate;
	throttle->tokens = fmax(rate, 1.0);
	throttle->at = now;
}

static void
throttle_fill(RfThrottle *throttle, int64_t now)
{
	if (now <= throttle->at)
		return;
	throttle->tokens += (double) (now - throttle->at) / SECOND * throttle->rate;
	throttle->tokens = fmin(throttle->tokens, throttle_capacity(throttle));
	throttle->at = now;
}

int64_t
rf_throttle_ready_at(RfThrottle *throttle, int64_t now)
{
	double wait;

	if (throttle->rate <= 0)
		return now;
	throttle_fill(throttle, now);
	if (throttle->tokens >= WHOLE)
		return now;
	wait = ceil((1.0 - throttle->tokens) / throttle->rate * SECOND);
	return throttle->at + (int64_t) fmin(DAY, wait);
}

bool
rf_throttle_take(RfThrottle *throttle, int64_t now)
{
	if (rf_throttle_ready_at(throttle, now) > now)
		return false;
	throttle->tokens -= 1.0;
	return true;
}

void
rf_throttle_give_back(RfThrottle *throttle)
{
	throttle->tokens = fmin(throttle_capacity(throttle), throttle->tokens + 1.0);
}
