/*
 * payload.h
 *	  What an event looks like on the wire.
 */
#ifndef RF_PAYLOAD_H
#define RF_PAYLOAD_H

#include "lib/stringinfo.h"
#include "program/campaign.h"
#include "program/event_type.h"
#include "program/person.h"

/* Longest payload, in bytes. */
#define RF_PAYLOAD_MAX (256 * 1024)

/* A reward as payloads show it. */
typedef struct RfRewardFacts
{
	int64		  id;
	const RfRule *rule;
	int			  ordinal; /* threshold of a milestone; 0: none */
	int			  level;   /* above 1: up the tree, where rules have levels */
	Datum		  amount;  /* numeric; 0: null */
	const char	 *unit;	   /* may be NULL */
	const char	 *coupon;  /* may be NULL */
	const char	 *state;
	const char	 *previous_state; /* NULL: just granted */
} RfRewardFacts;

/* A purchase as payloads show it. */
typedef struct RfPurchase
{
	int64		id;
	const char *external_id; /* may be NULL */
	Datum		amount;		 /* numeric */
	Datum		left;		 /* less refunds; 0: all of it. No payload shows it */
	const char *currency;
	TimestampTz occurred_at;
} RfPurchase;

/* A pool of coupons as payloads show it. */
typedef struct RfPoolFacts
{
	const char *name;
	int64		total;
	int64		used;
	int			percent; /* the mark that was reached */
} RfPoolFacts;

/* A webhook as payloads show it: without its URL, which may hold secrets. */
typedef struct RfWebhookFacts
{
	int64		id;
	const char *name; /* may be NULL */
	const char *host;
	const char *state;
	const char *reason; /* why it was disabled; may be NULL */
} RfWebhookFacts;

/* A delivery as payloads show it. */
typedef struct RfDeliveryFacts
{
	int64		id;
	int64		event_id;
	const char *event_type;
	int			attempts;
	const char *error; /* of the last one; may be NULL */
} RfDeliveryFacts;

typedef struct RfEvent
{
	RfEventType			   type;
	const RfCampaign	  *campaign;	/* NULL: about a webhook of all of them */
	const RfPerson		  *participant; /* NULL: about no person */
	const RfPerson		  *referrer;	/* may be NULL */
	const RfRewardFacts	  *reward;		/* may be NULL */
	const RfPurchase	  *purchase;	/* may be NULL */
	const RfPoolFacts	  *pool;		/* may be NULL */
	const RfWebhookFacts  *webhook;		/* NULL: not about sending */
	const RfDeliveryFacts *delivery;	/* may be NULL */
} RfEvent;

/*
 * The standard format: the Standard Webhooks envelope, keys in the order the
 * manual gives them, in the server's encoding.
 */
extern void rf_payload_standard(StringInfo out, const RfEvent *event, TimestampTz when);

/* Its member "data" alone: {"campaign": ..., "participant": ..., ...}. */
extern void rf_payload_data(StringInfo out, const RfEvent *event);

/* "key":value of a JSON object; NULL, or no Datum: null. */
extern void rf_payload_string(StringInfo out, const char *key, const char *value);
extern void rf_payload_number(StringInfo out, const char *key, Datum number);

/* ISO 8601 in UTC with microseconds, in quotes; null if it is not finite. */
extern void rf_payload_time(StringInfo out, TimestampTz when);

/*
 * The exact bytes to send: UTF-8, whatever the server's encoding. Raises RF010
 * above RF_PAYLOAD_MAX. Returns a bytea.
 */
extern Datum rf_payload_freeze(const char *text, RfEventType type);

/* Would it do so without an error? */
extern bool rf_payload_fits(const char *text);

#endif /* RF_PAYLOAD_H */
