/*
 * rotation.h
 *	  The four tables of the outbox: which one producers fill, and when one is
 *	  emptied.
 *
 * Deliveries are never deleted one by one. When every delivery in a table has
 * been tried (or needs no trying), the table is truncated as a whole.
 */
#ifndef RF_ROTATION_H
#define RF_ROTATION_H

#include "c.h"

/* Set by the server's processes: producers fill that table from now on. */
extern PGDLLIMPORT void (*rf_outbox_rotated_hook)(int slot);

/* A row of that table was met for the first time. */
extern void rf_rotation_note_read(int slot, int64 delivery_id);

/* It is in memory from now on: queued, loaded, under way or about to be parked. */
extern void rf_rotation_note_held(int slot);

/* It left memory, and needs no further reading. */
extern void rf_rotation_note_done(int slot);

/* It needs no further reading, and was not in memory. */
extern void rf_rotation_note_passed(int slot);

/* Reading starts over. */
extern void rf_rotation_reset(void);

/* Empty soon what can be emptied, however few rows it has. */
extern void rf_rotation_hurry(void);

/* Is there something to switch or to empty? */
extern bool rf_rotation_is_due(void);

/* Do it, or one part of it, if nobody stands in the way. In a turn of its own. */
extern void rf_rotation_work(void);

/* That turn committed. */
extern void rf_rotation_confirm(void);

/* Deliveries that were read, and whose first attempt is not recorded yet. */
extern int64 rf_rotation_held(void);

#endif /* RF_ROTATION_H */
