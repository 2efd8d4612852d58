/*
 * unseen.c
 *	  See unseen.h.
 */
#include <stdlib.h>
#include <string.h>

#include "delivery/unseen.h"

int
rf_unseen_update(const RfUnseen *old, int n_old, const uint64_t *running, int n_running,
				 int64_t low, RfUnseen *now, RfUnseen *finished)
{
	int			n_finished = 0;
	int			i = 0;

	for (int j = 0; j < n_running; j++)
	{
		while (i < n_old && old[i].xid < running[j])
			finished[n_finished++] = old[i++];
		if (i < n_old && old[i].xid == running[j])
			now[j] = old[i++];
		else
			now[j] = (RfUnseen) {running[j], low};
	}
	while (i < n_old)
		finished[n_finished++] = old[i++];
	return n_finished;
}

int
rf_unseen_parse(const char *snapshot, uint64_t *running, int most)
{
	const char *at = strchr(snapshot, ':');
	int			n = 0;

	at = at == NULL ? NULL : strchr(at + 1, ':');
	while (at != NULL && at[1] != '\0')
	{
		uint64_t	xid = strtoull(at + 1, NULL, 10);

		if (n < most)
			running[n] = xid;
		n++;
		at = strchr(at + 1, ',');
	}
	return n;
}
