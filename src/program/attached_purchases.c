/*
 * attached_purchases.c
 *	  The trigger of tables attached by rf_attach_purchases: their rows are
 *	  purchases.
 *
 * A row without its code (or e-mail) or without amount is nothing to us. By
 * code, whatever cannot be credited goes to rf_unmatched, an unknown code too:
 * somebody meant to use it. By e-mail, a row of anybody who was not invited is no
 * referral and passed over.
 *
 * All rows go under one subtransaction; why a row cannot be credited is a value
 * there. An error over the data of one row (say, an event's payload too large)
 * undoes them all, and each goes again by itself.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/savepoint.h"
#include "program/attached.h"
#include "program/attached_purchases.h"
#include "program/people.h"
#include "program/purchase.h"
#include "program/unmatched.h"

PG_FUNCTION_INFO_V1(rf_attached_purchases);

const RfField rf_purchase_fields[RF_PURCHASE_FIELDS] = {
	[RF_PURCHASE_CODE] = {"code", TEXTOID},
	[RF_PURCHASE_EMAIL] = {"email", TEXTOID},
	[RF_PURCHASE_AMOUNT] = {"amount", NUMERICOID},
	[RF_PURCHASE_CURRENCY] = {"currency", TEXTOID},
	[RF_PURCHASE_EXTERNAL_ID] = {"external_id", TEXTOID},
	[RF_PURCHASE_OCCURRED_AT] = {"occurred_at", TIMESTAMPTZOID},
};

typedef struct Purchases
{
	RfAttached	  attached;
	RfUnmatched	  unmatched;
	MemoryContext row;		   /* reset with every row */
	int			  key;		   /* RF_PURCHASE_CODE or RF_PURCHASE_EMAIL */
	int64		  campaign_id; /* 0: that of the code */
} Purchases;

/* Go to the next row that has what a purchase needs. */
static bool
purchases_next(Purchases *purchases)
{
	RfAttached *attached = &purchases->attached;

	while (rf_attached_next(attached))
	{
		if (rf_attached_has(attached, purchases->key) &&
			rf_attached_has(attached, RF_PURCHASE_AMOUNT))
			return true;
	}
	return false;
}

/* How many such rows there are; looked for no further than two. */
static int
purchases_count(Purchases *purchases)
{
	int count = 0;

	rf_attached_rewind(&purchases->attached);
	while (count < 2 && purchases_next(purchases))
		count++;
	return count;
}

/* ---- whose purchases ------------------------------------------------------ */

RF_STATEMENT(find_invited,
			 "SELECT coalesce(pg_catalog.array_agg(p.id), '{}')"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.campaign_id = $1 AND p.email_key = ANY ($2) AND p.referrer_id IS NOT NULL",
			 INT8OID, TEXTARRAYOID);

static char *
purchases_key(Purchases *purchases)
{
	char *text = rf_attached_text(&purchases->attached, purchases->key);

	if (purchases->key == RF_PURCHASE_CODE)
		return rf_code_key(text);
	return rf_email_key(rf_email_trim(text));
}

/* One person is locked, with their referrer, when their row comes. */
static void
purchases_lock_people(Purchases *purchases)
{
	RfColumn keys;
	Datum	 values[2] = {Int64GetDatum(purchases->campaign_id)};
	bool	 isnull;

	rf_column_init(&keys, TEXTOID);
	rf_attached_rewind(&purchases->attached);
	while (purchases_next(purchases))
		rf_column_add(&keys, CStringGetTextDatum(purchases_key(purchases)));
	values[1] = rf_column_array(&keys);
	if (purchases->key == RF_PURCHASE_CODE)
	{
		rf_people_lock_by_codes(values[1], 1);
		return;
	}
	rf_execute(&find_invited, values, NULL);
	rf_people_lock(PointerGetDatum(PG_DETOAST_DATUM_COPY(rf_value(0, 1, &isnull))), 1);
}

RF_STATEMENT(is_invited,
			 "SELECT FROM @extschema@.rf_participant"
			 " WHERE campaign_id = $1 AND email_key = $2 AND referrer_id IS NOT NULL",
			 INT8OID, TEXTOID);

static bool
purchases_is_invited(Purchases *purchases)
{
	Datum values[] = {
		Int64GetDatum(purchases->campaign_id),
		CStringGetTextDatum(purchases_key(purchases))};

	return rf_execute(&is_invited, values, NULL) > 0;
}

/* ---- the rows ------------------------------------------------------------- */

static char *
text_or_null(const Datum *values, const bool *nulls, int field)
{
	return nulls[field] ? NULL : TextDatumGetCString(values[field]);
}

static RfPurchaseRequest
purchases_request(Purchases *purchases, const Datum *values, const bool *nulls)
{
	RfPurchaseRequest request = {
		.code = text_or_null(values, nulls, RF_PURCHASE_CODE),
		.email = text_or_null(values, nulls, RF_PURCHASE_EMAIL),
		.campaign_id = purchases->campaign_id,
		.amount = values[RF_PURCHASE_AMOUNT],
		.currency = text_or_null(values, nulls, RF_PURCHASE_CURRENCY),
		.external_id = text_or_null(values, nulls, RF_PURCHASE_EXTERNAL_ID),
		.occurred_at = rf_now(),
	};

	if (!nulls[RF_PURCHASE_OCCURRED_AT])
		request.occurred_at = DatumGetTimestampTz(values[RF_PURCHASE_OCCURRED_AT]);
	return request;
}

/* Record the row at hand. */
static void
purchases_record(void *arg)
{
	Purchases		 *purchases = arg;
	Datum			  values[RF_PURCHASE_FIELDS] = {0};
	bool			  nulls[RF_PURCHASE_FIELDS];
	RfPurchaseRequest request;
	RfPurchaseAnswer  answer;
	RfRefusal		  refusal;
	ErrorData		 *error;

	if (purchases->key == RF_PURCHASE_EMAIL && !purchases_is_invited(purchases))
		return;
	error = rf_attached_read(&purchases->attached, values, nulls);
	if (error != NULL)
	{
		refusal = rf_refusal_of_error(error);
		rf_unmatched_add(&purchases->unmatched, &refusal);
		return;
	}
	request = purchases_request(purchases, values, nulls);
	if (!rf_purchase_record(&request, &answer, &refusal))
		rf_unmatched_add(&purchases->unmatched, &refusal);
}

/* Record all rows. */
static void
purchases_record_all(void *arg)
{
	Purchases	 *purchases = arg;
	MemoryContext caller = MemoryContextSwitchTo(purchases->row);

	rf_attached_rewind(&purchases->attached);
	while (purchases_next(purchases))
	{
		purchases_record(purchases);
		MemoryContextReset(purchases->row);
	}
	MemoryContextSwitchTo(caller);
	rf_unmatched_write(&purchases->unmatched);
}

static void
purchases_record_each(Purchases *purchases)
{
	rf_attached_rewind(&purchases->attached);
	while (purchases_next(purchases))
	{
		MemoryContext caller = MemoryContextSwitchTo(purchases->row);
		ErrorData	 *error = rf_savepoint_try(purchases_record, purchases);

		if (error != NULL)
		{
			RfRefusal refusal = rf_refusal_of_error(error);

			rf_unmatched_add(&purchases->unmatched, &refusal);
		}
		MemoryContextSwitchTo(caller);
		MemoryContextReset(purchases->row);
	}
	rf_unmatched_write(&purchases->unmatched);
}

static void
purchases_take(Purchases *purchases)
{
	rf_unmatched_start(&purchases->unmatched, &purchases->attached);
	purchases->row = AllocSetContextCreate(CurrentMemoryContext, "referral purchase",
										   ALLOCSET_DEFAULT_SIZES);
	if (purchases->attached.raise)
		purchases_record_all(purchases);
	else if (rf_savepoint_try(purchases_record_all, purchases) != NULL)
	{
		rf_unmatched_reset(&purchases->unmatched);
		purchases_record_each(purchases);
	}
}

/* Nobody can have paid in a campaign that is not there any more. */
static void
purchases_tell_all(Purchases *purchases, const RfRefusal *refusal)
{
	rf_unmatched_start(&purchases->unmatched, &purchases->attached);
	rf_attached_rewind(&purchases->attached);
	while (purchases_next(purchases))
		rf_unmatched_add(&purchases->unmatched, refusal);
	rf_unmatched_write(&purchases->unmatched);
}

static void
purchases_take_all(Purchases *purchases, int count)
{
	const char		 *slug = purchases->attached.campaign;
	const RfCampaign *campaign;
	RfRefusal		  refusal;

	if (slug != NULL)
	{
		campaign = rf_campaign_find(slug, &refusal);
		if (campaign == NULL)
		{
			purchases_tell_all(purchases, &refusal);
			return;
		}
		purchases->campaign_id = campaign->id;
	}
	if (count > 1)
		purchases_lock_people(purchases);
	purchases_take(purchases);
}

Datum
rf_attached_purchases(PG_FUNCTION_ARGS)
{
	RfEngine  engine;
	Purchases purchases = {0};
	int		  count;

	rf_attached_start(&purchases.attached, fcinfo, rf_purchase_fields, RF_PURCHASE_FIELDS);
	purchases.key = RF_PURCHASE_CODE;
	if (purchases.attached.columns[RF_PURCHASE_CODE] == NULL)
		purchases.key = RF_PURCHASE_EMAIL;
	count = purchases_count(&purchases);
	if (count > 0)
	{
		rf_engine_enter(&engine, fcinfo);
		purchases_take_all(&purchases, count);
		rf_engine_leave(&engine);
	}
	rf_attached_end(&purchases.attached);
	return PointerGetDatum(NULL);
}
