/*
 * webhook_event.c
 *	  See webhook_event.h.
 *
 * A webhook of a campaign is of interest to those that listen to that campaign;
 * one of all campaigns only to others of all campaigns.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"

#include "program/batch.h"
#include "program/campaign_load.h"
#include "program/event.h"
#include "program/webhook_event.h"

PG_FUNCTION_INFO_V1(rf_test_webhook);

/* What payloads show of the webhook "w". Its URL was checked: it has a host. */
#define WEBHOOK_COLUMNS \
	" w.id, w.name, substring(w.url FROM '^[^:]+://(\\[[^]]*\\]|[^/?#:]*)'), w.state," \
	" (SELECT s.disabled_reason FROM @extschema@.rf_webhook_state s" \
	"  WHERE s.webhook_id = w.id AND w.state = 'disabled'), w.campaign_id"

typedef struct Told
{
	RfWebhookFacts	webhook;
	int64			campaign_id; /* 0: all */
	RfDeliveryFacts delivery;	 /* of what is exhausted */
} Told;

static void
told_read_webhook(Told *told, uint64 row)
{
	told->webhook = (RfWebhookFacts){
		.id = rf_int64(row, 1),
		.name = rf_text(row, 2),
		.host = rf_text(row, 3),
		.state = rf_text(row, 4),
		.reason = rf_text(row, 5)};
	told->campaign_id = rf_int64(row, 6);
}

/* ---- to whom ------------------------------------------------------------ */

/* Who listens to what happens in a campaign, or (0) in all of them. */
typedef struct Listeners
{
	const RfCampaign	 *campaign; /* NULL: all */
	const RfSubscription *subscriptions;
	int					  n;
} Listeners;

/* Several webhooks in a row are often of one campaign; begin with {0}. */
static void
listeners_find(Listeners *listeners, int64 campaign_id)
{
	int64 found = listeners->campaign != NULL ? listeners->campaign->id : 0;

	if (listeners->subscriptions != NULL && found == campaign_id)
		return;
	*listeners = (Listeners){0};
	if (campaign_id == 0)
	{
		listeners->subscriptions = rf_subscriptions_load(0, &listeners->n);
		return;
	}
	listeners->campaign = rf_campaign_by_id(campaign_id);
	if (listeners->campaign == NULL)
		return;
	listeners->subscriptions = listeners->campaign->subscriptions;
	listeners->n = listeners->campaign->nsubscriptions;
}

/* Returns how many; those of a campaign that is not there yet are told to nobody. */
static int
told_write(const Told *told, uint64 n, RfEventType type)
{
	RfEventBatch events = {0};
	Listeners	 listeners = {0};

	for (uint64 i = 0; i < n; i++)
	{
		RfEvent event = {.type = type, .webhook = &told[i].webhook};

		listeners_find(&listeners, told[i].campaign_id);
		event.campaign = listeners.campaign;
		if (told[i].delivery.id != 0)
			event.delivery = &told[i].delivery;
		rf_event_offer(&events, &event, listeners.subscriptions, listeners.n);
	}
	rf_event_flush(&events);
	return (int) n;
}

/* ---- what happened ------------------------------------------------------ */

RF_STATEMENT(read_exhausted,
			 "SELECT" WEBHOOK_COLUMNS ","
			 " d.delivery_id, d.event_id, e.type, d.attempts, d.last_error"
			 " FROM unnest($1) AS n (delivery_id)"
			 " JOIN @extschema@.rf_dead d ON d.delivery_id = n.delivery_id"
			 " JOIN @extschema@.rf_event e ON e.id = d.event_id"
			 " JOIN @extschema@.rf_webhook w ON w.id = d.webhook_id"
			 " WHERE e.type NOT LIKE 'webhook.%'"
			 " ORDER BY d.event_id, d.delivery_id",
			 INT8ARRAYOID);

static int
exhausted_tell(Datum delivery_ids)
{
	uint64 n = rf_execute(&read_exhausted, &delivery_ids, NULL);
	Told  *told = palloc0_array(Told, n);

	for (uint64 row = 0; row < n; row++)
	{
		told_read_webhook(&told[row], row);
		told[row].delivery = (RfDeliveryFacts){
			.id = rf_int64(row, 7),
			.event_id = rf_int64(row, 8),
			.event_type = rf_text(row, 9),
			.attempts = rf_int32(row, 10),
			.error = rf_text(row, 11)};
	}
	return told_write(told, n, RF_EVENT_WEBHOOK_EXHAUSTED);
}

void
rf_webhooks_tell_exhausted(Datum delivery_ids)
{
	(void) rf_batch_run(delivery_ids, exhausted_tell, "webhook.exhausted of delivery");
}

RF_STATEMENT(read_webhooks,
			 "SELECT" WEBHOOK_COLUMNS
			 " FROM unnest($1) AS n (id)"
			 " JOIN @extschema@.rf_webhook w ON w.id = n.id"
			 " ORDER BY w.id",
			 INT8ARRAYOID);

static int
disabled_tell(Datum webhook_ids)
{
	uint64 n = rf_execute(&read_webhooks, &webhook_ids, NULL);
	Told  *told = palloc0_array(Told, n);

	for (uint64 row = 0; row < n; row++)
		told_read_webhook(&told[row], row);
	return told_write(told, n, RF_EVENT_WEBHOOK_DISABLED);
}

void
rf_webhooks_tell_disabled(Datum webhook_ids)
{
	(void) rf_batch_run(webhook_ids, disabled_tell, "webhook.disabled of webhook");
}

/* ---- a trial ------------------------------------------------------------ */

RF_STATEMENT(read_webhook,
			 "SELECT" WEBHOOK_COLUMNS " FROM @extschema@.rf_webhook w WHERE w.id = $1",
			 INT8OID);

static void
test_refuse_disabled(const Told *told)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("webhook " INT64_FORMAT " is disabled", told->webhook.id),
			 told->webhook.reason != NULL ? errdetail("Reason: %s.", told->webhook.reason) : 0,
			 errhint("Set its state to 'enabled' first.")));
}

static void
test_find(Told *told, int64 webhook_id)
{
	Datum values[] = {Int64GetDatum(webhook_id)};

	if (rf_execute(&read_webhook, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("webhook " INT64_FORMAT " does not exist", webhook_id)));
	told_read_webhook(told, 0);
	if (strcmp(told->webhook.state, "disabled") == 0)
		test_refuse_disabled(told);
}

/* The webhook as one that wants this event, whatever else it wants. */
static RfSubscription
test_subscription(const Told *told)
{
	int				n;
	RfSubscription *subscriptions = rf_subscriptions_load(told->campaign_id, &n);

	for (int i = 0; i < n; i++)
	{
		RfSubscription subscription = subscriptions[i];

		if (subscription.webhook_id != told->webhook.id)
			continue;
		subscription.types = RF_EVENT_BIT(RF_EVENT_WEBHOOK_TEST);
		subscription.nsources = 0;
		subscription.rule_id = 0;
		return subscription;
	}
	/* Only now: it was not a moment ago. */
	test_refuse_disabled(told);
	pg_unreachable();
}

/* Of the only delivery just written. */
RF_STATEMENT(last_delivery,
			 "SELECT currval('@extschema@.rf_outbox_id_seq')");

static int64
test_write(const Told *told)
{
	RfEventBatch   events = {0};
	RfSubscription subscription = test_subscription(told);
	RfEvent		   event = {
			   .type = RF_EVENT_WEBHOOK_TEST,
			   .campaign = told->campaign_id != 0 ? rf_campaign_by_id(told->campaign_id) : NULL,
			   .webhook = &told->webhook};

	rf_event_offer(&events, &event, &subscription, 1);
	rf_event_flush(&events);
	rf_execute(&last_delivery, NULL, NULL);
	return rf_int64(0, 1);
}

Datum
rf_test_webhook(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Told	 told = {0};
	int64	 delivery_id;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("webhook_id must not be null")));
	rf_engine_enter(&engine, fcinfo);
	test_find(&told, PG_GETARG_INT64(0));
	delivery_id = test_write(&told);
	rf_engine_leave(&engine);
	PG_RETURN_INT64(delivery_id);
}
