/*
 * unseen.h
 *	  Transactions whose rows may lie behind the reader of the outbox. Pure.
 *
 * Deliveries are numbered when they are written and seen when they commit. A
 * reader that is past number "high" may therefore have passed rows of every
 * transaction that was running when it read. It remembers those, each with the
 * "high" it had before it first saw them run: their rows lie above that,
 * because a transaction draws its id before the numbers of its deliveries (the
 * event's own row is written first). Once one is finished, the rows it left
 * between the two are read by its id.
 */
#ifndef RF_UNSEEN_H
#define RF_UNSEEN_H

#include <stdint.h>

typedef struct RfUnseen
{
	uint64_t	xid;
	int64_t		low;			/* its deliveries have higher numbers */
} RfUnseen;

/*
 * Bring the transactions remembered (old, ascending by xid) up to date with
 * those now running (ascending). "now" gets the new list, n_running entries;
 * "finished" those that run no longer, at most n_old entries. Transactions that
 * are new get "low". Returns the number of finished ones.
 */
extern int	rf_unseen_update(const RfUnseen *old, int n_old,
							 const uint64_t *running, int n_running, int64_t low,
							 RfUnseen *now, RfUnseen *finished);

/*
 * Read the running transactions from the text form of a pg_snapshot,
 * "xmin:xmax:xid,xid,...". At most "most" are written; returns how many there
 * are.
 */
extern int	rf_unseen_parse(const char *snapshot, uint64_t *running, int most);

#endif							/* RF_UNSEEN_H */
