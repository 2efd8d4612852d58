/*
 * import.h
 *	  rf_import: take the good rows, report the bad ones.
 */
#ifndef RF_IMPORT_H
#define RF_IMPORT_H

#include "base/fresh.h"
#include "program/admission.h"

/* Is this INSERT the one of a running rf_import? */
extern bool rf_import_is_running(const RfInsert *insert);

/* The next row of that INSERT was checked; refusal NULL: admitted. */
extern void rf_import_row(const RfRefusal *refusal);

#endif /* RF_IMPORT_H */
