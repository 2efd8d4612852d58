/*
 * event.c
 *	  See event.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "program/event.h"
#include "program/format.h"
#include "program/home.h"
#include "program/news.h"

PG_FUNCTION_INFO_V1(rf_message_id);

int (*rf_event_slot_hook)(void) = NULL;

char *
rf_event_message_id(int64 home, int64 event_id)
{
	return psprintf("msg_%016llx%016llx",
					(unsigned long long) home, (unsigned long long) event_id);
}

Datum
rf_message_id(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(rf_event_message_id(PG_GETARG_INT64(0),
														 PG_GETARG_INT64(1))));
}

static void
event_batch_init(RfEventBatch *batch)
{
	rf_column_init(&batch->id, INT8OID);
	rf_column_init(&batch->type, TEXTOID);
	rf_column_init(&batch->campaign_id, INT8OID);
	rf_column_init(&batch->participant_id, INT8OID);
	rf_column_init(&batch->reward_id, INT8OID);
	rf_column_init(&batch->payload, BYTEAOID);
	rf_column_init(&batch->delivery_event_id, INT8OID);
	rf_column_init(&batch->delivery_webhook_id, INT8OID);
	rf_column_init(&batch->delivery_body, BYTEAOID);
	batch->started = true;
}

static bool
event_source_matches(const RfSubscription *subscription, const RfPerson *person)
{
	if (subscription->nsources == 0)
		return true;
	if (person == NULL || person->source == NULL)
		return false;
	for (int i = 0; i < subscription->nsources; i++)
	{
		if (strcmp(subscription->sources[i], person->source) == 0)
			return true;
	}
	return false;
}

static bool
event_is_wanted(const RfSubscription *subscription, const RfEvent *event)
{
	if ((subscription->types & RF_EVENT_BIT(event->type)) == 0)
		return false;
	/* Who cannot be reached is not told so. */
	if (event->webhook != NULL && event->webhook->id == subscription->webhook_id &&
		event->type != RF_EVENT_WEBHOOK_TEST)
		return false;
	if (subscription->rule_id != 0 &&
		(event->reward == NULL || event->reward->rule->id != subscription->rule_id))
		return false;
	return event_source_matches(subscription, event->participant);
}

/*
 * What the worker tells must not fail because of one who listens: a body that
 * would be too large is left out.
 */
static bool
event_must_fit(const RfEvent *event)
{
	return event->webhook == NULL || event->type == RF_EVENT_WEBHOOK_TEST;
}

static char *
event_format(const RfSubscription *subscription, const RfEvent *event, int64 event_id,
			 const char *standard)
{
	const char *message_id = rf_event_message_id(rf_home_current(), event_id);
	char	   *body;

	if (event_must_fit(event))
		return rf_format_body(standard, message_id, subscription);
	body = rf_format_body_if_fits(standard, message_id, subscription);
	return body != NULL && rf_payload_fits(body) ? body : NULL;
}

/*
 * The body in the subscription's format, which is not the standard one; 0: left out.
 * A statement may write very many.
 */
static Datum
event_body(const RfSubscription *subscription, const RfEvent *event, int64 event_id,
		   const char *standard)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "referral format",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	const char	 *body = event_format(subscription, event, event_id, standard);
	Datum		  frozen = 0;

	MemoryContextSwitchTo(caller);
	if (body != NULL)
		frozen = rf_payload_freeze(body, event->type);
	else
		ereport(WARNING,
				(errcode(ERRCODE_RF_PAYLOAD_TOO_LARGE),
				 errmsg("webhook " INT64_FORMAT " is not sent an event \"%s\": its body would be too large",
						subscription->webhook_id, rf_event_name(event->type))));
	MemoryContextDelete(scratch);
	return frozen;
}

/* A delivery of the event last added. */
static void
event_add_delivery(RfEventBatch *batch, const RfSubscription *subscription,
				   const RfEvent *event, const char *standard)
{
	Datum event_id = batch->id.values[batch->id.n - 1];
	Datum body = 0;

	if (subscription->format != RF_FORMAT_STANDARD)
	{
		body = event_body(subscription, event, DatumGetInt64(event_id), standard);
		if (body == 0)
			return;
	}
	rf_column_add(&batch->delivery_event_id, event_id);
	rf_column_add(&batch->delivery_webhook_id, Int64GetDatum(subscription->webhook_id));
	if (body != 0)
		rf_column_add(&batch->delivery_body, body);
	else
		rf_column_add_null(&batch->delivery_body);
}

/* The event itself; returns its standard payload. */
static const char *
event_add_fact(RfEventBatch *batch, const RfEvent *event)
{
	StringInfoData standard;

	initStringInfo(&standard);
	rf_payload_standard(&standard, event, rf_now());
	rf_column_add(&batch->id,
				  Int64GetDatum(nextval_internal(rf_engine_relation("rf_event_id_seq"), false)));
	rf_column_add(&batch->type, CStringGetTextDatum(rf_event_name(event->type)));
	if (event->campaign != NULL)
		rf_column_add(&batch->campaign_id, Int64GetDatum(event->campaign->id));
	else
		rf_column_add_null(&batch->campaign_id);
	if (event->participant != NULL)
		rf_column_add(&batch->participant_id, Int64GetDatum(event->participant->id));
	else
		rf_column_add_null(&batch->participant_id);
	if (event->reward != NULL)
		rf_column_add(&batch->reward_id, Int64GetDatum(event->reward->id));
	else
		rf_column_add_null(&batch->reward_id);
	rf_column_add(&batch->payload, rf_payload_freeze(standard.data, event->type));
	return standard.data;
}

void
rf_event_add(RfEventBatch *batch, const RfEvent *event)
{
	const RfCampaign *campaign = event->campaign;

	if ((campaign->wanted & RF_EVENT_BIT(event->type)) != 0)
		rf_event_offer(batch, event, campaign->subscriptions, campaign->nsubscriptions);
}

void
rf_event_offer(RfEventBatch *batch, const RfEvent *event,
			   const RfSubscription *subscriptions, int nsubscriptions)
{
	const char *standard = NULL;

	if (!batch->started)
		event_batch_init(batch);
	for (int i = 0; i < nsubscriptions; i++)
	{
		const RfSubscription *subscription = &subscriptions[i];

		if (!event_is_wanted(subscription, event))
			continue;
		if (standard == NULL)
			standard = event_add_fact(batch, event);
		event_add_delivery(batch, subscription, event, standard);
	}
}

RF_STATEMENT(insert_events,
			 "INSERT INTO @extschema@.rf_event"
			 " (id, home, type, campaign_id, participant_id, reward_id, created_at, payload)"
			 " OVERRIDING SYSTEM VALUE"
			 " SELECT unnest($1), $2, unnest($3), unnest($4), unnest($5), unnest($6), $7, unnest($8)",
			 INT8ARRAYOID, INT8OID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
			 TIMESTAMPTZOID, BYTEAARRAYOID);

#define INSERT_DELIVERIES(slot) \
	"INSERT INTO @extschema@.rf_outbox_" slot " (event_id, webhook_id, body)" \
	" SELECT unnest($1), unnest($2), unnest($3)"

RF_STATEMENT(insert_deliveries_0, INSERT_DELIVERIES("0"),
			 INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID);
RF_STATEMENT(insert_deliveries_1, INSERT_DELIVERIES("1"),
			 INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID);
RF_STATEMENT(insert_deliveries_2, INSERT_DELIVERIES("2"),
			 INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID);
RF_STATEMENT(insert_deliveries_3, INSERT_DELIVERIES("3"),
			 INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID);

static void
event_flush_deliveries(RfEventBatch *batch)
{
	static RfStatement *const statements[] = {
		&insert_deliveries_0, &insert_deliveries_1, &insert_deliveries_2, &insert_deliveries_3};
	int	  slot = rf_event_slot_hook != NULL ? rf_event_slot_hook() : 0;
	Datum values[] = {
		rf_column_array(&batch->delivery_event_id),
		rf_column_array(&batch->delivery_webhook_id),
		rf_column_array(&batch->delivery_body)};

	rf_execute(statements[slot], values, NULL);
	rf_column_reset(&batch->delivery_event_id);
	rf_column_reset(&batch->delivery_webhook_id);
	rf_column_reset(&batch->delivery_body);
}

void
rf_event_flush(RfEventBatch *batch)
{
	if (!batch->started || batch->id.n == 0)
		return;
	{
		Datum values[] = {
			rf_column_array(&batch->id),
			Int64GetDatum(rf_home_current()),
			rf_column_array(&batch->type),
			rf_column_array(&batch->campaign_id),
			rf_column_array(&batch->participant_id),
			rf_column_array(&batch->reward_id),
			TimestampTzGetDatum(rf_now()),
			rf_column_array(&batch->payload)};

		rf_execute(&insert_events, values, NULL);
	}
	rf_column_reset(&batch->id);
	rf_column_reset(&batch->type);
	rf_column_reset(&batch->campaign_id);
	rf_column_reset(&batch->participant_id);
	rf_column_reset(&batch->reward_id);
	rf_column_reset(&batch->payload);
	event_flush_deliveries(batch);
	rf_news_announce();
}
