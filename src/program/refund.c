/*
 * refund.c
 *	  rf_record_refund: something is given back of a purchase.
 *
 * A refund is a fact: it is recorded whatever state the person and the campaign
 * are in. First the person may fall below min_spend, which takes back what
 * qualifying earned; then the rewards that are left are recomputed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/numeric.h"

#include "base/clock.h"
#include "base/number.h"
#include "program/conversion.h"
#include "program/currency.h"
#include "program/limit.h"
#include "program/purchase.h"
#include "program/recompute.h"
#include "program/refund.h"
#include "program/spend.h"

PG_FUNCTION_INFO_V1(rf_record_refund);

#define REFUND_REASON	 "purchase refunded"
#define UNQUALIFY_REASON "net spend fell below min_spend"
#define NOTHING_LEFT	 "everything that was bought was given back"

static void
request_check(const RfRefundRequest *request)
{
	if (request->external_id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("external_id must not be null")));
	if (request->refund_id != NULL &&
		(request->refund_id[0] == '\0' || strlen(request->refund_id) > RF_EXTERNAL_ID_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("refund_id must have 1 to %d bytes", RF_EXTERNAL_ID_MAX)));
}

RF_STATEMENT(find_payer,
			 "SELECT participant_id FROM @extschema@.rf_purchase"
			 " WHERE campaign_id = $1 AND external_id = $2",
			 INT8OID, TEXTOID);
RF_STATEMENT(read_purchase,
			 "SELECT id, amount, currency, occurred_at, amount - refunded"
			 " FROM @extschema@.rf_purchase"
			 " WHERE campaign_id = $1 AND external_id = $2",
			 INT8OID, TEXTOID);

/* Lock the people of the purchase, then read it. Returns what is left of it. */
static Datum
refund_lock(RfPair *pair, RfPurchase *purchase, const RfRefundRequest *request)
{
	const char *external_id = request->external_id;
	Datum		values[] = {
			  Int64GetDatum(request->campaign_id), CStringGetTextDatum(external_id)};
	bool isnull;

	if (rf_execute(&find_payer, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("purchase \"%s\" does not exist", external_id),
				 errhint("Record the purchase first, then try the refund again.")));
	rf_pair_lock_by_id(pair, rf_int64(0, 1));
	rf_execute(&read_purchase, values, NULL);
	purchase->id = rf_int64(0, 1);
	purchase->external_id = external_id;
	purchase->amount = datumCopy(rf_value(0, 2, &isnull), false, -1);
	purchase->currency = rf_text(0, 3);
	purchase->occurred_at = DatumGetTimestampTz(rf_value(0, 4, &isnull));
	return datumCopy(rf_value(0, 5, &isnull), false, -1);
}

RF_STATEMENT(find_refund,
			 "SELECT amount FROM @extschema@.rf_refund WHERE purchase_id = $1 AND refund_id = $2",
			 INT8OID, TEXTOID);

/* Was this refund recorded before? An error if it was for another amount. */
static bool
refund_is_known(const RfRefundRequest *request, const RfPurchase *purchase)
{
	Datum values[2];
	bool  isnull;

	if (request->refund_id == NULL)
		return false;
	values[0] = Int64GetDatum(purchase->id);
	values[1] = CStringGetTextDatum(request->refund_id);
	if (rf_execute(&find_refund, values, NULL) == 0)
		return false;
	if (request->amount != 0 &&
		rf_number_compare(rf_value(0, 1, &isnull), request->amount) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("refund \"%s\" was recorded before with another amount", request->refund_id),
				 errhint("A refund_id names one refund of the purchase.")));
	return true;
}

static void
refund_check_amount(const RfPurchase *purchase, Datum amount, Datum left)
{
	if (!rf_number_is_positive(amount))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the amount of a refund must be greater than zero")));
	if (rf_number_compare(amount, left) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("more is refunded than is left of purchase \"%s\"", purchase->external_id),
				 errdetail("The refund is %s, %s %s are left.",
						   rf_number_text(amount),
						   rf_number_text(left),
						   purchase->currency)));
}

/* The purchase first: of two transactions with old snapshots one fails there (40001). */
RF_STATEMENT(write_refunded,
			 "UPDATE @extschema@.rf_purchase SET refunded = refunded + $2 WHERE id = $1",
			 INT8OID, NUMERICOID);
RF_STATEMENT(insert_refund,
			 "INSERT INTO @extschema@.rf_refund (purchase_id, refund_id, amount, occurred_at)"
			 " VALUES ($1, $2, $3, $4)",
			 INT8OID, TEXTOID, NUMERICOID, TIMESTAMPTZOID);

static void
refund_write(const RfRefund *refund, const char *refund_id)
{
	Datum refunded[] = {Int64GetDatum(refund->purchase->id), refund->amount};
	Datum row[] = {
		Int64GetDatum(refund->purchase->id),
		refund_id != NULL ? CStringGetTextDatum(refund_id) : (Datum) 0,
		refund->amount, TimestampTzGetDatum(rf_now())};

	rf_execute(&write_refunded, refunded, NULL);
	rf_execute(&insert_refund, row, refund_id == NULL ? " n  " : NULL);
}

/* Did the refund take the person's net spend from min_spend to below it? */
static bool
refund_unqualifies(const RfPair *pair, const RfRefund *refund)
{
	const RfCampaign *campaign = pair->campaign;
	Datum			  after;
	Datum			  before;

	if (campaign->min_spend == 0 || pair->invited.state != RF_QUALIFIED ||
		strcmp(refund->purchase->currency, campaign->currency) != 0 ||
		!rf_pair_in_window(pair, refund->purchase->occurred_at))
		return false;
	after = rf_spend_between(pair->invited.id, campaign->currency,
							 rf_pair_window_start(pair), rf_pair_window_end(pair));
	before = DirectFunctionCall2(numeric_add, after, refund->amount);
	return rf_number_compare(after, campaign->min_spend) < 0 &&
		rf_number_compare(before, campaign->min_spend) >= 0;
}

RF_STATEMENT(read_bought,
			 "SELECT coalesce(bool_or(occurred_at = $2) AND bool_and(refunded = amount), false)"
			 " FROM @extschema@.rf_purchase"
			 " WHERE participant_id = $1",
			 INT8OID, TIMESTAMPTZOID);

/* Did they qualify by a purchase, whatever its amount, and have none left? */
static bool
refund_leaves_nothing(const RfPair *pair)
{
	Datum values[] = {Int64GetDatum(pair->invited.id),
					  TimestampTzGetDatum(pair->invited.qualified_at)};

	if (pair->campaign->min_spend != 0 || pair->invited.state != RF_QUALIFIED)
		return false;
	rf_execute(&read_bought, values, NULL);
	return rf_bool(0, 1);
}

/* What follows from a refund that was written. Returns how many rewards it cost. */
static int
refund_settle(RfPair *pair, const RfRefund *refund, bool unqualifies)
{
	RfEventBatch events = {0};
	RfLoss		 loss = {
			  .campaign = pair->campaign,
			  .participant = &pair->invited,
			  .referrer = rf_pair_referrer(pair),
			  .reason = REFUND_REASON,
	  };
	int rewards = 0;

	/* What is locked below is locked in order, once. */
	rf_limits_lock_campaign(pair->campaign);
	if (refund_unqualifies(pair, refund))
		rewards = rf_unconvert(pair, UNQUALIFY_REASON, &events);
	else if (unqualifies && refund_leaves_nothing(pair))
		rewards = rf_unconvert(pair, NOTHING_LEFT, &events);
	rewards += rf_rewards_recompute(&loss, refund, &events);
	rf_event_flush(&events);
	return rewards;
}

/* How much this refund gives back; may be zero or less if that is known already. */
static Datum
refund_amount(const RfRefundRequest *request, const RfPurchase *purchase, Datum left)
{
	Datum before;

	if (request->in_all == 0)
		return request->amount != 0 ? rf_currency_round(request->amount, purchase->currency) : left;
	before = DirectFunctionCall2(numeric_sub, purchase->amount, left);
	return DirectFunctionCall2(numeric_sub,
							   rf_currency_round(request->in_all, purchase->currency), before);
}

static RfPurchaseAnswer
refund_record(RfRefundRequest *request)
{
	RfPair			 pair;
	RfPurchase		 purchase;
	Datum			 left = refund_lock(&pair, &purchase, request);
	RfRefund		 refund = {.purchase = &purchase};
	RfPurchaseAnswer answer = {.purchase_id = purchase.id, .participant_id = pair.invited.id};

	refund.amount = refund_amount(request, &purchase, left);
	if (request->amount != 0)
		request->amount = refund.amount;
	/* All of nothing was given back before, whoever asks for it. */
	answer.changed = !refund_is_known(request, &purchase) &&
		(request->amount != 0 || rf_number_is_positive(refund.amount));
	if (answer.changed)
	{
		refund_check_amount(&purchase, refund.amount, left);
		refund.left = DirectFunctionCall2(numeric_sub, left, refund.amount);
		refund_write(&refund, request->refund_id);
		rf_purchase_touch(&pair);
		answer.rewards = refund_settle(&pair, &refund, request->unqualifies);
	}
	answer.state = pair.invited.state;
	return answer;
}

RfPurchaseAnswer
rf_refund_record(RfRefundRequest *request)
{
	request_check(request);
	return refund_record(request);
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

Datum
rf_record_refund(PG_FUNCTION_ARGS)
{
	RfRefundRequest request = {
		.external_id = optional_text(fcinfo, 1),
		.amount = PG_ARGISNULL(2) ? 0 : NumericGetDatum(PG_GETARG_NUMERIC(2)),
		.refund_id = optional_text(fcinfo, 3),
	};
	char			*slug = optional_text(fcinfo, 0);
	RfEngine		 engine;
	RfPurchaseAnswer answer;

	request_check(&request);
	rf_engine_enter(&engine, fcinfo);
	request.campaign_id = rf_campaign_by_slug(slug)->id;
	answer = refund_record(&request);
	rf_engine_leave(&engine);
	return rf_purchase_answer(fcinfo, &answer);
}
