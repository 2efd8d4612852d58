-- What a dump keeps, who may do what, and the first row of rf_home.

-- Every table and sequence that holds rows of the programme. No row is shipped
-- with the extension but the one of rf_home, which a dump adds to.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_campaign', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_participant', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fraud_rule', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_rule', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_milestone', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_purchase', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_refund', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_idempotency', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_home', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_event', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_0', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_1', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_2', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_3', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_secret', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook_state', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_retry', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_dead', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_0', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_1', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_2', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_attempt_3', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_token', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_unmatched', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_click', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_campaign_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_participant_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_rule_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_reward_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_purchase_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_refund_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_webhook_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_token_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_unmatched_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_outbox_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_quota', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_recurrence', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon_pool', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_coupon_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_window', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_erased_code', '');

-- Nobody but the owner may call anything before rf_grant.
REVOKE ALL ON FUNCTION
	@extschema@.rf_programme_changed,
	@extschema@.rf_participant_admit, @extschema@.rf_participant_joined,
	@extschema@.rf_participant_fixed, @extschema@.rf_rows_kept,
	@extschema@.rf_campaign_kept, @extschema@.rf_reward_rule_kept,
	@extschema@.rf_reward_rule_valid, @extschema@.rf_webhook_admit,
	@extschema@.rf_webhook_created, @extschema@.rf_webhook_deleted,
	@extschema@.rf_join, @extschema@.rf_link,
	@extschema@.rf_import(text, jsonb), @extschema@.rf_import(text, regclass),
	@extschema@.rf_qualify, @extschema@.rf_qualify_email, @extschema@.rf_unqualify,
	@extschema@.rf_issue(bigint), @extschema@.rf_issue(bigint[]),
	@extschema@.rf_fulfill(bigint, text), @extschema@.rf_fulfill(bigint[], text),
	@extschema@.rf_fail(bigint, text), @extschema@.rf_fail(bigint[], text),
	@extschema@.rf_cancel(bigint, text), @extschema@.rf_cancel(bigint[], text),
	@extschema@.rf_tick, @extschema@.rf_explain, @extschema@.rf_message_id,
	@extschema@.rf_home_install, @extschema@.rf_home_status,
	@extschema@.rf_adopt_database, @extschema@.rf_grant,
	@extschema@.rf_worker_status, @extschema@.rf_create_webhook,
	@extschema@.rf_webhook_secret, @extschema@.rf_set_headers, @extschema@.rf_check_url,
	@extschema@.rf_sign, @extschema@.rf_verify,
	@extschema@.rf_coupon_admit, @extschema@.rf_coupon_loaded,
	@extschema@.rf_coupon_kept, @extschema@.rf_coupon_deleted,
	@extschema@.rf_campaign_windows,
	@extschema@.rf_erase, @extschema@.rf_export,
	@extschema@.rf_leaderboard, @extschema@.rf_referral_tree,
	@extschema@.rf_campaign_valid, @extschema@.rf_qualify_coupon,
	@extschema@.rf_record_purchase, @extschema@.rf_record_refund,
	@extschema@.rf_apply_rule, @extschema@.rf_simulate,
	@extschema@.rf_attached_joins, @extschema@.rf_attached_purchases,
	@extschema@.rf_attach_joins, @extschema@.rf_attach_purchases, @extschema@.rf_detach,
	@extschema@.rf_writers_locked_out, @extschema@.rf_coupon_pools_locked
FROM PUBLIC;

-- Caches must learn of changes whatever brought them, replication included.
ALTER TABLE @extschema@.rf_campaign ENABLE ALWAYS TRIGGER rf_campaign_changed;
ALTER TABLE @extschema@.rf_fraud_rule ENABLE ALWAYS TRIGGER rf_fraud_rule_changed;
ALTER TABLE @extschema@.rf_reward_rule ENABLE ALWAYS TRIGGER rf_reward_rule_changed;
ALTER TABLE @extschema@.rf_milestone ENABLE ALWAYS TRIGGER rf_milestone_changed;
ALTER TABLE @extschema@.rf_webhook ENABLE ALWAYS TRIGGER rf_webhook_changed;
ALTER TABLE @extschema@.rf_secret ENABLE ALWAYS TRIGGER rf_secret_changed;
ALTER TABLE @extschema@.rf_home ENABLE ALWAYS TRIGGER rf_home_changed;

-- Fraud. Domains that came with the extension come with it again, but whether
-- they are disposable is the user's to say.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_blocked', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_blocked_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_disposable_domain', 'WHERE NOT builtin OR NOT disposable');
-- rf_mailbox stays everybody's: an index uses it, with the rights of whoever
-- inserts or restores a row, and it knows nothing but its argument.
REVOKE ALL ON FUNCTION
	@extschema@.rf_fraud_row_valid, @extschema@.rf_disposable_domain_valid,
	@extschema@.rf_release, @extschema@.rf_block
FROM PUBLIC;
REVOKE ALL ON FUNCTION
	@extschema@.rf_sending_status, @extschema@.rf_webhook_statistics, @extschema@.rf_stat_reset
FROM PUBLIC;

-- Sending.
REVOKE ALL ON FUNCTION @extschema@.rf_webhook_updated FROM PUBLIC;

-- Sending again.
REVOKE ALL ON FUNCTION
	@extschema@.rf_test_webhook, @extschema@.rf_replay, @extschema@.rf_replay_webhook
FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fulfilment', '');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_fulfilment_id_seq', '');
-- Several workers.
REVOKE ALL ON FUNCTION @extschema@.rf_workers FROM PUBLIC;
REVOKE ALL ON FUNCTION
	@extschema@.rf_secret_admit, @extschema@.rf_rotate_secret, @extschema@.rf_set_tls
FROM PUBLIC;
-- Inbound tokens.
REVOKE ALL ON FUNCTION
	@extschema@.rf_create_inbound_token, @extschema@.rf_rotate_inbound_token,
	@extschema@.rf_revoke_inbound_token
FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_secret', '');
REVOKE ALL ON FUNCTION
	@extschema@.rf_sign_inbound, @extschema@.rf_inbound_secret_admit
FROM PUBLIC;
-- Other systems' payloads. What came with the extension comes with it again.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_mapping', 'WHERE NOT builtin');
REVOKE ALL ON FUNCTION
	@extschema@.rf_inbound_mapping_valid, @extschema@.rf_map_inbound
FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.rf_health, @extschema@.rf_metrics FROM PUBLIC;
-- Calls of other systems.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_message', '');
REVOKE ALL ON FUNCTION @extschema@.rf_inbound FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.rf_listeners FROM PUBLIC;
-- Links. The salts are forgotten every day, so no dump keeps them.
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_click_salt', 'WHERE false');
REVOKE ALL ON FUNCTION @extschema@.rf_click FROM PUBLIC;
