/*
 * link.c
 *	  See link.h.
 *
 * A link leads to the landing page while its campaign is live or paused and its owner
 * is neither blocked nor erased. That is whom others may still come by: those held
 * for review bring people, too, and who reached the most referrals is followed by
 * people who came before. All other links of a campaign lead to its fallback. An
 * unknown code belongs to no campaign, and leads nowhere.
 *
 * A click counts if the link is open, also when the campaign has no page to lead to:
 * then the application knows one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "inbound/click.h"
#include "inbound/link.h"
#include "inbound/location.h"
#include "program/campaign.h"
#include "program/code.h"

PG_FUNCTION_INFO_V1(rf_click);

/* A visit and the key of its code, by which visits are sorted. */
typedef struct Follower
{
	char	*code_key;
	RfVisit *visit;
} Follower;

/* Whose link it is. */
typedef struct Owner
{
	char *code_key;
	char *code;
	int64 id;
	int64 campaign_id;
	bool  is_welcome; /* neither blocked nor erased */
} Owner;

/* Where an owner's link leads, and whether that counts. */
typedef struct Lead
{
	char *location; /* may be NULL */
	bool  is_open;
} Lead;

/* ---- who is followed ---------------------------------------------------- */

/* What may be a code: the rest is not asked for, whatever encoding it is in. */
static bool
key_is_plain(const char *key)
{
	size_t length = strlen(key);

	for (const char *c = key; *c != '\0'; c++)
	{
		if (*c <= ' ' || *c >= 0x7f)
			return false;
	}
	return length > 0 && length <= 64;
}

static int
follower_compare(const void *a, const void *b)
{
	return strcmp(((const Follower *) a)->code_key, ((const Follower *) b)->code_key);
}

/* The visits whose codes may be known, by code. */
static Follower *
followers_of(RfVisit **visits, int n, int *nfollowers)
{
	Follower *followers = palloc_array(Follower, n);

	*nfollowers = 0;
	for (int i = 0; i < n; i++)
	{
		char *key = rf_code_key(visits[i]->code);

		visits[i]->location = NULL;
		if (key_is_plain(key))
			followers[(*nfollowers)++] = (Follower){key, visits[i]};
	}
	qsort(followers, *nfollowers, sizeof(Follower), follower_compare);
	return followers;
}

RF_STATEMENT(find_owners,
			 "SELECT code_key, code, id, campaign_id,"
			 " state <> 'blocked' AND erased_at IS NULL"
			 " FROM @extschema@.rf_participant"
			 " WHERE code_key = ANY ($1)",
			 TEXTARRAYOID);

/* Copied, because a campaign may have to be read meanwhile. */
static Owner
owner_read(uint64 row)
{
	return (Owner){
		.code_key = rf_text(row, 1),
		.code = rf_text(row, 2),
		.id = rf_int64(row, 3),
		.campaign_id = rf_int64(row, 4),
		.is_welcome = rf_bool(row, 5)};
}

static Owner *
owners_find(const Follower *followers, int nfollowers, int *nowners)
{
	RfColumn keys;
	Datum	 values[1];
	Owner	*owners;

	rf_column_init(&keys, TEXTOID);
	for (int i = 0; i < nfollowers; i++)
	{
		if (i == 0 || strcmp(followers[i].code_key, followers[i - 1].code_key) != 0)
			rf_column_add_text(&keys, followers[i].code_key);
	}
	values[0] = rf_column_array(&keys);
	*nowners = (int) rf_execute(&find_owners, values, NULL);
	owners = palloc_array(Owner, *nowners);
	for (int i = 0; i < *nowners; i++)
		owners[i] = owner_read(i);
	return owners;
}

/* ---- where they lead ---------------------------------------------------- */

/* NULL if there is no URL, or none to which a browser may be sent. */
static char *
location_of(const char *url)
{
	char location[RF_LOCATION_MAX + 1];

	if (url == NULL)
		return NULL;
	/* Where nothing is known of the encoding, bytes are taken as they are. */
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		url = pg_server_to_any(url, strlen(url), PG_UTF8);
	return rf_location_write(url, location) ? pstrdup(location) : NULL;
}

static Lead
lead_of(const Owner *owner)
{
	const RfCampaign *campaign = rf_campaign_by_id(owner->campaign_id);
	RfCampaignState	  state;
	Lead			  lead = {NULL, false};

	if (campaign == NULL)
		return lead;
	state = rf_campaign_state_at(campaign, rf_now());
	lead.is_open = owner->is_welcome && (state == RF_LIVE || state == RF_PAUSED);
	if (lead.is_open)
		lead.location = location_of(rf_campaign_link(campaign, owner->code));
	if (lead.location == NULL)
		lead.location = location_of(campaign->fallback_url);
	return lead;
}

/* ---- that they were followed -------------------------------------------- */

static RfClick
click_of(const Owner *owner, const RfVisit *visit)
{
	RfClick click = {
		.participant_id = owner->id,
		.day = rf_visitor_day(),
		.clicks = 1,
		.campaign_id = owner->campaign_id};

	rf_visitor_hash(click.day, visit->address, visit->user_agent, click.visitor);
	return click;
}

static void
click_keep(RfClick *click)
{
	rf_click_note(click);
}

static void
click_add_at_once(RfClick *click)
{
	rf_clicked_add(click, 1);
}

static void
owner_followed(const Owner *owner, const Follower *follower, const Follower *end,
			   void (*keep)(RfClick *click))
{
	Lead lead = lead_of(owner);

	for (; follower < end && strcmp(follower->code_key, owner->code_key) == 0; follower++)
	{
		follower->visit->location = lead.location;
		if (lead.is_open && follower->visit->counts)
		{
			RfClick click = click_of(owner, follower->visit);

			keep(&click);
		}
	}
}

/* The first of an owner's visits. */
static const Follower *
followers_first(const Follower *followers, int n, const Owner *owner)
{
	Follower		key = {owner->code_key, NULL};
	const Follower *found = bsearch(&key, followers, n, sizeof(Follower), follower_compare);

	Assert(found != NULL);
	while (found > followers && strcmp(found[-1].code_key, owner->code_key) == 0)
		found--;
	return found;
}

static void
links_follow(RfVisit **visits, int n, void (*keep)(RfClick *click))
{
	int		  nfollowers;
	int		  nowners;
	Follower *followers = followers_of(visits, n, &nfollowers);
	Owner	 *owners;

	if (nfollowers == 0)
		return;
	owners = owners_find(followers, nfollowers, &nowners);
	for (int i = 0; i < nowners; i++)
		owner_followed(&owners[i], followers_first(followers, nfollowers, &owners[i]),
					   followers + nfollowers, keep);
}

void
rf_links_follow(RfVisit **visits, int n)
{
	links_follow(visits, n, click_keep);
}

Datum
rf_click(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	RfVisit	 visit = {.counts = true};
	RfVisit *visits[] = {&visit};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	visit.code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		visit.address = TextDatumGetCString(DirectFunctionCall1(network_host, PG_GETARG_DATUM(1)));
	if (!PG_ARGISNULL(2))
		visit.user_agent = text_to_cstring(PG_GETARG_TEXT_PP(2));
	rf_engine_enter(&engine, fcinfo);
	links_follow(visits, 1, click_add_at_once);
	rf_engine_leave(&engine);
	if (visit.location == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(visit.location));
}
