/*
 * import.c
 *	  rf_import: take the good rows, report the bad ones.
 *
 * The rows are read one by one as JSON objects and brought into the fields of
 * an intake, which lets them join.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "base/savepoint.h"
#include "base/sqlstate.h"
#include "program/intake.h"

PG_FUNCTION_INFO_V1(rf_import_jsonb);
PG_FUNCTION_INFO_V1(rf_import_table);

#define IMPORT_FETCH 1000

typedef struct Import
{
	RfIntake *intake;
	int		  nseen; /* rows of the source so far */
} Import;

/* A row of the answer: a row of the source that was refused. */
static void
import_refused(void *arg, int64 number, const char *email, const RfRefusal *refusal)
{
	ReturnSetInfo *answer = arg;
	Datum		   values[] = {
				 Int32GetDatum((int32) number),
		 email ? CStringGetTextDatum(email) : 0,
				 CStringGetTextDatum(unpack_sql_state(refusal->sqlstate)),
				 CStringGetTextDatum(refusal->message)};
	bool nulls[] = {false, email == NULL, false, false};

	tuplestore_putvalues(answer->setResult, answer->setDesc, values, nulls);
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

/* A row being brought into fields. */
typedef struct Conversion
{
	Jsonb *object;
	Datum  values[RF_INTAKE_FIELDS];
	bool   nulls[RF_INTAKE_FIELDS];
} Conversion;

static void
import_convert_row(void *arg)
{
	Conversion *conversion = arg;

	for (int i = 0; i < RF_INTAKE_FIELDS; i++)
	{
		char *text = import_member(conversion->object, rf_intake_fields[i].name);

		conversion->nulls[i] = text == NULL;
		if (text != NULL)
			conversion->values[i] = rf_field_parse(&rf_intake_fields[i], text);
	}
}

/*
 * Take one row of the source. What a type's input function refuses is caught in
 * a subtransaction, which writes nothing and therefore costs no transaction id.
 */
static void
import_take(Import *import, Jsonb *object)
{
	MemoryContext caller = MemoryContextSwitchTo(rf_intake_memory(import->intake));
	Conversion	  conversion = {.object = object};
	RfRefusal	  refusal = {
			.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			.message = "row is not a JSON object",
	};
	char	  *email = NULL;
	ErrorData *error = NULL;
	int		   number = ++import->nseen;

	if (JB_ROOT_IS_OBJECT(object))
	{
		email = import_member(object, "email");
		error = rf_savepoint_try(import_convert_row, &conversion);
		if (error != NULL)
			refusal = rf_refusal_of_error(error);
	}
	if (!JB_ROOT_IS_OBJECT(object) || error != NULL)
		rf_intake_refuse(import->intake, number, email, &refusal);
	else
		rf_intake_add(import->intake, number, email, conversion.values, conversion.nulls);
	MemoryContextSwitchTo(caller);
}

/*
 * Portions lock their referrers one after the other, so two imports could meet
 * in opposite orders: a campaign has one import at a time.
 */
RF_STATEMENT(lock_campaign,
			 "SELECT FROM @extschema@.rf_campaign WHERE id = $1 FOR NO KEY UPDATE", INT8OID);

static void
import_start(Import *import, FunctionCallInfo fcinfo, RfEngine *engine)
{
	const RfCampaign *campaign;
	Datum			  campaign_id;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source of an import must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	rf_engine_enter(engine, fcinfo);
	campaign = rf_campaign_by_slug(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	campaign_id = Int64GetDatum(campaign->id);
	rf_execute(&lock_campaign, &campaign_id, NULL);
	import->nseen = 0;
	import->intake = rf_intake(campaign->id, import_refused, fcinfo->resultinfo);
}

Datum
rf_import_jsonb(PG_FUNCTION_ARGS)
{
	RfEngine		   engine;
	Import			   import;
	Jsonb			  *rows;
	JsonbIterator	  *iterator;
	JsonbIteratorToken token;
	JsonbValue		   element;

	import_start(&import, fcinfo, &engine);
	rows = PG_GETARG_JSONB_P(1);
	if (!JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows of an import must be a JSON array"),
				 errhint("Each element is an object with email, and as needed name, referred_by, source, code, ip, meta, joined_at.")));
	iterator = JsonbIteratorInit(&rows->root);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			import_take(&import, JsonbValueToJsonb(&element));
	}
	rf_intake_insert(import.intake);
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
	Import		  import;
	MemoryContext caller = CurrentMemoryContext;
	Portal		  source;
	uint64		  nfetched;

	import_start(&import, fcinfo, &engine);
	rf_engine_leave(&engine);
	SPI_connect();
	MemoryContextSwitchTo(caller);
	source = import_open_table(PG_GETARG_OID(1));
	do
	{
		SPITupleTable *rows;

		SPI_cursor_fetch(source, true, IMPORT_FETCH);
		MemoryContextSwitchTo(caller);
		nfetched = SPI_processed;
		rows = SPI_tuptable;
		rf_engine_enter(&engine, fcinfo);
		for (uint64 row = 0; row < nfetched; row++)
		{
			bool  isnull;
			Datum object = SPI_getbinval(rows->vals[row], rows->tupdesc, 1, &isnull);

			import_take(&import, DatumGetJsonbP(object));
		}
		rf_intake_insert(import.intake);
		rf_engine_leave(&engine);
		SPI_freetuptable(rows);
	} while (nfetched > 0);
	SPI_cursor_close(source);
	SPI_finish();
	return (Datum) 0;
}
