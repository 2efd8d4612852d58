/*
 * payload.h
 *	  What an event looks like on the wire.
 */
#ifndef RF_PAYLOAD_H
#define RF_PAYLOAD_H

#include "lib/stringinfo.h"
#include "program/event.h"

/*
 * The standard format: the Standard Webhooks envelope, keys in the order the
 * manual gives them, in the server's encoding.
 */
extern void rf_payload_standard(StringInfo out, const RfEvent *event, TimestampTz when);

/*
 * The formats whose fields the user chose, made from the standard one: a flat
 * JSON object, or the same urlencoded (also a GET's query string).
 */
extern char *rf_payload_chosen(const char *standard, const RfSubscription *subscription);

/*
 * The exact bytes to send: UTF-8, whatever the server's encoding. Raises RF010
 * above RF_PAYLOAD_MAX. Returns a bytea.
 */
extern Datum rf_payload_freeze(const char *text, RfEventType type);

/* Can a field hold this, such as "participant.email" or "participant.meta.plan"? */
extern bool rf_payload_path_is_known(const char *path);

#endif /* RF_PAYLOAD_H */
