/*
 * event.h
 *	  Events: what happened, for whom, and the rows in which it waits to be
 *	  sent.
 *
 * An event is written in the transaction that caused it, with its payload
 * frozen as UTF-8 bytes, and only if some webhook wants it. Events are added
 * to a batch and written together: one statement for events and one for
 * deliveries, however many there are.
 */
#ifndef RF_EVENT_H
#define RF_EVENT_H

#include "base/engine.h"
#include "program/payload.h"

typedef struct RfEventBatch
{
	RfColumn id;
	RfColumn type;
	RfColumn campaign_id;
	RfColumn participant_id;
	RfColumn reward_id;
	RfColumn payload;
	RfColumn delivery_event_id;
	RfColumn delivery_webhook_id;
	RfColumn delivery_body;
	bool	 started;
} RfEventBatch;

/* Which of the outbox tables to fill, 0 to 3. Unset: the first. */
extern PGDLLIMPORT int (*rf_event_slot_hook)(void);

/* "msg_" and 32 hex digits: the webhook-id of an event. palloc'd. */
extern char *rf_event_message_id(int64 home, int64 event_id);

/*
 * Add to the batch; writes nothing if no webhook wants the event. Raises RF010
 * if the payload is too large. Inside an engine scope.
 */
extern void rf_event_add(RfEventBatch *batch, const RfEvent *event);

/* The same for these subscriptions instead of those of the event's campaign. */
extern void rf_event_offer(RfEventBatch *batch, const RfEvent *event,
						   const RfSubscription *subscriptions, int nsubscriptions);

/* Write what the batch holds and empty it. Inside an engine scope. */
extern void rf_event_flush(RfEventBatch *batch);

#endif /* RF_EVENT_H */
