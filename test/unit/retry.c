/* links: delivery/retry.c */
/*
 * retry.c
 *	  When a delivery is tried again, and what its answer means.
 */
#include <string.h>

#include "delivery/retry.h"
#include "tap.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY	   (24 * HOUR)

#define LOWEST	UINT32_C(0)
#define MIDDLE	UINT32_C(0x80000000)
#define HIGHEST UINT32_MAX

/* 1994-11-06 08:49:37 UTC, the date all of RFC 9110's examples show. */
#define EXAMPLE (INT64_C(784111777) * SECOND)

static int64_t
delay(int attempts, uint32_t random, int64_t retry_after)
{
	return rf_retry_delay(&rf_retry_default_schedule, attempts, random, retry_after);
}

static void
test_schedule(void)
{
	static const int64_t steps[] = {
		0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR,
		20 * HOUR, 24 * HOUR};

	for (int i = 0; i < 10; i++)
		ok(delay(i, MIDDLE, -1) == steps[i], "step %d", i);
	ok(delay(10, MIDDLE, -1) == -1, "exhausted after ten attempts");
	ok(delay(11, MIDDLE, -1) == -1, "and stays so");
	ok(delay(10, MIDDLE, HOUR) == -1, "whatever the endpoint asks for");
}

static void
test_jitter(void)
{
	RfSchedule schedule = {.n = 4, .delay = {SECOND, 2 * SECOND, SECOND / 2, HOUR}};

	ok(delay(1, LOWEST, -1) == 4 * SECOND, "5 s less 20 %%");
	ok(delay(1, HIGHEST, -1) > 6 * SECOND - 10 && delay(1, HIGHEST, -1) <= 6 * SECOND,
	   "5 s plus 20 %%");
	ok(delay(0, LOWEST, -1) == 0 && delay(0, HIGHEST, -1) == 0, "none where there is no delay");
	ok(delay(9, LOWEST, -1) == 24 * HOUR * 4 / 5, "24 h less 20 %%");
	ok(rf_retry_delay(&schedule, 1, LOWEST, -1) == SECOND, "at least 1 s of 2 s");
	ok(rf_retry_delay(&schedule, 0, LOWEST, -1) == SECOND * 4 / 5, "20 %% of 1 s");
	ok(rf_retry_delay(&schedule, 2, LOWEST, -1) == SECOND * 2 / 5, "20 %% of less than 1 s");
}

/* Every step, whatever the random number: within 20 %, or within 1 s of short ones. */
static void
test_jitter_bounds(void)
{
	for (int i = 0; i < 10; i++)
	{
		int64_t step = rf_retry_default_schedule.delay[i];
		int64_t spread = step / 5;
		bool	within = true;

		for (uint32_t random = 0; random < UINT32_MAX - 0x01000000; random += 0x00ffffff)
		{
			int64_t got = delay(i, random, -1);

			within = within && got >= step - spread && got <= step + spread;
		}
		ok(within, "step %d stays within 20 %%", i);
	}
	ok(delay(5, LOWEST, -1) < delay(5, MIDDLE, -1) && delay(5, MIDDLE, -1) < delay(5, HIGHEST, -1),
	   "and uses all of it");
}

/* A schedule of the webhook's own: one attempt, none after it; and the longest. */
static void
test_own_schedules(void)
{
	RfSchedule once = {.n = 1, .delay = {0}};
	RfSchedule most = {.n = RF_SCHEDULE_MAX};

	for (int i = 0; i < RF_SCHEDULE_MAX; i++)
		most.delay[i] = 30 * DAY;
	ok(rf_retry_delay(&once, 0, MIDDLE, -1) == 0, "one attempt at once");
	ok(rf_retry_delay(&once, 1, MIDDLE, -1) == -1, "and no second one");
	ok(rf_retry_delay(&most, RF_SCHEDULE_MAX - 1, HIGHEST, -1) <= 36 * DAY, "fifty of 30 days");
	ok(rf_retry_delay(&most, RF_SCHEDULE_MAX, LOWEST, -1) == -1, "and no more");
}

static void
test_wish(void)
{
	ok(delay(1, MIDDLE, 60 * SECOND) == 60 * SECOND, "not before the endpoint wants it");
	ok(delay(2, MIDDLE, 60 * SECOND) == 5 * MINUTE, "not before the schedule either");
	ok(delay(1, MIDDLE, 365 * DAY) == DAY, "at most 24 h");
	ok(delay(1, MIDDLE, 0) == 5 * SECOND, "a wish for now changes nothing");
}

typedef struct Wish
{
	const char *value;
	int64_t		expected;
} Wish;

static const Wish wishes[] = {
	{"0", 0},
	{"1", SECOND},
	{"120", 120 * SECOND},
	{"86400", DAY},
	{"86401", DAY},
	{"99999999999999999999999999", DAY},
	/* The three forms of a date, 100 s from now */
	{"Sun, 06 Nov 1994 08:51:17 GMT", 100 * SECOND},
	{"Sunday, 06-Nov-94 08:51:17 GMT", 100 * SECOND},
	{"Sun Nov  6 08:51:17 1994", 100 * SECOND},
	{"Sun Nov 06 08:51:17 1994", 100 * SECOND},
	{"Wed, 06 Nov 1994 08:51:17 GMT", 100 * SECOND},
	/* Now, before, long after */
	{"Sun, 06 Nov 1994 08:49:37 GMT", 0},
	{"Sun, 06 Nov 1994 08:49:36 GMT", 0},
	{"Sat, 01 Jan 1994 00:00:00 GMT", 0},
	{"Mon, 07 Nov 1994 08:49:36 GMT", DAY - SECOND},
	{"Fri, 31 Dec 9999 23:59:59 GMT", DAY},
	{"Wednesday, 09-Nov-44 23:12:40 GMT", DAY},
	{"Wednesday, 09-Nov-45 23:12:40 GMT", 0},
	{"Sun, 06 Nov 1994 08:49:60 GMT", 23 * SECOND},
	/* No sense */
	{"", -1},
	{"-1", -1},
	{"+1", -1},
	{"1.5", -1},
	{"1 ", -1},
	{"soon", -1},
	{"0x10", -1},
	{"Sun, 06 Nov 1994 08:49:37", -1},
	{"Sun, 06 Nov 1994 08:49:37 CET", -1},
	{"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
	{"Sun, 6 Nov 1994 08:49:37 GMT", -1},
	{"Sun,06 Nov 1994 08:49:37 GMT", -1},
	{"Sun, 00 Nov 1994 08:49:37 GMT", -1},
	{"Sun, 32 Nov 1994 08:49:37 GMT", -1},
	{"Sun, 06 Nox 1994 08:49:37 GMT", -1},
	{"Sun, 06 Nov 1994 24:49:37 GMT", -1},
	{"Sun, 06 Nov 1994 08:60:37 GMT", -1},
	{"Sun Nov  6 08:51:17 94", -1},
	{"Sun", -1},
	{"Sun,", -1},
	{", ", -1},
	{"Sun Nov", -1},
};

static void
test_retry_after(void)
{
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
	{
		int64_t got = rf_retry_after(wishes[i].value, EXAMPLE);

		ok(got == wishes[i].expected, "Retry-After: %s means %lld us", wishes[i].value,
		   (long long) got);
	}
	ok(rf_retry_after("Tue, 29 Feb 2028 00:00:10 GMT", INT64_C(1835395200) * SECOND) == 10 * SECOND,
	   "a leap day");
	ok(rf_retry_after("Mon, 01-Mar-00 00:00:00 GMT", INT64_C(951868790) * SECOND) == 10 * SECOND,
	   "two digits around the turn of a century");
}

static void
test_outcomes(void)
{
	ok(rf_retry_outcome(RF_FAULT_NONE, 200) == RF_OUTCOME_SUCCESS, "200 is success");
	ok(rf_retry_outcome(RF_FAULT_NONE, 204) == RF_OUTCOME_SUCCESS, "so is 204");
	ok(rf_retry_outcome(RF_FAULT_NONE, 299) == RF_OUTCOME_SUCCESS, "so is 299");
	ok(rf_retry_outcome(RF_FAULT_NONE, 199) == RF_OUTCOME_FAILURE, "199 is not");
	ok(rf_retry_outcome(RF_FAULT_NONE, 301) == RF_OUTCOME_FAILURE, "nor is a redirect");
	ok(rf_retry_outcome(RF_FAULT_NONE, 404) == RF_OUTCOME_FAILURE, "404 is a failure");
	ok(rf_retry_outcome(RF_FAULT_NONE, 500) == RF_OUTCOME_FAILURE, "500 is a failure");
	ok(rf_retry_outcome(RF_FAULT_NONE, 410) == RF_OUTCOME_GONE, "410 ends it");
	ok(rf_retry_outcome(RF_FAULT_SILENCE, 0) == RF_OUTCOME_FAILURE, "silence is a failure");
	ok(rf_retry_outcome(RF_FAULT_BROKEN, 200) == RF_OUTCOME_FAILURE, "half an answer, too");
	ok(rf_retry_outcome(RF_FAULT_FORBIDDEN, 0) == RF_OUTCOME_FAILURE, "a forbidden target, too");
	ok(rf_retry_outcome(RF_FAULT_OWN, 0) == RF_OUTCOME_NO_ATTEMPT, "our own fault is no attempt");
}

static void
test_overload(void)
{
	static const int statuses[] = {429, 502, 503, 504};

	for (int i = 0; i < 4; i++)
		ok(rf_retry_is_overload(RF_FAULT_NONE, statuses[i]), "%d says: too much", statuses[i]);
	ok(rf_retry_is_overload(RF_FAULT_SILENCE, 0), "so does silence");
	ok(!rf_retry_is_overload(RF_FAULT_NONE, 200), "200 does not");
	ok(!rf_retry_is_overload(RF_FAULT_NONE, 408), "nor do 408,");
	ok(!rf_retry_is_overload(RF_FAULT_NONE, 500), "500,");
	ok(!rf_retry_is_overload(RF_FAULT_NONE, 501), "501");
	ok(!rf_retry_is_overload(RF_FAULT_NONE, 505), "and 505");
	ok(!rf_retry_is_overload(RF_FAULT_BROKEN, 503), "nor half an answer");
	ok(!rf_retry_is_overload(RF_FAULT_OWN, 0), "nor what is our own fault");
}

int
main(void)
{
	test_schedule();
	test_jitter();
	test_jitter_bounds();
	test_own_schedules();
	test_wish();
	test_retry_after();
	test_outcomes();
	test_overload();
	return tap_done();
}
