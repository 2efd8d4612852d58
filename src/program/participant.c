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
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/clock.h"
#include "base/fresh.h"
#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/intake.h"
#include "program/joined.h"
#include "program/person.h"

PG_FUNCTION_INFO_V1(rf_participant_admit);
PG_FUNCTION_INFO_V1(rf_participant_joined);
PG_FUNCTION_INFO_V1(rf_participant_fixed);

/* The columns the row trigger reads or writes. */
enum
{
	CAMPAIGN_ID,
	EMAIL,
	NAME,
	REFERRED_BY,
	SOURCE,
	IP,
	CODE,
	META,
	JOINED_AT,
	EMAIL_KEY,
	CODE_KEY,
	REFERRER_ID,
	STATE,
	INVITED_COUNT,
	QUALIFIED_COUNT,
	QUALIFIED_AT,
	SIGNALS,
	REVIEW,
	ROW_COLUMNS
};

static const char *const row_columns[ROW_COLUMNS] = {
	"campaign_id", "email", "name", "referred_by", "source", "ip", "code", "meta", "joined_at",
	"email_key", "code_key", "referrer_id", "state", "invited_count", "qualified_count",
	"qualified_at", "signals", "review"};

/* What lasts for a statement. */
typedef struct Joining
{
	RfAdmission *admission;
	int			 index[ROW_COLUMNS]; /* of a column in the row's values */
} Joining;

/* A row taken apart. */
typedef struct Row
{
	const Joining *joining;
	Datum		   values[MaxHeapAttributeNumber];
	bool		   nulls[MaxHeapAttributeNumber];
} Row;

static Joining *
joining_of(RfInsert *insert, TupleDesc tupdesc)
{
	Joining *joining = insert->state;

	if (joining == NULL)
	{
		joining = MemoryContextAlloc(insert->context, sizeof(Joining));
		joining->admission = rf_admission(insert->context);
		for (int i = 0; i < ROW_COLUMNS; i++)
			joining->index[i] = SPI_fnumber(tupdesc, row_columns[i]) - 1;
		insert->state = joining;
	}
	return joining;
}

static char *
row_string(const Row *row, int column)
{
	int i = row->joining->index[column];

	return row->nulls[i] ? NULL : TextDatumGetCString(row->values[i]);
}

/* The text of meta where somebody must look whether it is UTF-8; else NULL. */
static char *
row_meta(const Row *row)
{
	int	   i = row->joining->index[META];
	Jsonb *meta;

	if (GetDatabaseEncoding() != PG_SQL_ASCII || row->nulls[i])
		return NULL;
	meta = DatumGetJsonbP(row->values[i]);
	return JsonbToCString(NULL, &meta->root, VARSIZE(meta));
}

static void
row_set(Row *row, int column, Datum value)
{
	int i = row->joining->index[column];

	row->values[i] = value;
	row->nulls[i] = false;
}

static void
row_clear(Row *row, int column)
{
	row->nulls[row->joining->index[column]] = true;
}

static void
row_applicant(const Row *row, RfApplicant *applicant)
{
	const int *index = row->joining->index;

	if (row->nulls[index[CAMPAIGN_ID]])
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("campaign_id must not be null")));
	applicant->campaign_id = DatumGetInt64(row->values[index[CAMPAIGN_ID]]);
	applicant->email = row_string(row, EMAIL);
	applicant->name = row_string(row, NAME);
	applicant->referred_by = row_string(row, REFERRED_BY);
	applicant->source = row_string(row, SOURCE);
	applicant->code = row_string(row, CODE);
	applicant->ip = row->nulls[index[IP]] ? 0 : rf_ip_host(row->values[index[IP]]);
	applicant->meta = row_meta(row);
	applicant->has_joined_at = !row->nulls[index[JOINED_AT]];
	if (applicant->has_joined_at)
		applicant->joined_at = DatumGetTimestampTz(row->values[index[JOINED_AT]]);
}

static RfPersonState
admitted_state(const RfAdmitted *admitted)
{
	if (admitted->verdict.action == RF_BLOCK)
		return RF_BLOCKED;
	if (admitted->verdict.action == RF_HOLD)
		return RF_HELD;
	return admitted->referrer_id != 0 ? RF_PENDING : RF_ACTIVE;
}

/* Names of the signals that fired, as text[]. */
static Datum
signal_names(uint32 signals)
{
	RfColumn names;

	rf_column_init(&names, TEXTOID);
	for (int i = 0; i < RF_FRAUD_SIGNALS; i++)
	{
		if ((signals & RF_SIGNAL_BIT(i)) != 0)
			rf_column_add(&names, CStringGetTextDatum(rf_fraud_signal_name(i)));
	}
	return rf_column_array(&names);
}

/* Fill the engine's columns. */
static void
row_fill(Row *row, const RfApplicant *applicant, const RfAdmitted *admitted)
{
	row_set(row, EMAIL, CStringGetTextDatum(admitted->email));
	row_set(row, SOURCE, CStringGetTextDatum(admitted->source));
	row_set(row, CODE, CStringGetTextDatum(admitted->code));
	row_set(row, JOINED_AT, TimestampTzGetDatum(admitted->joined_at));
	row_set(row, EMAIL_KEY, CStringGetTextDatum(admitted->email_key));
	row_set(row, CODE_KEY, CStringGetTextDatum(admitted->code_key));
	row_set(row, STATE, CStringGetTextDatum(rf_person_state_name(admitted_state(admitted))));
	row_set(row, INVITED_COUNT, Int32GetDatum(0));
	row_set(row, QUALIFIED_COUNT, Int32GetDatum(0));
	row_clear(row, REFERRER_ID);
	row_clear(row, QUALIFIED_AT);
	row_clear(row, SIGNALS);
	row_clear(row, REVIEW);
	if (applicant->ip != 0)
		row_set(row, IP, applicant->ip);
	if (admitted->referrer_id != 0)
		row_set(row, REFERRER_ID, Int64GetDatum(admitted->referrer_id));
	if (admitted->verdict.signals != 0)
		row_set(row, SIGNALS, signal_names(admitted->verdict.signals));
}

Datum
rf_participant_admit(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc = RelationGetDescr(trigger->tg_relation);
	HeapTuple	 tuple = trigger->tg_trigtuple;
	bool		 restored = !heap_attisnull(tuple, SPI_fnumber(tupdesc, "state"), tupdesc);
	RfInsert	*insert = rf_insert_row(fcinfo, restored);
	bool		 intake = rf_intake_is_running();
	RfLazyEngine lazy = {.fcinfo = fcinfo};
	RfApplicant	 applicant;
	RfAdmitted	 admitted;
	RfRefusal	 refusal;
	Row			 row;
	bool		 admit;

	if (restored)
		return PointerGetDatum(tuple);
	row.joining = joining_of(insert, tupdesc);
	heap_deform_tuple(tuple, tupdesc, row.values, row.nulls);
	row_applicant(&row, &applicant);
	admit = rf_admission_check(row.joining->admission, &lazy, &applicant, intake,
							   &admitted, &refusal);
	rf_engine_done(&lazy);
	if (intake)
		rf_intake_row(&admitted, admit ? NULL : &refusal);
	else if (!admit)
		rf_refusal_raise(&refusal);
	if (!admit)
		return PointerGetDatum(NULL);
	row_fill(&row, &applicant, &admitted);
	return PointerGetDatum(heap_form_tuple(tupdesc, row.values, row.nulls));
}

Datum
rf_participant_joined(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	RfEngine	 engine;

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
		const char		 *name = NameStr(attribute->attname);
		char			 *was;
		char			 *is;

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
					 errhint("After the insert, email, name, source and meta may change; the rest belongs to the engine (see rf_qualify, rf_unqualify, rf_release, rf_block).")));
	}
}

/* Nobody gives an erased person a name again. */
static void
row_check_not_erased(HeapTuple old, TupleDesc tupdesc)
{
	if (heap_attisnull(old, SPI_fnumber(tupdesc, "erased_at"), tupdesc))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("participant %s was erased", SPI_getvalue(old, tupdesc, SPI_fnumber(tupdesc, "id"))),
			 errhint("They may join again, as somebody new.")));
}

/* The row, checked, with its e-mail trimmed and email_key made from it. */
static HeapTuple
row_changed(HeapTuple row, TupleDesc tupdesc)
{
	char	 *email = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "email"));
	char	 *name = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "name"));
	char	 *source = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "source"));
	char	 *meta = GetDatabaseEncoding() != PG_SQL_ASCII ? NULL : SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "meta"));
	int		  columns[] = {SPI_fnumber(tupdesc, "email"), SPI_fnumber(tupdesc, "email_key")};
	Datum	  values[2];
	bool	  nulls[2] = {false, false};
	RfRefusal refusal;

	if (email != NULL)
		email = rf_email_trim(email);
	if (!rf_email_is_valid(email, &refusal) ||
		!rf_particulars_are_valid(name, source, meta, &refusal))
		rf_refusal_raise(&refusal);
	values[0] = CStringGetTextDatum(email);
	values[1] = CStringGetTextDatum(rf_email_key(email));
	return heap_modify_tuple_by_cols(row, tupdesc, 2, columns, values, nulls);
}

Datum
rf_participant_fixed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc = RelationGetDescr(trigger->tg_relation);

	if (rf_engine_is_writing())
		return PointerGetDatum(trigger->tg_newtuple);
	row_check_not_erased(trigger->tg_trigtuple, tupdesc);
	row_check_fixed(trigger->tg_trigtuple, trigger->tg_newtuple, tupdesc);
	return PointerGetDatum(row_changed(trigger->tg_newtuple, tupdesc));
}
