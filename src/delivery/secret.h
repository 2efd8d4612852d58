/*
 * secret.h
 *	  The rows of rf_secret: keys that sign, values of headers, TLS material.
 *
 * A webhook has at most one current row of each kind, whose valid_until is null.
 * Keys that were current sign beside it until their time is over.
 */
#ifndef RF_SECRET_H
#define RF_SECRET_H

#include "datatype/timestamp.h"

#include "base/signature.h"
#include "base/written.h"

/*
 * All of these inside an engine scope. New rows are gathered, then inserted; the
 * kind is as in the table.
 */
extern RfWritten *rf_secrets_create(void);
extern void		  rf_secrets_add(RfWritten *secrets, int64 webhook_id, const char *kind,
								 const char *value, TimestampTz valid_from);
extern void		  rf_secrets_insert(RfWritten *secrets);

/* Add a new random key. */
extern void rf_secrets_add_key(RfWritten *secrets, int64 webhook_id, RfKeyKind kind,
							   TimestampTz valid_from);

/* Put this value in the place of the webhook's; NULL: take that away. */
extern void rf_secret_replace(int64 webhook_id, const char *kind, const char *value);

/* Lock a webhook against others that change its secrets, or raise 42704. */
extern void rf_secret_lock_webhook(int64 webhook_id);

/*
 * The current key; false without one. Raises an error for a webhook that does
 * not exist and for a key that cannot be decoded.
 */
extern bool rf_secret_current_key(int64 webhook_id, RfKey *key);

/*
 * Make a new key the current one; the others go on until `end` at the latest,
 * or, if that is not after `now`, end at once. Raises 54000 if too many would.
 * The webhook is locked.
 */
extern void rf_secret_rotate(int64 webhook_id, RfKeyKind kind, TimestampTz now, TimestampTz end,
							 RfKey *key);

/* The kind of key that makes signatures of this version, "v1" or "v1a"; else 22023. */
extern RfKeyKind rf_secret_key_kind(const char *signature);

#endif /* RF_SECRET_H */
