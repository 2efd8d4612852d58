/*
 * webhook_event.h
 *	  Events about sending: a webhook was disabled, a delivery is dead, or
 *	  somebody tries out a webhook.
 *
 * They go to webhooks like any other event, but never to the one they are about;
 * that a delivery of such an event is dead is told to nobody. The trial goes to
 * the webhook that is tried out, and to no other.
 */
#ifndef RF_WEBHOOK_EVENT_H
#define RF_WEBHOOK_EVENT_H

#include "postgres.h"

/*
 * Write "webhook.exhausted" for these rows of rf_dead (bigint[]), and
 * "webhook.disabled" for these webhooks (bigint[]). What cannot be written, say
 * because a template makes too much of it, is a warning and no error. Inside an
 * engine scope.
 */
extern void rf_webhooks_tell_exhausted(Datum delivery_ids);
extern void rf_webhooks_tell_disabled(Datum webhook_ids);

#endif /* RF_WEBHOOK_EVENT_H */
