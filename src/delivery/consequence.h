/*
 * consequence.h
 *	  What follows from attempts: deliveries that are tried again, those that are
 *	  dead, and who hears of it.
 */
#ifndef RF_CONSEQUENCE_H
#define RF_CONSEQUENCE_H

#include "delivery/record.h"

/* Does the delivery stay in rf_retry, or go there? */
extern bool rf_consequence_lives_on(const RfRecord *record);

/* If so, when it is tried again; DT_NOEND: once its webhook is enabled. */
extern TimestampTz rf_consequence_next_at(const RfRecord *record);

/* Write it for all records but those that are locked. In a turn. */
extern void rf_consequence_write(const RfRecord *records, int n);

#endif /* RF_CONSEQUENCE_H */
