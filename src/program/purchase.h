/*
 * purchase.h
 *	  What invited people spend.
 *
 * A purchase is recorded in every state but held and blocked. It counts when
 * the person is qualified, or when it lies in their window: then it may reach
 * the campaign's min_spend and so qualify them, and rules on purchases pay.
 */
#ifndef RF_PURCHASE_H
#define RF_PURCHASE_H

#include "program/person.h"
#include "program/refusal.h"

typedef struct RfPurchaseRequest
{
	const char *code;		 /* or */
	const char *email;		 /* needs campaign_id */
	int64		campaign_id; /* 0: that of the code */
	Datum		amount;		 /* numeric; 0: null */
	const char *currency;	 /* NULL: the campaign's */
	const char *external_id; /* may be NULL */
	TimestampTz occurred_at;
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

#endif /* RF_PURCHASE_H */
