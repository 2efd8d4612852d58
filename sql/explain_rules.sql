-- rf_explain for every kind of rule: what each answers where it granted nothing,
-- and which number decided (design 1, 4.2).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
INSERT INTO rf_campaign (slug, name, currency, qualify_within)
VALUES ('why', 'Why', 'EUR', '30 days') RETURNING id AS campaign \gset
CREATE FUNCTION explained(code text, OUT rule text, OUT granted boolean, OUT reason text, OUT have numeric, OUT need numeric)
RETURNS SETOF record LANGUAGE sql AS
'SELECT r.name, x.granted, x.reason, x.have, x.need FROM rf_explain(code) WITH ORDINALITY x JOIN rf_reward_rule r ON r.id = x.rule_id ORDER BY x.ordinality';
CREATE FUNCTION join_people(referrer text, VARIADIC people text[]) RETURNS void LANGUAGE sql AS
$$INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT c.id, lower(p) || '@why.example', 'WHY-' || p, 'WHY-' || referrer, timestamptz '2024-01-01'
FROM rf_campaign c, unnest(people) AS p WHERE c.slug = 'why'$$;

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit, condition) VALUES
	(:campaign, '1 only pro', 'invited', 'invited_qualifies', 'amount', 5, 'EUR', '$.meta.plan == "pro"'),
	(:campaign, '2 not to be told', 'invited', 'invited_qualifies', 'amount', 5, 'EUR', '$.meta.visits > 3'),
	(:campaign, '3 from the shop', 'referrer', 'invited_joins', 'amount', 5, 'EUR', '$.source == "Shop"');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent) VALUES
	(:campaign, '4 commission', 'referrer', 'invited_qualifies', 'commission', 10),
	(:campaign, '5 each purchase', 'referrer', 'purchase', 'commission', 5);
INSERT INTO rf_participant (campaign_id, email, code, joined_at)
VALUES (:campaign, 'ann@why.example', 'WHY-ANN', '2024-01-01');
SELECT join_people('ANN', 'BOB', 'CYD');
UPDATE rf_participant SET meta = '{"plan": "free", "visits": "many"}' WHERE code = 'WHY-BOB';

-- guards: nobody has qualified, and now it is too late
SELECT * FROM explained('WHY-BOB');
-- guards: conditions: false, and not to be evaluated; no spend for a commission
SELECT changed, rewards FROM rf_qualify('WHY-BOB', occurred_at => '2024-01-10');
SELECT * FROM explained('WHY-BOB');
SELECT * FROM explained('WHY-ANN');
-- guards: with spend, both sides of a commission and of a purchase
SELECT changed, rewards FROM rf_qualify('WHY-CYD', 200, 'EUR', '2024-01-10');
SELECT * FROM explained('WHY-CYD') WHERE rule >= '4';
SELECT * FROM explained('WHY-ANN') WHERE rule >= '4';

-- guards: limits: the grant refused tells the limit, and what is used of it
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, max_per_recipient, max_total, budget) VALUES
	(:campaign, '6 two for one', 'referrer', 'invited_joins', 5, 'EUR', 2, NULL, NULL),
	(:campaign, '7 three in all', 'invited', 'invited_joins', 5, 'EUR', NULL, 3, NULL),
	(:campaign, '8 twelve euros', 'invited', 'invited_joins', 5, 'EUR', NULL, NULL, 12);
SELECT join_people('ANN', 'DEE', 'EVE', 'FAY', 'GUS');
SELECT * FROM explained('WHY-ANN') WHERE rule LIKE '6%';
SELECT * FROM explained('WHY-DEE') WHERE rule BETWEEN '6' AND '9';
SELECT * FROM explained('WHY-GUS') WHERE rule BETWEEN '6' AND '9';
-- guards: people who joined before the rule was there
SELECT * FROM explained('WHY-BOB') WHERE rule BETWEEN '6' AND '9';
UPDATE rf_reward_rule SET max_total = NULL WHERE name = '7 three in all';
SELECT * FROM explained('WHY-BOB') WHERE rule LIKE '7%';

-- guards: an empty pool of coupons
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool)
VALUES (:campaign, '9 coupon', 'invited', 'invited_joins', 'coupon', 'why');
SELECT join_people('ANN', 'HAL');
SELECT * FROM explained('WHY-HAL') WHERE rule LIKE '9%';
INSERT INTO rf_coupon (pool, code) VALUES ('why', 'WHY-FIRST');
SELECT * FROM explained('WHY-HAL') WHERE rule LIKE '9%';

-- guards: levels: people further down the tree
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, levels)
VALUES (:campaign, 'A up the tree', 'referrer', 'invited_joins', 4, 'EUR', '[2, 1]');
SELECT * FROM explained('WHY-ANN') WHERE rule LIKE 'A%';
SELECT join_people('HAL', 'IDA');
SELECT * FROM explained('WHY-ANN') WHERE rule LIKE 'A%';
SELECT * FROM explained('WHY-HAL') WHERE rule LIKE 'A%';
SELECT * FROM explained('WHY-IDA') WHERE rule LIKE 'A%';

-- guards: recurring: how many, and when the next one comes
UPDATE rf_campaign SET qualify_within = NULL WHERE id = :campaign;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times) VALUES
	(:campaign, 'B monthly', 'referrer', 'invited_qualifies', 'recurring', 1, 'EUR', '1 month', NULL),
	(:campaign, 'C twice', 'invited', 'invited_qualifies', 'recurring', 1, 'EUR', '1 year', 2);
SELECT * FROM explained('WHY-IDA') WHERE rule >= 'B';
SELECT changed FROM rf_qualify('WHY-IDA', occurred_at => '2024-01-31 10:00');
SELECT count(*) > 0 AS paid FROM (SELECT rf_tick() FROM generate_series(1, 5)) AS t;
SELECT rule, granted, regexp_replace(reason, 'far: \d+; (.* at) .*', 'far: N; \1 T') AS reason, have > 20 AS many, need FROM explained('WHY-HAL') WHERE rule LIKE 'B%';
SELECT * FROM explained('WHY-IDA') WHERE rule LIKE 'C%';
SELECT changed FROM rf_unqualify('WHY-IDA', 'left');
SELECT * FROM explained('WHY-IDA') WHERE rule LIKE 'C%';
SELECT rule, granted, regexp_replace(reason, 'far: \d+', 'far: N') AS reason FROM explained('WHY-IDA') WHERE rule LIKE 'B%';

-- guards: spend that is short of min_spend, in its currency
UPDATE rf_reward_rule SET active = false WHERE campaign_id = :campaign;
UPDATE rf_campaign SET min_spend = 100 WHERE id = :campaign;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold)
VALUES (:campaign, 'D converted', 'invited', 'invited_qualifies', 1, 'EUR', '1 day');
SELECT state FROM rf_record_purchase('WHY-IDA', 12.5, 'EUR', 'why-1');
SELECT * FROM explained('WHY-IDA') WHERE rule LIKE 'D%';
-- guards: a person who is held or blocked
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:campaign, 'plus_alias', 'hold');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'jim+x@why.example', 'WHY-JIM', 'WHY-ANN'), (:campaign, 'kim+x@why.example', 'WHY-KIM', NULL);
SELECT id AS jim FROM rf_participant WHERE code = 'WHY-JIM' \gset
SELECT * FROM explained('WHY-JIM') WHERE rule LIKE 'D%';
SELECT state FROM rf_block(:jim);
SELECT * FROM explained('WHY-JIM') WHERE rule LIKE 'D%';
-- guards: a recipient who is held, blocked or erased
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'E bring a friend', 'referrer', 'invited_joins', 1, 'EUR');
SELECT join_people('KIM', 'LEA');
SELECT * FROM explained('WHY-KIM') WHERE rule LIKE 'E%';
SELECT id AS ann FROM rf_participant WHERE code = 'WHY-ANN' \gset
SELECT state FROM rf_block(:ann);
SELECT * FROM explained('WHY-ANN') WHERE rule LIKE 'E%';
SELECT * FROM explained('WHY-BOB') WHERE rule LIKE 'E%';
SELECT id AS hal FROM rf_participant WHERE code = 'WHY-HAL' \gset
SELECT rf_erase(:hal);
SELECT rule, granted, regexp_replace(reason, '\d+', 'N') AS reason FROM explained('WHY-IDA') WHERE rule LIKE 'E%';
-- guards: a campaign that is over
UPDATE rf_campaign SET state = 'ended' WHERE id = :campaign;
SELECT * FROM explained('WHY-IDA') WHERE rule LIKE 'D%';
UPDATE rf_campaign SET state = 'live' WHERE id = :campaign;

-- guards: it can be asked where nothing can be written
BEGIN READ ONLY;
SELECT count(*) > 20 AS explained FROM explained('WHY-IDA');
COMMIT;
DROP FUNCTION explained(text);
DROP FUNCTION join_people(text, text[]);
