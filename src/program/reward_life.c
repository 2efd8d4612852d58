/*
 * reward_life.c
 *	  The life of a reward after it was granted: rf_issue, rf_fulfill, rf_fail,
 *	  rf_cancel. Holds end in reward_timed.c.
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
#include "base/sqlstate.h"
#include "program/coupon.h"
#include "program/limit.h"
#include "program/reward_change.h"
#include "program/reward_life.h"

PG_FUNCTION_INFO_V1(rf_issue);
PG_FUNCTION_INFO_V1(rf_fulfill);
PG_FUNCTION_INFO_V1(rf_fail);
PG_FUNCTION_INFO_V1(rf_cancel);

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

/* A reward named twice is no mistake; one that is not there is. */
RF_STATEMENT(missing_reward,
			 "SELECT min(n.id) FROM unnest($1) AS n (id)"
			 " WHERE NOT EXISTS (SELECT FROM @extschema@.rf_reward r WHERE r.id = n.id)"
			 " HAVING min(n.id) IS NOT NULL",
			 INT8ARRAYOID);

RF_STATEMENT(write_step,
			 "UPDATE @extschema@.rf_reward r"
			 " SET state = $2, changed_at = $3,"
			 " issued_at = CASE WHEN $2 = 'issued' THEN $3 ELSE r.issued_at END,"
			 " fulfilled_at = CASE WHEN $2 = 'fulfilled' THEN $3 ELSE r.fulfilled_at END,"
			 " reference = coalesce($4, r.reference),"
			 " reason = CASE WHEN $2 = 'issued' THEN NULL ELSE coalesce($5, r.reason) END"
			 " FROM @extschema@.rf_reward o"
			 " WHERE r.id = ANY ($1) AND o.id = r.id"
			 " RETURNING" RF_REWARD_CHANGE_COLUMNS,
			 INT8ARRAYOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

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

	nrows = rf_rewards_lock_rows(ids);
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

/* What must be there before the step: a coupon for what is issued. */
static void
step_prepare(const Step *step, Datum ids, RfEventBatch *events)
{
	char *empty = step == &issue ? rf_rewards_take_coupons(ids, events) : NULL;

	if (empty != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s", rf_coupons_lack(empty)),
				 errhint("Load more coupons into rf_coupon.")));
}

static void
step_complete(const Step *step, Datum ids)
{
	if (step == &fulfill)
		rf_coupons_seen(ids);
	if (step == &cancel)
		rf_rewards_freed(ids, 0);
}

/* reference and reason may be 0. Returns how many rewards took the step. */
static int
step_take(const Step *step, Datum ids, int nids, Datum reference, Datum reason)
{
	Datum values[] = {
		ids, CStringGetTextDatum(step->to), TimestampTzGetDatum(rf_now()),
		step->sets_reference ? reference : 0, step->sets_reason ? reason : 0};
	char		 nulls[] = "     ";
	RfEventBatch events = {0};
	int			 changed;

	nulls[3] = values[3] == 0 ? 'n' : ' ';
	nulls[4] = values[4] == 0 ? 'n' : ' ';
	step_check(step, ids, nids);
	step_prepare(step, ids, &events);
	changed = rf_rewards_changed(rf_execute(&write_step, values, nulls), &events);
	step_complete(step, ids);
	rf_event_flush(&events);
	return changed;
}

RF_STATEMENT(read_fulfilled,
			 "SELECT p.campaign_id, r.state = 'fulfilled' AND coalesce(r.reference = $2, true)"
			 " FROM @extschema@.rf_reward r"
			 " JOIN @extschema@.rf_participant p ON p.id = r.participant_id"
			 " WHERE r.id = $1",
			 INT8OID, TEXTOID);

bool
rf_reward_fulfill(int64 campaign_id, int64 id, const char *reference)
{
	Datum	 values[2] = {Int64GetDatum(id)};
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	rf_column_add(&ids, Int64GetDatum(id));
	if (reference != NULL)
		values[1] = CStringGetTextDatum(reference);
	rf_rewards_lock_rows(rf_column_array(&ids));
	if (rf_execute(&read_fulfilled, values, reference == NULL ? " n" : NULL) == 0 ||
		(campaign_id != 0 && campaign_id != rf_int64(0, 1)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("reward " INT64_FORMAT " does not exist", id)));
	if (rf_bool(0, 2))
		return false;
	return step_take(&fulfill, rf_column_array(&ids), 1, values[1], 0) > 0;
}

static Datum
step_call(FunctionCallInfo fcinfo, const Step *step)
{
	RfEngine engine;
	int		 nids;
	Datum	 ids = step_ids(fcinfo, &nids);
	Datum	 told = PG_NARGS() > 1 && !PG_ARGISNULL(1) ? PG_GETARG_DATUM(1) : 0;
	int		 changed;

	rf_engine_enter(&engine, fcinfo);
	changed = step_take(step, ids, nids, told, told);
	rf_engine_leave(&engine);
	PG_RETURN_INT32(changed);
}

Datum
rf_issue(PG_FUNCTION_ARGS)
{
	return step_call(fcinfo, &issue);
}

Datum
rf_fulfill(PG_FUNCTION_ARGS)
{
	return step_call(fcinfo, &fulfill);
}

Datum
rf_fail(PG_FUNCTION_ARGS)
{
	return step_call(fcinfo, &fail);
}

Datum
rf_cancel(PG_FUNCTION_ARGS)
{
	return step_call(fcinfo, &cancel);
}
