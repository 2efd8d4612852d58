/*
 * written.h
 *	  Rows that a statement takes as a relation, FROM written, not as parameters:
 *	  whatever logs statements would log those with them. For secrets.
 */
#ifndef RF_WRITTEN_H
#define RF_WRITTEN_H

#include "access/tupdesc.h"

#include "base/engine.h"

typedef struct RfWritten RfWritten;

/* Begin, with rows of these columns. */
extern RfWritten *rf_written_create(TupleDesc columns);

extern void rf_written_add(RfWritten *written, const Datum *values, const bool *nulls);

/* Run a statement that reads them, and end. Inside an engine scope. */
extern void rf_written_execute(RfWritten *written, RfStatement *statement);

#endif /* RF_WRITTEN_H */
