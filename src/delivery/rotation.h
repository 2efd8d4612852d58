/*
 * rotation.h
 *	  The four tables of the outbox: which one producers fill, and when one is
 *	  emptied.
 *
 * Deliveries are never deleted one by one. When every delivery in a table has
 * been tried (or needs no trying), the table is truncated as a whole.
 *
 * With several workers each counts the rows of the shares it serves, and tells
 * the others how many of them are done. The keeper (holding.h) switches tables and
 * empties one when what all of them have done is what it holds.
 */
#ifndef RF_ROTATION_H
#define RF_ROTATION_H

#include "delivery/share.h"

#include "c.h"

/*
 * What the server's processes set. Counts are those of rows in one life of a
 * table: it gets another file when it is emptied, and with it a new life.
 */
typedef struct RfRotationHooks
{
	/* Producers fill that table from now on. */
	void (*filled)(int slot);

	/* This process is done with so many rows of it. */
	void (*publish)(int slot, uint32 file, uint32 done);

	/* The others of this database together. */
	int64 (*others)(int slot, uint32 file);
} RfRotationHooks;

extern PGDLLIMPORT RfRotationHooks rf_rotation_hooks;

/* A row of that table was met for the first time, whoever serves it. */
extern void rf_rotation_note_met(int slot, int64 delivery_id);

/* It is served here, and will be judged. */
extern void rf_rotation_note_read(int64 webhook_id, int slot);

/* It is in memory from now on: queued, loaded, under way or about to be parked. */
extern void rf_rotation_note_held(int64 webhook_id, int slot);

/* It left memory, and needs no further reading. */
extern void rf_rotation_note_done(int64 webhook_id, int slot);

/* It needs no further reading, and was not in memory. */
extern void rf_rotation_note_passed(int64 webhook_id, int slot);

/*
 * Keep the tables from being emptied until the turn ends, and see which were.
 * To be called before any row of them is read.
 */
extern void rf_rotation_look(void);

/* Let the other workers know what is done. */
extern void rf_rotation_publish(void);

/* Rows of these shares are counted by another process from now on. */
extern void rf_rotation_drop(RfShareSet shares);

/* Reading starts over. */
extern void rf_rotation_reset(void);

/* Empty soon what can be emptied, however few rows it has. */
extern void rf_rotation_hurry(void);

/* Is there something to switch or to empty? Asked by the keeper. */
extern bool rf_rotation_is_due(void);

/* Do it, or one part of it, if nobody stands in the way. In a turn of its own. */
extern void rf_rotation_work(void);

/* Deliveries that were read, and whose first attempt is not recorded yet. */
extern int64 rf_rotation_held(void);

#endif /* RF_ROTATION_H */
