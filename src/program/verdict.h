/*
 * verdict.h
 *	  What signals of fraud add up to. Pure: values in, values out.
 */
#ifndef RF_VERDICT_H
#define RF_VERDICT_H

#include <stdint.h>

/* In the order of rf_fraud_signal_name(). */
typedef enum RfFraudSignal
{
	RF_SAME_IP,
	RF_PLUS_ALIAS,
	RF_DISPOSABLE,
	RF_VELOCITY,
	RF_DUPLICATE_NAME,
	RF_BLOCKED_LIST,
} RfFraudSignal;

#define RF_FRAUD_SIGNALS (RF_BLOCKED_LIST + 1)

/* From mild to severe. */
typedef enum RfFraudAction
{
	RF_ALLOW,
	RF_FLAG,
	RF_HOLD,
	RF_BLOCK,
} RfFraudAction;

/* All zero: nothing fired, the person is welcome. */
typedef struct RfVerdict
{
	RfFraudAction action;
	uint32_t	  signals; /* those that fired, as RF_SIGNAL_BITs */
} RfVerdict;

#define RF_SIGNAL_BIT(signal) (1u << (signal))

/* A signal fired whose rule asks for this action: the most severe one wins. */
extern void rf_verdict_add(RfVerdict *verdict, RfFraudSignal signal, RfFraudAction action);

/* As in rf_fraud_rule. */
extern const char *rf_fraud_signal_name(RfFraudSignal signal);

#endif /* RF_VERDICT_H */
