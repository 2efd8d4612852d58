/*
 * condition.h
 *	  The conditions of reward rules: jsonpath predicates on what happened.
 *
 * The document is the payload of the event, {"type", "timestamp", "data"}, with
 * members at the top for what is asked most: amount, currency and external_id
 * of the purchase at hand (else null), spend (the person's net spend up to and
 * including it), source and meta of the person.
 */
#ifndef RF_CONDITION_H
#define RF_CONDITION_H

#include "program/happening.h"

typedef enum RfHolds
{
	RF_HOLDS_NOT,
	RF_HOLDS,
	RF_HOLDS_UNKNOWN, /* it could not be evaluated: counts as false */
} RfHolds;

/* What a condition is asked about; palloc'd. */
extern Jsonb *rf_condition_document(const RfHappening *happening);

/*
 * Predicates ($.amount > 50) hold if they are true, filters ($ ? (@.amount > 50))
 * if they find something. Structural errors are "unknown".
 */
extern RfHolds rf_condition_holds(const JsonPath *condition, const Jsonb *document);

/* Could the condition look at this member of the document? Errs towards true. */
extern bool rf_condition_may_see(const JsonPath *condition, const char *member);

/* Raises 22023 for a condition that could never be evaluated. */
extern void rf_condition_check(const JsonPath *condition);

#endif /* RF_CONDITION_H */
