/*
 * outbox_row.h
 *	  A row of the outbox as the statements that read it bring it, and what
 *	  becomes of it.
 */
#ifndef RF_OUTBOX_ROW_H
#define RF_OUTBOX_ROW_H

#include "delivery/endpoint.h"

/* Rows that are read in one turn. */
#define RF_OUTBOX_PAGE 1000

/*
 * Columns of such a statement, where o is rf_outbox; the event is only looked
 * at if the condition holds. After them comes whether the delivery was tried.
 */
#define RF_OUTBOX_COLUMNS(condition) \
	" o.id, o.slot, o.event_id, o.webhook_id, o.body IS NOT NULL," \
	" CASE WHEN " condition " THEN" \
	"  (SELECT e.home FROM @extschema@.rf_event e WHERE e.id = o.event_id) END"

/*
 * Scalar subqueries with LIMIT stay what they are: three look-ups for a row.
 * EXISTS might become a hash of everything ever tried.
 */
#define RF_OUTBOX_TRIED(tried_to) \
	" o.id <= " tried_to " AND (" \
	"  (SELECT true FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id LIMIT 1) IS NOT NULL" \
	"  OR (SELECT true FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id LIMIT 1) IS NOT NULL" \
	"  OR (SELECT true FROM @extschema@.rf_dead d WHERE d.delivery_id = o.id LIMIT 1) IS NOT NULL)"

typedef struct RfOutboxRow
{
	int64	   webhook_id;
	int64	   home; /* of its event; 0: there is no such event */
	bool	   done; /* another process has tried it */
	RfDelivery delivery;
} RfOutboxRow;

/* Row i of the last statement. */
extern RfOutboxRow rf_outbox_row(uint64 row);

/*
 * May it be sent from here? A row of another home is not ours to judge: it is
 * being restored, and its webhook may come after it. It is never done, so its
 * table stays.
 */
extern bool rf_outbox_row_is_ours(const RfOutboxRow *row);

/* Count it as read, by the worker that serves its webhook. */
extern void rf_outbox_row_count(const RfOutboxRow *row);

/* Place one of ours; false if it must be read again. */
extern bool rf_outbox_row_place(RfEndpoint *endpoint, const RfOutboxRow *row);

#endif /* RF_OUTBOX_ROW_H */
