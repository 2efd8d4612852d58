/*
 * import.h
 *	  rf_import: take the good rows, report the bad ones.
 */
#ifndef RF_IMPORT_H
#define RF_IMPORT_H

#include "program/admission.h"

/* In the row trigger: was it fired by the INSERT of a running rf_import? */
extern bool rf_import_is_running(void);

/* The next row of that INSERT was checked; refusal NULL: admitted. */
extern void rf_import_row(const RfAdmitted *admitted, const RfRefusal *refusal);

#endif /* RF_IMPORT_H */
