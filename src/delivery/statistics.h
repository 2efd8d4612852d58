/*
 * statistics.h
 *	  What the worker counts for those who watch (see statistics_memory.h).
 */
#ifndef RF_STATISTICS_H
#define RF_STATISTICS_H

#include "delivery/endpoint.h"

/* Once per process; without memory it is tried again when there is something to publish. */
extern void rf_statistics_start(void);

/* The webhook was deleted. */
extern void rf_statistics_forget(int64 webhook_id);

/* The webhook is served by another process from now on. */
extern void rf_statistics_leave(RfEndpoint *endpoint);

/* An attempt ended. Costs less than a tenth of a microsecond. */
extern void rf_statistics_note(RfEndpoint *endpoint, const RfHttpResult *result, bool failed);

/* Something went wrong on this side. */
extern void rf_statistics_note_fault(const char *message);

/*
 * Publish what waits and what is under way, at most twice a second. Returns the
 * milliseconds until it wants to be called again; -1: it has nothing new to say.
 */
extern long rf_statistics_publish(void);

#endif /* RF_STATISTICS_H */
