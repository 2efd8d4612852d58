/*
 * purchase.h
 *	  What invited people spend.
 *
 * A purchase is recorded whatever state the person is in, but held and blocked.
 * It counts when they are qualified, or when it lies in their window: then it
 * may bring their net spend to the campaign's min_spend and so qualify them, and
 * rules on purchases pay.
 */
#ifndef RF_PURCHASE_H
#define RF_PURCHASE_H

#include "program/pair.h"
#include "program/payload.h"

/* Longest external_id and refund_id, in bytes; the tables say so too. */
#define RF_EXTERNAL_ID_MAX 255

typedef struct RfPurchaseRequest
{
	/* Who: the first of them that somebody has. */
	const char *code;
	const char *coupon;
	const char *email;		 /* needs campaign_id */
	int64		campaign_id; /* 0: that of the code */
	Datum		amount;		 /* numeric; 0: none */
	const char *currency;	 /* NULL: the campaign's */
	const char *external_id; /* may be NULL */
	TimestampTz occurred_at;
	bool		qualifies; /* whoever pays at all, where the campaign has no min_spend */
} RfPurchaseRequest;

typedef struct RfPurchaseAnswer
{
	int64		  purchase_id;
	int64		  participant_id;
	RfPersonState state;
	bool		  changed; /* false: it was recorded before */
	int			  rewards;
} RfPurchaseAnswer;

/*
 * Record a purchase and what follows from it. Returns false with the refusal if
 * it cannot be; nothing is written then, and no subtransaction is needed.
 * Inside an engine scope.
 */
extern bool rf_purchase_record(const RfPurchaseRequest *request, RfPurchaseAnswer *answer,
							   RfRefusal *refusal);

/*
 * The parts of it, for a qualification that brings its purchase along. First
 * what is wrong whoever it is that pays, then the price in the campaign: fills
 * amount and currency.
 */
extern bool rf_purchase_is_sound(const RfPurchaseRequest *request, RfRefusal *refusal);
extern bool rf_purchase_price(RfPurchase *purchase, const RfPurchaseRequest *request,
							  const RfCampaign *campaign, RfRefusal *refusal);

/* RF012 if the campaign has a currency and this is another. */
extern bool rf_purchase_check_currency(const RfPurchase *purchase, const RfCampaign *campaign,
									   RfRefusal *refusal);

/* Write the row, fill its id. False: the external_id is another person's purchase. */
extern bool rf_purchase_write(RfPurchase *purchase, const RfPair *pair, RfRefusal *refusal);

/* The row returned by rf_record_purchase and rf_record_refund. */
extern Datum rf_purchase_answer(FunctionCallInfo fcinfo, const RfPurchaseAnswer *answer);

/*
 * Spend that qualifications and commissions reckon with changed: a transaction
 * with an older snapshot must not decide on the person (40001).
 */
extern void rf_purchase_touch(const RfPair *pair);

#endif /* RF_PURCHASE_H */
