/*
 * listeners.c
 *	  How the listeners are, all of the server's, for whoever watches them.
 *
 * Those of other databases are shown, too: one whose database is missing could be
 * seen nowhere else.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "server/listening.h"
#include "server/listening_process.h"
#include "server/shmem.h"

PG_FUNCTION_INFO_V1(rf_listeners);

#define LISTENERS_COLUMNS 14

static const char *
listeners_state(const RfListening *slot)
{
	switch (slot->state)
	{
		case RF_LISTENING_WAITING:
			return rf_listening_is_possible() ? "waiting" : "not installed";
		case RF_LISTENING_HELD:
			return "held";
		case RF_LISTENING_ADDRESS:
			return "no address";
		case RF_LISTENING_STARTING:
			return "starting";
		case RF_LISTENING_SERVING:
			return RecoveryInProgress() ? "recovery" : "serving";
		case RF_LISTENING_ABSENT:
			return "absent";
		case RF_LISTENING_VERSION:
			return "other version";
		case RF_LISTENING_LEAVING:
			return "leaving";
	}
	return NULL;
}

static Datum
listeners_answers(RfListening *slot, int class)
{
	return Int64GetDatum((int64) pg_atomic_read_u64(&slot->answers[class]));
}

/* "copy" is what was read under the lock, the slot has the counters. */
static void
listeners_put(ReturnSetInfo *result, const RfListening *copy, RfListening *slot)
{
	Datum values[LISTENERS_COLUMNS] = {
		CStringGetTextDatum(copy->place),
		CStringGetTextDatum(copy->entry.database),
		Int32GetDatum(copy->number),
		Int32GetDatum((int32) copy->pid),
		CStringGetTextDatum(listeners_state(copy)),
		TimestampTzGetDatum(rf_steady_to_wall(copy->since)),
		CStringGetTextDatum(copy->detail),
		Int32GetDatum((int32) pg_atomic_read_u32(&slot->connections)),
		listeners_answers(slot, 2),
		listeners_answers(slot, 3),
		listeners_answers(slot, 4),
		listeners_answers(slot, 5),
		Int64GetDatum((int64) pg_atomic_read_u64(&slot->rejected)),
		Int64GetDatum((int64) pg_atomic_read_u64(&slot->clicks)),
	};
	bool nulls[LISTENERS_COLUMNS] = {false};

	nulls[3] = copy->pid == 0;
	nulls[6] = copy->detail[0] == '\0';
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
rf_listeners(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < rf_listening_count(); i++)
	{
		RfListening *slot = rf_listening_slot(i);
		RfListening	 copy;

		LWLockAcquire(rf_shmem->lock, LW_SHARED);
		copy = *slot;
		LWLockRelease(rf_shmem->lock);
		listeners_put(result, &copy, slot);
	}
	return (Datum) 0;
}
