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
#include "program/predicate.h"
#include "program/currency.h"
#include "program/event_type.h"
#include "program/format.h"

RF_STATEMENT(load_campaign,
			 "SELECT slug, name, state, starts_at, ends_at, landing_url,"
			 " qualify_within, on_unqualify, max_referrals, code_prefix, code_length,"
			 " min_spend, currency, fallback_url"
			 " FROM @extschema@.rf_campaign"
			 " WHERE id = $1",
			 INT8OID);

RF_STATEMENT(load_rules,
			 "SELECT id, name, recipient, earned_on, kind, every, metric, amount, unit,"
			 " hold, auto_issue, active, pool, percent, cap, levels, condition,"
			 " max_per_recipient, max_total, budget, period, recur_every, recur_times"
			 " FROM @extschema@.rf_reward_rule"
			 " WHERE campaign_id = $1"
			 " ORDER BY id",
			 INT8OID);

RF_STATEMENT(load_milestones,
			 "SELECT m.rule_id, m.threshold, coalesce(m.amount, r.amount),"
			 " coalesce(m.unit, r.unit), coalesce(m.pool, r.pool)"
			 " FROM @extschema@.rf_milestone m"
			 " JOIN @extschema@.rf_reward_rule r ON r.id = m.rule_id"
			 " WHERE r.campaign_id = $1"
			 " ORDER BY m.rule_id, m.threshold",
			 INT8OID);

RF_STATEMENT(load_subscriptions,
			 "SELECT id, events, sources, rule_id,"
			 " " RF_FORMAT_COLUMNS
			 " FROM @extschema@.rf_webhook w"
			 " WHERE (campaign_id IS NULL OR campaign_id = $1) AND state <> 'disabled'"
			 " ORDER BY id",
			 INT8OID);

RF_STATEMENT(load_fraud_rules,
			 "SELECT signal, action, coalesce(threshold, 1), \"within\""
			 " FROM @extschema@.rf_fraud_rule"
			 " WHERE campaign_id = $1"
			 " ORDER BY signal",
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

/* Null: 0. */
static Datum
load_numeric(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? 0 : PointerGetDatum(DatumGetNumericCopy(value));
}

static JsonPath *
load_condition(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonPathPCopy(value);
}

/* A value as it is granted: money is rounded here, once. */
static RfValue
load_value(uint64 row, int amount_column, int unit_column, int pool_column, bool money)
{
	RfValue value = {
		load_numeric(row, amount_column), rf_text(row, unit_column), rf_text(row, pool_column)};

	if (value.amount != 0 && money)
		value.amount = rf_currency_round(value.amount, value.unit);
	return value;
}

/* The numbers of a rule's levels; amounts of money are rounded here. */
static void
load_levels(RfRule *rule, Jsonb *levels)
{
	if (levels == NULL)
		return;
	rule->nlevels = JB_ROOT_COUNT(levels);
	rule->levels = palloc_array(Datum, rule->nlevels);
	for (int i = 0; i < rule->nlevels; i++)
	{
		JsonbValue *number = getIthJsonbValueFromContainer(&levels->root, i);

		rule->levels[i] = datumCopy(NumericGetDatum(number->val.numeric), false, -1);
		if (rule->metric == RF_AMOUNT)
			rule->levels[i] = rf_currency_round(rule->levels[i], rule->value.unit);
	}
}

static void
load_limits(RfLimits *limits, uint64 row, int column)
{
	static const char *const periods[] = {"ever", "day", "week", "month", "year"};

	limits->max_per_recipient = rf_int32(row, column);
	limits->max_total = rf_int32(row, column + 1);
	limits->budget = load_numeric(row, column + 2);
	limits->period = load_enum(row, column + 3, periods, lengthof(periods));
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
	campaign->min_spend = load_numeric(0, 12);
	campaign->currency = rf_text(0, 13);
	campaign->fallback_url = rf_text(0, 14);
	return campaign;
}

static void
load_rule(RfRule *rule, uint64 row)
{
	static const char *const recipients[] = {"referrer", "invited"};
	static const char *const triggers[] = {
		"referrer_joins", "invited_joins", "invited_qualifies", "purchase"};
	static const char *const kinds[] = {"standard", "milestone", "recurring"};
	static const char *const metrics[] = {"amount", "commission", "coupon", "custom"};

	rule->id = rf_int64(row, 1);
	rule->name = rf_text(row, 2);
	rule->terms.recipient = load_enum(row, 3, recipients, lengthof(recipients));
	rule->terms.earned_on = load_enum(row, 4, triggers, lengthof(triggers));
	rule->terms.kind = load_enum(row, 5, kinds, lengthof(kinds));
	rule->kind = rf_text(row, 5);
	rule->terms.every = rf_int32(row, 6);
	rule->metric = load_enum(row, 7, metrics, lengthof(metrics));
	rule->value = load_value(row, 8, 9, 13, rule->metric == RF_AMOUNT);
	rule->hold = *load_interval(row, 10);
	rule->auto_issue = rf_bool(row, 11);
	rule->terms.active = rf_bool(row, 12);
	rule->percent = load_numeric(row, 14);
	rule->cap = load_numeric(row, 15);
	load_levels(rule, load_jsonb(row, 16));
	rule->condition = load_condition(row, 17);
	load_limits(&rule->limits, row, 18);
	rule->recur_every = load_interval(row, 22);
	rule->recur_times = rf_int32(row, 23);
}

/* Rows of load_milestones, from the given one on, that belong to the rule. */
static uint64
load_thresholds(RfRule *rule, uint64 row, uint64 nrows)
{
	int *thresholds = palloc_array(int, nrows);
	bool money = rule->metric == RF_AMOUNT;

	rule->milestones = palloc_array(RfValue, nrows);
	rule->terms.thresholds = thresholds;
	for (; row < nrows && rf_int64(row, 1) == rule->id; row++)
	{
		thresholds[rule->terms.nthresholds] = rf_int32(row, 2);
		rule->milestones[rule->terms.nthresholds] = load_value(row, 3, 4, 5, money);
		rule->terms.nthresholds++;
	}
	return row;
}

static void
load_subscription(RfSubscription *subscription, uint64 row)
{
	int	   nevents;
	char **events = load_texts(row, 2, &nevents);

	subscription->webhook_id = rf_int64(row, 1);
	for (int i = 0; i < nevents; i++)
		subscription->types |= rf_event_pattern_types(events[i]);
	subscription->sources = load_texts(row, 3, &subscription->nsources);
	subscription->rule_id = rf_int64(row, 4);
	rf_format_read(subscription, row, 5);
}

/* Run a statement on the campaign; returns the number of rows. */
static uint64
load_rows(RfStatement *statement, int64 id)
{
	Datum values[] = {Int64GetDatum(id)};

	return rf_execute(statement, values, NULL);
}

/* Does the rule look at what the person has spent up to then? */
static bool
rule_needs_spending(const RfRule *rule)
{
	return (rule->condition != NULL && rf_condition_may_see(rule->condition, "spend")) ||
		(rule->metric == RF_COMMISSION && rule->terms.earned_on != RF_PURCHASE);
}

static void
load_rules_of(RfCampaign *campaign)
{
	uint64 nrows = load_rows(&load_rules, campaign->id);
	uint64 row = 0;

	campaign->nrules = nrows;
	campaign->rules = palloc0_array(RfRule, nrows);
	for (uint64 i = 0; i < nrows; i++)
	{
		load_rule(&campaign->rules[i], i);
		campaign->nlevels = Max(campaign->nlevels, campaign->rules[i].nlevels);
		campaign->needs_spending |= rule_needs_spending(&campaign->rules[i]);
	}

	nrows = load_rows(&load_milestones, campaign->id);
	for (int i = 0; i < campaign->nrules; i++)
		row = load_thresholds(&campaign->rules[i], row, nrows);
}

RfSubscription *
rf_subscriptions_load(int64 campaign_id, int *n)
{
	uint64			nrows = load_rows(&load_subscriptions, campaign_id);
	RfSubscription *subscriptions = palloc0_array(RfSubscription, nrows);

	for (uint64 i = 0; i < nrows; i++)
		load_subscription(&subscriptions[i], i);
	*n = (int) nrows;
	return subscriptions;
}

static void
load_subscriptions_of(RfCampaign *campaign)
{
	campaign->subscriptions = rf_subscriptions_load(campaign->id, &campaign->nsubscriptions);
	for (int i = 0; i < campaign->nsubscriptions; i++)
		campaign->wanted |= campaign->subscriptions[i].types;
}

static void
load_fraud_rules_of(RfCampaign *campaign)
{
	static const char *const actions[] = {"allow", "flag", "hold", "block"};
	const char				*signals[RF_FRAUD_SIGNALS];

	for (int i = 0; i < RF_FRAUD_SIGNALS; i++)
		signals[i] = rf_fraud_signal_name(i);
	campaign->nfraud_rules = load_rows(&load_fraud_rules, campaign->id);
	campaign->fraud_rules = palloc0_array(RfFraudRule, campaign->nfraud_rules);
	for (int i = 0; i < campaign->nfraud_rules; i++)
	{
		RfFraudRule *rule = &campaign->fraud_rules[i];

		rule->signal = load_enum(i, 1, signals, lengthof(signals));
		rule->action = load_enum(i, 2, actions, lengthof(actions));
		rule->threshold = rf_int32(i, 3);
		rule->within = load_interval(i, 4);
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
		load_fraud_rules_of(campaign);
	}
	MemoryContextSwitchTo(caller);
	return campaign;
}
