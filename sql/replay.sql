-- Sending again, and trying out a webhook (design 4.2, 7): what may be replayed,
-- with which bytes, and when; who may do it. No worker is needed: what became of
-- deliveries is written by hand.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_replay_app, regress_rf_replay_operator, regress_rf_replay_reader;
RESET client_min_messages;

BEGIN;
INSERT INTO rf_campaign (slug, name) VALUES ('replay', 'Replay') RETURNING id AS campaign \gset
INSERT INTO rf_webhook (campaign_id, name, url) VALUES (:campaign, 'plain', 'https://plain.example:8443/x?key=secret')
RETURNING id AS plain \gset
INSERT INTO rf_webhook (campaign_id, name, url, format, fields)
VALUES (:campaign, 'form', 'https://form.example/', 'form', '{"mail": "participant.email", "what": "type"}')
RETURNING id AS form \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@people.example', 'RP-ANN', NULL),
	(:campaign, 'bob@people.example', 'RP-BOB', 'RP-ANN'),
	(:campaign, 'cid@people.example', 'RP-CID', 'RP-ANN'),
	(:campaign, 'dan@people.example', 'RP-DAN', 'RP-ANN');

-- Deliveries of the two webhooks: Ann's is dead, Bob's and Cid's are delivered,
-- Dan's is tried again.
CREATE TEMP TABLE d AS
	SELECT o.id, o.event_id, o.webhook_id, o.body, p.code FROM rf_outbox o
	JOIN rf_event e ON e.id = o.event_id JOIN rf_participant p ON p.id = e.participant_id
	WHERE o.webhook_id IN (:plain, :form);
INSERT INTO rf_attempt_0 (delivery_id, event_id, webhook_id, attempt, started_at, outcome)
	SELECT id, event_id, webhook_id, 1, now(), 'retry' FROM d WHERE code IN ('RP-ANN', 'RP-DAN')
	UNION ALL
	SELECT id, event_id, webhook_id, 1, now(), 'success' FROM d WHERE code IN ('RP-BOB', 'RP-CID');
INSERT INTO rf_dead (delivery_id, event_id, webhook_id, body, attempts, died_at, last_error)
	SELECT id, event_id, webhook_id, body, 9, now(), 'HTTP status 500' FROM d WHERE code = 'RP-ANN';
INSERT INTO rf_retry (delivery_id, event_id, webhook_id, body, attempts, next_at)
	SELECT id, event_id, webhook_id, body, 1, 'infinity' FROM d WHERE code = 'RP-DAN';
SELECT id AS ann FROM d WHERE code = 'RP-ANN' AND webhook_id = :plain \gset
SELECT id AS bob FROM d WHERE code = 'RP-BOB' AND webhook_id = :plain \gset
SELECT id AS dan FROM d WHERE code = 'RP-DAN' AND webhook_id = :plain \gset
SELECT id AS ann_form FROM d WHERE code = 'RP-ANN' AND webhook_id = :form \gset
SELECT id AS cid_form FROM d WHERE code = 'RP-CID' AND webhook_id = :form \gset

-- What waits now and did not before.
CREATE TEMP VIEW waits AS
	SELECT w.name AS webhook, d.code, r.attempts, r.body IS NULL AS of_event,
		coalesce(r.body, '') = coalesce(d.body, '') AS same_bytes, r.next_at - min(r.next_at) OVER () AS after
	FROM rf_retry r JOIN d ON d.id = r.delivery_id JOIN rf_webhook w ON w.id = r.webhook_id
	WHERE r.next_at <> 'infinity' ORDER BY r.next_at, r.event_id, r.delivery_id;

-- guards: one delivery, dead or delivered, begins anew with the same bytes
SAVEPOINT a;
SELECT rf_replay(:ann);
SELECT rf_replay(:bob);
SELECT rf_replay(:ann_form);
SELECT rf_replay(:cid_form);
SELECT webhook, code, attempts, of_event, same_bytes FROM waits ORDER BY 1, 2;
SELECT count(*) FROM rf_dead JOIN d ON id = delivery_id;
SELECT type, state FROM rf_delivery WHERE delivery_id = :ann;

-- guards: what is pending is not sent twice
INSERT INTO rf_retry (delivery_id, event_id, webhook_id, attempts, next_at) VALUES (-7, -1, -1, 1, now());
SELECT rf_replay(-7);
ROLLBACK TO a;
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_replay(:dan);
ROLLBACK TO a;
SELECT rf_replay(:ann);
SELECT rf_replay(:ann);
ROLLBACK TO a;
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'eve@people.example');
SELECT max(id) AS eve FROM rf_outbox WHERE webhook_id = :plain \gset
SELECT rf_replay(:eve);
ROLLBACK TO a;
\set VERBOSITY default

-- guards: what is not there
SELECT rf_replay(-7);
ROLLBACK TO a;
\echo :LAST_ERROR_SQLSTATE
SELECT rf_replay(NULL);
ROLLBACK TO a;
SELECT rf_replay_webhook(-7);
ROLLBACK TO a;
\echo :LAST_ERROR_SQLSTATE

-- guards: the webhook is gone; the event is gone
\set VERBOSITY sqlstate
DELETE FROM rf_webhook WHERE id = :plain;
SELECT rf_replay(:bob);
ROLLBACK TO a;
DELETE FROM rf_event WHERE id = (SELECT event_id FROM d WHERE id = :bob);
SELECT rf_replay(:bob);
ROLLBACK TO a;
\set VERBOSITY default

-- guards: an event of another home is as if it were not there
UPDATE rf_event SET home = 42 WHERE id IN (SELECT event_id FROM d);
SELECT rf_replay_webhook(:plain, state => 'all');
ROLLBACK TO a;

-- guards: those of a webhook: dead ones if nothing else is said; a dry run counts
SELECT rf_replay_webhook(:plain, dry_run => true) AS dry, rf_replay_webhook(:plain, state => 'delivered', dry_run => true) AS delivered,
	rf_replay_webhook(:plain, state => 'all', dry_run => true) AS "all";
SELECT count(*) FROM waits;
SELECT rf_replay_webhook(:plain), rf_replay_webhook(:plain) AS again;
SELECT webhook, code, attempts, of_event, same_bytes FROM waits;
ROLLBACK TO a;

-- guards: one after the other, in the order of events, ten in a second or as told
SELECT rf_replay_webhook(:form, state => 'all');
SELECT * FROM waits;
ROLLBACK TO a;
SELECT rf_replay_webhook(:form, state => 'all', rate => 0.5);
SELECT * FROM waits;
ROLLBACK TO a;

-- guards: since and patterns
SELECT rf_replay_webhook(:plain, now() + '1 s', 'all', dry_run => true) AS later,
	rf_replay_webhook(:plain, now(), 'all', dry_run => true) AS since,
	rf_replay_webhook(:plain, state => 'all', filter => '{referrer.*}', dry_run => true) AS referrers,
	rf_replay_webhook(:plain, state => 'all', filter => '{invited.joined,reward.*}', dry_run => true) AS invited,
	rf_replay_webhook(:plain, state => 'all', filter => '{}', dry_run => true) AS nothing;

-- guards: bad states, events and rates
SELECT rf_replay_webhook(:plain, state => 'pending');
ROLLBACK TO a;
SELECT rf_replay_webhook(:plain, filter => '{reward}');
ROLLBACK TO a;
SELECT rf_replay_webhook(:plain, rate => 0);
ROLLBACK TO a;
\set VERBOSITY sqlstate
SELECT rf_replay_webhook(:plain, rate => -1);
ROLLBACK TO a;
SELECT rf_replay_webhook(:plain, rate => 'NaN');
ROLLBACK TO a;
SELECT rf_replay_webhook(:plain, rate => 'infinity');
ROLLBACK TO a;
\set VERBOSITY default

-- guards: bytes that were not kept are made in the format of today
UPDATE rf_webhook SET format = 'fields', fields = '{"who": "participant.email"}' WHERE id IN (:plain, :form);
UPDATE rf_dead SET body = NULL WHERE webhook_id = :form;
SELECT rf_replay_webhook(:plain, state => 'all'), rf_replay_webhook(:form);
SELECT w.name, convert_from(r.body, 'UTF8') AS body FROM rf_retry r JOIN rf_webhook w ON w.id = r.webhook_id
WHERE r.webhook_id IN (:plain, :form) AND next_at <> 'infinity' ORDER BY w.id, event_id;
ROLLBACK TO a;

-- guards: who was erased is not sent as they were
SELECT rf_erase(id) FROM rf_participant WHERE code = 'RP-CID';
SELECT rf_replay(:cid_form);
SELECT convert_from(body, 'UTF8') LIKE 'mail=erased-%' AS erased FROM rf_retry WHERE delivery_id = :cid_form;
ROLLBACK TO a;

-- guards: a trial goes to the one webhook, whatever it wants, with host and no URL
INSERT INTO rf_webhook (name, url, events) VALUES ('all', 'https://[2606:4700:4700::1111]:8443/', '{*}');
UPDATE rf_webhook SET events = '{invited.qualified}', sources = '{Api}' WHERE id = :plain;
SELECT rf_test_webhook(:plain) AS trial \gset
SELECT w.name, e.type, e.campaign_id = :campaign AS campaign, e.participant_id,
	regexp_replace(convert_from(e.payload, 'UTF8')::json ->> 'data', '"id":\d+', '"id":0', 'g') AS data
FROM rf_outbox o JOIN rf_event e ON e.id = o.event_id JOIN rf_webhook w ON w.id = o.webhook_id
WHERE o.id = :trial;
SELECT count(*) FROM rf_outbox o WHERE o.event_id = (SELECT event_id FROM rf_outbox WHERE id = :trial);
SELECT rf_test_webhook(:form) AS trial \gset
SELECT convert_from(body, 'UTF8') FROM rf_outbox WHERE id = :trial;
SELECT rf_test_webhook(id) AS trial FROM rf_webhook WHERE name = 'all' \gset
SELECT e.type, e.campaign_id, regexp_replace(convert_from(e.payload, 'UTF8')::json ->> 'data', '"id":\d+', '"id":0', 'g') AS data
FROM rf_outbox o JOIN rf_event e ON e.id = o.event_id WHERE o.id = :trial;
UPDATE rf_webhook SET state = 'paused' WHERE id = :plain;
SELECT rf_test_webhook(:plain) > 0 AS paused;
ROLLBACK TO a;
INSERT INTO rf_webhook (id, url, state) OVERRIDING SYSTEM VALUE VALUES (-7, 'https://hooks.example/', 'disabled');
SELECT rf_test_webhook(-7);
ROLLBACK TO a;
\set VERBOSITY sqlstate
SELECT rf_test_webhook(-7);
ROLLBACK TO a;
SELECT rf_test_webhook(NULL);
ROLLBACK TO a;
\set VERBOSITY default

-- guards: operators may, app and reader may not
CREATE ROLE regress_rf_replay_app;
CREATE ROLE regress_rf_replay_operator;
CREATE ROLE regress_rf_replay_reader;
SELECT rf_grant('regress_rf_replay_app', 'app'), rf_grant('regress_rf_replay_operator', 'operator'), rf_grant('regress_rf_replay_reader', 'reader');
SAVEPOINT b;
SET ROLE regress_rf_replay_operator;
SELECT rf_replay(:ann), rf_replay_webhook(:form), rf_test_webhook(:plain) > 0 AS trial;
ROLLBACK TO b;
\set VERBOSITY sqlstate
SET ROLE regress_rf_replay_app;
SELECT rf_replay(:ann);
ROLLBACK TO b;
SET ROLE regress_rf_replay_app;
SELECT rf_replay_webhook(:form);
ROLLBACK TO b;
SET ROLE regress_rf_replay_app;
SELECT rf_test_webhook(:plain);
ROLLBACK TO b;
SET ROLE regress_rf_replay_reader;
SELECT rf_replay(:ann);
ROLLBACK TO b;
SET ROLE regress_rf_replay_reader;
SELECT rf_replay_webhook(:form);
ROLLBACK TO b;
SET ROLE regress_rf_replay_reader;
SELECT rf_test_webhook(:plain);
ROLLBACK TO a;
\set VERBOSITY default
ROLLBACK;

-- guards: under one snapshot it is refused
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT rf_replay(1);
ROLLBACK;
\echo :LAST_ERROR_SQLSTATE
