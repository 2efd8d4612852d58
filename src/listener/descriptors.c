/*
 * descriptors.c
 *	  See descriptors.h.
 *
 * The server keeps files open up to max_files_per_process and closes some when it
 * meets the limit, so what it must have is far less.
 */
#include "postgres.h"

#include <sys/resource.h>

#include "listener/descriptors.h"
#include "listener/linger.h"
#include "storage/fd.h"

#define SERVER_MIN 256

static rlim_t
descriptors_raise(rlim_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return SERVER_MIN * 2;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
		return wanted;
	limit.rlim_cur = Min(wanted, limit.rlim_max);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	return Min(wanted, limit.rlim_cur);
}

int
rf_descriptors_for(int connections)
{
	rlim_t reserved = Max(max_files_per_process, SERVER_MIN) + RF_LINGERING;
	rlim_t had = descriptors_raise(connections + reserved);
	int	   possible;

	reserved = Min(had / 2, SERVER_MIN + RF_LINGERING);
	possible = (int) Min((rlim_t) connections, had - reserved);
	if (possible < connections)
		ereport(LOG,
				(errmsg("referral listener takes %d connections rather than %d",
						possible, connections),
				 errdetail("The process may have " UINT64_FORMAT " files open.", (uint64) had),
				 errhint("Raise the hard limit of open files for the server (ulimit -Hn, "
						 "LimitNOFILE of systemd) or lower referral.listen_max_connections.")));
	return possible;
}
