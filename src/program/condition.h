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

/* What a condition is asked about; palloc'd. */
extern Jsonb *rf_condition_document(const RfHappening *happening);

#endif /* RF_CONDITION_H */
