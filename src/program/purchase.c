/*
 * purchase.c
 *	  See purchase.h.
 *
 * The person and their referrer are locked first, so that all purchases and
 * refunds of one person follow each other: two that together reach min_spend
 * qualify once. An external_id that two people's purchases share at the same
 * moment is decided by the unique index.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/numeric.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/sqlstate.h"
#include "program/answer.h"
#include "program/conversion.h"
#include "program/currency.h"
#include "program/purchase.h"
#include "program/spend.h"

PG_FUNCTION_INFO_V1(rf_record_purchase);


static bool
check_amount(Datum amount, RfRefusal *refusal)
{
	if (amount == 0)
		return true;
	if (numeric_is_nan(DatumGetNumeric(amount)) || numeric_is_inf(DatumGetNumeric(amount)))
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "the amount of a purchase must be a finite number",
						 psprintf("It is %s.", rf_number_text(amount)), NULL);
	if (!rf_number_is_positive(amount))
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "the amount of a purchase must be greater than zero",
						 psprintf("It is %s.", rf_number_text(amount)),
						 "What is given back is recorded with rf_record_refund.");
	return true;
}

static bool
check_currency(const RfPurchaseRequest *request, RfRefusal *refusal)
{
	if (request->currency == NULL)
		return true;
	if (request->amount == 0)
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "a currency needs an amount", NULL,
						 "Leave both out, or give the amount of the purchase.");
	if (rf_currency_digits(request->currency) >= 0)
		return true;
	return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
					 psprintf("unknown currency \"%s\"", request->currency), NULL,
					 "Money is given in currencies of ISO 4217, such as EUR.");
}

static bool
check_external_id(const char *external_id, RfRefusal *refusal)
{
	if (external_id == NULL ||
		(external_id[0] != '\0' && strlen(external_id) <= RF_EXTERNAL_ID_MAX))
		return true;
	return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
					 "external_id must have 1 to 255 bytes",
					 psprintf("It has %zu.", strlen(external_id)), NULL);
}

static bool
check_occurred_at(TimestampTz occurred_at, RfRefusal *refusal)
{
	if (TIMESTAMP_NOT_FINITE(occurred_at))
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "occurred_at must be finite", NULL, NULL);
	if (occurred_at > rf_now() + RF_CLOCK_SKEW)
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "occurred_at lies in the future",
						 psprintf("It is %s.", timestamptz_to_str(occurred_at)),
						 "At most 5 minutes ahead are taken for a difference of clocks.");
	return true;
}

bool
rf_purchase_is_sound(const RfPurchaseRequest *request, RfRefusal *refusal)
{
	return check_amount(request->amount, refusal) &&
		check_currency(request, refusal) &&
		check_external_id(request->external_id, refusal) &&
		check_occurred_at(request->occurred_at, refusal);
}

bool
rf_purchase_price(RfPurchase *purchase, const RfPurchaseRequest *request,
				  const RfCampaign *campaign, RfRefusal *refusal)
{
	purchase->currency = request->currency != NULL ? request->currency : campaign->currency;
	if (purchase->currency == NULL)
		return rf_refuse(refusal, ERRCODE_NULL_VALUE_NOT_ALLOWED,
						 "currency must not be null",
						 psprintf("Campaign \"%s\" has no currency of its own.", campaign->slug),
						 NULL);
	purchase->amount = rf_currency_round(request->amount, purchase->currency);
	return check_amount(purchase->amount, refusal);
}

bool
rf_purchase_check_currency(const RfPurchase *purchase, const RfCampaign *campaign,
						   RfRefusal *refusal)
{
	if (campaign->currency == NULL || strcmp(purchase->currency, campaign->currency) == 0)
		return true;
	return rf_refuse(refusal, ERRCODE_RF_CURRENCY_MISMATCH,
					 psprintf("campaign \"%s\" takes purchases in %s only",
							  campaign->slug, campaign->currency),
					 psprintf("The purchase is in %s.", purchase->currency),
					 "Different currencies are never added up: convert the amount, or leave the campaign's currency null.");
}

RF_STATEMENT(find_purchase,
			 "SELECT id, participant_id, amount, currency"
			 " FROM @extschema@.rf_purchase"
			 " WHERE campaign_id = $1 AND external_id = $2",
			 INT8OID, TEXTOID);

static bool
refuse_taken(const RfPurchase *purchase, RfRefusal *refusal)
{
	return rf_refuse(refusal, ERRCODE_UNIQUE_VIOLATION,
					 psprintf("purchase \"%s\" was recorded before", purchase->external_id),
					 "It had another person, amount or currency.",
					 "An external_id names one purchase of the campaign.");
}

/*
 * Was it recorded before? Then purchase->id is set: the same purchase again is
 * no mistake, anything else under its external_id is refused (false).
 */
static bool
purchase_find(RfPurchase *purchase, const RfPair *pair, RfRefusal *refusal)
{
	Datum values[2];
	bool  isnull;

	if (purchase->external_id == NULL)
		return true;
	values[0] = Int64GetDatum(pair->campaign->id);
	values[1] = CStringGetTextDatum(purchase->external_id);
	if (rf_execute(&find_purchase, values, NULL) == 0)
		return true;
	purchase->id = rf_int64(0, 1);
	if (rf_int64(0, 2) != pair->invited.id ||
		strcmp(rf_text(0, 4), purchase->currency) != 0 ||
		rf_number_compare(rf_value(0, 3, &isnull), purchase->amount) != 0)
		return refuse_taken(purchase, refusal);
	return true;
}

RF_STATEMENT(insert_purchase,
			 "INSERT INTO @extschema@.rf_purchase"
			 " (campaign_id, participant_id, external_id, amount, currency, occurred_at,"
			 "  refunded, recorded_at)"
			 " VALUES ($1, $2, $3, $4, $5, $6, 0, $7)"
			 " ON CONFLICT (campaign_id, external_id) DO NOTHING"
			 " RETURNING id",
			 INT8OID, INT8OID, TEXTOID, NUMERICOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID);

bool
rf_purchase_write(RfPurchase *purchase, const RfPair *pair, RfRefusal *refusal)
{
	bool  anonymous = purchase->external_id == NULL;
	Datum values[] = {
		Int64GetDatum(pair->campaign->id), Int64GetDatum(pair->invited.id),
		anonymous ? (Datum) 0 : CStringGetTextDatum(purchase->external_id),
		purchase->amount, CStringGetTextDatum(purchase->currency),
		TimestampTzGetDatum(purchase->occurred_at), TimestampTzGetDatum(rf_now())};

	/* The person is locked, so a purchase that came in between is another's. */
	if (rf_execute(&insert_purchase, values, anonymous ? "  n    " : NULL) == 0)
		return refuse_taken(purchase, refusal);
	purchase->id = rf_int64(0, 1);
	rf_purchase_touch(pair);
	return true;
}

RF_STATEMENT(touch_person,
			 "UPDATE @extschema@.rf_participant SET state = state WHERE id = $1", INT8OID);

static void
touch(const RfPair *pair)
{
	Datum values[] = {Int64GetDatum(pair->invited.id)};

	rf_execute(&touch_person, values, NULL);
}

void
rf_purchase_touch(const RfPair *pair)
{
	if (pair->campaign->min_spend != 0 || pair->campaign->needs_spending)
		touch(pair);
}

/* Does the person's net spend, this purchase included, qualify them? */
static bool
purchase_qualifies(const RfPair *pair, bool any)
{
	const RfCampaign *campaign = pair->campaign;
	Datum			  net;

	if (pair->invited.state != RF_PENDING && pair->invited.state != RF_EXPIRED)
		return false;
	if (campaign->min_spend == 0)
		return any;
	net = rf_spend_between(pair->invited.id, campaign->currency,
						   rf_pair_window_start(pair), rf_pair_window_end(pair));
	return rf_number_compare(net, campaign->min_spend) >= 0;
}

/* What follows from a purchase that was written. Returns how many rewards. */
static int
purchase_settle(RfPair *pair, const RfPurchase *purchase, bool any_qualifies)
{
	TimestampTz when = purchase->occurred_at;

	if (any_qualifies)
		touch(pair);
	if (pair->invited.state != RF_QUALIFIED && !rf_pair_in_window(pair, when))
		return 0;
	return rf_convert(pair, purchase_qualifies(pair, any_qualifies), purchase, when);
}

/* Nobody was asked for yet, or nobody has that. */
static bool
is_nobody(const RfRefusal *refusal)
{
	return refusal->sqlstate == ERRCODE_NULL_VALUE_NOT_ALLOWED ||
		refusal->sqlstate == ERRCODE_RF_UNKNOWN_CODE;
}

static bool
purchase_lock(RfPair *pair, const RfPurchaseRequest *request, RfRefusal *refusal)
{
	int64 campaign_id = request->campaign_id;

	rf_refuse(refusal, ERRCODE_NULL_VALUE_NOT_ALLOWED, "code must not be null", NULL, NULL);
	if (request->code != NULL &&
		rf_pair_lock_by_code(pair, campaign_id, request->code, refusal))
		return true;
	if (request->coupon != NULL && is_nobody(refusal) &&
		rf_pair_lock_by_coupon(pair, campaign_id, request->coupon, refusal))
		return true;
	return request->email != NULL && campaign_id != 0 && is_nobody(refusal) &&
		rf_pair_lock_by_email(pair, campaign_id, request->email, refusal);
}

bool
rf_purchase_record(const RfPurchaseRequest *request, RfPurchaseAnswer *answer, RfRefusal *refusal)
{
	RfPurchase purchase = {
		.external_id = request->external_id,
		.occurred_at = request->occurred_at,
	};
	RfPair pair;

	if (request->amount == 0)
		return rf_refuse(refusal, ERRCODE_NULL_VALUE_NOT_ALLOWED,
						 "amount must not be null", NULL, NULL);
	if (!rf_purchase_is_sound(request, refusal) ||
		!purchase_lock(&pair, request, refusal) ||
		!rf_purchase_price(&purchase, request, pair.campaign, refusal) ||
		!purchase_find(&purchase, &pair, refusal))
		return false;
	answer->changed = purchase.id == 0;
	answer->rewards = 0;
	if (answer->changed)
	{
		if (!rf_purchase_check_currency(&purchase, pair.campaign, refusal) ||
			!rf_pair_is_open(&pair, purchase.occurred_at, refusal) ||
			!rf_purchase_write(&purchase, &pair, refusal))
			return false;
		answer->rewards = purchase_settle(&pair, &purchase, request->qualifies);
	}
	answer->purchase_id = purchase.id;
	answer->participant_id = pair.invited.id;
	answer->state = pair.invited.state;
	return true;
}

Datum
rf_purchase_answer(FunctionCallInfo fcinfo, const RfPurchaseAnswer *answer)
{
	Datum values[] = {
		Int64GetDatum(answer->purchase_id),
		Int64GetDatum(answer->participant_id),
		CStringGetTextDatum(rf_person_state_name(answer->state)),
		BoolGetDatum(answer->changed),
		Int32GetDatum(answer->rewards)};
	bool nulls[lengthof(values)] = {false};

	return rf_answer(fcinfo, values, nulls);
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

Datum
rf_record_purchase(PG_FUNCTION_ARGS)
{
	RfPurchaseRequest request = {
		.code = optional_text(fcinfo, 0),
		.amount = PG_ARGISNULL(1) ? 0 : NumericGetDatum(PG_GETARG_NUMERIC(1)),
		.currency = optional_text(fcinfo, 2),
		.external_id = optional_text(fcinfo, 3),
		.occurred_at = PG_ARGISNULL(4) ? rf_now() : PG_GETARG_TIMESTAMPTZ(4),
	};
	RfPurchaseAnswer answer;
	RfRefusal		 refusal;
	RfEngine		 engine;

	rf_engine_enter(&engine, fcinfo);
	if (!rf_purchase_record(&request, &answer, &refusal))
		rf_refusal_raise(&refusal);
	rf_engine_leave(&engine);
	return rf_purchase_answer(fcinfo, &answer);
}
