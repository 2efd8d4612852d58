/*
 * savepoint.c
 *	  See savepoint.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/savepoint.h"
#include "base/sqlstate.h"

static bool
error_is_over_data(int sqlstate)
{
	static const int classes[] = {
		ERRCODE_DATA_EXCEPTION,
		ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
		ERRCODE_FEATURE_NOT_SUPPORTED,
		ERRCODE_RAISE_EXCEPTION,
		ERRCODE_RF_CAMPAIGN_NOT_OPEN,
	};

	for (size_t i = 0; i < lengthof(classes); i++)
	{
		if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(classes[i]))
			return true;
	}
	return false;
}

ErrorData *
rf_savepoint_try_for(void (*work)(void *arg), void *arg, bool (*is_answer)(int sqlstate))
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		work(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;

	/* With the subtransaction open, the client would be left in a failed block. */
	if (error != NULL && !is_answer(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

ErrorData *
rf_savepoint_try(void (*work)(void *arg), void *arg)
{
	return rf_savepoint_try_for(work, arg, error_is_over_data);
}
