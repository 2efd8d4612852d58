/*
 * predicate.h
 *	  Conditions as such: jsonpath asked of a document.
 */
#ifndef RF_PREDICATE_H
#define RF_PREDICATE_H

#include "utils/jsonb.h"
#include "utils/jsonpath.h"

typedef enum RfHolds
{
	RF_HOLDS_NOT,
	RF_HOLDS,
	RF_HOLDS_UNKNOWN, /* it could not be evaluated: counts as false */
} RfHolds;

/*
 * Predicates ($.amount > 50) hold if they are true, filters ($ ? (@.amount > 50))
 * if they find something. Structural errors are "unknown".
 */
extern RfHolds rf_condition_holds(const JsonPath *condition, const Jsonb *document);

/* Could the condition look at this member of the document? Errs towards true. */
extern bool rf_condition_may_see(const JsonPath *condition, const char *member);

/* Raises 22023 for a condition that could never be evaluated. */
extern void rf_condition_check(const JsonPath *condition);

#endif /* RF_PREDICATE_H */
