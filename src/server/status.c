/*
 * status.c
 *	  How this database's workers are, for the view rf_status.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "server/shmem.h"

PG_FUNCTION_INFO_V1(rf_worker_status);
PG_FUNCTION_INFO_V1(rf_workers);

typedef struct WorkerStatus
{
	int			number;
	pid_t		pid; /* 0: null */
	const char *state;
	TimestampTz since; /* 0: null */
	int			shares;
	char		detail[RF_DATABASE_DETAIL]; /* empty: null */
} WorkerStatus;

static const char *
status_name(RfSeatState state)
{
	switch (state)
	{
		case RF_SEAT_WAITING:
			return "waiting";
		case RF_SEAT_STARTING:
			return "starting";
		case RF_SEAT_SERVING:
			return "serving";
		case RF_SEAT_SILENT:
			return "silent";
		case RF_SEAT_LEAVING:
			return "leaving";
		case RF_SEAT_ABSENT:
			return "absent";
	}
	return NULL;
}

static int
status_count(RfShareSet shares)
{
	int n = 0;

	for (int share = 0; share < RF_SHARES; share++)
		n += (shares & RF_SHARE_BIT(share)) != 0;
	return n;
}

/* Lock held. */
static void
status_copy(WorkerStatus *status, const RfDatabase *database, int number)
{
	const RfSeat *seat = &database->seats[number];

	status->number = number;
	status->pid = seat->pid;
	status->since = rf_steady_to_wall(seat->since);
	status->state = rf_hold_exists(database->oid) ? "held" : status_name(seat->state);
	status->shares = status_count(rf_shares_held(&database->sharing, number));
	strlcpy(status->detail, database->detail, sizeof(status->detail));
}

/* Of several workers, the one that does what is done once. */
static int
status_keeper(const RfDatabase *database)
{
	int holder = database->sharing.holder[RF_SHARE_KEEPER];

	return holder == RF_NOBODY ? 0 : holder;
}

static void
status_read(WorkerStatus *status)
{
	const RfDatabase *database;

	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	database = rf_database_find(MyDatabaseId);
	if (database != NULL)
		status_copy(status, database, status_keeper(database));
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

/* ---- all of them -------------------------------------------------------- */

/* Those that are there, and those that should be; returns how many. */
static int
status_read_all(WorkerStatus *statuses)
{
	const RfDatabase *database;
	int				  n = 0;

	if (rf_shmem == NULL)
		return 0;
	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	database = rf_database_find(MyDatabaseId);
	for (int i = 0; database != NULL && i < RF_WORKERS_MAX; i++)
	{
		if (database->seats[i].pid != 0 || i < database->sharing.wanted)
			status_copy(&statuses[n++], database, i);
	}
	LWLockRelease(rf_shmem->lock);
	return n;
}

Datum
rf_workers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WorkerStatus   statuses[RF_WORKERS_MAX] = {0};
	int			   n = status_read_all(statuses);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum values[5] = {
			Int32GetDatum(statuses[i].number),
			Int32GetDatum((int32) statuses[i].pid),
			CStringGetTextDatum(statuses[i].state),
			TimestampTzGetDatum(statuses[i].since),
			Int32GetDatum(statuses[i].shares),
		};
		bool nulls[5] = {false, statuses[i].pid == 0, false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
