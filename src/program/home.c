/*
 * home.c
 *	  See home.h.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "program/campaign.h"
#include "program/home.h"

PG_FUNCTION_INFO_V1(rf_home_install);
PG_FUNCTION_INFO_V1(rf_home_status);

char *rf_deliver_as = NULL;
void (*rf_home_installed_hook)(void) = NULL;

char *
rf_home_place(void)
{
	if (rf_deliver_as != NULL && rf_deliver_as[0] != '\0')
		return pstrdup(rf_deliver_as);
	return psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId);
}

RF_STATEMENT(current_home,
			 "SELECT home FROM @extschema@.rf_home"
			 " ORDER BY place = $1 DESC, since DESC, home"
			 " LIMIT 1",
			 TEXTOID);

int64
rf_home_current(void)
{
	static int64  home;
	static uint64 cached_generation = 0;
	uint64		  generation = rf_campaign_generation();

	if (cached_generation != generation)
	{
		Datum values[] = {CStringGetTextDatum(rf_home_place())};

		if (rf_execute(&current_home, values, NULL) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" is empty", "rf_home"),
					 errhint("Call rf_adopt_database().")));
		home = rf_int64(0, 1);
		cached_generation = generation;
	}
	return home;
}

RF_STATEMENT(homes_elsewhere,
			 "SELECT count(*) FILTER (WHERE place <> $1) = 0 AND count(*) > 0"
			 " AND NOT EXISTS (SELECT FROM @extschema@.rf_campaign c"
			 "  WHERE c.home NOT IN (SELECT home FROM @extschema@.rf_home))"
			 " FROM @extschema@.rf_home",
			 TEXTOID);

bool
rf_home_is_here(void)
{
	Datum values[] = {CStringGetTextDatum(rf_home_place())};

	rf_execute(&homes_elsewhere, values, NULL);
	return rf_bool(0, 1);
}

/* A number that no other database draws. */
static int64
home_draw(void)
{
	uint64 home;

	if (!pg_strong_random(&home, sizeof(home)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random number")));
	return (int64) (home & PG_INT64_MAX);
}

RF_STATEMENT(insert_home,
			 "INSERT INTO @extschema@.rf_home (home, place, since)"
			 " VALUES ($1, $2, clock_timestamp())",
			 INT8OID, TEXTOID);

void
rf_home_move_in(void)
{
	Datum values[] = {
		Int64GetDatum(home_draw()), CStringGetTextDatum(rf_home_place())};

	rf_execute(&insert_home, values, NULL);
}

Datum
rf_home_install(PG_FUNCTION_ARGS)
{
	RfEngine engine;

	rf_engine_enter(&engine, fcinfo);
	rf_home_move_in();
	rf_engine_leave(&engine);
	if (rf_home_installed_hook != NULL)
		rf_home_installed_hook();
	PG_RETURN_VOID();
}

Datum
rf_home_status(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	bool	 here;

	rf_engine_enter(&engine, fcinfo);
	here = rf_home_is_here();
	rf_engine_leave(&engine);
	PG_RETURN_BOOL(here);
}
