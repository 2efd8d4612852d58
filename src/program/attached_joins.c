/*
 * attached_joins.c
 *	  The trigger of tables attached by rf_attach_joins: their rows join.
 *
 * A row without e-mail is nothing to us. The others go through an intake, by the
 * checks of any participant. What is refused goes to rf_unmatched, but for rows
 * without referred_by in two cases: an application's table of users goes on
 * filling before, after and beside a campaign, so nobody is told of a person who
 * is there already, nor of one who came while the campaign was not open. With
 * referred_by both are recorded: somebody may have expected a reward. A campaign
 * that was deleted or has another slug now is told with every row: the table wants
 * to be attached again, but goes on taking rows until then.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/sqlstate.h"
#include "program/attached.h"
#include "program/code.h"
#include "program/intake.h"
#include "program/people.h"
#include "program/unmatched.h"

PG_FUNCTION_INFO_V1(rf_attached_joins);

/* A row that was refused. */
typedef struct Refused
{
	int64	  number;
	RfRefusal refusal;
} Refused;

typedef struct Joins
{
	RfAttached		  attached;
	const RfCampaign *campaign;
	MemoryContext	  context; /* of the trigger's call */
	List			 *refused; /* ascending by number */
} Joins;

/* How many rows have an e-mail; looked for no further than two. */
static int
joins_count(RfAttached *attached)
{
	int count = 0;

	rf_attached_rewind(attached);
	while (count < 2 && rf_attached_next(attached))
	{
		if (rf_attached_has(attached, RF_INTAKE_EMAIL))
			count++;
	}
	return count;
}

/* Portions lock their referrers one after the other: lock them all before. */
static void
joins_lock_referrers(RfAttached *attached)
{
	RfColumn keys;

	rf_column_init(&keys, TEXTOID);
	rf_attached_rewind(attached);
	while (rf_attached_next(attached))
	{
		if (rf_attached_has(attached, RF_INTAKE_EMAIL) &&
			rf_attached_has(attached, RF_INTAKE_REFERRED_BY))
		{
			char *code = rf_attached_text(attached, RF_INTAKE_REFERRED_BY);

			rf_column_add(&keys, CStringGetTextDatum(rf_code_key(code)));
		}
	}
	if (keys.n > 0)
		rf_people_lock_by_codes(rf_column_array(&keys), 0);
}

static void
joins_refused(void *arg, int64 number, const char *email, const RfRefusal *refusal)
{
	Joins		 *joins = arg;
	MemoryContext caller = MemoryContextSwitchTo(joins->context);
	Refused		 *refused = palloc_object(Refused);

	refused->number = number;
	refused->refusal.sqlstate = refusal->sqlstate;
	refused->refusal.message = pstrdup(refusal->message);
	refused->refusal.detail = refusal->detail ? pstrdup(refusal->detail) : NULL;
	refused->refusal.hint = refusal->hint ? pstrdup(refusal->hint) : NULL;
	joins->refused = lappend(joins->refused, refused);
	MemoryContextSwitchTo(caller);
}

static void
joins_take(Joins *joins)
{
	RfAttached *attached = &joins->attached;
	RfIntake   *intake = rf_intake(joins->campaign->id, joins_refused, joins);

	rf_attached_rewind(attached);
	while (rf_attached_next(attached))
	{
		MemoryContext caller;
		Datum		  values[RF_INTAKE_FIELDS] = {0};
		bool		  nulls[RF_INTAKE_FIELDS];
		ErrorData	 *error;
		char		 *email;

		if (!rf_attached_has(attached, RF_INTAKE_EMAIL))
			continue;
		caller = MemoryContextSwitchTo(rf_intake_memory(intake));
		email = rf_attached_text(attached, RF_INTAKE_EMAIL);
		error = rf_attached_read(attached, values, nulls);
		if (error != NULL)
		{
			RfRefusal refusal = rf_refusal_of_error(error);

			rf_intake_refuse(intake, attached->number, email, &refusal);
		}
		else
			rf_intake_add(intake, attached->number, email, values, nulls);
		MemoryContextSwitchTo(caller);
	}
	rf_intake_insert(intake);
}

RF_STATEMENT(find_participant,
			 "SELECT FROM @extschema@.rf_participant"
			 " WHERE campaign_id = $1 AND email_key = $2",
			 INT8OID, TEXTOID);

static bool
joins_is_there(Joins *joins)
{
	char *email = rf_email_trim(rf_attached_text(&joins->attached, RF_INTAKE_EMAIL));
	Datum values[] = {
		Int64GetDatum(joins->campaign->id),
		CStringGetTextDatum(rf_email_key(email))};

	return rf_execute(&find_participant, values, NULL) > 0;
}

/* Is the refusal of the row at hand worth telling? */
static bool
joins_is_mismatch(Joins *joins, const RfRefusal *refusal)
{
	if (rf_attached_has(&joins->attached, RF_INTAKE_REFERRED_BY))
		return true;
	if (refusal->sqlstate == ERRCODE_UNIQUE_VIOLATION)
		return !joins_is_there(joins);
	return refusal->sqlstate != ERRCODE_RF_CAMPAIGN_NOT_OPEN;
}

/* The refused rows once more: few of many, so nothing of them was kept. */
static void
joins_tell(Joins *joins)
{
	RfUnmatched unmatched;
	ListCell   *cell;

	if (joins->refused == NIL)
		return;
	rf_unmatched_start(&unmatched, &joins->attached);
	rf_attached_rewind(&joins->attached);
	foreach(cell, joins->refused)
	{
		Refused *refused = lfirst(cell);

		while (joins->attached.number < refused->number)
			(void) rf_attached_next(&joins->attached);
		if (joins_is_mismatch(joins, &refused->refusal))
			rf_unmatched_add(&unmatched, &refused->refusal);
	}
	rf_unmatched_write(&unmatched);
}

/* There is nothing to join any more. */
static void
joins_tell_all(Joins *joins, const RfRefusal *refusal)
{
	RfUnmatched unmatched;

	rf_unmatched_start(&unmatched, &joins->attached);
	rf_attached_rewind(&joins->attached);
	while (rf_attached_next(&joins->attached))
	{
		if (rf_attached_has(&joins->attached, RF_INTAKE_EMAIL))
			rf_unmatched_add(&unmatched, refusal);
	}
	rf_unmatched_write(&unmatched);
}

static void
joins_take_all(Joins *joins, int count)
{
	RfRefusal refusal;

	joins->campaign = rf_campaign_find(joins->attached.campaign, &refusal);
	if (joins->campaign == NULL)
	{
		joins_tell_all(joins, &refusal);
		return;
	}
	if (count > 1)
		joins_lock_referrers(&joins->attached);
	joins_take(joins);
	joins_tell(joins);
}

Datum
rf_attached_joins(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Joins	 joins = {.context = CurrentMemoryContext};
	int		 count;

	rf_attached_start(&joins.attached, fcinfo, rf_intake_fields, RF_INTAKE_FIELDS);
	count = joins_count(&joins.attached);
	if (count > 0)
	{
		rf_engine_enter(&engine, fcinfo);
		joins_take_all(&joins, count);
		rf_engine_leave(&engine);
	}
	rf_attached_end(&joins.attached);
	return PointerGetDatum(NULL);
}
