/*
 * adopt.c
 *	  rf_adopt_database: a restored copy takes the place of its origin.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/engine.h"
#include "program/home.h"
#include "program/window.h"

PG_FUNCTION_INFO_V1(rf_adopt_database);

/* Homes that the rows of a dump brought along without their rf_home row. */
RF_STATEMENT(adopt_homes,
			 "INSERT INTO @extschema@.rf_home (home, place, since)"
			 " SELECT b.home, $1, '-infinity'::timestamptz"
			 " FROM (SELECT home FROM @extschema@.rf_event"
			 "  UNION SELECT home FROM @extschema@.rf_campaign) b"
			 " WHERE NOT EXISTS (SELECT FROM @extschema@.rf_home h WHERE h.home = b.home)",
			 TEXTOID);
RF_STATEMENT(move_homes,
			 "UPDATE @extschema@.rf_home SET place = $1", TEXTOID);

Datum
rf_adopt_database(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Datum	 values[1];

	rf_engine_enter(&engine, fcinfo);
	values[0] = CStringGetTextDatum(rf_home_place());
	rf_execute(&adopt_homes, values, NULL);
	rf_execute(&move_homes, values, NULL);
	rf_home_move_in();
	rf_windows_open_missing();
	rf_engine_leave(&engine);
	PG_RETURN_VOID();
}
