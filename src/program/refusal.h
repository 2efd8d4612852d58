/*
 * refusal.h
 *	  Why something cannot be done, as a value: callers that take many rows
 *	  report it, the others raise it.
 */
#ifndef RF_REFUSAL_H
#define RF_REFUSAL_H

#include "base/compat.h"

/* sqlstate 0: not refused. */
typedef struct RfRefusal
{
	int	  sqlstate;
	char *message;
	char *detail; /* may be NULL */
	char *hint;	  /* may be NULL */
} RfRefusal;

/* Fill a refusal; returns false, for the caller to return. Strings are kept, not copied. */
extern bool rf_refuse(RfRefusal *refusal, int sqlstate, char *message, char *detail, char *hint);

/* Raise a refusal as an error. */
RF_NORETURN extern void rf_refusal_raise(const RfRefusal *refusal);

/* A refusal that says what an error said; its strings are the error's. */
extern RfRefusal rf_refusal_of_error(const ErrorData *error);

#endif /* RF_REFUSAL_H */
