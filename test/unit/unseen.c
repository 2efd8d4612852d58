/* links: delivery/unseen.c */
/*
 * unseen.c
 *	  Which transactions may have left rows behind the reader of the outbox.
 */
#include <string.h>

#include "delivery/unseen.h"
#include "tap.h"

static RfUnseen now[8];
static RfUnseen finished[8];

static bool
is(const RfUnseen *entry, uint64_t xid, int64_t low)
{
	return entry->xid == xid && entry->low == low;
}

static void
test_update(void)
{
	RfUnseen	old[] = {{10, 100}, {12, 200}, {15, 300}};
	uint64_t	first[] = {3, 7};
	uint64_t	mixed[] = {11, 12, 20};
	uint64_t	all[] = {10, 12, 15};

	ok(rf_unseen_update(NULL, 0, NULL, 0, 5, now, finished) == 0, "nobody before, nobody now");
	ok(rf_unseen_update(NULL, 0, first, 2, 5, now, finished) == 0 &&
	   is(&now[0], 3, 5) && is(&now[1], 7, 5), "new ones get the low of now");
	ok(rf_unseen_update(old, 3, mixed, 3, 400, now, finished) == 2, "two of three have ended");
	ok(is(&finished[0], 10, 100) && is(&finished[1], 15, 300), "they keep their low");
	ok(is(&now[0], 11, 400) && is(&now[1], 12, 200) && is(&now[2], 20, 400),
	   "who still runs keeps its low, too");
	ok(rf_unseen_update(old, 3, all, 3, 400, now, finished) == 0 &&
	   memcmp(now, old, sizeof(old)) == 0, "no change");
	ok(rf_unseen_update(old, 3, NULL, 0, 400, now, finished) == 3 &&
	   memcmp(finished, old, sizeof(old)) == 0, "all have ended");
}

static void
test_parse(void)
{
	uint64_t	running[4] = {0};

	ok(rf_unseen_parse("10:20:", running, 4) == 0, "nobody runs");
	ok(rf_unseen_parse("10:20:10", running, 4) == 1 && running[0] == 10, "one");
	ok(rf_unseen_parse("4294967298:4294967310:4294967298,4294967300", running, 4) == 2 &&
	   running[0] == UINT64_C(4294967298) && running[1] == UINT64_C(4294967300),
	   "two, beyond 32 bits");
	ok(rf_unseen_parse("1:9:1,2,3", NULL, 0) == 3, "counting only");
}

int
main(void)
{
	test_update();
	test_parse();
	return tap_done();
}
