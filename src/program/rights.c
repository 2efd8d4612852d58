/*
 * rights.c
 *	  rf_grant: the rights of the three kinds of roles, in one place.
 *
 * The statements run with the rights of the caller, who must be able to grant.
 * PUBLIC has nothing: the install script takes the default away from functions.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(rf_grant);

/* A right on an object; @ stands for the schema. */
typedef struct Right
{
	const char *privileges;
	const char *object;
} Right;

static const Right reader_rights[] = {
	{"SELECT", "@.rf_campaign_stats"},
	{"SELECT", "@.rf_status"},
	{"SELECT", "@.rf_delivery"},
	{"SELECT", "@.rf_webhook_status"},
	{"SELECT (campaign_id, rank, participant_id, code, qualified_count, invited_count, joined_at)",
	 "@.rf_leaderboard"},
	{"SELECT", "@.rf_referral_tree"},
	{"SELECT (reward_id, campaign_id, rule, recipient, code, earned_by, ordinal, metric, amount, unit, state, reason, earned_at, due_at, changed_at)",
	 "@.rf_reward_status"},
	{"EXECUTE", "FUNCTION @.rf_worker_status(), @.rf_home_status(), @.rf_message_id(bigint, bigint)"},
	{"SELECT", "@.rf_campaign_rewards, @.rf_daily_stats, @.rf_funnel"},
	{"SELECT (rule_id, participant_id, subject_id, n, issued_at, fulfilled_at, level, pool, purchase_id, original_id)", "@.rf_reward_status"},
	{"SELECT (reward_id, campaign_id, rule_id, rule, recipient, participant_id, code, participant_state, earned_by, metric, amount, unit, state, why, earned_at, due_at)",
	 "@.rf_approval"},
	{"EXECUTE", "FUNCTION @.rf_leaderboard(text, timestamptz, timestamptz, integer), @.rf_referral_tree(bigint, integer)"},
	{"EXECUTE", "FUNCTION @.rf_sending_status(), @.rf_webhook_statistics(bigint)"},
	{"EXECUTE", "FUNCTION @.rf_workers()"},
	{"EXECUTE", "FUNCTION @.rf_health(), @.rf_metrics()"},
	{"EXECUTE", "FUNCTION @.rf_listeners()"},
	{NULL, NULL}};

static const Right app_rights[] = {
	{"SELECT", "@.rf_campaign, @.rf_reward_rule, @.rf_milestone, @.rf_participant, @.rf_reward"},
	{"SELECT", "@.rf_leaderboard, @.rf_referral_tree, @.rf_reward_status, @.rf_campaign_stats"},
	{"INSERT (campaign_id, email, name, referred_by, source, ip, meta, code, joined_at)",
	 "@.rf_participant"},
	{"UPDATE (email, name, source, meta)", "@.rf_participant"},
	{"EXECUTE", "FUNCTION @.rf_join(text, text, text, text, text, inet, jsonb), @.rf_link(text)"},
	{"EXECUTE", "FUNCTION @.rf_import(text, jsonb), @.rf_import(text, regclass)"},
	{"EXECUTE", "FUNCTION @.rf_qualify(text, numeric, text, timestamptz, text)"},
	{"EXECUTE", "FUNCTION @.rf_qualify_email(text, text, numeric, text, timestamptz, text)"},
	{"EXECUTE", "FUNCTION @.rf_unqualify(text, text), @.rf_explain(text)"},
	{"EXECUTE", "FUNCTION @.rf_sign(text, text, bigint, bytea), @.rf_verify(text, text, bigint, bytea, text, interval)"},
	{"SELECT", "@.rf_campaign_rewards, @.rf_daily_stats, @.rf_funnel"},
	{"EXECUTE", "FUNCTION @.rf_leaderboard(text, timestamptz, timestamptz, integer), @.rf_referral_tree(bigint, integer)"},
	{"SELECT", "@.rf_purchase, @.rf_refund"},
	{"EXECUTE", "FUNCTION @.rf_qualify_coupon(text, numeric, text, timestamptz, text)"},
	{"EXECUTE", "FUNCTION @.rf_record_purchase(text, numeric, text, text, timestamptz)"},
	{"EXECUTE", "FUNCTION @.rf_record_refund(text, text, numeric, text)"},
	{"EXECUTE", "FUNCTION @.rf_simulate(text, numeric, text)"},
	{"EXECUTE", "FUNCTION @.rf_inbound(text, text, bytea, text, jsonb)"},
	{"EXECUTE", "FUNCTION @.rf_click(text, inet, text)"},
	{NULL, NULL}};

/* The columns of operators. */
#define CAMPAIGN_COLUMNS \
	"slug, name, tenant, state, starts_at, ends_at, landing_url, fallback_url, qualify_within," \
	" min_spend, currency, on_unqualify, max_referrals, code_prefix, code_length"
#define RULE_COLUMNS \
	"name, recipient, earned_on, kind, every, metric, amount, unit, percent, cap," \
	" pool, hold, auto_issue, max_per_recipient, max_total, budget, period, recur_every," \
	" recur_times, levels, condition, active"
#define WEBHOOK_COLUMNS \
	"campaign_id, name, url, method, events, sources, rule_id, format, fields, extra, template," \
	" state, timeout, max_in_flight, rate_limit, ordering, retry_schedule, http_version, fulfills"

#define TOKEN_COLUMNS_SEEN \
	"id, name, campaign_id, actions, expires_at, revoked_at, last_used_at, created_at," \
	" mapping, scheme, signing_options, previous_until"
#define FRAUD_RULE_COLUMNS "campaign_id, signal, action, threshold, \"within\""
#define BLOCKED_COLUMNS	   "campaign_id, email, domain, network, note"

#define MAPPING_COLUMNS \
	"mapping, position, action, \"when\", code, coupon, email, campaign, name, referred_by," \
	" source, ip, meta, amount, qualifies, minor_units, minor_digits, currency, external_id," \
	" refund_id, refunded, occurred_at, reward, reference, reason, message_id, note"

/* Besides those of app. */
static const Right operator_rights[] = {
	{"SELECT", "@.rf_webhook, @.rf_webhook_state, @.rf_event, @.rf_retry, @.rf_dead, @.rf_attempt, @.rf_home"},
	{"SELECT", "@.rf_status, @.rf_delivery, @.rf_webhook_status, @.rf_fraud_rule, @.rf_coupon, @.rf_purchase, @.rf_refund"},
	{"INSERT (" CAMPAIGN_COLUMNS "), UPDATE (" CAMPAIGN_COLUMNS "), DELETE", "@.rf_campaign"},
	{"INSERT (campaign_id, " RULE_COLUMNS "), UPDATE (" RULE_COLUMNS "), DELETE", "@.rf_reward_rule"},
	{"INSERT (rule_id, threshold, amount, unit, pool), UPDATE (rule_id, threshold, amount, unit, pool), DELETE",
	 "@.rf_milestone"},
	{"INSERT (" FRAUD_RULE_COLUMNS "), UPDATE (" FRAUD_RULE_COLUMNS "), DELETE", "@.rf_fraud_rule"},
	{"INSERT (" WEBHOOK_COLUMNS "), UPDATE (" WEBHOOK_COLUMNS "), DELETE", "@.rf_webhook"},
	{"EXECUTE", "FUNCTION @.rf_issue(bigint), @.rf_issue(bigint[]), @.rf_fulfill(bigint, text), @.rf_fulfill(bigint[], text)"},
	{"EXECUTE", "FUNCTION @.rf_fail(bigint, text), @.rf_fail(bigint[], text), @.rf_cancel(bigint, text), @.rf_cancel(bigint[], text)"},
	{"EXECUTE", "FUNCTION @.rf_worker_status(), @.rf_home_status(), @.rf_message_id(bigint, bigint)"},
	{"EXECUTE", "FUNCTION @.rf_tick(), @.rf_create_webhook, @.rf_webhook_secret(bigint), @.rf_set_headers(bigint, jsonb), @.rf_check_url(text)"},
	{"EXECUTE", "FUNCTION @.rf_erase(bigint), @.rf_export(bigint)"},
	{"SELECT", "@.rf_approval"},
	{"SELECT, INSERT (" BLOCKED_COLUMNS "), UPDATE (" BLOCKED_COLUMNS "), DELETE", "@.rf_blocked"},
	{"SELECT, INSERT (domain, disposable), UPDATE (disposable), DELETE", "@.rf_disposable_domain"},
	{"EXECUTE", "FUNCTION @.rf_release(bigint), @.rf_block(bigint, text)"},
	{"SELECT, DELETE", "@.rf_unmatched"},
	{"SELECT", "@.rf_unattached_partition"},
	{"EXECUTE", "FUNCTION @.rf_attach_joins, @.rf_attach_purchases, @.rf_detach(regclass)"},
	{"EXECUTE", "FUNCTION @.rf_attached_joins(), @.rf_attached_purchases()"},
	{"INSERT (pool, code), DELETE", "@.rf_coupon"},
	{"SELECT", "@.rf_coupon_pool"},
	{"EXECUTE", "FUNCTION @.rf_apply_rule(bigint)"},
	{"EXECUTE", "FUNCTION @.rf_sending_status(), @.rf_webhook_statistics(bigint), @.rf_stat_reset(bigint)"},
	{"EXECUTE", "FUNCTION @.rf_test_webhook(bigint), @.rf_replay(bigint), @.rf_replay_webhook"},
	{"SELECT", "@.rf_fulfilment"},
	{"EXECUTE", "FUNCTION @.rf_workers()"},
	{"EXECUTE", "FUNCTION @.rf_rotate_secret(bigint, interval, text), @.rf_set_tls(bigint, text, text, text)"},
	{"SELECT (" TOKEN_COLUMNS_SEEN ")", "@.rf_inbound_token"},
	{"EXECUTE", "FUNCTION @.rf_create_inbound_token(text, text, text[], timestamptz, text)"},
	{"EXECUTE", "FUNCTION @.rf_rotate_inbound_token(bigint, interval), @.rf_revoke_inbound_token(bigint)"},
	{"EXECUTE", "FUNCTION @.rf_sign_inbound(bigint, text, text, jsonb, interval)"},
	{"SELECT, INSERT (" MAPPING_COLUMNS "), UPDATE (" MAPPING_COLUMNS "), DELETE", "@.rf_inbound_mapping"},
	{"EXECUTE", "FUNCTION @.rf_map_inbound(text, jsonb, jsonb)"},
	{"EXECUTE", "FUNCTION @.rf_health(), @.rf_metrics()"},
	{"SELECT", "@.rf_inbound_message"},
	{"EXECUTE", "FUNCTION @.rf_listeners()"},
	{NULL, NULL}};

static void
grant_rights(const Right *rights, const char *schema, const char *role)
{
	for (; rights->privileges != NULL; rights++)
	{
		StringInfoData statement;
		int			   result;

		initStringInfo(&statement);
		appendStringInfo(&statement, "GRANT %s ON ", rights->privileges);
		for (const char *c = rights->object; *c != '\0'; c++)
		{
			if (*c == '@')
				appendStringInfoString(&statement, schema);
			else
				appendStringInfoChar(&statement, *c);
		}
		appendStringInfo(&statement, " TO %s", role);
		result = SPI_execute(statement.data, false, 0);
		if (result != SPI_OK_UTILITY)
			elog(ERROR, "could not grant: %s", SPI_result_code_string(result));
	}
}

static void
grant_usage(const char *schema, const char *role)
{
	static const Right usage[] = {{"USAGE", "SCHEMA @"}, {NULL, NULL}};

	grant_rights(usage, schema, role);
}

Datum
rf_grant(PG_FUNCTION_ARGS)
{
	const char *role = quote_identifier(NameStr(*PG_GETARG_NAME(0)));
	char	   *set = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const char *schema =
		quote_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)));
	bool app = strcmp(set, "app") == 0;
	bool operator= strcmp(set, "operator") == 0;

	if (!app && !operator&& strcmp(set, "reader") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown set of rights \"%s\"", set),
				 errhint("The sets are app, operator and reader.")));
	/* PUBLIC is no role, and gets nothing. */
	(void) get_role_oid(NameStr(*PG_GETARG_NAME(0)), false);
	SPI_connect();
	grant_usage(schema, role);
	if (app || operator)
		grant_rights(app_rights, schema, role);
	else
		grant_rights(reader_rights, schema, role);
	if (operator)
		grant_rights(operator_rights, schema, role);
	SPI_finish();
	PG_RETURN_VOID();
}
