/*
 * late.h
 *	  Deliveries that become visible behind the reader of the outbox, because
 *	  their transactions ended after it had passed.
 *
 * Which transactions may have such rows, and where, is reckoned by unseen.h. A
 * row is late that the snapshot of a page sees and that of the page before did
 * not: it is looked for above some id up to the last one read before that page,
 * and all late rows are read before the next page is.
 */
#ifndef RF_LATE_H
#define RF_LATE_H

#include "postgres.h"

/* A page was read in this snapshot (a pg_snapshot), when "high" was the last id read. */
extern void rf_late_note_page(Datum snapshot, int64 high);

/* Of the last page; 0: none was read yet. */
extern Datum rf_late_snapshot(void);

/* Are there late rows to read? */
extern bool rf_late_is_active(void);

/*
 * Read some of them: "take" is told of each row of the last statement, whose
 * columns are those of outbox_row.h, and returns false to be told again. Rows up
 * to tried_to may have been tried by another process. In a turn.
 */
extern void rf_late_read(int64 tried_to, bool (*take)(uint64 row));

/* Reading starts over. */
extern void rf_late_reset(void);

#endif /* RF_LATE_H */
