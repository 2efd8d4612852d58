-- rf_export: all about one person, and of others no more than is said here; who
-- may export and erase.
\set SHOW_CONTEXT never
SET timezone = 'Asia/Tokyo';
INSERT INTO rf_campaign (slug, name) VALUES ('export', 'Export') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, 'thanks', 'referrer', 'invited_qualifies', 10, 'USD'),
	(:campaign, 'welcome', 'invited', 'invited_qualifies', 5, 'USD');
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/') RETURNING id AS hook \gset
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, ip, meta, joined_at) VALUES
	(:campaign, 'ann@people.example', 'Ann', 'EXP-ANN', NULL, '192.0.2.1', '{"secret": "of ann"}', '2024-01-01 00:00+00'),
	(:campaign, 'bob@people.example', 'Bob', 'EXP-BOB', 'EXP-ANN', '192.0.2.2', '{"plan": "tin"}', '2024-01-02 00:00+00'),
	(:campaign, 'cyd@people.example', 'Cyd', 'EXP-CYD', 'EXP-BOB', '192.0.2.3', '{"secret": "of cyd"}', '2024-01-03 00:00+00');
SELECT changed FROM rf_qualify('EXP-BOB', occurred_at => '2024-02-01 00:00+00');
SELECT changed FROM rf_record_purchase('EXP-BOB', 20, 'USD', 'order 1', '2024-02-01 00:00+00');
SELECT changed FROM rf_record_refund('export', 'order 1', 5, 'refund 1');
SELECT changed FROM rf_record_purchase('EXP-CYD', 30, 'USD', 'order 2', '2024-02-01 00:00+00');
SELECT changed FROM rf_qualify('EXP-CYD', occurred_at => '2024-02-02 00:00+00');
SELECT id AS bob FROM rf_participant WHERE code = 'EXP-BOB' \gset
INSERT INTO rf_click SELECT :campaign, :bob, '2024-01-05', v, 2 FROM unnest('{a,b}'::bytea[]) v;

-- guards: what it holds
SELECT rf_export(:bob) AS export \gset
SELECT key, jsonb_typeof(value) AS type, CASE jsonb_typeof(value) WHEN 'array' THEN jsonb_array_length(value) END AS n
FROM jsonb_each(:'export') ORDER BY key COLLATE "C";
SELECT :'export'::jsonb -> 'participant' -> k AS value FROM unnest('{email,name,ip,meta,code,state,joined_at,qualified_at,referred_by}'::text[]) k;
SELECT :'export'::jsonb -> 'referrer' ->> 'code' AS referrer, :'export'::jsonb -> 'campaign' ->> 'slug' AS campaign, :'export'::jsonb -> 'clicks' AS clicks;
SELECT i - 'id' AS invited FROM jsonb_array_elements(:'export'::jsonb -> 'invited') i;
SELECT r ->> 'state' AS state, r ->> 'amount' AS amount, r ->> 'earned_at' AS earned_at FROM jsonb_array_elements(:'export'::jsonb -> 'rewards') r;
SELECT e ->> 'type' AS type, e #> '{payload,data,participant,email}' AS email, (e #> '{payload,data,referrer}') - 'id'::text AS referrer, e #> '{payload,data,reward,amount}' AS amount
FROM jsonb_array_elements(:'export'::jsonb -> 'events') e WHERE e #>> '{payload,data,participant,id}' = :'bob';
SELECT e ->> 'type' AS type, (e #> '{payload,data,participant}') - 'id'::text AS participant, e #> '{payload,data,referrer,email}' AS referrer, e #> '{payload,data,reward,amount}' AS amount
FROM jsonb_array_elements(:'export'::jsonb -> 'events') e WHERE e #>> '{payload,data,participant,id}' <> :'bob';

SELECT p ->> 'external_id' AS purchase, p ->> 'amount' AS amount, p ->> 'refunded' AS refunded FROM jsonb_array_elements(:'export'::jsonb -> 'purchases') p;
SELECT f ->> 'refund_id' AS refund, f ->> 'amount' AS amount FROM jsonb_array_elements(:'export'::jsonb -> 'refunds') f;

-- guards: of others no more than that
SELECT :'export' ~* '"ann"|"cyd"|ann@|cyd@|secret|order 2|192\.0\.2\.[13]' AS tells_of_others;

-- guards: the same again, whatever the session's settings
SET timezone = 'UTC';
SELECT rf_export(:bob) = :'export' AS same;

-- guards: who was erased
SELECT rf_erase(:bob);
SELECT rf_export(:bob)::text ~* 'bob|tin|192\.0' AS names_bob, jsonb_array_length(rf_export(:bob) -> 'rewards') AS rewards;
SELECT rf_export((SELECT id FROM rf_participant WHERE code = 'EXP-CYD'))::text ~* '"bob"|bob@' AS names_bob;

-- guards: unknown people and nulls
\set VERBOSITY sqlstate
SELECT rf_export(-1);
SELECT rf_export(NULL);
\set VERBOSITY default

-- guards: operators export and erase, applications do not
CREATE ROLE regress_rf_exporter;
CREATE ROLE regress_rf_shop;
SELECT rf_grant('regress_rf_exporter', 'operator'), rf_grant('regress_rf_shop', 'app');
SET ROLE regress_rf_exporter;
SELECT rf_export(:bob) IS NOT NULL AS exported, rf_erase(:bob) AS erased;
SELECT count(*) >= 0 AS seen FROM rf_approval;
SET ROLE regress_rf_shop;
\set VERBOSITY sqlstate
SELECT rf_export(:bob);
SELECT rf_erase(:bob);
SELECT count(*) FROM rf_approval;
SELECT count(*) FROM rf_erased_code;
\set VERBOSITY default
RESET ROLE;
DROP OWNED BY regress_rf_exporter, regress_rf_shop;
DROP ROLE regress_rf_exporter, regress_rf_shop;
DELETE FROM rf_click WHERE campaign_id = :campaign;
DELETE FROM rf_webhook WHERE id = :hook;
