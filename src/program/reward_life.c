/*
 * reward_life.c
 *	  The life of a reward after it was granted: rf_issue, rf_fulfill, rf_fail,
 *	  rf_cancel, and rf_tick, which ends holds.
 *
 *	  pending --hold ends--> due --issue--> issued --fulfill--> fulfilled
 *	  pending, due, failed --cancel--> cancelled
 *	  issued --fail--> failed --issue--> issued
 *
 * The people of a reward are locked before the reward itself, in ascending
 * order, as everywhere: so their events are numbered in the order in which
 * things happened to them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/savepoint.h"
#include "base/sqlstate.h"
#include "program/event.h"
#include "program/home.h"
#include "program/reward.h"

PG_FUNCTION_INFO_V1(rf_issue);
PG_FUNCTION_INFO_V1(rf_fulfill);
PG_FUNCTION_INFO_V1(rf_fail);
PG_FUNCTION_INFO_V1(rf_cancel);
PG_FUNCTION_INFO_V1(rf_tick);

/* Most rewards whose hold ends in one statement. */
#define TICK_BATCH 1000

/* One step: from which states, to which, and what it writes besides. */
typedef struct Step
{
	const char *name;
	const char *from[4]; /* NULL ends it */
	const char *to;
	bool		sets_reference;
	bool		sets_reason;
} Step;

static const Step issue = {"issued", {"due", "failed"}, "issued", false, false};
static const Step fulfill = {"fulfilled", {"issued"}, "fulfilled", true, false};
static const Step fail = {"failed", {"issued"}, "failed", false, true};
static const Step cancel = {"cancelled", {"pending", "due", "failed"}, "cancelled", false, true};

RF_STATEMENT(lock_people,
			 "SELECT FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (SELECT unnest(ARRAY[r.participant_id, r.subject_id])"
			 "  FROM @extschema@.rf_reward r WHERE r.id = ANY ($1))"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8ARRAYOID);

RF_STATEMENT(lock_rewards,
			 "SELECT id, state FROM @extschema@.rf_reward"
			 " WHERE id = ANY ($1)"
			 " ORDER BY id"
			 " FOR NO KEY UPDATE",
			 INT8ARRAYOID);

/* A reward named twice is no mistake; one that is not there is. */
RF_STATEMENT(missing_reward,
			 "SELECT min(n.id) FROM unnest($1) AS n (id)"
			 " WHERE NOT EXISTS (SELECT FROM @extschema@.rf_reward r WHERE r.id = n.id)"
			 " HAVING min(n.id) IS NOT NULL",
			 INT8ARRAYOID);

/* The state before is joined from the same snapshot; the rows are locked. */
#define REWARD_EVENT_COLUMNS \
	" r.id, r.rule_id, coalesce(r.ordinal, 0), r.amount, r.unit, r.coupon, r.state, o.state," \
	" r.subject_id"

RF_STATEMENT(write_step,
			 "UPDATE @extschema@.rf_reward r"
			 " SET state = $2, changed_at = $3,"
			 " issued_at = CASE WHEN $2 = 'issued' THEN $3 ELSE r.issued_at END,"
			 " fulfilled_at = CASE WHEN $2 = 'fulfilled' THEN $3 ELSE r.fulfilled_at END,"
			 " reference = coalesce($4, r.reference),"
			 " reason = CASE WHEN $2 = 'issued' THEN NULL ELSE coalesce($5, r.reason) END"
			 " FROM @extschema@.rf_reward o"
			 " WHERE r.id = ANY ($1) AND o.id = r.id"
			 " RETURNING" REWARD_EVENT_COLUMNS,
			 INT8ARRAYOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

RF_STATEMENT(read_people,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1 OR p.id ="
			 "  (SELECT s.referrer_id FROM @extschema@.rf_participant s WHERE s.id = $1)"
			 " ORDER BY p.id = $1 DESC",
			 INT8OID);

static bool
step_allows(const Step *step, const char *state)
{
	for (int i = 0; step->from[i] != NULL; i++)
	{
		if (strcmp(step->from[i], state) == 0)
			return true;
	}
	return false;
}

/* Lock what the step touches; a wrong step is an error for all of them. */
static void
step_check(const Step *step, Datum ids, int nids)
{
	uint64 nrows;

	rf_execute(&lock_people, &ids, NULL);
	nrows = rf_execute(&lock_rewards, &ids, NULL);
	for (uint64 row = 0; row < nrows; row++)
	{
		char *state = rf_text(row, 2);

		if (!step_allows(step, state))
			ereport(ERROR,
					(errcode(ERRCODE_RF_WRONG_STEP),
					 errmsg("reward " INT64_FORMAT " cannot be %s", rf_int64(row, 1), step->name),
					 errdetail("It is %s.", state)));
	}
	if (nrows < (uint64) nids && rf_execute(&missing_reward, &ids, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("reward " INT64_FORMAT " does not exist", rf_int64(0, 1))));
}

/* A reward that changed, as the last statement returned it. */
typedef struct Changed
{
	RfRewardFacts facts;
	int64		  rule_id;
	int64		  subject_id;
} Changed;

static Changed *
changed_read(uint64 nrows)
{
	Changed *changed = palloc0_array(Changed, nrows);

	for (uint64 row = 0; row < nrows; row++)
	{
		RfRewardFacts *facts = &changed[row].facts;
		bool		   isnull;
		Datum		   amount = rf_value(row, 4, &isnull);

		facts->id = rf_int64(row, 1);
		changed[row].rule_id = rf_int64(row, 2);
		facts->ordinal = rf_int32(row, 3);
		if (!isnull)
			facts->amount = PointerGetDatum(DatumGetNumericCopy(amount));
		facts->unit = rf_text(row, 5);
		facts->coupon = rf_text(row, 6);
		facts->state = rf_text(row, 7);
		facts->previous_state = rf_text(row, 8);
		changed[row].subject_id = rf_int64(row, 9);
	}
	return changed;
}

static void
changed_add_event(Changed *changed, RfEventBatch *events)
{
	Datum			  values[] = {Int64GetDatum(changed->subject_id)};
	RfPerson		  people[2];
	uint64			  npeople = rf_execute(&read_people, values, NULL);
	const RfCampaign *campaign;

	for (uint64 i = 0; i < npeople; i++)
		rf_person_read(&people[i], i, 1);
	campaign = npeople > 0 ? rf_campaign_by_id(people[0].campaign_id) : NULL;
	if (campaign != NULL)
		changed->facts.rule = rf_campaign_rule(campaign, changed->rule_id);
	if (changed->facts.rule == NULL)
		elog(ERROR, "rule or person of reward " INT64_FORMAT " is missing", changed->facts.id);
	{
		RfEvent event = {
			rf_event_of_reward(changed->facts.state), campaign, &people[0],
			npeople > 1 ? &people[1] : NULL, &changed->facts};

		rf_event_add(events, &event);
	}
}

static int
changed_announce(uint64 nrows)
{
	Changed		*changed = changed_read(nrows);
	RfEventBatch events = {0};

	for (uint64 row = 0; row < nrows; row++)
		changed_add_event(&changed[row], &events);
	rf_event_flush(&events);
	return (int) nrows;
}

/* The ids of argument 1: a bigint or a bigint[]. */
static Datum
step_ids(FunctionCallInfo fcinfo, int *nids)
{
	RfColumn ids;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("ids of rewards must not be null")));
	if (get_fn_expr_argtype(fcinfo->flinfo, 0) == INT8ARRAYOID)
	{
		ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
		Datum	  *elements;

		if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("ids of rewards must be a one-dimensional array without nulls")));
		deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
						  &elements, NULL, nids);
		return PG_GETARG_DATUM(0);
	}
	rf_column_init(&ids, INT8OID);
	rf_column_add(&ids, PG_GETARG_DATUM(0));
	*nids = 1;
	return rf_column_array(&ids);
}

static Datum
step_take(FunctionCallInfo fcinfo, const Step *step)
{
	RfEngine engine;
	int		 nids;
	Datum	 ids = step_ids(fcinfo, &nids);
	bool	 told = PG_NARGS() > 1 && !PG_ARGISNULL(1);
	Datum	 values[] = {
		   ids, CStringGetTextDatum(step->to), TimestampTzGetDatum(rf_now()),
		   told && step->sets_reference ? PG_GETARG_DATUM(1) : 0,
		   told && step->sets_reason ? PG_GETARG_DATUM(1) : 0};
	char nulls[] = "     ";
	int	 changed;

	nulls[3] = values[3] == 0 ? 'n' : ' ';
	nulls[4] = values[4] == 0 ? 'n' : ' ';
	rf_engine_enter(&engine, fcinfo);
	step_check(step, ids, nids);
	changed = changed_announce(rf_execute(&write_step, values, nulls));
	rf_engine_leave(&engine);
	PG_RETURN_INT32(changed);
}

Datum
rf_issue(PG_FUNCTION_ARGS)
{
	return step_take(fcinfo, &issue);
}

Datum
rf_fulfill(PG_FUNCTION_ARGS)
{
	return step_take(fcinfo, &fulfill);
}

Datum
rf_fail(PG_FUNCTION_ARGS)
{
	return step_take(fcinfo, &fail);
}

Datum
rf_cancel(PG_FUNCTION_ARGS)
{
	return step_take(fcinfo, &cancel);
}

RF_STATEMENT(holds_over,
			 "SELECT array_agg(s.id)"
			 " FROM (SELECT id FROM @extschema@.rf_reward"
			 "  WHERE state = 'pending' AND due_at <= $1"
			 "  ORDER BY due_at LIMIT $2) AS s",
			 TIMESTAMPTZOID, INT4OID);

/* Another session may have been here since: the state is asked for again. */
RF_STATEMENT(end_holds,
			 "UPDATE @extschema@.rf_reward r"
			 " SET state = CASE WHEN rule.auto_issue THEN 'issued' ELSE 'due' END,"
			 " changed_at = $2, issued_at = CASE WHEN rule.auto_issue THEN $2 END"
			 " FROM @extschema@.rf_reward o"
			 " JOIN @extschema@.rf_reward_rule rule ON rule.id = o.rule_id"
			 " WHERE r.id = ANY ($1) AND r.state = 'pending' AND o.id = r.id"
			 " RETURNING" REWARD_EVENT_COLUMNS,
			 INT8ARRAYOID, TIMESTAMPTZOID);

/* Rewards whose holds end together. */
typedef struct HoldsOver
{
	Datum ids; /* bigint[] */
	int	  ended;
} HoldsOver;

static void
end_holds_of(void *arg)
{
	HoldsOver *over = arg;
	Datum	   values[] = {over->ids, TimestampTzGetDatum(rf_now())};

	rf_execute(&lock_people, values, NULL);
	rf_execute(&lock_rewards, values, NULL);
	over->ended = changed_announce(rf_execute(&end_holds, values, NULL));
}

/*
 * One reward whose event cannot be written (its payload grew too large) must
 * not keep the others waiting: then each goes by itself.
 */
static int
end_holds_singly(Datum ids)
{
	Datum *elements;
	int	   n;
	int	   ended = 0;

	deconstruct_array(DatumGetArrayTypeP(ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		RfColumn   id;
		HoldsOver  over = {0};
		ErrorData *error;

		rf_column_init(&id, INT8OID);
		rf_column_add(&id, elements[i]);
		over.ids = rf_column_array(&id);
		error = rf_savepoint_try(end_holds_of, &over);
		if (error == NULL)
			ended += over.ended;
		else
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("hold of reward " INT64_FORMAT " cannot end: %s",
							DatumGetInt64(elements[i]), error->message)));
	}
	return ended;
}

int
rf_rewards_end_holds(void)
{
	Datum	  values[] = {TimestampTzGetDatum(rf_now()), Int32GetDatum(TICK_BATCH)};
	HoldsOver over = {0};
	Datum	  ids;
	bool	  isnull;

	/* In a copy it is left to the origin. */
	if (!rf_home_is_here())
		return 0;
	rf_execute(&holds_over, values, NULL);
	ids = rf_value(0, 1, &isnull);
	if (isnull)
		return 0;
	over.ids = PointerGetDatum(DatumGetArrayTypePCopy(ids));
	if (rf_savepoint_try(end_holds_of, &over) != NULL)
		return end_holds_singly(over.ids);
	return over.ended;
}

Datum
rf_tick(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	int		 changed;

	rf_engine_enter(&engine, fcinfo);
	changed = rf_rewards_end_holds();
	rf_engine_leave(&engine);
	PG_RETURN_INT32(changed);
}
