/*
 * format.h
 *	  The formats in which webhooks are sent what happened.
 *
 * Every format but the standard one is made from the standard payload, the
 * message id and the subscription alone: when the event is written, and whenever
 * its bytes are needed anew (replays, people who are erased).
 */
#ifndef RF_FORMAT_H
#define RF_FORMAT_H

#include "program/campaign.h"

/*
 * SQL: what a subscription says of its format, of the webhook "w". A GET has its
 * fields in the query string, whatever the format.
 */
#define RF_FORMAT_COLUMNS \
	"CASE w.method WHEN 'GET' THEN 'form' ELSE w.format END, w.fields, w.extra, w.template"
#define RF_FORMAT_NCOLUMNS 4

/*
 * Read these columns, the first being as numbered, into a subscription, palloc'd.
 * A webhook that is not there (an outer join) wants the standard format.
 */
extern void rf_format_read(RfSubscription *subscription, uint64 row, int column);

/*
 * The body for a subscription, from the frozen standard payload, in the server's
 * encoding as the result is; palloc'd. NULL: the standard payload itself. Raises
 * RF010 where a template makes too much of it; what else is too large,
 * rf_payload_freeze() says.
 */
extern char *rf_format_body(const char *standard, const char *message_id,
							const RfSubscription *subscription);

/* The same, but NULL for what would be too large. */
extern char *rf_format_body_if_fits(const char *standard, const char *message_id,
									const RfSubscription *subscription);

#endif /* RF_FORMAT_H */
