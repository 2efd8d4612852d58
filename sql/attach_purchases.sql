-- rf_attach_purchases: the rows of an application's own table are purchases
-- (design 4.2; issue 3, item 9).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_owner, regress_rf_writer;
RESET client_min_messages;
INSERT INTO rf_campaign (slug, name, currency, min_spend) VALUES ('orders', 'Orders', 'EUR', 100) RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'orders: qualified', 'referrer', 'invited_qualifies', 5, 'EUR');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent)
VALUES (:campaign, 'orders: share', 'referrer', 'purchase', 'commission', 10);
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'ORD-ANN', NULL, '2024-01-01'),
	(:campaign, 'bob@people.example', 'ORD-BOB', 'ORD-ANN', '2024-01-01'),
	(:campaign, 'cyd@people.example', 'ORD-CYD', 'ORD-ANN', '2024-01-01'),
	(:campaign, 'dee@people.example', 'ORD-DEE', 'ORD-BOB', '2024-01-01');
CREATE VIEW order_purchases AS
	SELECT p.code, u.external_id, u.amount, u.currency, u.occurred_at, p.state
	FROM rf_purchase u JOIN rf_participant p ON p.id = u.participant_id
	WHERE u.campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'orders');
CREATE TABLE orders (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	ref_code varchar(20),
	total bigint,
	cur char(3),
	ordered date,
	note text);
SELECT rf_attach_purchases('orders', 'orders', code => 'ref_code', amount => 'total', currency => 'cur',
	external_id => 'id', occurred_at => 'ordered');
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname LIKE 'rf_%' ORDER BY tgname;

-- guards: INSERT of one and of many, COPY; spend qualifies, rules on purchases pay
INSERT INTO orders (ref_code, total, cur, ordered) VALUES ('ORD-BOB', 60, 'EUR', '2024-02-01');
INSERT INTO orders (ref_code, total, cur, ordered) VALUES
	('ord bob', 40, 'EUR', '2024-02-02'),
	(NULL, 1000, 'EUR', '2024-02-02'),
	('', 1000, 'EUR', '2024-02-02'),
	('ORD-CYD', NULL, 'EUR', '2024-02-02'),
	('ORD-DEE', 10, NULL, NULL);
COPY orders (ref_code, total, cur, ordered) FROM stdin;
ORD-CYD	20	EUR	2024-02-03
\N	20	EUR	2024-02-03
\.
SELECT code, external_id, amount, currency, state,
	CASE WHEN occurred_at < '2025-01-01' THEN occurred_at END AS occurred_at
FROM order_purchases ORDER BY external_id::int;
SELECT code, earned_by, rule, amount FROM rf_reward_status WHERE rule LIKE 'orders: %' ORDER BY rule, earned_by, amount;
SELECT count(*) FROM rf_unmatched;

-- guards: an UPDATE that completes a row counts once, any other not at all
UPDATE orders SET note = 'seen';
UPDATE orders SET total = 30 WHERE ref_code = 'ORD-CYD' AND total IS NULL;
UPDATE orders SET total = 35 WHERE ref_code = 'ORD-CYD' AND total = 30;
UPDATE orders SET ref_code = 'ORD-DEE' WHERE ref_code = '';
SELECT code, external_id, amount FROM order_purchases WHERE code <> 'ORD-BOB' ORDER BY external_id::int;
-- the same row filled again is the same purchase
UPDATE orders SET ref_code = 'ORD-CYD' WHERE id = 8;
UPDATE orders SET ref_code = NULL WHERE id = 8;
UPDATE orders SET ref_code = 'ORD-CYD' WHERE id = 8;
SELECT count(*) FROM order_purchases;
SELECT count(*) FROM rf_unmatched;

-- guards: what cannot be credited is recorded, and the order is taken
INSERT INTO orders (ref_code, total, cur, ordered) VALUES
	('NO-SUCH', 10, 'EUR', NULL),
	('ORD-ANN', 10, 'EUR', NULL),
	('ORD-CYD', 10, 'USD', NULL),
	('ORD-CYD', 10, 'XXX', NULL),
	('ORD-CYD', 0, 'EUR', NULL),
	('ORD-CYD', 10, 'EUR', '2999-01-01'),
	('ORD-CYD', 11, 'EUR', NULL);
SELECT target, reason, sqlstate, "row" - 'id' AS "row" FROM rf_unmatched ORDER BY id;
SELECT amount FROM order_purchases WHERE code = 'ORD-CYD' ORDER BY external_id::int DESC LIMIT 1;
DELETE FROM rf_unmatched;

-- guards: an error over one row's data leaves the others alone
UPDATE rf_participant SET meta = jsonb_build_object('big', repeat('x', 300000)) WHERE code = 'ORD-CYD';
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/orders') RETURNING id AS hook \gset
INSERT INTO orders (ref_code, total) VALUES ('ORD-DEE', 21), ('ORD-CYD', 22), ('NO-SUCH', 23), ('ORD-DEE', 24);
SELECT code, amount FROM order_purchases WHERE amount > 20 AND amount < 25 ORDER BY amount;
SELECT regexp_replace(reason, '\d+', 'N', 'g') AS reason, sqlstate FROM rf_unmatched ORDER BY id;
DELETE FROM rf_unmatched;
DELETE FROM rf_webhook WHERE id = :hook;
UPDATE rf_participant SET meta = '{}' WHERE code = 'ORD-CYD';

-- guards: on_mismatch => 'error'
SELECT rf_attach_purchases('orders', 'orders', code => 'ref_code', amount => 'total', external_id => 'id', on_mismatch => 'error');
INSERT INTO orders (ref_code, total) VALUES ('ORD-DEE', 31), ('NO-SUCH', 32);
\echo :SQLSTATE
SELECT count(*) FROM orders WHERE total IN (31, 32);
SELECT rf_detach('orders');
INSERT INTO orders (ref_code, total) VALUES ('ORD-DEE', 33);
SELECT count(*) FROM order_purchases WHERE amount = 33;

-- guards: by e-mail: who was not invited is no referral
CREATE TABLE invoices (mail text, sum text, cur text);
SELECT rf_attach_purchases('invoices', 'orders', email => 'mail', amount => 'sum', currency => 'cur');
INSERT INTO invoices VALUES (' DEE@people.example ', '41.555', 'EUR'), ('stranger@people.example', '41', 'EUR'),
	('ann@people.example', '41', 'EUR'), ('dee@people.example', 'much', 'EUR'), ('stranger@people.example', 'much', 'EUR');
INSERT INTO invoices VALUES ('dee@people.example', '42', NULL);
SELECT code, amount FROM order_purchases WHERE amount > 41 AND amount < 43 ORDER BY amount;
SELECT reason, sqlstate, "row" FROM rf_unmatched ORDER BY id;
DELETE FROM rf_unmatched;

-- guards: one table, two campaigns, and any campaign
INSERT INTO rf_campaign (slug, name) VALUES ('orders-2', 'Second') RETURNING id AS second \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:second, 'ann@people.example', 'SEC-ANN', NULL), (:second, 'dee@people.example', 'SEC-DEE', 'SEC-ANN');
SELECT rf_attach_purchases('invoices', 'orders-2', email => 'mail', amount => 'sum', currency => 'cur');
INSERT INTO invoices VALUES ('dee@people.example', '51', 'EUR');
SELECT campaign_id = :campaign AS first, campaign_id = :second AS second FROM rf_purchase WHERE amount = 51 ORDER BY campaign_id;
DROP TABLE invoices;
SELECT rf_attach_purchases('orders', code => 'ref_code', amount => 'total', currency => 'cur');
INSERT INTO orders (ref_code, total, cur) VALUES ('ORD-DEE', 52, 'EUR'), ('SEC-DEE', 52, 'EUR');
SELECT campaign_id = :campaign AS first, campaign_id = :second AS second FROM rf_purchase WHERE amount = 52 ORDER BY campaign_id;
SELECT rf_attach_purchases('orders', 'orders-2', code => 'ref_code', amount => 'total', currency => 'cur');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname LIKE 'rf_%';
SELECT rf_detach('orders');
-- another campaign's code is unknown
SELECT rf_attach_purchases('orders', 'orders-2', code => 'ref_code', amount => 'total', currency => 'cur');
INSERT INTO orders (ref_code, total, cur) VALUES ('ORD-DEE', 53, 'EUR');
SELECT reason, sqlstate FROM rf_unmatched;
DELETE FROM rf_unmatched;
SELECT rf_detach('orders');

-- guards: a renamed column
SELECT rf_attach_purchases('orders', 'orders', code => 'ref_code', amount => 'total');
ALTER TABLE orders RENAME total TO amount;
INSERT INTO orders (amount) VALUES (1);
INSERT INTO orders (ref_code, amount) VALUES ('ORD-DEE', 54);
\echo :SQLSTATE
ALTER TABLE orders ALTER ref_code TYPE text;
\echo :SQLSTATE
DROP TABLE orders;

-- guards: partitions, some of whose columns have other places
CREATE TABLE sales (kind int, ref text, total numeric) PARTITION BY LIST (kind);
CREATE TABLE sales_1 PARTITION OF sales FOR VALUES IN (1);
CREATE TABLE sales_2 (total numeric, ref text, kind int);
ALTER TABLE sales ATTACH PARTITION sales_2 FOR VALUES IN (2);
SELECT rf_attach_purchases('sales', 'orders', code => 'ref', amount => 'total');
INSERT INTO sales VALUES (1, 'ORD-DEE', 61), (2, 'ORD-DEE', 62), (2, NULL, 63);
INSERT INTO sales_2 (kind, ref, total) VALUES (2, 'ORD-DEE', 64);
UPDATE sales SET ref = 'ORD-DEE' WHERE ref IS NULL;
SELECT amount FROM order_purchases WHERE amount BETWEEN 61 AND 64 ORDER BY amount;
SELECT unattached_partitions FROM rf_status;
CREATE TABLE sales_3 PARTITION OF sales FOR VALUES IN (3);
SELECT unattached_partitions FROM rf_status;
DROP TABLE sales;

-- guards: an application role that may only INSERT into its own table
CREATE ROLE regress_rf_owner;
CREATE ROLE regress_rf_writer;
GRANT CREATE ON SCHEMA public TO regress_rf_owner;
SELECT rf_grant('regress_rf_owner', 'operator');
SET ROLE regress_rf_owner;
CREATE TABLE carts (ref text, total numeric);
GRANT INSERT ON carts TO regress_rf_writer;
SELECT rf_attach_purchases('carts', 'orders', code => 'ref', amount => 'total');
SET ROLE regress_rf_writer;
INSERT INTO carts VALUES ('ORD-DEE', 71), ('NO-SUCH', 72);
RESET ROLE;
SELECT amount FROM order_purchases WHERE amount IN (71, 72);
SELECT target, reason FROM rf_unmatched;
DELETE FROM rf_unmatched;

-- guards: a campaign that is gone fails no INSERT: each row is recorded
INSERT INTO rf_campaign (slug, name) VALUES ('orders-gone', 'Gone');
CREATE TABLE stray_orders (ref text, total int);
SELECT rf_attach_purchases('stray_orders', 'orders-gone', email => 'ref', amount => 'total');
DELETE FROM rf_campaign WHERE slug = 'orders-gone';
INSERT INTO stray_orders VALUES ('one@people.example', 5), (NULL, 5), ('two@people.example', NULL);
SELECT "row", reason, sqlstate FROM rf_unmatched WHERE target = 'public.stray_orders' ORDER BY id;
DROP TABLE stray_orders;
DELETE FROM rf_unmatched WHERE target = 'public.stray_orders';

-- guards: what cannot be attached
CREATE TABLE odd (ref text, price money, at timestamptz, refs text[], doc jsonb);
SELECT rf_attach_purchases('odd', 'orders', code => 'ref', amount => 'price');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_attach_purchases('odd', 'orders', code => 'ref', email => 'ref', amount => 'price');
SELECT rf_attach_purchases('odd', 'orders', amount => 'price');
SELECT rf_attach_purchases('odd', 'orders', code => 'ref');
SELECT rf_attach_purchases('odd', email => 'ref', amount => 'ref');
SELECT rf_attach_purchases('odd', 'no-such-campaign', code => 'ref', amount => 'ref');
SELECT rf_attach_purchases('odd', 'orders', code => 'ref', amount => 'at');
SELECT rf_attach_purchases('odd', 'orders', code => 'refs', amount => 'ref');
SELECT rf_attach_purchases('odd', 'orders', code => 'doc', amount => 'ref');
SELECT rf_attach_purchases('odd', 'orders', code => 'ref', amount => 'ref', occurred_at => 'price');
SELECT rf_attach_purchases('rf_purchase', 'orders', code => 'currency', amount => 'amount');
\set VERBOSITY default
DROP TABLE carts, odd;
DROP VIEW order_purchases;
REVOKE ALL ON SCHEMA public FROM regress_rf_owner;
DROP OWNED BY regress_rf_owner, regress_rf_writer;
DROP ROLE regress_rf_owner, regress_rf_writer;
