-- What happens is told: which events, in which order, with which payload
-- (design 5.19, 5.20, 6). Deliveries are read before they commit, so that no
-- worker of a server that preloads the library has taken them away.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('events', 'Events', 'https://shop.example/') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold, auto_issue) VALUES
	(:campaign, 'at once', 'referrer', 'invited_qualifies', 10.5, 'USD', '0', true),
	(:campaign, 'by hand', 'referrer', 'invited_qualifies', 20, 'USD', '0', false),
	(:campaign, 'held', 'invited', 'invited_qualifies', 30, 'JPY', '14 days', true);
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, metric, unit)
VALUES (:campaign, 'ladder', 'referrer', 'invited_qualifies', 'milestone', 'custom', 'stars') RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 1, 1.50);

-- Events of a campaign, oldest first.
CREATE VIEW told AS
	SELECT e.id, e.type, p.code, r.name AS rule, convert_from(e.payload, 'UTF8')::jsonb AS payload, e.campaign_id
	FROM rf_event e
	LEFT JOIN rf_participant p ON p.id = e.participant_id
	LEFT JOIN rf_reward w ON w.id = e.reward_id
	LEFT JOIN rf_reward_rule r ON r.id = w.rule_id
	ORDER BY e.id;

-- guards 5.19: an event that no webhook wants writes no row
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'zoe@people.example', 'EV-ZOE', NULL),
	(:campaign, 'yan@people.example', 'EV-YAN', 'EV-ZOE');
SELECT changed, rewards FROM rf_qualify('EV-YAN');
SELECT count(*) FROM told WHERE campaign_id = :campaign;

INSERT INTO rf_webhook (campaign_id, name, url) VALUES (:campaign, 'all', 'https://hooks.example/all')
RETURNING id AS hook, events, state, created_at IS NOT NULL AS created \gset
\echo :events :state :created

-- guards 6: people who join
BEGIN;
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, joined_at, meta) VALUES
	(:campaign, 'Ann@people.example', 'Ann "A" Lee', 'EV-ANN', NULL, '2024-01-01 00:00+00', '{}'),
	(:campaign, 'bob@people.example', NULL, 'EV-BOB', 'EV-ANN', '2024-01-02 03:04:05.678901+00', '{"plan": "pro", "n": [1, 2.50]}');
SELECT type, code FROM told WHERE campaign_id = :campaign;

-- guards 6: the standard format, its keys in order, byte for byte but for ids and clock
\pset format unaligned
SELECT regexp_replace(regexp_replace(convert_from(e.payload, 'UTF8'), '"id":[0-9]+', '"id":N', 'g'),
		'"timestamp":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"', '"timestamp":"T"') AS payload
FROM rf_event e WHERE e.campaign_id = :campaign ORDER BY e.id;
\pset format aligned
-- guards: the ids in it are the rows', its timestamp is the domain's now
SELECT (payload #>> '{data,campaign,id}')::bigint = campaign_id AS campaign,
	(payload #>> '{data,participant,id}')::bigint = (SELECT id FROM rf_participant p WHERE p.code = t.code) AS participant,
	(payload ->> 'timestamp')::timestamptz = now() AS now
FROM told t WHERE campaign_id = :campaign;
-- guards 5.19: one delivery for each event, in the standard format without a body of its own
SELECT e.type, count(*) AS deliveries, count(o.body) AS bodies
FROM rf_outbox o JOIN rf_event e ON e.id = o.event_id
WHERE o.webhook_id = :hook GROUP BY e.type ORDER BY e.type COLLATE "C";
COMMIT;
SELECT coalesce(max(id), 0) AS seen FROM rf_event \gset

-- guards 6: a qualification, then what it earned, in the order of rules
BEGIN;
SELECT changed, rewards FROM rf_qualify('EV-BOB', occurred_at => now());
SELECT type, code, rule, payload #> '{data,participant,state}' AS participant, payload #> '{data,referrer,qualified_count}' AS referrer,
	(payload #> '{data,reward}') - 'id' - 'rule_id' AS reward
FROM told WHERE campaign_id = :campaign AND id > :seen;
SELECT (payload #>> '{data,participant,qualified_at}')::timestamptz = now() AS qualified_now FROM told WHERE id > :seen AND type = 'invited.qualified';
COMMIT;
SELECT max(id) AS seen FROM rf_event \gset

-- guards 5.6: a second qualification is no event
SELECT changed FROM rf_qualify('EV-BOB');
SELECT count(*) FROM told WHERE id > :seen;

-- guards 6: the life of a reward, with the state it came from
SELECT max(reward_id) FILTER (WHERE rule = 'at once') AS r1, max(reward_id) FILTER (WHERE rule = 'by hand') AS r2
FROM rf_reward_status WHERE earned_by = 'EV-BOB' \gset
SELECT rf_issue(:r2), rf_fail(:r2, 'no account'), rf_issue(:r2), rf_fulfill(:r2, 'payment 7'), rf_fail(:r1), rf_cancel(:r1);
SELECT type, code, rule, payload #>> '{data,reward,previous_state}' AS "from", payload #>> '{data,reward,state}' AS "to",
	(payload #>> '{data,participant,code}') || ' by ' || (payload #>> '{data,referrer,code}') AS people
FROM told WHERE campaign_id = :campaign AND id > :seen;
SELECT max(id) AS seen FROM rf_event \gset
-- guards 6: the end of a hold
SET referral.clock_offset = '15 d';
SELECT rf_tick() > 0 AS ticked;
RESET referral.clock_offset;
SELECT type, code, rule, payload #>> '{data,reward,previous_state}' AS "from", payload #>> '{data,reward,state}' AS "to",
	((payload ->> 'timestamp')::timestamptz - now()) > interval '14 days' AS by_the_offset_clock
FROM told WHERE campaign_id = :campaign AND id > :seen ORDER BY code COLLATE "C";
SELECT max(id) AS seen FROM rf_event \gset

-- guards 6: unqualified, with what is taken back
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'cyd@people.example', 'EV-CYD', 'EV-ANN');
SELECT changed FROM rf_qualify('EV-CYD');
SELECT max(id) AS seen FROM rf_event \gset
SELECT changed, rewards FROM rf_unqualify('EV-CYD');
SELECT type, code, rule, payload #>> '{data,reward,previous_state}' AS "from", payload #>> '{data,reward,state}' AS "to",
	payload #>> '{data,participant,state}' AS participant, payload #>> '{data,participant,qualified_at}' AS at, payload #>> '{data,referrer,qualified_count}' AS count
FROM told WHERE campaign_id = :campaign AND id > :seen;
SELECT max(id) AS seen FROM rf_event \gset
UPDATE rf_campaign SET on_unqualify = 'clawback' WHERE id = :campaign;
SELECT changed FROM rf_qualify('EV-CYD');
SELECT max(id) AS seen FROM rf_event \gset
SELECT changed, rewards FROM rf_unqualify('EV-CYD');
SELECT type, code, rule, payload #>> '{data,reward,previous_state}' AS "from", payload #>> '{data,reward,state}' AS "to",
	payload #>> '{data,reward,amount}' AS amount
FROM told WHERE campaign_id = :campaign AND id > :seen;
SELECT max(id) AS seen FROM rf_event \gset

-- guards 5.19: a payload is frozen: later changes do not reach it
UPDATE rf_participant SET name = 'Robert', email = 'robert@people.example' WHERE code = 'EV-BOB';
UPDATE rf_campaign SET name = 'Renamed' WHERE id = :campaign;
SELECT DISTINCT payload #>> '{data,participant,name}' AS name, payload #>> '{data,participant,email}' AS email, payload #>> '{data,campaign,name}' AS campaign
FROM told WHERE code = 'EV-BOB';

-- guards 5.19: an event commits with its cause
BEGIN;
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'eve@people.example');
SELECT count(*) FROM told WHERE campaign_id = :campaign AND id > :seen;
ROLLBACK;
SELECT count(*) FROM told WHERE campaign_id = :campaign AND id > :seen;
BEGIN;
SAVEPOINT s;
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'eve@people.example');
ROLLBACK TO s;
COMMIT;
SELECT count(*) FROM told WHERE campaign_id = :campaign AND id > :seen;

-- guards: events of one statement come in the order of its rows, each with the
-- count as if it had come alone
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :campaign, 'many' || i || '@people.example', 'EV-MANY-' || i, 'EV-ANN' FROM generate_series(1, 3) AS i;
SELECT type, code, payload #> '{data,referrer,invited_count}' AS invited_count FROM told WHERE campaign_id = :campaign AND id > :seen;
SELECT max(id) AS seen FROM rf_event \gset

-- guards 6: filters: exact names and groups, sources, rule, campaign; paused
-- collects, disabled does not
INSERT INTO rf_campaign (slug, name) VALUES ('events-filters', 'Filters') RETURNING id AS filters \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue) VALUES
	(:filters, 'first', 'referrer', 'invited_qualifies', 1, 'USD', true), (:filters, 'second', 'invited', 'invited_joins', 2, 'USD', false);
SELECT max(id) AS second FROM rf_reward_rule WHERE campaign_id = :filters \gset
INSERT INTO rf_webhook (campaign_id, name, url, events, sources, rule_id, state) VALUES
	(:filters, '1 names', 'https://hooks.example/', '{referrer.joined,invited.qualified}', NULL, NULL, 'enabled'),
	(:filters, '2 group', 'https://hooks.example/', '{reward.*}', NULL, NULL, 'enabled'),
	(:filters, '3 sources', 'https://hooks.example/', '{*}', '{Widget,Popup}', NULL, 'enabled'),
	(:filters, '4 rule', 'https://hooks.example/', '{*}', NULL, :second, 'enabled'),
	(:filters, '5 paused', 'https://hooks.example/', '{invited.*}', NULL, NULL, 'paused'),
	(:filters, '6 disabled', 'https://hooks.example/', '{*}', NULL, NULL, 'disabled'),
	(:campaign, '7 another campaign', 'https://hooks.example/', '{*}', NULL, NULL, 'enabled');
BEGIN;
INSERT INTO rf_webhook (name, url, events) VALUES ('8 all campaigns', 'https://hooks.example/', '{invited.qualified,reward.due}');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, source) VALUES
	(:filters, 'ann@people.example', 'FILTER-ANN', NULL, 'Popup'),
	(:filters, 'bob@people.example', 'FILTER-BOB', 'FILTER-ANN', NULL),
	(:filters, 'cyd@people.example', 'FILTER-CYD', 'FILTER-ANN', 'Widget');
SELECT rewards FROM rf_qualify('FILTER-BOB');
SELECT h.name, e.type, p.code
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id
JOIN rf_event e ON e.id = o.event_id JOIN rf_participant p ON p.id = e.participant_id
WHERE e.campaign_id = :filters AND e.id > :seen
ORDER BY h.name COLLATE "C", o.id;
-- one row for each event, however many want it
SELECT type, code FROM told WHERE campaign_id = :filters;
ROLLBACK;

-- guards: an own change is seen by the next statement of the same transaction
BEGIN;
INSERT INTO rf_webhook (campaign_id, name, url, events) VALUES (:filters, 'new', 'https://hooks.example/', '{invited.held,referrer.joined}') RETURNING id AS new \gset
INSERT INTO rf_participant (campaign_id, email) VALUES (:filters, 'dee@people.example');
SELECT count(*) FROM rf_outbox WHERE webhook_id = :new;
UPDATE rf_webhook SET events = '{coupon.low}' WHERE id = :new;
INSERT INTO rf_participant (campaign_id, email) VALUES (:filters, 'eve@people.example');
SELECT count(*) FROM rf_outbox WHERE webhook_id = :new;
ROLLBACK;

-- guards 5.20: webhook-id: msg_ and the hex digits of home and event
SELECT rf_message_id(255, 4096), rf_message_id(9223372036854775807, 1);
SELECT count(DISTINCT rf_message_id(home, id)) = count(*) AS all_different,
	bool_and(home = (SELECT h.home FROM rf_home h)) AS at_home
FROM rf_event;

-- guards 5.19: too large a payload fails the statement that caused it: RF010
BEGIN;
INSERT INTO rf_participant (campaign_id, email, meta)
VALUES (:campaign, 'large@people.example', jsonb_build_object('text', repeat('x', 262144 - 500)));
SELECT octet_length(payload) BETWEEN 261000 AND 262144 AS just_fits FROM rf_event WHERE id = (SELECT max(id) FROM rf_event);
ROLLBACK;
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, meta)
VALUES (:campaign, 'large@people.example', jsonb_build_object('text', repeat('x', 262144)));
\set VERBOSITY default
\echo :LAST_ERROR_MESSAGE
SELECT count(*) FROM rf_participant WHERE email_key = 'large@people.example';
-- who wants no event may be as large as they like
INSERT INTO rf_campaign (slug, name) VALUES ('events-quiet', 'Quiet') RETURNING id AS quiet \gset
INSERT INTO rf_participant (campaign_id, email, meta)
VALUES (:quiet, 'large@people.example', jsonb_build_object('text', repeat('x', 262144))) RETURNING octet_length(meta::text) > 262144 AS taken;

-- guards 5.20: a deleted webhook's events stay
DELETE FROM rf_webhook WHERE campaign_id IN (:campaign, :filters);
SELECT count(*) > 0 AS kept FROM rf_event WHERE campaign_id = :campaign;
DROP VIEW told;
