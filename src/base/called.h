/*
 * called.h
 *	  How a function of ours was called.
 */
#ifndef RF_CALLED_H
#define RF_CALLED_H

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

/* What a trigger function is told. Raises 39P01 if it was called otherwise. */
static inline TriggerData *
rf_called_as_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						get_func_name(fcinfo->flinfo->fn_oid))));
	return (TriggerData *) fcinfo->context;
}

#endif /* RF_CALLED_H */
