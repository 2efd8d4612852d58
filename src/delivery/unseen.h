/*
 * unseen.h
 *	  Transactions whose rows may lie behind the reader of the outbox. Pure.
 *
 * Deliveries are numbered when they are written and seen when they commit. A
 * reader that is past number "high" may therefore have passed rows of every
 * transaction that its snapshot did not see: those listed as running, and all
 * from the snapshot's xmax on, which lists nobody. What it passed is found
 * again by comparing the snapshots of two reads: the late rows are those that
 * the second one sees and the first one did not.
 *
 * To know where to look, each transaction that is listed as running is kept
 * with a number, "low", that its deliveries exceed, and one such number for all
 * the others. It is the "high" of a read during which the transaction had no id
 * yet: a transaction draws its id before the numbers of its deliveries, because
 * it writes the event first.
 */
#ifndef RF_UNSEEN_H
#define RF_UNSEEN_H

#include <stdint.h>

typedef struct RfUnseenEntry
{
	uint64_t xid;
	int64_t	 low; /* its deliveries have higher numbers */
} RfUnseenEntry;

/* What one read did not see. All zero before the first one. */
typedef struct RfUnseen
{
	uint64_t	   xmax;	 /* of its snapshot */
	uint64_t	   next;	 /* first xid that was not assigned after it */
	int64_t		   tail_low; /* low of all from xmax on */
	int			   n;
	RfUnseenEntry *running; /* ascending */
} RfUnseen;

/*
 * A read whose snapshot has this xmax and these running transactions
 * (ascending), after one that left "before". "high" is the last number read
 * before it, "next" the next xid to be assigned, looked up after it. Fills in
 * *now, whose array must have room for n_running entries. Returns the number
 * above which late rows may lie, or "high" if there can be none.
 */
extern int64_t rf_unseen_advance(const RfUnseen *before, int64_t high,
								 uint64_t xmax, const uint64_t *running, int n_running,
								 uint64_t next, RfUnseen *now);

/*
 * Read the text form of a pg_snapshot, "xmin:xmax:xid,xid,...". At most "most"
 * of the running transactions are written; returns how many there are.
 */
extern int rf_unseen_parse(const char *snapshot, uint64_t *xmax, uint64_t *running, int most);

#endif /* RF_UNSEEN_H */
