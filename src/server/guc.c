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
#include "server/listen_entry.h"
#include "server/listen_settings.h"
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

static bool
guc_check_listen(char **value, void **extra, GucSource source)
{
	RfListenEntries entries;
	const char	   *wrong = rf_listen_parse(*value, &entries);

	if (wrong != NULL)
		GUC_check_errdetail("Entry %d of the list is wrong: %s.", entries.n + 1, wrong);
	return wrong == NULL;
}

static bool
guc_check_proxies(char **value, void **extra, GucSource source)
{
	RfNetworks	networks;
	bool		local;
	const char *wrong = rf_listen_parse_proxies(*value, &networks, &local);

	if (wrong != NULL)
		GUC_check_errdetail("An entry of the list is wrong: %s.", wrong);
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

/* What belongs to processes and sockets that are made while the server starts. */
static void
guc_define_listening(void)
{
	DefineCustomStringVariable("referral.listen",
							   "Where calls over HTTP are taken, and for which database.",
							   "A list, separated by commas, of host:port/database,"
							   " [::1]:port/database, *:port/database and"
							   " unix:/path/of/socket/database. Empty: nowhere.",
							   &rf_listen, "", PGC_POSTMASTER, 0, guc_check_listen, NULL, NULL);
	DefineCustomIntVariable("referral.listeners",
							"Processes that share the calls of each entry of referral.listen.",
							"Each is a background worker. A unix socket has one in any case.",
							&rf_listeners_wanted, 1, 1, RF_LISTENERS_MAX,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("referral.listen_max_connections",
							"Connections that one listener has open at the same time.",
							"When there are so many, idle ones are closed to make room, and"
							" callers beyond wait to be accepted.",
							&rf_listen_max_connections, 1000, 1, 100000,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("referral.listen_max_header",
							"Longest request line and headers, all together.",
							"What is longer is answered with status 431.",
							&rf_listen_max_header, 16 * 1024, 1024, 1024 * 1024,
							PGC_POSTMASTER, GUC_UNIT_BYTE, NULL, NULL, NULL);
}

static void
guc_define_callers(void)
{
	DefineCustomIntVariable("referral.listen_max_connections_per_address",
							"Connections that one address may have to one listener.",
							"0: as many as there are. Unix sockets and trusted proxies"
							" have no such limit.",
							&rf_listen_max_connections_per_address, 100, 0, 100000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("referral.listen_rate",
							"Requests a second that one address may send to one listener.",
							"More are answered with status 429. 0: as many as it likes.",
							&rf_listen_rate, 1000, 0, 1000000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("referral.trusted_proxies",
							   "Proxies whose X-Forwarded-For says who calls.",
							   "A list of CIDR blocks, separated by commas; the word unix stands"
							   " for whoever comes by unix socket. Empty: none.",
							   &rf_trusted_proxies, "", PGC_SIGHUP, 0,
							   guc_check_proxies, NULL, NULL);
}

static void
guc_define_requests(void)
{
	static const struct config_enum_entry levels[] = {
		{"off", 0, false},
		{"debug1", DEBUG1, false},
		{"debug", DEBUG1, true},
		{"log", LOG, false},
		{NULL, 0, false},
	};

	DefineCustomIntVariable("referral.listen_max_body",
							"Longest body of a request.",
							"What is longer is answered with status 413.",
							&rf_listen_max_body, 256 * 1024, 1024, 64 * 1024 * 1024,
							PGC_SIGHUP, GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("referral.listen_timeout",
							"How long a request may take to arrive, be answered and be fetched.",
							"Counted from the opening of the connection or the end of the request"
							" before it, so that an idle connection lives no longer, too.",
							&rf_listen_timeout, 10000, 100, 60 * 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomEnumVariable("referral.log_requests",
							 "Level at which each request leaves a line in the server's log.",
							 "Tokens are not in it.",
							 &rf_log_requests, 0, levels, PGC_SIGHUP, 0, NULL, NULL, NULL);
}

void
rf_guc_define(void)
{
	guc_define_clock();
	guc_define_place();
	guc_define_retention();
	guc_define_targets();
	guc_define_worker();
	guc_define_callers();
	guc_define_requests();
	if (!process_shared_preload_libraries_in_progress)
		return;
	guc_define_statistics();
	guc_define_listening();
}
