/*
 * webhook.h
 *	  The rows of rf_webhook: what is checked when they are written, and what
 *	  follows from it.
 */
#ifndef RF_WEBHOOK_H
#define RF_WEBHOOK_H

#include "utils/jsonb.h"

#include "delivery/target.h"

/* Judge a URL by the rules and the settings now in force. */
extern RfTarget rf_webhook_check_url(const char *url);

/*
 * Give the webhook these headers on every request instead of those it has; a
 * NULL or empty object takes them away. Raises an error for a webhook that does
 * not exist and for headers that may not be sent. Inside an engine scope.
 */
extern void rf_webhook_set_headers(int64 webhook_id, Jsonb *headers);

#endif /* RF_WEBHOOK_H */
