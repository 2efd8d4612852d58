/*
 * import.c
 *	  See import.h.
 *
 * The rows are read one by one as JSON objects, brought into columns, and
 * inserted in portions by one statement each. The BEFORE ROW trigger checks
 * them as it checks any row, but hands refusals over to us and drops the row
 * instead of failing the statement: a row is checked in one place, and nothing
 * needs a subtransaction that writes.
 *
 * What the trigger cannot see is a person who joins at the same moment in
 * another session: ON CONFLICT DO NOTHING drops such a row, and an admitted row
 * whose key did not come back is reported as a duplicate.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/sqlstate.h"
#include "program/import.h"

PG_FUNCTION_INFO_V1(rf_import_jsonb);
PG_FUNCTION_INFO_V1(rf_import_table);

#define IMPORT_PORTION 1000

enum
{
	EMAIL,
	NAME,
	REFERRED_BY,
	SOURCE,
	CODE,
	IP,
	META,
	JOINED_AT,
	IMPORT_COLUMNS
};

static const char *const import_names[IMPORT_COLUMNS] = {
	"email", "name", "referred_by", "source", "code", "ip", "meta", "joined_at"};
static const Oid import_types[IMPORT_COLUMNS] = {
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INETOID, JSONBOID, TIMESTAMPTZOID};

/* A row on its way. */
typedef struct ImportRow
{
	int	  number; /* counted from 1 in the source */
	char *email;  /* may be NULL */
	bool  admitted;
} ImportRow;

/* A row that was refused. */
typedef struct Report
{
	int	  number;
	char *email; /* may be NULL */
	int	  sqlstate;
	char *message;
} Report;

typedef struct Import
{
	ReturnSetInfo  *answer;
	MemoryContext	context; /* of the call */
	List		   *reports; /* of the portion */
	const RfInsert *insert;	 /* the INSERT that runs; NULL before its first row */
	int64			campaign_id;
	int				nseen; /* rows of the source so far */
	RfColumn		columns[IMPORT_COLUMNS];
	ImportRow		rows[IMPORT_PORTION];
	int				nrows;
	int				nchecked; /* of these, by the trigger */
} Import;

static Import *running = NULL;

bool
rf_import_is_running(const RfInsert *insert)
{
	if (running == NULL)
		return false;
	if (running->insert == NULL)
		running->insert = insert;
	return running->insert == insert;
}

static void
import_report(Import *import, const ImportRow *row, int sqlstate, const char *message)
{
	MemoryContext caller = MemoryContextSwitchTo(import->context);
	Report		 *report = palloc_object(Report);

	report->number = row->number;
	report->email = row->email ? pstrdup(row->email) : NULL;
	report->sqlstate = sqlstate;
	report->message = pstrdup(message);
	import->reports = lappend(import->reports, report);
	MemoryContextSwitchTo(caller);
}

static int
report_compare(const ListCell *a, const ListCell *b)
{
	return ((const Report *) lfirst(a))->number - ((const Report *) lfirst(b))->number;
}

/*
 * Give back what was refused, in the order of the source: a portion's rows that
 * could not be converted were refused before the others were looked at.
 */
static void
import_give_back(Import *import)
{
	ListCell *cell;

	list_sort(import->reports, report_compare);
	foreach(cell, import->reports)
	{
		Report *report = lfirst(cell);
		Datum	values[] = {
			  Int32GetDatum(report->number),
			  report->email ? CStringGetTextDatum(report->email) : 0,
			  CStringGetTextDatum(unpack_sql_state(report->sqlstate)),
			  CStringGetTextDatum(report->message)};
		bool nulls[] = {false, report->email == NULL, false, false};

		tuplestore_putvalues(import->answer->setResult, import->answer->setDesc, values, nulls);
	}
	list_free_deep(import->reports);
	import->reports = NIL;
}

void
rf_import_row(const RfRefusal *refusal)
{
	ImportRow *row = &running->rows[running->nchecked++];

	row->admitted = refusal == NULL;
	if (refusal != NULL)
		import_report(running, row, refusal->sqlstate, refusal->message);
}

RF_STATEMENT(insert_people,
			 "INSERT INTO @extschema@.rf_participant"
			 " (campaign_id, email, name, referred_by, source, code, ip, meta, joined_at)"
			 " SELECT $1, s.email, s.name, s.referred_by, s.source, s.code, s.ip,"
			 "  coalesce(s.meta, '{}'), s.joined_at"
			 " FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)"
			 "  AS s (email, name, referred_by, source, code, ip, meta, joined_at)"
			 " ON CONFLICT DO NOTHING"
			 " RETURNING email",
			 INT8OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
			 INETARRAYOID, JSONBARRAYOID, TIMESTAMPTZARRAYOID);

/*
 * Rows come back in the order in which they went in; one that was admitted and
 * is missing lost against another session.
 */
static void
import_report_lost(Import *import, uint64 ninserted)
{
	uint64 next = 0;

	for (int i = 0; i < import->nrows; i++)
	{
		ImportRow *row = &import->rows[i];

		if (!row->admitted)
			continue;
		if (next < ninserted && strcmp(rf_text(next, 1), rf_email_trim(row->email)) == 0)
			next++;
		else
			import_report(import, row, ERRCODE_UNIQUE_VIOLATION,
						  psprintf("\"%s\" is already a participant", row->email));
	}
}

static void
import_insert(Import *import)
{
	Datum values[IMPORT_COLUMNS + 1];

	if (import->nrows == 0)
		return;
	values[0] = Int64GetDatum(import->campaign_id);
	for (int i = 0; i < IMPORT_COLUMNS; i++)
	{
		values[i + 1] = rf_column_array(&import->columns[i]);
		rf_column_reset(&import->columns[i]);
	}
	import->insert = NULL;
	import->nchecked = 0;
	running = import;
	PG_TRY();
	{
		import_report_lost(import, rf_execute(&insert_people, values, NULL));
	}
	PG_FINALLY();
	{
		running = NULL;
	}
	PG_END_TRY();
	import->nrows = 0;
}

static void
import_insert_portion(Import *import)
{
	import_insert(import);
	import_give_back(import);
}

/* A member of the row as text; NULL if it is absent or null. */
static char *
import_member(Jsonb *object, const char *name)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&object->root, name, strlen(name), &buffer);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	return JsonbToCString(NULL, &JsonbValueToJsonb(value)->root, 0);
}

static Datum
import_convert(const char *text, int column)
{
	Oid input;
	Oid param;

	if (import_types[column] == TEXTOID)
		return CStringGetTextDatum(text);
	getTypeInputInfo(import_types[column], &input, &param);
	return OidInputFunctionCall(input, unconstify(char *, text), param, -1);
}

/*
 * Bring a row into columns. What a type's input function refuses is caught in
 * a subtransaction, which writes nothing and therefore costs no transaction id.
 */
static bool
import_convert_row(Jsonb *object, Datum *values, bool *nulls, ErrorData **error)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool converted = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		for (int i = 0; i < IMPORT_COLUMNS; i++)
		{
			char *text = import_member(object, import_names[i]);

			nulls[i] = text == NULL;
			if (text != NULL)
				values[i] = import_convert(text, i);
		}
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		*error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		converted = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return converted;
}

static void
import_take(Import *import, Jsonb *object)
{
	ImportRow *row = &import->rows[import->nrows];
	Datum	   values[IMPORT_COLUMNS];
	bool	   nulls[IMPORT_COLUMNS];
	ErrorData *error = NULL;

	row->number = ++import->nseen;
	if (!JB_ROOT_IS_OBJECT(object))
	{
		row->email = NULL;
		import_report(import, row, ERRCODE_INVALID_PARAMETER_VALUE, "row is not a JSON object");
		return;
	}
	row->email = import_member(object, "email");
	if (!import_convert_row(object, values, nulls, &error))
	{
		import_report(import, row, error->sqlerrcode, error->message);
		return;
	}
	/* The table's constraint would fail the good rows along with this one. */
	if (!nulls[META] && !JB_ROOT_IS_OBJECT(DatumGetJsonbP(values[META])))
	{
		import_report(import, row, ERRCODE_INVALID_PARAMETER_VALUE, "meta is not a JSON object");
		return;
	}
	for (int i = 0; i < IMPORT_COLUMNS; i++)
	{
		if (nulls[i])
			rf_column_add_null(&import->columns[i]);
		else
			rf_column_add(&import->columns[i], values[i]);
	}
	if (++import->nrows == IMPORT_PORTION)
		import_insert_portion(import);
}

static Import *
import_start(FunctionCallInfo fcinfo, RfEngine *engine)
{
	Import *import = palloc0_object(Import);

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source of an import must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	import->answer = (ReturnSetInfo *) fcinfo->resultinfo;
	import->context = CurrentMemoryContext;
	for (int i = 0; i < IMPORT_COLUMNS; i++)
		rf_column_init(&import->columns[i], import_types[i]);
	rf_engine_enter(engine, fcinfo);
	import->campaign_id =
		rf_campaign_by_slug(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)))->id;
	return import;
}

Datum
rf_import_jsonb(PG_FUNCTION_ARGS)
{
	RfEngine		   engine;
	Import			  *import = import_start(fcinfo, &engine);
	Jsonb			  *rows = PG_GETARG_JSONB_P(1);
	JsonbIterator	  *iterator;
	JsonbIteratorToken token;
	JsonbValue		   element;

	if (!JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows of an import must be a JSON array"),
				 errhint("Each element is an object with email, and as needed name, referred_by, source, code, ip, meta, joined_at.")));
	iterator = JsonbIteratorInit(&rows->root);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			import_take(import, JsonbValueToJsonb(&element));
	}
	import_insert_portion(import);
	rf_engine_leave(&engine);
	return (Datum) 0;
}

/* The table is read with the rights of the caller, before the engine is entered. */
static Portal
import_open_table(Oid table)
{
	char		  *name = get_rel_name(table);
	char		  *schema = get_namespace_name(get_rel_namespace(table));
	StringInfoData query;
	SPIPlanPtr	   plan;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", table)));
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT pg_catalog.to_jsonb(s) FROM %s AS s",
					 quote_qualified_identifier(schema, name));
	plan = SPI_prepare(query.data, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not prepare statement: %s", SPI_result_code_string(SPI_result));
	return SPI_cursor_open(NULL, plan, NULL, NULL, false);
}

Datum
rf_import_table(PG_FUNCTION_ARGS)
{
	RfEngine	  engine;
	Import		 *import = import_start(fcinfo, &engine);
	MemoryContext caller = CurrentMemoryContext;
	Portal		  source;
	uint64		  nfetched;

	rf_engine_leave(&engine);
	SPI_connect();
	MemoryContextSwitchTo(caller);
	source = import_open_table(PG_GETARG_OID(1));
	do
	{
		SPITupleTable *rows;

		SPI_cursor_fetch(source, true, IMPORT_PORTION);
		MemoryContextSwitchTo(caller);
		nfetched = SPI_processed;
		rows = SPI_tuptable;
		rf_engine_enter(&engine, fcinfo);
		for (uint64 row = 0; row < nfetched; row++)
		{
			bool  isnull;
			Datum object = SPI_getbinval(rows->vals[row], rows->tupdesc, 1, &isnull);

			import_take(import, DatumGetJsonbP(object));
		}
		import_insert_portion(import);
		rf_engine_leave(&engine);
		SPI_freetuptable(rows);
	} while (nfetched > 0);
	SPI_cursor_close(source);
	SPI_finish();
	return (Datum) 0;
}
