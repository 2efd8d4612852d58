/*
 * durable.c
 *	  See durable.h.
 *
 * A commit looks at the variable behind synchronous_commit when it decides whether
 * to wait; for what standbys are to have done is kept apart, by the setting's
 * assign hook. So the variable is changed for the moment of the commit, and what
 * is configured stays to be honoured later.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "miscadmin.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "tcop/tcopprot.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "base/durable.h"

/* How often somebody who waits for standbys looks whether to go, and how often
 * in vain. */
#define LOOK_MS	 250
#define PATIENCE 4

static const volatile sig_atomic_t *durable_leaving;
static volatile sig_atomic_t		durable_looks;

void
rf_durable_commit(void)
{
	int configured = synchronous_commit;

	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
	PG_TRY();
	{
		CommitTransactionCommand();
	}
	PG_FINALLY();
	{
		synchronous_commit = configured;
	}
	PG_END_TRY();
}

/*
 * The insert position may stand behind the header of a page on which nothing
 * is written yet; up to there WAL cannot be flushed.
 */
static XLogRecPtr
durable_end_of_wal(void)
{
	XLogRecPtr end = GetXLogInsertRecPtr();

	if (XLogSegmentOffset(end, wal_segment_size) == SizeOfXLogLongPHD)
		return end - SizeOfXLogLongPHD;
	if (end % XLOG_BLCKSZ == SizeOfXLogShortPHD)
		return end - SizeOfXLogShortPHD;
	return end;
}

void
rf_durable_flush(void)
{
	XLogFlush(durable_end_of_wal());
}

/* A signal handler, as those of timeouts are: it wakes whoever waits. */
static void
durable_look(void)
{
	if (*durable_leaving && ++durable_looks >= PATIENCE)
		die(SIGTERM);
}

static TimeoutId
durable_timeout(void)
{
	static TimeoutId timeout = MAX_TIMEOUTS;

	if (timeout == MAX_TIMEOUTS)
		timeout = RegisterTimeout(USER_TIMEOUT, durable_look);
	return timeout;
}

/* Somebody who cancels the wait gets what they ask for, as from a commit. */
static void
durable_await_standbys(XLogRecPtr end, const volatile sig_atomic_t *leaving)
{
	TimestampTz first = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOOK_MS);

	durable_leaving = leaving;
	durable_looks = 0;
	enable_timeout_every(durable_timeout(), first, LOOK_MS);
	HOLD_INTERRUPTS();
	SyncRepWaitForLSN(end, true);
	RESUME_INTERRUPTS();
	disable_timeout(durable_timeout(), false);
	CHECK_FOR_INTERRUPTS();
}

void
rf_durable_confirm(const volatile sig_atomic_t *leaving)
{
	XLogRecPtr end = durable_end_of_wal();

	if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF)
		return;
	XLogFlush(end);
	if (SyncRepRequested() && SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0')
		durable_await_standbys(end, leaving);
}
