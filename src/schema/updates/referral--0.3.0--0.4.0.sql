-- Complain if the script is sourced in psql rather than by ALTER EXTENSION.
\echo Use "ALTER EXTENSION referral UPDATE TO '0.4.0'" to load this file. \quit
-- From 0.3.0 to 0.4.0. See assemble.awk for the lines that begin with @.

-- Tables are altered, never made anew, and functions and views are replaced: whom
-- rf_grant gave what keeps it. To use what is new they need rf_grant again.

-- Links.

ALTER TABLE @extschema@.rf_click
	ADD COLUMN visitors integer NOT NULL DEFAULT 1
		CHECK (visitors > 0),
	SET (fillfactor = 70);
-- @include 63_click.sql

-- Inbound.

ALTER TABLE @extschema@.rf_inbound_token
	ADD CONSTRAINT rf_inbound_token_actions_check
		CHECK (cardinality(actions) > 0
			AND actions <@ '{qualify,unqualify,join,purchase,refund,fulfill,participant}'),
	ADD COLUMN mapping text
		CHECK (octet_length(mapping) BETWEEN 1 AND 255),
	ADD COLUMN scheme text
		CHECK (scheme IN ('standard', 'stripe', 'shopify', 'github', 'paddle', 'hmac')),
	ADD COLUMN signing_options jsonb,
	ADD COLUMN previous_hash bytea UNIQUE
		CHECK (octet_length(previous_hash) = 32),
	ADD COLUMN previous_until timestamptz;
DROP TRIGGER rf_inbound_token_unbuilt ON @extschema@.rf_inbound_token;
DROP FUNCTION @extschema@.rf_refuse_unbuilt();

-- @comments 60_inbound.sql
-- @include 61_inbound_message.sql
-- @include 62_inbound_mapping.sql
-- @include 63_inbound_presets.sql
-- @include 64_inbound_secret.sql
-- @comments 65_unmatched.sql

-- @include 70_functions.sql
-- @include 71_purchase_functions.sql
-- @include 72_delivery_functions.sql
-- @include 73_review_functions.sql
-- @include 74_server_functions.sql
-- @include 75_erase_functions.sql
-- @include 76_rule_functions.sql
-- @include 77_attach_functions.sql
-- @include 78_statistics_functions.sql
-- @include 79_token_functions.sql
-- @include 79_mapping_functions.sql
-- @include 79_metrics_functions.sql
-- @include 79_inbound_functions.sql
-- @include 79_listener_functions.sql
-- @include 79_link_functions.sql
-- @include 80_views.sql

-- What a dump keeps, and who may do what. REVOKE on new functions only: on others
-- it makes what was granted meanwhile part of the extension, and a dump would no
-- longer contain it.
REVOKE ALL ON FUNCTION
	@extschema@.rf_create_inbound_token, @extschema@.rf_rotate_inbound_token,
	@extschema@.rf_revoke_inbound_token
FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_secret', '');
REVOKE ALL ON FUNCTION
	@extschema@.rf_sign_inbound, @extschema@.rf_inbound_secret_admit
FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_mapping', 'WHERE NOT builtin');
REVOKE ALL ON FUNCTION
	@extschema@.rf_inbound_mapping_valid, @extschema@.rf_map_inbound
FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.rf_health, @extschema@.rf_metrics FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_inbound_message', '');
REVOKE ALL ON FUNCTION @extschema@.rf_inbound FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.rf_listeners FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.rf_click_salt', 'WHERE false');
REVOKE ALL ON FUNCTION @extschema@.rf_click FROM PUBLIC;
