/*
 * sharing.c
 *	  See sharing.h.
 */
#include "postgres.h"

#include <limits.h>

#include "base/clock.h"
#include "delivery/configuration.h"
#include "delivery/courier.h"
#include "delivery/handover.h"
#include "delivery/holding.h"
#include "server/seat.h"
#include "server/sharing.h"
#include "server/shmem.h"

/* So long an orphan is left to its owner. */
#define SHARING_PATIENCE_MS 300

static uint32	   sharing_seen = 0;		  /* generation that was acted upon */
static RfShareSet  sharing_orphans = 0;		  /* as they were seen then */
static TimestampTz sharing_orphans_since = 0; /* the last of them */
static TimestampTz sharing_looks_at = DT_NOEND;
static bool		   sharing_over = false;

/* Something changed: everybody shall look. Lock held exclusively. */
static void
sharing_announce(RfDatabase *database)
{
	pg_atomic_fetch_add_u32(&database->sharing_generation, 1);
	rf_database_wake(database);
}

static void
sharing_set_holder(RfDatabase *database, RfShareSet shares, int holder)
{
	for (int share = 0; share < RF_SHARES; share++)
	{
		if (shares & RF_SHARE_BIT(share))
			database->sharing.holder[share] = (int8) holder;
	}
}

void
rf_sharing_join(void)
{
	RfDatabase *database = rf_own_seat.database;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	database->sharing.present |= UINT32_C(1) << rf_own_seat.number;
	sharing_announce(database);
	LWLockRelease(rf_shmem->lock);
}

/* What the process counted as done goes with what it held. */
void
rf_sharing_leave(void)
{
	RfDatabase *database = rf_own_seat.database;
	RfSharing  *sharing = &database->sharing;

	for (int i = 0; i < RF_OUTBOX_SLOTS; i++)
		pg_atomic_write_u64(&rf_own_seat.seat->done[i], 0);
	sharing->present &= ~(UINT32_C(1) << rf_own_seat.number);
	sharing_set_holder(database, rf_shares_held(sharing, rf_own_seat.number), RF_NOBODY);
	sharing_announce(database);
}

void
rf_sharing_set_workers(int workers)
{
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	if (rf_shmem->workers != workers)
	{
		rf_shmem->workers = workers;
		for (int i = 0; i < RF_SHMEM_DATABASES; i++)
		{
			RfDatabase *database = &rf_shmem->databases[i];

			database->sharing.wanted = workers;
			if (OidIsValid(database->oid))
				sharing_announce(database);
		}
	}
	LWLockRelease(rf_shmem->lock);
}

/* ---- one round ---------------------------------------------------------- */

static void
sharing_release(RfShareSet shares)
{
	if (shares == RF_SHARES_NONE)
		return;
	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	sharing_set_holder(rf_own_seat.database, shares, RF_NOBODY);
	sharing_announce(rf_own_seat.database);
	LWLockRelease(rf_shmem->lock);
}

/* Those shares whose owner has been away for long. */
static RfShareSet
sharing_note_orphans(RfShareSet orphans)
{
	TimestampTz now = rf_steady_now();
	TimestampTz end;

	if (orphans & ~sharing_orphans)
		sharing_orphans_since = now;
	sharing_orphans = orphans;
	end = TimestampTzPlusMilliseconds(sharing_orphans_since, SHARING_PATIENCE_MS);
	sharing_looks_at = orphans != RF_SHARES_NONE && now < end ? end : DT_NOEND;
	return now < end ? RF_SHARES_NONE : orphans;
}

static void
sharing_begin(RfShareSet shares)
{
	if (shares == RF_SHARES_NONE)
		return;
	rf_holding_take(shares);
	rf_configuration_forget();
	rf_courier_wake();
}

/* What is let go of already is still held. */
static void
sharing_end(RfShareSet shares)
{
	shares &= ~rf_holding_leaving();
	if (shares == RF_SHARES_NONE)
		return;
	rf_holding_leave(shares);
	sharing_release(rf_handover_work());
}

static void
sharing_look(void)
{
	RfSharing *sharing = &rf_own_seat.database->sharing;
	int		   me = rf_own_seat.number;
	RfShareSet waited;
	RfShareSet take;
	RfShareSet leave;

	LWLockAcquire(rf_shmem->lock, LW_EXCLUSIVE);
	sharing_seen = pg_atomic_read_u32(&rf_own_seat.database->sharing_generation);
	waited = sharing_note_orphans(rf_shares_orphans(sharing));
	take = rf_shares_to_take(sharing, me, waited);
	sharing_set_holder(rf_own_seat.database, take, me);
	leave = rf_shares_to_leave(sharing, me, waited);
	sharing_over = me >= sharing->wanted && rf_shares_held(sharing, me) == RF_SHARES_NONE &&
		sharing->present != UINT32_C(1) << me;
	LWLockRelease(rf_shmem->lock);
	sharing_begin(take);
	sharing_end(leave);
}

long
rf_sharing_work(void)
{
	sharing_release(rf_handover_work());
	if (pg_atomic_read_u32(&rf_own_seat.database->sharing_generation) != sharing_seen ||
		sharing_looks_at <= rf_steady_now())
		sharing_look();
	if (sharing_looks_at == DT_NOEND)
		return LONG_MAX;
	return TimestampDifferenceMilliseconds(rf_steady_now(), sharing_looks_at);
}

bool
rf_sharing_is_over(void)
{
	return sharing_over;
}
