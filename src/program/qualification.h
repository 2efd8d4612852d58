/*
 * qualification.h
 *	  An invited person converts, or is taken back to pending, by a call.
 */
#ifndef RF_QUALIFICATION_H
#define RF_QUALIFICATION_H

#include "program/purchase.h"

typedef struct RfQualifyRequest
{
	/* Who: of several the first that is not NULL; the e-mail if nobody has the code. */
	const char *code;
	const char *coupon;
	const char *email;
	bool		code_may_be_coupon;
	int64		campaign_id; /* of the e-mail; else 0, or the only one it may be in */

	RfPurchaseRequest purchase; /* amount 0: none; its code and email are not looked at */
	bool			  has_occurred_at;
	const char		 *key; /* of idempotency; NULL: none */
} RfQualifyRequest;

typedef struct RfQualified
{
	int64		  participant_id;
	RfPersonState state;
	bool		  changed;
	int			  rewards; /* granted, or taken back */
} RfQualified;

/*
 * Qualify, or find that it was done. Raises what rf_qualify raises. Inside an
 * engine scope.
 */
extern RfQualified rf_qualify_person(RfQualifyRequest *request);

/* The reverse; only who is looked at. reason may be NULL. */
extern RfQualified rf_unqualify_person(const RfQualifyRequest *request, const char *reason);

#endif /* RF_QUALIFICATION_H */
