/*
 * attached.c
 *	  See attached.h.
 *
 * Several triggers may read one transition table: each has a read pointer of
 * its own. A row is taken apart only as far as it is asked for.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/savepoint.h"
#include "program/attached.h"

static void
attached_check(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(trigger->tg_event)
			  ? TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) && trigger->tg_newtable != NULL
			  : TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
				  TRIGGER_FIRED_FOR_ROW(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function was not called by a trigger of an attached table"),
				 errhint("rf_attach_joins and rf_attach_purchases make these triggers.")));
}

/* The part after "name="; NULL if the argument is another. */
static const char *
argument_value(const char *argument, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(argument, name, length) != 0 || argument[length] != '=')
		return NULL;
	return argument + length + 1;
}

static void
attached_argument(RfAttached *attached, const char *argument)
{
	const char *value;

	if ((value = argument_value(argument, RF_ATTACHED_CAMPAIGN)) != NULL)
		attached->campaign = value;
	else if ((value = argument_value(argument, RF_ATTACHED_ON_MISMATCH)) != NULL)
		attached->raise = strcmp(value, "error") == 0;
	else
	{
		for (int i = 0; i < attached->nfields; i++)
		{
			value = argument_value(argument, attached->fields[i].name);
			if (value != NULL)
				attached->columns[i] = value;
		}
	}
}

void
rf_attached_start(RfAttached *attached, FunctionCallInfo fcinfo,
				  const RfField *fields, int nfields)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	 tupdesc;

	attached_check(fcinfo);
	memset(attached, 0, sizeof(*attached));
	attached->trigger = trigger;
	attached->fields = fields;
	attached->nfields = nfields;
	for (int i = 0; i < trigger->tg_trigger->tgnargs; i++)
		attached_argument(attached, trigger->tg_trigger->tgargs[i]);
	tupdesc = RelationGetDescr(trigger->tg_relation);
	if (trigger->tg_newtable != NULL)
	{
		attached->pointer = tuplestore_alloc_read_pointer(trigger->tg_newtable, EXEC_FLAG_REWIND);
		attached->slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	}
	else
		attached->slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsHeapTuple);
	rf_attached_rewind(attached);
}

void
rf_attached_end(RfAttached *attached)
{
	ExecDropSingleTupleTableSlot(attached->slot);
}

void
rf_attached_rewind(RfAttached *attached)
{
	Tuplestorestate *rows = attached->trigger->tg_newtable;

	attached->number = 0;
	if (rows == NULL)
		return;
	tuplestore_select_read_pointer(rows, attached->pointer);
	tuplestore_rescan(rows);
}

bool
rf_attached_next(RfAttached *attached)
{
	Tuplestorestate *rows = attached->trigger->tg_newtable;

	attached->number++;
	if (rows == NULL)
	{
		ExecStoreHeapTuple(attached->trigger->tg_newtuple, attached->slot, false);
		return attached->number == 1;
	}
	/* Statements of ours may have read the table in between. */
	tuplestore_select_read_pointer(rows, attached->pointer);
	return tuplestore_gettupleslot(rows, true, false, attached->slot);
}

static AttrNumber
attached_attnum(RfAttached *attached, int field)
{
	const char *column = attached->columns[field];
	int			attnum;

	if (attached->attnums[field] != 0)
		return attached->attnums[field];
	attnum = SPI_fnumber(attached->slot->tts_tupleDescriptor, column);
	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of attached table \"%s\" does not exist", column,
						RelationGetRelationName(attached->trigger->tg_relation)),
				 errdetail("It was attached as %s.", attached->fields[field].name),
				 errhint("Attach the table again with rf_attach_joins or rf_attach_purchases, or detach it with rf_detach.")));
	attached->attnums[field] = attnum;
	return attnum;
}

static Oid
attached_type(RfAttached *attached, int field)
{
	return TupleDescAttr(attached->slot->tts_tupleDescriptor,
						 attached_attnum(attached, field) - 1)
		->atttypid;
}

static Datum
attached_value(RfAttached *attached, int field, bool *isnull)
{
	*isnull = true;
	if (attached->columns[field] == NULL)
		return (Datum) 0;
	return slot_getattr(attached->slot, attached_attnum(attached, field), isnull);
}

bool
rf_attached_has(RfAttached *attached, int field)
{
	bool  isnull;
	Datum value = attached_value(attached, field, &isnull);

	return !isnull && !rf_field_is_empty(attached_type(attached, field), value);
}

char *
rf_attached_text(RfAttached *attached, int field)
{
	bool  isnull;
	Datum value = attached_value(attached, field, &isnull);

	if (isnull || rf_field_is_empty(attached_type(attached, field), value))
		return NULL;
	return rf_field_text(attached_type(attached, field), value);
}

/* A row being brought into fields. */
typedef struct Conversion
{
	RfAttached *attached;
	Datum	   *values;
	bool	   *nulls;
} Conversion;

static void
attached_convert(void *arg)
{
	Conversion *conversion = arg;
	RfAttached *attached = conversion->attached;

	for (int i = 0; i < attached->nfields; i++)
	{
		bool  isnull;
		Datum value = attached_value(attached, i, &isnull);

		conversion->nulls[i] = !rf_attached_has(attached, i);
		if (!conversion->nulls[i])
			conversion->values[i] =
				rf_field_convert(&attached->fields[i], attached_type(attached, i), value);
	}
}

/* Only what may fail needs a subtransaction, which writes nothing. */
static bool
attached_is_safe(RfAttached *attached)
{
	for (int i = 0; i < attached->nfields; i++)
	{
		if (attached->columns[i] != NULL &&
			!rf_field_is_safe(&attached->fields[i], attached_type(attached, i)))
			return false;
	}
	return true;
}

ErrorData *
rf_attached_read(RfAttached *attached, Datum *values, bool *nulls)
{
	Conversion conversion = {attached, values, nulls};

	if (!attached_is_safe(attached))
		return rf_savepoint_try(attached_convert, &conversion);
	attached_convert(&conversion);
	return NULL;
}

Datum
rf_attached_row(RfAttached *attached)
{
	StringInfoData json;
	const char	  *separator = "";

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < attached->nfields; i++)
	{
		bool  isnull;
		Datum value = attached_value(attached, i, &isnull);

		if (attached->columns[i] == NULL)
			continue;
		appendStringInfoString(&json, separator);
		escape_json(&json, attached->columns[i]);
		appendStringInfoChar(&json, ':');
		if (isnull)
			appendStringInfoString(&json, "null");
		else
			escape_json(&json, rf_field_text(attached_type(attached, i), value));
		separator = ",";
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

char *
rf_attached_target(const RfAttached *attached)
{
	Relation relation = attached->trigger->tg_relation;

	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
									  RelationGetRelationName(relation));
}
