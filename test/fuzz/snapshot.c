/* links: delivery/unseen.c */
/*
 * snapshot.c
 *	  The text of a snapshot, and what two reads with the snapshots of one input
 *	  say of late rows.
 */
#include "delivery/unseen.h"
#include "fuzz.h"

#define MOST 8

typedef struct Read
{
	uint64_t xmax;
	int		 n;
	uint64_t running[MOST];
} Read;

static bool
snapshot_is_sane(const Read *read)
{
	for (int i = 0; i < read->n; i++)
	{
		if (read->running[i] >= read->xmax || (i > 0 && read->running[i] <= read->running[i - 1]))
			return false;
	}
	return true;
}

/* No more is written than there is room for. */
static Read
snapshot_parse(const char *text)
{
	Read	  read;
	uint64_t *running = malloc(MOST * sizeof(uint64_t));
	int		  n = rf_unseen_parse(text, &read.xmax, running, MOST);

	holds(n >= 0);
	read.n = n < MOST ? n : MOST;
	memcpy(read.running, running, read.n * sizeof(uint64_t));
	free(running);
	return read;
}

static void
snapshot_advance(const Read *reads, int n)
{
	RfUnseenEntry room[2][MOST];
	RfUnseen	  states[2] = {{0}, {0}};
	int64_t		  high = 0;

	for (int i = 0; i < n; i++)
	{
		RfUnseen *now = &states[(i + 1) % 2];
		int64_t	  late;

		now->running = room[(i + 1) % 2];
		late = rf_unseen_advance(&states[i % 2], high, reads[i].xmax, reads[i].running, reads[i].n,
								 reads[i].xmax, now);
		holds(late >= 0 && late <= high);
		holds(now->n == reads[i].n);
		for (int j = 0; j < now->n; j++)
			holds(now->running[j].xid == reads[i].running[j] && now->running[j].low <= high);
		high += 10;
	}
}

/* Snapshots are separated by spaces; what no server writes is only parsed. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_string(bytes, length);
	Read  reads[MOST];
	int	  n = 0;

	for (char *at = text; at != NULL && n < MOST;)
	{
		char *end = strchr(at, ' ');

		if (end != NULL)
			*end = '\0';
		reads[n] = snapshot_parse(at);
		if (snapshot_is_sane(&reads[n]) && (n == 0 || reads[n].xmax >= reads[n - 1].xmax))
			n++;
		at = end == NULL ? NULL : end + 1;
	}
	snapshot_advance(reads, n);
	free(text);
	return 0;
}
