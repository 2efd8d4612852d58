/*
 * admission.h
 *	  May this person join? The checks of a single row, for INSERT, COPY,
 *	  rf_join and rf_import alike.
 */
#ifndef RF_ADMISSION_H
#define RF_ADMISSION_H

#include "base/engine.h"
#include "program/campaign.h"
#include "program/code.h"
#include "program/particulars.h"
#include "program/refusal.h"
#include "program/verdict.h"

/* Who wants to join; strings may be NULL. */
typedef struct RfApplicant
{
	int64		campaign_id;
	const char *email;
	const char *name;
	const char *referred_by;
	const char *source;
	const char *code;
	const char *meta;		   /* text; only where the server checks no
								 * encoding */
	Datum		ip;			   /* inet; 0: unknown */
	bool		has_joined_at; /* false: now */
	TimestampTz joined_at;
} RfApplicant;

/* What the engine adds to an admitted person. */
typedef struct RfAdmitted
{
	const char *email; /* trimmed */
	const char *email_key;
	const char *code;
	const char *code_key;
	const char *source;
	int64		referrer_id; /* 0: none */
	TimestampTz joined_at;
	RfVerdict	verdict; /* of the campaign's fraud rules */
} RfAdmitted;

/* The statement's memory of campaigns and referrers. */
typedef struct RfAdmission RfAdmission;

/* An admission for the rows of one statement, in the statement's memory. */
extern RfAdmission *rf_admission(MemoryContext context);

/*
 * Check one applicant. On refusal returns false and fills `refusal`. With
 * `strict` a person who is there already is refused; without, such a row
 * passes, so that the unique index or ON CONFLICT decides.
 */
extern bool rf_admission_check(RfAdmission *admission, RfLazyEngine *lazy,
							   const RfApplicant *applicant, bool strict,
							   RfAdmitted *admitted, RfRefusal *refusal);

/* Fill the refusal of a code whose owner is blocked; returns false. */
extern bool rf_refuse_blocked(const char *code, RfRefusal *refusal);

/* Fill the refusal of a referrer who has as many people as allowed; returns false. */
extern bool rf_refuse_capped(const RfCampaign *campaign, const char *code, RfRefusal *refusal);

#endif /* RF_ADMISSION_H */
