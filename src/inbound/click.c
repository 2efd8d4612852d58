/*
 * click.c
 *	  See click.h.
 *
 * A row for each visitor of each link, with how often they clicked: a second's clicks
 * become one statement, however many they are. They are written a second after
 * the first of them, or when there are many; a crash loses no more than that.
 *
 * What could not be written is kept and tried again, less and less often. Then, and only
 * then, new visitors are no longer taken in beyond a bound, for memory is not
 * where clicks belong; that is said once in the log.
 *
 * Only the listener gathers clicks, and it does nothing between writing them and the
 * end of that transaction.
 */
#include "postgres.h"

#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/engine.h"
#include "inbound/click.h"
#include "inbound/link.h"

/* Visitors with which writing is due at once, and with which no more are taken in. */
#define CLICKS_MANY 1000
#define CLICKS_MAX	10000

#define CLICKS_WAIT_MS	   1000
#define CLICKS_WAIT_MAX_MS (60 * 1000) /* after failures */

#define CLICKS_LOCK_TIMEOUT "100ms"

static HTAB		  *gathered = NULL; /* of RfClick; NULL: none */
static TimestampTz due_at;			/* on the steady clock */
static int		   failures = 0;	/* to write, in a row */
static bool		   some_are_lost = false;

static long
clicks_wait_ms(void)
{
	return Min((long) CLICKS_WAIT_MS << Min(failures, 6), CLICKS_WAIT_MAX_MS);
}

static void
clicks_begin(void)
{
	HASHCTL control = {
		.keysize = offsetof(RfClick, clicks),
		.entrysize = sizeof(RfClick)};

	gathered = hash_create("referral clicks", 256, &control, HASH_ELEM | HASH_BLOBS);
	due_at = TimestampTzPlusMilliseconds(rf_steady_now(), clicks_wait_ms());
}

static void
clicks_say_some_are_lost(void)
{
	if (!some_are_lost)
		ereport(LOG,
				(errmsg("clicks on links are no longer all counted"),
				 errdetail("Those of %d visitors could not be written yet.", CLICKS_MAX)));
	some_are_lost = true;
}

void
rf_click_note(const RfClick *click)
{
	RfClick *known;
	bool	 found;
	bool	 is_full;

	if (gathered == NULL)
		clicks_begin();
	is_full = hash_get_num_entries(gathered) >= CLICKS_MAX;
	known = hash_search(gathered, click, is_full ? HASH_FIND : HASH_ENTER, &found);
	if (found)
		known->clicks = Min((int64) known->clicks + click->clicks, PG_INT32_MAX);
	else if (known != NULL)
		*known = *click;
	else
		clicks_say_some_are_lost();
}

long
rf_clicks_due(void)
{
	if (gathered == NULL)
		return -1;
	if (failures == 0 && hash_get_num_entries(gathered) >= CLICKS_MANY)
		return 0;
	/* rounded up, lest who waits that long comes too early and asks again */
	return Max((due_at - rf_steady_now() + 999) / 1000, 0);
}

/*
 * Who is being answered waits meanwhile: a row that somebody keeps locked is tried again
 * later.
 */
static void
clicks_wait_for_no_lock(void)
{
	(void) set_config_option("lock_timeout", CLICKS_LOCK_TIMEOUT, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

void
rf_clicks_write(void)
{
	HASH_SEQ_STATUS scan;
	RfClick		   *click;
	RfClick		   *clicks;
	int				n = 0;

	if (gathered == NULL)
		return;
	clicks_wait_for_no_lock();
	clicks = palloc_array(RfClick, hash_get_num_entries(gathered));
	hash_seq_init(&scan, gathered);
	while ((click = hash_seq_search(&scan)) != NULL)
		clicks[n++] = *click;
	rf_clicked_add(clicks, n);
	pfree(clicks);
}

void
rf_clicks_written(bool committed)
{
	if (gathered == NULL)
		return;
	if (!committed)
	{
		failures++;
		due_at = TimestampTzPlusMilliseconds(rf_steady_now(), clicks_wait_ms());
		return;
	}
	hash_destroy(gathered);
	gathered = NULL;
	failures = 0;
	some_are_lost = false;
}
