/*
 * shares.h
 *	  Which worker serves which share of a database's webhooks. Pure.
 *
 * A share has an owner, reckoned from the number of workers that the setting
 * wants: neighbours go to the same one, so that few move when the number changes
 * and the ids of webhooks, spread evenly over the shares, are so over the workers.
 * Where the owner is not there, another worker stands in for it: at first nobody,
 * since the owner may be about to come. For each share the workers have weights,
 * and of those who are there the heaviest stands in: so the orphans are spread,
 * and when somebody comes or goes only what is theirs moves.
 *
 * A worker that the setting wants no more stands in for nobody, and lets go of
 * all it has as soon as anybody else is there.
 */
#ifndef RF_SHARES_H
#define RF_SHARES_H

#include "delivery/share.h"

/* Workers that a database can have. */
#define RF_WORKERS_MAX 16

#define RF_NOBODY (-1)

typedef struct RfSharing
{
	int		 wanted;			/* workers, by the setting; at least 1 */
	uint32_t present;			/* those who take part, as bits */
	int8_t	 holder[RF_SHARES]; /* or RF_NOBODY; each share has one at most */
} RfSharing;

/* The worker to which a share belongs. */
extern int rf_shares_owner(int share, int wanted);

/* Shares whose owner is not there. */
extern RfShareSet rf_shares_orphans(const RfSharing *sharing);

/* What this worker should take now. "waited": shares that were orphans for a while. */
extern RfShareSet rf_shares_to_take(const RfSharing *sharing, int worker, RfShareSet waited);

/* What it holds and should let go of. */
extern RfShareSet rf_shares_to_leave(const RfSharing *sharing, int worker, RfShareSet waited);

/* What it holds. */
extern RfShareSet rf_shares_held(const RfSharing *sharing, int worker);

#endif /* RF_SHARES_H */
