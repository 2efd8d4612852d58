/*
 * intake.c
 *	  See intake.h.
 *
 * A portion is inserted by one statement. The BEFORE ROW trigger checks its rows
 * as it checks any row, but hands refusals over to us and drops the row instead
 * of failing the statement: a row is checked in one place, and nothing needs a
 * subtransaction of its own.
 *
 * What the trigger cannot see is a person who joins at the same moment in
 * another session: ON CONFLICT DO NOTHING drops such a row, and an admitted row
 * whose key did not come back is reported as a duplicate.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "base/savepoint.h"
#include "base/sqlstate.h"
#include "program/intake.h"

#define INTAKE_PORTION 1000

const RfField rf_intake_fields[RF_INTAKE_FIELDS] = {
	[RF_INTAKE_EMAIL] = {"email", TEXTOID},
	[RF_INTAKE_NAME] = {"name", TEXTOID},
	[RF_INTAKE_REFERRED_BY] = {"referred_by", TEXTOID},
	[RF_INTAKE_SOURCE] = {"source", TEXTOID},
	[RF_INTAKE_IP] = {"ip", INETOID},
	[RF_INTAKE_META] = {"meta", JSONBOID},
	[RF_INTAKE_CODE] = {"code", TEXTOID},
	[RF_INTAKE_JOINED_AT] = {"joined_at", TIMESTAMPTZOID},
};

/* A row on its way. */
typedef struct IntakeRow
{
	int64 number;
	char *email;	/* may be NULL */
	char *code_key; /* of an admitted row; NULL: refused */
} IntakeRow;

/* A row that was refused. */
typedef struct Report
{
	int64	  number;
	char	 *email; /* may be NULL */
	RfRefusal refusal;
} Report;

struct RfIntake
{
	RfIntakeRefused refused;
	void		   *arg;
	MemoryContext	portion; /* reset with every portion */
	List		   *reports; /* of the portion */
	int64			campaign_id;
	RfColumn		columns[RF_INTAKE_FIELDS];
	IntakeRow		rows[INTAKE_PORTION];
	int				nrows;
	int				next; /* row that the trigger checks next */
	int				end;  /* of the rows being inserted */
};

static RfIntake *running = NULL;

bool
rf_intake_is_running(void)
{
	return running != NULL && rf_engine_is_writing();
}

RfIntake *
rf_intake(int64 campaign_id, RfIntakeRefused refused, void *arg)
{
	RfIntake *intake = palloc0_object(RfIntake);

	intake->campaign_id = campaign_id;
	intake->refused = refused;
	intake->arg = arg;
	intake->portion = AllocSetContextCreate(CurrentMemoryContext, "referral intake",
											ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < RF_INTAKE_FIELDS; i++)
		rf_column_init(&intake->columns[i], rf_intake_fields[i].type);
	return intake;
}

MemoryContext
rf_intake_memory(RfIntake *intake)
{
	return intake->portion;
}

static char *
copied(const char *text)
{
	return text != NULL ? pstrdup(text) : NULL;
}

static void
intake_report(RfIntake *intake, int64 number, const char *email, const RfRefusal *refusal)
{
	MemoryContext caller = MemoryContextSwitchTo(intake->portion);
	Report		 *report = palloc_object(Report);

	report->number = number;
	report->email = copied(email);
	report->refusal.sqlstate = refusal->sqlstate;
	report->refusal.message = copied(refusal->message);
	report->refusal.detail = copied(refusal->detail);
	report->refusal.hint = copied(refusal->hint);
	intake->reports = lappend(intake->reports, report);
	MemoryContextSwitchTo(caller);
}

static int
report_compare(const ListCell *a, const ListCell *b)
{
	int64 left = ((const Report *) lfirst(a))->number;
	int64 right = ((const Report *) lfirst(b))->number;

	return left < right ? -1 : left > right;
}

/*
 * Tell what was refused, in the order of the source: some rows were refused
 * before the others of the portion were looked at.
 */
static void
intake_tell(RfIntake *intake)
{
	ListCell *cell;

	list_sort(intake->reports, report_compare);
	foreach(cell, intake->reports)
	{
		Report *report = lfirst(cell);

		intake->refused(intake->arg, report->number, report->email, &report->refusal);
	}
	intake->reports = NIL;
}

void
rf_intake_row(const RfAdmitted *admitted, const RfRefusal *refusal)
{
	IntakeRow *row;

	if (running->next == running->end)
		elog(ERROR, "an intake meets more rows than it inserts");
	row = &running->rows[running->next++];
	row->code_key = NULL;
	if (refusal != NULL)
		intake_report(running, row->number, row->email, refusal);
	else
		row->code_key = MemoryContextStrdup(running->portion, admitted->code_key);
}

RF_STATEMENT(insert_people,
			 "INSERT INTO @extschema@.rf_participant"
			 " (campaign_id, email, name, referred_by, source, ip, meta, code, joined_at)"
			 " SELECT $1, s.email, s.name, s.referred_by, s.source, s.ip,"
			 "  coalesce(s.meta, '{}'), s.code, s.joined_at"
			 " FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)"
			 "  AS s (email, name, referred_by, source, ip, meta, code, joined_at)"
			 " ON CONFLICT DO NOTHING"
			 " RETURNING code_key",
			 INT8OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
			 INETARRAYOID, JSONBARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID);

/*
 * Rows come back in the order in which they went in; one that was admitted and
 * is missing lost against another session.
 */
static void
intake_report_lost(RfIntake *intake, int first, uint64 ninserted)
{
	uint64 next = 0;

	for (int i = first; i < intake->end; i++)
	{
		IntakeRow *row = &intake->rows[i];
		uint64	   found = next;

		if (row->code_key == NULL)
			continue;
		while (found < ninserted && strcmp(rf_text(found, 1), row->code_key) != 0)
			found++;
		if (found < ninserted)
			next = found + 1;
		else
		{
			RfRefusal lost = {
				.sqlstate = ERRCODE_UNIQUE_VIOLATION,
				.message = psprintf("\"%s\" is already a participant", row->email),
			};

			intake_report(intake, row->number, row->email, &lost);
		}
	}
}

/* Insert the rows from "next" up to "end". */
static void
intake_write(void *arg)
{
	RfIntake	   *intake = arg;
	RfIntake	   *outer = running;
	int				first = intake->next;
	Datum			values[RF_INTAKE_FIELDS + 1];
	volatile uint64 ninserted = 0;

	values[0] = Int64GetDatum(intake->campaign_id);
	for (int i = 0; i < RF_INTAKE_FIELDS; i++)
	{
		RfColumn slice = intake->columns[i];

		slice.values += first;
		slice.nulls += first;
		slice.n = intake->end - first;
		values[i + 1] = rf_column_array(&slice);
	}
	running = intake;
	PG_TRY();
	{
		ninserted = rf_execute(&insert_people, values, NULL);
	}
	PG_FINALLY();
	{
		running = outer;
	}
	PG_END_TRY();
	intake_report_lost(intake, first, ninserted);
}

/* Insert rows by one statement; if it fails over its data, undo what it reported. */
static ErrorData *
intake_try(RfIntake *intake, int first, int end)
{
	int		   nreports = list_length(intake->reports);
	ErrorData *error;

	intake->next = first;
	intake->end = end;
	error = rf_savepoint_try(intake_write, intake);
	if (error != NULL)
		intake->reports = list_truncate(intake->reports, nreports);
	return error;
}

/*
 * A portion that fails as a whole (a payload too large, a referrer whose last
 * place another session took meanwhile) is taken once more row by row.
 */
void
rf_intake_insert(RfIntake *intake)
{
	MemoryContext caller = MemoryContextSwitchTo(intake->portion);

	if (intake->nrows > 0 && intake_try(intake, 0, intake->nrows) != NULL)
	{
		for (int i = 0; i < intake->nrows; i++)
		{
			ErrorData *error = intake_try(intake, i, i + 1);
			RfRefusal  refusal;

			if (error == NULL)
				continue;
			refusal = rf_refusal_of_error(error);
			intake_report(intake, intake->rows[i].number, intake->rows[i].email, &refusal);
		}
	}
	MemoryContextSwitchTo(caller);
	intake_tell(intake);
	for (int i = 0; i < RF_INTAKE_FIELDS; i++)
		rf_column_reset(&intake->columns[i]);
	intake->nrows = 0;
	MemoryContextReset(intake->portion);
}

static void
intake_insert_full(RfIntake *intake)
{
	if (intake->nrows + list_length(intake->reports) >= INTAKE_PORTION)
		rf_intake_insert(intake);
}

void
rf_intake_refuse(RfIntake *intake, int64 number, const char *email, const RfRefusal *refusal)
{
	intake_report(intake, number, email, refusal);
	intake_insert_full(intake);
}

void
rf_intake_add(RfIntake *intake, int64 number, const char *email,
			  const Datum *values, const bool *nulls)
{
	IntakeRow *row = &intake->rows[intake->nrows];

	if (!nulls[RF_INTAKE_META] && !JB_ROOT_IS_OBJECT(DatumGetJsonbP(values[RF_INTAKE_META])))
	{
		RfRefusal refusal = {
			.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
			.message = "meta is not a JSON object",
		};

		rf_intake_refuse(intake, number, email, &refusal);
		return;
	}
	row->number = number;
	row->email = email != NULL ? MemoryContextStrdup(intake->portion, email) : NULL;
	for (int i = 0; i < RF_INTAKE_FIELDS; i++)
	{
		if (nulls[i])
			rf_column_add_null(&intake->columns[i]);
		else
			rf_column_add(&intake->columns[i], values[i]);
	}
	intake->nrows++;
	intake_insert_full(intake);
}
