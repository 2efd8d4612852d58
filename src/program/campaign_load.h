/*
 * campaign_load.h
 *	  How a campaign, and who listens to it, is read.
 */
#ifndef RF_CAMPAIGN_LOAD_H
#define RF_CAMPAIGN_LOAD_H

#include "program/campaign.h"

/*
 * The webhooks that listen to a campaign, palloc'd; for 0 those that listen to
 * all of them. None that is disabled.
 */
extern RfSubscription *rf_subscriptions_load(int64 campaign_id, int *n);

/* Read a campaign whole into a memory context, for campaign.c; NULL if there is none. */
extern RfCampaign *rf_campaign_load(int64 id, MemoryContext context);

#endif /* RF_CAMPAIGN_LOAD_H */
