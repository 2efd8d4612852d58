/*
 * lineage.c
 *	  See lineage.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "program/lineage.h"

RF_STATEMENT(read_lineage,
			 "WITH RECURSIVE up AS ("
			 "  SELECT a.id, a.referrer_id, 1 AS level, ARRAY[$2, $3, a.id] AS path"
			 "  FROM @extschema@.rf_participant a"
			 "  WHERE a.id = $1 AND a.id NOT IN ($2, $3)"
			 "  UNION ALL"
			 "  SELECT a.id, a.referrer_id, up.level + 1, up.path || a.id"
			 "  FROM up"
			 "  JOIN @extschema@.rf_participant a ON a.id = up.referrer_id"
			 "  WHERE up.level < $4 AND a.id <> ALL (up.path))"
			 " SELECT " RF_PERSON_COLUMNS
			 " FROM up"
			 " JOIN @extschema@.rf_participant p ON p.id = up.id"
			 " ORDER BY up.level",
			 INT8OID, INT8OID, INT8OID, INT4OID);

void
rf_lineage_read(RfLineage *lineage, const RfHappening *happening, int nlevels)
{
	const RfPerson *referrer = happening->referrer;

	if (lineage->is_read)
		return;
	lineage->is_read = true;
	if (referrer == NULL || referrer->referrer_id == 0)
		return;
	{
		Datum values[] = {
			Int64GetDatum(referrer->referrer_id), Int64GetDatum(referrer->id),
			Int64GetDatum(happening->participant->id), Int32GetDatum(nlevels)};

		lineage->n = (int) rf_execute(&read_lineage, values, NULL);
	}
	lineage->people = palloc_array(RfPerson, lineage->n);
	for (int i = 0; i < lineage->n; i++)
		rf_person_read(&lineage->people[i], i, 1);
}
