/*
 * link.h
 *	  Links that people share: where they lead, and that somebody followed them.
 */
#ifndef RF_LINK_H
#define RF_LINK_H

#include "postgres.h"

/* Somebody follows a link. Nothing in it is trusted. */
typedef struct RfVisit
{
	const char *code;		/* decoded part of the path */
	const char *address;	/* numeric, of the visitor; NULL: unknown */
	const char *user_agent; /* NULL: none */
	bool		counts;		/* false: HEAD, a prefetch; is only led on */

	char *location; /* out, ASCII, palloc'd: where to go; NULL: nowhere, 404 */
} RfVisit;

/*
 * Find where they all lead, and note the clicks in memory. Inside an engine scope,
 * with an active snapshot; palloc'd in the current context. The first visit of
 * a day writes a row: the transaction is to be committed.
 */
extern PGDLLEXPORT void rf_links_follow(RfVisit **visits, int n);

/* Milliseconds until noted clicks are to be written, at most; -1: there are none. */
extern PGDLLEXPORT long rf_clicks_due(void);

/* Write them; what is noted before rf_clicks_written() may be lost. Inside an engine scope. */
extern PGDLLEXPORT void rf_clicks_write(void);

/* After the transaction that wrote them: it was committed, or not. */
extern PGDLLEXPORT void rf_clicks_written(bool committed);

#endif /* RF_LINK_H */
