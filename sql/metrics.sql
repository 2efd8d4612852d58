-- rf_metrics() is text that Prometheus reads, and rf_health() says what keeps the
-- database from its work. Whether there is a worker is the server's business: test/t.
\set SHOW_CONTEXT never

BEGIN;
INSERT INTO rf_campaign (slug, name, ends_at) VALUES
	('metrics-one', 'One', NULL), ('metrics-two', 'Two', now() - interval '1 day');
SELECT id AS one FROM rf_campaign WHERE slug = 'metrics-one' \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit)
VALUES (:one, 'points', 'referrer', 'invited_qualifies', 'custom', 5, 'points');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:one, 'ada@metrics.example', 'METRICS-1');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :one, 'invited' || i || '@metrics.example', 'METRICS-1' || i, 'METRICS-1' FROM generate_series(1, 3) i;
SELECT changed, rewards FROM rf_qualify('METRICS-11');
INSERT INTO rf_coupon (pool, code) VALUES (E'metrics "odd" \\ pool\nof two lines', 'METRICS-C1');
CREATE TEMPORARY TABLE line AS
	SELECT n, line FROM regexp_split_to_table(rf_metrics(), E'\n') WITH ORDINALITY AS l (line, n);

-- guards: campaigns by their state, one that is over included
SELECT line ~ ' [1-9][0-9]*$' AS some FROM line WHERE line LIKE 'referral_campaigns{%' AND line ~ '"(ended|live)"';

-- guards: people and rewards by campaign and state
SELECT line FROM line WHERE line LIKE '%metrics-%' ORDER BY n;
SELECT line FROM line WHERE line LIKE 'referral_sampled_ratio%' ORDER BY n;

-- guards: what is odd in a label is escaped
SELECT line FROM line WHERE line LIKE 'referral_coupons{%odd%' ORDER BY n;

-- guards: each family has one HELP and one TYPE, in front of all its samples
SELECT split_part(line, ' ', 3) AS twice FROM line WHERE line LIKE '#%' GROUP BY 1 HAVING count(*) <> 2;
WITH family AS (
	SELECT n, split_part(line, ' ', 3) AS name, coalesce(lead(n) OVER (ORDER BY n), 1000000) AS until
	FROM line WHERE line LIKE '# HELP%'
)
SELECT l.line FROM line l
WHERE l.line !~ '^(#|$)' AND NOT EXISTS (SELECT FROM family f
	WHERE l.n BETWEEN f.n AND f.until AND l.line ~ ('^' || f.name || '(_count)?[ {]'));

-- guards: a sample is a name, labels, a number; it ends with a line's end
SELECT line FROM line
WHERE line !~ '^(#|$)' AND line !~ '^referral_[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*"(,|(?=\})))+\})? (-?[0-9.]+(e[+-][0-9]+)?|NaN|-?Infinity)$';
SELECT right(rf_metrics(), 1) = E'\n' AS ends_with_line;

-- guards: health is in order or has reasons, and nothing else
SELECT h ->> 'status' = ANY ('{ok,failing}') AS status, (h ->> 'status' = 'failing') = (h ? 'reasons') AS reasons,
	h - '{status,reasons,warnings}'::text[] AS else
FROM rf_health() h;

-- guards: a restored copy does not do its work
UPDATE rf_home SET place = 'elsewhere';
SELECT r FROM rf_health() h, jsonb_array_elements(h -> 'reasons') r WHERE r ->> 'check' = 'home';
SELECT line FROM regexp_split_to_table(rf_metrics(), E'\n') AS l (line) WHERE line ~ '^referral_(at_home|healthy) ';
ROLLBACK;
