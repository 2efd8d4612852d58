/*
 * erase.c
 *	  rf_erase: a person is made anonymous wherever we keep them.
 *
 * What is about others stays true: state, counts, who brought whom, and every
 * reward of theirs. What names the person goes: their own row, the events about
 * them or with them as the referrer, and the bodies of deliveries that are still
 * waiting. The code dies with them: its hash is kept, and no code is given or
 * accepted that has it.
 *
 * Whoever writes an event holds the participant it is about. Those who may be
 * in events with this person as the referrer are therefore locked, too, before
 * the events are looked up: none can be written unseen. They have higher ids
 * than the person, who was there before them.
 *
 * Bodies in a format of the receiver's choice are copied from the outbox by the
 * worker, when a delivery failed or its webhook is paused. It does so under a
 * lock on rf_retry that we exclude while we rewrite them, and only then look for
 * copies. Rows of the outbox keep number and xid, by which alone they are read:
 * none is sent twice or lost. What the worker has in memory when we commit is
 * sent as it was.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "base/clock.h"
#include "program/admission.h"
#include "program/campaign.h"
#include "program/code.h"
#include "program/limit.h"
#include "program/payload.h"
#include "program/person.h"
#include "program/reward.h"

PG_FUNCTION_INFO_V1(rf_erase);

RF_STATEMENT(lock_person,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1"
			 " FOR UPDATE",
			 INT8OID);

/* People about whom there may be events that show $1, besides $1. */
#define PEOPLE_AROUND \
	" SELECT c.id FROM @extschema@.rf_participant c WHERE c.referrer_id = $1" \
	" UNION" \
	" SELECT r.subject_id FROM @extschema@.rf_reward r WHERE r.participant_id = $1"

RF_STATEMENT(lock_around,
			 "SELECT FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (" PEOPLE_AROUND ")"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8OID);

/*
 * Locks the tables in the order of kept.c, the person, and those around. False
 * if they were erased before.
 */
static bool
person_lock(RfPerson *person, int64 id)
{
	Datum values[] = {Int64GetDatum(id)};

	LockRelationOid(rf_engine_relation("rf_participant"), RowExclusiveLock);
	rf_rewards_lock();
	if (rf_execute(&lock_person, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("participant " INT64_FORMAT " does not exist", id)));
	rf_person_read(person, 0, 1);
	if (person->erased)
		return false;
	rf_execute(&lock_around, values, NULL);
	return true;
}

/* ---- the person --------------------------------------------------------- */

/* Somebody may have chosen just that code. */
RF_STATEMENT(free_code,
			 "SELECT 'ERASED-' || $1 || CASE WHEN EXISTS"
			 "  (SELECT FROM @extschema@.rf_participant WHERE code_key = 'ERASED' || $1)"
			 "  THEN '-' || floor(random() * 1e9)::bigint ELSE '' END",
			 INT8OID);

RF_STATEMENT(keep_code,
			 "INSERT INTO @extschema@.rf_erased_code (hash)"
			 " VALUES (sha256(convert_to($1, 'UTF8')))"
			 " ON CONFLICT (hash) DO NOTHING",
			 TEXTOID);

RF_STATEMENT(write_person,
			 "UPDATE @extschema@.rf_participant"
			 " SET email = $2, email_key = $2, code = $3, code_key = $4, erased_at = $5,"
			 "  name = NULL, ip = NULL, referred_by = NULL, meta = '{}',"
			 "  signals = NULL, review = NULL"
			 " WHERE id = $1",
			 INT8OID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

/* The person as they are shown from now on. */
static RfPerson
person_anonymous(const RfPerson *person)
{
	RfPerson anonymous = *person;
	Datum	 values[] = {Int64GetDatum(person->id)};

	rf_execute(&free_code, values, NULL);
	anonymous.code = rf_text(0, 1);
	anonymous.email = psprintf("erased-" INT64_FORMAT "@erased.invalid", person->id);
	anonymous.name = NULL;
	return anonymous;
}

static void
person_write(const RfPerson *person, const RfPerson *anonymous)
{
	Datum old_key = CStringGetTextDatum(rf_code_key(person->code));
	Datum values[] = {
		Int64GetDatum(person->id), CStringGetTextDatum(anonymous->email),
		CStringGetTextDatum(anonymous->code), CStringGetTextDatum(rf_code_key(anonymous->code)),
		TimestampTzGetDatum(rf_now())};

	rf_execute(&keep_code, &old_key, NULL);
	rf_execute(&write_person, values, NULL);
}

/* ---- their rewards ------------------------------------------------------ */

RF_STATEMENT(cancel_rewards,
			 "WITH own AS MATERIALIZED"
			 " (SELECT r.id, r.state IN ('pending', 'due', 'failed') AS open"
			 "  FROM @extschema@.rf_reward r"
			 "  WHERE r.participant_id = $1"
			 "  AND (r.state IN ('pending', 'due', 'failed') OR r.reference IS NOT NULL)"
			 "  ORDER BY r.id"
			 "  FOR NO KEY UPDATE)"
			 " UPDATE @extschema@.rf_reward r"
			 " SET reference = NULL,"
			 "  state = CASE WHEN own.open THEN 'cancelled' ELSE r.state END,"
			 "  reason = CASE WHEN own.open THEN 'recipient erased' ELSE r.reason END,"
			 "  changed_at = CASE WHEN own.open THEN $2 ELSE r.changed_at END"
			 " FROM own"
			 " WHERE r.id = own.id"
			 " RETURNING r.id, own.open",
			 INT8OID, TIMESTAMPTZOID);

static void
rewards_cancel(const RfPerson *person)
{
	Datum	 values[] = {Int64GetDatum(person->id), TimestampTzGetDatum(rf_now())};
	uint64	 nrows = rf_execute(&cancel_rewards, values, NULL);
	RfColumn cancelled;

	rf_column_init(&cancelled, INT8OID);
	for (uint64 row = 0; row < nrows; row++)
	{
		if (rf_bool(row, 2))
			rf_column_add(&cancelled, Int64GetDatum(rf_int64(row, 1)));
	}
	if (cancelled.n > 0)
		rf_rewards_freed(rf_column_array(&cancelled), 0);
}

/* ---- what was said about them ------------------------------------------- */

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

RF_STATEMENT(mask_events,
			 "WITH masked AS"
			 " (UPDATE @extschema@.rf_event e"
			 "  SET payload = convert_to(" PAYLOAD_MASKED ", 'UTF8')"
			 "  WHERE e.participant_id IN (SELECT $1 UNION" PEOPLE_AROUND ")"
			 "  AND (e.participant_id = $1 OR " PAYLOAD " #>> '{data,referrer,id}' = $1::text)"
			 "  RETURNING e.id)"
			 " SELECT array_agg(id) FROM masked",
			 INT8OID, JSONOID);

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
	Datum values[] = {
		Int64GetDatum(anonymous->id), CStringGetTextDatum(mask_of(anonymous))};
	bool  isnull;
	Datum ids;

	rf_execute(&mask_events, values, NULL);
	ids = rf_value(0, 1, &isnull);
	return isnull ? 0 : PointerGetDatum(DatumGetArrayTypePCopy(ids));
}

/* ---- what waits to be sent ---------------------------------------------- */

RF_STATEMENT(read_bodies,
			 "SELECT d.id, w.fields, w.extra, w.method = 'GET' OR w.format = 'form',"
			 "  convert_from(e.payload, 'UTF8')"
			 " FROM (SELECT id, event_id, webhook_id FROM @extschema@.rf_outbox"
			 "   WHERE body IS NOT NULL"
			 "  UNION SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_retry"
			 "   WHERE body IS NOT NULL"
			 "  UNION SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_dead"
			 "   WHERE body IS NOT NULL) AS d"
			 " JOIN @extschema@.rf_event e ON e.id = d.event_id"
			 " LEFT JOIN @extschema@.rf_webhook w ON w.id = d.webhook_id"
			 " WHERE d.event_id = ANY ($1)",
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

static Jsonb *
body_jsonb(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

/*
 * The body anew, as its webhook wants it today. One whose webhook has no fields
 * any more, or is gone, gets the standard format: an empty body cannot be sent.
 */
static char *
body_of(uint64 row)
{
	char		  *standard = rf_text(row, 5);
	RfSubscription subscription = {
		.fields = body_jsonb(row, 2),
		.extra = body_jsonb(row, 3),
		.format = rf_bool(row, 4) ? RF_FORMAT_FORM : RF_FORMAT_FIELDS};

	return subscription.fields != NULL ? rf_payload_chosen(standard, &subscription) : standard;
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

/* ---- the rest ----------------------------------------------------------- */

/* An endpoint's answer may repeat what it was sent. */
#define FORGET_ANSWERS(table) \
	RF_STATEMENT(forget_##table, \
				 "UPDATE @extschema@.rf_" #table " SET response = NULL" \
				 " WHERE event_id = ANY ($1) AND response IS NOT NULL", \
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

RF_STATEMENT(forget_unmatched,
			 "DELETE FROM @extschema@.rf_unmatched u"
			 " WHERE jsonb_typeof(u.\"row\") = 'object' AND EXISTS"
			 "  (SELECT FROM jsonb_each_text(u.\"row\") AS v"
			 "   WHERE lower(btrim(v.value, E' \\t\\r\\n') COLLATE \"C\") = $1"
			 "   OR upper(translate(v.value, '- ', '') COLLATE \"C\") = $2)",
			 TEXTOID, TEXTOID);

static void
unmatched_forget(const RfPerson *person)
{
	Datum values[] = {
		CStringGetTextDatum(rf_email_key(person->email)),
		CStringGetTextDatum(rf_code_key(person->code))};

	rf_execute(&forget_unmatched, values, NULL);
}

static void
person_erase(const RfPerson *person)
{
	RfPerson anonymous = person_anonymous(person);
	Datum	 event_ids;

	person_write(person, &anonymous);
	rewards_cancel(person);
	unmatched_forget(person);
	event_ids = events_mask(&anonymous);
	if (event_ids == 0)
		return;
	answers_forget(event_ids);
	bodies_rebuild(event_ids);
}

/* With one snapshot for the transaction, what others wrote meanwhile would stay. */
static void
check_isolation(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rf_erase needs isolation level READ COMMITTED"),
				 errhint("Erase people in a transaction of their own.")));
}

Datum
rf_erase(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	RfPerson person;
	bool	 erases;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("participant_id must not be null")));
	check_isolation();
	rf_engine_enter(&engine, fcinfo);
	erases = person_lock(&person, PG_GETARG_INT64(0));
	if (erases)
		person_erase(&person);
	rf_engine_leave(&engine);
	PG_RETURN_BOOL(erases);
}
