/*
 * module.c
 *	  What happens when the library is loaded.
 *
 * Only sending needs shared_preload_libraries. A library that a backend loads
 * later, because one of its functions is called, has all the rest.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/compat.h"
#include "server/counts.h"
#include "server/guc.h"
#include "server/launcher.h"
#include "server/listening.h"
#include "server/shmem.h"
#include "server/utility.h"
#include "server/wake.h"

RF_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	rf_guc_define();
	MarkGUCPrefixReserved("referral");
	rf_wake_setup();
	rf_counts_setup();
	if (!process_shared_preload_libraries_in_progress)
		return;
	/* Asked here, it shows the same time in all processes. */
	(void) rf_steady_now();
	rf_shmem_setup();
	rf_utility_setup();
	/* The server that pg_upgrade runs must not send, nor be called. */
	if (IsBinaryUpgrade)
		return;
	rf_launcher_register();
	rf_listening_setup();
}
