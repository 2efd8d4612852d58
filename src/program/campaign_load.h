/*
 * campaign_load.h
 *	  How a campaign is read into the cache; used by campaign.c only.
 */
#ifndef RF_CAMPAIGN_LOAD_H
#define RF_CAMPAIGN_LOAD_H

#include "program/campaign.h"

/* Read a campaign whole into a memory context; NULL if there is none. */
extern RfCampaign *rf_campaign_load(int64 id, MemoryContext context);

#endif /* RF_CAMPAIGN_LOAD_H */
