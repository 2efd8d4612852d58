/*
 * shares.c
 *	  See shares.h.
 */
#include "server/shares.h"

int
rf_shares_owner(int share, int wanted)
{
	return share * wanted / RF_SHARES;
}

static bool
shares_is_present(const RfSharing *sharing, int worker)
{
	return (sharing->present & (UINT32_C(1) << worker)) != 0;
}

/* A number for each pair, as if it were random (the finalizer of SplitMix64). */
static uint64_t
shares_weight(int share, int worker)
{
	uint64_t pair = (uint64_t) (share * RF_WORKERS_MAX + worker + 1);
	uint64_t weight = UINT64_C(0x9e3779b97f4a7c15) * pair;

	weight = (weight ^ (weight >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	weight = (weight ^ (weight >> 27)) * UINT64_C(0x94d049bb133111eb);
	return weight ^ (weight >> 31);
}

/* Who stands in for an owner that is not there; or nobody. */
static int
shares_stand_in(const RfSharing *sharing, int share)
{
	int		 chosen = RF_NOBODY;
	uint64_t heaviest = 0;

	for (int worker = 0; worker < sharing->wanted; worker++)
	{
		uint64_t weight = shares_weight(share, worker);

		if (!shares_is_present(sharing, worker) || (chosen != RF_NOBODY && weight < heaviest))
			continue;
		chosen = worker;
		heaviest = weight;
	}
	return chosen;
}

/* Who should serve a share: its owner, or a stand-in if it waited for that; or nobody. */
static int
shares_server(const RfSharing *sharing, int share, RfShareSet waited)
{
	int owner = rf_shares_owner(share, sharing->wanted);

	if (shares_is_present(sharing, owner))
		return owner;
	return (waited & RF_SHARE_BIT(share)) != 0 ? shares_stand_in(sharing, share) : RF_NOBODY;
}

RfShareSet
rf_shares_held(const RfSharing *sharing, int worker)
{
	RfShareSet held = RF_SHARES_NONE;

	for (int share = 0; share < RF_SHARES; share++)
	{
		if (sharing->holder[share] == worker)
			held |= RF_SHARE_BIT(share);
	}
	return held;
}

RfShareSet
rf_shares_orphans(const RfSharing *sharing)
{
	RfShareSet orphans = RF_SHARES_NONE;

	for (int share = 0; share < RF_SHARES; share++)
	{
		if (!shares_is_present(sharing, rf_shares_owner(share, sharing->wanted)))
			orphans |= RF_SHARE_BIT(share);
	}
	return orphans;
}

RfShareSet
rf_shares_to_take(const RfSharing *sharing, int worker, RfShareSet waited)
{
	RfShareSet take = RF_SHARES_NONE;

	for (int share = 0; share < RF_SHARES; share++)
	{
		if (sharing->holder[share] == RF_NOBODY && shares_server(sharing, share, waited) == worker)
			take |= RF_SHARE_BIT(share);
	}
	return take;
}

RfShareSet
rf_shares_to_leave(const RfSharing *sharing, int worker, RfShareSet waited)
{
	RfShareSet leave = RF_SHARES_NONE;

	for (int share = 0; share < RF_SHARES; share++)
	{
		int server = shares_server(sharing, share, waited);

		if (sharing->holder[share] == worker && server != worker && server != RF_NOBODY)
			leave |= RF_SHARE_BIT(share);
	}
	return leave;
}
