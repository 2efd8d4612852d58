/*
 * arguments.h
 *	  What a call says, whatever form it came in: texts by name.
 *
 * A form, a JSON object and a mapping of somebody else's payload all end here;
 * what the texts mean (a number, a time) is the call's to say.
 */
#ifndef RF_ARGUMENTS_H
#define RF_ARGUMENTS_H

typedef enum RfArgument
{
	RF_ARGUMENT_CODE,
	RF_ARGUMENT_COUPON,
	RF_ARGUMENT_EMAIL,
	RF_ARGUMENT_CAMPAIGN, /* slug; of tokens that are bound to no campaign */
	RF_ARGUMENT_NAME,
	RF_ARGUMENT_REFERRED_BY,
	RF_ARGUMENT_SOURCE,
	RF_ARGUMENT_IP,
	RF_ARGUMENT_META,	/* a JSON object */
	RF_ARGUMENT_AMOUNT, /* in the currency's main unit */
	RF_ARGUMENT_CURRENCY,
	RF_ARGUMENT_OCCURRED_AT,
	RF_ARGUMENT_EXTERNAL_ID,
	RF_ARGUMENT_REFUND_ID,
	RF_ARGUMENT_REWARD, /* id */
	RF_ARGUMENT_REFERENCE,
	RF_ARGUMENT_REASON,
	RF_ARGUMENT_IDEMPOTENCY_KEY,
	RF_ARGUMENT_REFUNDED, /* in all so far, of a purchase */
	RF_ARGUMENT_QUALIFY,  /* "true": a purchase qualifies whoever pays, its refund undoes that */
	RF_ARGUMENTS
} RfArgument;

/* Null: not given. Texts are in the database's encoding, palloc'd. */
typedef struct RfArguments
{
	char *value[RF_ARGUMENTS];
} RfArguments;

/* "code" and so on. */
extern const char *rf_argument_name(RfArgument argument);

/* All that are given as a jsonb object of texts; meta, which is an object, as its text too. */
extern Datum rf_arguments_object(const RfArguments *arguments);

#endif /* RF_ARGUMENTS_H */
