/*
 * newcomers.c
 *	  See newcomers.h.
 */
#include "postgres.h"

#include "executor/executor.h"

#include "program/newcomers.h"

/* Columns of a person, counted from 0, that are read by themselves. */
#define CAMPAIGN_ID 1
#define REFERRER_ID 8
#define STATE		9

void
rf_newcomers_start(RfNewcomers *newcomers, Tuplestorestate *rows, TupleDesc tupdesc)
{
	newcomers->rows = rows;
	newcomers->pointer = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	newcomers->slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	rf_person_map(&newcomers->map, tupdesc);
}

void
rf_newcomers_end(RfNewcomers *newcomers)
{
	ExecDropSingleTupleTableSlot(newcomers->slot);
}

void
rf_newcomers_rewind(RfNewcomers *newcomers)
{
	tuplestore_select_read_pointer(newcomers->rows, newcomers->pointer);
	tuplestore_rescan(newcomers->rows);
}

bool
rf_newcomers_next(RfNewcomers *newcomers)
{
	/* Statements of ours may have read the table in between. */
	tuplestore_select_read_pointer(newcomers->rows, newcomers->pointer);
	return tuplestore_gettupleslot(newcomers->rows, true, false, newcomers->slot);
}

static Datum
newcomers_column(RfNewcomers *newcomers, int column, bool *isnull)
{
	return slot_getattr(newcomers->slot, newcomers->map.attnum[column], isnull);
}

int64
rf_newcomers_referrer(RfNewcomers *newcomers)
{
	bool  isnull;
	Datum id = newcomers_column(newcomers, REFERRER_ID, &isnull);

	return isnull ? 0 : DatumGetInt64(id);
}

RfPersonState
rf_newcomers_state(RfNewcomers *newcomers)
{
	bool isnull;

	return rf_person_state_read(newcomers_column(newcomers, STATE, &isnull));
}

const RfCampaign *
rf_newcomers_campaign(RfNewcomers *newcomers)
{
	bool isnull;

	return rf_campaign_by_id(DatumGetInt64(newcomers_column(newcomers, CAMPAIGN_ID, &isnull)));
}
