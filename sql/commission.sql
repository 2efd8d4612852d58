-- Commission: percent of spend, rounded half away from zero to the currency's
-- minor unit, then capped (design 5.16).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE VIEW commission AS
	SELECT c.slug, s.rule, s.code, s.earned_by, w.spend_base, w.percent, w.cap, s.amount, s.unit, s.state, u.external_id AS last
	FROM rf_reward_status s JOIN rf_campaign c ON c.id = s.campaign_id JOIN rf_reward w ON w.id = s.reward_id
	LEFT JOIN rf_purchase u ON u.id = w.last_purchase_id
	ORDER BY c.slug COLLATE "C", s.reward_id;

-- guards: what a commission may be
INSERT INTO rf_campaign (slug, name) VALUES ('commission', 'Commission') RETURNING id AS campaign \gset
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent) VALUES (:campaign, 'x', 'referrer', 'invited_joins', 'commission', 5);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, amount) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission', 5, 5);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission', 0);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission', 100.01);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, cap) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission', 5, 0);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, percent) VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'milestone', 'commission', 5);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, unit) VALUES (:campaign, 'x', 'referrer', 'purchase', 'commission', 5, 'stars');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, percent) VALUES (:campaign, 'x', 'referrer', 'purchase', 5, 'USD', 5);
\set VERBOSITY default

-- guards 5.16: on purchases: rounding by currency, half away from zero, then the cap
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, cap)
VALUES (:campaign, 'half', 'referrer', 'purchase', 'commission', 2.5, 100);
INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (:campaign, 'ann@core.example', 'COMM-ANN', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :campaign, p || '@core.example', 'COMM-' || upper(p), 'COMM-ANN', '2024-01-01' FROM unnest('{bob,cyd,dee,eve,fay,gil,hal}'::text[]) AS p;
SELECT a.amount, a.currency, rewards FROM (VALUES (1, 0.20::numeric, 'USD'), (2, 0.19, 'USD'), (3, 0.60, 'USD'), (4, 100, 'USD'), (5, 4000, 'USD'), (6, 4000.21, 'USD'),
	(7, 20, 'JPY'), (8, 19, 'JPY'), (9, 60, 'JPY'), (10, 4001, 'JPY'), (11, 0.020, 'KWD'), (12, 0.019, 'KWD'), (13, 10.060, 'KWD'), (14, 12345678901234567.89, 'USD')) AS a (k, amount, currency),
	LATERAL rf_record_purchase('COMM-BOB', a.amount, a.currency, 'b' || a.k) ORDER BY a.k;
SELECT spend_base, percent, cap, amount, unit, state, last FROM commission WHERE earned_by = 'COMM-BOB';
-- guards: a percentage with many digits is rounded once
UPDATE rf_reward_rule SET percent = 33.33333333333333333333, cap = NULL WHERE campaign_id = :campaign;
SELECT rewards FROM rf_record_purchase('COMM-BOB', 0.015, 'USD', 'b20');
SELECT rewards FROM rf_record_purchase('COMM-BOB', 99999999999999.99, 'USD', 'b21');
UPDATE rf_reward_rule SET percent = 0.005 WHERE campaign_id = :campaign;
SELECT rewards FROM rf_record_purchase('COMM-BOB', 99900, 'USD', 'b22');
SELECT rewards FROM rf_record_purchase('COMM-BOB', 3000000000000000099.99, 'USD', 'b23');
SELECT spend_base, amount FROM commission WHERE last IN ('b20', 'b21', 'b22', 'b23');
-- guards: a cap below the minor unit is never exceeded
UPDATE rf_reward_rule SET percent = 10, cap = 0.555 WHERE campaign_id = :campaign;
SELECT rewards FROM rf_record_purchase('COMM-BOB', 100, 'USD', 'b24');
SELECT amount FROM commission WHERE last = 'b24';
-- guards: 100 percent is all of it
UPDATE rf_reward_rule SET percent = 100, cap = NULL WHERE campaign_id = :campaign;
SELECT rewards FROM rf_record_purchase('COMM-BOB', 12.34, 'USD', 'b25');
SELECT amount FROM commission WHERE last = 'b25';
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;

-- guards: on purchases: a rule with a unit pays for spend in it alone; one without for any
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, unit) VALUES
	(:campaign, 'any', 'referrer', 'purchase', 'commission', 10, NULL), (:campaign, 'euro', 'invited', 'purchase', 'commission', 1, 'EUR');
SELECT a.currency, rewards FROM unnest('{USD,EUR}'::text[]) AS a (currency), LATERAL rf_record_purchase('COMM-CYD', 50, a.currency, 'c-' || a.currency);
SELECT rule, code, spend_base, amount, unit FROM commission WHERE earned_by = 'COMM-CYD';
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;

-- guards: on qualifying: net spend of all purchases recorded so far in one currency:
-- the rule's, else the one of the purchase at hand, else the only one
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, unit, cap) VALUES
	(:campaign, 'any', 'referrer', 'invited_qualifies', 'commission', 10, NULL, NULL), (:campaign, 'euro', 'referrer', 'invited_qualifies', 'commission', 10, 'EUR', 4);
-- several currencies and none at hand: nothing but the rule's own
SELECT rewards FROM rf_record_purchase('COMM-DEE', 30, 'USD', 'd1');
SELECT rewards FROM rf_record_purchase('COMM-DEE', 50, 'EUR', 'd2');
SELECT rewards FROM rf_qualify('COMM-DEE');
-- the purchase at hand decides
SELECT rewards FROM rf_record_purchase('COMM-EVE', 30, 'USD', 'e1');
SELECT rewards FROM rf_record_purchase('COMM-EVE', 20, 'EUR', 'e2');
SELECT rewards FROM rf_qualify('COMM-EVE', 5.55, 'USD');
-- the only one; refunds lower it
SELECT rewards FROM rf_record_purchase('COMM-FAY', 30, 'GBP', 'f1');
SELECT rewards FROM rf_record_purchase('COMM-FAY', 12.50, 'GBP', 'f2');
SELECT state FROM rf_record_refund('commission', 'f1', 10);
SELECT rewards FROM rf_qualify('COMM-FAY');
-- no spend, or none left: no grant
SELECT rewards FROM rf_qualify('COMM-GIL');
SELECT rewards FROM rf_record_purchase('COMM-HAL', 30, 'USD', 'h1');
SELECT state FROM rf_record_refund('commission', 'h1');
SELECT rewards FROM rf_qualify('COMM-HAL');
SELECT rule, earned_by, spend_base, cap, amount, unit, last FROM commission WHERE slug = 'commission' AND earned_by > 'COMM-D';
-- guards: once they have qualified further spend earns a commission on qualifying no more
SELECT rewards FROM rf_record_purchase('COMM-FAY', 100, 'GBP', 'f3');
-- guards: it is the grant of a qualification: taken back with it, and granted again from what was spent by then
SELECT rewards FROM rf_unqualify('COMM-FAY');
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT rewards FROM rf_qualify('COMM-FAY');
SELECT rewards FROM rf_unqualify('COMM-FAY');
SELECT rewards FROM rf_qualify('COMM-FAY');
SELECT w.generation, s.amount, s.state FROM rf_reward_status s JOIN rf_reward w ON w.id = s.reward_id WHERE s.earned_by = 'COMM-FAY' ORDER BY s.reward_id;

-- guards: the campaign's currency comes before the one at hand; min_spend qualifies and the commission includes that purchase
INSERT INTO rf_campaign (slug, name, currency, min_spend) VALUES ('commission-min', 'Min', 'EUR', 50) RETURNING id AS min \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent)
VALUES (:min, 'all', 'referrer', 'invited_qualifies', 'commission', 10), (:min, 'each', 'referrer', 'purchase', 'commission', 1);
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:min, 'ann@core.example', 'COMI-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:min, 'bob@core.example', 'COMI-BOB', 'COMI-ANN');
SELECT state, rewards FROM rf_record_purchase('COMI-BOB', 40, external_id => 'm1');
SELECT state, rewards FROM rf_record_purchase('COMI-BOB', 20.05, external_id => 'm2');
SELECT rule, spend_base, amount, unit, last FROM commission WHERE slug = 'commission-min';

-- guards: refunds recompute: what is not issued is lowered, with the row's own percent and cap
UPDATE rf_reward_rule SET auto_issue = false, cap = 4 WHERE campaign_id = :min;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:min, 'cyd@core.example', 'COMI-CYD', 'COMI-ANN');
SELECT state, rewards FROM rf_record_purchase('COMI-CYD', 45, external_id => 'n1');
SELECT state, rewards FROM rf_record_purchase('COMI-CYD', 45, external_id => 'n2');
UPDATE rf_reward_rule SET percent = 50, cap = NULL WHERE campaign_id = :min;
SELECT state, changed FROM rf_record_refund('commission-min', 'n1', 20);
SELECT rule, spend_base, percent, cap, amount, state FROM commission WHERE earned_by = 'COMI-CYD';
SELECT state, changed FROM rf_record_refund('commission-min', 'n2', 15);
SELECT rule, spend_base, percent, cap, amount, state FROM commission WHERE earned_by = 'COMI-CYD';
DROP VIEW commission;
