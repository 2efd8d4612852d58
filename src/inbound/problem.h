/*
 * problem.h
 *	  Errors as answers: problem details (RFC 9457).
 */
#ifndef RF_PROBLEM_H
#define RF_PROBLEM_H

#include "inbound/inbound.h"

/*
 * What an error is for the caller. status 0: as its SQLSTATE says. Who can do
 * nothing about it is not told what it was.
 */
extern void rf_problem_of_error(RfResponse *response, const ErrorData *error, int status);

#endif /* RF_PROBLEM_H */
