/*
 * apply.c
 *	  rf_apply_rule: grant retroactively what a rule would have granted.
 *
 * Everybody whom the rule concerns now is gone through in the order in which
 * they joined, qualified or bought, and settled for this rule alone, each moving
 * their referrer's count by one: the same rules decide as when it happens. What
 * is live already is left alone.
 *
 * While it runs nobody else grants anything: whoever does holds a lock on
 * rf_reward, taken before any other, which this function waits for. So the
 * counts stand still, and people need no locks of their own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

#include "program/limit.h"
#include "program/recurrence_pay.h"
#include "program/settle.h"

PG_FUNCTION_INFO_V1(rf_apply_rule);

#define APPLY_PORTION 500

/* How many people of a referrer were gone through. */
typedef struct Counted
{
	int64 id; /* hash key */
	char  status;
	int	  count;
} Counted;

#define SH_PREFIX				counted
#define SH_ELEMENT_TYPE			Counted
#define SH_KEY_TYPE				int64
#define SH_KEY					id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b)	((a) == (b))
#define SH_SCOPE				static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

typedef struct Application
{
	const RfCampaign *campaign;
	const RfRule	 *rule;
	counted_hash	 *counts;
} Application;

/* Someone the rule concerns. */
typedef struct Concerned
{
	RfPerson	person;
	RfPurchase	purchase; /* id 0: none */
	TimestampTz when;
} Concerned;

RF_STATEMENT(find_rule,
			 "SELECT campaign_id FROM @extschema@.rf_reward_rule WHERE id = $1", INT8OID);

static void
application_start(Application *application, int64 rule_id)
{
	Datum values[] = {Int64GetDatum(rule_id)};

	LockRelationOid(rf_engine_relation("rf_reward"), ShareRowExclusiveLock);
	if (rf_execute(&find_rule, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("rule " INT64_FORMAT " does not exist", rule_id)));
	application->campaign = rf_campaign_by_id(rf_int64(0, 1));
	application->rule = rf_campaign_rule(application->campaign, rule_id);
	if (!application->rule->terms.active)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rule " INT64_FORMAT " is not active", rule_id),
				 errhint("Set \"active\" to true first.")));
	application->counts = counted_create(CurrentMemoryContext, 64, NULL);
	rf_campaign_hold(application->campaign);
	rf_limits_lock_campaign(application->campaign);
}

/* People by what the rule goes by, the earliest first. */
RF_STATEMENT(concerned_people,
			 "SELECT " RF_PERSON_COLUMNS ","
			 " CASE WHEN $3 THEN p.qualified_at ELSE p.joined_at END,"
			 " NULL::bigint, NULL::text, NULL::numeric, NULL::text, NULL::numeric"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.campaign_id = $1 AND p.state = ANY ($2)"
			 " ORDER BY CASE WHEN $3 THEN p.qualified_at ELSE p.joined_at END, p.id",
			 INT8OID, TEXTARRAYOID, BOOLOID);

/* Purchases that count, as far as they were not refunded. */
RF_STATEMENT(concerned_purchases,
			 "SELECT " RF_PERSON_COLUMNS ","
			 " u.occurred_at, u.id, u.external_id, u.amount, u.currency, u.amount - u.refunded"
			 " FROM @extschema@.rf_purchase u"
			 " JOIN @extschema@.rf_participant p ON p.id = u.participant_id"
			 " JOIN @extschema@.rf_campaign c ON c.id = u.campaign_id"
			 " WHERE u.campaign_id = $1 AND u.amount > u.refunded"
			 " AND p.referrer_id IS NOT NULL AND p.state NOT IN ('held', 'blocked')"
			 " AND (p.state = 'qualified' OR c.qualify_within IS NULL"
			 "  OR u.occurred_at >= p.joined_at"
			 "   AND u.occurred_at < (p.joined_at AT TIME ZONE 'UTC' + c.qualify_within)"
			 "    AT TIME ZONE 'UTC')"
			 " ORDER BY u.occurred_at, u.id",
			 INT8OID);

/* Those whom the rule goes by, by their states. */
static Datum
concerned_states(RfEarnedOn earned_on)
{
	static const char *const states[] = {
		"{active}", "{pending,qualified,expired}", "{qualified}"};

	return OidInputFunctionCall(F_ARRAY_IN, unconstify(char *, states[earned_on]), TEXTOID, -1);
}

static Portal
application_open(const Application *application)
{
	RfEarnedOn earned_on = application->rule->terms.earned_on;
	Datum	   values[3] = {Int64GetDatum(application->campaign->id)};

	if (earned_on == RF_PURCHASE)
		return rf_cursor(&concerned_purchases, values, NULL);
	values[1] = concerned_states(earned_on);
	values[2] = BoolGetDatum(earned_on == RF_INVITED_QUALIFIES);
	return rf_cursor(&concerned_people, values, NULL);
}

static void
concerned_read(Concerned *concerned, uint64 row)
{
	bool isnull;

	rf_person_read(&concerned->person, row, 1);
	concerned->when =
		DatumGetTimestampTz(rf_value(row, RF_PERSON_NCOLUMNS + 1, &isnull));
	concerned->purchase.id = rf_int64(row, RF_PERSON_NCOLUMNS + 2);
	if (concerned->purchase.id == 0)
		return;
	concerned->purchase.external_id = rf_text(row, RF_PERSON_NCOLUMNS + 3);
	concerned->purchase.amount =
		PointerGetDatum(DatumGetNumericCopy(rf_value(row, RF_PERSON_NCOLUMNS + 4, &isnull)));
	concerned->purchase.left =
		PointerGetDatum(DatumGetNumericCopy(rf_value(row, RF_PERSON_NCOLUMNS + 6, &isnull)));
	concerned->purchase.currency = rf_text(row, RF_PERSON_NCOLUMNS + 5);
	concerned->purchase.occurred_at = concerned->when;
}

static RfPeople
portion_referrers(const Concerned *concerned, uint64 n)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (uint64 i = 0; i < n; i++)
		rf_column_add(&ids, Int64GetDatum(concerned[i].person.referrer_id));
	return rf_people_read(rf_column_array(&ids));
}

/* The count that this one moved: of their referrer, or a purchase's own. */
static RfMove
application_move(Application *application, const Concerned *concerned)
{
	RfMove	 move = {application->rule->terms.earned_on, 0, 1};
	Counted *counted;
	bool	 found;

	if (move.what == RF_PURCHASE || concerned->person.referrer_id == 0)
		return move;
	counted = counted_insert(application->counts, concerned->person.referrer_id, &found);
	if (!found)
		counted->count = 0;
	move.before = counted->count++;
	move.after = counted->count;
	return move;
}

static int
application_settle(Application *application, Concerned *concerned, uint64 n)
{
	/* In the order of RfEarnedOn. */
	static const RfEventType events[] = {
		RF_EVENT_REFERRER_JOINED, RF_EVENT_INVITED_JOINED, RF_EVENT_INVITED_QUALIFIED,
		RF_EVENT_NONE};
	RfSettlement *settlement = rf_settlement();
	RfPeople	  referrers = portion_referrers(concerned, n);

	for (uint64 i = 0; i < n; i++)
	{
		Concerned  *one = &concerned[i];
		RfHappening happening = {
			.campaign = application->campaign,
			.event = events[application->rule->terms.earned_on],
			.participant = &one->person,
			.referrer = rf_people_find(&referrers, one->person.referrer_id),
			.move = application_move(application, one),
			.purchase = one->purchase.id != 0 ? &one->purchase : NULL,
			.earned_at = one->when,
		};

		if (application->campaign->needs_spending)
			happening.spending = rf_spending_read(one->person.id);
		rf_settle_add_rule(settlement, &happening, application->rule);
	}
	return rf_settle(settlement);
}

static int
application_run(Application *application)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "referral apply rule",
												 ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	Portal		  cursor = application_open(application);
	int			  granted = 0;
	uint64		  n;

	while ((n = rf_fetch(cursor, APPLY_PORTION)) > 0)
	{
		Concerned *concerned;

		MemoryContextSwitchTo(memory);
		concerned = palloc0_array(Concerned, n);
		for (uint64 row = 0; row < n; row++)
			concerned_read(&concerned[row], row);
		granted += application_settle(application, concerned, n);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(memory);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(memory);
	return granted;
}

Datum
rf_apply_rule(PG_FUNCTION_ARGS)
{
	Application application;
	RfEngine	engine;
	int			granted;

	rf_engine_enter(&engine, fcinfo);
	application_start(&application, PG_GETARG_INT64(0));
	granted = application_run(&application);
	if (application.rule->terms.kind == RF_RECURRING)
		granted += rf_recurrences_catch_up(application.rule->id);
	rf_engine_leave(&engine);
	PG_RETURN_INT32(granted);
}
