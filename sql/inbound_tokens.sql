-- Inbound tokens: made, rotated and revoked; shown once and kept as hashes; what
-- cannot be is refused without showing a row (design 8).
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_keeper;
RESET client_min_messages;
CREATE ROLE regress_rf_keeper;
SELECT rf_grant('regress_rf_keeper', 'operator');
INSERT INTO rf_campaign (slug, name) VALUES ('tokens', 'Tokens') RETURNING id AS campaign \gset

-- guards: a token is made by its keeper, for calls to qualify unless told; its text
-- is 256 bits in base64url, and it is kept as SHA-256 only
SET ROLE regress_rf_keeper;
SELECT inbound_id AS shop, token AS shop_token FROM rf_create_inbound_token('shop') \gset
SELECT inbound_id AS crm, token AS crm_token FROM rf_create_inbound_token('crm', 'tokens', '{qualify,refund,participant}', now() + interval '1 day') \gset
SELECT :'shop_token' ~ '^rfi_[A-Za-z0-9_-]{43}$' AS looks_right, :'shop_token' <> :'crm_token' AS differs;
SELECT name, campaign_id = :campaign AS campaign, actions, expires_at > now() AS expires,
	revoked_at, last_used_at, created_at <= now() AS created, mapping, scheme, previous_until
FROM rf_inbound_token WHERE id IN (:shop, :crm) ORDER BY id;
RESET ROLE;
SELECT token_hash = sha256(:'shop_token'::bytea) AS hashed, previous_hash
FROM rf_inbound_token WHERE id = :shop;

-- guards: its keeper sees no hash, and writes no row
SET ROLE regress_rf_keeper;
SELECT token_hash FROM rf_inbound_token;
\echo :SQLSTATE
SELECT previous_hash FROM rf_inbound_token;
\echo :SQLSTATE
INSERT INTO rf_inbound_token (name) VALUES ('mine');
\echo :SQLSTATE
UPDATE rf_inbound_token SET revoked_at = NULL;
\echo :SQLSTATE

-- guards: what cannot be is told, with the remedy, and shows no hash
SELECT rf_create_inbound_token(NULL);
\echo :SQLSTATE
SELECT rf_create_inbound_token('');
\echo :SQLSTATE
SELECT rf_create_inbound_token(repeat('x', 256));
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', 'nowhere');
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', actions => '{}');
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', actions => '{qualify,NULL}');
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', actions => '{qualify,Delete}');
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', expires_at => '2001-01-01 00:00+00');
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', mapping => '');
\echo :SQLSTATE
SELECT rf_create_inbound_token('x', mapping => 'nobody''s');
\echo :SQLSTATE
SELECT rf_rotate_inbound_token(NULL);
\echo :SQLSTATE
SELECT rf_rotate_inbound_token(0);
\echo :SQLSTATE
SELECT rf_rotate_inbound_token(:shop, NULL);
\echo :SQLSTATE
SELECT rf_rotate_inbound_token(:shop, '-1 second');
\echo :SQLSTATE
SELECT rf_rotate_inbound_token(:shop, '367 days');
\echo :SQLSTATE
SELECT rf_revoke_inbound_token(NULL);
\echo :SQLSTATE
SELECT rf_revoke_inbound_token(0);
\echo :SQLSTATE

-- guards: with a mapping, for the calls that its rows ask for, unless told
INSERT INTO rf_inbound_mapping (mapping, position, action, "when", code, external_id, amount) VALUES
	('till', 1, 'purchase', '$.paid', '$.code', NULL, '$.amount'),
	('till', 2, 'refund', '$.back', NULL, '$.order', NULL),
	('till', 3, 'refund', '$.canceled', NULL, '$.order', NULL);
SELECT inbound_id AS all FROM rf_create_inbound_token('till', mapping => 'till') \gset
SELECT inbound_id AS some FROM rf_create_inbound_token('till', mapping => 'till', actions => '{qualify,purchase}') \gset
SELECT mapping, actions FROM rf_inbound_token WHERE id IN (:all, :some) ORDER BY id;
RESET ROLE;
DELETE FROM rf_inbound_mapping WHERE mapping = 'till';
SET ROLE regress_rf_keeper;

-- guards: another token in its place; the one before goes on while it is kept, and
-- no longer
SELECT rf_rotate_inbound_token(:shop, '1 hour') AS second \gset
RESET ROLE;
SELECT token_hash = sha256(:'second'::bytea) AS second, previous_hash = sha256(:'shop_token'::bytea) AS first,
	previous_until - now() BETWEEN interval '50 minutes' AND interval '1 hour' AS kept
FROM rf_inbound_token WHERE id = :shop;
SET ROLE regress_rf_keeper;
SELECT rf_rotate_inbound_token(:shop) AS third \gset
RESET ROLE;
SELECT token_hash = sha256(:'third'::bytea) AS third, previous_hash, previous_until
FROM rf_inbound_token WHERE id = :shop;

-- guards: revoked is revoked, once
SELECT rf_revoke_inbound_token(:shop);
SELECT revoked_at AS revoked_at FROM rf_inbound_token WHERE id = :shop \gset
SELECT rf_revoke_inbound_token(:shop);
SELECT revoked_at = :'revoked_at' AS as_before FROM rf_inbound_token WHERE id = :shop;
\set VERBOSITY sqlstate
SELECT rf_rotate_inbound_token(:shop);
SET referral.clock_offset = '2 d';
SELECT rf_rotate_inbound_token(:crm);
\set VERBOSITY default
RESET referral.clock_offset;

-- guards: what a campaign had for calls goes with it
INSERT INTO rf_campaign (slug, name) VALUES ('gone', 'Gone') RETURNING id AS gone \gset
SELECT inbound_id AS orphan FROM rf_create_inbound_token('gone', 'gone') \gset
SELECT rf_sign_inbound(:orphan, 'stripe', 'whsec_gone');
DELETE FROM rf_campaign WHERE id = :gone;
SELECT (SELECT count(*) FROM rf_inbound_token WHERE id = :orphan) AS tokens,
	(SELECT count(*) FROM rf_inbound_secret WHERE inbound_id = :orphan) AS secrets;

DROP OWNED BY regress_rf_keeper;
DROP ROLE regress_rf_keeper;
