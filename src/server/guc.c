/*
 * guc.c
 *	  See guc.h.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/clock.h"
#include "delivery/address.h"
#include "delivery/proxy.h"
#include "delivery/retention.h"
#include "delivery/statistics_memory.h"
#include "program/home.h"
#include "program/idempotency.h"
#include "server/guc.h"
#include "server/launcher.h"
#include "server/shares.h"
#include "server/worker.h"

static bool
guc_check_networks(char **value, void **extra, GucSource source)
{
	RfNetworks	networks;
	const char *wrong;

	if (*value == NULL)
		return true;
	wrong = rf_address_parse_networks(*value, &networks);
	if (wrong != NULL)
		GUC_check_errdetail("An entry of the list is wrong: %s.", wrong);
	return wrong == NULL;
}

/* Without a unit it is seconds: who writes 30 means days. */
static bool
guc_check_retention(int *value, void **extra, GucSource source)
{
	if (*value == -1 || *value >= SECS_PER_HOUR)
		return true;
	GUC_check_errdetail("It is -1 or at least an hour.");
	return false;
}

static bool
guc_check_proxy(char **value, void **extra, GucSource source)
{
	const char *wrong = rf_proxy_check(*value);

	if (wrong != NULL)
		GUC_check_errdetail("As the URL of a proxy it is wrong: %s.", wrong);
	return wrong == NULL;
}

static void
guc_define_clock(void)
{
	DefineCustomIntVariable("referral.clock_offset",
							"Seconds by which the clock of referral is ahead of the system's.",
							"For tests: joins, qualifications and rewards happen at the start of"
							" the transaction plus this many seconds. Retries keep the system's time.",
							&rf_clock_offset, 0, -INT_MAX, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

static void
guc_define_place(void)
{
	DefineCustomStringVariable("referral.deliver_as",
							   "Name of the place that may send what was written under that name.",
							   "Empty: the system identifier and the oid of the database. Give a"
							   " name to keep sending after pg_upgrade, and another one to clones"
							   " that must stay silent.",
							   &rf_deliver_as, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
}

static void
guc_define_retention(void)
{
	DefineCustomIntVariable("referral.idempotency_retention",
							"How long the first answer to a call with an idempotency key is kept.",
							"The worker and rf_tick() forget older keys: such a call is then"
							" carried out anew.",
							&rf_idempotency_retention, 30 * SECS_PER_DAY, 1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("referral.retention",
							"How long events and attempts to deliver them are kept.",
							"The worker removes older ones, but never what is pending or dead."
							" -1: they are kept for ever.",
							&rf_retention, 30 * SECS_PER_DAY, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S, guc_check_retention, NULL, NULL);
}

static void
guc_define_targets(void)
{
	DefineCustomBoolVariable("referral.allow_http",
							 "Allows webhooks with URLs that begin with http:.",
							 "For development: without TLS, payloads can be read on their way.",
							 &rf_allow_http, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("referral.allowed_networks",
							   "Networks that webhooks may reach although they are not public.",
							   "A list of CIDR blocks, separated by commas, such as 127.0.0.0/8,"
							   " ::1/128. Empty: no private, loopback, link-local or own address"
							   " is dialled.",
							   &rf_allowed_networks, "", PGC_SIGHUP, 0,
							   guc_check_networks, NULL, NULL);
	DefineCustomStringVariable("referral.proxy",
							   "URL of the proxy through which all webhooks are sent.",
							   "Such as http://proxy.example:3128, https:// or socks5h://. The proxy"
							   " resolves the names of hosts, and judges what they resolve to."
							   " Empty: none. The environment's proxies are never used.",
							   &rf_proxy, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   guc_check_proxy, NULL, NULL);
}

static void
guc_define_worker(void)
{
	DefineCustomIntVariable("referral.max_in_flight",
							"Requests that one worker has under way at the same time.",
							"Each needs a socket and up to 260 kB of memory. A change makes the"
							" workers start anew.",
							&rf_worker_max_in_flight, 64, 1, 1000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("referral.workers",
							"Workers that share the webhooks of each database.",
							"Each is a background worker process, and each endpoint is served by"
							" one of them. A change needs no restart.",
							&rf_launcher_workers, 1, 1, RF_WORKERS_MAX,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
}

/* What can only be had while the server starts. */
static void
guc_define_statistics(void)
{
	DefineCustomIntVariable("referral.statistics_memory",
							"Shared memory in which workers count attempts for rf_webhook_status.",
							"Used as it is needed: 2 kB for a webhook that is sent little, up to"
							" 28 kB for one that is sent much. 0: nothing is counted.",
							&rf_statistics_memory, 32 * 1024, 0, 1024 * 1024,
							PGC_POSTMASTER, GUC_UNIT_KB, NULL, NULL, NULL);
}

void
rf_guc_define(void)
{
	guc_define_clock();
	guc_define_place();
	guc_define_retention();
	guc_define_targets();
	guc_define_worker();
	if (process_shared_preload_libraries_in_progress)
		guc_define_statistics();
}
