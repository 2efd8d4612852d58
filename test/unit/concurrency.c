/* links: delivery/concurrency.c */
/*
 * concurrency.c
 *	  The window of an endpoint that has too much to do, and of one that recovers.
 */
#include "delivery/concurrency.h"
#include "tap.h"

/*
 * What happens, a character each, all begun and ended at the same time, which
 * moves on at a space: s success, o overload.
 */
typedef struct Case
{
	const char *name;
	int			most;
	const char *events;
	int			expected;
} Case;

static const Case cases[] = {
	{"nothing happens", 8, "", 8},
	{"successes", 8, "ssssssss ssssssss", 8},
	{"too much", 8, "o", 4},
	{"again", 8, "o o", 2},
	{"and again", 8, "o o o", 1},
	{"not below one", 8, "o o o o o", 1},
	{"an odd window", 7, "o", 3},
	{"one at a time", 1, "o", 1},
	{"three successes of four", 8, "o sss", 4},
	{"a window of successes", 8, "o ssss", 5},
	{"and one of the new width", 8, "o ssss sssss", 6},
	{"all the way back", 4, "o o s ss sss", 4},
	{"no further", 4, "o o s ss sss ssss ssss", 4},
	{"an overload begins the count anew", 8, "o sss o sss", 3},
};

static void
play(RfConcurrency *concurrency, const char *events)
{
	int64_t now = 1000;

	for (const char *at = events; *at != '\0'; at++)
	{
		if (*at == ' ')
			now += 1000;
		else if (*at == 's')
			rf_concurrency_success(concurrency, now - 500);
		else
			rf_concurrency_overload(concurrency, now - 500, now);
	}
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		RfConcurrency concurrency = {0};

		rf_concurrency_set(&concurrency, cases[i].most);
		play(&concurrency, cases[i].events);
		ok(concurrency.window == cases[i].expected, "%s, %d at most: %d", cases[i].name,
		   cases[i].most, concurrency.window);
	}
}

/* Eight under way when the first of them says "too much". */
static void
test_one_round_trip(void)
{
	RfConcurrency concurrency = {0};

	rf_concurrency_set(&concurrency, 8);
	rf_concurrency_overload(&concurrency, 100, 200);
	for (int64_t began = 101; began < 108; began++)
		rf_concurrency_overload(&concurrency, began, 210);
	ok(concurrency.window == 4, "all of one round trip halve it once");
	for (int i = 0; i < 20; i++)
		rf_concurrency_success(&concurrency, 150);
	ok(concurrency.window == 4, "nor do they make it wider");
	rf_concurrency_overload(&concurrency, 200, 300);
	ok(concurrency.window == 2, "what was sent after that halves it again");
}

static void
test_changes(void)
{
	RfConcurrency concurrency = {0};

	rf_concurrency_set(&concurrency, 8);
	rf_concurrency_set(&concurrency, 20);
	ok(concurrency.window == 20, "a whole window grows with the limit");
	rf_concurrency_overload(&concurrency, 100, 200);
	rf_concurrency_set(&concurrency, 40);
	ok(concurrency.window == 10, "a halved one does not");
	rf_concurrency_set(&concurrency, 5);
	ok(concurrency.window == 5, "but is never wider");
	rf_concurrency_overload(&concurrency, 300, 400);
	rf_concurrency_reset(&concurrency);
	ok(concurrency.window == 5, "another endpoint begins anew");
	rf_concurrency_overload(&concurrency, 100, 500);
	ok(concurrency.window == 2, "as if nothing had been");
}

int
main(void)
{
	test_cases();
	test_one_round_trip();
	test_changes();
	return tap_done();
}
