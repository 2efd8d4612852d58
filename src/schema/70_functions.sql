-- The functions of the programme.

CREATE OR REPLACE FUNCTION @extschema@.rf_join(campaign text, email text, name text DEFAULT NULL,
	referred_by text DEFAULT NULL, source text DEFAULT NULL, ip inet DEFAULT NULL,
	meta jsonb DEFAULT NULL,
	OUT participant_id bigint, OUT code text, OUT url text, OUT created boolean)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_join(text, text, text, text, text, inet, jsonb) IS
'join a campaign, or return who is already there (created = false)';

CREATE OR REPLACE FUNCTION @extschema@.rf_link(code text) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_link(text) IS
'the link to share; null if the campaign has no landing_url';

CREATE OR REPLACE FUNCTION @extschema@.rf_import(campaign text, rows jsonb,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_jsonb';
COMMENT ON FUNCTION @extschema@.rf_import(text, jsonb) IS
'let the good rows of a JSON array join; returns each refused one with its SQLSTATE';

CREATE OR REPLACE FUNCTION @extschema@.rf_import(campaign text, source regclass,
	OUT "row" integer, OUT email text, OUT error text, OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'rf_import_table';
COMMENT ON FUNCTION @extschema@.rf_import(text, regclass) IS
'let the good rows of a table or view join; its columns are found by name; returns each refused row with its SQLSTATE';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify(text, numeric, text, timestamptz, text) IS
'an invited person converted; again: changed = false';

CREATE OR REPLACE FUNCTION @extschema@.rf_qualify_email(campaign text, email text,
	amount numeric DEFAULT NULL, currency text DEFAULT NULL,
	occurred_at timestamptz DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_qualify_email(text, text, numeric, text, timestamptz, text) IS
'rf_qualify by e-mail';

CREATE OR REPLACE FUNCTION @extschema@.rf_unqualify(code text, reason text DEFAULT NULL,
	OUT participant_id bigint, OUT state text, OUT changed boolean, OUT rewards integer)
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_unqualify(text, text) IS
'back to pending; rewards go as the campaign''s on_unqualify says';

CREATE OR REPLACE FUNCTION @extschema@.rf_issue(reward bigint) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_issue(rewards bigint[]) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint) IS
'issue a reward that is due or failed';
COMMENT ON FUNCTION @extschema@.rf_issue(bigint[]) IS
'issue rewards that are due or failed: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_fulfill(reward bigint, reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_fulfill(rewards bigint[], reference text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint, text) IS
'an issued reward was given; reference: such as the number of a payment';
COMMENT ON FUNCTION @extschema@.rf_fulfill(bigint[], text) IS
'issued rewards were given: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_fail(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_fail(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint, text) IS
'an issued reward could not be given; rf_issue tries again';
COMMENT ON FUNCTION @extschema@.rf_fail(bigint[], text) IS
'issued rewards could not be given: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_cancel(reward bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION @extschema@.rf_cancel(rewards bigint[], reason text DEFAULT NULL) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint, text) IS
'cancel a reward that is pending, due or failed';
COMMENT ON FUNCTION @extschema@.rf_cancel(bigint[], text) IS
'cancel rewards that are pending, due or failed: all of them or none';

CREATE OR REPLACE FUNCTION @extschema@.rf_tick() RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_tick() IS
'what time brings: ends holds and windows to qualify in, forgets old idempotency keys; at most 1000 of each at a time; returns how many things it did; the worker does the same by its clock';

CREATE OR REPLACE FUNCTION @extschema@.rf_explain(code text,
	OUT rule_id bigint, OUT recipient text, OUT granted boolean, OUT reason text,
	OUT have numeric, OUT need numeric)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_explain(text) IS
'what each rule granted this person, and who invited them for what they did; where it granted nothing, which number decided and what is missing';

CREATE OR REPLACE FUNCTION @extschema@.rf_message_id(home bigint, event_id bigint) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_message_id(bigint, bigint) IS
'the webhook-id under which an event is sent';

CREATE OR REPLACE FUNCTION @extschema@.rf_home_install() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_install() IS
'called once, by CREATE EXTENSION: writes the first row of rf_home';

CREATE OR REPLACE FUNCTION @extschema@.rf_home_status() RETURNS boolean
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_home_status() IS
'false in a restored copy that was not adopted: it sends nothing';

CREATE OR REPLACE FUNCTION @extschema@.rf_adopt_database() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_adopt_database() IS
'make this place the home of all rows: a restored copy begins to send, what waits included';

CREATE OR REPLACE FUNCTION @extschema@.rf_grant(role name, "set" text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_grant(name, text) IS
'grant a role what app, operator or reader needs';
