/*
 * attach.c
 *	  rf_attach_joins, rf_attach_purchases, rf_detach: the application's own
 *	  tables as the source of joins and purchases.
 *
 * An attachment is two triggers. After an INSERT a statement trigger reads the
 * new rows, all at once; a partition has one of its own, because an INSERT that
 * names it does not fire its parent's. After an UPDATE a row trigger comes to a
 * row that was not complete and is now; its condition stands in the trigger, so
 * that any other UPDATE costs no call, and partitions inherit it.
 *
 * The triggers are the table's: made with the caller's rights, kept by a dump of
 * the table, gone with it. They hold the names of the columns, not numbers, as
 * numbers are others after a restore.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "program/attachable.h"
#include "program/attached.h"
#include "program/attached_purchases.h"
#include "program/intake.h"

PG_FUNCTION_INFO_V1(rf_attach_joins);
PG_FUNCTION_INFO_V1(rf_attach_purchases);
PG_FUNCTION_INFO_V1(rf_detach);

#define FIRST_FIELD 2 /* argument: target and campaign come before */

/* One of the two ways to attach a table. */
typedef struct Kind
{
	const char	  *function; /* of its triggers */
	const char	  *name;	 /* their names start so */
	const RfField *fields;
	int			   nfields;
} Kind;

static const Kind joins_kind = {
	"rf_attached_joins", "rf_joins", rf_intake_fields, RF_INTAKE_FIELDS};
static const Kind purchases_kind = {
	"rf_attached_purchases", "rf_purchases", rf_purchase_fields, RF_PURCHASE_FIELDS};

/* A table being attached. */
typedef struct Attachment
{
	const Kind *kind;
	Oid			target;
	Oid			schema;	  /* ours */
	char	   *campaign; /* slug; NULL: any */
	bool		raise;
	char	   *columns[RF_ATTACHED_FIELDS]; /* NULL: not mapped */
	Oid			types[RF_ATTACHED_FIELDS];
} Attachment;

/* ---- what the caller asks for -------------------------------------------- */

static char *
argument_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static void
attachment_read(Attachment *attachment, const Kind *kind, FunctionCallInfo fcinfo)
{
	char *on_mismatch = argument_text(fcinfo, FIRST_FIELD + kind->nfields);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("target must not be null")));
	attachment->kind = kind;
	attachment->target = PG_GETARG_OID(0);
	attachment->schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	attachment->campaign = argument_text(fcinfo, 1);
	for (int i = 0; i < kind->nfields; i++)
		attachment->columns[i] = argument_text(fcinfo, FIRST_FIELD + i);
	attachment->raise = on_mismatch != NULL && strcmp(on_mismatch, "error") == 0;
	if (on_mismatch == NULL || (!attachment->raise && strcmp(on_mismatch, "record") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("on_mismatch must be record or error")));
}

static void
attachment_require(const Attachment *attachment, int field)
{
	if (attachment->columns[field] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must name a column", attachment->kind->fields[field].name)));
}

/* Raises an error unless the campaign exists. */
static void
attachment_check_campaign(const Attachment *attachment, FunctionCallInfo fcinfo)
{
	RfEngine engine;

	rf_engine_enter(&engine, fcinfo);
	(void) rf_campaign_by_slug(attachment->campaign);
	rf_engine_leave(&engine);
}

/* ---- the columns ---------------------------------------------------------- */

static void
attachment_find_columns(Attachment *attachment)
{
	for (int i = 0; i < attachment->kind->nfields; i++)
	{
		if (attachment->columns[i] != NULL)
			attachment->types[i] = rf_attachable_column(attachment->target, attachment->columns[i],
														&attachment->kind->fields[i]);
	}
}

/* ---- the triggers --------------------------------------------------------- */

static char *
relation_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

/*
 * Slugs have letters, digits, dots, dashes and underscores, and are as long as
 * a name may be: a long one is cut, and told from others by its hash.
 */
static const char *
trigger_name(const Attachment *attachment, const char *event)
{
	char *name = psprintf("%s_%s", attachment->kind->name, event);
	char *whole;

	if (attachment->campaign == NULL)
		return quote_identifier(name);
	whole = psprintf("%s_%s", name, attachment->campaign);
	if (strlen(whole) < NAMEDATALEN)
		return quote_identifier(whole);
	return quote_identifier(psprintf("%.*s~%08x", NAMEDATALEN - 10, whole,
									 string_hash(attachment->campaign,
												 strlen(attachment->campaign) + 1)));
}

static void
append_argument(StringInfo statement, const char *name, const char *value)
{
	if (value != NULL)
		appendStringInfo(statement, "%s%s",
						 statement->data[statement->len - 1] == '(' ? "" : ", ",
						 quote_literal_cstr(psprintf("%s=%s", name, value)));
}

/* EXECUTE FUNCTION schema.name('campaign=spring', 'email=mail', ...) */
static void
append_call(StringInfo statement, const Attachment *attachment)
{
	const Kind *kind = attachment->kind;

	appendStringInfo(statement, " EXECUTE FUNCTION %s(",
					 quote_qualified_identifier(get_namespace_name(attachment->schema),
												kind->function));
	append_argument(statement, RF_ATTACHED_CAMPAIGN, attachment->campaign);
	for (int i = 0; i < kind->nfields; i++)
		append_argument(statement, kind->fields[i].name, attachment->columns[i]);
	append_argument(statement, RF_ATTACHED_ON_MISMATCH, attachment->raise ? "error" : NULL);
	appendStringInfoChar(statement, ')');
}

/* Is the field there, in the OLD or the NEW row? As rf_attached_has() says it. */
static char *
field_is_there(const Attachment *attachment, const char *row, int field)
{
	const char *column = quote_identifier(attachment->columns[field]);

	if (rf_field_is_text(attachment->types[field]))
		return psprintf("pg_catalog.length(%s.%s::pg_catalog.text) OPERATOR(pg_catalog.>) 0",
						row, column);
	return psprintf("%s.%s IS NOT NULL", row, column);
}

/*
 * A row is new to us if its e-mail came only now. One that has got its
 * referred_by only now may be new, too; if not, it is told as a mismatch.
 */
static char *
joins_condition(const Attachment *attachment)
{
	char *email = field_is_there(attachment, "NEW", RF_INTAKE_EMAIL);
	char *had_email = field_is_there(attachment, "OLD", RF_INTAKE_EMAIL);

	if (attachment->columns[RF_INTAKE_REFERRED_BY] == NULL)
		return psprintf("(%s) AND (%s) IS NOT TRUE", email, had_email);
	return psprintf("(%s) AND ((%s) IS NOT TRUE OR ((%s) AND (%s) IS NOT TRUE))",
					email, had_email,
					field_is_there(attachment, "NEW", RF_INTAKE_REFERRED_BY),
					field_is_there(attachment, "OLD", RF_INTAKE_REFERRED_BY));
}

static char *
purchases_condition(const Attachment *attachment)
{
	int key = attachment->columns[RF_PURCHASE_CODE] != NULL ? RF_PURCHASE_CODE : RF_PURCHASE_EMAIL;

	return psprintf("(%s) AND (%s) AND ((%s) AND (%s)) IS NOT TRUE",
					field_is_there(attachment, "NEW", key),
					field_is_there(attachment, "NEW", RF_PURCHASE_AMOUNT),
					field_is_there(attachment, "OLD", key),
					field_is_there(attachment, "OLD", RF_PURCHASE_AMOUNT));
}

static void
run(const char *statement)
{
	int result = SPI_execute(statement, false, 0);

	if (result != SPI_OK_UTILITY)
		elog(ERROR, "could not execute \"%s\": %s", statement, SPI_result_code_string(result));
}

static void
create_insert_trigger(const Attachment *attachment, Oid relation)
{
	StringInfoData statement;

	initStringInfo(&statement);
	appendStringInfo(&statement,
					 "CREATE OR REPLACE TRIGGER %s AFTER INSERT ON %s"
					 " REFERENCING NEW TABLE AS rf_inserted FOR EACH STATEMENT",
					 trigger_name(attachment, "insert"), relation_name(relation));
	append_call(&statement, attachment);
	run(statement.data);
}

static void
create_update_trigger(const Attachment *attachment, Oid relation, const char *condition)
{
	StringInfoData statement;

	initStringInfo(&statement);
	appendStringInfo(&statement,
					 "CREATE OR REPLACE TRIGGER %s AFTER UPDATE ON %s"
					 " FOR EACH ROW WHEN (%s)",
					 trigger_name(attachment, "update"), relation_name(relation), condition);
	append_call(&statement, attachment);
	run(statement.data);
}

/* Returns the number of triggers made. */
static int
attachment_create(const Attachment *attachment, const char *condition)
{
	List	 *family = rf_attachable_family(attachment->target);
	bool	  partitioned = get_rel_relkind(attachment->target) == RELKIND_PARTITIONED_TABLE;
	int		  ntriggers = 0;
	ListCell *cell;

	SPI_connect();
	foreach(cell, family)
	{
		Oid relation = lfirst_oid(cell);

		create_insert_trigger(attachment, relation);
		ntriggers++;
		/* Children by inheritance, unlike partitions, inherit no trigger. */
		if (partitioned && relation != attachment->target)
			continue;
		create_update_trigger(attachment, relation, condition);
		ntriggers++;
	}
	SPI_finish();
	return ntriggers;
}

Datum
rf_attach_joins(PG_FUNCTION_ARGS)
{
	Attachment attachment = {0};

	attachment_read(&attachment, &joins_kind, fcinfo);
	attachment_require(&attachment, RF_INTAKE_EMAIL);
	attachment_check_campaign(&attachment, fcinfo);
	rf_attachable_check(attachment.target);
	attachment_find_columns(&attachment);
	PG_RETURN_INT32(attachment_create(&attachment, joins_condition(&attachment)));
}

Datum
rf_attach_purchases(PG_FUNCTION_ARGS)
{
	Attachment attachment = {0};
	bool	   by_email;

	attachment_read(&attachment, &purchases_kind, fcinfo);
	by_email = attachment.columns[RF_PURCHASE_EMAIL] != NULL;
	if (by_email == (attachment.columns[RF_PURCHASE_CODE] != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("either code or email must name a column"),
				 errdetail("It says whose purchase a row is.")));
	attachment_require(&attachment, RF_PURCHASE_AMOUNT);
	if (by_email || attachment.campaign != NULL)
		attachment_check_campaign(&attachment, fcinfo);
	rf_attachable_check(attachment.target);
	attachment_find_columns(&attachment);
	PG_RETURN_INT32(attachment_create(&attachment, purchases_condition(&attachment)));
}

/* ---- detaching ------------------------------------------------------------ */

static Oid
trigger_function(const char *name, Oid schema)
{
	List *names = list_make2(makeString(get_namespace_name(schema)),
							 makeString(pstrdup(name)));

	return LookupFuncName(names, 0, NULL, true);
}

/* Names of our triggers on a table, but for those its parent has given it. */
static List *
relation_triggers(Oid relation, Oid schema)
{
	Relation	 opened = table_open(relation, AccessShareLock);
	TriggerDesc *triggers = opened->trigdesc;
	List		*names = NIL;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (!trigger->tgisclone &&
			(trigger->tgfoid == trigger_function(joins_kind.function, schema) ||
			 trigger->tgfoid == trigger_function(purchases_kind.function, schema)))
			names = lappend(names, pstrdup(trigger->tgname));
	}
	table_close(opened, AccessShareLock);
	return names;
}

Datum
rf_detach(PG_FUNCTION_ARGS)
{
	Oid		  target = PG_GETARG_OID(0);
	Oid		  schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	int		  ntriggers = 0;
	ListCell *relation;
	ListCell *name;

	(void) rf_attachable_kind(target);
	SPI_connect();
	foreach(relation, find_all_inheritors(target, AccessShareLock, NULL))
	{
		foreach(name, relation_triggers(lfirst_oid(relation), schema))
		{
			run(psprintf("DROP TRIGGER %s ON %s", quote_identifier(lfirst(name)),
						 relation_name(lfirst_oid(relation))));
			ntriggers++;
		}
	}
	SPI_finish();
	PG_RETURN_INT32(ntriggers);
}
