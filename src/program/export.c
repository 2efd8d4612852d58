/*
 * export.c
 *	  rf_export: all that is kept about one person, for that person.
 *
 * Of others it tells no more than id and code, and of those the person invited
 * also how far they came. An event is part of it if it is about the person, or
 * about a reward of theirs; who else is in it shrinks to id and code.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/jsonb.h"

#include "base/engine.h"

PG_FUNCTION_INFO_V1(rf_export);

#define LIST(item, rest) "coalesce((SELECT jsonb_agg(" item ") FROM " rest "), '[]')"

#define INVITED \
	LIST("jsonb_build_object('id', i.id, 'code', i.code, 'state', i.state," \
		 " 'joined_at', i.joined_at) ORDER BY i.id", \
		 "@extschema@.rf_participant i WHERE i.referrer_id = p.id")
#define REWARDS \
	LIST("to_jsonb(r) ORDER BY r.id", "@extschema@.rf_reward r WHERE r.participant_id = p.id")
#define PURCHASES \
	LIST("to_jsonb(b) ORDER BY b.id", "@extschema@.rf_purchase b WHERE b.participant_id = p.id")
#define REFUNDS \
	LIST("to_jsonb(f) ORDER BY f.id", \
		 "@extschema@.rf_purchase b JOIN @extschema@.rf_refund f ON f.purchase_id = b.id" \
		 " WHERE b.participant_id = p.id")
#define CLICKS \
	LIST("jsonb_build_object('day', k.day, 'clicks', k.clicks, 'visitors', k.visitors)" \
		 " ORDER BY k.day", \
		 "(SELECT day, sum(clicks) AS clicks, sum(visitors) AS visitors" \
		 "  FROM @extschema@.rf_click WHERE participant_id = p.id GROUP BY day) AS k")

/* A person of a payload, whole only if it is this one. */
#define PERSON_IN(data, key) \
	"CASE WHEN jsonb_typeof(" data " -> '" key "') IS DISTINCT FROM 'object'" \
	"  OR " data " -> '" key "' -> 'id' = to_jsonb(p.id)" \
	" THEN " data " -> '" key "'" \
	" ELSE jsonb_build_object('id', " data " -> '" key "' -> 'id'," \
	"  'code', " data " -> '" key "' -> 'code') END"
#define PAYLOAD \
	"w.payload || jsonb_build_object('data', w.payload -> 'data' || jsonb_build_object(" \
	" 'participant', " PERSON_IN("w.payload -> 'data'", "participant") "," \
																	   " 'referrer', " PERSON_IN("w.payload -> 'data'", "referrer") "))"
#define EVENTS \
	LIST("jsonb_build_object('type', w.type, 'created_at', w.created_at, 'payload', " PAYLOAD ")" \
		 " ORDER BY w.id", \
		 "(SELECT e.id, e.type, e.created_at, convert_from(e.payload, 'UTF8')::jsonb AS payload" \
		 "  FROM (SELECT e.* FROM @extschema@.rf_event e" \
		 "    WHERE e.participant_id = p.id AND e.reward_id IS NULL" \
		 "   UNION ALL SELECT e.* FROM @extschema@.rf_reward r" \
		 "    JOIN @extschema@.rf_event e ON e.participant_id = r.subject_id AND e.reward_id = r.id" \
		 "    WHERE r.participant_id = p.id) AS e) AS w")

RF_STATEMENT(export_person,
			 "SELECT jsonb_build_object("
			 " 'participant', to_jsonb(p) - '{email_key,code_key,referrer_id}'::text[],"
			 " 'campaign', jsonb_build_object('id', c.id, 'slug', c.slug, 'name', c.name),"
			 " 'referrer', (SELECT jsonb_build_object('id', f.id, 'code', f.code)"
			 "  FROM @extschema@.rf_participant f WHERE f.id = p.referrer_id),"
			 " 'invited', " INVITED ", 'rewards', " REWARDS ", 'purchases', " PURCHASES ","
			 " 'refunds', " REFUNDS ", 'clicks', " CLICKS ", 'events', " EVENTS ")"
			 " FROM @extschema@.rf_participant p"
			 " LEFT JOIN @extschema@.rf_campaign c ON c.id = p.campaign_id"
			 " WHERE p.id = $1",
			 INT8OID);

Datum
rf_export(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	Datum	 values[1];
	Jsonb	*person;
	bool	 isnull;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("participant_id must not be null")));
	values[0] = PG_GETARG_DATUM(0);
	rf_engine_enter(&engine, fcinfo);
	if (rf_execute(&export_person, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("participant " INT64_FORMAT " does not exist", PG_GETARG_INT64(0))));
	person = DatumGetJsonbPCopy(rf_value(0, 1, &isnull));
	rf_engine_leave(&engine);
	PG_RETURN_JSONB_P(person);
}
