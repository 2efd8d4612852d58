/*
 * concurrency.h
 *	  How many requests at a time an endpoint can bear. Pure: no clock of its
 *	  own; times are in microseconds, of a clock that never jumps.
 *
 * The window begins at what the webhook allows. An answer that says "too much"
 * halves it, once for each round trip: what was sent before it was last halved
 * tells nothing of the new one. As many successes as it is wide make it wider
 * by one.
 */
#ifndef RF_CONCURRENCY_H
#define RF_CONCURRENCY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct RfConcurrency
{
	int		most;
	int		window;	   /* 1 to most */
	int		successes; /* since it changed */
	int64_t halved_at;
} RfConcurrency;

/* What the webhook allows: at first, and when it changes. */
extern void rf_concurrency_set(RfConcurrency *concurrency, int most);

/* It is another endpoint now: what was learned is forgotten. */
extern void rf_concurrency_reset(RfConcurrency *concurrency);

/* An exchange that began then ended well, or because the endpoint had too much to do. */
extern void rf_concurrency_success(RfConcurrency *concurrency, int64_t began);
extern void rf_concurrency_overload(RfConcurrency *concurrency, int64_t began, int64_t now);

#endif /* RF_CONCURRENCY_H */
