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
 * the events are looked up (mask.c): none can be written unseen. They have higher
 * ids than the person, who was there before them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "program/admission.h"
#include "program/code.h"
#include "program/limit.h"
#include "program/mask.h"
#include "program/person.h"
#include "program/reward.h"

PG_FUNCTION_INFO_V1(rf_erase);

RF_STATEMENT(lock_person,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1"
			 " FOR UPDATE",
			 INT8OID);

RF_STATEMENT(lock_around,
			 "SELECT FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (" RF_PEOPLE_AROUND ")"
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

/*
 * Somebody may have chosen just that code, or joined with just that address: it
 * must not keep anybody from being erased.
 */
RF_STATEMENT(free_names,
			 "SELECT 'ERASED-' || $1 || CASE WHEN EXISTS"
			 "  (SELECT FROM @extschema@.rf_participant WHERE code_key = 'ERASED' || $1)"
			 "  THEN '-' || floor(random() * 1e9)::bigint ELSE '' END,"
			 " 'erased-' || $1 || CASE WHEN EXISTS"
			 "  (SELECT FROM @extschema@.rf_participant"
			 "   WHERE campaign_id = $2 AND email_key = 'erased-' || $1 || '@erased.invalid')"
			 "  THEN '-' || floor(random() * 1e9)::bigint ELSE '' END || '@erased.invalid'",
			 INT8OID, INT8OID);

RF_STATEMENT(keep_code,
			 "INSERT INTO @extschema@.rf_erased_code (hash)"
			 " VALUES (sha256(convert_to($1, 'UTF8')))"
			 " ON CONFLICT (hash) DO NOTHING",
			 TEXTOID);

RF_STATEMENT(write_person,
			 "UPDATE @extschema@.rf_participant"
			 " SET email = $2, email_key = $2, code = $3, code_key = $4, erased_at = $5,"
			 "  name = NULL, ip = NULL, referred_by = NULL, meta = '{}',"
			 "  signals = CASE WHEN state = 'held' THEN '{}'::text[] END, review = NULL"
			 " WHERE id = $1",
			 INT8OID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

/* The person as they are shown from now on. */
static RfPerson
person_anonymous(const RfPerson *person)
{
	RfPerson anonymous = *person;
	Datum	 values[] = {Int64GetDatum(person->id), Int64GetDatum(person->campaign_id)};

	rf_execute(&free_names, values, NULL);
	anonymous.code = rf_text(0, 1);
	anonymous.email = rf_text(0, 2);
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

/* ---- the rest ----------------------------------------------------------- */

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

/*
 * What other systems are told again if they ask again: not the code any more. What
 * they had said is not looked at either: its hash could be guessed.
 */
RF_STATEMENT(mask_messages,
			 "UPDATE @extschema@.rf_inbound_message"
			 " SET digest = NULL, body = CASE WHEN body::jsonb ? 'code'"
			 "  THEN (body::jsonb || '{\"code\": null, \"url\": null}')::text ELSE body END"
			 " WHERE body LIKE '%\"participant_id\":' || $1 || ',%'",
			 INT8OID);

static void
messages_mask(const RfPerson *person)
{
	Datum values[] = {Int64GetDatum(person->id)};

	rf_execute(&mask_messages, values, NULL);
}

static void
person_erase(const RfPerson *person)
{
	RfPerson anonymous = person_anonymous(person);

	person_write(person, &anonymous);
	rewards_cancel(person);
	unmatched_forget(person);
	messages_mask(person);
	rf_mask_person(&anonymous);
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
	rf_mask_begin();
	erases = person_lock(&person, PG_GETARG_INT64(0));
	if (erases)
		person_erase(&person);
	rf_engine_leave(&engine);
	PG_RETURN_BOOL(erases);
}
