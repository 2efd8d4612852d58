/*
 * health.h
 *	  Does this database do its work? For load balancers and those who watch.
 *
 * Reasons mean that it does not (503): the server is in recovery, the extension
 * is absent or of another version, no worker sends, this is a restored copy, or
 * deliveries wait for more than five minutes though nothing is wrong with their
 * endpoints. What others do to us, and what still works, is only told as a
 * warning: open breakers, disabled webhooks, faults, missing workers.
 *
 * Nothing in an answer names people, endpoints or databases: anybody may read it.
 */
#ifndef RF_HEALTH_H
#define RF_HEALTH_H

#include "inbound/request.h"

/* Answer a request for it. Inside an engine scope. */
extern PGDLLEXPORT void rf_health_serve(RfResponse *response);

/*
 * The same where none of our SQL can be used: why not, in a word ("recovery",
 * "extension") and in a sentence.
 */
extern PGDLLEXPORT void rf_health_without(RfResponse *response, const char *check,
										  const char *message);

/* Are there no reasons? Inside an engine scope. */
extern bool rf_health_is_good(void);

#endif /* RF_HEALTH_H */
