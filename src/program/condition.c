/*
 * condition.c
 *	  See condition.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/number.h"
#include "program/condition.h"
#include "program/spend.h"

static void
document_string(StringInfo out, const char *key, const char *value)
{
	appendStringInfoChar(out, ',');
	rf_payload_string(out, key, value);
}

static void
document_number(StringInfo out, const char *key, Datum number)
{
	appendStringInfoChar(out, ',');
	rf_payload_number(out, key, number);
}

/* What was spent, in the currency at hand; 0 without any purchase. */
static Datum
document_spend(const RfHappening *happening)
{
	const RfPurchase *purchase = happening->purchase;
	const RfSpend	 *spend = rf_spending_in(&happening->spending,
											 purchase != NULL ? purchase->currency : NULL,
											 happening->campaign->currency);

	return spend != NULL ? spend->net : rf_number_zero();
}

Jsonb *
rf_condition_document(const RfHappening *happening)
{
	const RfPurchase *purchase = happening->purchase;
	const RfPerson	 *person = happening->participant;
	StringInfoData	  text;
	RfEvent			  event = {
				  .type = happening->event,
				  .campaign = happening->campaign,
				  .participant = person,
				  .referrer = happening->referrer,
				  .purchase = purchase,
	  };

	initStringInfo(&text);
	appendStringInfo(&text, "{\"type\":\"%s\",\"timestamp\":",
					 event.type == RF_EVENT_NONE ? "purchase" : rf_event_name(event.type));
	rf_payload_time(&text, happening->earned_at);
	document_number(&text, "amount", purchase ? purchase->amount : 0);
	document_string(&text, "currency", purchase ? purchase->currency : NULL);
	document_string(&text, "external_id", purchase ? purchase->external_id : NULL);
	document_number(&text, "spend", document_spend(happening));
	document_string(&text, "source", person->source);
	appendStringInfoString(&text, ",\"meta\":");
	(void) JsonbToCString(&text, &person->meta->root, VARSIZE(person->meta));
	appendStringInfoString(&text, ",\"data\":");
	rf_payload_data(&text, &event);
	appendStringInfoChar(&text, '}');
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
}
