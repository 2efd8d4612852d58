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

void
rf_unmatched_write(RfUnmatched *unmatched)
{
	Datum values[5];

	if (unmatched->rows.n == 0)
		return;
	values[0] = CStringGetTextDatum(rf_attached_target(unmatched->attached));
	values[1] = TimestampTzGetDatum(rf_now());
	values[2] = rf_column_array(&unmatched->rows);
	values[3] = rf_column_array(&unmatched->reasons);
	values[4] = rf_column_array(&unmatched->sqlstates);
	rf_execute(&insert_unmatched, values, NULL);
	rf_unmatched_reset(unmatched);
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
