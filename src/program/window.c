/*
 * window.c
 *	  See window.h.
 *
 * A change of a campaign's qualify_within writes the rows of its people anew.
 * It first locks out whoever else writes rf_window: those who join meanwhile
 * wait, and then see the new length, and those who had begun are seen by the
 * change. The sweep never waits for anybody: people whom another session has
 * locked are left to its next round.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/rel.h"

#include "base/called.h"
#include "base/clock.h"
#include "program/batch.h"
#include "program/event.h"
#include "program/window.h"

PG_FUNCTION_INFO_V1(rf_campaign_windows);

void
rf_windows_lock(void)
{
	LockRelationOid(rf_engine_relation("rf_window"), RowExclusiveLock);
}

TimestampTz
rf_window_end(const RfCampaign *campaign, const RfPerson *person)
{
	if (campaign->qualify_within == NULL)
		return DT_NOEND;
	return rf_time_add(person->joined_at, campaign->qualify_within);
}

RF_STATEMENT(open_windows,
			 "INSERT INTO @extschema@.rf_window (participant_id, ends_at)"
			 " SELECT unnest($1), unnest($2)"
			 " ON CONFLICT (participant_id) DO UPDATE SET ends_at = EXCLUDED.ends_at",
			 INT8ARRAYOID, TIMESTAMPTZARRAYOID);

void
rf_windows_open(const RfPerson *people, int npeople)
{
	RfColumn ids;
	RfColumn ends;

	rf_windows_lock();
	rf_column_init(&ids, INT8OID);
	rf_column_init(&ends, TIMESTAMPTZOID);
	for (int i = 0; i < npeople; i++)
	{
		const RfCampaign *campaign = rf_campaign_by_id(people[i].campaign_id);

		if (!rf_window_matters(campaign) || people[i].state != RF_PENDING)
			continue;
		rf_column_add(&ids, Int64GetDatum(people[i].id));
		rf_column_add(&ends, TimestampTzGetDatum(rf_window_end(campaign, &people[i])));
	}
	if (ids.n > 0)
	{
		Datum values[] = {rf_column_array(&ids), rf_column_array(&ends)};

		rf_execute(&open_windows, values, NULL);
	}
}

RF_STATEMENT(open_missing,
			 "INSERT INTO @extschema@.rf_window (participant_id, ends_at)"
			 " SELECT p.id, (p.joined_at AT TIME ZONE 'UTC' + c.qualify_within) AT TIME ZONE 'UTC'"
			 " FROM @extschema@.rf_campaign c"
			 " JOIN @extschema@.rf_participant p ON p.campaign_id = c.id"
			 " WHERE c.qualify_within IS NOT NULL AND p.state = 'pending'"
			 " ON CONFLICT (participant_id) DO NOTHING");

void
rf_windows_open_missing(void)
{
	rf_windows_lock();
	rf_execute(&open_missing, NULL, NULL);
}

RF_STATEMENT(close_windows,
			 "DELETE FROM @extschema@.rf_window WHERE participant_id = ANY ($1)",
			 INT8ARRAYOID);

void
rf_window_follow(const RfPerson *person)
{
	RfColumn ids;
	Datum	 values[1];

	if (person->referrer_id == 0 || !rf_window_matters(rf_campaign_by_id(person->campaign_id)))
		return;
	if (person->state == RF_PENDING)
	{
		rf_windows_open(person, 1);
		return;
	}
	rf_column_init(&ids, INT8OID);
	rf_column_add(&ids, Int64GetDatum(person->id));
	values[0] = rf_column_array(&ids);
	rf_execute(&close_windows, values, NULL);
}

RF_STATEMENT(lock_people,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = ANY ($1)"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE SKIP LOCKED",
			 INT8ARRAYOID);

/* The people of an expiry, locked. */
typedef struct Expiry
{
	RfPerson *people; /* of the batch, then only those who expire */
	int		  npeople;
	RfPeople  referrers;
} Expiry;

static RfPerson *
people_read(uint64 npeople)
{
	RfPerson *people = palloc_array(RfPerson, npeople);

	for (uint64 i = 0; i < npeople; i++)
		rf_person_read(&people[i], i, 1);
	return people;
}

/*
 * Keep those who expire now. The others have nothing to wait for any more, but
 * for those whose window turns out to end later.
 */
static void
expiry_choose(Expiry *expiry)
{
	RfColumn over;
	Datum	 values[1];
	int		 nexpired = 0;

	rf_column_init(&over, INT8OID);
	for (int i = 0; i < expiry->npeople; i++)
	{
		RfPerson   *person = &expiry->people[i];
		TimestampTz end = rf_window_end(rf_campaign_by_id(person->campaign_id), person);

		if (person->state == RF_PENDING && end > rf_now() && end != DT_NOEND)
		{
			rf_windows_open(person, 1);
			continue;
		}
		rf_column_add(&over, Int64GetDatum(person->id));
		if (person->state == RF_PENDING && end <= rf_now())
			expiry->people[nexpired++] = *person;
	}
	expiry->npeople = nexpired;
	values[0] = rf_column_array(&over);
	rf_execute(&close_windows, values, NULL);
}

RF_STATEMENT(write_expired,
			 "UPDATE @extschema@.rf_participant SET state = 'expired' WHERE id = ANY ($1)",
			 INT8ARRAYOID);

static void
expiry_write(Expiry *expiry)
{
	RfColumn ids;
	Datum	 values[1];

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < expiry->npeople; i++)
	{
		rf_column_add(&ids, Int64GetDatum(expiry->people[i].id));
		expiry->people[i].state = RF_EXPIRED;
	}
	values[0] = rf_column_array(&ids);
	rf_execute(&write_expired, values, NULL);
}

static void
expiry_read_referrers(Expiry *expiry)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < expiry->npeople; i++)
		rf_column_add(&ids, Int64GetDatum(expiry->people[i].referrer_id));
	expiry->referrers = rf_people_read(rf_column_array(&ids));
}

static void
expiry_announce(const Expiry *expiry)
{
	RfEventBatch events = {0};

	for (int i = 0; i < expiry->npeople; i++)
	{
		const RfPerson *person = &expiry->people[i];
		RfEvent			event = {
					.type = RF_EVENT_INVITED_EXPIRED,
					.campaign = rf_campaign_by_id(person->campaign_id),
					.participant = person,
					.referrer = rf_people_find(&expiry->referrers, person->referrer_id),
		};

		rf_event_add(&events, &event);
	}
	rf_event_flush(&events);
}

static int
windows_expire_of(Datum ids)
{
	Expiry expiry = {0};

	expiry.npeople = (int) rf_execute(&lock_people, &ids, NULL);
	if (expiry.npeople == 0)
		return 0;
	expiry.people = people_read(expiry.npeople);
	expiry_choose(&expiry);
	if (expiry.npeople == 0)
		return 0;
	expiry_write(&expiry);
	expiry_read_referrers(&expiry);
	expiry_announce(&expiry);
	return expiry.npeople;
}

RF_STATEMENT(windows_over,
			 "SELECT array_agg(w.participant_id)"
			 " FROM (SELECT participant_id FROM @extschema@.rf_window"
			 "  WHERE ends_at <= $1"
			 "  ORDER BY ends_at LIMIT $2) AS w",
			 TIMESTAMPTZOID, INT4OID);

int
rf_windows_expire(void)
{
	Datum values[] = {TimestampTzGetDatum(rf_now()), Int32GetDatum(RF_BATCH)};
	Datum ids;

	rf_windows_lock();
	rf_execute(&windows_over, values, NULL);
	ids = rf_array();
	if (ids == 0)
		return 0;
	return rf_batch_run(ids, windows_expire_of, "window of participant");
}

RF_STATEMENT(close_campaign,
			 "DELETE FROM @extschema@.rf_window w"
			 " USING @extschema@.rf_participant p"
			 " WHERE p.id = w.participant_id AND p.campaign_id = $1",
			 INT8OID);

/* The same sum as rf_time_add(): in UTC, whatever the session's time zone. */
RF_STATEMENT(open_campaign,
			 "INSERT INTO @extschema@.rf_window (participant_id, ends_at)"
			 " SELECT p.id, (p.joined_at AT TIME ZONE 'UTC' + $2) AT TIME ZONE 'UTC'"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.campaign_id = $1 AND p.state = 'pending'",
			 INT8OID, INTERVALOID);

static Datum
trigger_column(TriggerData *trigger, HeapTuple row, const char *name, bool *isnull)
{
	TupleDesc tupdesc = RelationGetDescr(trigger->tg_relation);

	return SPI_getbinval(row, tupdesc, SPI_fnumber(tupdesc, name), isnull);
}

/* Is it the same length? To SQL a month equals 30 days; here it does not. */
static bool
trigger_changes_nothing(TriggerData *trigger)
{
	bool  was_null;
	bool  is_null;
	Datum was = trigger_column(trigger, trigger->tg_trigtuple, "qualify_within", &was_null);
	Datum is = trigger_column(trigger, trigger->tg_newtuple, "qualify_within", &is_null);

	if (was_null || is_null)
		return was_null == is_null;
	return memcmp(DatumGetIntervalP(was), DatumGetIntervalP(is), sizeof(Interval)) == 0;
}

Datum
rf_campaign_windows(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = rf_called_as_trigger(fcinfo);
	RfEngine	 engine;
	Datum		 values[2];
	bool		 isnull;

	if (trigger_changes_nothing(trigger))
		return PointerGetDatum(NULL);
	values[0] = trigger_column(trigger, trigger->tg_newtuple, "id", &isnull);
	values[1] = trigger_column(trigger, trigger->tg_newtuple, "qualify_within", &isnull);
	rf_engine_enter(&engine, fcinfo);
	LockRelationOid(rf_engine_relation("rf_window"), ShareRowExclusiveLock);
	rf_execute(&close_campaign, values, NULL);
	if (!isnull)
		rf_execute(&open_campaign, values, NULL);
	rf_engine_leave(&engine);
	return PointerGetDatum(NULL);
}
