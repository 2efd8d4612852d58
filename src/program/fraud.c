/*
 * fraud.c
 *	  See fraud.h.
 *
 * Each signal is one look-up by an index and stops counting at its threshold.
 * Nothing is locked: of two people who join at the same moment neither may see
 * the other.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/clock.h"
#include "program/admission.h"
#include "program/fraud.h"
#include "program/mailbox.h"

PG_FUNCTION_INFO_V1(rf_mailbox);

static char *
fraud_mailbox(const char *email_key)
{
	char *mailbox = palloc(strlen(email_key) + 1);

	rf_mailbox_write(email_key, mailbox);
	return mailbox;
}

Datum
rf_mailbox(PG_FUNCTION_ARGS)
{
	char *email = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(fraud_mailbox(rf_email_key(rf_email_trim(email)))));
}

/* The start of the time that a rule looks back over. */
static TimestampTz
rule_since(const RfFraudRule *rule)
{
	Datum back;

	if (rule->within == NULL)
		return DT_NOBEGIN;
	back = DirectFunctionCall1(interval_um, IntervalPGetDatum(rule->within));
	return rf_time_add(rf_now(), DatumGetIntervalP(back));
}

RF_STATEMENT(count_ip,
			 "SELECT count(*) FROM ("
			 " SELECT FROM @extschema@.rf_participant"
			 "  WHERE campaign_id = $1 AND ip = $2 AND joined_at > $3 AND email_key <> $4"
			 "  LIMIT $5) AS s",
			 INT8OID, INETOID, TIMESTAMPTZOID, TEXTOID, INT4OID);

static bool
same_ip_fires(const RfFraudRule *rule, const RfSuspect *suspect)
{
	Datum values[] = {
		Int64GetDatum(suspect->campaign->id), suspect->ip,
		TimestampTzGetDatum(rule_since(rule)), CStringGetTextDatum(suspect->email_key),
		Int32GetDatum(rule->threshold)};

	if (suspect->ip == 0)
		return false;
	rf_execute(&count_ip, values, NULL);
	return rf_int64(0, 1) >= rule->threshold;
}

/* Others whose address is the mailbox, and others whose address leads to it. */
RF_STATEMENT(find_mailbox,
			 "SELECT EXISTS (SELECT FROM @extschema@.rf_participant"
			 "  WHERE campaign_id = $1 AND email_key = $3 AND email_key <> $2)"
			 " OR EXISTS (SELECT FROM @extschema@.rf_participant"
			 "  WHERE campaign_id = $1 AND @extschema@.rf_mailbox(email_key) = $3"
			 "  AND @extschema@.rf_mailbox(email_key) <> email_key AND email_key <> $2)",
			 INT8OID, TEXTOID, TEXTOID);

static bool
plus_alias_fires(const RfFraudRule *rule, const RfSuspect *suspect)
{
	Datum values[] = {
		Int64GetDatum(suspect->campaign->id), CStringGetTextDatum(suspect->email_key),
		CStringGetTextDatum(fraud_mailbox(suspect->email_key))};

	if (rf_mailbox_has_tag(suspect->email_key))
		return true;
	rf_execute(&find_mailbox, values, NULL);
	return rf_bool(0, 1);
}

/* The address's domain and those above it, as text[]. */
static Datum
suspect_domains(const RfSuspect *suspect)
{
	char	*domain = palloc(strlen(suspect->email_key) + 1);
	RfColumn domains;

	rf_mailbox_domain(suspect->email_key, domain);
	rf_column_init(&domains, TEXTOID);
	for (const char *d = domain; d != NULL; d = rf_mailbox_parent(d))
		rf_column_add(&domains, CStringGetTextDatum(d));
	return rf_column_array(&domains);
}

/* What stands nearest decides: a domain excepted below one that is listed. */
RF_STATEMENT(find_disposable,
			 "SELECT disposable FROM @extschema@.rf_disposable_domain"
			 " WHERE domain = ANY ($1)"
			 " ORDER BY length(domain) DESC LIMIT 1",
			 TEXTARRAYOID);

static bool
disposable_fires(const RfFraudRule *rule, const RfSuspect *suspect)
{
	Datum values[] = {suspect_domains(suspect)};

	return rf_execute(&find_disposable, values, NULL) > 0 && rf_bool(0, 1);
}

RF_STATEMENT(count_velocity,
			 "SELECT count(*) FROM ("
			 " SELECT FROM @extschema@.rf_participant"
			 "  WHERE referrer_id = $1 AND joined_at > $2 AND email_key <> $3"
			 "  LIMIT $4) AS s",
			 INT8OID, TIMESTAMPTZOID, TEXTOID, INT4OID);

static bool
velocity_fires(const RfFraudRule *rule, const RfSuspect *suspect)
{
	Datum values[] = {
		Int64GetDatum(suspect->referrer_id), TimestampTzGetDatum(rule_since(rule)),
		CStringGetTextDatum(suspect->email_key), Int32GetDatum(rule->threshold)};

	if (suspect->referrer_id == 0)
		return false;
	rf_execute(&count_velocity, values, NULL);
	return rf_int64(0, 1) >= rule->threshold;
}

/* Around a name: in small letters, each run of spaces as one, none around it. */
#define FOLD   "lower(btrim(regexp_replace("
#define FOLDED ", '[[:space:]]+', ' ', 'g')))"

/*
 * The names of a referrer's people are found by their index alone: what is not "="
 * keeps plans made for few people from reading them all by referrer_id.
 */
RF_STATEMENT(find_name,
			 "WITH person AS MATERIALIZED (SELECT " FOLD "$2" FOLDED " AS name)"
			 " SELECT person.name <> ''"
			 "  AND (EXISTS (SELECT FROM @extschema@.rf_participant p"
			 "    WHERE p.id = $1 AND p.email_key <> $3 AND " FOLD "p.name" FOLDED " = person.name)"
			 "   OR EXISTS (SELECT FROM @extschema@.rf_participant p"
			 "    WHERE hashtextextended(" FOLD "p.name" FOLDED ", p.referrer_id)"
			 "     = hashtextextended(person.name, $1)"
			 "    AND p.name IS NOT NULL AND p.referrer_id IS NOT NULL"
			 "    AND p.referrer_id IS NOT DISTINCT FROM $1"
			 "    AND " FOLD "p.name" FOLDED " = person.name AND p.email_key <> $3))"
			 " FROM person",
			 INT8OID, TEXTOID, TEXTOID);

static bool
duplicate_name_fires(const RfFraudRule *rule, const RfSuspect *suspect)
{
	Datum values[3];

	if (suspect->referrer_id == 0 || suspect->name == NULL)
		return false;
	values[0] = Int64GetDatum(suspect->referrer_id);
	values[1] = CStringGetTextDatum(suspect->name);
	values[2] = CStringGetTextDatum(suspect->email_key);
	rf_execute(&find_name, values, NULL);
	return rf_bool(0, 1);
}

RF_STATEMENT(find_blocked,
			 "SELECT EXISTS (SELECT FROM @extschema@.rf_blocked"
			 "  WHERE email IN ($2, $5) AND coalesce(campaign_id, $1) = $1)"
			 " OR EXISTS (SELECT FROM @extschema@.rf_blocked"
			 "  WHERE domain = ANY ($3) AND coalesce(campaign_id, $1) = $1)"
			 " OR EXISTS (SELECT FROM @extschema@.rf_blocked"
			 "  WHERE network >>= $4 AND coalesce(campaign_id, $1) = $1)",
			 INT8OID, TEXTOID, TEXTARRAYOID, INETOID, TEXTOID);

/* Who is listed does not come in by another +tag, either. */
static bool
blocked_list_fires(const RfFraudRule *rule, const RfSuspect *suspect)
{
	Datum values[] = {
		Int64GetDatum(suspect->campaign->id), CStringGetTextDatum(suspect->email_key),
		suspect_domains(suspect), suspect->ip,
		CStringGetTextDatum(fraud_mailbox(suspect->email_key))};

	rf_execute(&find_blocked, values, suspect->ip != 0 ? NULL : "   n ");
	return rf_bool(0, 1);
}

typedef bool (*SignalFires)(const RfFraudRule *rule, const RfSuspect *suspect);

/* In the order of RfFraudSignal. */
static const SignalFires signal_fires[RF_FRAUD_SIGNALS] = {
	same_ip_fires, plus_alias_fires, disposable_fires, velocity_fires, duplicate_name_fires,
	blocked_list_fires};

RfVerdict
rf_fraud_judge(const RfSuspect *suspect)
{
	const RfCampaign *campaign = suspect->campaign;
	RfVerdict		  verdict = {0};

	for (int i = 0; i < campaign->nfraud_rules; i++)
	{
		const RfFraudRule *rule = &campaign->fraud_rules[i];

		if (signal_fires[rule->signal](rule, suspect))
			rf_verdict_add(&verdict, rule->signal, rule->action);
	}
	return verdict;
}

/* Who is held has signals: the index of those is small, and no state is in it. */
RF_STATEMENT(count_held,
			 "SELECT referrer_id, count(*)"
			 " FROM @extschema@.rf_participant"
			 " WHERE referrer_id = ANY ($1) AND signals IS NOT NULL AND state = 'held'"
			 " GROUP BY referrer_id",
			 INT8ARRAYOID);

uint64
rf_fraud_count_held(Datum referrer_ids)
{
	return rf_execute(&count_held, &referrer_ids, NULL);
}

int
rf_fraud_held(int64 referrer_id)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	rf_column_add(&ids, Int64GetDatum(referrer_id));
	return rf_fraud_count_held(rf_column_array(&ids)) > 0 ? (int) rf_int64(0, 2) : 0;
}
