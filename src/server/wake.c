/*
 * wake.c
 *	  See wake.h.
 *
 * One callback for the life of the backend looks at flags that the
 * transaction has set, so that a commit costs the same however many went
 * before. Whom it tells may look at once, so it is told last: when our rows are
 * seen, and the messages that empty caches have been sent. A savepoint that is
 * rolled back leaves the flags alone: a needless wake-up is cheap. PREPARE
 * TRANSACTION drops them; whoever commits the prepared transaction sets them anew
 * (see utility.c).
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/resowner.h"

#include "program/event.h"
#include "program/news.h"
#include "program/home.h"
#include "server/shmem.h"
#include "server/wake.h"

static bool wake_worker = false;
static bool wake_launcher = false;
static bool wake_rescan = false;
static bool wake_committed = false;

/* Committed already: nothing here may raise an error or allocate. */
static void
wake_tell(void)
{
	if (wake_worker)
	{
		RfDatabase *database = rf_database_mine();

		if (database != NULL)
			rf_database_wake(database);
	}
	if (wake_launcher)
		rf_shmem_request(MyDatabaseId);
	if (wake_rescan)
		rf_shmem_request(InvalidOid);
}

static void
wake_resources_released(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	if (!wake_committed || phase != RESOURCE_RELEASE_AFTER_LOCKS || !is_top_level)
		return;
	wake_tell();
	wake_worker = wake_launcher = wake_rescan = wake_committed = false;
}

/* At a commit, the messages have not been sent yet. */
static void
wake_transaction_ends(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			wake_committed = true;
			rf_hold_release();
			return;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}
	wake_worker = wake_launcher = wake_rescan = false;
	rf_hold_release();
}

void
rf_wake_worker_at_commit(void)
{
	wake_worker = true;
}

void
rf_wake_launcher_at_commit(void)
{
	wake_launcher = true;
}

void
rf_wake_rescan_at_commit(void)
{
	wake_rescan = true;
}

/* The outbox table that this database's producers fill. */
static int
wake_outbox_slot(void)
{
	RfDatabase *database = rf_database_mine();

	return database != NULL ? (int) pg_atomic_read_u32(&database->outbox_slot) : 0;
}

static void
wake_extension_installed(void)
{
	if (rf_shmem == NULL)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("referral is not in shared_preload_libraries"),
				 errdetail("Everything works except that no webhook is sent."),
				 errhint("Add referral to shared_preload_libraries and restart the server.")));
	wake_launcher = true;
}

void
rf_wake_setup(void)
{
	RegisterXactCallback(wake_transaction_ends, NULL);
	RegisterResourceReleaseCallback(wake_resources_released, NULL);
	rf_news_hook = rf_wake_worker_at_commit;
	rf_event_slot_hook = wake_outbox_slot;
	rf_home_installed_hook = wake_extension_installed;
}
