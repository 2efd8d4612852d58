/*
 * participant.c
 *	  The triggers of rf_participant.
 *
 * BEFORE each row: the checks of admission.c, and the engine's columns. It
 * changes nothing elsewhere, because ON CONFLICT DO NOTHING may still drop the
 * row. AFTER the statement: counts, rewards and events for all rows at once,
 * read from the transition table, in the order in which they came.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/import.h"
#include "program/joined.h"
#include "program/person.h"

PG_FUNCTION_INFO_V1(rf_participant_admit);
PG_FUNCTION_INFO_V1(rf_participant_joined);
PG_FUNCTION_INFO_V1(rf_participant_fixed);
PG_FUNCTION_INFO_V1(rf_participant_kept);

static TriggerData *
participant_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function was not called by trigger manager")));
	return (TriggerData *) fcinfo->context;
}

/* A text column of a row; NULL if it is null. */
static char *
row_text(HeapTuple row, TupleDesc tupdesc, const char *column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, column), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static void
row_applicant(RfApplicant *applicant, HeapTuple row, TupleDesc tupdesc)
{
	bool		isnull;
	Datum		value;

	value = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "campaign_id"), &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("campaign_id must not be null")));
	applicant->campaign_id = DatumGetInt64(value);
	applicant->email = row_text(row, tupdesc, "email");
	applicant->name = row_text(row, tupdesc, "name");
	applicant->referred_by = row_text(row, tupdesc, "referred_by");
	applicant->source = row_text(row, tupdesc, "source");
	applicant->code = row_text(row, tupdesc, "code");
	value = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "joined_at"), &isnull);
	applicant->joined_at = isnull ? 0 : DatumGetTimestampTz(value);
}

/* The row with the engine's columns filled. */
static HeapTuple
row_admitted(HeapTuple row, TupleDesc tupdesc, const RfAdmitted *admitted)
{
	static const char *const names[] = {
		"email", "source", "code", "joined_at", "email_key", "code_key", "state",
		"invited_count", "qualified_count", "referrer_id", "qualified_at"
	};
	Datum		values[lengthof(names)] = {
		CStringGetTextDatum(admitted->email),
		CStringGetTextDatum(admitted->source),
		CStringGetTextDatum(admitted->code),
		TimestampTzGetDatum(admitted->joined_at),
		CStringGetTextDatum(admitted->email_key),
		CStringGetTextDatum(admitted->code_key),
		CStringGetTextDatum(rf_person_state_name(admitted->referrer_id != 0 ? RF_PENDING : RF_ACTIVE)),
		Int32GetDatum(0),
		Int32GetDatum(0),
		Int64GetDatum(admitted->referrer_id),
		0
	};
	bool		nulls[lengthof(names)] = {false};
	int			columns[lengthof(names)];

	nulls[9] = admitted->referrer_id == 0;
	nulls[10] = true;
	for (size_t i = 0; i < lengthof(names); i++)
		columns[i] = SPI_fnumber(tupdesc, names[i]);
	return heap_modify_tuple_by_cols(row, tupdesc, lengthof(names), columns, values, nulls);
}

Datum
rf_participant_admit(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = participant_trigger(fcinfo);
	TupleDesc	tupdesc = RelationGetDescr(trigger->tg_relation);
	HeapTuple	row = trigger->tg_trigtuple;
	bool		restored = !heap_attisnull(row, SPI_fnumber(tupdesc, "state"), tupdesc);
	RfInsert   *insert = rf_insert_row(fcinfo, restored);
	RfLazyEngine lazy = {.fcinfo = fcinfo};
	RfApplicant applicant;
	RfAdmitted	admitted;
	RfRefusal	refusal;
	bool		import = rf_import_is_running(insert);
	bool		admit;

	if (restored)
		return PointerGetDatum(row);
	row_applicant(&applicant, row, tupdesc);
	admit = rf_admission_check(rf_admission(insert), &lazy, &applicant, import,
							   &admitted, &refusal);
	rf_engine_done(&lazy);
	if (import)
		rf_import_row(admit ? NULL : &refusal);
	else if (!admit)
		rf_refusal_raise(&refusal);
	if (!admit)
		return PointerGetDatum(NULL);
	return PointerGetDatum(row_admitted(row, tupdesc, &admitted));
}

Datum
rf_participant_joined(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = participant_trigger(fcinfo);
	RfEngine	engine;

	if (!rf_insert_done(fcinfo))
		return PointerGetDatum(NULL);
	rf_engine_enter(&engine, fcinfo);
	rf_joined(trigger->tg_newtable, RelationGetDescr(trigger->tg_relation));
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}

static void
row_check_fixed(HeapTuple old, HeapTuple new, TupleDesc tupdesc)
{
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		const char *name = NameStr(attribute->attname);
		char	   *was;
		char	   *is;

		if (attribute->attisdropped || strcmp(name, "email") == 0 ||
			strcmp(name, "name") == 0 || strcmp(name, "source") == 0 ||
			strcmp(name, "meta") == 0)
			continue;
		was = SPI_getvalue(old, tupdesc, i + 1);
		is = SPI_getvalue(new, tupdesc, i + 1);
		if ((was == NULL) != (is == NULL) || (was != NULL && strcmp(was, is) != 0))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" of a participant is fixed", name),
					 errhint("After the insert, email, name, source and meta may change; the rest belongs to the engine (see rf_qualify, rf_unqualify).")));
	}
}

/* The row with its e-mail trimmed and email_key made from it. */
static HeapTuple
row_with_email(HeapTuple row, TupleDesc tupdesc)
{
	char	   *email = row_text(row, tupdesc, "email");
	int			columns[] = {SPI_fnumber(tupdesc, "email"), SPI_fnumber(tupdesc, "email_key")};
	Datum		values[2];
	bool		nulls[2] = {false, false};
	RfRefusal	refusal;

	if (email != NULL)
		email = rf_email_trim(email);
	if (!rf_email_is_valid(email, &refusal))
		rf_refusal_raise(&refusal);
	values[0] = CStringGetTextDatum(email);
	values[1] = CStringGetTextDatum(rf_email_key(email));
	return heap_modify_tuple_by_cols(row, tupdesc, 2, columns, values, nulls);
}

Datum
rf_participant_fixed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = participant_trigger(fcinfo);
	TupleDesc	tupdesc = RelationGetDescr(trigger->tg_relation);

	if (rf_engine_is_writing())
		return PointerGetDatum(trigger->tg_newtuple);
	row_check_fixed(trigger->tg_trigtuple, trigger->tg_newtuple, tupdesc);
	return PointerGetDatum(row_with_email(trigger->tg_newtuple, tupdesc));
}

Datum
rf_participant_kept(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = participant_trigger(fcinfo);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rows of \"%s\" cannot be deleted",
					RelationGetRelationName(trigger->tg_relation)),
			 errhint("rf_erase(participant_id) of a later version makes a person anonymous; end a campaign by its state.")));
	return PointerGetDatum(NULL);
}
