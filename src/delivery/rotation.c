/*
 * rotation.c
 *	  See rotation.h.
 *
 * The lock is never waited for: who waits for an ACCESS EXCLUSIVE lock makes
 * everybody behind wait, too.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/endpoint.h"
#include "delivery/rotation.h"
#include "program/event.h"

#define ROTATE_ROWS 100000 /* read from the table being filled */
#define IDLE_ROWS	10000  /* worth emptying while it is being filled */
#define RETRY_MS	1000

void (*rf_outbox_rotated_hook)(int slot) = NULL;

typedef struct OutboxCount
{
	int64 read;
	int64 held; /* of those, in memory */
	int64 done; /* of those, need no more */
	int64 last; /* highest id read */
} OutboxCount;

static OutboxCount rotation_counts[RF_OUTBOX_SLOTS];
static TimestampTz rotation_tried_at = 0;
static int		   rotation_emptied = -1; /* in the running turn; -1: none */
static bool		   rotation_hurries = false;

#define EMPTY_STATEMENTS(slot) \
	RF_STATEMENT(count_##slot, "SELECT count(*) FROM @extschema@.rf_outbox_" #slot); \
	RF_STATEMENT(truncate_##slot, "TRUNCATE @extschema@.rf_outbox_" #slot)

EMPTY_STATEMENTS(0);
EMPTY_STATEMENTS(1);
EMPTY_STATEMENTS(2);
EMPTY_STATEMENTS(3);

static RfStatement *const count_rows[] = {&count_0, &count_1, &count_2, &count_3};
static RfStatement *const truncate_table[] = {
	&truncate_0, &truncate_1, &truncate_2, &truncate_3};
static const char *const table_names[] = {
	"rf_outbox_0", "rf_outbox_1", "rf_outbox_2", "rf_outbox_3"};

void
rf_rotation_note_read(int slot, int64 delivery_id)
{
	rotation_counts[slot].read++;
	rotation_counts[slot].last = Max(rotation_counts[slot].last, delivery_id);
}

void
rf_rotation_note_held(int slot)
{
	rotation_counts[slot].held++;
}

void
rf_rotation_note_done(int slot)
{
	rotation_counts[slot].held--;
	rf_rotation_note_passed(slot);
}

void
rf_rotation_note_passed(int slot)
{
	OutboxCount *count = &rotation_counts[slot];

	count->done++;
	Assert(count->held >= 0 && count->done + count->held <= count->read);
}

void
rf_rotation_reset(void)
{
	memset(rotation_counts, 0, sizeof(rotation_counts));
}

int64
rf_rotation_held(void)
{
	int64 held = 0;

	for (int slot = 0; slot < RF_OUTBOX_SLOTS; slot++)
		held += rotation_counts[slot].held;
	return held;
}

static int
rotation_current(void)
{
	return rf_event_slot_hook != NULL ? rf_event_slot_hook() : 0;
}

/* May rows of the table be in what endpoints have left there? */
static bool
rotation_overflows(int slot)
{
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		int64 from = rf_endpoint_at(i)->overflow_from;

		if (from != 0 && from <= rotation_counts[slot].last)
			return true;
	}
	return false;
}

/*
 * What is done is counted, and a wrong count would lose deliveries: so what is
 * held and what is left for later must agree with it.
 */
static bool
rotation_can_empty(int slot)
{
	OutboxCount *count = &rotation_counts[slot];

	if (count->read == 0 || count->read != count->done || count->held != 0)
		return false;
	if (slot == rotation_current() && count->read <= IDLE_ROWS && !rotation_hurries)
		return false;
	return !rotation_overflows(slot);
}

/* The first table, of those after "slot", that does not wait to be emptied; -1: none. */
static int
rotation_next(int slot)
{
	int current = rotation_current();

	for (slot = (slot + 1) % RF_OUTBOX_SLOTS; slot != current; slot = (slot + 1) % RF_OUTBOX_SLOTS)
	{
		if (rotation_counts[slot].read == 0)
			return slot;
	}
	return -1;
}

static bool
rotation_should_switch(void)
{
	int current = rotation_current();

	return rf_outbox_rotated_hook != NULL &&
		rotation_counts[current].read > ROTATE_ROWS && rotation_next(current) >= 0;
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

static int64
rotation_count(int slot)
{
	rf_execute(count_rows[slot], NULL, NULL);
	return rf_int64(0, 1);
}

static void
rotation_switch(void)
{
	int next = rotation_next(rotation_current());

	while (next >= 0 && rotation_count(next) > 0)
		next = rotation_next(next);
	if (next >= 0)
		rf_outbox_rotated_hook(next);
}

/* Rows that were written meanwhile, or not read yet, make the count differ. */
static void
rotation_empty(int slot)
{
	Oid table = rf_engine_relation(table_names[slot]);

	if (!ConditionalLockRelationOid(table, AccessExclusiveLock))
		return;
	if (rotation_count(slot) != rotation_counts[slot].done)
		return;
	rf_execute(truncate_table[slot], NULL, NULL);
	rotation_emptied = slot;
}

void
rf_rotation_work(void)
{
	rotation_tried_at = rf_steady_now();
	rotation_emptied = -1;
	if (rotation_should_switch())
		rotation_switch();
	for (int slot = 0; slot < RF_OUTBOX_SLOTS && rotation_emptied < 0; slot++)
	{
		if (rotation_can_empty(slot))
			rotation_empty(slot);
	}
}

void
rf_rotation_confirm(void)
{
	if (rotation_emptied < 0)
		return;
	memset(&rotation_counts[rotation_emptied], 0, sizeof(OutboxCount));
	rotation_emptied = -1;
	rotation_hurries = false;
}
