/*
 * reward_rows.c
 *	  See reward_rows.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "program/reward_rows.h"

/* Is t a row of the same grant as g? One for each of the two unique indexes. */
#define SAME_SUBJECT \
	" t.ordinal IS NULL AND t.subject_id = g.subject_id AND t.rule_id = g.rule_id" \
	" AND t.participant_id = g.participant_id" \
	" AND t.purchase_id IS NOT DISTINCT FROM g.purchase_id AND t.n IS NOT DISTINCT FROM g.n"
#define SAME_ORDINAL \
	" t.participant_id = g.participant_id AND t.rule_id = g.rule_id AND t.ordinal = g.ordinal"

/* Is there a live row of the same grant, and which generation is the next? */
#define SUBJECT_IS_LIVE \
	" EXISTS (SELECT FROM @extschema@.rf_reward t" \
	"  WHERE t.state NOT IN ('cancelled', 'clawed_back') AND" SAME_SUBJECT ")"
#define ORDINAL_IS_LIVE \
	" EXISTS (SELECT FROM @extschema@.rf_reward t" \
	"  WHERE t.state NOT IN ('cancelled', 'clawed_back')" \
	"  AND t.ordinal IS NOT NULL AND" SAME_ORDINAL ")"
#define NEXT_GENERATION(same) \
	" 1 + coalesce((SELECT max(t.generation) FROM @extschema@.rf_reward t" \
	"  WHERE t.state IN ('cancelled', 'clawed_back') AND" same "), 0)"
#define SUBJECT_GENERATION NEXT_GENERATION(SAME_SUBJECT)
#define ORDINAL_GENERATION NEXT_GENERATION(SAME_ORDINAL)

/* What every grant has. */
#define PLAIN_COLUMNS \
	" id, rule_id, participant_id, subject_id, metric, amount, unit, state, earned_at, due_at," \
	" issued_at, changed_at, generation"
#define PLAIN_VALUES \
	" g.id, g.rule_id, g.participant_id, g.subject_id, g.metric, g.amount, g.unit, g.state," \
	" g.earned_at, g.due_at, CASE WHEN g.state = 'issued' THEN $11 END, $11,"
#define PLAIN_ARRAYS \
	" unnest($1) AS id, unnest($2) AS rule_id, unnest($3) AS participant_id," \
	" unnest($4) AS subject_id, unnest($5) AS metric, unnest($6) AS amount," \
	" unnest($7) AS unit, unnest($8) AS state, unnest($9) AS earned_at, unnest($10) AS due_at"
#define PLAIN_TYPES \
	INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, \
		TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZOID

/*
 * One statement for all grants. A grant that is live already is left out; one
 * that was taken back before gets the next generation. Looking first is safe,
 * and cheaper than ON CONFLICT: the people whose grants these are stand locked.
 * The unique indexes prove it.
 *
 * Setting up a column or a look costs about as much as a row, so most grants go
 * without those they do not need: what is earned by joining is looked for
 * nowhere, and few grants have more than the plain columns. "first_time OR" also
 * keeps a look from becoming a join, which, planned while the table is empty,
 * would read all of it.
 */
RF_STATEMENT(insert_first,
			 "INSERT INTO @extschema@.rf_reward (" PLAIN_COLUMNS ") OVERRIDING SYSTEM VALUE"
			 " SELECT" PLAIN_VALUES " 1"
			 " FROM (SELECT" PLAIN_ARRAYS ") AS g"
			 " RETURNING id",
			 PLAIN_TYPES);
RF_STATEMENT(insert_plain,
			 "INSERT INTO @extschema@.rf_reward (" PLAIN_COLUMNS ") OVERRIDING SYSTEM VALUE"
			 " SELECT" PLAIN_VALUES SUBJECT_GENERATION
			 " FROM (SELECT" PLAIN_ARRAYS ", unnest($12) AS first_time,"
			 "  NULL::bigint AS purchase_id, NULL::integer AS n) AS g"
			 " WHERE g.first_time OR NOT" SUBJECT_IS_LIVE
			 " RETURNING id",
			 PLAIN_TYPES, BOOLARRAYOID);
RF_STATEMENT(insert_rewards,
			 "INSERT INTO @extschema@.rf_reward"
			 " (" PLAIN_COLUMNS ", ordinal, purchase_id, n, reason, coupon, pool, level,"
			 "  spend_base, percent, cap, last_purchase_id)"
			 " OVERRIDING SYSTEM VALUE"
			 " SELECT" PLAIN_VALUES
			 "  CASE WHEN g.first_time THEN 1"
			 "   WHEN g.ordinal IS NULL THEN" SUBJECT_GENERATION
			 "   ELSE" ORDINAL_GENERATION " END,"
			 "  g.ordinal, g.purchase_id, g.n, g.reason, g.coupon, g.pool, g.level,"
			 "  g.spend_base, g.percent, g.cap, g.last_purchase_id"
			 " FROM (SELECT" PLAIN_ARRAYS ", unnest($12) AS first_time, unnest($13) AS ordinal,"
			 "  unnest($14) AS purchase_id, unnest($15) AS n, unnest($16) AS reason,"
			 "  unnest($17) AS coupon, unnest($18) AS pool, unnest($19) AS level,"
			 "  unnest($20) AS spend_base, unnest($21) AS percent, unnest($22) AS cap,"
			 "  unnest($23) AS last_purchase_id) AS g"
			 " WHERE g.first_time"
			 "  OR CASE WHEN g.ordinal IS NULL THEN NOT" SUBJECT_IS_LIVE
			 "   ELSE NOT" ORDINAL_IS_LIVE " END"
			 " RETURNING id",
			 PLAIN_TYPES, BOOLARRAYOID, INT4ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
			 TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID,
			 NUMERICARRAYOID, INT8ARRAYOID);

/* The arrays of insert_rewards, in its order; NOW is a single value. */
enum
{
	ID,
	RULE_ID,
	PARTICIPANT_ID,
	SUBJECT_ID,
	METRIC,
	AMOUNT,
	UNIT,
	STATE,
	EARNED_AT,
	DUE_AT,
	NOW,
	FIRST_TIME,
	ORDINAL, /* from here on null in most rows */
	PURCHASE_ID,
	N,
	REASON,
	COUPON,
	POOL,
	LEVEL,
	SPEND_BASE,
	PERCENT,
	CAP,
	LAST_PURCHASE_ID,
	INSERT_COLUMNS
};

static const Oid insert_types[INSERT_COLUMNS] = {
	INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, NUMERICOID, TEXTOID, TEXTOID,
	TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID, INT4OID, INT8OID, INT4OID,
	TEXTOID, TEXTOID, TEXTOID, INT4OID, NUMERICOID, NUMERICOID, NUMERICOID, INT8OID};

static void
row_add(RfColumn *columns, int column, Datum value)
{
	if (value != 0)
		rf_column_add(&columns[column], value);
	else
		rf_column_add_null(&columns[column]);
}

static void
row_add_text(RfColumn *columns, int column, const char *text)
{
	row_add(columns, column, text != NULL ? CStringGetTextDatum(text) : 0);
}

static void
reward_add_row(RfColumn *columns, const RfGrant *grant)
{
	rf_column_add(&columns[ID], Int64GetDatum(grant->id));
	rf_column_add(&columns[RULE_ID], Int64GetDatum(grant->rule->id));
	rf_column_add(&columns[PARTICIPANT_ID], Int64GetDatum(grant->recipient->id));
	rf_column_add(&columns[SUBJECT_ID], Int64GetDatum(grant->subject_id));
	row_add(columns, ORDINAL, Int32GetDatum(grant->ordinal));
	row_add_text(columns, METRIC, rf_metric_name(grant->rule->metric));
	row_add(columns, AMOUNT, grant->value.amount);
	row_add_text(columns, UNIT, grant->value.unit);
	row_add_text(columns, STATE, grant->state);
	rf_column_add(&columns[EARNED_AT], TimestampTzGetDatum(grant->earned_at));
	rf_column_add(&columns[DUE_AT], TimestampTzGetDatum(grant->due_at));
	rf_column_add(&columns[FIRST_TIME], BoolGetDatum(grant->first_time));
	if (grant->purchase_id != 0)
		rf_column_add(&columns[PURCHASE_ID], Int64GetDatum(grant->purchase_id));
	else
		rf_column_add_null(&columns[PURCHASE_ID]);
	row_add(columns, N, Int32GetDatum(grant->n));
	row_add_text(columns, REASON, grant->reason);
	row_add_text(columns, COUPON, grant->coupon);
	row_add_text(columns, POOL, grant->value.pool);
	row_add(columns, LEVEL, Int32GetDatum(grant->level > 1 ? grant->level : 0));
	row_add(columns, SPEND_BASE, grant->spend_base);
	row_add(columns, PERCENT, grant->percent);
	row_add(columns, CAP, grant->spend_base != 0 ? grant->rule->cap : 0);
	if (grant->last_purchase_id != 0)
		rf_column_add(&columns[LAST_PURCHASE_ID], Int64GetDatum(grant->last_purchase_id));
	else
		rf_column_add_null(&columns[LAST_PURCHASE_ID]);
}

static bool
column_is_null(const RfColumn *column)
{
	for (int i = 0; i < column->n; i++)
	{
		if (!column->nulls[i])
			return false;
	}
	return true;
}

/* The least that inserts these grants: who is granted the first time, and how plainly. */
static RfStatement *
insert_statement(const RfColumn *columns)
{
	bool first_time = true;

	for (int i = ORDINAL; i < INSERT_COLUMNS; i++)
	{
		if (!column_is_null(&columns[i]))
			return &insert_rewards;
	}
	for (int i = 0; i < columns[FIRST_TIME].n; i++)
		first_time = first_time && DatumGetBool(columns[FIRST_TIME].values[i]);
	return first_time ? &insert_first : &insert_plain;
}

/* Insert the grants that have an id and are not revived. Returns the number of rows. */
static uint64
reward_insert(const RfGrant *grants, int ngrants)
{
	RfColumn	 columns[INSERT_COLUMNS];
	Datum		 values[INSERT_COLUMNS];
	RfStatement *statement;

	for (int i = 0; i < INSERT_COLUMNS; i++)
		rf_column_init(&columns[i], insert_types[i]);
	for (int i = 0; i < ngrants; i++)
	{
		if (grants[i].id != 0 && !grants[i].is_revived)
			reward_add_row(columns, &grants[i]);
	}
	if (columns[ID].n == 0)
		return 0;
	statement = insert_statement(columns);
	for (int i = 0; i < statement->nargs; i++)
		values[i] = rf_column_array(&columns[i]);
	values[NOW] = TimestampTzGetDatum(rf_now());
	return rf_execute(statement, values, NULL);
}

static int
id_compare(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

/*
 * Ids come back without those left out, in the order in which the plan happened
 * to look for live ones: mark those that are missing.
 */
static void
reward_mark_left_out(RfGrant *grants, int ngrants, uint64 nmade)
{
	int64 *made = palloc_array(int64, nmade);

	for (uint64 row = 0; row < nmade; row++)
		made[row] = rf_int64(row, 1);
	qsort(made, nmade, sizeof(int64), id_compare);
	for (int i = 0; i < ngrants; i++)
	{
		if (grants[i].id == 0 || grants[i].is_revived)
			continue;
		if (bsearch(&grants[i].id, made, nmade, sizeof(int64), id_compare) == NULL)
			grants[i].id = 0;
	}
	pfree(made);
}

void
rf_rewards_insert(RfGrant *grants, int ngrants)
{
	reward_mark_left_out(grants, ngrants, reward_insert(grants, ngrants));
}

/*
 * The limits keep the two lookups from becoming joins, which a plan made while
 * there were no rewards yet would let read all there are by now.
 */
RF_STATEMENT(find_live,
			 "SELECT g.k::integer, live.id, live.state = 'rejected'"
			 " FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY"
			 "  AS g (rule_id, participant_id, subject_id, ordinal, purchase_id, n, k)"
			 " CROSS JOIN LATERAL ("
			 "  (SELECT t.id, t.state FROM @extschema@.rf_reward t"
			 "   WHERE g.ordinal IS NULL AND t.state NOT IN ('cancelled', 'clawed_back')"
			 "   AND" SAME_SUBJECT " LIMIT 1)"
			 "  UNION ALL"
			 "  (SELECT t.id, t.state FROM @extschema@.rf_reward t"
			 "   WHERE g.ordinal IS NOT NULL AND t.state NOT IN ('cancelled', 'clawed_back')"
			 "   AND t.ordinal IS NOT NULL AND" SAME_ORDINAL " LIMIT 1)) live",
			 INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, INT8ARRAYOID, INT4ARRAYOID);

void
rf_rewards_look(RfGrant *grants, int ngrants)
{
	static const int keys[] = {RULE_ID, PARTICIPANT_ID, SUBJECT_ID, ORDINAL, PURCHASE_ID, N};
	RfColumn		 columns[INSERT_COLUMNS];
	Datum			 values[lengthof(keys)];
	uint64			 nlive;

	for (int i = 0; i < INSERT_COLUMNS; i++)
		rf_column_init(&columns[i], insert_types[i]);
	for (int i = 0; i < ngrants; i++)
		reward_add_row(columns, &grants[i]);
	for (size_t i = 0; i < lengthof(keys); i++)
		values[i] = rf_column_array(&columns[keys[i]]);
	nlive = rf_execute(&find_live, values, NULL);
	for (uint64 row = 0; row < nlive; row++)
	{
		RfGrant *grant = &grants[rf_int32(row, 1) - 1];

		grant->is_revived = grant->revives && rf_bool(row, 3);
		grant->id = grant->is_revived ? rf_int64(row, 2) : 0;
	}
}

RF_STATEMENT(revive_rewards,
			 "UPDATE @extschema@.rf_reward r"
			 " SET amount = g.amount, unit = g.unit, state = g.state, earned_at = g.earned_at,"
			 " due_at = g.due_at, reason = g.reason, coupon = g.coupon, pool = g.pool,"
			 " spend_base = g.spend_base, percent = g.percent, cap = g.cap,"
			 " last_purchase_id = g.last_purchase_id, subject_id = g.subject_id, changed_at = $15,"
			 " issued_at = CASE WHEN g.state = 'issued' THEN $15 END"
			 " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
			 "  AS g (id, amount, unit, state, earned_at, due_at, reason, coupon, pool,"
			 "   spend_base, percent, cap, last_purchase_id, subject_id)"
			 " WHERE r.id = g.id",
			 INT8ARRAYOID, NUMERICARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID,
			 TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID,
			 NUMERICARRAYOID, NUMERICARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TIMESTAMPTZOID);

void
rf_rewards_revive(RfGrant *grants, int ngrants)
{
	static const int written[] = {
		ID, AMOUNT, UNIT, STATE, EARNED_AT, DUE_AT, REASON, COUPON, POOL, SPEND_BASE,
		PERCENT, CAP, LAST_PURCHASE_ID, SUBJECT_ID};
	RfColumn columns[INSERT_COLUMNS];
	Datum	 values[lengthof(written) + 1];

	for (int i = 0; i < INSERT_COLUMNS; i++)
		rf_column_init(&columns[i], insert_types[i]);
	for (int i = 0; i < ngrants; i++)
	{
		RfGrant *grant = &grants[i];

		if (!grant->is_revived || grant->id == 0)
			continue;
		if (strcmp(grant->state, "rejected") == 0)
			grant->id = 0;
		else
			reward_add_row(columns, grant);
	}
	if (columns[ID].n == 0)
		return;
	for (size_t i = 0; i < lengthof(written); i++)
		values[i] = rf_column_array(&columns[written[i]]);
	values[lengthof(written)] = TimestampTzGetDatum(rf_now());
	rf_execute(&revive_rewards, values, NULL);
}
