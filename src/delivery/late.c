/*
 * late.c
 *	  See late.h.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "base/engine.h"
#include "delivery/late.h"
#include "delivery/outbox_row.h"
#include "delivery/unseen.h"
#include "program/home.h"

static RfUnseen late_unseen;
static Datum	late_snapshot = (Datum) 0; /* of the last page; 0: none yet */

/* What to read: "after" sees it and "before" did not, above "at" up to "end". */
static struct
{
	bool  active;
	int64 at;
	int64 end;
	Datum before;
	Datum after;
} late_rows;

static Datum
late_keep(Datum snapshot)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	Datum		  copy = datumCopy(snapshot, false, -1);

	MemoryContextSwitchTo(caller);
	return copy;
}

static void
late_free(Datum *snapshot)
{
	if (*snapshot != (Datum) 0)
		pfree(DatumGetPointer(*snapshot));
	*snapshot = (Datum) 0;
}

static void
late_begin(int64 low, int64 end, Datum before, Datum after)
{
	late_rows.at = low;
	late_rows.end = end;
	late_rows.before = late_keep(before);
	late_rows.after = late_keep(after);
	late_rows.active = true;
}

static void
late_end(void)
{
	late_free(&late_rows.before);
	late_free(&late_rows.after);
	late_rows.active = false;
}

static void
late_forget_unseen(void)
{
	if (late_unseen.running != NULL)
		pfree(late_unseen.running);
	late_unseen = (RfUnseen){0};
}

void
rf_late_note_page(Datum snapshot, int64 high)
{
	char	*text = DatumGetCString(DirectFunctionCall1(pg_snapshot_out, snapshot));
	uint64	 next = U64FromFullTransactionId(ReadNextFullTransactionId());
	uint64	 xmax;
	int		 n = rf_unseen_parse(text, &xmax, NULL, 0);
	uint64	*running = palloc(Max(n, 1) * sizeof(uint64));
	RfUnseen now;
	int64	 low;

	now.running = MemoryContextAlloc(TopMemoryContext, Max(n, 1) * sizeof(RfUnseenEntry));
	rf_unseen_parse(text, &xmax, running, n);
	low = rf_unseen_advance(&late_unseen, high, xmax, running, n, next, &now);
	if (low < high)
		late_begin(low, high, late_snapshot, snapshot);
	late_forget_unseen();
	late_unseen = now;
	late_free(&late_snapshot);
	late_snapshot = late_keep(snapshot);
	pfree(running);
}

Datum
rf_late_snapshot(void)
{
	return late_snapshot;
}

bool
rf_late_is_active(void)
{
	return late_rows.active;
}

RF_STATEMENT(read_late,
			 "SELECT" RF_OUTBOX_COLUMNS("true") "," RF_OUTBOX_TRIED("$7") " FROM @extschema@.rf_outbox o"
																		  " WHERE o.id > $1 AND o.id <= $2"
																		  "  AND NOT pg_visible_in_snapshot(o.xid, $3) AND pg_visible_in_snapshot(o.xid, $4)"
																		  "  AND (SELECT e.home FROM @extschema@.rf_event e WHERE e.id = o.event_id) = $5"
																		  " ORDER BY o.id LIMIT $6",
			 INT8OID, INT8OID, PG_SNAPSHOTOID, PG_SNAPSHOTOID, INT8OID, INT8OID, INT8OID);

void
rf_late_read(int64 tried_to, bool (*take)(uint64 row))
{
	Datum values[] = {
		Int64GetDatum(late_rows.at), Int64GetDatum(late_rows.end),
		late_rows.before, late_rows.after, Int64GetDatum(rf_home_current()),
		Int64GetDatum(RF_OUTBOX_PAGE), Int64GetDatum(tried_to)};
	uint64 n = rf_execute(&read_late, values, NULL);

	for (uint64 row = 0; row < n; row++)
	{
		if (!take(row))
			return;
		late_rows.at = rf_outbox_row(row).delivery.id;
	}
	if (n < RF_OUTBOX_PAGE)
		late_end();
}

void
rf_late_reset(void)
{
	late_forget_unseen();
	late_free(&late_snapshot);
	late_end();
}
