/*
 * engine.c
 *	  See engine.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/engine.h"
#include "base/installed.h"

#define ENGINE_SEARCH_PATH "pg_catalog, pg_temp"

/*
 * The schema our names are in. Plans belong to a generation: an extension that
 * was dropped and created elsewhere, or whose schema was renamed, starts a new
 * one.
 */
static Oid	  engine_schema = InvalidOid;
static char	 *engine_schema_name = NULL; /* quoted */
static uint64 engine_generation = 0;

/* Was the extension of another version than the library when we looked? */
static bool engine_differs = false;

/* Depth of triggers at which a statement of ours runs; -1: none does. */
static int engine_writing_at = -1;

static void
engine_note_schema(Oid schema)
{
	char	   *name = get_namespace_name(schema);
	RfInstalled installed;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema of extension \"%s\" does not exist", "referral")));
	name = unconstify(char *, quote_identifier(name));
	if (engine_schema_name != NULL && engine_schema == schema &&
		strcmp(engine_schema_name, name) == 0)
		return;
	if (engine_schema_name != NULL)
		pfree(engine_schema_name);
	engine_schema_name = MemoryContextStrdup(TopMemoryContext, name);
	engine_schema = schema;
	engine_generation++;
	engine_differs = rf_installed(&installed) && !installed.same_version;
}

static void
engine_set(const char *setting, const char *value)
{
	(void) set_config_option(setting, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Plans are generic and live as long as the backend. One made while a table was
 * small must still be right when it has grown: sequential scans are ruled out.
 * Where one is needed all the same, its cost must not start the JIT compiler.
 */
void
rf_engine_enter_schema(RfEngine *engine, Oid schema, Oid owner)
{
	MemoryContext caller = CurrentMemoryContext;

	/* A transaction that holds its locks already is told of nothing else. */
	AcceptInvalidationMessages();
	engine_note_schema(schema);
	GetUserIdAndSecContext(&engine->caller, &engine->caller_sec_context);
	SetUserIdAndSecContext(owner, engine->caller_sec_context | SECURITY_LOCAL_USERID_CHANGE);
	engine->guc_nest_level = 0;
	if (strcmp(namespace_search_path, ENGINE_SEARCH_PATH) != 0 || enable_seqscan || jit_enabled)
	{
		engine->guc_nest_level = NewGUCNestLevel();
		engine_set("search_path", ENGINE_SEARCH_PATH);
		engine_set("enable_seqscan", "off");
		engine_set("jit", "off");
	}
	SPI_connect();
	MemoryContextSwitchTo(caller);
}

void
rf_engine_enter(RfEngine *engine, FunctionCallInfo fcinfo)
{
	Oid		  function = fcinfo->flinfo->fn_oid;
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid		  schema;
	Oid		  owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	schema = ((Form_pg_proc) GETSTRUCT(tuple))->pronamespace;
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	rf_engine_enter_schema(engine, schema, owner);
}

void
rf_engine_leave(RfEngine *engine)
{
	SPI_finish();
	if (engine->guc_nest_level > 0)
		AtEOXact_GUC(true, engine->guc_nest_level);
	SetUserIdAndSecContext(engine->caller, engine->caller_sec_context);
}

Oid
rf_engine_relation(const char *name)
{
	Oid relation = get_relname_relid(name, engine_schema);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist in schema %s",
						name, engine_schema_name)));
	return relation;
}

static int
engine_trigger_depth(void)
{
	LOCAL_FCINFO(fcinfo, 0);

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	return DatumGetInt32(pg_trigger_depth(fcinfo));
}

bool
rf_engine_is_writing(void)
{
	return engine_writing_at >= 0 && engine_trigger_depth() == engine_writing_at + 1;
}

/* The statement's text with our schema in the place of @extschema@. */
static char *
statement_text(const char *sql)
{
	static const char marker[] = "@extschema@";
	StringInfoData	  text;
	const char		 *at;

	initStringInfo(&text);
	while ((at = strstr(sql, marker)) != NULL)
	{
		appendBinaryStringInfo(&text, sql, at - sql);
		appendStringInfoString(&text, engine_schema_name);
		sql = at + strlen(marker);
	}
	appendStringInfoString(&text, sql);
	return text.data;
}

/* Error context callback: why a table or column of ours may be missing. */
static void
statement_differs(void *arg)
{
	errhint("The extension in this database is not of the library's version, %s: run"
			" ALTER EXTENSION referral UPDATE, or restart the server with the new library.",
			REFERRAL_VERSION);
}

static void
statement_prepare(RfStatement *statement)
{
	ErrorContextCallback differs = {error_context_stack, statement_differs, NULL};
	SPIPlanPtr			 plan;

	if (statement->plan != NULL)
	{
		SPI_freeplan(statement->plan);
		statement->plan = NULL;
	}
	if (engine_differs)
		error_context_stack = &differs;
	plan = SPI_prepare_cursor(statement_text(statement->sql), statement->nargs,
							  unconstify(Oid *, statement->argtypes),
							  CURSOR_OPT_GENERIC_PLAN);
	error_context_stack = differs.previous;
	if (plan == NULL)
		elog(ERROR, "could not prepare statement: %s", SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	statement->plan = plan;
	statement->generation = engine_generation;
}

uint64
rf_execute(RfStatement *statement, const Datum *values, const char *nulls)
{
	MemoryContext caller = CurrentMemoryContext;
	int			  writing_before = engine_writing_at;
	int			  result = 0;

	if (SPI_tuptable != NULL)
		SPI_freetuptable(SPI_tuptable);
	if (statement->plan == NULL || statement->generation != engine_generation)
		statement_prepare(statement);
	engine_writing_at = engine_trigger_depth();
	PG_TRY();
	{
		result = SPI_execute_plan(statement->plan, unconstify(Datum *, values),
								  nulls, false, 0);
	}
	PG_FINALLY();
	{
		engine_writing_at = writing_before;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	if (result < 0)
		elog(ERROR, "could not execute statement: %s", SPI_result_code_string(result));
	return SPI_processed;
}

Portal
rf_cursor(RfStatement *statement, const Datum *values, const char *nulls)
{
	MemoryContext caller = CurrentMemoryContext;
	Portal		  cursor;

	if (statement->plan == NULL || statement->generation != engine_generation)
		statement_prepare(statement);
	cursor = SPI_cursor_open(NULL, statement->plan, unconstify(Datum *, values), nulls, false);
	MemoryContextSwitchTo(caller);
	return cursor;
}

uint64
rf_fetch(Portal cursor, long count)
{
	MemoryContext caller = CurrentMemoryContext;

	if (SPI_tuptable != NULL)
		SPI_freetuptable(SPI_tuptable);
	SPI_cursor_fetch(cursor, true, count);
	MemoryContextSwitchTo(caller);
	if (SPI_processed == 0)
		SPI_cursor_close(cursor);
	return SPI_processed;
}

Datum
rf_value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

int64
rf_int64(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

int32
rf_int32(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

bool
rf_bool(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

double
rf_double(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? 0 : DatumGetFloat8(value);
}

char *
rf_text(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

void
rf_column_init(RfColumn *column, Oid type)
{
	column->type = type;
	get_typlenbyvalalign(type, &column->typlen, &column->typbyval, &column->typalign);
	column->n = 0;
	column->capacity = 8;
	column->values = palloc_array(Datum, column->capacity);
	column->nulls = palloc_array(bool, column->capacity);
}

static void
column_append(RfColumn *column, Datum value, bool isnull)
{
	if (column->n == column->capacity)
	{
		column->capacity *= 2;
		column->values = repalloc_array(column->values, Datum, column->capacity);
		column->nulls = repalloc_array(column->nulls, bool, column->capacity);
	}
	column->values[column->n] = value;
	column->nulls[column->n] = isnull;
	column->n++;
}

void
rf_column_add(RfColumn *column, Datum value)
{
	column_append(column, value, false);
}

void
rf_column_add_null(RfColumn *column)
{
	column_append(column, (Datum) 0, true);
}

void
rf_column_add_text(RfColumn *column, const char *text)
{
	if (text != NULL)
		rf_column_add(column, CStringGetTextDatum(text));
	else
		rf_column_add_null(column);
}

Datum
rf_column_array(const RfColumn *column)
{
	int lower = 1;

	return PointerGetDatum(construct_md_array(column->values, column->nulls, 1,
											  unconstify(int *, &column->n), &lower,
											  column->type, column->typlen,
											  column->typbyval, column->typalign));
}

Datum
rf_array(void)
{
	bool  isnull;
	Datum array = rf_value(0, 1, &isnull);

	return isnull ? 0 : PointerGetDatum(DatumGetArrayTypePCopy(array));
}

Datum
rf_int64_column(uint64 nrows, int column)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (uint64 row = 0; row < nrows; row++)
		rf_column_add(&ids, Int64GetDatum(rf_int64(row, column)));
	return rf_column_array(&ids);
}
