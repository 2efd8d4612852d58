/*
 * webhook.c
 *	  See webhook.h: the triggers on rf_webhook.
 *
 * An UPDATE is checked where it changes something only: a webhook whose URL was
 * allowed once can still be paused after the settings have become stricter.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "base/fresh.h"
#include "base/sqlstate.h"
#include "delivery/secret.h"
#include "delivery/webhook.h"
#include "delivery/webhook_body.h"
#include "program/event_type.h"

PG_FUNCTION_INFO_V1(rf_webhook_admit);
PG_FUNCTION_INFO_V1(rf_webhook_created);
PG_FUNCTION_INFO_V1(rf_webhook_updated);
PG_FUNCTION_INFO_V1(rf_webhook_deleted);

#define SCHEDULE_STEP_DAYS 30

/* ---- before a row is written -------------------------------------------- */

RfTarget
rf_webhook_check_url(const char *url)
{
	RfNetworks allowed;

	(void) rf_address_parse_networks(rf_allowed_networks, &allowed);
	return rf_target_check(url, rf_allow_http, &allowed);
}

static void
webhook_check_url(Datum url)
{
	RfTarget target = rf_webhook_check_url(TextDatumGetCString(url));

	if (target.verdict == RF_TARGET_FORBIDDEN)
		ereport(ERROR,
				(errcode(ERRCODE_RF_FORBIDDEN_TARGET),
				 errmsg("URL of a webhook is not allowed: %s", target.reason),
				 target.hint != NULL ? errhint("%s", target.hint) : 0));
	if (target.verdict == RF_TARGET_MALFORMED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("URL of a webhook is not valid: %s", target.reason),
				 target.hint != NULL ? errhint("%s", target.hint) : 0));
}

/* That there is one, and none is null, a constraint says. */
static void
webhook_check_events(Datum events)
{
	(void) rf_event_patterns_types(events);
}

/* The worker adds steps to the time of now, whatever an interval can hold. */
static void
webhook_check_schedule(Datum schedule)
{
	Interval least = {0};
	Interval most = {.day = SCHEDULE_STEP_DAYS};
	Datum	*steps;
	bool	*nulls;
	int		 n;

	deconstruct_array(DatumGetArrayTypeP(schedule), INTERVALOID, sizeof(Interval), false,
					  TYPALIGN_DOUBLE, &steps, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		if (DatumGetBool(DirectFunctionCall2(interval_lt, steps[i], IntervalPGetDatum(&least))) ||
			DatumGetBool(DirectFunctionCall2(interval_gt, steps[i], IntervalPGetDatum(&most))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("step %d of the retry schedule is out of range", i + 1),
					 errhint("Each step is between 0 and %d days.", SCHEDULE_STEP_DAYS)));
	}
}

RF_STATEMENT(find_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1", INT8OID);
RF_STATEMENT(find_rule,
			 "SELECT FROM @extschema@.rf_reward_rule WHERE id = $1", INT8OID);

static void
webhook_check_reference(RfStatement *find, const char *what, Datum id)
{
	if (rf_execute(find, &id, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("%s " INT64_FORMAT " does not exist", what, DatumGetInt64(id))));
}

static void
webhook_check_campaign(Datum id)
{
	webhook_check_reference(&find_campaign, "campaign", id);
}

static void
webhook_check_rule(Datum id)
{
	webhook_check_reference(&find_rule, "rule", id);
}

/* Is a column of the new row as it was before an UPDATE, not null? */
static bool
webhook_is_unchanged(TriggerData *data, HeapTuple row, const char *column)
{
	TupleDesc		  tupdesc = RelationGetDescr(data->tg_relation);
	int				  attnum = SPI_fnumber(tupdesc, column);
	Form_pg_attribute attribute = TupleDescAttr(tupdesc, attnum - 1);
	bool			  isnull;
	bool			  was_null;
	Datum			  value;
	Datum			  old;

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return false;
	value = SPI_getbinval(row, tupdesc, attnum, &isnull);
	old = SPI_getbinval(data->tg_trigtuple, tupdesc, attnum, &was_null);
	return !isnull && !was_null &&
		datum_image_eq(old, value, attribute->attbyval, attribute->attlen);
}

/* Check a column of the new row, unless it is null. */
static void
webhook_check_value(TriggerData *data, HeapTuple row, const char *column, void (*check)(Datum))
{
	TupleDesc tupdesc = RelationGetDescr(data->tg_relation);
	bool	  isnull;
	Datum	  value = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, column), &isnull);

	if (!isnull)
		check(value);
}

/* The same, unless it is as it was. */
static void
webhook_check_column(TriggerData *data, HeapTuple row, const char *column, void (*check)(Datum))
{
	if (!webhook_is_unchanged(data, row, column))
		webhook_check_value(data, row, column, check);
}

static bool
webhook_has_text(TriggerData *data, HeapTuple row, const char *column, const char *text)
{
	TupleDesc tupdesc = RelationGetDescr(data->tg_relation);
	char	 *value = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, column));

	return value != NULL && strcmp(value, text) == 0;
}

/* What constants may be, format and method say. */
static void
webhook_check_constants(TriggerData *data, HeapTuple row)
{
	bool form = webhook_has_text(data, row, "format", "form") ||
		webhook_has_text(data, row, "method", "GET");

	if (webhook_is_unchanged(data, row, "extra") && webhook_is_unchanged(data, row, "format") &&
		webhook_is_unchanged(data, row, "method"))
		return;
	webhook_check_value(data, row, "extra", form ? rf_webhook_check_form_extra : rf_webhook_check_extra);
}

static HeapTuple
webhook_set_created_at(TriggerData *data, HeapTuple row)
{
	TupleDesc tupdesc = RelationGetDescr(data->tg_relation);
	int		  attnum = SPI_fnumber(tupdesc, "created_at");
	Datum	  now = TimestampTzGetDatum(rf_now());
	bool	  isnull = false;

	return heap_modify_tuple_by_cols(row, tupdesc, 1, &attnum, &now, &isnull);
}

static void
webhook_expect_trigger(FunctionCallInfo fcinfo, const char *function, bool for_row)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		for_row != (bool) TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		for_row != (bool) TRIGGER_FIRED_BEFORE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired %s", function,
						for_row ? "before row" : "after statement")));
}

Datum
rf_webhook_admit(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	 row;
	RfEngine	 engine;

	webhook_expect_trigger(fcinfo, "rf_webhook_admit", true);
	row = data->tg_trigtuple;
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		row = data->tg_newtuple;
	else
	{
		TupleDesc tupdesc = RelationGetDescr(data->tg_relation);
		bool	  is_new;

		(void) SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "created_at"), &is_new);
		(void) rf_insert_row(fcinfo, !is_new);
		if (!is_new)
			return PointerGetDatum(row);
		row = webhook_set_created_at(data, row);
	}
	rf_engine_enter(&engine, fcinfo);
	webhook_check_column(data, row, "campaign_id", webhook_check_campaign);
	webhook_check_column(data, row, "rule_id", webhook_check_rule);
	rf_engine_leave(&engine);
	webhook_check_column(data, row, "url", webhook_check_url);
	webhook_check_column(data, row, "events", webhook_check_events);
	webhook_check_column(data, row, "retry_schedule", webhook_check_schedule);
	webhook_check_column(data, row, "fields", rf_webhook_check_fields);
	webhook_check_column(data, row, "template", rf_webhook_check_template);
	webhook_check_constants(data, row);
	return PointerGetDatum(row);
}

/* ---- after a statement -------------------------------------------------- */

RF_STATEMENT(read_created, "SELECT id FROM created");

Datum
rf_webhook_created(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	RfEngine	 engine;
	RfWritten	*secrets;
	uint64		 n;

	webhook_expect_trigger(fcinfo, "rf_webhook_created", false);
	if (!rf_insert_done(fcinfo))
		return PointerGetDatum(NULL);
	rf_engine_enter(&engine, fcinfo);
	SPI_register_trigger_data(data);
	secrets = rf_secrets_create();
	n = rf_execute(&read_created, NULL, NULL);
	/* Retries and signatures go by the system's clock, not by the domain's. */
	for (uint64 row = 0; row < n; row++)
		rf_secrets_add_key(secrets, rf_int64(row, 1), RF_KEY_SHARED,
						   GetCurrentTransactionStartTimestamp());
	rf_secrets_insert(secrets);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}

/* Whoever enables a webhook, or gives it another URL, means now. */
RF_STATEMENT(clear_states,
			 "UPDATE @extschema@.rf_webhook_state s"
			 " SET paused_until = NULL, failing_since = NULL,"
			 "  disabled_at = CASE WHEN a.state <> 'enabled' THEN s.disabled_at END,"
			 "  disabled_reason = CASE WHEN a.state <> 'enabled' THEN s.disabled_reason END,"
			 "  breaker = 'closed', open_until = NULL, openings = 0"
			 " FROM before b JOIN after a USING (id)"
			 " WHERE s.webhook_id = a.id"
			 "  AND (a.state = 'enabled' AND b.state <> 'enabled' OR a.url <> b.url)");

Datum
rf_webhook_updated(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	RfEngine	 engine;

	webhook_expect_trigger(fcinfo, "rf_webhook_updated", false);
	rf_engine_enter(&engine, fcinfo);
	SPI_register_trigger_data(data);
	rf_execute(&clear_states, NULL, NULL);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}

RF_STATEMENT(delete_retries,
			 "DELETE FROM @extschema@.rf_retry r USING deleted d WHERE r.webhook_id = d.id");
RF_STATEMENT(delete_dead,
			 "DELETE FROM @extschema@.rf_dead r USING deleted d WHERE r.webhook_id = d.id");
RF_STATEMENT(delete_secrets,
			 "DELETE FROM @extschema@.rf_secret r USING deleted d WHERE r.webhook_id = d.id");
RF_STATEMENT(delete_states,
			 "DELETE FROM @extschema@.rf_webhook_state r USING deleted d WHERE r.webhook_id = d.id");

Datum
rf_webhook_deleted(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	RfEngine	 engine;

	webhook_expect_trigger(fcinfo, "rf_webhook_deleted", false);
	rf_engine_enter(&engine, fcinfo);
	SPI_register_trigger_data(data);
	rf_execute(&delete_retries, NULL, NULL);
	rf_execute(&delete_dead, NULL, NULL);
	rf_execute(&delete_secrets, NULL, NULL);
	rf_execute(&delete_states, NULL, NULL);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}
