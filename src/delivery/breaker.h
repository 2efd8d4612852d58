/*
 * breaker.h
 *	  When to leave an endpoint alone that fails most of the time. Pure: no
 *	  clock of its own; times are in microseconds, of a clock that never jumps.
 *
 * Closed, it counts the attempts of the last 5 minutes. When at least 10 of them
 * ended and at least 70 % failed, it opens for 30 s; then one attempt is let
 * through, the probe. Success closes it and begins a new count; failure opens it
 * for twice as long as before, at most 30 minutes. Unless it is closed, nothing
 * but the probe counts: what was under way when it opened says nothing new.
 */
#ifndef RF_BREAKER_H
#define RF_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define RF_BREAKER_SLOTS 10

typedef enum RfBreakerState
{
	RF_BREAKER_CLOSED,
	RF_BREAKER_OPEN,
	RF_BREAKER_PROBING /* the probe is under way */
} RfBreakerState;

/* All zero is a closed one that has seen nothing. */
typedef struct RfBreaker
{
	RfBreakerState state;
	int			   openings;   /* in a row, without a success of the probe between */
	int64_t		   open_until; /* not before: the probe */
	int64_t		   slot;	   /* the newest of the slots, counted from time 0 */
	struct
	{
		int ended;
		int failed;
	} slots[RF_BREAKER_SLOTS]; /* a ring, by slot */
} RfBreaker;

/* When an attempt may begin: a time that may be past, INT64_MAX while a probe is under way. */
extern int64_t rf_breaker_admits_at(const RfBreaker *breaker);

/* One begins, at a time that admits it. Returns whether it is the probe. */
extern bool rf_breaker_begin(RfBreaker *breaker);

/* One ended. Returns whether the state has changed. */
extern bool rf_breaker_end(RfBreaker *breaker, int64_t now, bool probe, bool failed);

/* The probe could not be made after all: another may be, at once. */
extern void rf_breaker_forgo(RfBreaker *breaker);

/* As it was kept: open since before, or closed if there were no openings. */
extern void rf_breaker_restore(RfBreaker *breaker, int openings, int64_t open_until);

/* "closed", "open" or "probing". */
extern const char *rf_breaker_name(RfBreakerState state);

#endif /* RF_BREAKER_H */
