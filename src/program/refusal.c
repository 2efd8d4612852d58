/*
 * refusal.c
 *	  See refusal.h.
 */
#include "postgres.h"

#include "program/refusal.h"

bool
rf_refuse(RfRefusal *refusal, int sqlstate, char *message, char *detail, char *hint)
{
	refusal->sqlstate = sqlstate;
	refusal->message = message;
	refusal->detail = detail;
	refusal->hint = hint;
	return false;
}

void
rf_refusal_raise(const RfRefusal *refusal)
{
	ereport(ERROR,
			(errcode(refusal->sqlstate),
			 errmsg_internal("%s", refusal->message),
			 refusal->detail ? errdetail_internal("%s", refusal->detail) : 0,
			 refusal->hint ? errhint("%s", refusal->hint) : 0));
}

RfRefusal
rf_refusal_of_error(const ErrorData *error)
{
	RfRefusal refusal = {error->sqlerrcode, error->message, error->detail, error->hint};

	return refusal;
}
