/*
 * unseen.c
 *	  See unseen.h.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/unseen.h"

/* Of what the last snapshot did not list, did something end? */
static bool
unseen_tail_ended(const RfUnseen *before, uint64_t xmax, const uint64_t *running, int n_running)
{
	uint64_t end = xmax < before->next ? xmax : before->next;
	uint64_t still_running = 0;

	if (end <= before->xmax)
		return false;
	for (int i = 0; i < n_running; i++)
	{
		if (running[i] >= before->xmax && running[i] < end)
			still_running++;
	}
	return end - before->xmax > still_running;
}

/* The low of a transaction that is listed for the first time. */
static int64_t
unseen_low(const RfUnseen *before, int64_t high, uint64_t xid)
{
	return xid >= before->next ? high : before->tail_low;
}

int64_t
rf_unseen_advance(const RfUnseen *before, int64_t high, uint64_t xmax,
				  const uint64_t *running, int n_running, uint64_t next, RfUnseen *now)
{
	int64_t late = high;
	int		i = 0;

	for (int j = 0; j < n_running; j++)
	{
		for (; i < before->n && before->running[i].xid < running[j]; i++)
			late = before->running[i].low < late ? before->running[i].low : late;
		if (i < before->n && before->running[i].xid == running[j])
			now->running[j] = before->running[i++];
		else
			now->running[j] = (RfUnseenEntry){running[j], unseen_low(before, high, running[j])};
	}
	for (; i < before->n; i++)
		late = before->running[i].low < late ? before->running[i].low : late;
	if (unseen_tail_ended(before, xmax, running, n_running) && before->tail_low < late)
		late = before->tail_low;
	now->xmax = xmax;
	now->next = next;
	now->tail_low = before->next <= xmax ? high : before->tail_low;
	now->n = n_running;
	return late;
}

int
rf_unseen_parse(const char *snapshot, uint64_t *xmax, uint64_t *running, int most)
{
	const char *at = strchr(snapshot, ':');
	int			n = 0;

	*xmax = at == NULL ? 0 : strtoull(at + 1, NULL, 10);
	at = at == NULL ? NULL : strchr(at + 1, ':');
	while (at != NULL && at[1] != '\0')
	{
		uint64_t xid = strtoull(at + 1, NULL, 10);

		if (n < most)
			running[n] = xid;
		n++;
		at = strchr(at + 1, ',');
	}
	return n;
}
