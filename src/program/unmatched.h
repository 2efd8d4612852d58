/*
 * unmatched.h
 *	  rf_unmatched: rows of attached tables, and calls of other systems, that could
 *	  not be credited.
 */
#ifndef RF_UNMATCHED_H
#define RF_UNMATCHED_H

#include "base/engine.h"
#include "program/attached.h"
#include "program/admission.h"

typedef struct RfUnmatched
{
	RfAttached	 *attached;
	MemoryContext context; /* of what waits to be written */
	RfColumn	  rows;
	RfColumn	  reasons;
	RfColumn	  sqlstates;
} RfUnmatched;

/* For the rows of one trigger; lives in the current memory context. */
extern void rf_unmatched_start(RfUnmatched *unmatched, RfAttached *attached);

/*
 * The row at hand could not be credited: raised as an error if the table was
 * attached so, else written down. Inside an engine scope.
 */
extern void rf_unmatched_add(RfUnmatched *unmatched, const RfRefusal *refusal);

/* Write what was added. Inside an engine scope. */
extern void rf_unmatched_write(RfUnmatched *unmatched);

/*
 * What came from elsewhere, as a jsonb object of texts, was refused. Inside an engine
 * scope.
 */
extern void rf_unmatched_note(const char *target, Datum row, const RfRefusal *refusal);

/* Forget what was added and is not written yet. */
extern void rf_unmatched_reset(RfUnmatched *unmatched);

#endif /* RF_UNMATCHED_H */
