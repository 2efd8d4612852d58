-- What operators and readers see of sending: the columns of the views, what they
-- count, and who may begin to count anew. No row here commits, so that no worker,
-- if the server has one, sees any. What workers count is tested in test/t.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- guards: the columns, which scripts and dashboards read by name
SELECT attname, format_type(atttypid, atttypmod) AS type
FROM pg_attribute
WHERE attrelid = 'rf_status'::regclass AND attnum > 0 ORDER BY attnum;
SELECT attname, format_type(atttypid, atttypmod) AS type
FROM pg_attribute
WHERE attrelid = 'rf_webhook_status'::regclass AND attnum > 0 ORDER BY attnum;
SELECT attname, format_type(atttypid, atttypmod) AS type
FROM pg_attribute
WHERE attrelid = 'rf_attempt'::regclass AND attnum > 0 ORDER BY attnum;

-- guards: what waits is counted where it waits, and the oldest is the oldest
BEGIN;
INSERT INTO rf_campaign (slug, name) VALUES ('seeing', 'Seeing') RETURNING id AS campaign \gset
INSERT INTO rf_webhook (campaign_id, name, url) VALUES
	(:campaign, 'first', 'https://one.example/?token=sesame'),
	(:campaign, 'second', 'https://two.example/'),
	(:campaign, 'gone', 'https://three.example/');
INSERT INTO rf_participant (campaign_id, email, code)
SELECT :campaign, 'person' || i || '@people.example', 'SEEING-' || i FROM generate_series(1, 6) i;
SELECT id AS hook FROM rf_webhook WHERE name = 'first' AND campaign_id = :campaign \gset
CREATE TEMPORARY TABLE delivery AS
	SELECT o.id, o.event_id, o.webhook_id, row_number() OVER (ORDER BY o.event_id) AS n
	FROM rf_outbox o WHERE o.webhook_id = :hook;
-- as the worker does: the second failed, the third is dead, the fourth arrived, the
-- fifth waits for its webhook, the sixth failed and was cancelled
INSERT INTO rf_attempt_0 (delivery_id, event_id, webhook_id, attempt, started_at, outcome, status)
SELECT id, event_id, webhook_id, 1, now(), (ARRAY['retry', 'dead', 'success', 'disabled', 'retry'])[n - 1],
	CASE n WHEN 4 THEN 204 ELSE 500 END
FROM delivery WHERE n > 1;
INSERT INTO rf_retry (delivery_id, event_id, webhook_id, attempts, next_at)
SELECT id, event_id, webhook_id, 1, CASE n WHEN 2 THEN now() + interval '1 day' ELSE 'infinity' END
FROM delivery WHERE n IN (2, 5);
INSERT INTO rf_dead (delivery_id, event_id, webhook_id, attempts, died_at, last_error)
SELECT id, event_id, webhook_id, 1, now(), 'HTTP status 500' FROM delivery WHERE n = 3;
DELETE FROM rf_webhook WHERE name = 'gone' AND campaign_id = :campaign;
SELECT s.name, s.pending, s.retrying, s.dead, s.oldest_pending IS NOT NULL AS oldest,
	s.success_rate_5m, s.total_us_p99_24h
FROM rf_webhook_status s
JOIN rf_webhook w ON w.id = s.webhook_id AND w.campaign_id = :campaign
ORDER BY s.name COLLATE "C";
SELECT pending >= 7 AS pending, retrying >= 1 AS retrying, parked >= 1 AS parked, dead >= 1 AS dead FROM rf_status;
SELECT d.n, v.state, v.attempts FROM rf_delivery v JOIN delivery d ON d.id = v.delivery_id ORDER BY d.n;
SELECT state, count(*)
FROM rf_delivery v JOIN rf_event e ON e.id = v.event_id AND e.campaign_id = :campaign
WHERE v.webhook_id NOT IN (SELECT id FROM rf_webhook)
GROUP BY state;
ROLLBACK;

-- guards: rf_stat_reset() knows its webhook
SELECT rf_stat_reset(-1);
\echo :SQLSTATE

-- guards: readers see what is counted, without URLs; operators may begin anew
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_sees, regress_rf_runs, regress_rf_app2;
RESET client_min_messages;
CREATE ROLE regress_rf_sees;
CREATE ROLE regress_rf_runs;
CREATE ROLE regress_rf_app2;
SELECT rf_grant('regress_rf_sees', 'reader'), rf_grant('regress_rf_runs', 'operator'), rf_grant('regress_rf_app2', 'app');
BEGIN;
INSERT INTO rf_webhook (name, url) VALUES ('seen', 'https://one.example/?token=sesame') RETURNING id AS hook \gset
SET LOCAL ROLE regress_rf_sees;
SELECT s.name, s::text ~ 'sesame|one\.example' AS told FROM rf_webhook_status s WHERE webhook_id = :hook;
SELECT faults IS NULL OR faults >= 0 AS seen FROM rf_status;
ROLLBACK;
SET ROLE regress_rf_sees;
\set VERBOSITY sqlstate
SELECT rf_stat_reset();
SELECT count(*) FROM rf_attempt;
SELECT count(*) FROM rf_unread;
SET ROLE regress_rf_app2;
SELECT rf_stat_reset();
SELECT count(*) FROM rf_webhook_status;
SET ROLE regress_rf_runs;
SELECT rf_stat_reset(-1);
SELECT count(*) >= 0 AS seen FROM rf_webhook_status;
\set VERBOSITY default
RESET ROLE;
DROP OWNED BY regress_rf_sees, regress_rf_runs, regress_rf_app2;
DROP ROLE regress_rf_sees, regress_rf_runs, regress_rf_app2;
