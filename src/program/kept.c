/*
 * kept.c
 *	  What others refer to is not deleted, in the place of foreign keys.
 *
 * Before the question is asked whether somebody refers to a row, the writers of
 * the referring table are locked out until the deletion has committed. They in
 * turn hold their lock before they look at what they refer to (an INSERT holds
 * it before its first trigger; see rf_rewards_lock() for grants), and taking it
 * makes them see the invalidation that the deletion sent. So no row can come to
 * refer to one that is gone, at no cost to those who write. Tables are locked by
 * a statement trigger, before the first row: who writes the referring table may
 * go on to lock the row of a rule.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/engine.h"
#include "program/reward.h"

PG_FUNCTION_INFO_V1(rf_rows_kept);
PG_FUNCTION_INFO_V1(rf_writers_locked_out);
PG_FUNCTION_INFO_V1(rf_campaign_kept);
PG_FUNCTION_INFO_V1(rf_reward_rule_kept);

Datum
rf_rows_kept(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	const char	*relation = RelationGetRelationName(trigger->tg_relation);

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the identity of a row of \"%s\" is fixed", relation),
				 errhint("%s", trigger->tg_trigger->tgargs[0])));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rows of \"%s\" cannot be deleted", relation),
			 errhint("%s", trigger->tg_trigger->tgargs[0])));
	return PointerGetDatum(NULL);
}

/*
 * Always all of them, in one order: the order in which those who join write, but
 * for rules, whose writers come here with a lock on that table. For that reason
 * two who delete rules must not lock out each other, either. A call of another
 * system notes the use of its token first.
 */
static void
kept_lock_out_writers(const TriggerData *trigger)
{
	static const char *const relations[] = {
		"rf_inbound_token", "rf_reward_rule", "rf_participant", "rf_reward", "rf_webhook", "rf_fraud_rule",
		"rf_blocked"};

	for (size_t i = 0; i < lengthof(relations); i++)
	{
		Oid relation = rf_engine_relation(relations[i]);

		if (relation != RelationGetRelid(trigger->tg_relation))
			LockRelationOid(relation, ShareRowExclusiveLock);
	}
}

/* Before rows are deleted, or what limits go by is changed. */
Datum
rf_writers_locked_out(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	RfEngine	 engine;

	rf_engine_enter(&engine, fcinfo);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		kept_lock_out_writers(trigger);
	else
		LockRelationOid(rf_engine_relation("rf_reward"), ShareRowExclusiveLock);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}

static Datum
kept_id(TriggerData *trigger)
{
	TupleDesc tupdesc = RelationGetDescr(trigger->tg_relation);
	bool	  isnull;

	return SPI_getbinval(trigger->tg_trigtuple, tupdesc, SPI_fnumber(tupdesc, "id"), &isnull);
}

RF_STATEMENT(campaign_is_used,
			 "SELECT EXISTS (SELECT FROM @extschema@.rf_participant WHERE campaign_id = $1)"
			 " OR EXISTS (SELECT FROM @extschema@.rf_reward_rule WHERE campaign_id = $1)"
			 " OR EXISTS (SELECT FROM @extschema@.rf_webhook WHERE campaign_id = $1)",
			 INT8OID);

/* What is a campaign's own goes with it. */
RF_STATEMENT(delete_fraud_rules,
			 "DELETE FROM @extschema@.rf_fraud_rule WHERE campaign_id = $1", INT8OID);
RF_STATEMENT(delete_blocked,
			 "DELETE FROM @extschema@.rf_blocked WHERE campaign_id = $1", INT8OID);
RF_STATEMENT(delete_tokens,
			 "WITH gone AS ("
			 " DELETE FROM @extschema@.rf_inbound_token WHERE campaign_id = $1 RETURNING id)"
			 " DELETE FROM @extschema@.rf_inbound_secret s USING gone WHERE s.inbound_id = gone.id",
			 INT8OID);

Datum
rf_campaign_kept(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	Datum		 id = kept_id(trigger);
	RfEngine	 engine;

	rf_engine_enter(&engine, fcinfo);
	kept_lock_out_writers(trigger);
	rf_execute(&campaign_is_used, &id, NULL);
	if (rf_bool(0, 1))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("campaign " INT64_FORMAT " has people, rules or webhooks", DatumGetInt64(id)),
				 errhint("Set its state to 'ended' instead of deleting it.")));
	rf_execute(&delete_fraud_rules, &id, NULL);
	rf_execute(&delete_blocked, &id, NULL);
	rf_execute(&delete_tokens, &id, NULL);
	rf_engine_leave(&engine);
	return PointerGetDatum(trigger->tg_trigtuple);
}

RF_STATEMENT(rule_is_used,
			 "SELECT EXISTS (SELECT FROM @extschema@.rf_reward WHERE rule_id = $1)"
			 " OR EXISTS (SELECT FROM @extschema@.rf_webhook WHERE rule_id = $1)",
			 INT8OID);
RF_STATEMENT(delete_milestones,
			 "DELETE FROM @extschema@.rf_milestone WHERE rule_id = $1", INT8OID);
RF_STATEMENT(delete_recurrences,
			 "DELETE FROM @extschema@.rf_recurrence WHERE rule_id = $1", INT8OID);
RF_STATEMENT(delete_quotas,
			 "DELETE FROM @extschema@.rf_quota WHERE rule_id = $1", INT8OID);

Datum
rf_reward_rule_kept(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	Datum		 id = kept_id(trigger);
	RfEngine	 engine;

	rf_engine_enter(&engine, fcinfo);
	kept_lock_out_writers(trigger);
	rf_execute(&rule_is_used, &id, NULL);
	if (rf_bool(0, 1))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("rule " INT64_FORMAT " has grants or webhooks", DatumGetInt64(id)),
				 errhint("Set \"active\" to false instead of deleting it.")));
	rf_execute(&delete_milestones, &id, NULL);
	rf_execute(&delete_recurrences, &id, NULL);
	rf_execute(&delete_quotas, &id, NULL);
	rf_engine_leave(&engine);
	return PointerGetDatum(trigger->tg_trigtuple);
}

void
rf_rewards_lock(void)
{
	LockRelationOid(rf_engine_relation("rf_reward"), RowExclusiveLock);
}
