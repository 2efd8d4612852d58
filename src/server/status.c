/*
 * status.c
 *	  How this database's worker is, for the view rf_status.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "server/shmem.h"

PG_FUNCTION_INFO_V1(rf_worker_status);

typedef struct WorkerStatus
{
	pid_t		pid; /* 0: null */
	const char *state;
	TimestampTz since;						/* 0: null */
	char		detail[RF_DATABASE_DETAIL]; /* empty: null */
} WorkerStatus;

static const char *
status_name(RfDatabaseState state)
{
	switch (state)
	{
		case RF_DATABASE_WAITING:
			return "waiting";
		case RF_DATABASE_STARTING:
			return "starting";
		case RF_DATABASE_SERVING:
			return "serving";
		case RF_DATABASE_SILENT:
			return "silent";
		case RF_DATABASE_LEAVING:
			return "leaving";
		case RF_DATABASE_ABSENT:
			return "absent";
	}
	return NULL;
}

/* Lock held. */
static void
status_copy(WorkerStatus *status, const RfDatabase *database)
{
	status->pid = database->pid;
	status->since = database->since;
	status->state = rf_hold_exists(database->oid) ? "held" : status_name(database->state);
	strlcpy(status->detail, database->detail, sizeof(status->detail));
}

static void
status_read(WorkerStatus *status)
{
	const RfDatabase *database;

	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	database = rf_database_find(MyDatabaseId);
	if (database != NULL)
		status_copy(status, database);
	else
	{
		status->state = rf_shmem->launcher != NULL ? "absent" : "no launcher";
		strlcpy(status->detail,
				rf_shmem->launcher != NULL
					? "no worker found the extension in the version of the library"
					: "the launcher does not run: this is a standby, or it is being restarted",
				sizeof(status->detail));
	}
	LWLockRelease(rf_shmem->lock);
}

static Datum
status_row(FunctionCallInfo fcinfo, const WorkerStatus *status)
{
	TupleDesc desc;
	Datum	  values[4] = {
			Int32GetDatum((int32) status->pid),
			CStringGetTextDatum(status->state),
			TimestampTzGetDatum(status->since),
			CStringGetTextDatum(status->detail),
	};
	bool nulls[4] = {
		status->pid == 0,
		false,
		status->since == 0,
		status->detail[0] == '\0',
	};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

Datum
rf_worker_status(PG_FUNCTION_ARGS)
{
	WorkerStatus status = {0};

	if (rf_shmem != NULL)
		status_read(&status);
	else
	{
		status.state = "not preloaded";
		strlcpy(status.detail, "add referral to shared_preload_libraries and restart the server",
				sizeof(status.detail));
	}
	return status_row(fcinfo, &status);
}
