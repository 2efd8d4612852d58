/*
 * retry.h
 *	  When to try again, and what an answer means. Pure: no clock and no
 *	  random numbers of its own; times are in microseconds.
 */
#ifndef RF_RETRY_H
#define RF_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RF_SCHEDULE_MAX 50

/* delay[n] is the time between attempt n and the next one; delay[0] precedes the first. */
typedef struct RfSchedule
{
	int		n;
	int64_t delay[RF_SCHEDULE_MAX];
} RfSchedule;

/* How an exchange ended, as far as HTTP is not concerned. */
typedef enum RfFault
{
	RF_FAULT_NONE,		/* there is a complete answer */
	RF_FAULT_SILENCE,	/* no answer in time, or no connection */
	RF_FAULT_BROKEN,	/* an answer that breaks off or breaks rules */
	RF_FAULT_FORBIDDEN, /* the address must not be dialled */
	RF_FAULT_OWN		/* ours: no descriptors, no memory, no network */
} RfFault;

typedef enum RfOutcome
{
	RF_OUTCOME_SUCCESS,
	RF_OUTCOME_FAILURE,	  /* follows the schedule */
	RF_OUTCOME_GONE,	  /* 410: the endpoint wants no more */
	RF_OUTCOME_ABORTED,	  /* the endpoint wants this one no more; no status says so */
	RF_OUTCOME_NO_ATTEMPT /* nobody was reached through no fault of theirs */
} RfOutcome;

/* 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h */
extern const RfSchedule rf_retry_default_schedule;

/* status is only looked at without a fault. */
extern RfOutcome rf_retry_outcome(RfFault fault, int status);

/* Does it say that the endpoint has too much to do: 429, 502, 503, 504, or silence? */
extern bool rf_retry_is_overload(RfFault fault, int status);

/*
 * Delay before the next attempt after "attempts" of them, ±20 % (at least ±1 s
 * where the step is longer than 1 s) by the random number given. retry_after
 * is what the endpoint asked for, -1 if nothing: the delay is not shorter than
 * that, up to 24 h. Returns -1 when the schedule is exhausted.
 */
extern int64_t rf_retry_delay(const RfSchedule *schedule, int attempts,
							  uint32_t random, int64_t retry_after);

/*
 * What a Retry-After header asks for, counted from "now" (microseconds since
 * 1970): seconds, or a date in one of the three forms of RFC 9110. At most
 * 24 h; 0 for a date that is past; -1 if the value makes no sense.
 */
extern int64_t rf_retry_after(const char *value, int64_t now);

#endif /* RF_RETRY_H */
