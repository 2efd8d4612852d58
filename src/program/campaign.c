/*
 * campaign.c
 *	  See campaign.h.
 *
 * Row changes raise no invalidation message by themselves; statement triggers
 * on the tables read here raise one for the table (rf_programme_changed).
 * Every message about one of these tables moves the generation, and a cache of
 * an older generation is dropped at the next look-up. A load during which the
 * generation moved is discarded: it may have read before the change.
 *
 * Dropped campaigns live on until the end of the transaction, because callers
 * hold pointers to them while they run statements.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/called.h"
#include "program/campaign.h"
#include "program/campaign_load.h"
#include "program/news.h"

PG_FUNCTION_INFO_V1(rf_programme_changed);

typedef struct CampaignEntry
{
	int64		id;
	RfCampaign *campaign;
} CampaignEntry;

static const char *const watched_names[] = {
	"rf_campaign", "rf_reward_rule", "rf_milestone", "rf_webhook",
	"rf_secret", "rf_fraud_rule", "rf_home"};

static Oid			 watched[lengthof(watched_names)];
static uint64		 generation = 1; /* moved by invalidation messages */
static uint64		 cached_generation = 0;
static MemoryContext cache = NULL;
static HTAB			*campaigns = NULL;

static void
campaign_invalidate(Datum arg, Oid relation)
{
	for (size_t i = 0; i < lengthof(watched); i++)
	{
		if (!OidIsValid(relation) || watched[i] == relation)
		{
			generation++;
			return;
		}
	}
}

static void
campaign_watch(void)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(campaign_invalidate, (Datum) 0);
		registered = true;
	}
	for (size_t i = 0; i < lengthof(watched); i++)
		watched[i] = rf_engine_relation(watched_names[i]);
}

static void
campaign_outlived(void *arg)
{
	generation++;
}

/*
 * A transaction with one snapshot loads what that shows, which may be older
 * than the change that emptied the cache: nobody else may use it.
 */
static void
campaign_expire_at_end(void)
{
	MemoryContextCallback *callback = MemoryContextAllocZero(TopTransactionContext,
															 sizeof(MemoryContextCallback));

	callback->func = campaign_outlived;
	MemoryContextRegisterResetCallback(TopTransactionContext, callback);
}

/* Start an empty cache; what the old one holds stays until the transaction ends. */
static void
campaign_renew(void)
{
	HASHCTL control = {
		.keysize = sizeof(int64),
		.entrysize = sizeof(CampaignEntry)};

	if (cache != NULL)
		MemoryContextSetParent(cache, TopTransactionContext);
	cache = AllocSetContextCreate(TopMemoryContext, "referral campaigns",
								  ALLOCSET_DEFAULT_SIZES);
	control.hcxt = cache;
	campaigns = hash_create("referral campaigns", 16, &control,
							HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	campaign_watch();
	if (IsolationUsesXactSnapshot())
		campaign_expire_at_end();
	cached_generation = generation;
}

uint64
rf_campaign_generation(void)
{
	if (cached_generation != generation)
		campaign_renew();
	return cached_generation;
}

static void
campaign_remember(RfCampaign *campaign)
{
	CampaignEntry *entry = hash_search(campaigns, &campaign->id, HASH_ENTER, NULL);

	entry->campaign = campaign;
}

const RfCampaign *
rf_campaign_by_id(int64 id)
{
	CampaignEntry *entry;
	RfCampaign	  *campaign;
	uint64		   before;

	do
	{
		before = rf_campaign_generation();
		entry = hash_search(campaigns, &id, HASH_FIND, NULL);
		if (entry != NULL)
			return entry->campaign;
		campaign = rf_campaign_load(id, cache);
		if (campaign == NULL)
			return NULL;
	} while (before != generation);
	campaign_remember(campaign);
	return campaign;
}

RF_STATEMENT(find_campaign,
			 "SELECT id FROM @extschema@.rf_campaign WHERE slug = $1", TEXTOID);

const RfCampaign *
rf_campaign_find(const char *slug, RfRefusal *refusal)
{
	HASH_SEQ_STATUS scan;
	CampaignEntry  *entry;
	Datum			key;

	if (slug == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("campaign must not be null")));
	(void) rf_campaign_generation();
	hash_seq_init(&scan, campaigns);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (strcmp(entry->campaign->slug, slug) == 0)
		{
			hash_seq_term(&scan);
			return entry->campaign;
		}
	}
	key = CStringGetTextDatum(slug);
	if (rf_execute(&find_campaign, &key, NULL) > 0)
		return rf_campaign_by_id(rf_int64(0, 1));
	(void) rf_refuse(refusal, ERRCODE_UNDEFINED_OBJECT,
					 psprintf("campaign \"%s\" does not exist", slug), NULL,
					 "Campaigns are the rows of rf_campaign; they are found by slug.");
	return NULL;
}

const RfCampaign *
rf_campaign_by_slug(const char *slug)
{
	RfRefusal		  refusal;
	const RfCampaign *campaign = rf_campaign_find(slug, &refusal);

	if (campaign == NULL)
		rf_refusal_raise(&refusal);
	return campaign;
}

RF_STATEMENT(hold_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1 FOR KEY SHARE", INT8OID);
RF_STATEMENT(hold_rules,
			 "SELECT FROM @extschema@.rf_reward_rule WHERE campaign_id = $1 FOR KEY SHARE", INT8OID);

void
rf_campaign_hold(const RfCampaign *campaign)
{
	Datum values[] = {Int64GetDatum(campaign->id)};

	if (!IsolationUsesXactSnapshot())
		return;
	rf_execute(&hold_campaign, values, NULL);
	rf_execute(&hold_rules, values, NULL);
}

const RfRule *
rf_campaign_rule(const RfCampaign *campaign, int64 rule_id)
{
	for (int i = 0; i < campaign->nrules; i++)
	{
		if (campaign->rules[i].id == rule_id)
			return &campaign->rules[i];
	}
	return NULL;
}

const char *
rf_metric_name(RfMetric metric)
{
	static const char *const names[] = {"amount", "commission", "coupon", "custom"};

	return names[metric];
}

bool
rf_rule_is_limited(const RfRule *rule)
{
	return rule->limits.max_per_recipient > 0 || rule->limits.max_total > 0 ||
		rule->limits.budget != 0;
}

RfCampaignState
rf_campaign_state_at(const RfCampaign *campaign, TimestampTz when)
{
	if (campaign->state == RF_DRAFT || campaign->state == RF_ENDED)
		return campaign->state;
	if (when >= campaign->ends_at)
		return RF_ENDED;
	if (when < campaign->starts_at)
		return RF_DRAFT;
	return campaign->state;
}

const char *
rf_campaign_state_name(RfCampaignState state)
{
	static const char *const names[] = {"draft", "live", "paused", "ended"};

	return names[state];
}

/* The landing page with every {code} replaced; NULL if it has none. */
static char *
link_filled(const char *url, const char *code)
{
	static const char marker[] = "{code}";
	StringInfoData	  link;
	const char		 *place = strstr(url, marker);

	if (place == NULL)
		return NULL;
	initStringInfo(&link);
	for (; place != NULL; place = strstr(url, marker))
	{
		appendBinaryStringInfo(&link, url, place - url);
		appendStringInfoString(&link, code);
		url = place + strlen(marker);
	}
	appendStringInfoString(&link, url);
	return link.data;
}

char *
rf_campaign_link(const RfCampaign *campaign, const char *code)
{
	const char	  *url = campaign->landing_url;
	const char	  *fragment;
	char		  *filled;
	StringInfoData link;

	if (url == NULL)
		return NULL;
	if ((filled = link_filled(url, code)) != NULL)
		return filled;
	initStringInfo(&link);
	fragment = url + strcspn(url, "#");
	appendBinaryStringInfo(&link, url, fragment - url);
	appendStringInfo(&link, "%sref=%s", strchr(link.data, '?') ? "&" : "?", code);
	appendStringInfoString(&link, fragment);
	return link.data;
}

Datum
rf_programme_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);

	CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	rf_news_announce();
	return PointerGetDatum(NULL);
}
