-- rf_erase: a person becomes anonymous in every place, their code is dead for
-- ever, and what is about others stays as it was.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('erase', 'Erase', 'https://shop.example/join') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue, hold) VALUES
	(:campaign, 'now', 'referrer', 'invited_qualifies', 10, 'USD', true, '0'),
	(:campaign, 'by hand', 'referrer', 'invited_qualifies', 5, 'USD', false, '0'),
	(:campaign, 'held back', 'referrer', 'invited_qualifies', 3, 'USD', true, '30 days'),
	(:campaign, 'welcome', 'invited', 'invited_qualifies', 1, 'USD', true, '0');
INSERT INTO rf_webhook (campaign_id, url, name) VALUES (:campaign, 'https://hooks.example/a', 'standard') RETURNING id AS standard \gset
INSERT INTO rf_webhook (campaign_id, url, name, format, fields, extra) VALUES
	(:campaign, 'https://hooks.example/b', 'fields', 'fields', '{"mail": "participant.email", "from": "referrer.name"}', '{"shop": 7}') RETURNING id AS fields \gset
INSERT INTO rf_webhook (campaign_id, url, name, method, format, fields) VALUES
	(:campaign, 'https://hooks.example/c', 'get', 'GET', 'form', '{"code": "referrer.code", "who": "participant.meta"}') RETURNING id AS get \gset
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, ip, meta, joined_at) VALUES
	(:campaign, 'Ann@people.example', 'Ann', 'ERASE-ANN', NULL, '192.0.2.1', '{"plan": "gold"}', '2024-01-01'),
	(:campaign, 'bob@people.example', 'Bob', 'ERASE-BOB', 'erase-ann', '192.0.2.2', '{"plan": "tin"}', '2024-01-02'),
	(:campaign, 'cyd@people.example', 'Cyd', 'ERASE-CYD', 'ERASE-BOB', NULL, '{}', '2024-01-03'),
	(:campaign, 'dora@people.example', 'Dora', 'ERASE-DORA', 'ERASE-BOB', NULL, '{}', '2024-01-04');
SELECT id AS bob FROM rf_participant WHERE code = 'ERASE-BOB' \gset
SELECT rewards FROM rf_qualify('ERASE-BOB');
SELECT rewards FROM rf_qualify('ERASE-CYD');
SELECT rf_fulfill(reward_id, 'Bob''s account 4711') FROM rf_reward_status WHERE code = 'ERASE-BOB' AND rule = 'now';
INSERT INTO rf_unmatched (target, occurred_at, "row", reason, sqlstate) VALUES
	('pg_class', now(), '{"mail": " BOB@people.example", "total": 5}', 'erase test', 'RF002'),
	('pg_class', now(), '{"ref": "erase bob"}', 'erase test', 'RF002'),
	('pg_class', now(), '{"ref": "ERASE-CYD"}', 'erase test', 'RF002');
CREATE VIEW erase_bodies AS
	SELECT w.name, e.type, convert_from(coalesce(o.body, e.payload), 'UTF8') AS body
	FROM rf_outbox o
	JOIN rf_event e ON e.id = o.event_id
	JOIN rf_webhook w ON w.id = o.webhook_id
	WHERE e.campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'erase')
	ORDER BY e.id, w.id;
SELECT count(*) FILTER (WHERE body ~* 'bob|tin') AS name_bob, count(*) FILTER (WHERE body ~* 'ann|gold') AS name_ann, count(*) FROM erase_bodies;
SELECT count(*) AS ann_alone FROM erase_bodies WHERE body ~* 'ann|gold' AND NOT body ~* 'bob|tin' \gset
SELECT count(*) AS told, count(DISTINCT event_id) AS events FROM rf_outbox \gset
-- what waits elsewhere has bodies of its own, too
INSERT INTO rf_retry SELECT id, event_id, webhook_id, body, 1, 'infinity' FROM rf_outbox WHERE webhook_id = :fields;
INSERT INTO rf_dead SELECT id, event_id, webhook_id, body, 9, now(), 'x' FROM rf_outbox WHERE webhook_id = :get;
-- an endpoint may have answered with what it was sent
INSERT INTO rf_attempt_1 (delivery_id, event_id, webhook_id, attempt, started_at, outcome, response)
SELECT o.id, o.event_id, o.webhook_id, 1, now(), 'success', e.payload FROM rf_outbox o JOIN rf_event e ON e.id = o.event_id
WHERE o.webhook_id = :standard AND e.participant_id IN (SELECT id FROM rf_participant WHERE code IN ('ERASE-ANN', 'ERASE-BOB'));

-- guards: the person
SELECT rf_erase(:bob);
SELECT email = 'erased-' || id || '@erased.invalid' AS email, email_key = email AS key, name, ip, referred_by, source, meta,
	code = 'ERASED-' || id AS code, code_key = 'ERASED' || id AS code_key, signals, review, erased_at IS NOT NULL AS erased,
	state, qualified_at IS NOT NULL AS qualified, invited_count, qualified_count,
	referrer_id = (SELECT id FROM rf_participant WHERE code = 'ERASE-ANN') AS by_ann
FROM rf_participant WHERE id = :bob;
-- guards: again
SELECT rf_erase(:bob);

-- guards: what others have is theirs: counts and rewards
SELECT code, invited_count, qualified_count FROM rf_participant WHERE code IN ('ERASE-ANN', 'ERASE-CYD') ORDER BY id;
-- guards: own rewards that were not given are cancelled, given ones stay, without reference
SELECT CASE WHEN r.participant_id = :bob THEN 'bob' ELSE r.code END AS who, rule, r.state, r.reason, o.reference
FROM rf_reward_status r JOIN rf_reward o ON o.id = r.reward_id
WHERE campaign_id = :campaign ORDER BY r.reward_id;

-- guards: nothing that waits names them, in any format, and all of it is still there
SELECT count(*) FILTER (WHERE body ~* 'bob|tin') AS name_bob, count(*) FILTER (WHERE body ~* 'ann|gold') > :ann_alone AS ann_stays, count(*) FROM erase_bodies;
SELECT count(*) = :told AS told, count(DISTINCT event_id) = :events AS events FROM rf_outbox;
SELECT count(*) FROM rf_retry WHERE webhook_id = :fields AND (body IS NULL OR convert_from(body, 'UTF8') ~* 'bob|tin');
SELECT count(*) FROM rf_dead WHERE webhook_id = :get AND (body IS NULL OR convert_from(body, 'UTF8') ~* 'bob|tin');
SELECT name, type, regexp_replace(body, '(erased-)\d+', '\1N', 'gi') AS body FROM erase_bodies WHERE name <> 'standard' AND type <> 'referrer.joined';
SELECT p.code = 'ERASE-ANN' AS ann, a.response IS NULL AS forgotten FROM rf_attempt a JOIN rf_event e ON e.id = a.event_id JOIN rf_participant p ON p.id = e.participant_id WHERE a.webhook_id = :standard GROUP BY 1, 2 ORDER BY 1;

-- guards: the standard format keeps the order of its members; others in it stay
SELECT regexp_replace(regexp_replace(convert_from(payload, 'UTF8'), '\d{4}-[-0-9T:.]*Z', 'TIME', 'g'), '("id":|erased-)\d+', '\1N', 'gi') AS payload
FROM rf_event WHERE participant_id = :bob AND type = 'invited.qualified';

-- guards: rows that could not be matched and name them are gone
SELECT "row" FROM rf_unmatched WHERE reason = 'erase test' ORDER BY id;

-- guards: the code is dead: nobody is found by it, nobody gets it, in any way
\set VERBOSITY terse
SELECT rf_qualify('ERASE-BOB');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'eve@people.example', 'ERASE-BOB');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'eve@people.example', 'eraseBOB');
\echo :SQLSTATE
SELECT error, message FROM rf_import('erase', rows => '[{"email": "eve@people.example", "code": "ERASE-BOB"}]');
\set VERBOSITY sqlstate
-- guards: nor does the new one bring people
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'eve@people.example', 'ERASED-' || :bob);
-- guards: nobody gives them a name again
UPDATE rf_participant SET name = 'Bob' WHERE id = :bob;
\set VERBOSITY default
UPDATE rf_participant SET erased_at = NULL WHERE code = 'ERASE-ANN' AND erased_at IS NULL;
UPDATE rf_participant SET erased_at = now() WHERE code = 'ERASE-ANN';
\echo :SQLSTATE

-- guards: they may join again, as somebody new
SELECT created FROM rf_join('erase', 'bob@people.example', referred_by => 'ERASE-ANN');

-- guards: what others do goes on, and events show what is left of the person
SELECT state, changed FROM rf_qualify('ERASE-DORA');
SELECT qualified_count FROM rf_participant WHERE id = :bob;
SELECT convert_from(payload, 'UTF8')::jsonb #> '{data,referrer,name}' AS name, convert_from(payload, 'UTF8')::jsonb #>> '{data,referrer,code}' = 'ERASED-' || :bob AS code
FROM rf_event WHERE type = 'invited.qualified' ORDER BY id DESC LIMIT 1;

-- guards: the person earns nothing more; others do
SELECT CASE WHEN participant_id = :bob THEN 'bob' ELSE code END AS who, rule, state, reason FROM rf_reward_status WHERE earned_by = 'ERASE-DORA' ORDER BY reward_id;

-- guards: what is cancelled frees its place under a limit
INSERT INTO rf_campaign (slug, name) VALUES ('erase-limit', 'Limit') RETURNING id AS limited \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue, max_total)
VALUES (:limited, 'only one', 'referrer', 'referrer_joins', 10, 'USD', false, 1);
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:limited, 'a@people.example', 'ERASE-A'), (:limited, 'b@people.example', 'ERASE-B');
SELECT rf_erase(id) FROM rf_participant WHERE code = 'ERASE-A';
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:limited, 'c@people.example', 'ERASE-C');
SELECT CASE WHEN code LIKE 'ERASED-%' THEN 'erased' ELSE code END AS who, state, reason FROM rf_reward_status WHERE campaign_id = :limited ORDER BY reward_id;

-- guards: the code of somebody who took that very code is respected
SELECT last_value + 1 AS next FROM rf_participant_id_seq \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'fay@people.example', 'ERASED-' || :next) RETURNING id = :next AS same;
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'gus@people.example', 'ERASE-GUS') RETURNING id AS gus \gset
UPDATE rf_participant SET name = 'Gus' WHERE id = :gus;
SELECT rf_erase(:next), rf_erase(:gus);
SELECT code LIKE 'ERASED-' || id || '-%' AS other FROM rf_participant WHERE id IN (:next, :gus) ORDER BY id;

-- guards: nobody keeps another from being erased by joining with the address they would get
SELECT last_value + 2 AS next FROM rf_participant_id_seq \gset
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'erased-' || :next || '@erased.invalid');
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'hal@people.example') RETURNING id = :next AS same;
SELECT rf_erase(:next);
SELECT email ~ ('^erased-' || id || '-\d+@erased.invalid$') AS other FROM rf_participant WHERE id = :next;

-- guards: unknown people, nulls, and transactions with one snapshot
\set VERBOSITY terse
SELECT rf_erase(-1);
\echo :SQLSTATE
SELECT rf_erase(NULL);
\echo :SQLSTATE
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT rf_erase(:bob);
\echo :SQLSTATE
ROLLBACK;
\set VERBOSITY default

-- guards: who is erased while held keeps their place
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('erase-held', 'Held', 1) RETURNING id AS erase_held \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:erase_held, 'plus_alias', 'hold');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:erase_held, 'ann@people.example', 'ERH-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:erase_held, 'bob+1@people.example', 'ERH-BOB', 'ERH-ANN');
SELECT rf_erase(id) FROM rf_participant WHERE code = 'ERH-BOB';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:erase_held, 'cyd@people.example', 'ERH-CYD', 'ERH-ANN');
\echo :SQLSTATE

DROP VIEW erase_bodies;
DELETE FROM rf_webhook WHERE id IN (:standard, :fields, :get);
DELETE FROM rf_unmatched WHERE reason = 'erase test';
DELETE FROM rf_attempt_1 WHERE webhook_id = :standard;
