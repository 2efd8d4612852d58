/* links: delivery/breaker.c */
/*
 * breaker.c
 *	  When an endpoint that fails is left alone, and when it is tried again.
 */
#include <string.h>

#include "delivery/breaker.h"
#include "tap.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define START  (1000000 * MINUTE)

/* So many attempts end at one time, and so many of them fail, last. */
typedef struct Burst
{
	int64_t at; /* after the start */
	int		ended;
	int		failed;
} Burst;

typedef struct Case
{
	const char *name;
	Burst		bursts[4];
	bool		opens;
} Case;

static const Case cases[] = {
	{"nothing", {{0}}, false},
	{"nine of nine", {{0, 9, 9}}, false},
	{"ten of ten", {{0, 10, 10}}, true},
	{"seven of ten", {{0, 10, 7}}, true},
	{"six of ten", {{0, 10, 6}}, false},
	{"69 of 99", {{0, 99, 69}}, false},
	{"70 of 100", {{0, 100, 70}}, true},
	{"failures spread over less than five minutes", {{0, 5, 5}, {4 * MINUTE, 5, 5}}, true},
	{"failures five minutes apart", {{0, 5, 5}, {5 * MINUTE, 5, 5}}, false},
	{"nine and one an hour later", {{0, 9, 9}, {60 * MINUTE, 1, 1}}, false},
	{"successes of long ago do not count", {{0, 100, 0}, {6 * MINUTE, 10, 10}}, true},
	{"those of a minute ago do", {{0, 100, 0}, {MINUTE, 10, 10}}, false},
	{"the oldest half minute goes first",
	 {{0, 20, 0}, {30 * SECOND, 3, 3}, {5 * MINUTE, 7, 7}},
	 true},
	{"in one second less it counts",
	 {{0, 20, 0}, {30 * SECOND, 3, 3}, {5 * MINUTE - SECOND, 7, 7}},
	 false},
	{"a clock that stands still", {{MINUTE, 5, 5}, {MINUTE, 5, 5}}, true},
};

static void
play(RfBreaker *breaker, const Burst *burst)
{
	for (int i = 0; i < burst->ended; i++)
		(void) rf_breaker_end(breaker, START + burst->at, false, i >= burst->ended - burst->failed);
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		RfBreaker breaker = {0};

		for (int j = 0; j < 4; j++)
			play(&breaker, &cases[i].bursts[j]);
		ok((breaker.state == RF_BREAKER_OPEN) == cases[i].opens, "%s: %s", cases[i].name,
		   cases[i].opens ? "opens" : "stays closed");
	}
}

static RfBreaker
opened(void)
{
	RfBreaker breaker = {0};

	for (int i = 0; i < 10; i++)
		(void) rf_breaker_end(&breaker, START, false, true);
	return breaker;
}

static void
test_opening(void)
{
	RfBreaker breaker = {0};

	ok(rf_breaker_admits_at(&breaker) <= START, "closed, it admits");
	ok(!rf_breaker_begin(&breaker), "what it admits is no probe");
	for (int i = 0; i < 9; i++)
		ok(!rf_breaker_end(&breaker, START, false, true), "failure %d changes nothing", i + 1);
	ok(rf_breaker_end(&breaker, START, false, true), "the tenth does");
	ok(rf_breaker_admits_at(&breaker) == START + 30 * SECOND, "open for 30 s");
	ok(!rf_breaker_end(&breaker, START + SECOND, false, true) &&
		   !rf_breaker_end(&breaker, START + SECOND, false, false),
	   "what was under way does not count,");
	ok(rf_breaker_admits_at(&breaker) == START + 30 * SECOND && breaker.openings == 1,
	   "however it ends");
}

static void
test_probe_succeeds(void)
{
	RfBreaker breaker = opened();

	ok(rf_breaker_begin(&breaker), "the first after it is the probe");
	ok(rf_breaker_admits_at(&breaker) == INT64_MAX, "and the only one");
	ok(!rf_breaker_end(&breaker, START + MINUTE, false, false) &&
		   breaker.state == RF_BREAKER_PROBING,
	   "a straggler is not the probe");
	ok(rf_breaker_end(&breaker, START + MINUTE, true, false), "its success changes the state");
	ok(breaker.state == RF_BREAKER_CLOSED && breaker.openings == 0, "closed");
	for (int i = 0; i < 9; i++)
		(void) rf_breaker_end(&breaker, START + MINUTE, false, true);
	ok(breaker.state == RF_BREAKER_CLOSED, "with a new count");
	(void) rf_breaker_end(&breaker, START + MINUTE, false, true);
	ok(rf_breaker_admits_at(&breaker) == START + MINUTE + 30 * SECOND, "and 30 s again");
}

static void
test_probes_fail(void)
{
	static const int seconds[] = {30, 60, 120, 240, 480, 960, 1800, 1800, 1800};
	RfBreaker		 breaker = opened();
	int64_t			 now = START;

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
	{
		ok(rf_breaker_admits_at(&breaker) == now + seconds[i] * SECOND, "opening %d: %d s",
		   (int) i + 1, seconds[i]);
		now += seconds[i] * SECOND;
		(void) rf_breaker_begin(&breaker);
		now += SECOND;
		(void) rf_breaker_end(&breaker, now, true, true);
	}
	breaker.openings = INT32_MAX;
	(void) rf_breaker_begin(&breaker);
	(void) rf_breaker_end(&breaker, now, true, true);
	ok(rf_breaker_admits_at(&breaker) == now + 1800 * SECOND, "for ever");
}

static void
test_probe_forgone(void)
{
	RfBreaker breaker = opened();

	(void) rf_breaker_begin(&breaker);
	rf_breaker_forgo(&breaker);
	ok(rf_breaker_admits_at(&breaker) == START + 30 * SECOND, "a probe that was not made");
	ok(rf_breaker_begin(&breaker), "is made again");
	breaker = (RfBreaker){0};
	rf_breaker_forgo(&breaker);
	ok(breaker.state == RF_BREAKER_CLOSED, "a closed one stays closed");
}

static void
test_restore(void)
{
	RfBreaker breaker;

	rf_breaker_restore(&breaker, 3, START + MINUTE);
	ok(breaker.state == RF_BREAKER_OPEN && rf_breaker_admits_at(&breaker) == START + MINUTE,
	   "open as before");
	(void) rf_breaker_begin(&breaker);
	(void) rf_breaker_end(&breaker, START + MINUTE, true, true);
	ok(rf_breaker_admits_at(&breaker) == START + MINUTE + 240 * SECOND, "and goes on doubling");
	rf_breaker_restore(&breaker, 0, START + MINUTE);
	ok(breaker.state == RF_BREAKER_CLOSED, "closed as before");
	ok(strcmp(rf_breaker_name(RF_BREAKER_CLOSED), "closed") == 0 &&
		   strcmp(rf_breaker_name(RF_BREAKER_OPEN), "open") == 0 &&
		   strcmp(rf_breaker_name(RF_BREAKER_PROBING), "probing") == 0,
	   "states have names");
}

int
main(void)
{
	test_cases();
	test_opening();
	test_probe_succeeds();
	test_probes_fail();
	test_probe_forgone();
	test_restore();
	return tap_done();
}
