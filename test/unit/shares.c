/* links: server/shares.c */
/*
 * shares.c
 *	  Who serves which webhooks: by how many workers there should be, who is there
 *	  and who holds what.
 */
#include <string.h>

#include "server/shares.h"
#include "tap.h"

static RfSharing
sharing(int wanted, uint32_t present, int holder)
{
	RfSharing made = {.wanted = wanted, .present = present};

	memset(made.holder, holder, sizeof(made.holder));
	return made;
}

/* Everybody that is there holds what is theirs. */
static RfSharing
settled(int wanted, uint32_t present)
{
	RfSharing made = sharing(wanted, present, RF_NOBODY);

	for (int share = 0; share < RF_SHARES; share++)
	{
		int owner = rf_shares_owner(share, wanted);

		if (present & (UINT32_C(1) << owner))
			made.holder[share] = (int8_t) owner;
	}
	return made;
}

/* The worker takes what it may, others' orphans included. */
static void
stand_in(RfSharing *now, int worker)
{
	RfShareSet take = rf_shares_to_take(now, worker, RF_SHARES_ALL);

	for (int share = 0; share < RF_SHARES; share++)
	{
		if (take & RF_SHARE_BIT(share))
			now->holder[share] = (int8_t) worker;
	}
}

static int
count(RfShareSet set)
{
	int n = 0;

	for (int share = 0; share < RF_SHARES; share++)
		n += (set & RF_SHARE_BIT(share)) != 0;
	return n;
}

static void
test_webhooks(void)
{
	bool within = true;

	for (int64_t id = 1; id < 100000; id++)
		within = within && rf_share_of(id) >= 0 && rf_share_of(id) < RF_SHARES;
	within = within && rf_share_of(INT64_MAX) < RF_SHARES && rf_share_of(0) == 0;
	ok(within, "every webhook has a share");
	for (int workers = 2; workers <= 8; workers *= 2)
	{
		for (int step = 1; step <= 3; step++)
		{
			int least = 1000;
			int most = 0;
			int n[RF_WORKERS_MAX] = {0};

			for (int i = 1; i <= 16 * workers; i++)
				n[rf_shares_owner(rf_share_of(i * step), workers)]++;
			for (int worker = 0; worker < workers; worker++)
			{
				least = n[worker] < least ? n[worker] : least;
				most = n[worker] > most ? n[worker] : most;
			}
			ok(least >= 12 && most <= 20, "every %d. of them spread evenly over %d: %d to %d of 16",
			   step, workers, least, most);
		}
	}
	ok(rf_shares_owner(rf_share_of(1), 2) != rf_shares_owner(rf_share_of(2), 2),
	   "the first two go to different workers");
}

static void
test_owners(void)
{
	for (int wanted = 1; wanted <= RF_WORKERS_MAX; wanted++)
	{
		int	 n[RF_WORKERS_MAX] = {0};
		bool fair = true;

		for (int share = 0; share < RF_SHARES; share++)
			n[rf_shares_owner(share, wanted)]++;
		for (int worker = 0; worker < wanted; worker++)
			fair = fair && n[worker] >= RF_SHARES / wanted && n[worker] <= RF_SHARES / wanted + 1;
		ok(fair, "%d workers own the same number of shares", wanted);
	}
	ok(rf_shares_owner(RF_SHARE_KEEPER, 16) == 0, "the first worker is the keeper");
}

static void
test_taking(void)
{
	RfSharing now = sharing(1, 1, RF_NOBODY);

	ok(rf_shares_to_take(&now, 0, 0) == RF_SHARES_ALL, "one worker takes all");
	now = sharing(2, 3, RF_NOBODY);
	ok((rf_shares_to_take(&now, 0, 0) ^ rf_shares_to_take(&now, 1, 0)) == RF_SHARES_ALL,
	   "two take what is theirs");
	ok(rf_shares_orphans(&now) == 0, "nothing is an orphan whose owner is there");
	now = sharing(2, 3, 0);
	ok(rf_shares_to_take(&now, 1, RF_SHARES_ALL) == 0, "nobody takes what another holds");
	ok(rf_shares_to_leave(&now, 0, 0) == (RF_SHARES_ALL << 32), "who stood in lets go of it");
	ok(rf_shares_to_leave(&now, 1, 0) == 0, "who holds nothing lets go of nothing");
}

static void
test_standing_in(void)
{
	RfSharing  now = settled(4, 1 | 2 | 8);
	RfShareSet orphans = rf_shares_orphans(&now);
	RfShareSet taken = 0;

	ok(count(orphans) == 16, "what one of four owned are orphans");
	for (int worker = 0; worker < 4; worker++)
	{
		if (worker == 2)
			continue;
		ok(rf_shares_to_take(&now, worker, 0) == 0, "at first nobody takes them (%d)", worker);
		ok(count(rf_shares_to_take(&now, worker, orphans)) >= 2, "then each some (%d)", worker);
		ok((taken & rf_shares_to_take(&now, worker, orphans)) == 0, "none twice (%d)", worker);
		taken |= rf_shares_to_take(&now, worker, orphans);
		ok(rf_shares_to_leave(&now, worker, RF_SHARES_ALL) == 0, "nobody lets go of anything (%d)", worker);
	}
	ok(taken == orphans, "together all");
	stand_in(&now, 0);
	ok(rf_shares_to_leave(&now, 0, orphans) == 0, "who stands in keeps it while the owner is away");
	taken = rf_shares_held(&now, 0) & orphans;
	now.present &= ~UINT32_C(8);
	ok(rf_shares_to_leave(&now, 0, RF_SHARES_ALL) == 0, "even when another one goes");
	now.present |= 4;
	ok(rf_shares_to_leave(&now, 0, 0) == taken, "and lets go of it when the owner comes");
	ok(rf_shares_to_take(&now, 2, 0) == (orphans & ~taken), "who takes the rest at once");

	now = sharing(4, 1, RF_NOBODY);
	stand_in(&now, 0);
	ok(rf_shares_held(&now, 0) == RF_SHARES_ALL, "one of four serves all");
	now.present |= 2;
	ok(count(rf_shares_to_leave(&now, 0, 0)) == 16, "a second one gets what is its own");
	ok(count(rf_shares_to_leave(&now, 0, RF_SHARES_ALL)) > 16 + 8, "and in time some of others'");
}

static void
test_changes(void)
{
	RfSharing now = settled(2, 3);

	now.wanted = 4;
	ok(count(rf_shares_to_leave(&now, 0, 0)) == 16 && rf_shares_to_leave(&now, 1, 0) == 0,
	   "raised: what is a new one's is kept until that is there");
	now.present = 15;
	ok(count(rf_shares_to_leave(&now, 0, 0)) == 16 && count(rf_shares_to_leave(&now, 1, 0)) == 32,
	   "then what is theirs is let go of");
	now = settled(4, 15);
	now.wanted = 1;
	ok(rf_shares_to_leave(&now, 0, 0) == 0, "lowered: the one that stays keeps what it has");
	ok(count(rf_shares_to_leave(&now, 3, 0)) == 16, "the others let go of all");
	now.present = 8;
	ok(rf_shares_to_leave(&now, 3, 0) == 0, "but not if nobody else is there");
	ok(rf_shares_to_leave(&now, 3, RF_SHARES_ALL) == 0, "however long");
	now = settled(3, 7);
	now.wanted = 2;
	now.present = 5;
	ok(count(rf_shares_to_leave(&now, 2, RF_SHARES_ALL)) == count(rf_shares_held(&now, 2)),
	   "one that is not wanted leaves its shares to a stand-in, too");
	now = sharing(2, 4, RF_NOBODY);
	ok(rf_shares_to_take(&now, 2, RF_SHARES_ALL) == 0, "and takes none");
}

int
main(void)
{
	test_webhooks();
	test_owners();
	test_taking();
	test_standing_in();
	test_changes();
	return tap_done();
}
