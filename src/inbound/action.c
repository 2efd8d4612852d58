/*
 * action.c
 *	  See action.h.
 */
#include "inbound/action.h"

#include <string.h>

static const char *const action_names[RF_ACTIONS] = {
	[RF_ACTION_QUALIFY] = "qualify",
	[RF_ACTION_UNQUALIFY] = "unqualify",
	[RF_ACTION_JOIN] = "join",
	[RF_ACTION_PURCHASE] = "purchase",
	[RF_ACTION_REFUND] = "refund",
	[RF_ACTION_FULFILL] = "fulfill",
	[RF_ACTION_PARTICIPANT] = "participant",
};

const char *
rf_action_name(RfAction action)
{
	return action_names[action];
}

bool
rf_action_parse(const char *name, RfAction *action)
{
	for (int i = 0; i < RF_ACTIONS; i++)
	{
		if (strcmp(name, action_names[i]) == 0)
		{
			*action = (RfAction) i;
			return true;
		}
	}
	return false;
}
