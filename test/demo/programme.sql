-- A referral programme from nothing: rules, people, qualifications. Runs with
-- psql in a directory that holds the two CSV files; the variable "receiver" is
-- the address of the receiver.

-- ==== A campaign, its rewards, and who wants to hear of it

CREATE EXTENSION referral;

INSERT INTO rf_campaign (slug, name, landing_url)
VALUES ('spring', 'Spring', 'https://shop.example/welcome?ref={code}')
RETURNING id AS spring \gset

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:spring, 'Thank you', 'referrer', 'invited_qualifies', 10, 'USD'),
       (:spring, 'Welcome', 'invited', 'invited_qualifies', 5, 'USD');

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, unit)
VALUES (:spring, 'Ambassador', 'referrer', 'invited_qualifies', 'milestone', 'USD')
RETURNING id AS ambassador \gset

INSERT INTO rf_milestone (rule_id, threshold, amount)
VALUES (:ambassador, 1, 5),
       (:ambassador, 3, 20),
       (:ambassador, 5, 50);

SELECT * FROM rf_create_webhook(:'receiver' || '/everything', '{*}');
SELECT * FROM rf_create_webhook(:'receiver' || '/rewards', '{reward.*}', campaign => 'spring');

-- The receiver needs the secrets to verify what it is sent.
\copy (SELECT url, rf_webhook_secret(id) FROM rf_webhook) TO 'secrets.tsv'

-- ==== Two hundred sign-ups, some of them bad

CREATE TABLE signup (email text, name text, code text, referred_by text, source text);

\copy signup FROM 'signups.csv' (FORMAT csv, HEADER)

SELECT * FROM rf_import('spring', 'signup'::regclass);

-- ==== A clean file, straight into rf_participant

\copy rf_participant (campaign_id, email, name, code, referred_by) FROM 'partners.csv' (FORMAT csv, HEADER)

SELECT state, count(*), sum(invited_count) AS invited
FROM rf_participant
GROUP BY state
ORDER BY state;

-- ==== One more joins, with the code of a friend

SELECT * FROM rf_join('spring', 'nina@example.com', 'Nina', referred_by => 'ada-100');

-- Who joins twice is who they were.
SELECT created FROM rf_join('spring', 'NINA@example.com');

-- ==== They buy: qualifications

SELECT * FROM rf_qualify('FRIDA-7');

-- Once is enough.
SELECT state, changed, rewards FROM rf_qualify('frida7');

SELECT count(*) AS qualified, sum(rewards) AS rewards
FROM (SELECT code
      FROM rf_participant
      WHERE state = 'pending' AND email LIKE '%@example.org'
      ORDER BY id) AS buyer,
     rf_qualify(buyer.code)
WHERE changed;

-- ==== The shop's own orders pay a commission, and a coupon to whoever spends more

UPDATE rf_campaign SET currency = 'USD' WHERE id = :spring;

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent, cap, budget, unit, period)
VALUES (:spring, 'Commission', 'referrer', 'purchase', 'commission', 10, 25, 500, 'USD', 'month');

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool, condition)
VALUES (:spring, 'Large order', 'invited', 'purchase', 'coupon', 'summer', '$.amount > 100');

INSERT INTO rf_coupon (pool, code)
SELECT 'summer', 'SUMMER-' || n FROM generate_series(1, 20) AS n;

CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ref_code text, total numeric);

SELECT rf_attach_purchases('orders', 'spring', code => 'ref_code', amount => 'total',
                           external_id => 'id');

SELECT rule, recipient_code, reward_amount, unit, state FROM rf_simulate('FRIDA-7', 120);

-- Half of these orders are no referral; one names a code that nobody has.
INSERT INTO orders (ref_code, total)
SELECT CASE WHEN row_number() OVER (ORDER BY id) % 2 = 0 THEN code END, 20 + id % 7 * 20
FROM rf_participant
WHERE state = 'qualified'
UNION ALL
SELECT 'NO-SUCH-CODE', 10;

SELECT "row", reason FROM rf_unmatched;

SELECT * FROM rf_record_refund('spring', (SELECT max(external_id) FROM rf_purchase));

-- ==== One returns the goods; one asks why

SELECT * FROM rf_unqualify('FRIDA-7', 'goods returned');

SELECT * FROM rf_explain('ADA-100');
