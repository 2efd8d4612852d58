-- What a later version builds is refused with feature_not_supported and a
-- hint, never ignored (design 4.1).
\set SHOW_CONTEXT never

INSERT INTO rf_campaign (slug, name) VALUES ('later', 'Later')
RETURNING id AS campaign \gset

-- guards: the message names column and table, the hint says what to do
INSERT INTO rf_webhook (campaign_id, url, http_version) VALUES (:campaign, 'https://hooks.example/', '2');
\echo :SQLSTATE

\set VERBOSITY sqlstate

-- guards: whole tables
INSERT INTO rf_inbound_token (name, token_hash, actions)
VALUES ('shop', decode(repeat('00', 32), 'hex'), '{qualify}');

-- guards: webhooks: HTTP/2
INSERT INTO rf_webhook (campaign_id, url, http_version) VALUES (:campaign, 'https://hooks.example/', '2');

\set VERBOSITY default

-- guards: nothing of it was stored
SELECT count(*) FROM rf_webhook WHERE campaign_id = :campaign;
SELECT name FROM rf_reward_rule WHERE campaign_id = :campaign ORDER BY name;
