/*
 * verdict.c
 *	  See verdict.h.
 */
#include "program/verdict.h"

static const char *const signal_names[RF_FRAUD_SIGNALS] = {
	"same_ip", "plus_alias", "disposable", "velocity", "duplicate_name", "blocked_list"};

void
rf_verdict_add(RfVerdict *verdict, RfFraudSignal signal, RfFraudAction action)
{
	verdict->signals |= RF_SIGNAL_BIT(signal);
	if (action > verdict->action)
		verdict->action = action;
}

const char *
rf_fraud_signal_name(RfFraudSignal signal)
{
	return signal_names[signal];
}
