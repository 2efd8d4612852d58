/*
 * pair.c
 *	  See pair.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"

#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/pair.h"
#include "program/reward.h"
#include "program/window.h"

/* Who is to be locked. */
typedef struct Found
{
	int64 id;
	int64 referrer_id; /* 0: none */
	int64 campaign_id;
} Found;

#define FOUND_COLUMNS "p.id, p.referrer_id, p.campaign_id"

RF_STATEMENT(find_by_id,
			 "SELECT " FOUND_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1",
			 INT8OID);
RF_STATEMENT(find_by_code,
			 "SELECT " FOUND_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.code_key = $1",
			 TEXTOID);
RF_STATEMENT(find_by_email,
			 "SELECT " FOUND_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.campaign_id = $1 AND p.email_key = $2",
			 INT8OID, TEXTOID);
RF_STATEMENT(find_by_coupon,
			 "SELECT " FOUND_COLUMNS
			 " FROM @extschema@.rf_coupon c"
			 " JOIN @extschema@.rf_reward r ON r.id = c.reward_id"
			 " JOIN @extschema@.rf_participant p ON p.id = r.participant_id"
			 " WHERE c.code = $1",
			 TEXTOID);

/* The row last found. */
static Found
pair_found(void)
{
	Found found = {rf_int64(0, 1), rf_int64(0, 2), rf_int64(0, 3)};

	return found;
}

RF_STATEMENT(lock_pair,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id IN ($1, $2)"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8OID, INT8OID);

/*
 * The tables that are going to be written are locked before the first row, in
 * the order in which those who delete rules or campaigns lock them (kept.c).
 */
static void
pair_lock_tables(void)
{
	LockRelationOid(rf_engine_relation("rf_participant"), RowExclusiveLock);
	rf_rewards_lock();
	rf_windows_lock();
}

/* The same with as many people above the referrer as $2 says. */
RF_STATEMENT(lock_line,
			 "WITH RECURSIVE line (id, referrer_id, level) AS ("
			 " SELECT p.id, p.referrer_id, 0"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1"
			 " UNION ALL"
			 " SELECT p.id, p.referrer_id, l.level + 1"
			 " FROM line l"
			 " JOIN @extschema@.rf_participant p ON p.id = l.referrer_id"
			 " WHERE l.level <= $2)"
			 " SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id IN (SELECT l.id FROM line l)"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE OF p",
			 INT8OID, INT4OID);

/* Lock, and leave the rows to be read; returns how many. */
static uint64
pair_lock_rows(Found found)
{
	int	  nlevels = rf_campaign_by_id(found.campaign_id)->nlevels;
	Datum pair[] = {Int64GetDatum(found.id), Int64GetDatum(found.referrer_id)};
	Datum line[] = {Int64GetDatum(found.id), Int32GetDatum(nlevels)};

	return nlevels == 0 ? rf_execute(&lock_pair, pair, NULL) : rf_execute(&lock_line, line, NULL);
}

static void
pair_lock(RfPair *pair, Found found)
{
	uint64 nrows;

	memset(pair, 0, sizeof(*pair));
	pair_lock_tables();
	nrows = pair_lock_rows(found);
	for (uint64 row = 0; row < nrows; row++)
	{
		if (rf_int64(row, 1) == found.id)
			rf_person_read(&pair->invited, row, 1);
		if (rf_int64(row, 1) == found.referrer_id)
			rf_person_read(&pair->referrer, row, 1);
	}
	if (pair->invited.id == 0 || pair->referrer.id != found.referrer_id)
		elog(ERROR, "referrer " INT64_FORMAT " of participant " INT64_FORMAT " is missing",
			 found.referrer_id, found.id);
	/* Rules may have changed while we waited. */
	AcceptInvalidationMessages();
	pair->campaign = rf_campaign_by_id(found.campaign_id);
	rf_campaign_hold(pair->campaign);
}

static bool
pair_lock_invited(RfPair *pair, Found found, const char *key, RfRefusal *refusal)
{
	if (found.referrer_id == 0)
		return rf_refuse(refusal, ERRCODE_RF_NOT_INVITED,
						 psprintf("\"%s\" is not an invited participant", key),
						 "They joined on their own.",
						 "Only people who joined with somebody's code qualify.");
	pair_lock(pair, found);
	return true;
}

bool
rf_pair_lock_by_code(RfPair *pair, int64 campaign_id, const char *code, RfRefusal *refusal)
{
	Datum values[] = {CStringGetTextDatum(rf_code_key(code))};
	bool  known = rf_execute(&find_by_code, values, NULL) > 0;

	if (!known || (campaign_id != 0 && campaign_id != pair_found().campaign_id))
		return rf_refuse(refusal, ERRCODE_RF_UNKNOWN_CODE,
						 psprintf("unknown referral code \"%s\"", code), NULL, NULL);
	return pair_lock_invited(pair, pair_found(), code, refusal);
}

bool
rf_pair_lock_by_email(RfPair *pair, int64 campaign_id, const char *email, RfRefusal *refusal)
{
	Datum values[] = {
		Int64GetDatum(campaign_id),
		CStringGetTextDatum(rf_email_key(rf_email_trim(email)))};

	if (rf_execute(&find_by_email, values, NULL) == 0)
		return rf_refuse(refusal, ERRCODE_RF_NOT_INVITED,
						 psprintf("\"%s\" is not an invited participant", email), NULL, NULL);
	return pair_lock_invited(pair, pair_found(), email, refusal);
}

bool
rf_pair_lock_by_coupon(RfPair *pair, int64 campaign_id, const char *coupon, RfRefusal *refusal)
{
	Datum values[] = {CStringGetTextDatum(coupon)};
	bool  given = rf_execute(&find_by_coupon, values, NULL) > 0;

	if (!given || (campaign_id != 0 && campaign_id != pair_found().campaign_id))
		return rf_refuse(refusal, ERRCODE_RF_UNKNOWN_CODE,
						 psprintf("coupon \"%s\" was given to nobody", coupon), NULL, NULL);
	return pair_lock_invited(pair, pair_found(), coupon, refusal);
}

void
rf_pair_lock_by_id(RfPair *pair, int64 participant_id)
{
	Datum values[] = {Int64GetDatum(participant_id)};

	if (rf_execute(&find_by_id, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("participant " INT64_FORMAT " does not exist", participant_id)));
	pair_lock(pair, pair_found());
}

const RfPerson *
rf_pair_referrer(const RfPair *pair)
{
	return pair->referrer.id != 0 ? &pair->referrer : NULL;
}

bool
rf_pair_is_open(const RfPair *pair, TimestampTz when, RfRefusal *refusal)
{
	const RfPerson *invited = &pair->invited;
	RfCampaignState state = rf_campaign_state_at(pair->campaign, when);

	if (invited->state == RF_HELD || invited->state == RF_BLOCKED)
		return rf_refuse(refusal, ERRCODE_RF_BLOCKED_OR_HELD,
						 psprintf("participant \"%s\" is %s", invited->code,
								  rf_person_state_name(invited->state)),
						 NULL, NULL);
	if (state != RF_LIVE && state != RF_PAUSED)
		return rf_refuse(refusal, ERRCODE_RF_CAMPAIGN_NOT_OPEN,
						 psprintf("campaign \"%s\" is not open", pair->campaign->slug),
						 psprintf("At that time it is %s.",
								  rf_campaign_state_name(state)),
						 NULL);
	return true;
}

TimestampTz
rf_pair_window_start(const RfPair *pair)
{
	return rf_window_matters(pair->campaign) ? pair->invited.joined_at : DT_NOBEGIN;
}

TimestampTz
rf_pair_window_end(const RfPair *pair)
{
	return rf_window_end(pair->campaign, &pair->invited);
}

bool
rf_pair_in_window(const RfPair *pair, TimestampTz when)
{
	return when >= rf_pair_window_start(pair) && when < rf_pair_window_end(pair);
}

bool
rf_pair_check_window(const RfPair *pair, TimestampTz when, RfRefusal *refusal)
{
	if (rf_pair_in_window(pair, when))
		return true;
	return rf_refuse(refusal, ERRCODE_RF_WINDOW_PASSED,
					 psprintf("\"%s\" cannot qualify at that time", pair->invited.code),
					 psprintf("The campaign's window for this person ends at %s.",
							  timestamptz_to_str(rf_pair_window_end(pair))),
					 NULL);
}

/* One statement for both rows: the person's state, the referrer's counts. */
RF_STATEMENT(write_pair,
			 "UPDATE @extschema@.rf_participant p"
			 " SET state = CASE p.id WHEN $1 THEN $3 ELSE p.state END,"
			 " qualified_at = CASE p.id WHEN $1 THEN $4 ELSE p.qualified_at END,"
			 " invited_count = CASE p.id WHEN $2 THEN $5 ELSE p.invited_count END,"
			 " qualified_count = CASE p.id WHEN $2 THEN $6 ELSE p.qualified_count END"
			 " WHERE p.id IN ($1, $2)",
			 INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, INT4OID, INT4OID);

void
rf_pair_write(const RfPair *pair)
{
	Datum values[] = {
		Int64GetDatum(pair->invited.id), Int64GetDatum(pair->referrer.id),
		CStringGetTextDatum(rf_person_state_name(pair->invited.state)),
		TimestampTzGetDatum(pair->invited.qualified_at),
		Int32GetDatum(pair->referrer.invited_count),
		Int32GetDatum(pair->referrer.qualified_count)};

	rf_execute(&write_pair, values,
			   TIMESTAMP_NOT_FINITE(pair->invited.qualified_at) ? "   n  " : NULL);
	rf_window_follow(&pair->invited);
}
