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

#include "base/savepoint.h"
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
	int	  number;	/* counted from 1 in the source */
	char *email;	/* may be NULL */
	char *code_key; /* of an admitted row; NULL: refused */
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
	ReturnSetInfo *answer;
	MemoryContext  context; /* of the call */
	MemoryContext  portion; /* reset with every portion */
	List		  *reports; /* of the portion */
	int64		   campaign_id;
	int			   nseen; /* rows of the source so far */
	RfColumn	   columns[IMPORT_COLUMNS];
	ImportRow	   rows[IMPORT_PORTION];
	int			   nrows;
	int			   next; /* row that the trigger checks next */
	int			   end;	 /* of the rows being inserted */
} Import;

static Import *running = NULL;

bool
rf_import_is_running(void)
{
	return running != NULL && rf_engine_is_writing();
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
rf_import_row(const RfAdmitted *admitted, const RfRefusal *refusal)
{
	ImportRow *row;

	if (running->next == running->end)
		elog(ERROR, "an import meets more rows than it inserts");
	row = &running->rows[running->next++];
	row->code_key = NULL;
	if (refusal != NULL)
		import_report(running, row, refusal->sqlstate, refusal->message);
	else
		row->code_key = MemoryContextStrdup(running->portion, admitted->code_key);
}

RF_STATEMENT(insert_people,
			 "INSERT INTO @extschema@.rf_participant"
			 " (campaign_id, email, name, referred_by, source, code, ip, meta, joined_at)"
			 " SELECT $1, s.email, s.name, s.referred_by, s.source, s.code, s.ip,"
			 "  coalesce(s.meta, '{}'), s.joined_at"
			 " FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)"
			 "  AS s (email, name, referred_by, source, code, ip, meta, joined_at)"
			 " ON CONFLICT DO NOTHING"
			 " RETURNING code_key",
			 INT8OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
			 INETARRAYOID, JSONBARRAYOID, TIMESTAMPTZARRAYOID);

/*
 * Rows come back in the order in which they went in; one that was admitted and
 * is missing lost against another session.
 */
static void
import_report_lost(Import *import, int first, uint64 ninserted)
{
	uint64 next = 0;

	for (int i = first; i < import->end; i++)
	{
		ImportRow *row = &import->rows[i];
		uint64	   found = next;

		if (row->code_key == NULL)
			continue;
		while (found < ninserted && strcmp(rf_text(found, 1), row->code_key) != 0)
			found++;
		if (found < ninserted)
			next = found + 1;
		else
			import_report(import, row, ERRCODE_UNIQUE_VIOLATION,
						  psprintf("\"%s\" is already a participant", row->email));
	}
}

/* Insert the rows from "next" up to "end". */
static void
import_insert(void *arg)
{
	Import		   *import = arg;
	int				first = import->next;
	Datum			values[IMPORT_COLUMNS + 1];
	volatile uint64 ninserted = 0;

	values[0] = Int64GetDatum(import->campaign_id);
	for (int i = 0; i < IMPORT_COLUMNS; i++)
	{
		RfColumn slice = import->columns[i];

		slice.values += first;
		slice.nulls += first;
		slice.n = import->end - first;
		values[i + 1] = rf_column_array(&slice);
	}
	running = import;
	PG_TRY();
	{
		ninserted = rf_execute(&insert_people, values, NULL);
	}
	PG_FINALLY();
	{
		running = NULL;
	}
	PG_END_TRY();
	import_report_lost(import, first, ninserted);
}

/* Insert rows by one statement; if it fails over its data, undo what it reported. */
static ErrorData *
import_try(Import *import, int first, int end)
{
	int		   nreports = list_length(import->reports);
	ErrorData *error;

	import->next = first;
	import->end = end;
	error = rf_savepoint_try(import_insert, import);
	if (error != NULL)
		import->reports = list_truncate(import->reports, nreports);
	return error;
}

/*
 * A portion that fails as a whole (a payload too large, a referrer whose last
 * place another session took meanwhile) is taken once more row by row.
 */
static void
import_insert_portion(Import *import)
{
	if (import->nrows > 0 && import_try(import, 0, import->nrows) != NULL)
	{
		for (int i = 0; i < import->nrows; i++)
		{
			ErrorData *error = import_try(import, i, i + 1);

			if (error != NULL)
				import_report(import, &import->rows[i], error->sqlerrcode, error->message);
		}
	}
	import_give_back(import);
	for (int i = 0; i < IMPORT_COLUMNS; i++)
		rf_column_reset(&import->columns[i]);
	import->nrows = 0;
	MemoryContextReset(import->portion);
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

/* A row being brought into columns. */
typedef struct Conversion
{
	Jsonb *object;
	Datum  values[IMPORT_COLUMNS];
	bool   nulls[IMPORT_COLUMNS];
} Conversion;

static void
import_convert_row(void *arg)
{
	Conversion *conversion = arg;

	for (int i = 0; i < IMPORT_COLUMNS; i++)
	{
		char *text = import_member(conversion->object, import_names[i]);

		conversion->nulls[i] = text == NULL;
		if (text != NULL)
			conversion->values[i] = import_convert(text, i);
	}
}

static void
import_add(Import *import, const Conversion *conversion)
{
	for (int i = 0; i < IMPORT_COLUMNS; i++)
	{
		if (conversion->nulls[i])
			rf_column_add_null(&import->columns[i]);
		else
			rf_column_add(&import->columns[i], conversion->values[i]);
	}
	if (++import->nrows == IMPORT_PORTION)
		import_insert_portion(import);
}

/*
 * Take one row of the source. What a type's input function refuses is caught in
 * a subtransaction, which writes nothing and therefore costs no transaction id.
 */
static void
import_take(Import *import, Jsonb *object)
{
	MemoryContext caller = MemoryContextSwitchTo(import->portion);
	ImportRow	 *row = &import->rows[import->nrows];
	Conversion	  conversion = {.object = object};
	bool		  is_object = JB_ROOT_IS_OBJECT(object);
	ErrorData	 *error;

	row->number = ++import->nseen;
	row->email = is_object ? import_member(object, "email") : NULL;
	if (!is_object)
		import_report(import, row, ERRCODE_INVALID_PARAMETER_VALUE, "row is not a JSON object");
	else if ((error = rf_savepoint_try(import_convert_row, &conversion)) != NULL)
		import_report(import, row, error->sqlerrcode, error->message);
	else if (!conversion.nulls[META] &&
			 !JB_ROOT_IS_OBJECT(DatumGetJsonbP(conversion.values[META])))
		import_report(import, row, ERRCODE_INVALID_PARAMETER_VALUE, "meta is not a JSON object");
	else
		import_add(import, &conversion);
	MemoryContextSwitchTo(caller);
}

/*
 * Portions lock their referrers one after the other, so two imports could meet
 * in opposite orders: a campaign has one import at a time.
 */
RF_STATEMENT(lock_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1 FOR NO KEY UPDATE", INT8OID);

static Import *
import_start(FunctionCallInfo fcinfo, RfEngine *engine)
{
	Import *import = palloc0_object(Import);
	Datum	campaign_id;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source of an import must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	import->answer = (ReturnSetInfo *) fcinfo->resultinfo;
	import->context = CurrentMemoryContext;
	import->portion = AllocSetContextCreate(CurrentMemoryContext, "referral import",
											ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < IMPORT_COLUMNS; i++)
		rf_column_init(&import->columns[i], import_types[i]);
	rf_engine_enter(engine, fcinfo);
	import->campaign_id =
		rf_campaign_by_slug(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)))->id;
	campaign_id = Int64GetDatum(import->campaign_id);
	rf_execute(&lock_campaign, &campaign_id, NULL);
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
	appendStringInfo(&query, "SELECT pg_catalog.to_jsonb(s.*) FROM %s AS s",
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
