/* links: program/verdict.c */
/*
 * verdict.c
 *	  Of the signals that fired, the most severe action wins, in whatever order
 *	  they come; all of them are kept.
 */
#include <string.h>

#include "program/verdict.h"
#include "tap.h"

static void
test_pair(RfFraudAction first, RfFraudAction second)
{
	RfVerdict	  verdict = {0};
	RfFraudAction worse = first > second ? first : second;

	rf_verdict_add(&verdict, RF_VELOCITY, first);
	rf_verdict_add(&verdict, RF_SAME_IP, second);
	ok(verdict.action == worse, "actions %d and %d: %d", first, second, verdict.action);
	ok(verdict.signals == (RF_SIGNAL_BIT(RF_VELOCITY) | RF_SIGNAL_BIT(RF_SAME_IP)),
	   "actions %d and %d: both signals are kept", first, second);
}

int
main(void)
{
	RfVerdict nothing = {0};

	ok(nothing.action == RF_ALLOW, "without a signal everybody is welcome");
	for (int first = RF_ALLOW; first <= RF_BLOCK; first++)
	{
		for (int second = RF_ALLOW; second <= RF_BLOCK; second++)
			test_pair((RfFraudAction) first, (RfFraudAction) second);
	}
	ok(strcmp(rf_fraud_signal_name(RF_SAME_IP), "same_ip") == 0, "the first signal has its name");
	ok(strcmp(rf_fraud_signal_name(RF_BLOCKED_LIST), "blocked_list") == 0, "and the last one");
	return tap_done();
}
