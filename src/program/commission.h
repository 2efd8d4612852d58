/*
 * commission.h
 *	  Percent of spend. Pure.
 */
#ifndef RF_COMMISSION_H
#define RF_COMMISSION_H

#include "postgres.h"

/*
 * `percent` of `base`, rounded half away from zero to the currency's minor
 * unit, then at most `cap` (0: no cap). All numeric. 0 (no Datum) if nothing is
 * left after rounding. Raises 22023 for an unknown currency.
 */
extern Datum rf_commission(Datum base, Datum percent, Datum cap, const char *currency);

#endif /* RF_COMMISSION_H */
