-- The formats whose fields the user chose: fields, form, and the query string
-- of a GET (design 6). Bodies are read before they commit, so that no worker
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
	(:campaign, '6 only extra', 'https://hooks.example/', 'POST', '{invited.joined}', 'form', '{}', '{"a": "b"}');
BEGIN;
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, meta) VALUES
	(:campaign, 'ann+news@people.example', 'Ann "the first" Lee', 'FMT-ANN', NULL, '{"plan": "pro"}'),
	(:campaign, 'bob@people.example', E'B\xc3\xb6b & Co', 'FMT-BOB', 'FMT-ANN', '{"plan": {"name": "free"}, "tags": ["a b", 1]}');

-- guards 6: fields: a flat object, names of one's own, strings as strings,
-- numbers as numbers, what is not there as null; constants as they are
-- guards 6: form: the same urlencoded: all but unreserved characters as bytes of UTF-8
\pset format unaligned
SELECT h.name, e.type,
	regexp_replace(convert_from(o.body, 'UTF8'), '"id": [0-9]+, |"joined_at": "[^"]*", ', '', 'g') AS body
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id JOIN rf_event e ON e.id = o.event_id
WHERE e.campaign_id = :campaign
ORDER BY h.name COLLATE "C", o.id;
\pset format aligned

-- guards: what fields is, is JSON
SELECT bool_and(jsonb_typeof(convert_from(o.body, 'UTF8')::jsonb) = 'object') AS objects
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id
WHERE h.campaign_id = :campaign AND h.format = 'fields' AND h.method <> 'GET';
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
\set VERBOSITY default

-- guards 5.19: RF010 counts each body by itself
INSERT INTO rf_webhook (campaign_id, url, format, events, fields)
VALUES (:campaign, 'https://hooks.example/', 'form', '{referrer.joined}', '{"a": "participant.meta"}');
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, meta)
VALUES (:campaign, 'large@people.example', jsonb_build_object('text', repeat('%', 100000)));
\set VERBOSITY default
\echo :LAST_ERROR_MESSAGE
DELETE FROM rf_webhook WHERE campaign_id = :campaign;
