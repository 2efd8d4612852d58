/*
 * rotation.c
 *	  See rotation.h.
 *
 * A table is emptied when its rows are as many as those that the workers have
 * counted as done. The count is exact whatever else happens: each row belongs to
 * one share, each share to one worker, and that one counts a row once. Whatever
 * goes wrong with the counts, rows that nobody counts, a worker that died or a
 * share on its way make the sum too small, which means: not yet.
 *
 * That holds as long as nobody mistakes rows of a table's new life for those of
 * the one before. So whoever reads first takes the tables' locks, then looks which
 * file each of them has now, and forgets what it counted in another one; and
 * what it tells the others it tells with the file. A table that was rewritten
 * (VACUUM FULL) has another file, too, but still its rows.
 *
 * No producer waits for any of this. The table that producers fill is never
 * emptied: where it is worth it another one is filled first. While rows are
 * counted only writers are kept away; and since who waits for an ACCESS EXCLUSIVE
 * lock makes everybody behind wait, too, it is waited for only a moment.
 *
 * Which table is filled is not known after a crash, and does not matter: it is
 * the first one again. Ids come from one sequence and are read in their order
 * from whatever table they are in; a table that is left half full is read and
 * emptied like any other; and one that waits to be emptied while it is filled
 * again gets more rows, which is what the count is for.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "access/table.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/engine.h"
#include "base/savepoint.h"
#include "delivery/delivery.h"
#include "delivery/overflow.h"
#include "delivery/rotation.h"
#include "program/event.h"

#define ROTATE_ROWS 100000 /* met in the table being filled */
#define IDLE_ROWS	10000  /* worth emptying when all of it is done */
#define RETRY_MS	1000
#define LOCK_WAIT	"20ms"

RfRotationHooks rf_rotation_hooks = {NULL, NULL, NULL};

/* Rows of webhooks served here. */
typedef struct RotationCount
{
	int64 read;
	int64 held; /* of those, in memory */
	int64 done; /* of those, need no more */
} RotationCount;

typedef struct RotationTable
{
	uint32		  file;		 /* in whose life all of this is counted */
	int64		  met;		 /* rows, whoever serves them */
	int64		  last;		 /* highest id met */
	RotationCount own;		 /* of all shares together */
	uint32		  published; /* what the others were told */
} RotationTable;

static RotationTable rotation_tables[RF_OUTBOX_SLOTS];
static RotationCount rotation_counts[RF_SHARES][RF_OUTBOX_SLOTS];
static TimestampTz	 rotation_tried_at = 0;
static bool			 rotation_hurries = false;

#define TABLE_STATEMENTS(slot) \
	RF_STATEMENT(count_##slot, "SELECT count(*) FROM @extschema@.rf_outbox_" #slot); \
	RF_STATEMENT(find_##slot, "SELECT EXISTS (SELECT FROM @extschema@.rf_outbox_" #slot " WHERE id <= $1)", \
				 INT8OID); \
	RF_STATEMENT(truncate_##slot, "TRUNCATE @extschema@.rf_outbox_" #slot)

TABLE_STATEMENTS(0);
TABLE_STATEMENTS(1);
TABLE_STATEMENTS(2);
TABLE_STATEMENTS(3);

static RfStatement *const count_rows[] = {&count_0, &count_1, &count_2, &count_3};
static RfStatement *const find_row[] = {&find_0, &find_1, &find_2, &find_3};
static RfStatement *const truncate_table[] = {
	&truncate_0, &truncate_1, &truncate_2, &truncate_3};
static const char *const table_names[] = {
	"rf_outbox_0", "rf_outbox_1", "rf_outbox_2", "rf_outbox_3"};

/* ---- counting ----------------------------------------------------------- */

static RotationCount *
rotation_count_of(int64 webhook_id, int slot)
{
	return &rotation_counts[rf_share_of(webhook_id)][slot];
}

void
rf_rotation_note_met(int slot, int64 delivery_id)
{
	rotation_tables[slot].met++;
	rotation_tables[slot].last = Max(rotation_tables[slot].last, delivery_id);
}

void
rf_rotation_note_read(int64 webhook_id, int slot)
{
	rotation_count_of(webhook_id, slot)->read++;
	rotation_tables[slot].own.read++;
}

void
rf_rotation_note_held(int64 webhook_id, int slot)
{
	rotation_count_of(webhook_id, slot)->held++;
	rotation_tables[slot].own.held++;
}

void
rf_rotation_note_done(int64 webhook_id, int slot)
{
	rotation_count_of(webhook_id, slot)->held--;
	rotation_tables[slot].own.held--;
	rf_rotation_note_passed(webhook_id, slot);
}

void
rf_rotation_note_passed(int64 webhook_id, int slot)
{
	RotationCount *count = rotation_count_of(webhook_id, slot);

	count->done++;
	rotation_tables[slot].own.done++;
	Assert(count->held >= 0 && count->done + count->held <= count->read);
}

/*
 * How many rows are done, if that is all this process serves; else 0. A wrong
 * count would lose deliveries: so what is held and what is left for later must
 * agree with it.
 */
static int64
rotation_done(const RotationTable *table)
{
	const RotationCount *own = &table->own;

	if (own->read != own->done || own->held != 0 || rf_overflow_reaches(table->last))
		return 0;
	return own->done;
}

static void
rotation_publish(int slot, uint32 done)
{
	RotationTable *table = &rotation_tables[slot];

	if (table->published == done || rf_rotation_hooks.publish == NULL)
		return;
	rf_rotation_hooks.publish(slot, table->file, done);
	table->published = done;
}

void
rf_rotation_publish(void)
{
	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
	{
		int64 done = rotation_done(&rotation_tables[slot]);

		rotation_publish(slot, done <= PG_UINT32_MAX ? (uint32) done : 0);
	}
}

/* ---- forgetting --------------------------------------------------------- */

static void
rotation_forget(int share, int slot)
{
	RotationCount *count = &rotation_counts[share][slot];
	RotationCount *own = &rotation_tables[slot].own;

	own->read -= count->read;
	own->held -= count->held;
	own->done -= count->done;
	*count = (RotationCount){0};
}

/* Told to the others before anybody else counts the same rows. */
void
rf_rotation_drop(RfShareSet shares)
{
	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
	{
		rotation_publish(slot, 0);
		for (int share = 0; share < RF_SHARES; share++)
		{
			if (shares & RF_SHARE_BIT(share))
				rotation_forget(share, slot);
		}
	}
}

/* Another life of the table begins. */
static void
rotation_begin(int slot, uint32 file)
{
	RotationTable *table = &rotation_tables[slot];

	rotation_publish(slot, 0);
	for (int share = 0; share < RF_SHARES; share++)
	{
		RotationCount *count = &rotation_counts[share][slot];

		/* Nothing is held of a table that we emptied; of another's doing we know less. */
		count->read = count->held;
		count->done = 0;
	}
	table->own.read = table->own.held;
	table->own.done = 0;
	table->met = table->own.held;
	table->last = 0;
	table->file = file;
}

void
rf_rotation_reset(void)
{
	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
	{
		uint32 file = rotation_tables[slot].file;

		rotation_publish(slot, 0);
		rotation_tables[slot] = (RotationTable){.file = file};
	}
	memset(rotation_counts, 0, sizeof(rotation_counts));
}

int64
rf_rotation_held(void)
{
	int64 held = 0;

	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
		held += rotation_tables[slot].own.held;
	return held;
}

/* ---- looking ------------------------------------------------------------ */

static uint32
rotation_lock(int slot, LOCKMODE mode)
{
	Relation table = table_open(rf_engine_relation(table_names[slot]), mode);
	uint32	 file = rf_relation_file(table);

	table_close(table, NoLock);
	return file;
}

static bool
rotation_has_rows(int slot, int64 last)
{
	Datum values[] = {Int64GetDatum(last)};

	rf_execute(find_row[slot], values, NULL);
	return rf_bool(0, 1);
}

/*
 * Ids are drawn under the table's lock: after it was emptied its rows have
 * higher ones than any before.
 */
static void
rotation_notice(int slot, uint32 file)
{
	RotationTable *table = &rotation_tables[slot];

	if (table->file == file)
		return;
	if (table->met == 0 || !rotation_has_rows(slot, table->last))
		rotation_begin(slot, file);
	else
	{
		rotation_publish(slot, 0);
		table->file = file;
	}
}

void
rf_rotation_look(void)
{
	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
		rotation_notice(slot, rotation_lock(slot, AccessShareLock));
}

/* ---- deciding ----------------------------------------------------------- */

static int
rotation_current(void)
{
	return rf_event_slot_hook != NULL ? rf_event_slot_hook() : 0;
}

/* Rows of the table that all workers together are done with. */
static int64
rotation_done_by_all(int slot)
{
	const RotationTable *table = &rotation_tables[slot];
	int64				 done = rotation_done(table);

	if (rf_rotation_hooks.others != NULL)
		done += rf_rotation_hooks.others(slot, table->file);
	return done;
}

static bool
rotation_is_done(int slot)
{
	int64 met = rotation_tables[slot].met;

	return met > 0 && rotation_done_by_all(slot) == met;
}

static bool
rotation_can_empty(int slot)
{
	return slot != rotation_current() && rotation_is_done(slot);
}

/* The first table, of those after "slot", that does not wait to be emptied; -1: none. */
static int
rotation_next(int slot)
{
	int current = rotation_current();

	for (slot = (slot + 1) % RF_OUTBOX_SLOTS; slot != current; slot = (slot + 1) % RF_OUTBOX_SLOTS)
	{
		if (rotation_tables[slot].met == 0)
			return slot;
	}
	return -1;
}

static bool
rotation_should_switch(void)
{
	int	  current = rotation_current();
	int64 met = rotation_tables[current].met;

	if (rf_rotation_hooks.filled == NULL || rotation_next(current) < 0)
		return false;
	return met > ROTATE_ROWS ||
		((met > IDLE_ROWS || rotation_hurries) && rotation_is_done(current));
}

void
rf_rotation_hurry(void)
{
	rotation_hurries = true;
}

bool
rf_rotation_is_due(void)
{
	if (rotation_tried_at != 0 &&
		!TimestampDifferenceExceeds(rotation_tried_at, rf_steady_now(), RETRY_MS))
		return false;
	if (rotation_should_switch())
		return true;
	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
	{
		if (rotation_can_empty(slot))
			return true;
	}
	return false;
}

/* ---- acting ------------------------------------------------------------- */

static void
rotation_switch(void)
{
	int next = rotation_next(rotation_current());

	while (next >= 0 && rotation_has_rows(next, PG_INT64_MAX))
		next = rotation_next(next);
	if (next >= 0)
		rf_rotation_hooks.filled(next);
}

static int64
rotation_count_rows(int slot)
{
	rf_execute(count_rows[slot], NULL, NULL);
	return rf_int64(0, 1);
}

static void
rotation_wait_for_lock(void *arg)
{
	(void) set_config_option("lock_timeout", LOCK_WAIT, PGC_SUSET, PGC_S_OVERRIDE,
							 GUC_ACTION_LOCAL, true, 0, false);
	LockRelationOid(*(Oid *) arg, AccessExclusiveLock);
}

/* Workers read all the time, so that finding none at it would be luck. */
static bool
rotation_lock_exclusively(Oid table)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool locked = false;

	if (ConditionalLockRelationOid(table, AccessExclusiveLock))
		return true;
	PG_TRY();
	{
		locked = rf_savepoint_try(rotation_wait_for_lock, &table) == NULL;
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	return locked;
}

/*
 * Rows that were written meanwhile, or not read yet, make the count differ. It is
 * true until the turn ends, since writers are kept away. Returns whether the
 * table was emptied.
 */
static bool
rotation_empty(int slot)
{
	Oid table = rf_engine_relation(table_names[slot]);

	if (!ConditionalLockRelationOid(table, ShareLock))
		return false;
	rotation_notice(slot, rotation_lock(slot, NoLock));
	if (!rotation_can_empty(slot) || rotation_count_rows(slot) != rotation_done_by_all(slot))
		return false;
	if (!rotation_lock_exclusively(table))
		return false;
	rf_execute(truncate_table[slot], NULL, NULL);
	return true;
}

void
rf_rotation_work(void)
{
	bool emptied = false;

	rotation_tried_at = rf_steady_now();
	if (rotation_should_switch())
		rotation_switch();
	for (int slot = 0; slot < RF_OUTBOX_SLOTS && !emptied; slot++)
	{
		if (rotation_can_empty(slot))
			emptied = rotation_empty(slot);
	}
	if (emptied)
		rotation_hurries = false;
}
