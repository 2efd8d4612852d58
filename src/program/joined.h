/*
 * joined.h
 *	  What it means that people joined, for a whole statement at once.
 */
#ifndef RF_JOINED_H
#define RF_JOINED_H

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

/*
 * Count, reward and announce the new rows of rf_participant. Raises RF005 if a
 * referrer then has more people than allowed. Inside an engine scope.
 */
extern void rf_joined(Tuplestorestate *rows, TupleDesc tupdesc);

#endif /* RF_JOINED_H */
