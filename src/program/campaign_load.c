/*
 * campaign_load.c
 *	  See campaign_load.h.
 *
 * The functions below run while the current memory context is the cache's, so
 * that whatever they palloc stays.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "program/campaign_load.h"
#include "program/currency.h"
#include "program/event_type.h"

RF_STATEMENT(load_campaign,
			 "SELECT slug, name, state, starts_at, ends_at, landing_url,"
			 " qualify_within, on_unqualify, max_referrals, code_prefix, code_length"
			 " FROM @extschema@.rf_campaign"
			 " WHERE id = $1",
			 INT8OID);

RF_STATEMENT(load_rules,
			 "SELECT id, name, recipient, earned_on, kind, every, metric, amount, unit,"
			 " hold, auto_issue, active"
			 " FROM @extschema@.rf_reward_rule"
			 " WHERE campaign_id = $1"
			 " ORDER BY id",
			 INT8OID);

RF_STATEMENT(load_milestones,
			 "SELECT m.rule_id, m.threshold, coalesce(m.amount, r.amount),"
			 " coalesce(m.unit, r.unit)"
			 " FROM @extschema@.rf_milestone m"
			 " JOIN @extschema@.rf_reward_rule r ON r.id = m.rule_id"
			 " WHERE r.campaign_id = $1"
			 " ORDER BY m.rule_id, m.threshold",
			 INT8OID);

RF_STATEMENT(load_subscriptions,
			 "SELECT id, events, sources, rule_id,"
			 " CASE method WHEN 'GET' THEN 'form' ELSE format END, fields, extra"
			 " FROM @extschema@.rf_webhook"
			 " WHERE (campaign_id IS NULL OR campaign_id = $1) AND state <> 'disabled'"
			 " ORDER BY id",
			 INT8OID);

/* Position of a name in a list whose order is that of an enum. */
static int
load_enum(uint64 row, int column, const char *const *names, int n)
{
	char *name = rf_text(row, column);

	for (int i = 0; i < n; i++)
	{
		if (strcmp(names[i], name) == 0)
			return i;
	}
	elog(ERROR, "unexpected value \"%s\"", name);
}

static TimestampTz
load_time(uint64 row, int column, TimestampTz if_null)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? if_null : DatumGetTimestampTz(value);
}

static Interval *
load_interval(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? NULL : DatumGetIntervalP(datumCopy(value, false, sizeof(Interval)));
}

static Jsonb *
load_jsonb(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

static char **
load_texts(uint64 row, int column, int *n)
{
	bool   isnull;
	Datum  value = rf_value(row, column, &isnull);
	Datum *elements;
	char **texts;

	*n = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, n);
	texts = palloc_array(char *, *n);
	for (int i = 0; i < *n; i++)
		texts[i] = TextDatumGetCString(elements[i]);
	return texts;
}

/* A value as it is granted: money is rounded here, once. */
static RfValue
load_value(uint64 row, int amount_column, int unit_column, bool money)
{
	bool	isnull;
	Datum	amount = rf_value(row, amount_column, &isnull);
	RfValue value = {0, rf_text(row, unit_column)};

	if (isnull)
		return value;
	if (money)
		amount = rf_currency_round(amount, value.unit);
	value.amount = datumCopy(amount, false, -1);
	return value;
}

static RfCampaign *
load_header(int64 id)
{
	static const char *const states[] = {"draft", "live", "paused", "ended"};
	static const char *const policies[] = {"cancel_due", "keep", "clawback"};
	RfCampaign				*campaign = palloc0_object(RfCampaign);

	campaign->id = id;
	campaign->slug = rf_text(0, 1);
	campaign->name = rf_text(0, 2);
	campaign->state = load_enum(0, 3, states, lengthof(states));
	campaign->starts_at = load_time(0, 4, DT_NOBEGIN);
	campaign->ends_at = load_time(0, 5, DT_NOEND);
	campaign->landing_url = rf_text(0, 6);
	campaign->qualify_within = load_interval(0, 7);
	campaign->on_unqualify = load_enum(0, 8, policies, lengthof(policies));
	campaign->max_referrals = rf_int32(0, 9);
	campaign->code_prefix = rf_text(0, 10);
	campaign->code_length = rf_int32(0, 11);
	return campaign;
}

static void
load_rule(RfRule *rule, uint64 row)
{
	static const char *const recipients[] = {"referrer", "invited"};
	static const char *const triggers[] = {
		"referrer_joins", "invited_joins", "invited_qualifies", "purchase"};
	static const char *const kinds[] = {"standard", "milestone", "recurring"};

	rule->id = rf_int64(row, 1);
	rule->name = rf_text(row, 2);
	rule->terms.recipient = load_enum(row, 3, recipients, lengthof(recipients));
	rule->terms.earned_on = load_enum(row, 4, triggers, lengthof(triggers));
	rule->terms.kind = load_enum(row, 5, kinds, lengthof(kinds));
	rule->kind = rf_text(row, 5);
	rule->terms.every = rf_int32(row, 6);
	rule->metric = rf_text(row, 7);
	rule->value = load_value(row, 8, 9, strcmp(rule->metric, "amount") == 0);
	rule->hold = *load_interval(row, 10);
	rule->auto_issue = rf_bool(row, 11);
	rule->terms.active = rf_bool(row, 12);
}

/* Rows of load_milestones, from the given one on, that belong to the rule. */
static uint64
load_thresholds(RfRule *rule, uint64 row, uint64 nrows)
{
	int *thresholds = palloc_array(int, nrows);
	bool money = strcmp(rule->metric, "amount") == 0;

	rule->milestones = palloc_array(RfValue, nrows);
	rule->terms.thresholds = thresholds;
	for (; row < nrows && rf_int64(row, 1) == rule->id; row++)
	{
		thresholds[rule->terms.nthresholds] = rf_int32(row, 2);
		rule->milestones[rule->terms.nthresholds] = load_value(row, 3, 4, money);
		rule->terms.nthresholds++;
	}
	return row;
}

static void
load_subscription(RfSubscription *subscription, uint64 row)
{
	static const char *const formats[] = {"standard", "fields", "form"};
	int						 nevents;
	char				   **events = load_texts(row, 2, &nevents);

	subscription->webhook_id = rf_int64(row, 1);
	for (int i = 0; i < nevents; i++)
		subscription->types |= rf_event_pattern_types(events[i]);
	subscription->sources = load_texts(row, 3, &subscription->nsources);
	subscription->rule_id = rf_int64(row, 4);
	subscription->format = load_enum(row, 5, formats, lengthof(formats));
	subscription->fields = load_jsonb(row, 6);
	subscription->extra = load_jsonb(row, 7);
}

/* Run a statement on the campaign; returns the number of rows. */
static uint64
load_rows(RfStatement *statement, int64 id)
{
	Datum values[] = {Int64GetDatum(id)};

	return rf_execute(statement, values, NULL);
}

static void
load_rules_of(RfCampaign *campaign)
{
	uint64 nrows = load_rows(&load_rules, campaign->id);
	uint64 row = 0;

	campaign->nrules = nrows;
	campaign->rules = palloc0_array(RfRule, nrows);
	for (uint64 i = 0; i < nrows; i++)
		load_rule(&campaign->rules[i], i);

	nrows = load_rows(&load_milestones, campaign->id);
	for (int i = 0; i < campaign->nrules; i++)
		row = load_thresholds(&campaign->rules[i], row, nrows);
}

static void
load_subscriptions_of(RfCampaign *campaign)
{
	uint64 nrows = load_rows(&load_subscriptions, campaign->id);

	campaign->nsubscriptions = nrows;
	campaign->subscriptions = palloc0_array(RfSubscription, nrows);
	for (uint64 i = 0; i < nrows; i++)
	{
		load_subscription(&campaign->subscriptions[i], i);
		campaign->wanted |= campaign->subscriptions[i].types;
	}
}

RfCampaign *
rf_campaign_load(int64 id, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	RfCampaign	 *campaign = NULL;

	if (load_rows(&load_campaign, id) > 0)
	{
		campaign = load_header(id);
		load_rules_of(campaign);
		load_subscriptions_of(campaign);
	}
	MemoryContextSwitchTo(caller);
	return campaign;
}
