-- Purchases: what is recorded, what is refused, and the rules that pay for them.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('shop', 'Shop'), ('shop-too', 'Too');
INSERT INTO rf_campaign (slug, name, currency, qualify_within) VALUES ('shop-yen', 'Yen', 'JPY', '30 days');
SELECT id AS shop FROM rf_campaign WHERE slug = 'shop' \gset
SELECT id AS too FROM rf_campaign WHERE slug = 'shop-too' \gset
SELECT id AS yen FROM rf_campaign WHERE slug = 'shop-yen' \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT c.id, p || '@people.example', upper(c.slug) || '-' || upper(p), CASE WHEN p <> 'ann' THEN upper(c.slug) || '-ANN' END, '2024-01-01'
FROM rf_campaign c, unnest('{ann,bob,cyd,dee}'::text[]) WITH ORDINALITY AS u (p, n)
WHERE c.id IN (:shop, :too, :yen) ORDER BY c.id, n;
CREATE VIEW purchase AS
	SELECT p.code, u.external_id, u.amount, u.currency, u.occurred_at, u.refunded
	FROM rf_purchase u JOIN rf_participant p ON p.id = u.participant_id WHERE p.code LIKE 'SHOP-%';

-- guards: one row for each purchase, rounded to the currency's minor unit, half away from zero
SELECT purchase_id > 0 AS id, state, changed, rewards FROM rf_record_purchase('shop-bob', 19.995, 'USD', 'order 1', '2024-01-05');
SELECT state, changed FROM rf_record_purchase('SHOP-BOB', 19.5, 'JPY', 'order 2', '2024-01-06');
SELECT state, changed FROM rf_record_purchase('SHOP-BOB', 1.0005, 'KWD', 'order 3', '2024-01-07');
SELECT * FROM purchase ORDER BY external_id;
-- guards: without external_id every call is a purchase
SELECT changed FROM rf_record_purchase('SHOP-BOB', 1, 'USD', occurred_at => '2024-01-08');
SELECT changed FROM rf_record_purchase('SHOP-BOB', 1, 'USD', occurred_at => '2024-01-08');
SELECT count(*) FROM purchase WHERE external_id IS NULL;

-- guards: the same purchase again is no mistake, and nothing happens
SELECT changed, rewards, purchase_id = (SELECT id FROM rf_purchase WHERE campaign_id = :shop AND external_id = 'order 1') AS same
FROM rf_record_purchase('SHOP-BOB', 20, 'USD', 'order 1');
-- with another person, amount or currency it is
SELECT rf_record_purchase('SHOP-CYD', 20, 'USD', 'order 1');
\echo :SQLSTATE
SELECT rf_record_purchase('SHOP-BOB', 21, 'USD', 'order 1');
\echo :SQLSTATE
SELECT rf_record_purchase('SHOP-BOB', 20, 'EUR', 'order 1');
\echo :SQLSTATE
-- another campaign has numbers of its own
SELECT changed FROM rf_record_purchase('SHOP-TOO-BOB', 20, 'USD', 'order 1');

-- guards: the campaign's currency is the default, and the only one
SELECT changed FROM rf_record_purchase('SHOP-YEN-BOB', 100.4, external_id => 'y', occurred_at => '2024-01-05');
SELECT amount, currency FROM purchase WHERE external_id = 'y';
SELECT rf_record_purchase('SHOP-YEN-BOB', 100, 'USD');
\echo :SQLSTATE
SELECT rf_record_purchase('SHOP-BOB', 100);
\echo :SQLSTATE

-- guards: what no purchase can be
SELECT rf_record_purchase('SHOP-YEN-BOB', 0.4);
\echo :SQLSTATE
SELECT rf_record_purchase('SHOP-BOB', 1, 'usd');
\echo :SQLSTATE
SELECT rf_record_purchase('SHOP-BOB', 1, 'USD', occurred_at => '2999-01-01');
\echo :SQLSTATE
SELECT rf_record_purchase('SHOP-BOB', 'NaN', 'USD');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_record_purchase('SHOP-BOB', 'Infinity', 'USD');
SELECT rf_record_purchase('SHOP-BOB', -1, 'USD');
SELECT rf_record_purchase('SHOP-BOB', 0, 'USD');
SELECT rf_record_purchase('SHOP-BOB', 1, 'USD', '');
SELECT rf_record_purchase('SHOP-BOB', 1, 'USD', repeat('x', 256));
SELECT rf_record_purchase('SHOP-BOB', 1, 'USD', occurred_at => 'infinity');
SELECT rf_record_purchase('SHOP-BOB', NULL, 'USD');
SELECT rf_record_purchase(NULL, 1, 'USD');
-- guards: who cannot buy, and when
SELECT rf_record_purchase('NO-SUCH', 1, 'USD');
SELECT rf_record_purchase('SHOP-ANN', 1, 'USD');
UPDATE rf_campaign SET state = 'draft' WHERE id = :too;
SELECT rf_record_purchase('SHOP-TOO-BOB', 1, 'USD');
-- what was recorded before stays recorded, whatever state the campaign is in
SELECT changed FROM rf_record_purchase('SHOP-TOO-BOB', 20, 'USD', 'order 1');
UPDATE rf_campaign SET state = 'live', ends_at = '2024-06-01' WHERE id = :too;
SELECT rf_record_purchase('SHOP-TOO-BOB', 1, 'USD', 'after', '2024-06-01');
SELECT changed FROM rf_record_purchase('SHOP-TOO-BOB', 1, 'USD', 'before', '2024-05-31 23:59:59');
UPDATE rf_campaign SET state = 'paused' WHERE id = :too;
SELECT changed FROM rf_record_purchase('SHOP-TOO-BOB', 1, 'USD', 'paused', '2024-05-31 23:59:59');
-- guards: rows are the engine's
DELETE FROM rf_purchase;
TRUNCATE rf_refund;
\set VERBOSITY default

-- guards: rf_qualify with an amount records it, with the transition alone
SELECT state, changed, rewards FROM rf_qualify('SHOP-DEE', 30, 'EUR', '2024-01-09');
SELECT state, changed, rewards FROM rf_qualify('SHOP-DEE', 30, 'EUR', '2024-01-10');
SELECT * FROM purchase WHERE code = 'SHOP-DEE';
\set VERBOSITY sqlstate
SELECT rf_qualify('SHOP-CYD', currency => 'USD');
SELECT rf_qualify('SHOP-CYD', 0, 'USD');
SELECT rf_qualify('SHOP-CYD', 1);
SELECT rf_qualify('SHOP-YEN-CYD', 1, 'USD', '2024-01-02');
SELECT rf_qualify('SHOP-YEN-CYD', 1, NULL, '2024-02-02');
\set VERBOSITY default
SELECT count(*) FROM purchase WHERE code IN ('SHOP-CYD', 'SHOP-YEN-CYD');
-- guards: amount and currency are arguments that an idempotency key remembers
SELECT changed FROM rf_qualify('SHOP-CYD', 5, 'USD', idempotency_key => 'k');
SELECT changed FROM rf_qualify('SHOP-CYD', 5.00, 'USD', idempotency_key => 'k');
SELECT rf_qualify('SHOP-CYD', 6, 'USD', idempotency_key => 'k');
\echo :SQLSTATE
SELECT rf_qualify('SHOP-CYD', idempotency_key => 'k');
\echo :SQLSTATE
SELECT amount FROM purchase WHERE code = 'SHOP-CYD';

-- guards: rules on purchases pay for every one that counts: that of a qualified
-- person, and that of another in their window
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit) VALUES
	(:yen, 'fixed', 'referrer', 'purchase', 'amount', 7, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, cap) VALUES
	(:yen, 'share', 'invited', 'purchase', 'commission', 2.5, 50);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit) VALUES
	(:yen, 'bonus', 'referrer', 'invited_qualifies', 'custom', 1, 'point');
CREATE VIEW reward AS
	SELECT s.rule, s.code, u.external_id, s.amount, s.unit, s.state, r.spend_base, r.percent, r.cap
	FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id LEFT JOIN rf_purchase u ON u.id = r.purchase_id
	WHERE s.campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'shop-yen') ORDER BY r.id;
SELECT state, rewards FROM rf_record_purchase('SHOP-YEN-CYD', 1000, external_id => 'in', occurred_at => '2024-01-20');
SELECT state, rewards FROM rf_record_purchase('SHOP-YEN-CYD', 1000, external_id => 'out', occurred_at => '2024-02-20');
SELECT state, rewards FROM rf_record_purchase('SHOP-YEN-CYD', 1000, external_id => 'in');
SELECT * FROM reward;
-- with rf_qualify: the qualification first, then its purchase
SELECT state, rewards FROM rf_qualify('SHOP-YEN-CYD', 3000, occurred_at => '2024-01-25');
-- once qualified the window is of no matter; 2.5 % of 1 yen rounds to none
SELECT state, rewards FROM rf_record_purchase('SHOP-YEN-CYD', 1, external_id => 'later', occurred_at => '2024-05-20');
SELECT * FROM reward;

-- guards: rf_qualify_coupon finds the person to whom the coupon was given
INSERT INTO rf_coupon (pool, code) VALUES ('shop', 'SHOP-COUPON-1'), ('shop', 'SHOP-COUPON-2');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool) VALUES
	(:shop, 'welcome', 'invited', 'invited_joins', 'coupon', 'shop');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:shop, 'eve@people.example', 'SHOP-EVE', 'SHOP-ANN');
SELECT p.code, q.state, changed, rewards FROM rf_qualify_coupon('SHOP-COUPON-1', 12, 'USD', idempotency_key => 'k') q
JOIN rf_participant p ON p.id = q.participant_id;
SELECT changed FROM rf_qualify_coupon('SHOP-COUPON-1', 12, 'USD', idempotency_key => 'k');
SELECT rf_qualify_coupon('SHOP-COUPON-2');
\echo :SQLSTATE
SELECT rf_qualify_coupon(NULL);
\echo :SQLSTATE

-- guards: 5.13 events come in order: the qualification, its rewards, those of the purchase
INSERT INTO rf_webhook (campaign_id, url, events, state) VALUES (:yen, 'https://hooks.example/', '{*}', 'paused');
SELECT state, rewards FROM rf_qualify('SHOP-YEN-DEE', 100, occurred_at => '2024-01-25');
SELECT type, convert_from(payload, 'UTF8')::jsonb #>> '{data,reward,rule}' AS rule,
	convert_from(payload, 'UTF8')::jsonb #>> '{data,participant,state}' AS state
FROM rf_event WHERE campaign_id = :yen ORDER BY id;
DROP VIEW reward, purchase;
