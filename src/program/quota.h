/*
 * quota.h
 *	  What rules have used of their limits, by period.
 */
#ifndef RF_QUOTA_H
#define RF_QUOTA_H

#include "program/campaign.h"

/* What is used under one key; in memory while grants are looked at. */
typedef struct RfQuota
{
	const RfRule *rule;
	int64		  person; /* 0: all */
	TimestampTz	  period_start;
	int			  granted;
	Datum		  amount;
	int			  more; /* added by these grants */
	Datum		  more_amount;
} RfQuota;

typedef struct RfQuotas
{
	RfQuota *of;
	int		 n;
} RfQuotas;

/* The quota of a rule and a person (0: all) at that time; NULL: not wanted before. */
extern RfQuota *rf_quota_find(RfQuotas *quotas, const RfRule *rule, int64 person,
							  TimestampTz when);

/* Add it to those to be read, if it is not among them. There must be room. */
extern void rf_quota_want(RfQuotas *quotas, const RfRule *rule, int64 person,
						  TimestampTz when);

/*
 * Fill in what is used. With `make` rows of rf_quota that are missing are made
 * from rf_reward; without, only reckoned. Inside an engine scope.
 */
extern void rf_quotas_read(RfQuotas *quotas, bool make);

/* Write what was added. Inside an engine scope. */
extern void rf_quotas_write(const RfQuotas *quotas);

#endif /* RF_QUOTA_H */
