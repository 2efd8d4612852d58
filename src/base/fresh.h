/*
 * fresh.h
 *	  Which INSERT statements bring new rows, and which restore dumped ones.
 *
 * pg_dump's rows must come back as they were, with no effect. A table whose
 * inserts have effects therefore has a NOT NULL column without default that
 * applications never set: null means new, anything else restored. The BEFORE
 * ROW trigger tells this room what it saw; the AFTER STATEMENT trigger, which
 * sees the column filled in either case, asks.
 */
#ifndef RF_FRESH_H
#define RF_FRESH_H

#include "fmgr.h"

/* One INSERT or COPY on one table, while it runs. */
typedef struct RfInsert
{
	struct RfInsert *outer; /* the statement around this one */
	Oid				 relation;
	MemoryContext	 context; /* lives as long as the statement */
	bool			 restored;
	void			*state; /* the table's own, in context; first NULL */
} RfInsert;

/*
 * From a BEFORE INSERT ROW trigger: the statement the row is part of. Raises
 * 0A000 if the statement mixes new and restored rows.
 */
extern RfInsert *rf_insert_row(FunctionCallInfo fcinfo, bool restored);

/*
 * From the AFTER INSERT STATEMENT trigger: true if the statement's rows are
 * new, false if there were none or they were restored. Ends the statement.
 */
extern bool rf_insert_done(FunctionCallInfo fcinfo);

#endif /* RF_FRESH_H */
