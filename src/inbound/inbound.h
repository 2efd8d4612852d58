/*
 * inbound.h
 *	  From a call to its answer: who calls, what is meant, what came of it.
 */
#ifndef RF_INBOUND_H
#define RF_INBOUND_H

#include "inbound/request.h"

/*
 * Answer a request. What touches the database is done in units: the first finds the
 * token, understands what is said and, unless that is a batch, does it; each call
 * of a batch is a unit of its own. Raises nothing that "unit" returns as an error.
 */
extern PGDLLEXPORT void rf_inbound_serve(const RfRequest *request, RfUnit unit,
										 RfResponse *response);

/* A problem of our own making, such as a full house: no detail if NULL. */
extern PGDLLEXPORT void rf_problem(RfResponse *response, int status, const char *detail);

/* Is an error an answer to its caller (below 500)? Others are nobody's fault, or ours. */
extern PGDLLEXPORT bool rf_problem_is_answer(int sqlstate);

#endif /* RF_INBOUND_H */
