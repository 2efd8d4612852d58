/*
 * explain.c
 *	  rf_explain: for one person, what each rule of the campaign granted, and
 *	  what is missing where it did not. The engine's own rules.c decides.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/sqlstate.h"
#include "program/answer.h"
#include "program/campaign.h"
#include "program/code.h"
#include "program/person.h"

PG_FUNCTION_INFO_V1(rf_explain);

RF_STATEMENT(read_person,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.code_key = $1",
			 TEXTOID);

RF_STATEMENT(read_grants,
			 "SELECT rule_id, coalesce(ordinal, 0), state, coalesce(reason, '')"
			 " FROM @extschema@.rf_reward"
			 " WHERE participant_id = $1 AND original_id IS NULL"
			 " ORDER BY rule_id, ordinal, id",
			 INT8OID);

/* A grant the person has or had. */
typedef struct Granted
{
	int64 rule_id;
	int	  ordinal;
	char *state;
	char *reason;
} Granted;

typedef struct Explanation
{
	ReturnSetInfo *answer;
	RfPerson	   person;
	Granted		  *granted;
	int			   ngranted;
} Explanation;

static void
explain_row(Explanation *explanation, const RfRule *rule, bool granted,
			const char *reason, int have, int need)
{
	Datum values[] = {
		Int64GetDatum(rule->id),
		CStringGetTextDatum(rule->terms.recipient == RF_TO_REFERRER ? "referrer" : "invited"),
		BoolGetDatum(granted),
		CStringGetTextDatum(reason),
		DirectFunctionCall1(int4_numeric, Int32GetDatum(have)),
		DirectFunctionCall1(int4_numeric, Int32GetDatum(need))};
	bool nulls[lengthof(values)] = {false};

	tuplestore_putvalues(explanation->answer->setResult, explanation->answer->setDesc,
						 values, nulls);
}

/* Is it a grant that stands? */
static bool
granted_is_live(const Granted *granted)
{
	return strcmp(granted->state, "cancelled") != 0 &&
		strcmp(granted->state, "clawed_back") != 0 &&
		strcmp(granted->state, "rejected") != 0;
}

/*
 * The last grant of a rule (and ordinal, if it is not 0), one that stands before
 * others; NULL: none.
 */
static const Granted *
explain_find(const Explanation *explanation, const RfRule *rule, int ordinal)
{
	const Granted *found = NULL;

	for (int i = 0; i < explanation->ngranted; i++)
	{
		const Granted *granted = &explanation->granted[i];

		if (granted->rule_id != rule->id || (ordinal != 0 && granted->ordinal != ordinal))
			continue;
		if (found == NULL || granted_is_live(granted) || !granted_is_live(found))
			found = granted;
	}
	return found;
}

/* Why a rule has not granted although nothing else is known of it. */
static const char *
explain_missing(const RfRule *rule, int have, int need)
{
	if (!rule->terms.active)
		return "the rule is not active";
	if (have < need)
		return psprintf("needs %d more", need - have);
	return "the count was reached before the rule was there, or while it was not active";
}

static void
explain_grant(Explanation *explanation, const RfRule *rule, int ordinal, int have, int need)
{
	const Granted *granted = explain_find(explanation, rule, ordinal);

	if (granted == NULL)
		explain_row(explanation, rule, false, explain_missing(rule, have, need), have, need);
	else if (granted->reason[0] == '\0')
		explain_row(explanation, rule, granted_is_live(granted), granted->state, have, need);
	else
		explain_row(explanation, rule, granted_is_live(granted),
					psprintf("%s: %s", granted->state, granted->reason), have, need);
}

/* What the rule counts for this person, as recipient. */
static int
explain_count(const RfPerson *person, const RfRule *rule)
{
	if (rule->terms.earned_on == RF_REFERRER_JOINS)
		return person->referrer_id == 0;
	if (rule->terms.recipient == RF_TO_INVITED)
		return rule->terms.earned_on == RF_INVITED_JOINS || person->state == RF_QUALIFIED;
	if (rule->terms.earned_on == RF_INVITED_JOINS)
		return person->invited_count;
	return person->qualified_count;
}

static void
explain_rule(Explanation *explanation, const RfRule *rule)
{
	const RfPerson *person = &explanation->person;
	int				have = explain_count(person, rule);

	if (rule->terms.recipient == RF_TO_INVITED && person->referrer_id == 0)
		explain_row(explanation, rule, false, "not an invited participant", 0, 1);
	else if (rule->terms.earned_on == RF_REFERRER_JOINS && person->referrer_id != 0)
		explain_row(explanation, rule, false, "joined with somebody's code", 0, 1);
	else if (rule->terms.kind == RF_MILESTONE)
	{
		for (int i = 0; i < rule->terms.nthresholds; i++)
			explain_grant(explanation, rule, rule->terms.thresholds[i], have,
						  rule->terms.thresholds[i]);
	}
	else if (rule->terms.every > 1 && have >= rule->terms.every)
		explain_grant(explanation, rule, rf_rules_deserved(&rule->terms, have), have,
					  rf_rules_deserved(&rule->terms, have) * rule->terms.every);
	else
		explain_grant(explanation, rule, 0, have, rule->terms.every);
}

static void
explain_read_grants(Explanation *explanation)
{
	Datum values[] = {Int64GetDatum(explanation->person.id)};

	explanation->ngranted = rf_execute(&read_grants, values, NULL);
	explanation->granted = palloc_array(Granted, explanation->ngranted);
	for (int i = 0; i < explanation->ngranted; i++)
	{
		Granted *granted = &explanation->granted[i];

		granted->rule_id = rf_int64(i, 1);
		granted->ordinal = rf_int32(i, 2);
		granted->state = rf_text(i, 3);
		granted->reason = rf_text(i, 4);
	}
}

Datum
rf_explain(PG_FUNCTION_ARGS)
{
	RfEngine		  engine;
	Explanation		  explanation;
	char			 *code = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum			  values[] = {CStringGetTextDatum(rf_code_key(code))};
	const RfCampaign *campaign;

	InitMaterializedSRF(fcinfo, 0);
	explanation.answer = (ReturnSetInfo *) fcinfo->resultinfo;
	rf_engine_enter(&engine, fcinfo);
	if (rf_execute(&read_person, values, NULL) == 0)
		rf_raise_unknown_code(code);
	rf_person_read(&explanation.person, 0, 1);
	explain_read_grants(&explanation);
	campaign = rf_campaign_by_id(explanation.person.campaign_id);
	for (int i = 0; i < campaign->nrules; i++)
		explain_rule(&explanation, &campaign->rules[i]);
	rf_engine_leave(&engine);
	return (Datum) 0;
}
