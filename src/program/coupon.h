/*
 * coupon.h
 *	  Coupons: handing them out, taking them back, and what waits for them.
 */
#ifndef RF_COUPON_H
#define RF_COUPON_H

#include "program/reward.h"

/* One reward that is to get a coupon. */
typedef struct RfCouponNeed
{
	const RfCampaign *campaign; /* hears of a pool that runs low */
	int64			  reward_id;
	const char		 *pool;
	char			 *coupon; /* filled; NULL: none is left */
} RfCouponNeed;

/*
 * Hand out coupons, first come first served, the pools in the order of their
 * names. Adds events of pools that run low. Inside an engine scope.
 */
extern void rf_coupons_give(RfCouponNeed *needs, int nneeds, RfEventBatch *events);

/* Why a reward without coupon stays due: a format, C's and SQL's, for the pool. */
#define RF_COUPON_LACK "no coupon left in pool \"%s\""

/* The same for a pool; palloc'd. */
extern char *rf_coupons_lack(const char *pool);

/* Give the grants about to be issued their coupons; those without become due. */
extern void rf_coupons_hand_out(RfGrant *grants, int ngrants, RfEventBatch *events);

/* The same, but only to know: nothing is written. */
extern void rf_coupons_foresee(RfGrant *grants, int ngrants);

/* Lock the pools of these campaigns' rules, in the order of their names. */
extern void rf_coupons_lock_campaigns(List *campaigns);

/* Coupons of these rewards (bigint[]) that nobody saw are free again. */
extern void rf_coupons_return(Datum reward_ids);

/* These rewards (bigint[]) were fulfilled: their coupons were seen. */
extern void rf_coupons_seen(Datum reward_ids);

#endif /* RF_COUPON_H */
