/*
 * clicked.c
 *	  See clicked.h.
 *
 * While a day lasts each visitor has a row, so that it is told who came before.
 * Those who come after the first 10,000 of one person's link, or the first flood
 * of made-up browsers, share a row, the one whose visitor is empty. Hashes of
 * visitors are as good as random, so that one sixteenth of their range tells how many
 * there are: nobody counts thousands of rows to write one.
 *
 * An hour after the day is over its rows are put together, into that same row:
 * hashes whose salt is gone say no more than their number does, and statistics
 * read a row for each person and day instead of one for each visitor ever. The hour
 * is for what was gathered before midnight and could not be written at once.
 *
 * Rows are written in the order of their key, whoever writes them: nobody who does
 * waits for another in a circle.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "program/batch.h"
#include "program/clicked.h"

/* Visitors of one link and day that are told apart. */
#define VISITORS_MAX 10000

#define CLICKS_SUM(a, b) "least(" a " + " b ", 2147483647)::integer"

/* ---- a link's day is full ----------------------------------------------- */

static int
click_compare(const void *a, const void *b)
{
	const RfClick *left = (const RfClick *) a;
	const RfClick *right = (const RfClick *) b;

	if (left->participant_id != right->participant_id)
		return left->participant_id < right->participant_id ? -1 : 1;
	if (left->day != right->day)
		return left->day < right->day ? -1 : 1;
	return memcmp(left->visitor, right->visitor, RF_VISITOR_LENGTH);
}

/* Is it the first of its link and day? They are sorted. */
static bool
begins_link(const RfClick *clicks, int i)
{
	return i == 0 || clicks[i].participant_id != clicks[i - 1].participant_id ||
		clicks[i].day != clicks[i - 1].day;
}

/* What is below x10 is a sixteenth of all. */
RF_STATEMENT(find_full,
			 "SELECT (SELECT count(*) FROM @extschema@.rf_click k"
			 "  WHERE k.participant_id = l.participant_id AND k.day = l.day"
			 "  AND k.visitor < '\\x10') >= $3"
			 " FROM unnest($1, $2) WITH ORDINALITY AS l (participant_id, day, n)"
			 " ORDER BY l.n",
			 INT8ARRAYOID, DATEARRAYOID, INT4OID);

/* For each link and day of the sorted clicks: are all visitors told apart that can be? */
static bool *
links_full(const RfClick *clicks, int n)
{
	RfColumn ids;
	RfColumn days;
	Datum	 values[3];
	bool	*full;

	rf_column_init(&ids, INT8OID);
	rf_column_init(&days, DATEOID);
	for (int i = 0; i < n; i++)
	{
		if (!begins_link(clicks, i))
			continue;
		rf_column_add(&ids, Int64GetDatum(clicks[i].participant_id));
		rf_column_add(&days, DateADTGetDatum(clicks[i].day));
	}
	values[0] = rf_column_array(&ids);
	values[1] = rf_column_array(&days);
	values[2] = Int32GetDatum(VISITORS_MAX / 16);
	rf_execute(&find_full, values, NULL);
	full = palloc_array(bool, ids.n);
	for (int i = 0; i < ids.n; i++)
		full[i] = rf_bool(i, 1);
	return full;
}

/* ---- adding ------------------------------------------------------------- */

typedef struct Row
{
	RfClick click;
	bool	is_shared; /* by visitors who are not told apart */
} Row;

/* The rows to write of the sorted clicks; as many as them at most. */
static int
rows_make(Row *rows, const RfClick *clicks, int n)
{
	bool *full = links_full(clicks, n);
	int	  link = -1;
	int	  nrows = 0;

	for (int i = 0; i < n; i++)
	{
		bool begins = begins_link(clicks, i);

		link += begins;
		if (full[link] && !begins)
		{
			int64 sum = (int64) rows[nrows - 1].click.clicks + clicks[i].clicks;

			rows[nrows - 1].click.clicks = (int32) Min(sum, PG_INT32_MAX);
		}
		else
			rows[nrows++] = (Row){clicks[i], full[link]};
	}
	return nrows;
}

/* unnest() keeps the order. */
RF_STATEMENT(add_rows,
			 "INSERT INTO @extschema@.rf_click AS k"
			 " (campaign_id, participant_id, day, visitor, clicks, visitors)"
			 " SELECT a.campaign_id, a.participant_id, a.day, a.visitor, a.clicks, 1"
			 " FROM unnest($1, $2, $3, $4, $5)"
			 "  AS a (campaign_id, participant_id, day, visitor, clicks)"
			 " ON CONFLICT (participant_id, day, visitor)"
			 " DO UPDATE SET clicks = " CLICKS_SUM("k.clicks::bigint", "excluded.clicks"),
			 INT8ARRAYOID, INT8ARRAYOID, DATEARRAYOID, BYTEAARRAYOID, INT4ARRAYOID);

static Datum
row_visitor(const Row *row)
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) row->click.visitor,
													row->is_shared ? 0 : RF_VISITOR_LENGTH));
}

static void
rows_add(const Row *rows, int n)
{
	static const Oid types[] = {INT8OID, INT8OID, DATEOID, BYTEAOID, INT4OID};
	RfColumn		 columns[lengthof(types)];
	Datum			 values[lengthof(types)];

	for (size_t i = 0; i < lengthof(types); i++)
		rf_column_init(&columns[i], types[i]);
	for (int i = 0; i < n; i++)
	{
		rf_column_add(&columns[0], Int64GetDatum(rows[i].click.campaign_id));
		rf_column_add(&columns[1], Int64GetDatum(rows[i].click.participant_id));
		rf_column_add(&columns[2], DateADTGetDatum(rows[i].click.day));
		rf_column_add(&columns[3], row_visitor(&rows[i]));
		rf_column_add(&columns[4], Int32GetDatum(rows[i].click.clicks));
	}
	for (size_t i = 0; i < lengthof(types); i++)
		values[i] = rf_column_array(&columns[i]);
	rf_execute(&add_rows, values, NULL);
}

void
rf_clicked_add(RfClick *clicks, int n)
{
	Row *rows = palloc_array(Row, n);

	qsort(clicks, n, sizeof(RfClick), click_compare);
	rows_add(rows, rows_make(rows, clicks, n));
}

/* ---- past days ---------------------------------------------------------- */

/* What another session is putting together is left to it. */
RF_STATEMENT(fold_clicks,
			 "WITH past AS ("
			 " DELETE FROM @extschema@.rf_click"
			 " WHERE ctid = ANY (ARRAY("
			 "  SELECT ctid FROM @extschema@.rf_click"
			 "  WHERE day < $1 AND visitor <> ''"
			 "  ORDER BY day, participant_id LIMIT $2"
			 "  FOR UPDATE SKIP LOCKED))"
			 " RETURNING campaign_id, participant_id, day, clicks, visitors),"
			 " kept AS ("
			 " INSERT INTO @extschema@.rf_click AS k"
			 "  (campaign_id, participant_id, day, visitor, clicks, visitors)"
			 " SELECT campaign_id, participant_id, day, '',"
			 "  " CLICKS_SUM("sum(clicks)", "0") ", sum(visitors)"
												 " FROM past"
												 " GROUP BY 1, 2, 3"
												 " ORDER BY 2, 3"
												 " ON CONFLICT (participant_id, day, visitor)"
												 " DO UPDATE SET visitors = k.visitors + excluded.visitors,"
												 "  clicks = " CLICKS_SUM("k.clicks::bigint", "excluded.clicks") ")"
																												 " SELECT count(*) FROM past",
			 DATEOID, INT4OID);

int
rf_clicked_fold(void)
{
	TimestampTz an_hour_ago = rf_now() - USECS_PER_HOUR;
	Datum		values[] = {
			  DateADTGetDatum((DateADT) (an_hour_ago / USECS_PER_DAY)), Int32GetDatum(RF_BATCH)};

	rf_execute(&fold_clicks, values, NULL);
	return (int) rf_int64(0, 1);
}
