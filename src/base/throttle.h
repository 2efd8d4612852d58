/*
 * throttle.h
 *	  At most so many requests per second: a bucket of tokens. Pure: no clock of
 *	  its own; times are in microseconds, of a clock that never jumps.
 *
 * The bucket holds one second's worth, at least one token, and starts full. What
 * is taken is exact over time: fractions of a token are kept.
 */
#ifndef RF_THROTTLE_H
#define RF_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/visible.h"

/* All zero limits nothing. */
typedef struct RfThrottle
{
	double	rate;	/* tokens per second; 0: no limit */
	double	tokens; /* at that time */
	int64_t at;
} RfThrottle;

/* Another rate, 0 for none: begins with a full bucket. The same one changes nothing. */
extern RF_VISIBLE void rf_throttle_set(RfThrottle *throttle, double rate, int64_t now);

/* When a token will be there: "now" if one is; at most a day ahead, to ask again. */
extern RF_VISIBLE int64_t rf_throttle_ready_at(RfThrottle *throttle, int64_t now);

/* Take one. False if there is none. */
extern RF_VISIBLE bool rf_throttle_take(RfThrottle *throttle, int64_t now);

/* The last one taken was not needed. */
extern void rf_throttle_give_back(RfThrottle *throttle);

#endif /* RF_THROTTLE_H */
