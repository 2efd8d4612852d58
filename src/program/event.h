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
#include "program/campaign.h"
#include "program/person.h"

/* Longest payload, in bytes. */
#define RF_PAYLOAD_MAX (256 * 1024)

typedef enum RfEventType
{
	RF_EVENT_REFERRER_JOINED,
	RF_EVENT_INVITED_JOINED,
	RF_EVENT_INVITED_QUALIFIED,
	RF_EVENT_INVITED_UNQUALIFIED,
	RF_EVENT_INVITED_EXPIRED,
	RF_EVENT_INVITED_HELD,
	RF_EVENT_REWARD_PENDING,
	RF_EVENT_REWARD_DUE,
	RF_EVENT_REWARD_ISSUED,
	RF_EVENT_REWARD_FULFILLED,
	RF_EVENT_REWARD_FAILED,
	RF_EVENT_REWARD_CANCELLED,
	RF_EVENT_REWARD_REJECTED,
	RF_EVENT_REWARD_CLAWED_BACK,
	RF_EVENT_COUPON_LOW,
	RF_EVENT_WEBHOOK_DISABLED,
	RF_EVENT_WEBHOOK_EXHAUSTED,
	RF_EVENT_WEBHOOK_TEST,
} RfEventType;

#define RF_EVENT_TYPES	   (RF_EVENT_WEBHOOK_TEST + 1)
#define RF_EVENT_BIT(type) (1u << (type))

/* A reward as payloads show it. */
typedef struct RfRewardFacts
{
	int64		  id;
	const RfRule *rule;
	int			  ordinal; /* threshold of a milestone; 0: none */
	Datum		  amount;  /* numeric; 0: null */
	const char	 *unit;	   /* may be NULL */
	const char	 *coupon;  /* may be NULL */
	const char	 *state;
	const char	 *previous_state; /* NULL: just granted */
} RfRewardFacts;

typedef struct RfEvent
{
	RfEventType			 type;
	const RfCampaign	*campaign;
	const RfPerson		*participant;
	const RfPerson		*referrer; /* may be NULL */
	const RfRewardFacts *reward;   /* may be NULL */
} RfEvent;

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

/* Called whenever there is news for the worker in the running transaction. */
extern PGDLLIMPORT void (*rf_event_emitted_hook)(void);

/* Which of the outbox tables to fill, 0 to 3. Unset: the first. */
extern PGDLLIMPORT int (*rf_event_slot_hook)(void);

extern const char *rf_event_name(RfEventType type);

/* Is it an exact name, a group such as "reward.*", or "*"? */
extern bool rf_event_pattern_is_known(const char *pattern);

/* The types a known pattern stands for, as RF_EVENT_BITs. */
extern uint32 rf_event_pattern_types(const char *pattern);

/* The event that tells that a reward reached this state. */
extern RfEventType rf_event_of_reward(const char *state);

/* "msg_" and 32 hex digits: the webhook-id of an event. palloc'd. */
extern char *rf_event_message_id(int64 home, int64 event_id);

/*
 * Add to the batch; writes nothing if no webhook wants the event. Raises RF010
 * if the payload is too large. Inside an engine scope.
 */
extern void rf_event_add(RfEventBatch *batch, const RfEvent *event);

/* Write what the batch holds and empty it. Inside an engine scope. */
extern void rf_event_flush(RfEventBatch *batch);

/* Tell the worker at commit that there is news. */
extern void rf_event_announce(void);

#endif /* RF_EVENT_H */
