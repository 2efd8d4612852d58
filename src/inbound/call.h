/*
 * call.h
 *	  One call of a token: do it, and say what came of it.
 */
#ifndef RF_CALL_H
#define RF_CALL_H

#include "inbound/action.h"
#include "inbound/arguments.h"
#include "inbound/token.h"
#include "program/campaign.h"
#include "program/refusal.h"

/* What the call must say and does not, as words for people; NULL: nothing lacks. */
extern const char *rf_call_lacks(RfAction action, const RfArguments *arguments);

/*
 * Do it. Returns the answer, a JSON object in the database's encoding, palloc'd; what
 * is refused is raised. Inside an engine scope.
 */
extern char *rf_call_do(const RfToken *token, RfAction action, const RfArguments *arguments);

/*
 * What somebody may still want to be credited with was refused: keep it in
 * rf_unmatched. Inside an engine scope.
 */
extern void rf_call_keep(const RfToken *token, const RfArguments *arguments,
						 const RfRefusal *refusal);

/*
 * The one campaign that a call may touch, 0: any. Raises 42704 if the token may not
 * touch the one the call names. Inside an engine scope.
 */
extern int64 rf_call_campaign_id(const RfToken *token, const RfArguments *arguments);

/* The campaign of what is found by something else than a code. Raises 22004: which? */
extern const RfCampaign *rf_call_campaign(const RfToken *token, const RfArguments *arguments);

#endif /* RF_CALL_H */
