-- Calls with tokens: which are let through, what that writes, and what those who
-- guess are told (design 8).
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_app;
RESET client_min_messages;
CREATE ROLE regress_rf_app;
SELECT rf_grant('regress_rf_app', 'app');
INSERT INTO rf_campaign (slug, name) VALUES ('use', 'Use') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'ann@use.example', 'USEANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'bob@use.example', 'USEBOB', 'USEANN');
SELECT inbound_id AS shop, token AS shop_token FROM rf_create_inbound_token('shop', 'use', '{qualify,participant}') \gset
SELECT inbound_id AS brief, token AS brief_token FROM rf_create_inbound_token('brief', expires_at => now() + interval '1 hour') \gset

-- guards: an application calls with it as another system does
SET ROLE regress_rf_app;
SELECT status, body ->> 'changed' AS changed FROM rf_inbound(:'shop_token', 'qualify', 'code=USEBOB');
RESET ROLE;

-- guards: use is noted, once a minute
SELECT last_used_at AS used, xmin AS written FROM rf_inbound_token WHERE id = :shop \gset
SELECT :'used'::timestamptz <= now() AS used;
SELECT status FROM rf_inbound(:'shop_token', 'qualify', 'code=USEBOB');
SELECT xmin = :'written' AS as_it_was FROM rf_inbound_token WHERE id = :shop;
SET referral.clock_offset = '61 s';
SELECT status FROM rf_inbound(:'shop_token', 'qualify', 'code=USEBOB');
RESET referral.clock_offset;
SELECT last_used_at > :'used' AS noted FROM rf_inbound_token WHERE id = :shop;

-- guards: where nothing may be written, or only what an old snapshot knows, it is not
BEGIN READ ONLY;
SET LOCAL referral.clock_offset = '3 min';
SELECT status FROM rf_inbound(:'shop_token', 'participant', 'code=USEBOB');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL referral.clock_offset = '3 min';
SELECT status FROM rf_inbound(:'shop_token', 'participant', 'code=USEBOB');
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;

-- guards: who guesses is told the same, whatever there is, and nothing is written
BEGIN;
SELECT rf_revoke_inbound_token(inbound_id) IS NULL AS revoked, token AS revoked_token
FROM rf_create_inbound_token('revoked') \gset
SELECT token AS previous_token FROM rf_create_inbound_token('rotated') \gset
SELECT rf_rotate_inbound_token(id) IS NULL AS rotated FROM rf_inbound_token WHERE token_hash = sha256(:'previous_token'::bytea) \gset
COMMIT;
PREPARE guess (text) AS
	SELECT status, body - 'type' - 'title' - 'participant_id' AS body FROM rf_inbound($1, 'qualify', 'code=USEBOB');
BEGIN;
EXECUTE guess(:'revoked_token');
EXECUTE guess(:'previous_token');
EXECUTE guess('rfi_0000000000000000000000000000000000000000000');
EXECUTE guess('rfi_000000000000000000000000000000000000000000');
EXECUTE guess('xfi_0000000000000000000000000000000000000000000');
EXECUTE guess('');
EXECUTE guess(upper(:'shop_token'));
EXECUTE guess(:'shop_token' || ' ');
EXECUTE guess(repeat('x', 100000));
SET LOCAL referral.clock_offset = '1 h';
EXECUTE guess(:'brief_token');
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;
SET referral.clock_offset = '59 min';
EXECUTE guess(:'brief_token');
RESET referral.clock_offset;
SELECT count(*) AS noted FROM rf_inbound_token WHERE name IN ('revoked', 'rotated') AND last_used_at IS NOT NULL;

-- guards: the one before goes on for as long as it is kept
SELECT rf_rotate_inbound_token(:shop, '1 hour') AS second_token \gset
SELECT status FROM rf_inbound(:'shop_token', 'qualify', 'code=USEBOB');
SELECT status FROM rf_inbound(:'second_token', 'qualify', 'code=USEBOB');
SET referral.clock_offset = '1 h';
SELECT status FROM rf_inbound(:'shop_token', 'qualify', 'code=USEBOB');
SELECT status FROM rf_inbound(:'second_token', 'qualify', 'code=USEBOB');
RESET referral.clock_offset;
SELECT rf_revoke_inbound_token(:shop);
SELECT status FROM rf_inbound(:'shop_token', 'qualify', 'code=USEBOB');
SELECT status FROM rf_inbound(:'second_token', 'qualify', 'code=USEBOB');

-- guards: of a token that wants signatures, only calls that are signed; the example is
-- GitHub's own, and its body is of a kind that nothing is made of
SELECT inbound_id AS github, token AS github_token FROM rf_create_inbound_token('github') \gset
SELECT rf_sign_inbound(:github, 'github', 'It''s a Secret to Everybody');
PREPARE github (jsonb, text) AS
	SELECT status, body ->> 'detail' AS detail FROM rf_inbound(:'github_token', 'qualify', convert_to($2, 'UTF8'), 'text/plain', $1);
EXECUTE github('{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}', 'Hello, World!');
EXECUTE github('{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18"}', 'Hello, World!');
EXECUTE github('{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}', 'Hello, World');
EXECUTE github('{}', 'Hello, World!');

-- guards: Standard Webhooks: a message that comes again is answered as the first time
SELECT inbound_id AS standard, token AS standard_token FROM rf_create_inbound_token('standard', 'use') \gset
SELECT rf_sign_inbound(:standard, 'standard', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'cat@use.example', 'USECAT', 'USEANN');
CREATE FUNCTION pg_temp.signed(id text, at timestamptz, body text, secret text DEFAULT 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
RETURNS jsonb LANGUAGE sql RETURN jsonb_build_object('webhook-id', id,
	'webhook-timestamp', floor(extract(epoch FROM at))::bigint::text,
	'webhook-signature', rf_sign(secret, id, floor(extract(epoch FROM at))::bigint, convert_to(body, 'UTF8')));
PREPARE standard (jsonb) AS
	SELECT status, body ->> 'changed' AS changed, body ->> 'detail' AS detail
	FROM rf_inbound(:'standard_token', 'qualify', 'code=USECAT', NULL, $1);
EXECUTE standard(pg_temp.signed('msg_1', now(), 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_1', now(), 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_2', now(), 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_3', now(), 'code=USEBOB'));
EXECUTE standard(pg_temp.signed('msg_3', now() - interval '10 minutes', 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_3', now() + interval '10 minutes', 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_3', now(), 'code=USECAT', 'whsec_' || encode('another', 'base64')));

-- guards: while one secret replaces another both are right, then one is
SELECT rf_sign_inbound(:standard, 'standard', 'whsec_' || encode('another', 'base64'), keep => '1 hour');
EXECUTE standard(pg_temp.signed('msg_3', now(), 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_4', now(), 'code=USECAT', 'whsec_' || encode('another', 'base64')));
SET referral.clock_offset = '1 h';
EXECUTE standard(pg_temp.signed('msg_5', now() + interval '1 hour', 'code=USECAT'));
EXECUTE standard(pg_temp.signed('msg_5', now() + interval '1 hour', 'code=USECAT', 'whsec_' || encode('another', 'base64')));
RESET referral.clock_offset;
SELECT rf_sign_inbound(:standard, NULL, NULL);
EXECUTE standard('{}');

-- guards: without a secret nothing is right
SELECT rf_sign_inbound(:standard, 'standard', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
DELETE FROM rf_inbound_secret WHERE inbound_id = :standard;
EXECUTE standard(pg_temp.signed('msg_6', now(), 'code=USECAT'));

DROP FUNCTION pg_temp.signed;
DROP OWNED BY regress_rf_app;
DROP ROLE regress_rf_app;
