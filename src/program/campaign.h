/*
 * campaign.h
 *	  Campaigns with their rules and the webhooks that listen to them, as each
 *	  backend caches them.
 *
 * What is returned stays valid until the end of the transaction, changes
 * notwithstanding; look it up anew to see changes. All functions need an
 * engine scope.
 */
#ifndef RF_CAMPAIGN_H
#define RF_CAMPAIGN_H

#include "base/engine.h"
#include "program/refusal.h"
#include "program/rules.h"
#include "program/verdict.h"
#include "utils/jsonb.h"
#include "utils/jsonpath.h"
#include "utils/timestamp.h"

typedef enum RfCampaignState
{
	RF_DRAFT,
	RF_LIVE,
	RF_PAUSED,
	RF_ENDED,
} RfCampaignState;

typedef enum RfOnUnqualify
{
	RF_CANCEL_DUE,
	RF_KEEP,
	RF_CLAWBACK,
} RfOnUnqualify;

/* In the order of rf_metric_name(). */
typedef enum RfMetric
{
	RF_AMOUNT,
	RF_COMMISSION,
	RF_COUPON,
	RF_CUSTOM,
} RfMetric;

/* What one grant is worth. */
typedef struct RfValue
{
	Datum amount; /* numeric, rounded; 0: none (coupons) */
	char *unit;	  /* may be NULL */
	char *pool;	  /* coupons; else NULL */
} RfValue;

typedef enum RfPeriod
{
	RF_EVER,
	RF_DAY,
	RF_WEEK,
	RF_MONTH,
	RF_YEAR,
} RfPeriod;

/* Most elements of rf_reward_rule.levels. */
#define RF_LEVELS_MAX 10

/* The most a rule grants in a period. */
typedef struct RfLimits
{
	int		 max_per_recipient; /* 0: no limit */
	int		 max_total;			/* 0: no limit */
	Datum	 budget;			/* numeric, in the rule's unit; 0: no limit */
	RfPeriod period;
} RfLimits;

typedef struct RfRule
{
	int64	  id;
	char	 *name;
	RfTerms	  terms;
	char	 *kind; /* as in rf_reward_rule */
	RfMetric  metric;
	RfValue	  value;	  /* commissions: unit is that of the spend, or NULL */
	RfValue	 *milestones; /* one for each of terms.thresholds */
	Datum	  percent;	  /* commissions: numeric; else 0 */
	Datum	  cap;		  /* commissions: numeric, 0: none */
	int		  nlevels;	  /* above the referrer */
	Datum	 *levels;	  /* amounts or percents */
	JsonPath *condition;  /* may be NULL */
	RfLimits  limits;
	Interval *recur_every; /* recurring rules; else NULL */
	int		  recur_times; /* 0: without end */
	Interval  hold;
	bool	  auto_issue;
} RfRule;

typedef enum RfFormat
{
	RF_FORMAT_STANDARD,
	RF_FORMAT_FIELDS,
	RF_FORMAT_FORM,
	RF_FORMAT_CLOUDEVENTS,
	RF_FORMAT_TEMPLATE,
} RfFormat;

/* A webhook's wishes. */
typedef struct RfSubscription
{
	int64	 webhook_id;
	uint32	 types;	   /* RF_EVENT_BITs */
	int		 nsources; /* 0: all */
	char   **sources;
	int64	 rule_id; /* 0: all events */
	RfFormat format;
	Jsonb	*fields; /* of the formats fields and form; else NULL */
	Jsonb	*extra;	 /* may be NULL */
	Jsonb *template; /* of the format template; else NULL */
} RfSubscription;

/* What a signal of fraud does to a person who joins. */
typedef struct RfFraudRule
{
	RfFraudSignal signal;
	RfFraudAction action;
	int			  threshold; /* how many make the signal */
	Interval	 *within;	 /* NULL: ever */
} RfFraudRule;

typedef struct RfCampaign
{
	int64			id;
	char		   *slug;
	char		   *name;
	RfCampaignState state;
	TimestampTz		starts_at;		/* DT_NOBEGIN: always was */
	TimestampTz		ends_at;		/* DT_NOEND: never */
	char		   *landing_url;	/* may be NULL */
	char		   *fallback_url;	/* may be NULL */
	Interval	   *qualify_within; /* may be NULL */
	RfOnUnqualify	on_unqualify;
	int				max_referrals; /* 0: no limit */
	char		   *code_prefix;   /* may be NULL */
	int				code_length;
	int				nrules;
	RfRule		   *rules; /* by id */
	int				nsubscriptions;
	RfSubscription *subscriptions;
	uint32			wanted;			/* types any of them wants */
	bool			needs_spending; /* a rule looks at what people spent */
	int				nlevels;		/* most that a rule has */
	char		   *currency;		/* may be NULL */
	Datum			min_spend;		/* numeric, in currency; 0: none */
	int				nfraud_rules;
	RfFraudRule	   *fraud_rules;
} RfCampaign;

/* NULL if there is none. */
extern const RfCampaign *rf_campaign_by_id(int64 id);

/* NULL and a refusal (42704) if there is none; raises 22004 if slug is NULL. */
extern const RfCampaign *rf_campaign_find(const char *slug, RfRefusal *refusal);

/* Raises 42704 if there is none, 22004 if slug is NULL. */
extern const RfCampaign *rf_campaign_by_slug(const char *slug);

/*
 * A transaction with one snapshot does not see that a campaign or rule was
 * deleted meanwhile: lock them, so that it fails (40001) instead of referring to
 * what is gone. Does nothing under READ COMMITTED, where locks and
 * invalidations suffice (see kept.c).
 */
extern void rf_campaign_hold(const RfCampaign *campaign);

/* As in rf_reward_rule. */
extern const char *rf_metric_name(RfMetric metric);

/* Has the rule a limit of any kind? */
extern bool rf_rule_is_limited(const RfRule *rule);

/* NULL if there is none. */
extern const RfRule *rf_campaign_rule(const RfCampaign *campaign, int64 rule_id);

/* Derived from state and dates; time never changes the state stored. */
extern RfCampaignState rf_campaign_state_at(const RfCampaign *campaign, TimestampTz when);
extern const char	  *rf_campaign_state_name(RfCampaignState state);

/* The link of a code; NULL without landing_url. palloc'd. */
extern char *rf_campaign_link(const RfCampaign *campaign, const char *code);

/*
 * Moves whenever campaigns, rules, webhooks or homes may have changed; other
 * caches of such rows compare it.
 */
extern uint64 rf_campaign_generation(void);

#endif /* RF_CAMPAIGN_H */
