/*
 * turn.c
 *	  See turn.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/durable.h"
#include "base/extension.h"
#include "delivery/statistics.h"
#include "delivery/turn.h"

#define LOG_INTERVAL_MS	 60000
#define KINDS_MAX		 16
#define TROUBLE_FAILURES 3

/* How each kind of turn has been ending. */
typedef struct TurnKind
{
	const char *activity;
	int			failures; /* in a row */
	char		message[256];
} TurnKind;

static TurnKind turn_kinds[KINDS_MAX];

void
rf_turn_start(void)
{
	/*
	 * Statements are prepared once, when tables are empty or not, and tables
	 * grow and shrink by orders of magnitude before anybody analyzes them. All
	 * of ours go by key.
	 */
	static const char *const settings[][2] = {
		{"plan_cache_mode", "force_generic_plan"},
		{"enable_seqscan", "off"},
		{"enable_bitmapscan", "off"},
		{"enable_sort", "off"},
		{"enable_hashjoin", "off"},
		{"enable_mergejoin", "off"},
		{"jit", "off"},
		{"search_path", "pg_catalog, pg_temp"},
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

bool
rf_turn_may_log(TimestampTz *last)
{
	TimestampTz now = rf_steady_now();

	if (*last != 0 && !TimestampDifferenceExceeds(*last, now, LOG_INTERVAL_MS))
		return false;
	*last = now;
	return true;
}

static void
turn_set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_OVERRIDE,
							 GUC_ACTION_LOCAL, true, 0, false);
}

static RfTurnResult
turn_try(void (*work)(void))
{
	RfEngine engine;
	bool	 present;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	turn_set_local("lock_timeout", "100ms");
	present = rf_extension_enter(&engine);
	if (present)
	{
		work();
		rf_engine_leave(&engine);
	}
	PopActiveSnapshot();
	rf_durable_commit();
	return present ? RF_TURN_DONE : RF_TURN_ABSENT;
}

static TurnKind *
turn_kind(const char *activity)
{
	int i = 0;

	while (i < KINDS_MAX - 1 && turn_kinds[i].activity != NULL &&
		   strcmp(turn_kinds[i].activity, activity) != 0)
		i++;
	turn_kinds[i].activity = activity;
	return &turn_kinds[i];
}

const char *
rf_turn_trouble(void)
{
	for (int i = 0; i < KINDS_MAX; i++)
	{
		if (turn_kinds[i].failures >= TROUBLE_FAILURES)
			return turn_kinds[i].message;
	}
	return NULL;
}

static void
turn_note_failure(TurnKind *kind, MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	strlcpy(kind->message, error->message != NULL ? error->message : "", sizeof(kind->message));
	kind->failures++;
	rf_statistics_note_fault(kind->message);
	FreeErrorData(error);
}

static void
turn_roll_back(void)
{
	static TimestampTz logged = 0;

	HOLD_INTERRUPTS();
	if (rf_turn_may_log(&logged))
		EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	RESUME_INTERRUPTS();
}

RfTurnResult
rf_turn_run(const char *activity, void (*work)(void))
{
	MemoryContext		  context = CurrentMemoryContext;
	TurnKind			 *kind = turn_kind(activity);
	volatile RfTurnResult result = RF_TURN_FAILED;

	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, activity);
	PG_TRY();
	{
		result = turn_try(work);
		kind->failures = 0;
	}
	PG_CATCH();
	{
		turn_note_failure(kind, context);
		turn_roll_back();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	return result;
}
