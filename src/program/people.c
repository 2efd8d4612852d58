/*
 * people.c
 *	  See people.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"

#include "program/limit.h"
#include "program/people.h"
#include "program/reward.h"

/* Who is above whom never changes, so it may be read before the lock. */
RF_STATEMENT(lock_people,
			 "WITH RECURSIVE line (id, referrer_id, above, most) AS ("
			 " SELECT p.id, p.referrer_id, 0,"
			 "  CASE WHEN EXISTS (SELECT FROM @extschema@.rf_reward_rule r"
			 "    WHERE r.campaign_id = p.campaign_id AND r.levels IS NOT NULL)"
			 "   THEN $2 + $3 ELSE $2 END"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = ANY ($1)"
			 " UNION"
			 " SELECT p.id, p.referrer_id, l.above + 1, l.most"
			 " FROM line l"
			 " JOIN @extschema@.rf_participant p ON p.id = l.referrer_id"
			 " WHERE l.above < l.most)"
			 " SELECT FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (SELECT line.id FROM line)"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8ARRAYOID, INT4OID, INT4OID);

RF_STATEMENT(find_campaigns,
			 "SELECT DISTINCT p.campaign_id"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = ANY ($1)"
			 " ORDER BY p.campaign_id",
			 INT8ARRAYOID);

static void
people_lock_limits(Datum ids)
{
	int	   ncampaigns = (int) rf_execute(&find_campaigns, &ids, NULL);
	int64 *campaign_ids = palloc_array(int64, ncampaigns);
	List  *campaigns = NIL;

	for (int i = 0; i < ncampaigns; i++)
		campaign_ids[i] = rf_int64(i, 1);
	for (int i = 0; i < ncampaigns; i++)
	{
		const RfCampaign *campaign = rf_campaign_by_id(campaign_ids[i]);

		campaigns = lappend(campaigns, unconstify(RfCampaign *, campaign));
	}
	rf_limits_lock_campaigns(campaigns);
}

/*
 * The tables that are going to be written are locked before the first row, in
 * the order in which those who delete rules or campaigns lock them (kept.c).
 */
void
rf_people_lock(Datum ids, int above)
{
	Datum values[] = {ids, Int32GetDatum(above), Int32GetDatum(RF_LEVELS_MAX)};

	LockRelationOid(rf_engine_relation("rf_participant"), RowExclusiveLock);
	rf_rewards_lock();
	rf_execute(&lock_people, values, NULL);
	people_lock_limits(ids);
}

RF_STATEMENT(find_owners,
			 "SELECT coalesce(pg_catalog.array_agg(p.id), '{}')"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.code_key = ANY ($1)",
			 TEXTARRAYOID);

void
rf_people_lock_by_codes(Datum code_keys, int above)
{
	bool isnull;

	rf_execute(&find_owners, &code_keys, NULL);
	rf_people_lock(PointerGetDatum(PG_DETOAST_DATUM_COPY(rf_value(0, 1, &isnull))), above);
}
