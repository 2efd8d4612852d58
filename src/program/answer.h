/*
 * answer.h
 *	  What functions called by SQL share: rows they return, errors they raise.
 */
#ifndef RF_ANSWER_H
#define RF_ANSWER_H

#include "fmgr.h"

#include "base/compat.h"

/* A function's one row, of the type it was declared with. */
extern Datum rf_answer(FunctionCallInfo fcinfo, Datum *values, bool *nulls);

/* Raise RF002. */
RF_NORETURN extern void rf_raise_unknown_code(const char *code);

#endif /* RF_ANSWER_H */
