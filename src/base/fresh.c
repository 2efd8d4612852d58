/*
 * fresh.c
 *	  See fresh.h.
 *
 * The running statements form a list, innermost first. An entry lives in the
 * memory context of the trigger's call information, which is freed at the end
 * of the statement, normal or not, and leaves the list by that context's
 * callback: nothing is left to clean up after an error.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/fresh.h"

static RfInsert *innermost = NULL;

static void
insert_forget(void *arg)
{
	RfInsert **link;

	for (link = &innermost; *link != NULL; link = &(*link)->outer)
	{
		if (*link == arg)
		{
			*link = (*link)->outer;
			return;
		}
	}
}

/* Two INSERTs on one table in one query share the entry and its AFTER trigger. */
static RfInsert *
insert_begin(Oid relation, MemoryContext context, bool restored)
{
	RfInsert			  *insert;
	MemoryContextCallback *callback;

	if (innermost != NULL && innermost->relation == relation &&
		innermost->context == context)
		return innermost;
	insert = MemoryContextAllocZero(context, sizeof(RfInsert));
	insert->relation = relation;
	insert->context = context;
	insert->restored = restored;
	callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	callback->func = insert_forget;
	callback->arg = insert;
	MemoryContextRegisterResetCallback(context, callback);
	insert->outer = innermost;
	innermost = insert;
	return insert;
}

RfInsert *
rf_insert_row(FunctionCallInfo fcinfo, bool restored)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	RfInsert *insert = flinfo->fn_extra;

	if (insert == NULL)
	{
		TriggerData *trigger = (TriggerData *) fcinfo->context;

		insert = insert_begin(RelationGetRelid(trigger->tg_relation),
							  flinfo->fn_mcxt, restored);
		flinfo->fn_extra = insert;
	}
	if (insert->restored != restored)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("one statement cannot insert new rows and restored rows"),
				 errdetail("Some rows set columns that belong to the engine, others do not."),
				 errhint("Leave the engine's columns out.")));
	return insert;
}

bool
rf_insert_done(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Oid			 relation = RelationGetRelid(trigger->tg_relation);
	RfInsert	*insert;

	/* Without rows no BEFORE trigger ran, and the entry found is not ours. */
	if (tuplestore_tuple_count(trigger->tg_newtable) == 0)
		return false;
	for (insert = innermost; insert != NULL; insert = insert->outer)
	{
		if (insert->relation == relation)
		{
			bool fresh = !insert->restored;

			insert_forget(insert);
			return fresh;
		}
	}
	return false;
}
