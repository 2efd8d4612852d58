/*
 * mapping_valid.c
 *	  Which rows rf_inbound_mapping takes.
 *
 * That paths are paths, their type has seen to; that an action has what it needs,
 * the table's constraints do. What is left: a variable that is not there is an error
 * even to a silent path, but only when it comes to it, which may be never until the
 * one payload that matters.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonpath.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/clock.h"
#include "base/engine.h"

PG_FUNCTION_INFO_V1(rf_inbound_mapping_valid);

#define VARIABLE "$\"headers\""

/*
 * The first variable of a path, as it is written, that is not $headers; NULL: there
 * is none. jsonpath's output quotes every name, and every string.
 */
static const char *
strange_variable(const char *path)
{
	bool quoted = false;

	for (; *path != '\0'; path++)
	{
		if (quoted && *path == '\\')
			path++;
		else if (*path == '"')
			quoted = !quoted;
		else if (!quoted && path[0] == '$' && path[1] == '"' &&
				 strncmp(path, VARIABLE, strlen(VARIABLE)) != 0)
			return path;
	}
	return NULL;
}

static void
check_variables(HeapTuple row, TupleDesc tupdesc)
{
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(tupdesc, i);
		char			 *path;

		if (column->atttypid != JSONPATHOID || heap_attisnull(row, i + 1, tupdesc))
			continue;
		path = SPI_getvalue(row, tupdesc, i + 1);
		if (strange_variable(path) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_PARAMETER),
					 errmsg("a path of column \"%s\" has an unknown variable",
							NameStr(column->attname)),
					 errdetail("The path is %s.", path),
					 errhint("$ is the payload, $headers an object with the request's headers, their names in small letters; there is nothing else.")));
	}
}

RF_STATEMENT(is_builtin,
			 "SELECT FROM @extschema@.rf_inbound_mapping WHERE mapping = $1 AND builtin LIMIT 1",
			 TEXTOID);

/* Rows of later versions must not meet others under the same name. */
static void
check_name(FunctionCallInfo fcinfo, HeapTuple row, TupleDesc tupdesc)
{
	bool	 isnull;
	Datum	 builtin = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "builtin"), &isnull);
	bool	 taken = !isnull && DatumGetBool(builtin);
	Datum	 mapping = SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, "mapping"), &isnull);
	RfEngine engine;

	if (isnull)
		return;
	rf_engine_enter(&engine, fcinfo);
	taken |= rf_execute(&is_builtin, &mapping, NULL) > 0;
	rf_engine_leave(&engine);
	if (taken)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("mapping \"%s\" belongs to the extension", TextDatumGetCString(mapping)),
				 errhint("Insert rows of your own under another name; those of the extension can be copied.")));
}

Datum
rf_inbound_mapping_valid(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc = RelationGetDescr(trigger->tg_relation);
	bool		 is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	 row = is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	int			 created_at = SPI_fnumber(tupdesc, "created_at");
	Datum		 now = TimestampTzGetDatum(rf_now());
	bool		 isnull = false;

	if (!is_update && !heap_attisnull(row, created_at, tupdesc))
		return PointerGetDatum(row);
	check_name(fcinfo, row, tupdesc);
	check_variables(row, tupdesc);
	if (!is_update)
		row = heap_modify_tuple_by_cols(row, tupdesc, 1, &created_at, &now, &isnull);
	return PointerGetDatum(row);
}
