/*
 * past.c
 *	  See past.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "program/past.h"

/*
 * Of many grants only the last of each kind is read, with their number: a
 * person may have a hundred thousand.
 */
RF_STATEMENT(read_grants,
			 "SELECT DISTINCT ON (g.rule_id, g.ordinal, g.is_above, g.is_live)"
			 "  g.rule_id, g.ordinal, g.is_above, g.is_live, g.id, g.state, g.reason, g.earned_at,"
			 "  count(*) OVER (PARTITION BY g.rule_id, g.ordinal, g.is_above, g.is_live)"
			 " FROM (SELECT rule_id, coalesce(ordinal, 0) AS ordinal,"
			 "   coalesce(level, 1) > 1 AS is_above,"
			 "   state NOT IN ('cancelled', 'clawed_back', 'rejected') AS is_live,"
			 "   id, state, reason, earned_at"
			 "  FROM @extschema@.rf_reward"
			 "  WHERE participant_id = $1 AND ($2 = 0 OR subject_id = $2)"
			 "  AND original_id IS NULL) AS g"
			 " ORDER BY g.rule_id, g.ordinal, g.is_above, g.is_live, g.id DESC",
			 INT8OID, INT8OID);

RfPast
rf_past_read(int64 participant_id, int64 subject_id)
{
	Datum  values[] = {Int64GetDatum(participant_id), Int64GetDatum(subject_id)};
	RfPast past = {rf_execute(&read_grants, values, NULL), NULL};

	past.of = palloc_array(RfGranted, past.n);
	for (int i = 0; i < past.n; i++)
	{
		RfGranted *granted = &past.of[i];
		bool	   isnull;

		granted->rule_id = rf_int64(i, 1);
		granted->ordinal = rf_int32(i, 2);
		granted->is_above = rf_bool(i, 3);
		granted->is_live = rf_bool(i, 4);
		granted->id = rf_int64(i, 5);
		granted->state = rf_text(i, 6);
		granted->reason = rf_text(i, 7);
		granted->earned_at = DatumGetTimestampTz(rf_value(i, 8, &isnull));
		granted->times = rf_int64(i, 9);
	}
	return past;
}

const RfGranted *
rf_past_find(const RfPast *past, const RfRule *rule, int ordinal, bool is_live)
{
	const RfGranted *found = NULL;

	for (int i = 0; i < past->n; i++)
	{
		const RfGranted *granted = &past->of[i];

		if (granted->rule_id != rule->id || granted->is_above || granted->is_live != is_live ||
			(ordinal != 0 && granted->ordinal != ordinal))
			continue;
		if (found == NULL || granted->id > found->id)
			found = granted;
	}
	return found;
}

int64
rf_past_times_above(const RfPast *past, const RfRule *rule)
{
	int64 times = 0;

	for (int i = 0; i < past->n; i++)
	{
		const RfGranted *granted = &past->of[i];

		if (granted->rule_id == rule->id && granted->is_above && granted->is_live)
			times += granted->times;
	}
	return times;
}

/* With a window ($2) it must lie inside, but for those who are qualified. */
#define COUNT_PURCHASES \
	"SELECT count(*)::integer" \
	" FROM @extschema@.rf_participant p" \
	" JOIN @extschema@.rf_purchase u ON u.participant_id = p.id" \
	" WHERE u.refunded < u.amount" \
	" AND ($2 IS NULL OR p.state = 'qualified' OR u.occurred_at >= p.joined_at" \
	"  AND u.occurred_at < (p.joined_at AT TIME ZONE 'UTC' + $2) AT TIME ZONE 'UTC')"

RF_STATEMENT(count_purchases, COUNT_PURCHASES " AND p.id = $1", INT8OID, INTERVALOID);
RF_STATEMENT(count_purchases_below, COUNT_PURCHASES " AND p.referrer_id = $1",
			 INT8OID, INTERVALOID);

int
rf_past_purchases(const RfCampaign *campaign, const RfPerson *person, bool of_their_people)
{
	Datum values[] = {
		Int64GetDatum(person->id), IntervalPGetDatum(campaign->qualify_within)};
	const char *nulls = campaign->qualify_within == NULL ? " n" : NULL;

	rf_execute(of_their_people ? &count_purchases_below : &count_purchases, values, nulls);
	return rf_int32(0, 1);
}

RF_STATEMENT(last_joined,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.referrer_id = $1 AND p.state IN ('pending', 'qualified', 'expired')"
			 " ORDER BY p.joined_at DESC, p.id DESC LIMIT 1",
			 INT8OID);
RF_STATEMENT(last_qualified,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.referrer_id = $1 AND p.state = 'qualified'"
			 " ORDER BY p.qualified_at DESC, p.id DESC LIMIT 1",
			 INT8OID);
RF_STATEMENT(last_buyer,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " JOIN @extschema@.rf_purchase u ON u.participant_id = p.id"
			 " WHERE p.referrer_id = $1 AND u.refunded < u.amount"
			 " ORDER BY u.id DESC LIMIT 1",
			 INT8OID);

bool
rf_past_last_person(const RfPerson *referrer, const RfRule *rule, RfPerson *person)
{
	/* In the order of RfEarnedOn. */
	static RfStatement *const statements[] = {
		NULL, &last_joined, &last_qualified, &last_buyer};
	Datum		 values[] = {Int64GetDatum(referrer->id)};
	RfStatement *statement = statements[rule->terms.earned_on];

	if (statement == NULL || rf_execute(statement, values, NULL) == 0)
		return false;
	rf_person_read(person, 0, 1);
	return true;
}

#define READ_PURCHASE \
	"SELECT id, external_id, amount, currency, occurred_at" \
	" FROM @extschema@.rf_purchase" \
	" WHERE participant_id = $1"

RF_STATEMENT(last_purchase, READ_PURCHASE " AND refunded < amount ORDER BY id DESC LIMIT 1",
			 INT8OID);
RF_STATEMENT(qualifying_purchase, READ_PURCHASE " AND occurred_at = $2 ORDER BY id LIMIT 1",
			 INT8OID, TIMESTAMPTZOID);

/* The row last read, if there was one. */
static const RfPurchase *
past_purchase(uint64 nrows)
{
	RfPurchase *purchase;
	bool		isnull;

	if (nrows == 0)
		return NULL;
	purchase = palloc_object(RfPurchase);
	purchase->id = rf_int64(0, 1);
	purchase->external_id = rf_text(0, 2);
	purchase->amount = PointerGetDatum(DatumGetNumericCopy(rf_value(0, 3, &isnull)));
	purchase->currency = rf_text(0, 4);
	purchase->occurred_at = DatumGetTimestampTz(rf_value(0, 5, &isnull));
	return purchase;
}

/* The purchase at hand: the last one, or that which came with the qualification. */
static void
past_add_purchase(RfHappening *happening)
{
	Datum values[] = {
		Int64GetDatum(happening->participant->id),
		TimestampTzGetDatum(happening->participant->qualified_at)};

	if (happening->move.what == RF_PURCHASE)
	{
		happening->event = RF_EVENT_NONE;
		happening->purchase = past_purchase(rf_execute(&last_purchase, values, NULL));
		if (happening->purchase != NULL)
			happening->earned_at = happening->purchase->occurred_at;
	}
	else if (happening->move.what == RF_INVITED_QUALIFIES)
	{
		happening->purchase = past_purchase(rf_execute(&qualifying_purchase, values, NULL));
		happening->earned_at = happening->participant->qualified_at;
	}
}

RfHappening
rf_past_happening(const RfCampaign *campaign, const RfRule *rule, const RfPerson *person,
				  const RfPerson *referrer)
{
	static const RfEventType events[] = {
		RF_EVENT_REFERRER_JOINED, RF_EVENT_INVITED_JOINED, RF_EVENT_INVITED_QUALIFIED,
		RF_EVENT_NONE};
	RfHappening happening = {
		.campaign = campaign,
		.event = events[rule->terms.earned_on],
		.participant = person,
		.referrer = referrer,
		.move = {rule->terms.earned_on, 0, 1},
		.earned_at = person->joined_at,
	};

	if (campaign->needs_spending)
		happening.spending = rf_spending_read(person->id);
	past_add_purchase(&happening);
	return happening;
}

RF_STATEMENT(next_time,
			 "SELECT min(next_at) FROM @extschema@.rf_recurrence"
			 " WHERE rule_id = $1 AND subject_id = $2",
			 INT8OID, INT8OID);
RF_STATEMENT(next_time_below,
			 "SELECT min(r.next_at)"
			 " FROM @extschema@.rf_recurrence r"
			 " JOIN @extschema@.rf_participant p ON p.id = r.subject_id"
			 " WHERE r.rule_id = $1 AND p.referrer_id = $2",
			 INT8OID, INT8OID);

TimestampTz
rf_past_next_time(const RfRule *rule, const RfPerson *person, bool of_their_people)
{
	Datum values[] = {Int64GetDatum(rule->id), Int64GetDatum(person->id)};
	bool  isnull;
	Datum next;

	rf_execute(of_their_people ? &next_time_below : &next_time, values, NULL);
	next = rf_value(0, 1, &isnull);
	return isnull ? DT_NOEND : DatumGetTimestampTz(next);
}
