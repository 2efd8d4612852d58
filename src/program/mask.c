/*
 * mask.c
 *	  See mask.h.
 *
 * Bodies in a format of the receiver's choice are copied from the outbox by the
 * worker, when a delivery failed or its webhook is paused. It does so under a
 * lock on rf_retry that we exclude while we rewrite them, and only then look for
 * copies. Rows of the outbox keep number and xid, by which alone they are read:
 * none is sent twice or lost. What the worker has in memory when we commit is
 * sent as it was.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "program/campaign.h"
#include "program/event.h"
#include "program/format.h"
#include "program/mask.h"

/*
 * An object of its own, which nothing else locks: so neither the events nor the
 * worker's tables are locked as a whole.
 */
static void
mask_lock(LOCKMODE mode)
{
	LockDatabaseObject(RelationRelationId, rf_engine_relation("rf_event"), 1, mode);
}

/* Those who erase do not keep out each other, nor do those who copy. */
void
rf_mask_begin(void)
{
	mask_lock(RowExclusiveLock);
}

void
rf_mask_keep_out(void)
{
	mask_lock(ShareLock);
}

/* ---- events ------------------------------------------------------------- */

/* An object as text, each of its values replaced; its members keep their order. */
#define OBJECT_WITH(object, member, value) \
	"(SELECT '{' || string_agg(to_json(" member ".key)::text || ':' || " value ", ','" \
	"  ORDER BY " member ".n) || '}'" \
	" FROM json_each(" object ") WITH ORDINALITY AS " member " (key, value, n))"

#define PAYLOAD		  "convert_from(e.payload, 'UTF8')::json"
#define PERSON_MASKED OBJECT_WITH("d.value", "f", "coalesce($2 -> f.key, f.value)::text")
#define DATA_MASKED \
	OBJECT_WITH("t.value", "d", \
				"CASE WHEN d.key IN ('participant', 'referrer') AND d.value ->> 'id' = $1::text" \
				" THEN " PERSON_MASKED " ELSE d.value::text END")
#define PAYLOAD_MASKED \
	OBJECT_WITH(PAYLOAD, "t", "CASE t.key WHEN 'data' THEN " DATA_MASKED " ELSE t.value::text END")

/* Person by person, through the index, however many events there are in all. */
RF_STATEMENT(find_events,
			 "SELECT array_agg(e.id)"
			 " FROM (SELECT $1 UNION" RF_PEOPLE_AROUND ") AS a (id)"
			 " CROSS JOIN LATERAL (SELECT e.id FROM @extschema@.rf_event e"
			 "  WHERE e.participant_id = a.id"
			 "  AND (a.id = $1 OR " PAYLOAD " #>> '{data,referrer,id}' = $1::text)"
			 "  OFFSET 0) AS e",
			 INT8OID);

RF_STATEMENT(mask_events,
			 "UPDATE @extschema@.rf_event e"
			 " SET payload = convert_to(" PAYLOAD_MASKED ", 'UTF8')"
			 " WHERE e.id IN (SELECT unnest($3))",
			 INT8OID, JSONOID, INT8ARRAYOID);

static void
mask_add(StringInfo mask, const char *key, const char *value)
{
	appendStringInfo(mask, "%s\"%s\":", mask->len > 0 ? "," : "{", key);
	if (value != NULL)
		escape_json(mask, value);
	else
		appendStringInfoString(mask, "null");
}

/* What payloads show instead. */
static char *
mask_of(const RfPerson *anonymous)
{
	const RfCampaign *campaign = rf_campaign_by_id(anonymous->campaign_id);
	StringInfoData	  mask;

	initStringInfo(&mask);
	mask_add(&mask, "code", anonymous->code);
	mask_add(&mask, "email", anonymous->email);
	mask_add(&mask, "name", anonymous->name);
	mask_add(&mask, "url", campaign != NULL ? rf_campaign_link(campaign, anonymous->code) : NULL);
	appendStringInfoString(&mask, ",\"meta\":{}}");
	return mask.data;
}

/* Returns the events changed, bigint[]; 0: none. */
static Datum
events_mask(const RfPerson *anonymous)
{
	Datum values[3] = {Int64GetDatum(anonymous->id)};

	rf_execute(&find_events, values, NULL);
	values[2] = rf_array();
	if (values[2] == 0)
		return 0;
	values[1] = CStringGetTextDatum(mask_of(anonymous));
	rf_execute(&mask_events, values, NULL);
	return values[2];
}

/* ---- what waits to be sent ---------------------------------------------- */

RF_STATEMENT(read_bodies,
			 "SELECT d.id, convert_from(e.payload, 'UTF8'), e.home, e.id, " RF_FORMAT_COLUMNS
			 " FROM (SELECT id, event_id, webhook_id FROM @extschema@.rf_outbox"
			 "   WHERE body IS NOT NULL"
			 "  UNION ALL SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_retry"
			 "   WHERE body IS NOT NULL"
			 "  UNION ALL SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_dead"
			 "   WHERE body IS NOT NULL) AS d"
			 " JOIN @extschema@.rf_event e ON e.id = d.event_id"
			 " LEFT JOIN @extschema@.rf_webhook w ON w.id = d.webhook_id"
			 " WHERE d.event_id IN (SELECT unnest($1))",
			 INT8ARRAYOID);

#define WRITE_BODIES(table, id) \
	RF_STATEMENT(write_##table, \
				 "UPDATE @extschema@.rf_" #table " AS d" \
				 " SET body = convert_to(b.body, 'UTF8')" \
				 " FROM unnest($1, $2) AS b (id, body)" \
				 " WHERE d." #id " = b.id AND d.body IS NOT NULL", \
				 INT8ARRAYOID, TEXTARRAYOID)

WRITE_BODIES(outbox_0, id);
WRITE_BODIES(outbox_1, id);
WRITE_BODIES(outbox_2, id);
WRITE_BODIES(outbox_3, id);
WRITE_BODIES(retry, delivery_id);
WRITE_BODIES(dead, delivery_id);

static RfStatement *const write_bodies[] = {
	&write_outbox_0, &write_outbox_1, &write_outbox_2, &write_outbox_3, &write_retry, &write_dead};

/*
 * The body anew, as its webhook wants it today. One whose webhook wants the
 * standard format by now, is gone, or has a template that makes too much of it,
 * gets the standard format: an empty body cannot be sent.
 */
static char *
body_of(uint64 row)
{
	char		  *standard = rf_text(row, 2);
	char		  *message_id = rf_event_message_id(rf_int64(row, 3), rf_int64(row, 4));
	RfSubscription subscription = {0};
	char		  *body;

	rf_format_read(&subscription, row, 5);
	body = rf_format_body_if_fits(standard, message_id, &subscription);
	return body != NULL ? body : standard;
}

static void
bodies_rebuild(Datum event_ids)
{
	uint64	 nrows;
	RfColumn ids;
	RfColumn bodies;
	Datum	 values[2];

	if (rf_execute(&read_bodies, &event_ids, NULL) == 0)
		return;
	LockRelationOid(rf_engine_relation("rf_retry"), ShareRowExclusiveLock);
	nrows = rf_execute(&read_bodies, &event_ids, NULL);
	rf_column_init(&ids, INT8OID);
	rf_column_init(&bodies, TEXTOID);
	for (uint64 row = 0; row < nrows; row++)
	{
		rf_column_add(&ids, Int64GetDatum(rf_int64(row, 1)));
		rf_column_add(&bodies, CStringGetTextDatum(body_of(row)));
	}
	values[0] = rf_column_array(&ids);
	values[1] = rf_column_array(&bodies);
	for (size_t i = 0; i < lengthof(write_bodies); i++)
		rf_execute(write_bodies[i], values, NULL);
}

/* ---- answers ------------------------------------------------------------ */

/* An endpoint's answer may repeat what it was sent. */
#define FORGET_ANSWERS(table) \
	RF_STATEMENT(forget_##table, \
				 "UPDATE @extschema@.rf_" #table " SET response = NULL" \
				 " WHERE response IS NOT NULL AND event_id IN (SELECT unnest($1))", \
				 INT8ARRAYOID)

FORGET_ANSWERS(attempt_0);
FORGET_ANSWERS(attempt_1);
FORGET_ANSWERS(attempt_2);
FORGET_ANSWERS(attempt_3);

static RfStatement *const forget_answers[] = {
	&forget_attempt_0, &forget_attempt_1, &forget_attempt_2, &forget_attempt_3};

static void
answers_forget(Datum event_ids)
{
	for (size_t i = 0; i < lengthof(forget_answers); i++)
		rf_execute(forget_answers[i], &event_ids, NULL);
}

void
rf_mask_person(const RfPerson *anonymous)
{
	Datum event_ids = events_mask(anonymous);

	if (event_ids == 0)
		return;
	answers_forget(event_ids);
	bodies_rebuild(event_ids);
}
