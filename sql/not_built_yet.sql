-- What a later version builds is refused with feature_not_supported and a
-- hint, never ignored (design 4.1).
\set SHOW_CONTEXT never

-- guards: the message names column and table, the hint says what to do
INSERT INTO rf_campaign (slug, name, min_spend, currency) VALUES ('later', 'Later', 50, 'USD');
\echo :SQLSTATE

INSERT INTO rf_campaign (slug, name) VALUES ('later', 'Later')
RETURNING id AS campaign \gset

-- guards: an UPDATE does not slip through either
UPDATE rf_campaign SET min_spend = 50, currency = 'USD' WHERE id = :campaign;
\echo :SQLSTATE

\set VERBOSITY sqlstate

-- guards: whole tables
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:campaign, 'same_ip', 'hold');
INSERT INTO rf_purchase (campaign_id, participant_id, amount, currency, occurred_at)
VALUES (:campaign, 1, 5, 'USD', '2024-01-01');
INSERT INTO rf_refund (purchase_id, amount, occurred_at) VALUES (1, 5, '2024-01-01');
INSERT INTO rf_inbound_token (name, token_hash, actions)
VALUES ('shop', decode(repeat('00', 32), 'hex'), '{qualify}');

-- guards: webhooks: formats, rate, order, HTTP/2, fulfilment
INSERT INTO rf_webhook (campaign_id, url, format)
VALUES (:campaign, 'https://hooks.example/', 'cloudevents');
INSERT INTO rf_webhook (campaign_id, url, format, template)
VALUES (:campaign, 'https://hooks.example/', 'template', '{"who": "{{participant.name}}"}');
INSERT INTO rf_webhook (campaign_id, url, rate_limit) VALUES (:campaign, 'https://hooks.example/', 5);
INSERT INTO rf_webhook (campaign_id, url, ordering) VALUES (:campaign, 'https://hooks.example/', 'fifo');
INSERT INTO rf_webhook (campaign_id, url, http_version) VALUES (:campaign, 'https://hooks.example/', '2');
INSERT INTO rf_webhook (campaign_id, url, fulfills) VALUES (:campaign, 'https://hooks.example/', true);

-- guards: purchases on rf_qualify
SELECT rf_qualify('ANYONE', amount => 5);
SELECT rf_qualify('ANYONE', currency => 'USD');
SELECT rf_qualify_email('later', 'any@people.example', amount => 5, currency => 'USD');
\set VERBOSITY default
SELECT rf_qualify('ANYONE', amount => 5, currency => 'USD');
\echo :SQLSTATE

-- guards: nothing of it was stored
SELECT count(*) FROM rf_webhook WHERE campaign_id = :campaign;
SELECT name FROM rf_reward_rule WHERE campaign_id = :campaign ORDER BY name;
