/*
 * reward.c
 *	  Granting rewards. See reward.h; what is granted is decided by rules.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "program/reward.h"

/*
 * One statement for all grants. A grant that is live already is left out; one
 * that was taken back before gets the next generation. Looking first is safe,
 * and cheaper than ON CONFLICT: the people whose grants these are stand locked.
 * The unique indexes prove it.
 */
RF_STATEMENT(insert_rewards,
			 "INSERT INTO @extschema@.rf_reward"
			 " (id, rule_id, participant_id, subject_id, ordinal, generation, metric, amount,"
			 "  unit, state, earned_at, due_at, issued_at, changed_at)"
			 " OVERRIDING SYSTEM VALUE"
			 " SELECT g.id, g.rule_id, g.participant_id, g.subject_id, g.ordinal,"
			 "  CASE WHEN g.first_time THEN 1 ELSE"
			 "   1 + coalesce((SELECT max(t.generation)"
			 "    FROM @extschema@.rf_reward t"
			 "    WHERE t.state IN ('cancelled', 'clawed_back')"
			 "    AND t.participant_id = g.participant_id AND t.rule_id = g.rule_id"
			 "    AND CASE WHEN g.ordinal IS NULL"
			 "     THEN t.ordinal IS NULL AND t.subject_id = g.subject_id"
			 "     ELSE t.ordinal = g.ordinal END), 0) END,"
			 "  g.metric, g.amount, g.unit, g.state, g.earned_at, g.due_at,"
			 "  CASE WHEN g.state = 'issued' THEN $13 END, $13"
			 " FROM (SELECT unnest($1) AS id, unnest($2) AS rule_id, unnest($3) AS participant_id,"
			 "  unnest($4) AS subject_id, unnest($5) AS ordinal, unnest($6) AS metric,"
			 "  unnest($7) AS amount, unnest($8) AS unit, unnest($9) AS state,"
			 "  unnest($10) AS earned_at, unnest($11) AS due_at, unnest($12) AS first_time) AS g"
			 " WHERE g.first_time OR NOT EXISTS (SELECT"
			 "  FROM @extschema@.rf_reward t"
			 "  WHERE t.state NOT IN ('cancelled', 'clawed_back')"
			 "  AND t.participant_id = g.participant_id AND t.rule_id = g.rule_id"
			 "  AND t.ordinal = g.ordinal AND t.ordinal IS NOT NULL)"
			 " AND NOT EXISTS (SELECT"
			 "  FROM @extschema@.rf_reward t"
			 "  WHERE t.state NOT IN ('cancelled', 'clawed_back') AND t.ordinal IS NULL"
			 "  AND g.ordinal IS NULL AND t.subject_id = g.subject_id"
			 "  AND t.rule_id = g.rule_id AND t.participant_id = g.participant_id)"
			 " RETURNING id",
			 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID,
			 TEXTARRAYOID, NUMERICARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
			 TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID, TIMESTAMPTZOID);

#define INSERT_COLUMNS 12

static const Oid insert_types[INSERT_COLUMNS] = {
	INT8OID, INT8OID, INT8OID, INT8OID, INT4OID, TEXTOID, NUMERICOID, TEXTOID, TEXTOID,
	TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID};

static TimestampTz
reward_due_at(const RfGrant *grant)
{
	const Interval *hold = &grant->rule->hold;

	if (hold->time == 0 && hold->day == 0 && hold->month == 0)
		return grant->earned_at;
	return rf_time_add(grant->earned_at, hold);
}

static void
reward_add_row(RfColumn *columns, RfGrant *grant)
{
	TimestampTz due_at = reward_due_at(grant);

	grant->id = nextval_internal(rf_engine_relation("rf_reward_id_seq"), false);
	grant->state = due_at > rf_now() ? "pending" : grant->rule->auto_issue ? "issued"
																		   : "due";
	if (grant->value.amount == 0)
		elog(ERROR, "rule " INT64_FORMAT " grants nothing", grant->rule->id);
	rf_column_add(&columns[0], Int64GetDatum(grant->id));
	rf_column_add(&columns[1], Int64GetDatum(grant->rule->id));
	rf_column_add(&columns[2], Int64GetDatum(grant->participant_id));
	rf_column_add(&columns[3], Int64GetDatum(grant->subject_id));
	if (grant->ordinal > 0)
		rf_column_add(&columns[4], Int32GetDatum(grant->ordinal));
	else
		rf_column_add_null(&columns[4]);
	rf_column_add(&columns[5], CStringGetTextDatum(grant->rule->metric));
	rf_column_add(&columns[6], grant->value.amount);
	rf_column_add(&columns[7], CStringGetTextDatum(grant->value.unit));
	rf_column_add(&columns[8], CStringGetTextDatum(grant->state));
	rf_column_add(&columns[9], TimestampTzGetDatum(grant->earned_at));
	rf_column_add(&columns[10], TimestampTzGetDatum(due_at));
	rf_column_add(&columns[11], BoolGetDatum(grant->first_time));
}

/*
 * Ids come back in the order in which they went in, without those left out:
 * mark the latter.
 */
static int
reward_mark_left_out(RfGrant *grants, int ngrants, uint64 nmade)
{
	uint64 row = 0;

	for (int i = 0; i < ngrants; i++)
	{
		if (row < nmade && rf_int64(row, 1) == grants[i].id)
			row++;
		else
			grants[i].id = 0;
	}
	return (int) row;
}

int
rf_rewards_grant(RfGrant *grants, int ngrants)
{
	RfColumn columns[INSERT_COLUMNS];
	Datum	 values[INSERT_COLUMNS + 1];

	if (ngrants == 0)
		return 0;
	for (int i = 0; i < INSERT_COLUMNS; i++)
		rf_column_init(&columns[i], insert_types[i]);
	for (int i = 0; i < ngrants; i++)
		reward_add_row(columns, &grants[i]);
	for (int i = 0; i < INSERT_COLUMNS; i++)
		values[i] = rf_column_array(&columns[i]);
	values[INSERT_COLUMNS] = TimestampTzGetDatum(rf_now());
	return reward_mark_left_out(grants, ngrants, rf_execute(&insert_rewards, values, NULL));
}
