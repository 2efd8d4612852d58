/* links: delivery/unseen.c */
/*
 * unseen.c
 *	  Where rows that committed behind the reader of the outbox are looked for.
 */
#include <string.h>

#include "delivery/unseen.h"
#include "tap.h"

static RfUnseenEntry room[2][8];
static RfUnseen		 state;
static int			 turn = 0;

/* A read; running transactions end with 0. Returns where late rows may lie. */
static int64_t
advance(int64_t high, uint64_t xmax, const uint64_t *running, uint64_t next)
{
	RfUnseen before = state;
	int		 n = 0;

	while (running[n] != 0)
		n++;
	turn = 1 - turn;
	state.running = room[turn];
	return rf_unseen_advance(&before, high, xmax, running, n, next, &state);
}

#define RUNNING(...) ((const uint64_t[]){__VA_ARGS__})

static void
begin(void)
{
	memset(&state, 0, sizeof(state));
}

static void
test_listed(void)
{
	begin();
	ok(advance(0, 100, RUNNING(0), 100) == 0, "the first read is late for nothing");
	ok(advance(50, 110, RUNNING(103, 106, 0), 110) == 50, "two begin: nothing is late");
	ok(advance(70, 120, RUNNING(103, 106, 115, 0), 120) == 70, "a third: nothing is late");
	ok(advance(90, 121, RUNNING(103, 106, 0), 121) == 70, "the third ends: above what was read");
	ok(advance(95, 130, RUNNING(106, 0), 130) == 50, "the first ends: above what was read then");
	ok(advance(99, 131, RUNNING(0), 131) == 50, "so does the second");
	ok(advance(120, 140, RUNNING(0), 140) == 120, "then nobody is missing");
}

static void
test_not_listed(void)
{
	begin();
	advance(0, 100, RUNNING(0), 100);
	/* 100 to 104 have their ids, and none of them has ended: none is listed. */
	ok(advance(50, 100, RUNNING(0), 105) == 50, "beyond xmax, running: nothing is late");
	ok(advance(60, 100, RUNNING(0), 105) == 60, "still running: nothing is late");
	ok(advance(70, 103, RUNNING(101, 0), 106) == 50, "100 and 102 end: above what was read then");
	ok(advance(80, 104, RUNNING(101, 0), 106) == 50, "103 ends");
	ok(advance(90, 105, RUNNING(101, 103, 0), 106) == 50, "104 ends");
	ok(advance(95, 106, RUNNING(0), 106) == 50, "101 ends, which was listed meanwhile");
}

static void
test_tail_moves_on(void)
{
	begin();
	advance(0, 100, RUNNING(0), 100);
	advance(50, 100, RUNNING(0), 105);
	advance(60, 106, RUNNING(0), 106);
	ok(advance(70, 106, RUNNING(0), 108) == 70, "new ones run");
	ok(advance(80, 108, RUNNING(0), 108) == 70 || state.tail_low >= 70,
	   "the tail's low follows once nobody is left of before");
	advance(90, 108, RUNNING(0), 110);
	ok(advance(95, 110, RUNNING(0), 110) >= 80, "and goes on following");
}

/* Came and went between two reads: the page sees all its rows. */
static void
test_between(void)
{
	begin();
	advance(0, 100, RUNNING(0), 100);
	ok(advance(50, 200, RUNNING(0), 200) == 50, "between two reads: nothing is late");
	ok(advance(60, 300, RUNNING(150 + 100, 0), 300) == 60, "whoever else runs");
}

static void
test_start(void)
{
	begin();
	advance(0, 100, RUNNING(90, 95, 0), 103);
	ok(advance(1000, 100, RUNNING(90, 0), 103) == 0, "running at the start: above 0");
	ok(advance(2000, 103, RUNNING(90, 0), 103) == 0, "not listed at the start: above 0");
	ok(advance(3000, 103, RUNNING(0), 103) == 0, "the last of them");
	ok(advance(4000, 110, RUNNING(0), 110) == 4000, "then nobody is missing");
}

static void
test_parse(void)
{
	uint64_t running[4] = {0};
	uint64_t xmax;

	ok(rf_unseen_parse("10:20:", &xmax, running, 4) == 0 && xmax == 20, "nobody runs");
	ok(rf_unseen_parse("10:20:10", &xmax, running, 4) == 1 && running[0] == 10, "one");
	ok(rf_unseen_parse("4294967298:4294967310:4294967298,4294967300", &xmax, running, 4) == 2 &&
		   xmax == UINT64_C(4294967310) && running[0] == UINT64_C(4294967298) &&
		   running[1] == UINT64_C(4294967300),
	   "two, beyond 32 bits");
	ok(rf_unseen_parse("1:9:1,2,3", &xmax, NULL, 0) == 3, "counting only");
}

int
main(void)
{
	test_listed();
	test_not_listed();
	test_tail_moves_on();
	test_between();
	test_start();
	test_parse();
	return tap_done();
}
