/*
 * joined.c
 *	  See joined.h.
 *
 * Two passes over the transition table. The first finds the referrers, locks
 * their rows in ascending order and moves their counts: whatever the size of
 * the statement, no two of them lock in different orders. The second settles
 * the rows in portions, so that memory does not grow with the statement; each
 * row moves its referrer's count by one, as if it had come alone.
 *
 * People held for review move no count and earn nothing, but take one of their
 * referrer's places; blocked ones leave no trace but their row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/fraud.h"
#include "program/joined.h"
#include "program/limit.h"
#include "program/newcomers.h"
#include "program/reward.h"
#include "program/settle.h"
#include "program/window.h"

/* Small enough for a portion's payloads to stay in the processor's cache. */
#define JOINED_PORTION 200
#define PORTION_MEMORY (2 * 1024 * 1024)

/* A referrer of the statement. */
typedef struct Referrer
{
	int64 id; /* hash key */
	char  status;
	int	  njoined; /* people of the statement that count */
	int	  count;   /* invited_count so far */
	int	  held;	   /* people held, those of the statement included */
	int64 campaign_id;
	char *code;
} Referrer;

#define SH_PREFIX				inviters
#define SH_ELEMENT_TYPE			Referrer
#define SH_KEY_TYPE				int64
#define SH_KEY					id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b)	((a) == (b))
#define SH_SCOPE				static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static inviters_hash *
joined_referrers(RfNewcomers *newcomers)
{
	inviters_hash *referrers = inviters_create(CurrentMemoryContext, 8, NULL);

	rf_newcomers_rewind(newcomers);
	while (rf_newcomers_next(newcomers))
	{
		int64		  id = rf_newcomers_referrer(newcomers);
		RfPersonState state;
		Referrer	 *referrer;
		bool		  found;

		if (id == 0 || (state = rf_newcomers_state(newcomers)) == RF_BLOCKED)
			continue;
		referrer = inviters_insert(referrers, id, &found);
		if (!found)
			referrer->njoined = referrer->held = 0;
		if (state == RF_PENDING)
			referrer->njoined++;
	}
	return referrers;
}

RF_STATEMENT(lock_referrers,
			 "SELECT p.id, p.invited_count, p.campaign_id, p.code, p.state = 'blocked',"
			 " p.erased_at IS NOT NULL"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = ANY ($1)"
			 " ORDER BY p.id"
			 " FOR NO KEY UPDATE",
			 INT8ARRAYOID);

/*
 * Also where nobody counts but somebody is held: a transaction with an older
 * snapshot, which does not see that place taken, then fails (40001).
 */
RF_STATEMENT(count_invited,
			 "UPDATE @extschema@.rf_participant p"
			 " SET invited_count = p.invited_count + d.joined"
			 " FROM unnest($1, $2) AS d (id, joined)"
			 " WHERE p.id = d.id",
			 INT8ARRAYOID, INT4ARRAYOID);

/* The rows are locked now: this check and that of the cap are the ones that count. */
static void
joined_check_referrer(const Referrer *referrer, bool blocked, bool erased)
{
	RfRefusal refusal;

	if (erased)
		ereport(ERROR,
				(errcode(ERRCODE_RF_UNKNOWN_CODE),
				 errmsg("a referral code is not valid any more"),
				 errdetail("Its owner was erased meanwhile.")));
	if (!blocked)
		return;
	(void) rf_refuse_blocked(referrer->code, &refusal);
	rf_refusal_raise(&refusal);
}

static void
joined_lock(inviters_hash *referrers, Datum ids)
{
	uint64 nrows = rf_execute(&lock_referrers, &ids, NULL);

	for (uint64 row = 0; row < nrows; row++)
	{
		Referrer *referrer = inviters_lookup(referrers, rf_int64(row, 1));

		referrer->count = rf_int32(row, 2);
		referrer->campaign_id = rf_int64(row, 3);
		referrer->code = rf_text(row, 4);
		joined_check_referrer(referrer, rf_bool(row, 5), rf_bool(row, 6));
	}
}

/* The people held of those referrers whose places are limited. */
static void
joined_count_held(inviters_hash *referrers)
{
	RfColumn		  ids;
	inviters_iterator iterator;
	Referrer		 *referrer;
	uint64			  nrows = 0;

	rf_column_init(&ids, INT8OID);
	inviters_start_iterate(referrers, &iterator);
	while ((referrer = inviters_iterate(referrers, &iterator)) != NULL)
	{
		if (rf_campaign_by_id(referrer->campaign_id)->max_referrals > 0)
			rf_column_add(&ids, Int64GetDatum(referrer->id));
	}
	if (ids.n > 0)
		nrows = rf_fraud_count_held(rf_column_array(&ids));
	for (uint64 row = 0; row < nrows; row++)
		inviters_lookup(referrers, rf_int64(row, 1))->held = (int) rf_int64(row, 2);
}

static void
joined_check_cap(const Referrer *referrer)
{
	const RfCampaign *campaign = rf_campaign_by_id(referrer->campaign_id);
	RfRefusal		  refusal;

	if (campaign->max_referrals == 0 ||
		referrer->count + referrer->njoined + referrer->held <= campaign->max_referrals)
		return;
	(void) rf_refuse_capped(campaign, referrer->code, &refusal);
	rf_refusal_raise(&refusal);
}

static void
joined_count(inviters_hash *referrers)
{
	RfColumn		  ids;
	RfColumn		  joined;
	inviters_iterator iterator;
	Referrer		 *referrer;
	Datum			  values[2];

	if (referrers->members == 0)
		return;
	rf_column_init(&ids, INT8OID);
	rf_column_init(&joined, INT4OID);
	inviters_start_iterate(referrers, &iterator);
	while ((referrer = inviters_iterate(referrers, &iterator)) != NULL)
	{
		rf_column_add(&ids, Int64GetDatum(referrer->id));
		rf_column_add(&joined, Int32GetDatum(referrer->njoined));
	}
	values[0] = rf_column_array(&ids);
	values[1] = rf_column_array(&joined);
	joined_lock(referrers, values[0]);
	joined_count_held(referrers);
	inviters_start_iterate(referrers, &iterator);
	while ((referrer = inviters_iterate(referrers, &iterator)) != NULL)
		joined_check_cap(referrer);
	rf_execute(&count_invited, values, NULL);
}

/* People of one portion who need settling, and their referrers by id. */
typedef struct Portion
{
	RfPerson *people;
	int		  npeople;
	RfPeople  referrers;
} Portion;

static void
portion_read_referrers(Portion *portion)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < portion->npeople; i++)
	{
		if (portion->people[i].referrer_id != 0)
			rf_column_add(&ids, Int64GetDatum(portion->people[i].referrer_id));
	}
	if (ids.n > 0)
		portion->referrers = rf_people_read(rf_column_array(&ids));
}

/* The referrer as they are once this person has joined. */
static RfPerson *
portion_referrer(const Portion *portion, int64 id, int count)
{
	RfPerson *referrer = palloc_object(RfPerson);

	*referrer = *rf_people_find(&portion->referrers, id);
	referrer->invited_count = count;
	return referrer;
}

/* What happened to the referrer when this person came; held people move nothing. */
static void
portion_happen(RfHappening *joined, const Portion *portion, inviters_hash *referrers)
{
	int64	  referrer_id = joined->participant->referrer_id;
	bool	  held = joined->participant->state == RF_HELD;
	Referrer *referrer = inviters_lookup(referrers, referrer_id);

	joined->event = held ? RF_EVENT_INVITED_HELD : RF_EVENT_INVITED_JOINED;
	joined->move.what = RF_INVITED_JOINS;
	joined->move.before = referrer->count;
	referrer->count += !held;
	joined->move.after = referrer->count;
	joined->referrer = portion_referrer(portion, referrer_id, referrer->count);
}

static void
portion_settle(Portion *portion, inviters_hash *referrers)
{
	RfSettlement *settlement = rf_settlement();

	portion_read_referrers(portion);
	for (int i = 0; i < portion->npeople; i++)
	{
		const RfPerson	 *person = &portion->people[i];
		const RfCampaign *campaign = rf_campaign_by_id(person->campaign_id);
		RfHappening		  joined = {
				  .campaign = campaign,
				  .event = RF_EVENT_REFERRER_JOINED,
				  .participant = person,
				  .move = {RF_REFERRER_JOINS, 0, 1},
				  .earned_at = person->joined_at,
		  };

		if (person->referrer_id != 0)
			portion_happen(&joined, portion, referrers);
		rf_settle_add(settlement, &joined);
	}
	(void) rf_settle(settlement);
	rf_windows_open(portion->people, portion->npeople);
}

static bool
newcomer_matters(RfNewcomers *newcomers)
{
	const RfCampaign *campaign = rf_newcomers_campaign(newcomers);
	bool			  invited = rf_newcomers_referrer(newcomers) != 0;

	switch (rf_newcomers_state(newcomers))
	{
		case RF_BLOCKED:
			return false;
		case RF_HELD:
			return invited && (campaign->wanted & RF_EVENT_BIT(RF_EVENT_INVITED_HELD)) != 0;
		case RF_PENDING:
			return rf_window_matters(campaign) || rf_settle_matters(campaign, RF_INVITED_JOINS);
		default:
			return rf_settle_matters(campaign, RF_REFERRER_JOINS);
	}
}

/*
 * Memory of one portion. A large statement keeps its first block from portion
 * to portion: giving pages back and faulting them in again costs more than what
 * is done with them.
 */
static MemoryContext
portion_memory(Tuplestorestate *rows)
{
	if (tuplestore_tuple_count(rows) < JOINED_PORTION)
		return AllocSetContextCreate(CurrentMemoryContext, "referral join",
									 ALLOCSET_DEFAULT_SIZES);
	return AllocSetContextCreate(CurrentMemoryContext, "referral join",
								 PORTION_MEMORY, PORTION_MEMORY, ALLOCSET_DEFAULT_MAXSIZE);
}

/*
 * What one portion locks of limits must not come before what the next one does:
 * a large statement locks all of it now.
 */
static void
joined_lock_limits(RfNewcomers *newcomers)
{
	List *campaigns = NIL;

	if (tuplestore_tuple_count(newcomers->rows) <= JOINED_PORTION)
		return;
	rf_newcomers_rewind(newcomers);
	while (rf_newcomers_next(newcomers))
	{
		RfCampaign *campaign = unconstify(RfCampaign *, rf_newcomers_campaign(newcomers));

		if (campaigns == NIL || llast(campaigns) != campaign)
			campaigns = list_append_unique_ptr(campaigns, campaign);
	}
	rf_limits_lock_campaigns(campaigns);
}

static void
joined_settle(RfNewcomers *newcomers, inviters_hash *referrers)
{
	MemoryContext memory = portion_memory(newcomers->rows);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	bool		  more = true;

	rf_newcomers_rewind(newcomers);
	while (more)
	{
		Portion portion = {0};

		portion.people = palloc_array(RfPerson, JOINED_PORTION);
		while (portion.npeople < JOINED_PORTION && (more = rf_newcomers_next(newcomers)))
		{
			if (newcomer_matters(newcomers))
				rf_person_read_slot(&portion.people[portion.npeople++],
									newcomers->slot, &newcomers->map);
		}
		if (portion.npeople > 0)
			portion_settle(&portion, referrers);
		/* A tuple that the table had spilled to disk belongs to the slot. */
		ExecClearTuple(newcomers->slot);
		MemoryContextReset(memory);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
}

void
rf_joined(Tuplestorestate *rows, TupleDesc tupdesc)
{
	RfNewcomers	   newcomers;
	inviters_hash *referrers;

	rf_rewards_lock();
	rf_windows_lock();
	rf_newcomers_start(&newcomers, rows, tupdesc);
	referrers = joined_referrers(&newcomers);
	joined_count(referrers);
	joined_lock_limits(&newcomers);
	joined_settle(&newcomers, referrers);
	rf_newcomers_end(&newcomers);
}
