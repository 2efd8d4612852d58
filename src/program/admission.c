/*
 * admission.c
 *	  See admission.h.
 *
 * The order of the checks is part of the contract: campaign open, code known
 * in this campaign, self-referral, already a participant, referrer blocked,
 * referrer capped. The last two are checked here with the row as it was read and
 * once more, with the referrer's row locked, after the insert. Only who passes
 * is looked at for fraud.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "program/admission.h"
#include "program/fraud.h"
#include "program/person.h"

/* A referrer as the statement first saw them. */
typedef struct Referrer
{
	char		 *code_key; /* hash key */
	char		  status;
	int64		  id; /* 0: unknown in this campaign */
	int64		  campaign_id;
	char		 *email_key;
	RfPersonState state;
	int			  invited_count; /* with those an import admitted */
	int			  held;			 /* -1: not asked for yet */
} Referrer;

#define SH_PREFIX				referrers
#define SH_ELEMENT_TYPE			Referrer
#define SH_KEY_TYPE				char *
#define SH_KEY					code_key
#define SH_HASH_KEY(table, key) string_hash(key, strlen(key) + 1)
#define SH_EQUAL(table, a, b)	(strcmp(a, b) == 0)
#define SH_SCOPE				static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct RfAdmission
{
	MemoryContext	  context;
	const RfCampaign *campaign; /* of the last row */
	List			 *codes;	/* RfCodeSources of all campaigns so far */
	referrers_hash	 *referrers;
	bool			  none_erased; /* known that nobody ever was */
};

RfAdmission *
rf_admission(MemoryContext context)
{
	RfAdmission *admission = MemoryContextAllocZero(context, sizeof(RfAdmission));

	admission->context = context;
	admission->referrers = referrers_create(context, 8, NULL);
	return admission;
}

/* The row's campaign; rows of one campaign mostly come together. */
static const RfCampaign *
admission_campaign(RfAdmission *admission, int64 id, RfLazyEngine *lazy)
{
	if (admission->campaign == NULL || admission->campaign->id != id)
	{
		rf_engine_need(lazy);
		admission->campaign = rf_campaign_by_id(id);
		if (admission->campaign != NULL)
			rf_campaign_hold(admission->campaign);
	}
	return admission->campaign;
}

static bool
check_open(const RfCampaign *campaign, RfRefusal *refusal)
{
	RfCampaignState state = rf_campaign_state_at(campaign, rf_now());

	if (state == RF_LIVE)
		return true;
	return rf_refuse(refusal, ERRCODE_RF_CAMPAIGN_NOT_OPEN,
					 psprintf("campaign \"%s\" is not open", campaign->slug),
					 psprintf("It is %s.", rf_campaign_state_name(state)),
					 "People join while the state is live, between starts_at and ends_at.");
}

RF_STATEMENT(find_referrer,
			 "SELECT id, campaign_id, email_key, state, invited_count"
			 " FROM @extschema@.rf_participant"
			 " WHERE code_key = $1 AND erased_at IS NULL",
			 TEXTOID);

static void
referrer_read(Referrer *referrer, const char *code_key, MemoryContext context)
{
	Datum values[] = {CStringGetTextDatum(code_key)};

	referrer->id = 0;
	if (rf_execute(&find_referrer, values, NULL) == 0)
		return;
	referrer->id = rf_int64(0, 1);
	referrer->campaign_id = rf_int64(0, 2);
	referrer->email_key = MemoryContextStrdup(context, rf_text(0, 3));
	referrer->state = rf_person_state_parse(rf_text(0, 4));
	referrer->invited_count = rf_int32(0, 5);
	referrer->held = -1;
}

/*
 * The owner of a code, looked up once in a statement. People who joined
 * earlier in the same statement are found; unknown codes are asked for again,
 * because their owner may come in a later row.
 */
static Referrer *
referrer_find(RfAdmission *admission, const char *code_key, RfLazyEngine *lazy)
{
	Referrer *referrer;
	bool	  found;

	referrer = referrers_insert(admission->referrers, unconstify(char *, code_key), &found);
	if (!found)
		referrer->code_key = MemoryContextStrdup(admission->context, code_key);
	if (!found || referrer->id == 0)
	{
		rf_engine_need(lazy);
		referrer_read(referrer, code_key, admission->context);
	}
	return referrer;
}

static bool
check_referrer(const Referrer *referrer, const RfApplicant *applicant,
			   const RfAdmitted *admitted, RfRefusal *refusal)
{
	if (referrer->id == 0 || referrer->campaign_id != applicant->campaign_id)
		return rf_refuse(refusal, ERRCODE_RF_UNKNOWN_CODE,
						 psprintf("unknown referral code \"%s\"", applicant->referred_by),
						 NULL, "A code is valid in the campaign of its owner, who must have joined before.");
	if (strcmp(referrer->email_key, admitted->email_key) == 0)
		return rf_refuse(refusal, ERRCODE_RF_SELF_REFERRAL,
						 psprintf("\"%s\" cannot be referred by themselves", admitted->email),
						 psprintf("Code \"%s\" is their own.", applicant->referred_by), NULL);
	return true;
}

RF_STATEMENT(find_participant,
			 "SELECT EXISTS (SELECT FROM @extschema@.rf_participant"
			 "  WHERE campaign_id = $1 AND email_key = $2),"
			 " EXISTS (SELECT FROM @extschema@.rf_participant WHERE code_key = $3)"
			 "  OR EXISTS (SELECT FROM @extschema@.rf_erased_code"
			 "   WHERE hash = sha256(convert_to($3, 'UTF8')))",
			 INT8OID, TEXTOID, TEXTOID);

static bool
refuse_code_in_use(const RfApplicant *applicant, RfRefusal *refusal)
{
	return rf_refuse(refusal, ERRCODE_UNIQUE_VIOLATION,
					 psprintf("code \"%s\" is already in use", applicant->code), NULL, NULL);
}

static bool
check_new(const RfApplicant *applicant, const RfAdmitted *admitted,
		  RfLazyEngine *lazy, RfRefusal *refusal)
{
	Datum values[] = {
		Int64GetDatum(applicant->campaign_id),
		CStringGetTextDatum(admitted->email_key),
		CStringGetTextDatum(admitted->code_key != NULL ? admitted->code_key : "")};

	rf_engine_need(lazy);
	rf_execute(&find_participant, values, NULL);
	if (rf_bool(0, 1))
		return rf_refuse(refusal, ERRCODE_UNIQUE_VIOLATION,
						 psprintf("\"%s\" is already a participant", admitted->email), NULL, NULL);
	if (rf_bool(0, 2))
		return refuse_code_in_use(applicant, refusal);
	return true;
}

RF_STATEMENT(find_erased_code,
			 "SELECT EXISTS (SELECT FROM @extschema@.rf_erased_code),"
			 " EXISTS (SELECT FROM @extschema@.rf_erased_code"
			 "  WHERE hash = sha256(convert_to($1, 'UTF8')))",
			 TEXTOID);

/* Doubles are left to the unique index; it knows nothing of people who were erased. */
static bool
check_code_not_erased(RfAdmission *admission, const RfApplicant *applicant,
					  const RfAdmitted *admitted, RfLazyEngine *lazy, RfRefusal *refusal)
{
	Datum values[1];

	if (applicant->code == NULL || admission->none_erased)
		return true;
	values[0] = CStringGetTextDatum(admitted->code_key);
	rf_engine_need(lazy);
	rf_execute(&find_erased_code, values, NULL);
	admission->none_erased = !rf_bool(0, 1);
	return !rf_bool(0, 2) || refuse_code_in_use(applicant, refusal);
}

/* Has the referrer as many people as allowed, those held included? */
static bool
referrer_is_capped(const RfCampaign *campaign, Referrer *referrer, RfLazyEngine *lazy)
{
	if (campaign->max_referrals == 0)
		return false;
	if (referrer->held < 0)
	{
		rf_engine_need(lazy);
		referrer->held = rf_fraud_held(referrer->id);
	}
	return referrer->invited_count + referrer->held >= campaign->max_referrals;
}

/* Blocked or capped; a person who is there already is told that instead. */
static bool
check_referrer_takes(const RfCampaign *campaign, Referrer *referrer,
					 const RfApplicant *applicant, const RfAdmitted *admitted,
					 RfLazyEngine *lazy, RfRefusal *refusal)
{
	bool	  blocked = referrer->state == RF_BLOCKED;
	RfRefusal ignored;
	bool	  capped = referrer_is_capped(campaign, referrer, lazy);

	if (!blocked && !capped)
		return true;
	if (!check_new(applicant, admitted, lazy, &ignored))
		return true;
	if (blocked)
		return rf_refuse_blocked(applicant->referred_by, refusal);
	return rf_refuse_capped(campaign, applicant->referred_by, refusal);
}

bool
rf_refuse_blocked(const char *code, RfRefusal *refusal)
{
	return rf_refuse(refusal, ERRCODE_RF_BLOCKED_OR_HELD,
					 psprintf("the owner of code \"%s\" is blocked", code), NULL, NULL);
}

bool
rf_refuse_capped(const RfCampaign *campaign, const char *code, RfRefusal *refusal)
{
	return rf_refuse(refusal, ERRCODE_RF_CAP_REACHED,
					 psprintf("the owner of code \"%s\" has reached the most referrals", code),
					 psprintf("Campaign \"%s\" allows %d for each referrer.",
							  campaign->slug, campaign->max_referrals),
					 NULL);
}

static bool
check_code(const RfApplicant *applicant, RfAdmitted *admitted, RfRefusal *refusal)
{
	admitted->code = applicant->code;
	admitted->code_key = NULL;
	if (applicant->code == NULL)
		return true;
	if (!rf_code_is_valid(applicant->code))
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 psprintf("invalid code \"%s\"", applicant->code), NULL,
						 "A code has 3 to 64 letters, digits and dashes; leave it null to have one made.");
	admitted->code_key = rf_code_key(applicant->code);
	return true;
}

static bool
check_joined_at(const RfApplicant *applicant, RfAdmitted *admitted, RfRefusal *refusal)
{
	admitted->joined_at = applicant->has_joined_at ? applicant->joined_at : rf_now();
	if (TIMESTAMP_NOT_FINITE(admitted->joined_at))
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "joined_at must be finite", NULL, NULL);
	if (admitted->joined_at > rf_now() + RF_CLOCK_SKEW)
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "joined_at lies in the future",
						 psprintf("It is %s.", timestamptz_to_str(admitted->joined_at)), NULL);
	return true;
}

/* The columns by themselves, before anything is looked up. */
static bool
check_columns(const RfApplicant *applicant, RfAdmitted *admitted, RfRefusal *refusal)
{
	if (applicant->email != NULL)
		admitted->email = rf_email_trim(applicant->email);
	if (!rf_email_is_valid(admitted->email, refusal))
		return false;
	admitted->email_key = rf_email_key(admitted->email);
	return rf_particulars_are_valid(applicant->name, applicant->source, applicant->meta, refusal) &&
		rf_text_is_valid(applicant->referred_by, "referred_by", RF_SOURCE_MAX, refusal) &&
		check_code(applicant, admitted, refusal) &&
		check_joined_at(applicant, admitted, refusal);
}

static RfCodeSource *
admission_codes(RfAdmission *admission)
{
	MemoryContext caller;
	RfCodeSource *source;
	ListCell	 *cell;

	foreach(cell, admission->codes)
	{
		if (rf_code_source_is_of(lfirst(cell), admission->campaign))
			return lfirst(cell);
	}
	caller = MemoryContextSwitchTo(admission->context);
	source = rf_code_source(admission->campaign);
	admission->codes = lappend(admission->codes, source);
	MemoryContextSwitchTo(caller);
	return source;
}

static void
admission_make_code(RfAdmission *admission, RfAdmitted *admitted, RfLazyEngine *lazy)
{
	admitted->code = rf_code_next(admission_codes(admission), lazy);
	admitted->code_key = rf_code_key(admitted->code);
}

/* The checks that look at others, in the order of the contract. */
static bool
check_people(RfAdmission *admission, RfLazyEngine *lazy, const RfApplicant *applicant,
			 bool strict, Referrer *referrer, RfAdmitted *admitted, RfRefusal *refusal)
{
	if (referrer != NULL && !check_referrer(referrer, applicant, admitted, refusal))
		return false;
	if (strict ? !check_new(applicant, admitted, lazy, refusal)
			   : !check_code_not_erased(admission, applicant, admitted, lazy, refusal))
		return false;
	if (referrer == NULL)
		return true;
	admitted->referrer_id = referrer->id;
	return check_referrer_takes(admission->campaign, referrer, applicant, admitted, lazy, refusal);
}

static RfVerdict
admission_judge(const RfAdmission *admission, RfLazyEngine *lazy,
				const RfApplicant *applicant, const RfAdmitted *admitted)
{
	RfSuspect suspect = {
		.campaign = admission->campaign,
		.email_key = admitted->email_key,
		.name = applicant->name,
		.ip = applicant->ip,
		.referrer_id = admitted->referrer_id,
	};

	if (admission->campaign->nfraud_rules > 0)
		rf_engine_need(lazy);
	return rf_fraud_judge(&suspect);
}

bool
rf_admission_check(RfAdmission *admission, RfLazyEngine *lazy,
				   const RfApplicant *applicant, bool strict,
				   RfAdmitted *admitted, RfRefusal *refusal)
{
	const RfCampaign *campaign = admission_campaign(admission, applicant->campaign_id, lazy);
	Referrer		 *referrer = NULL;

	memset(admitted, 0, sizeof(*admitted));
	if (campaign == NULL)
		return rf_refuse(refusal, ERRCODE_FOREIGN_KEY_VIOLATION,
						 psprintf("campaign " INT64_FORMAT " does not exist", applicant->campaign_id),
						 NULL, NULL);
	if (!check_columns(applicant, admitted, refusal) || !check_open(campaign, refusal))
		return false;
	if (applicant->referred_by != NULL)
		referrer = referrer_find(admission, rf_code_key(applicant->referred_by), lazy);
	if (!check_people(admission, lazy, applicant, strict, referrer, admitted, refusal))
		return false;
	admitted->verdict = admission_judge(admission, lazy, applicant, admitted);
	/* Without `strict`, ON CONFLICT may still drop the row: joined.c counts. */
	if (strict && referrer != NULL && admitted->verdict.action != RF_BLOCK)
		referrer->invited_count++;
	if (admitted->code == NULL)
		admission_make_code(admission, admitted, lazy);
	admitted->source = referrer != NULL ? "Referred" : "Api";
	if (applicant->source != NULL)
		admitted->source = applicant->source;
	return true;
}
