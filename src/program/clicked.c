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

/* When more than $6 are below it, there are about 16 times as many. */
#define A_SIXTEENTH "'\\x10'"

#define CLICKS_SUM(a, b) "least(" a " + " b ", 2147483647)::integer"

RF_STATEMENT(add_clicks,
			 "INSERT INTO @extschema@.rf_click AS k"
			 " (campaign_id, participant_id, day, visitor, clicks, visitors)"
			 " SELECT a.campaign_id, a.participant_id, a.day,"
			 "  CASE WHEN f.is_full THEN '' ELSE a.visitor END,"
			 "  " CLICKS_SUM("sum(a.clicks)", "0") ", 1"
												   " FROM unnest($1, $2, $3, $4, $5)"
												   "  AS a (campaign_id, participant_id, day, visitor, clicks)"
												   " JOIN (SELECT d.participant_id, d.day, (SELECT count(*)"
												   "    FROM @extschema@.rf_click r"
												   "    WHERE r.participant_id = d.participant_id AND r.day = d.day"
												   "    AND r.visitor < " A_SIXTEENTH ") >= $6 AS is_full"
												   "  FROM (SELECT DISTINCT participant_id, day FROM unnest($2, $3)"
												   "    AS e (participant_id, day)) AS d) AS f"
												   "  ON f.participant_id = a.participant_id AND f.day = a.day"
												   " GROUP BY 1, 2, 3, 4"
												   " ORDER BY 2, 3, 4"
												   " ON CONFLICT (participant_id, day, visitor)"
												   " DO UPDATE SET clicks = " CLICKS_SUM("k.clicks::bigint", "excluded.clicks"),
			 INT8ARRAYOID, INT8ARRAYOID, DATEARRAYOID, BYTEAARRAYOID, INT4ARRAYOID, INT4OID);

static Datum
visitor_datum(const RfClick *click)
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) click->visitor,
													RF_VISITOR_LENGTH));
}

void
rf_clicked_add(const RfClick *clicks, int n)
{
	static const Oid types[] = {INT8OID, INT8OID, DATEOID, BYTEAOID, INT4OID};
	RfColumn		 columns[lengthof(types)];
	Datum			 values[lengthof(types) + 1];

	for (size_t i = 0; i < lengthof(types); i++)
		rf_column_init(&columns[i], types[i]);
	for (int i = 0; i < n; i++)
	{
		rf_column_add(&columns[0], Int64GetDatum(clicks[i].campaign_id));
		rf_column_add(&columns[1], Int64GetDatum(clicks[i].participant_id));
		rf_column_add(&columns[2], DateADTGetDatum(clicks[i].day));
		rf_column_add(&columns[3], visitor_datum(&clicks[i]));
		rf_column_add(&columns[4], Int32GetDatum(clicks[i].clicks));
	}
	for (size_t i = 0; i < lengthof(types); i++)
		values[i] = rf_column_array(&columns[i]);
	values[lengthof(types)] = Int32GetDatum(VISITORS_MAX / 16);
	rf_execute(&add_clicks, values, NULL);
}

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
