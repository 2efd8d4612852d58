/*
 * unmatched.c
 *	  See unmatched.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "program/unmatched.h"

#define UNMATCHED_PORTION 1000

void
rf_unmatched_start(RfUnmatched *unmatched, RfAttached *attached)
{
	unmatched->attached = attached;
	unmatched->context = AllocSetContextCreate(CurrentMemoryContext, "referral unmatched",
											   ALLOCSET_DEFAULT_SIZES);
	rf_column_init(&unmatched->rows, JSONBOID);
	rf_column_init(&unmatched->reasons, TEXTOID);
	rf_column_init(&unmatched->sqlstates, TEXTOID);
}

void
rf_unmatched_reset(RfUnmatched *unmatched)
{
	rf_column_reset(&unmatched->rows);
	rf_column_reset(&unmatched->reasons);
	rf_column_reset(&unmatched->sqlstates);
	MemoryContextReset(unmatched->context);
}

RF_STATEMENT(insert_unmatched,
			 "INSERT INTO @extschema@.rf_unmatched (target, occurred_at, \"row\", reason, sqlstate)"
			 " SELECT $1, $2, u.\"row\", u.reason, u.sqlstate"
			 " FROM unnest($3, $4, $5) AS u (\"row\", reason, sqlstate)",
			 TEXTOID, TIMESTAMPTZOID, JSONBARRAYOID, TEXTARRAYOID, TEXTARRAYOID);

static void
unmatched_insert(const char *target, RfColumn *rows, RfColumn *reasons, RfColumn *sqlstates)
{
	Datum values[] = {
		CStringGetTextDatum(target), TimestampTzGetDatum(rf_now()), rf_column_array(rows),
		rf_column_array(reasons), rf_column_array(sqlstates)};

	rf_execute(&insert_unmatched, values, NULL);
}

void
rf_unmatched_write(RfUnmatched *unmatched)
{
	if (unmatched->rows.n == 0)
		return;
	unmatched_insert(rf_attached_target(unmatched->attached), &unmatched->rows,
					 &unmatched->reasons, &unmatched->sqlstates);
	rf_unmatched_reset(unmatched);
}

void
rf_unmatched_note(const char *target, Datum row, const RfRefusal *refusal)
{
	RfColumn rows;
	RfColumn reasons;
	RfColumn sqlstates;

	rf_column_init(&rows, JSONBOID);
	rf_column_init(&reasons, TEXTOID);
	rf_column_init(&sqlstates, TEXTOID);
	rf_column_add(&rows, row);
	rf_column_add_text(&reasons, refusal->message);
	rf_column_add_text(&sqlstates, unpack_sql_state(refusal->sqlstate));
	unmatched_insert(target, &rows, &reasons, &sqlstates);
}

void
rf_unmatched_add(RfUnmatched *unmatched, const RfRefusal *refusal)
{
	MemoryContext caller;

	if (unmatched->attached->raise)
		rf_refusal_raise(refusal);
	if (unmatched->rows.n == UNMATCHED_PORTION)
		rf_unmatched_write(unmatched);
	caller = MemoryContextSwitchTo(unmatched->context);
	rf_column_add(&unmatched->rows, rf_attached_row(unmatched->attached));
	rf_column_add(&unmatched->reasons, CStringGetTextDatum(refusal->message));
	rf_column_add(&unmatched->sqlstates,
				  CStringGetTextDatum(unpack_sql_state(refusal->sqlstate)));
	MemoryContextSwitchTo(caller);
}
