/*
 * arguments.c
 *	  See arguments.h.
 */
#include "postgres.h"

#include "inbound/arguments.h"

static const char *const argument_names[RF_ARGUMENTS] = {
	[RF_ARGUMENT_CODE] = "code",
	[RF_ARGUMENT_COUPON] = "coupon",
	[RF_ARGUMENT_EMAIL] = "email",
	[RF_ARGUMENT_CAMPAIGN] = "campaign",
	[RF_ARGUMENT_NAME] = "name",
	[RF_ARGUMENT_REFERRED_BY] = "referred_by",
	[RF_ARGUMENT_SOURCE] = "source",
	[RF_ARGUMENT_IP] = "ip",
	[RF_ARGUMENT_META] = "meta",
	[RF_ARGUMENT_AMOUNT] = "amount",
	[RF_ARGUMENT_CURRENCY] = "currency",
	[RF_ARGUMENT_OCCURRED_AT] = "occurred_at",
	[RF_ARGUMENT_EXTERNAL_ID] = "external_id",
	[RF_ARGUMENT_REFUND_ID] = "refund_id",
	[RF_ARGUMENT_REWARD] = "reward",
	[RF_ARGUMENT_REFERENCE] = "reference",
	[RF_ARGUMENT_REASON] = "reason",
	[RF_ARGUMENT_IDEMPOTENCY_KEY] = "idempotency_key",
	[RF_ARGUMENT_REFUNDED] = "refunded",
	[RF_ARGUMENT_QUALIFY] = "qualify",
};

const char *
rf_argument_name(RfArgument argument)
{
	return argument_names[argument];
}
