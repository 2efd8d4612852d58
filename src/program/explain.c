/*
 * explain.c
 *	  rf_explain: for one person, what each rule of the campaign granted, and
 *	  what is missing where it did not.
 *
 * A person can stand on several sides of a rule: they are rewarded for the
 * people they invited, or for what they did themselves, and what they did may
 * have rewarded who invited them. Each side is a row, milestones have one for
 * each threshold. What happened past.c tells, what stands against a grant why.c,
 * by the rooms that decided it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "program/answer.h"
#include "program/code.h"
#include "program/past.h"
#include "program/why.h"

PG_FUNCTION_INFO_V1(rf_explain);

RF_STATEMENT(read_person,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.code_key = $1",
			 TEXTOID);

typedef struct Explanation
{
	ReturnSetInfo	 *answer;
	const RfCampaign *campaign;
	RfPerson		  person;
	RfPerson		  referrer; /* id 0: none */
} Explanation;

/* Who gets the rewards of a row, and whose doing earns them. */
typedef struct Side
{
	const Explanation *explanation;
	const RfPerson	  *recipient;
	const RfPerson	  *doer; /* NULL: the people whom the recipient invited */
	bool			   is_for_referrer;
	RfPast			   past;
} Side;

static void
side_row(const Side *side, const RfRule *rule, bool granted, const RfWhy *why)
{
	const ReturnSetInfo *answer = side->explanation->answer;
	const char			*reason = side->is_for_referrer
				 ? psprintf("to %s: %s", side->recipient->code, why->reason)
				 : why->reason;
	Datum				 values[] = {
					   Int64GetDatum(rule->id),
					   CStringGetTextDatum(rule->terms.recipient == RF_TO_REFERRER ? "referrer" : "invited"),
					   BoolGetDatum(granted),
					   CStringGetTextDatum(reason),
					   why->have,
					   why->need};
	bool nulls[lengthof(values)] = {[4] = why->have == 0, [5] = why->need == 0};

	tuplestore_putvalues(answer->setResult, answer->setDesc, values, nulls);
}

static bool
granted_is_rejected(const RfGranted *granted)
{
	return strcmp(granted->state, "rejected") == 0;
}

/* A row that is not of a grant. */
static void
side_plain(const Side *side, const RfRule *rule, const char *reason)
{
	RfWhy why = rf_why(reason, 0, 1);

	side_row(side, rule, false, &why);
}

static const char *
side_granted_reason(const Side *side, const RfGranted *granted)
{
	if (granted->reason != NULL)
		return psprintf("%s: %s", granted->state, granted->reason);
	if (strcmp(granted->state, "pending") == 0 && side->recipient->state == RF_HELD)
		return "pending: the recipient is held";
	return granted->state;
}

static void
side_granted(const Side *side, const RfRule *rule, const RfGranted *granted, int have, int need)
{
	RfWhy why = rf_why(side_granted_reason(side, granted), have, need);

	if (granted_is_rejected(granted) && granted->reason != NULL)
		why = rf_why_limited(why, rule, side->recipient, granted->reason, granted->earned_at);
	side_row(side, rule, granted->is_live, &why);
}

/* Nothing of the kind was ever granted: why? */
static RfWhy
side_missing(const Side *side, const RfRule *rule, int have, int need)
{
	const Explanation *explanation = side->explanation;
	const RfPerson	  *doer = side->doer;
	RfPerson		   last;
	RfHappening		   happening;

	if (doer != NULL && have < need)
		return rf_why_not_earned(explanation->campaign, rule, doer);
	if (rule->terms.active && have < need)
		return rf_why(psprintf("needs %d more", need - have), have, need);
	if (doer == NULL)
		doer = rf_past_last_person(side->recipient, rule, &last) ? &last : side->recipient;
	happening = rf_past_happening(explanation->campaign, rule, doer,
								  rule->terms.recipient == RF_TO_REFERRER
									  ? side->recipient
									  : &explanation->referrer);
	return rf_why_not_granted(rule, &happening, side->recipient, have, need);
}

/*
 * One kind of grant: the last that stands, and after it one that was refused;
 * else the last that was taken back; else why there is none.
 */
static void
side_grant(const Side *side, const RfRule *rule, int ordinal, int have, int need)
{
	const RfGranted *live = rf_past_find(&side->past, rule, ordinal, true);
	const RfGranted *gone = rf_past_find(&side->past, rule, ordinal, false);
	RfWhy			 why;

	if (live != NULL)
		side_granted(side, rule, live, have, need);
	if (live != NULL && gone != NULL && (gone->id < live->id || !granted_is_rejected(gone)))
		return;
	if (gone != NULL)
		side_granted(side, rule, gone, have, need);
	if (live != NULL || gone != NULL)
		return;
	why = side_missing(side, rule, have, need);
	side_row(side, rule, false, &why);
}

/* When the next reward of a recurring rule comes. */
static const char *
side_next(const Side *side, TimestampTz next)
{
	if (next != DT_NOEND)
		return psprintf("the next one at %s", rf_why_time(next));
	if (side->doer != NULL && side->doer->state != RF_QUALIFIED)
		return "stopped until the person qualifies again";
	return "none to come";
}

/* How often it was granted, and when the next one is due. */
static void
side_recurring(const Side *side, const RfRule *rule, int have)
{
	const RfGranted *live = rf_past_find(&side->past, rule, 0, true);
	const RfPerson	*whose = side->doer != NULL ? side->doer : side->recipient;
	TimestampTz		 next = rf_past_next_time(rule, whose, side->doer == NULL);
	RfWhy			 why;

	if (live == NULL && next == DT_NOEND)
	{
		side_grant(side, rule, 0, have, 1);
		return;
	}
	if (live == NULL)
		why = side_missing(side, rule, have, 1);
	else
		why = rf_why(psprintf("%s, granted so far: " INT64_FORMAT,
							  side_granted_reason(side, live), live->times),
					 live->times, rule->recur_times);
	/* Without end, or for several people: there is no number to reach. */
	if (live != NULL && (rule->recur_times == 0 || side->doer == NULL))
		why.need = 0;
	why.reason = psprintf("%s; %s", why.reason, side_next(side, next));
	side_row(side, rule, live != NULL, &why);
}

/* What rules pay to somebody who stands higher up the tree. */
static void
side_levels(const Side *side, const RfRule *rule)
{
	int64 times = rf_past_times_above(&side->past, rule);
	RfWhy why = rf_why("nobody further down the tree has earned it", 0, 1);

	if (rule->nlevels == 0)
		return;
	if (times > 0)
		why = rf_why(psprintf("granted for people further down the tree: " INT64_FORMAT, times),
					 times, 1);
	side_row(side, rule, times > 0, &why);
}

static bool
state_is_counted(RfPersonState state)
{
	return state == RF_PENDING || state == RF_QUALIFIED || state == RF_EXPIRED;
}

/* How often this person did what the rule rewards. */
static int
side_done(const Side *side, const RfRule *rule)
{
	switch (rule->terms.earned_on)
	{
		case RF_REFERRER_JOINS:
			return side->doer->state == RF_ACTIVE;
		case RF_INVITED_JOINS:
			return state_is_counted(side->doer->state);
		case RF_INVITED_QUALIFIES:
			return side->doer->state == RF_QUALIFIED;
		case RF_PURCHASE:
			return rf_past_purchases(side->explanation->campaign, side->doer, false);
	}
	return 0;
}

static void
side_of_doer(const Side *side, const RfRule *rule)
{
	int have = side_done(side, rule);

	if (rule->terms.kind == RF_RECURRING)
		side_recurring(side, rule, have);
	else
		side_grant(side, rule, 0, have, 1);
}

/* What the people this person invited have done, in all. */
static int
side_count(const Side *side, const RfRule *rule)
{
	if (rule->terms.earned_on == RF_INVITED_JOINS)
		return side->recipient->invited_count;
	if (rule->terms.earned_on == RF_INVITED_QUALIFIES)
		return side->recipient->qualified_count;
	return rf_past_purchases(side->explanation->campaign, side->recipient, true);
}

static void
side_of_inviter(const Side *side, const RfRule *rule)
{
	const RfTerms *terms = &rule->terms;
	int			   have = side_count(side, rule);

	if (terms->kind == RF_MILESTONE)
	{
		for (int i = 0; i < terms->nthresholds; i++)
			side_grant(side, rule, terms->thresholds[i], have, terms->thresholds[i]);
	}
	else if (terms->kind == RF_RECURRING)
		side_recurring(side, rule, have);
	else if (terms->every > 1 && have >= terms->every)
		side_grant(side, rule, rf_rules_deserved(terms, have), have,
				   rf_rules_deserved(terms, have) * terms->every);
	else
		side_grant(side, rule, 0, have, terms->every);
	side_levels(side, rule);
}

/* The sides of one person, whichever they are on. */
typedef struct Sides
{
	Side inviter;	   /* rewarded for the people they invited */
	Side doer;		   /* rewarded for what they did themselves */
	Side for_referrer; /* what they did rewarded who invited them */
} Sides;

static void
explain_rule(const Sides *sides, const RfRule *rule)
{
	const RfTerms *terms = &rule->terms;
	bool		   invited = sides->doer.doer->referrer_id != 0;

	if (terms->recipient == RF_TO_INVITED && !invited)
		side_plain(&sides->doer, rule, "not an invited participant");
	else if (terms->earned_on == RF_REFERRER_JOINS && invited)
		side_plain(&sides->doer, rule, "joined with somebody's code");
	else if (terms->recipient == RF_TO_INVITED || terms->earned_on == RF_REFERRER_JOINS)
		side_of_doer(&sides->doer, rule);
	else
	{
		side_of_inviter(&sides->inviter, rule);
		if (invited && terms->kind != RF_MILESTONE && terms->every == 1)
			side_of_doer(&sides->for_referrer, rule);
	}
}

static void
explain_sides(const Explanation *explanation, Sides *sides)
{
	const RfPerson *person = &explanation->person;
	const RfPerson *referrer = &explanation->referrer;

	sides->inviter = (Side){explanation, person, NULL, false, rf_past_read(person->id, 0)};
	sides->doer = (Side){explanation, person, person, false, rf_past_read(person->id, person->id)};
	sides->for_referrer = (Side){explanation, referrer, person, true, {0}};
	if (person->referrer_id != 0)
		sides->for_referrer.past = rf_past_read(referrer->id, person->id);
}

static void
explain_read(Explanation *explanation, const char *code)
{
	Datum key = CStringGetTextDatum(rf_code_key(code));

	if (rf_execute(&read_person, &key, NULL) == 0)
		rf_raise_unknown_code(code);
	rf_person_read(&explanation->person, 0, 1);
	explanation->campaign = rf_campaign_by_id(explanation->person.campaign_id);
	if (explanation->person.referrer_id != 0)
		(void) rf_person_find(&explanation->referrer, explanation->person.referrer_id);
}

Datum
rf_explain(PG_FUNCTION_ARGS)
{
	RfEngine	engine;
	Explanation explanation = {0};
	Sides		sides;

	InitMaterializedSRF(fcinfo, 0);
	explanation.answer = (ReturnSetInfo *) fcinfo->resultinfo;
	rf_engine_enter(&engine, fcinfo);
	explain_read(&explanation, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	explain_sides(&explanation, &sides);
	for (int i = 0; i < explanation.campaign->nrules; i++)
		explain_rule(&sides, &explanation.campaign->rules[i]);
	rf_engine_leave(&engine);
	return (Datum) 0;
}
