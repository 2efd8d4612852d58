/*
 * action.h
 *	  What other systems may ask of us, by the last part of a call's path.
 */
#ifndef RF_ACTION_H
#define RF_ACTION_H

#include <stdbool.h>

typedef enum RfAction
{
	RF_ACTION_QUALIFY,
	RF_ACTION_UNQUALIFY,
	RF_ACTION_JOIN,
	RF_ACTION_PURCHASE,
	RF_ACTION_REFUND,
	RF_ACTION_FULFILL,
	RF_ACTION_PARTICIPANT, /* the only one that only reads */
	RF_ACTIONS
} RfAction;

/* "qualify" and so on, in lower case. */
extern const char *rf_action_name(RfAction action);

/* False if there is no such action. */
extern bool rf_action_parse(const char *name, RfAction *action);

#endif /* RF_ACTION_H */
