/*
 * lookup.h
 *	  When the name of a host cannot be resolved: is it the name, or do name
 *	  servers not answer at all?
 *
 * For a worker process only. Times are in ms.
 */
#ifndef RF_LOOKUP_H
#define RF_LOOKUP_H

#include "postgres.h"

/* A name was resolved. */
extern void rf_lookup_succeeded(const char *host, int64 now);

/*
 * A name was not. True if name servers have answered since it could not be
 * resolved the last time, so that it must be the name; false if they have not,
 * or this was the first time: then it is found out, while nobody waits.
 */
extern bool rf_lookup_failed(const char *host, int64 now);

#endif /* RF_LOOKUP_H */
