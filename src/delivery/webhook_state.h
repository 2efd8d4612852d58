/*
 * webhook_state.h
 *	  What rf_webhook_state and rf_webhook are told of how endpoints answer.
 */
#ifndef RF_WEBHOOK_STATE_H
#define RF_WEBHOOK_STATE_H

#include "delivery/endpoint.h"

/* An attempt ended, by the system's clock. The error may be NULL on success. */
extern void rf_webhook_state_note(RfEndpoint *endpoint, TimestampTz now, const char *error);

/* The endpoint wants to be left alone until then, by the steady clock. */
extern void rf_webhook_state_pause(RfEndpoint *endpoint, TimestampTz until);

/* The breaker has opened or closed. */
extern void rf_webhook_state_save(RfEndpoint *endpoint);

/* It gets nothing more until somebody enables it again. The text is static. */
extern void rf_webhook_state_disable(RfEndpoint *endpoint, const char *reason);

/* What is known of it is void: it was enabled again, or has another URL. */
extern void rf_webhook_state_begin(RfEndpoint *endpoint);

/*
 * When, by the steady clock, something is to be written; DT_NOEND: there is
 * nothing. Ordinary news are written once a second.
 */
extern TimestampTz rf_webhook_state_due_at(void);

/* Write what is due, in a turn of its own; later where somebody holds the row. */
extern void rf_webhook_state_write(void);

/* That turn committed. */
extern void rf_webhook_state_confirm(void);

#endif /* RF_WEBHOOK_STATE_H */
