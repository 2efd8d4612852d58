/*
 * coupon_load.c
 *	  The triggers of rf_coupon: loading coupons, and keeping them.
 *
 * People load pool and code. What waits for a coupon of the pool is issued by
 * the statement that brings it; as everywhere people are locked before pools.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/engine.h"
#include "base/fresh.h"
#include "program/reward_timed.h"

PG_FUNCTION_INFO_V1(rf_coupon_admit);
PG_FUNCTION_INFO_V1(rf_coupon_loaded);
PG_FUNCTION_INFO_V1(rf_coupon_kept);
PG_FUNCTION_INFO_V1(rf_coupon_deleted);
PG_FUNCTION_INFO_V1(rf_coupon_pools_locked);

Datum
rf_coupon_admit(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc = RelationGetDescr(trigger->tg_relation);
	int			 columns[] = {
				 SPI_fnumber(tupdesc, "state"), SPI_fnumber(tupdesc, "reward_id"),
				 SPI_fnumber(tupdesc, "given_at")};
	Datum values[] = {CStringGetTextDatum("free"), 0, 0};
	bool  nulls[] = {false, true, true};
	bool  restored = !heap_attisnull(trigger->tg_trigtuple, columns[0], tupdesc);

	(void) rf_insert_row(fcinfo, restored);
	if (restored)
		return PointerGetDatum(trigger->tg_trigtuple);
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_trigtuple, tupdesc, 3,
													 columns, values, nulls));
}

/* How many coupons of which pool a statement touched. */
typedef struct Pools
{
	RfColumn names;
	RfColumn counts;
} Pools;

static void
pools_add(Pools *pools, Datum name)
{
	for (int i = 0; i < pools->names.n; i++)
	{
		if (DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID,
												 pools->names.values[i], name)))
		{
			pools->counts.values[i]++;
			return;
		}
	}
	rf_column_add(&pools->names, PointerGetDatum(DatumGetTextPCopy(name)));
	rf_column_add(&pools->counts, Int64GetDatum(1));
}

static void
pools_read(Pools *pools, Tuplestorestate *rows, TupleDesc tupdesc)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	int				column = SPI_fnumber(tupdesc, "pool");

	rf_column_init(&pools->names, TEXTOID);
	rf_column_init(&pools->counts, INT8OID);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool isnull;

		pools_add(pools, slot_getattr(slot, column, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* A mark that the pool fell below is told again when it is reached again. */
RF_STATEMENT(count_loaded,
			 "INSERT INTO @extschema@.rf_coupon_pool AS p (pool, total, used, told)"
			 " SELECT s.pool, s.n, 0, 0"
			 " FROM unnest($1, $2) AS s (pool, n)"
			 " ORDER BY s.pool COLLATE \"C\""
			 " ON CONFLICT (pool) DO UPDATE"
			 " SET total = p.total + excluded.total,"
			 " told = least(p.told, CASE"
			 "  WHEN p.used * 100 >= 100 * (p.total + excluded.total) THEN 100"
			 "  WHEN p.used * 100 >= 95 * (p.total + excluded.total) THEN 95"
			 "  WHEN p.used * 100 >= 85 * (p.total + excluded.total) THEN 85"
			 "  ELSE 0 END)",
			 TEXTARRAYOID, INT8ARRAYOID);

Datum
rf_coupon_loaded(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	RfEngine	 engine;
	Pools		 pools;
	Datum		 values[2];
	Datum		 waiting;

	if (!rf_insert_done(fcinfo))
		return PointerGetDatum(NULL);
	rf_engine_enter(&engine, fcinfo);
	pools_read(&pools, trigger->tg_newtable, RelationGetDescr(trigger->tg_relation));
	values[0] = rf_column_array(&pools.names);
	values[1] = rf_column_array(&pools.counts);
	waiting = rf_waiting_lock(values[0]);
	rf_execute(&count_loaded, values, NULL);
	rf_waiting_issue(waiting);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}

Datum
rf_coupon_kept(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	TupleDesc	 tupdesc = RelationGetDescr(trigger->tg_relation);
	bool		 is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	 row = trigger->tg_trigtuple;
	char		*state;

	if (rf_engine_is_writing())
		return PointerGetDatum(is_update ? trigger->tg_newtuple : row);
	if (is_update)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("coupons do not change"),
				 errhint("Delete free ones and insert others.")));
	state = SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "state"));
	if (strcmp(state, "free") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("coupon \"%s\" was handed out",
						SPI_getvalue(row, tupdesc, SPI_fnumber(tupdesc, "code"))),
				 errhint("Only free coupons can be deleted.")));
	return PointerGetDatum(row);
}

/*
 * Before coupons are deleted: whoever hands them out locks their pool first, and
 * which pools it will be nobody can say yet.
 */
Datum
rf_coupon_pools_locked(PG_FUNCTION_ARGS)
{
	RfEngine engine;

	(void) rf_called_as_trigger(fcinfo);
	rf_engine_enter(&engine, fcinfo);
	LockRelationOid(rf_engine_relation("rf_coupon_pool"), ExclusiveLock);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}

RF_STATEMENT(count_deleted,
			 "UPDATE @extschema@.rf_coupon_pool p SET total = p.total - s.n"
			 " FROM (SELECT unnest($1) AS pool, unnest($2) AS n) s"
			 " WHERE p.pool = s.pool",
			 TEXTARRAYOID, INT8ARRAYOID);

Datum
rf_coupon_deleted(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	RfEngine	 engine;
	Pools		 pools;
	Datum		 values[2];

	rf_engine_enter(&engine, fcinfo);
	pools_read(&pools, trigger->tg_oldtable, RelationGetDescr(trigger->tg_relation));
	values[0] = rf_column_array(&pools.names);
	values[1] = rf_column_array(&pools.counts);
	if (pools.names.n > 0)
		rf_execute(&count_deleted, values, NULL);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}
