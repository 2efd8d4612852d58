/*
 * recompute.c
 *	  See recompute.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "base/number.h"
#include "program/commission.h"
#include "program/recompute.h"

/*
 * Rewards of that purchase, and commissions on qualifying whose base holds it:
 * those granted after it was recorded, in its currency; of recurring ones, that
 * of the period in which it occurred.
 */
RF_STATEMENT(find_earned,
			 "SELECT" RF_TAKEN_COLUMNS("r.state") ","
												  " r.purchase_id IS NOT NULL, r.spend_base, r.percent, r.cap"
												  " FROM @extschema@.rf_reward r"
												  " LEFT JOIN @extschema@.rf_recurrence n"
												  "  ON n.subject_id = r.subject_id AND n.rule_id = r.rule_id"
												  " WHERE r.subject_id = $1 AND r.ordinal IS NULL"
												  " AND r.state NOT IN ('cancelled', 'clawed_back')"
												  " AND r.state IN ('pending', 'due', 'failed', 'issued', 'fulfilled')"
												  " AND (r.purchase_id = $2"
												  "  OR r.purchase_id IS NULL AND r.last_purchase_id >= $2 AND r.unit = $3"
												  "  AND (r.n IS NULL OR $4 <= (n.anchor AT TIME ZONE 'UTC'"
												  "    + (r.n - 1) * n.recur_every) AT TIME ZONE 'UTC'"
												  "   AND (r.n = 1 OR $4 > (n.anchor AT TIME ZONE 'UTC'"
												  "    + (r.n - 2) * n.recur_every) AT TIME ZONE 'UTC')))"
												  " ORDER BY r.id"
												  " FOR UPDATE OF r",
			 INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID);

/* A reward that the purchase earned, alone or with others. */
typedef struct Earned
{
	RfTaken taken;		 /* amount: what it is worth today */
	bool	of_purchase; /* of this purchase alone */
	Datum	base;		 /* commissions; else 0 */
	Datum	percent;
	Datum	cap; /* 0: none */
	bool	issued;
} Earned;

static Datum
earned_numeric(uint64 row, int column)
{
	bool  isnull;
	Datum value = rf_value(row, column, &isnull);

	return isnull ? 0 : datumCopy(value, false, -1);
}

static void
earned_read(Earned *earned, const RfCampaign *campaign, uint64 row)
{
	const char *state;

	rf_taken_read(&earned->taken, campaign, row);
	earned->of_purchase = rf_bool(row, RF_TAKEN_NCOLUMNS + 1);
	earned->base = earned_numeric(row, RF_TAKEN_NCOLUMNS + 2);
	earned->percent = earned_numeric(row, RF_TAKEN_NCOLUMNS + 3);
	earned->cap = earned_numeric(row, RF_TAKEN_NCOLUMNS + 4);
	state = earned->taken.reward.state;
	earned->issued = strcmp(state, "issued") == 0 || strcmp(state, "fulfilled") == 0;
}

/* What is left of the commission's base. */
static Datum
earned_base(const Earned *earned, const RfRefund *refund)
{
	if (earned->of_purchase)
		return refund->left;
	return DirectFunctionCall2(numeric_sub, earned->base, refund->amount);
}

/*
 * How much less the reward is worth after the refund, given what is left of its
 * base. *lost: nothing is left of it.
 */
static Datum
earned_less(const Earned *earned, Datum base, bool *lost)
{
	Datum today = earned->taken.reward.amount;
	Datum worth = 0;

	if (rf_number_is_positive(base))
		worth = rf_commission(base, earned->percent, earned->cap, earned->taken.reward.unit);
	*lost = worth == 0;
	return *lost ? today : DirectFunctionCall2(numeric_sub, today, worth);
}

/* New values of rewards, on their way to one UPDATE. */
typedef struct Changes
{
	RfColumn id;
	RfColumn less;	/* what the amount of the row itself is lowered by */
	RfColumn base;	/* null: as it was */
	RfColumn state; /* null: as it was */
} Changes;

RF_STATEMENT(write_changes,
			 "UPDATE @extschema@.rf_reward r"
			 " SET amount = r.amount - k.less,"
			 " spend_base = coalesce(k.base, r.spend_base),"
			 " state = coalesce(k.state, r.state),"
			 " reason = CASE WHEN k.state IS NULL THEN r.reason ELSE $5 END,"
			 " changed_at = CASE WHEN k.state IS NULL THEN r.changed_at ELSE $6 END"
			 " FROM unnest($1, $2, $3, $4) AS k (id, less, base, state)"
			 " WHERE r.id = k.id",
			 INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, TEXTARRAYOID, TEXTOID,
			 TIMESTAMPTZOID);

static void
changes_init(Changes *changes)
{
	rf_column_init(&changes->id, INT8OID);
	rf_column_init(&changes->less, NUMERICOID);
	rf_column_init(&changes->base, NUMERICOID);
	rf_column_init(&changes->state, TEXTOID);
}

static void
changes_add(Changes *changes, const Earned *earned, Datum less, Datum base, const char *state)
{
	rf_column_add(&changes->id, Int64GetDatum(earned->taken.reward.id));
	rf_column_add(&changes->less, less);
	if (earned->percent != 0)
		rf_column_add(&changes->base, base);
	else
		rf_column_add_null(&changes->base);
	if (state != NULL)
		rf_column_add(&changes->state, CStringGetTextDatum(state));
	else
		rf_column_add_null(&changes->state);
}

static void
changes_write(const Changes *changes, const char *reason)
{
	Datum values[] = {
		rf_column_array(&changes->id), rf_column_array(&changes->less),
		rf_column_array(&changes->base), rf_column_array(&changes->state),
		CStringGetTextDatum(reason), TimestampTzGetDatum(rf_now())};

	if (changes->id.n > 0)
		rf_execute(&write_changes, values, NULL);
}

static void
earned_take(const Earned *earned, RfTakenHow how, Datum amount, RfTaken *taken)
{
	*taken = earned->taken;
	taken->how = how;
	taken->reward.amount = amount;
}

/* The whole reward is taken back. */
static void
earned_lose(const Earned *earned, Datum base, Changes *changes, RfTaken *taken)
{
	earned_take(earned, earned->issued ? RF_CLAWED_BACK : RF_CANCELLED,
				earned->taken.reward.amount, taken);
	taken->reward.state = earned->issued ? "clawed_back" : "cancelled";
	changes_add(changes, earned, rf_number_zero(), base, taken->reward.state);
}

/* A commission after the refund: is it worth less than before? */
static bool
earned_recompute(const Earned *earned, const RfRefund *refund, Changes *changes, RfTaken *taken)
{
	Datum base = earned_base(earned, refund);
	bool  lost;
	Datum less = earned_less(earned, base, &lost);

	if (lost)
	{
		earned_lose(earned, base, changes, taken);
		return true;
	}
	/* A cap may hide the loss for now. */
	if (!rf_number_is_positive(less))
	{
		changes_add(changes, earned, rf_number_zero(), base, NULL);
		return false;
	}
	earned_take(earned, earned->issued ? RF_CLAWED_BACK_PART : RF_LOWERED, less, taken);
	changes_add(changes, earned, earned->issued ? rf_number_zero() : less, base, NULL);
	return true;
}

/* The same for a reward of any kind. */
static bool
earned_refund(const Earned *earned, const RfRefund *refund, Changes *changes, RfTaken *taken)
{
	if (earned->percent != 0)
		return earned_recompute(earned, refund, changes, taken);
	if (rf_number_is_positive(refund->left))
		return false;
	earned_lose(earned, 0, changes, taken);
	return true;
}

int
rf_rewards_recompute(const RfLoss *loss, const RfRefund *refund, RfEventBatch *events)
{
	const RfPurchase *purchase = refund->purchase;
	Datum			  values[] = {
					Int64GetDatum(loss->participant->id), Int64GetDatum(purchase->id),
					CStringGetTextDatum(purchase->currency),
					TimestampTzGetDatum(purchase->occurred_at)};
	uint64	 nearned;
	Earned	*earned;
	RfTaken *taken;
	int		 ntaken = 0;
	Changes	 changes;

	if (loss->campaign->on_unqualify == RF_KEEP)
		return 0;
	nearned = rf_execute(&find_earned, values, NULL);
	earned = palloc_array(Earned, nearned);
	taken = palloc_array(RfTaken, nearned);
	for (uint64 row = 0; row < nearned; row++)
		earned_read(&earned[row], loss->campaign, row);
	changes_init(&changes);
	for (uint64 i = 0; i < nearned; i++)
	{
		if (earned[i].issued && loss->campaign->on_unqualify != RF_CLAWBACK)
			continue;
		if (earned_refund(&earned[i], refund, &changes, &taken[ntaken]))
			ntaken++;
	}
	changes_write(&changes, loss->reason);
	rf_rewards_taken(loss, taken, ntaken, events);
	return ntaken;
}
