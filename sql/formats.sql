-- CloudEvents, and the formats whose fields the user chose: fields, form, and the
-- query string of a GET (design 6). Bodies are read before they commit, so that no worker
-- has taken them away.
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('formats', 'Spring & Summer', 'https://shop.example/?a=1') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'ten', 'referrer', 'invited_joins', 10, 'USD');
INSERT INTO rf_webhook (campaign_id, name, url, method, events, format, fields, extra) VALUES
	(:campaign, '1 fields', 'https://hooks.example/', 'POST', '{*}', 'fields',
		'{"email_address": "participant.email", "who": "referrer.name", "plan": "participant.meta.plan", "all": "participant.meta",
		  "event": "type", "value": "reward.amount", "of": "campaign.name", "link": "participant.url", "count": "referrer.invited_count"}',
		'{"source": "referral", "version": 2, "yes": true, "none": null}'),
	(:campaign, '2 form', 'https://hooks.example/', 'POST', '{*}', 'form',
		'{"e-mail": "participant.email", "who": "participant.name", "all": "participant.meta", "value": "reward.amount", "of": "campaign.name"}',
		'{"key with space": "a+b&c=d/e?f#g%h~i.j_k", "n": 1.50, "yes": true, "none": null}'),
	(:campaign, '3 get', 'https://hooks.example/', 'GET', '{invited.joined}', 'form', '{"code": "participant.code", "name": "participant.name"}', NULL),
	(:campaign, '3 get, too', 'https://hooks.example/', 'GET', '{invited.joined}', 'fields', '{"code": "participant.code", "name": "participant.name"}', '{"a b": 1}'),
	(:campaign, '4 put', 'https://hooks.example/', 'PUT', '{invited.joined}', 'fields', '{"person": "participant", "by": "referrer"}', NULL),
	(:campaign, '5 nothing', 'https://hooks.example/', 'POST', '{invited.joined}', 'fields', '{}', NULL),
	(:campaign, '6 only extra', 'https://hooks.example/', 'POST', '{invited.joined}', 'form', '{}', '{"a": "b"}'),
	(:campaign, '7 nested', 'https://hooks.example/', 'POST', '{invited.joined}', 'fields',
		'{"plan": "participant.meta.plan.name", "tag": "participant.meta.tags.1", "beyond": "participant.meta.tags.2", "text": "participant.meta.tags.x",
		  "deeper": "participant.meta.plan.name.first", "kind": "event.type", "dotted.name": "participant.code"}',
		'{"object": {"a": [1, {"b": null}]}, "array": ["{{type}}"]}'),
	(:campaign, '8 cloudevents', 'https://hooks.example/', 'POST', '{*}', 'cloudevents', NULL, NULL);
BEGIN;
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, meta) VALUES
	(:campaign, 'ann+news@people.example', 'Ann "the first" Lee', 'FMT-ANN', NULL, '{"plan": "pro"}'),
	(:campaign, 'bob@people.example', E'B\xc3\xb6b & Co', 'FMT-BOB', 'FMT-ANN', '{"plan": {"name": "free"}, "tags": ["a b", 1]}');

-- guards 6: fields: a flat object, names of one's own, strings as strings,
-- numbers as numbers, what is not there as null; constants as they are
-- guards 6: form: the same urlencoded: all but unreserved characters as bytes of UTF-8
\pset format unaligned
SELECT h.name, e.type,
	regexp_replace(convert_from(o.body, 'UTF8'), '"id": [0-9]+, |"joined_at": "[^"]*", |"(id|time)":"[^"]*",|"data":.*(?=\})', '', 'g') AS body
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id JOIN rf_event e ON e.id = o.event_id
WHERE e.campaign_id = :campaign
ORDER BY h.name COLLATE "C", o.id;
\pset format aligned

-- guards: what fields and cloudevents are, is JSON
SELECT bool_and(jsonb_typeof(convert_from(o.body, 'UTF8')::jsonb) = 'object') AS objects
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id
WHERE h.campaign_id = :campaign AND h.format IN ('fields', 'cloudevents') AND h.method <> 'GET';

-- guards 6: cloudevents: the id of the message, and the data of the standard format byte by byte
SELECT e.type, c.body ->> 'id' = rf_message_id(e.home, e.id) AS message_id,
	(c.body -> 'data')::text = (convert_from(e.payload, 'UTF8')::json -> 'data')::text AS same_data,
	c.body ->> 'time' = convert_from(e.payload, 'UTF8')::json ->> 'timestamp' AS same_time
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id JOIN rf_event e ON e.id = o.event_id,
	LATERAL (SELECT convert_from(o.body, 'UTF8')::json) AS c (body)
WHERE h.campaign_id = :campaign AND h.format = 'cloudevents'
ORDER BY o.id;

-- guards: what is about nobody has no subject
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool, auto_issue)
VALUES (:campaign, 'voucher', 'invited', 'invited_joins', 'coupon', 'formats', true);
INSERT INTO rf_coupon (pool, code) VALUES ('formats', 'FORMATS-1');
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'cid@people.example', 'FMT-ANN');
SELECT string_agg(key, ' ' ORDER BY n) AS members
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id JOIN rf_event e ON e.id = o.event_id,
	LATERAL json_object_keys(convert_from(o.body, 'UTF8')::json) WITH ORDINALITY AS k (key, n)
WHERE h.campaign_id = :campaign AND h.format = 'cloudevents' AND e.type = 'coupon.low'
GROUP BY o.id;
COMMIT;

-- guards: format, fields, extra and method must go together
\set VERBOSITY sqlstate
INSERT INTO rf_webhook (campaign_id, url, format) VALUES (:campaign, 'https://hooks.example/', 'fields');
INSERT INTO rf_webhook (campaign_id, url, format) VALUES (:campaign, 'https://hooks.example/', 'form');
INSERT INTO rf_webhook (campaign_id, url, fields) VALUES (:campaign, 'https://hooks.example/', '{"a": "type"}');
INSERT INTO rf_webhook (campaign_id, url, extra) VALUES (:campaign, 'https://hooks.example/', '{"a": "b"}');
INSERT INTO rf_webhook (campaign_id, url, method) VALUES (:campaign, 'https://hooks.example/', 'GET');
INSERT INTO rf_webhook (campaign_id, url, method) VALUES (:campaign, 'https://hooks.example/', 'DELETE');
INSERT INTO rf_webhook (campaign_id, url, format, fields) VALUES (:campaign, 'https://hooks.example/', 'fields', '["type"]');
INSERT INTO rf_webhook (campaign_id, url, format, fields) VALUES (:campaign, 'https://hooks.example/', 'xml', '{"a": "type"}');
INSERT INTO rf_webhook (campaign_id, url, format, fields) VALUES (:campaign, 'https://hooks.example/', 'cloudevents', '{"a": "type"}');
INSERT INTO rf_webhook (campaign_id, url, format, extra) VALUES (:campaign, 'https://hooks.example/', 'cloudevents', '{"a": "b"}');
INSERT INTO rf_webhook (campaign_id, url, format, method) VALUES (:campaign, 'https://hooks.example/', 'cloudevents', 'GET');
\set VERBOSITY default

-- guards: in a form constants have no members, whichever of the columns came last
UPDATE rf_webhook SET format = 'form' WHERE campaign_id = :campaign AND name = '7 nested';
UPDATE rf_webhook SET method = 'GET' WHERE campaign_id = :campaign AND name = '7 nested';
\set VERBOSITY sqlstate
UPDATE rf_webhook SET extra = '{"a": []}' WHERE campaign_id = :campaign AND name = '2 form';
\set VERBOSITY default
UPDATE rf_webhook SET name = '7 the same' WHERE campaign_id = :campaign AND name = '7 nested';

-- guards 5.19: RF010 counts each body by itself
INSERT INTO rf_webhook (campaign_id, url, format, events, fields)
VALUES (:campaign, 'https://hooks.example/', 'form', '{referrer.joined}', '{"a": "participant.meta"}');
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, meta)
VALUES (:campaign, 'large@people.example', jsonb_build_object('text', repeat('%', 100000)));
\set VERBOSITY default
\echo :LAST_ERROR_MESSAGE
DELETE FROM rf_webhook WHERE campaign_id = :campaign;
