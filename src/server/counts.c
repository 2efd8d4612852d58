/*
 * counts.c
 *	  See counts.h.
 *
 * Each seat has a word for each table: the file in whose life rows were counted,
 * and how many of them are done. As one word it is always true of something.
 * Its worker writes it without lock, and whoever adds the words up holds
 * the lock: meanwhile no share goes from one worker to another, or rows of it
 * might be counted twice.
 */
#include "postgres.h"

#include "delivery/rotation.h"
#include "server/counts.h"
#include "server/seat.h"
#include "server/shmem.h"

static void
counts_publish(int slot, uint32 file, uint32 done)
{
	if (rf_own_seat.seat != NULL)
		pg_atomic_write_u64(&rf_own_seat.seat->done[slot], (uint64) file << 32 | done);
}

static int64
counts_of_others(int slot, uint32 file)
{
	int64 sum = 0;

	if (rf_own_seat.database == NULL)
		return 0;
	LWLockAcquire(rf_shmem->lock, LW_SHARED);
	for (int i = 0; i < RF_WORKERS_MAX; i++)
	{
		uint64 word = pg_atomic_read_u64(&rf_own_seat.database->seats[i].done[slot]);

		if (i != rf_own_seat.number && (uint32) (word >> 32) == file)
			sum += (uint32) word;
	}
	LWLockRelease(rf_shmem->lock);
	return sum;
}

/* The outbox table that this database's producers fill. */
static void
counts_filled(int slot)
{
	RfDatabase *database = rf_database_mine();

	if (database != NULL)
		pg_atomic_exchange_u32(&database->outbox_slot, (uint32) slot);
}

void
rf_counts_setup(void)
{
	rf_rotation_hooks = (RfRotationHooks){
		.filled = counts_filled,
		.publish = counts_publish,
		.others = counts_of_others};
}
