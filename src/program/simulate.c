/*
 * simulate.c
 *	  rf_simulate: what a qualification would grant, written nowhere.
 *
 * The same rooms decide as in earnest: conversion.c puts together what would
 * happen, settle.c what it earns, and limits and coupons are looked at without
 * being used.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "program/answer.h"
#include "program/code.h"
#include "program/conversion.h"
#include "program/purchase.h"

PG_FUNCTION_INFO_V1(rf_simulate);

/* The person first. */
RF_STATEMENT(read_pair,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant s"
			 " JOIN @extschema@.rf_participant p ON p.id IN (s.id, s.referrer_id)"
			 " WHERE s.code_key = $1"
			 " ORDER BY p.id = s.id DESC",
			 TEXTOID);

static void
pair_read(RfPair *pair, const char *code)
{
	Datum  values[] = {CStringGetTextDatum(rf_code_key(code))};
	uint64 n = rf_execute(&read_pair, values, NULL);

	memset(pair, 0, sizeof(*pair));
	if (n == 0)
		rf_raise_unknown_code(code);
	rf_person_read(&pair->invited, 0, 1);
	if (n == 1)
		ereport(ERROR,
				(errcode(ERRCODE_RF_NOT_INVITED),
				 errmsg("\"%s\" is not an invited participant", code)));
	rf_person_read(&pair->referrer, 1, 1);
	pair->campaign = rf_campaign_by_id(pair->invited.campaign_id);
}

/* What was spent, and this purchase. */
static RfSpending
spending_with(const RfPair *pair, const RfPurchase *purchase)
{
	RfSpending spending = rf_spending_read(pair->invited.id);

	if (purchase != NULL)
		rf_spending_add(&spending, purchase->currency, purchase->amount);
	return spending;
}

static void
simulate_row(ReturnSetInfo *answer, const RfGrant *grant)
{
	bool  to_referrer = grant->rule->terms.recipient == RF_TO_REFERRER;
	Datum values[] = {
		Int64GetDatum(grant->rule->id),
		CStringGetTextDatum(grant->rule->name),
		CStringGetTextDatum(to_referrer ? "referrer" : "invited"),
		CStringGetTextDatum(grant->recipient->code),
		Int32GetDatum(grant->ordinal),
		grant->value.amount,
		grant->value.unit != NULL ? CStringGetTextDatum(grant->value.unit) : 0,
		CStringGetTextDatum(grant->state),
		grant->reason != NULL ? CStringGetTextDatum(grant->reason) : 0};
	bool nulls[lengthof(values)];

	for (size_t i = 0; i < lengthof(values); i++)
		nulls[i] = values[i] == 0;
	tuplestore_putvalues(answer->setResult, answer->setDesc, values, nulls);
}

/* Would they qualify by it? Raises what rf_qualify or rf_record_purchase would raise. */
static bool
simulate_check(RfPair *pair, const RfPurchaseRequest *request, RfPurchase *purchase)
{
	RfRefusal refusal;

	if (request->amount != 0 &&
		(!rf_purchase_price(purchase, request, pair->campaign, &refusal) ||
		 !rf_purchase_check_currency(purchase, pair->campaign, &refusal)))
		rf_refusal_raise(&refusal);
	if (pair->invited.state == RF_QUALIFIED && request->amount == 0)
		return false;
	if (!rf_pair_is_open(pair, request->occurred_at, &refusal))
		rf_refusal_raise(&refusal);
	if (pair->invited.state == RF_QUALIFIED)
		return false;
	if (!rf_pair_check_window(pair, request->occurred_at, &refusal))
		rf_refusal_raise(&refusal);
	return true;
}

static void
simulate(ReturnSetInfo *answer, RfPair *pair, const RfPurchaseRequest *request)
{
	RfPurchase	  purchase = {.occurred_at = request->occurred_at};
	bool		  qualifies = simulate_check(pair, request, &purchase);
	RfPurchase	 *bought = request->amount != 0 ? &purchase : NULL;
	RfSettlement *settlement = rf_settlement_foreseen();
	RfGrant		 *grants;
	int			  ngrants;

	if (qualifies)
	{
		pair->invited.state = RF_QUALIFIED;
		pair->invited.qualified_at = request->occurred_at;
		pair->referrer.qualified_count++;
	}
	rf_conversion_settle(settlement, pair, qualifies, bought, spending_with(pair, bought),
						 request->occurred_at);
	ngrants = rf_settle_foresee(settlement, &grants);
	for (int i = 0; i < ngrants; i++)
	{
		if (grants[i].id != 0)
			simulate_row(answer, &grants[i]);
	}
}

Datum
rf_simulate(PG_FUNCTION_ARGS)
{
	RfEngine		  engine;
	RfPair			  pair;
	RfPurchaseRequest request = {.occurred_at = rf_now()};
	RfRefusal		  refusal;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("code must not be null")));
	if (!PG_ARGISNULL(1))
		request.amount = NumericGetDatum(PG_GETARG_NUMERIC(1));
	if (!PG_ARGISNULL(2))
		request.currency = text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (!rf_purchase_is_sound(&request, &refusal))
		rf_refusal_raise(&refusal);
	InitMaterializedSRF(fcinfo, 0);
	rf_engine_enter(&engine, fcinfo);
	pair_read(&pair, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	simulate((ReturnSetInfo *) fcinfo->resultinfo, &pair, &request);
	rf_engine_leave(&engine);
	return (Datum) 0;
}
