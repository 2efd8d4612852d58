/*
 * payload.c
 *	  The standard format. See payload.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "base/number.h"
#include "base/sqlstate.h"
#include "program/payload.h"

void
rf_payload_string(StringInfo out, const char *key, const char *value)
{
	appendStringInfo(out, "\"%s\":", key);
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, value);
}

void
rf_payload_time(StringInfo out, TimestampTz when)
{
	struct pg_tm tm;
	fsec_t		 fsec;

	if (TIMESTAMP_NOT_FINITE(when) || timestamp2tm(when, NULL, &tm, &fsec, NULL, NULL) != 0)
	{
		appendStringInfoString(out, "null");
		return;
	}
	appendStringInfo(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ\"",
					 tm.tm_year, tm.tm_mon, tm.tm_mday,
					 tm.tm_hour, tm.tm_min, tm.tm_sec, (int) fsec);
}

static void
json_time(StringInfo out, const char *key, TimestampTz when)
{
	appendStringInfo(out, "\"%s\":", key);
	rf_payload_time(out, when);
}

void
rf_payload_number(StringInfo out, const char *key, Datum number)
{
	appendStringInfo(out, "\"%s\":%s", key,
					 number == 0 ? "null" : rf_number_text(number));
}

static void
payload_campaign(StringInfo out, const RfCampaign *campaign)
{
	if (campaign == NULL)
	{
		appendStringInfoString(out, "\"campaign\":null");
		return;
	}
	appendStringInfo(out, "\"campaign\":{\"id\":" INT64_FORMAT ",", campaign->id);
	rf_payload_string(out, "slug", campaign->slug);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "name", campaign->name);
	appendStringInfoChar(out, '}');
}

static void
payload_person(StringInfo out, const RfPerson *person, const RfCampaign *campaign)
{
	appendStringInfo(out, "{\"id\":" INT64_FORMAT ",", person->id);
	rf_payload_string(out, "code", person->code);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "email", person->email);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "name", person->name);
	appendStringInfo(out, ",\"type\":\"%s\",\"state\":\"%s\",",
					 person->referrer_id != 0 ? "person_invited" : "person_referring",
					 rf_person_state_name(person->state));
	rf_payload_string(out, "source", person->source);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "url", rf_campaign_link(campaign, person->code));
	appendStringInfoChar(out, ',');
	json_time(out, "joined_at", person->joined_at);
	appendStringInfoChar(out, ',');
	if (!TIMESTAMP_NOT_FINITE(person->qualified_at))
		json_time(out, "qualified_at", person->qualified_at);
	else
		rf_payload_string(out, "qualified_at", NULL);
	appendStringInfoString(out, ",\"meta\":");
	(void) JsonbToCString(out, &person->meta->root, VARSIZE(person->meta));
}

static void
payload_referrer(StringInfo out, const RfPerson *referrer, const RfCampaign *campaign)
{
	appendStringInfoString(out, ",\"referrer\":");
	if (referrer == NULL)
	{
		appendStringInfoString(out, "null");
		return;
	}
	payload_person(out, referrer, campaign);
	appendStringInfo(out, ",\"invited_count\":%d,\"qualified_count\":%d}",
					 referrer->invited_count, referrer->qualified_count);
}

static void
payload_reward(StringInfo out, const RfRewardFacts *reward)
{
	appendStringInfo(out, ",\"reward\":{\"id\":" INT64_FORMAT ",\"rule_id\":" INT64_FORMAT ",",
					 reward->id, reward->rule->id);
	rf_payload_string(out, "rule", reward->rule->name);
	appendStringInfo(out, ",\"kind\":\"%s\",\"threshold\":", reward->rule->kind);
	if (reward->rule->terms.kind == RF_MILESTONE)
		appendStringInfo(out, "%d", reward->ordinal);
	else
		appendStringInfoString(out, "null");
	appendStringInfo(out, ",\"recipient\":\"%s\",\"metric\":\"%s\",",
					 reward->rule->terms.recipient == RF_TO_REFERRER ? "referrer" : "invited",
					 rf_metric_name(reward->rule->metric));
	rf_payload_number(out, "amount", reward->amount);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "unit", reward->unit);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "coupon", reward->coupon);
	appendStringInfo(out, ",\"state\":\"%s\",", reward->state);
	rf_payload_string(out, "previous_state", reward->previous_state);
	if (reward->level > 1)
		appendStringInfo(out, ",\"level\":%d", reward->level);
	appendStringInfoChar(out, '}');
}

static void
payload_purchase(StringInfo out, const RfPurchase *purchase)
{
	appendStringInfo(out, ",\"purchase\":{\"id\":" INT64_FORMAT ",", purchase->id);
	rf_payload_string(out, "external_id", purchase->external_id);
	appendStringInfoChar(out, ',');
	rf_payload_number(out, "amount", purchase->amount);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "currency", purchase->currency);
	appendStringInfoChar(out, ',');
	json_time(out, "occurred_at", purchase->occurred_at);
	appendStringInfoChar(out, '}');
}

static void
payload_pool(StringInfo out, const RfPoolFacts *pool)
{
	appendStringInfoString(out, ",\"coupon_pool\":{");
	rf_payload_string(out, "pool", pool->name);
	appendStringInfo(out, ",\"total\":" INT64_FORMAT ",\"used\":" INT64_FORMAT ",\"percent\":%d}",
					 pool->total, pool->used, pool->percent);
}

static void
payload_webhook(StringInfo out, const RfWebhookFacts *webhook)
{
	appendStringInfo(out, "\"webhook\":{\"id\":" INT64_FORMAT ",", webhook->id);
	rf_payload_string(out, "name", webhook->name);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "host", webhook->host);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "state", webhook->state);
	appendStringInfoChar(out, ',');
	rf_payload_string(out, "reason", webhook->reason);
	appendStringInfoChar(out, '}');
}

static void
payload_delivery(StringInfo out, const RfDeliveryFacts *delivery)
{
	appendStringInfo(out, ",\"delivery\":{\"id\":" INT64_FORMAT ",\"event_id\":" INT64_FORMAT ",",
					 delivery->id, delivery->event_id);
	rf_payload_string(out, "event_type", delivery->event_type);
	appendStringInfo(out, ",\"attempts\":%d,", delivery->attempts);
	rf_payload_string(out, "error", delivery->error);
	appendStringInfoChar(out, '}');
}

/* What is about sending is about no person. */
static void
payload_sending(StringInfo out, const RfEvent *event)
{
	appendStringInfoChar(out, '{');
	payload_webhook(out, event->webhook);
	appendStringInfoChar(out, ',');
	payload_campaign(out, event->campaign);
	if (event->delivery != NULL)
		payload_delivery(out, event->delivery);
	appendStringInfoChar(out, '}');
}

void
rf_payload_data(StringInfo out, const RfEvent *event)
{
	if (event->webhook != NULL)
	{
		payload_sending(out, event);
		return;
	}
	appendStringInfoChar(out, '{');
	payload_campaign(out, event->campaign);
	appendStringInfoString(out, ",\"participant\":");
	if (event->participant == NULL)
		appendStringInfoString(out, "null");
	else
	{
		payload_person(out, event->participant, event->campaign);
		appendStringInfoChar(out, '}');
	}
	payload_referrer(out, event->referrer, event->campaign);
	if (event->reward != NULL)
		payload_reward(out, event->reward);
	if (event->purchase != NULL)
		payload_purchase(out, event->purchase);
	if (event->pool != NULL)
		payload_pool(out, event->pool);
	appendStringInfoChar(out, '}');
}

void
rf_payload_standard(StringInfo out, const RfEvent *event, TimestampTz when)
{
	appendStringInfo(out, "{\"type\":\"%s\",", rf_event_name(event->type));
	json_time(out, "timestamp", when);
	appendStringInfoString(out, ",\"data\":");
	rf_payload_data(out, event);
	appendStringInfoChar(out, '}');
}

bool
rf_payload_fits(const char *text)
{
	return strlen(pg_server_to_any(text, strlen(text), PG_UTF8)) <= RF_PAYLOAD_MAX;
}

Datum
rf_payload_freeze(const char *text, RfEventType type)
{
	int	  length = strlen(text);
	char *utf8 = pg_server_to_any(text, length, PG_UTF8);

	if (utf8 != text)
		length = strlen(utf8);
	if (length > RF_PAYLOAD_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_RF_PAYLOAD_TOO_LARGE),
				 errmsg("payload of event \"%s\" is too large", rf_event_name(type)),
				 errdetail("It has %d bytes, the limit is %d.", length, RF_PAYLOAD_MAX),
				 errhint("Keep less in the participant's \"meta\".")));
	return PointerGetDatum(cstring_to_text_with_len(utf8, length));
}
