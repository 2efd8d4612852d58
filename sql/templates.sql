-- The format template (design 6): JSON of the receiver's shape, in whose strings
-- {{path}} stands for a value. Bodies are read before they commit.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('templates', 'Spring & Summer', 'https://shop.example/') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue)
VALUES (:campaign, 'ten', 'referrer', 'invited_joins', 10, 'USD', true);

-- What a template makes of the join of a person whose name and data try everything.
PREPARE webhook (jsonb) AS
	INSERT INTO rf_webhook (campaign_id, url, events, format, template)
	VALUES (:campaign, 'https://hooks.example/', '{invited.joined}', 'template', $1);
PREPARE person (text, jsonb) AS
	INSERT INTO rf_participant (campaign_id, email, name, code, referred_by, meta)
	VALUES (:campaign, 'bob@people.example', $1, 'TPL-BOB', 'TPL-ANN', $2);
PREPARE bodies AS
	SELECT convert_from(o.body, 'UTF8')
	FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id
	WHERE h.campaign_id = :campaign
	ORDER BY h.id;
INSERT INTO rf_participant (campaign_id, email, name, code) VALUES (:campaign, 'ann@people.example', NULL, 'TPL-ANN');

-- guards: alone: the value as it is; in text: as text; nothing there: null, or nothing
BEGIN;
EXECUTE webhook ('{"string": "{{participant.name}}", "number": "{{referrer.invited_count}}", "money": "{{participant.meta.paid}}", "yes": "{{participant.meta.yes}}",
	"object": "{{participant.meta.plan}}", "array": "{{ participant.meta.tags }}", "element": "{{participant.meta.tags.0}}", "null": "{{participant.meta.none}}", "missing": "{{purchase.amount}}"}');
EXECUTE webhook ('["({{participant.name}})", "({{referrer.invited_count}})", "({{participant.meta.paid}})", "({{participant.meta.yes}})",
	"({{participant.meta.plan}})", "({{participant.meta.tags}})", "({{participant.meta.none}})", "({{purchase.amount}})", "({{referrer.name}})"]');
EXECUTE webhook ('{"event": ["{{type}}", "{{event.type}}", "{{campaign.slug}}"], "rest": {"number": 1.50, "yes": true, "null": null, "text": "", "empty": {}, "none": []}}');
EXECUTE webhook ('"{{participant.code}}"');
EXECUTE webhook ('"{{participant.code}} of {{campaign.name}}"');
EXECUTE webhook ('7');
EXECUTE webhook ('[[], [[]], [{}], "", ["{{webhook.name}}", "{{delivery.error}}"]]');
EXECUTE person ('Bob', '{"paid": 10.00, "yes": true, "none": null, "plan": {"name": "free"}, "tags": ["a b", 1]}');
EXECUTE bodies;
ROLLBACK;

-- guards: the id and the time of the message
BEGIN;
EXECUTE webhook ('["{{event.id}}", "{{event.timestamp}}", "{{timestamp}}", "key-{{event.id}}"]');
EXECUTE person ('Bob', '{}');
SELECT b.body ->> 0 = rf_message_id(e.home, e.id) AND b.body ->> 1 = (convert_from(e.payload, 'UTF8')::jsonb) ->> 'timestamp'
	AND b.body -> 2 = b.body -> 1 AND b.body ->> 3 = 'key-' || (b.body ->> 0) AS right
FROM rf_outbox o JOIN rf_event e ON e.id = o.event_id, LATERAL (SELECT convert_from(o.body, 'UTF8')::jsonb) AS b (body)
WHERE e.campaign_id = :campaign;
ROLLBACK;

-- guards: whatever a value holds, it stays a value, in JSON that holds just it
BEGIN;
EXECUTE webhook ('{"alone": "{{participant.name}}", "text": "<{{participant.name}}>{{participant.meta.text}}"}');
SAVEPOINT before;
EXECUTE person ('"}', '{}');
EXECUTE bodies;
ROLLBACK TO before;
EXECUTE person ('", "admin": true, "x": "', '{}');
EXECUTE bodies;
ROLLBACK TO before;
EXECUTE person (E'back\\slash \\" \\u0022 \u00e9 \u4f60 \U0001F381', jsonb_build_object('text', E'back\\slash \\" \t\r\n\x7f\x01'));
SELECT convert_from(o.body, 'UTF8')::jsonb ->> 'alone' = p.name AND convert_from(o.body, 'UTF8')::jsonb ->> 'text' = '<' || p.name || '>' || (p.meta ->> 'text') AS same
FROM rf_outbox o JOIN rf_event e ON e.id = o.event_id JOIN rf_participant p ON p.id = e.participant_id
WHERE p.code = 'TPL-BOB';
ROLLBACK TO before;
EXECUTE person ('{{participant.email}} {{{{ }}', '{}');
EXECUTE bodies;
ROLLBACK;

-- guards: how braces are written
BEGIN;
EXECUTE webhook ('["{", "}", "{}", "{{{{", "}}}}", "{{{{participant.name}}}}", "{{{{{{participant.name}}}}}}", "{ {{participant.name}}}", "{\"a\": {{participant.meta}}}"]');
EXECUTE webhook ('{"{participant.name}": "{participant.name}"}');
EXECUTE person ('Bob', '{}');
EXECUTE bodies;
ROLLBACK;

-- guards: what cannot be right is refused when it is written, and where it stands is said
EXECUTE webhook ('{"blocks": [{}, {"text": {"text": "Hello {{participant.nme}}"}}]}');
EXECUTE webhook (jsonb_build_object('text', chr(233) || ' {{participant.name}'));
EXECUTE webhook ('["a", "{{participant.name}} }}"]');
EXECUTE webhook ('"{{{participant.name}}}"');
EXECUTE webhook ('{"a": {"b": "{{ }}"}}');
EXECUTE webhook ('{"a": {"{{participant.code}}": 1}}');
\set VERBOSITY sqlstate
EXECUTE webhook ('["{{participant.name {{ }}"]');
EXECUTE webhook ('["{{participant}} {{participants.name}}"]');
EXECUTE webhook ('["{{data.participant.name}}"]');
EXECUTE webhook ('["{{participant.meta.}}"]');
EXECUTE webhook ('["{{secret}}"]');
INSERT INTO rf_webhook (campaign_id, url, format) VALUES (:campaign, 'https://hooks.example/', 'template');
INSERT INTO rf_webhook (campaign_id, url, template) VALUES (:campaign, 'https://hooks.example/', '{}');
INSERT INTO rf_webhook (campaign_id, url, format, method, template) VALUES (:campaign, 'https://hooks.example/', 'template', 'GET', '{}');
\set VERBOSITY default
SELECT count(*) FROM rf_webhook WHERE campaign_id = :campaign;

-- guards: an UPDATE is checked as an INSERT is, and other changes are not
EXECUTE webhook ('{"a": "{{participant.name}}"}');
\set VERBOSITY sqlstate
UPDATE rf_webhook SET template = '"{{nobody}}"' WHERE campaign_id = :campaign;
\set VERBOSITY default
UPDATE rf_webhook SET name = 'named', state = 'paused' WHERE campaign_id = :campaign;
DELETE FROM rf_webhook WHERE campaign_id = :campaign;

-- guards: depth and size of a template
SELECT webhook_id AS deep FROM rf_create_webhook('https://hooks.example/', campaign => 'templates', format => 'template',
	template => (repeat('[', 32) || repeat(']', 32))::jsonb) \gset
\set VERBOSITY terse
SELECT rf_create_webhook('https://hooks.example/', format => 'template', template => (repeat('[', 33) || repeat(']', 33))::jsonb);
SELECT rf_create_webhook('https://hooks.example/', format => 'template', template => (repeat('{"a":', 32) || '"{{participant.name}"' || repeat('}', 32))::jsonb);
\set VERBOSITY default
SELECT webhook_id AS large FROM rf_create_webhook('https://hooks.example/', campaign => 'templates', format => 'template',
	template => to_jsonb(repeat('x', 65534))) \gset
SELECT rf_create_webhook('https://hooks.example/', format => 'template', template => to_jsonb(repeat('x', 65535)));
DELETE FROM rf_webhook WHERE id IN (:deep, :large);

-- guards: size of what is made: bytes of UTF-8, and RF010 beyond, however often a value is named
BEGIN;
EXECUTE webhook ('"{{participant.meta.text}}!"');
SAVEPOINT before;
EXECUTE person ('Bob', jsonb_build_object('text', repeat(chr(233), 32766)));
SELECT octet_length(body) FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id WHERE h.campaign_id = :campaign;
ROLLBACK TO before;
\set VERBOSITY sqlstate
EXECUTE person ('Bob', jsonb_build_object('text', repeat(chr(233), 32767)));
ROLLBACK;
BEGIN;
INSERT INTO rf_webhook (campaign_id, url, events, format, template)
SELECT :campaign, 'https://hooks.example/', '{invited.joined}', 'template', t
FROM (SELECT to_jsonb(repeat('{{participant}}', 4000))) AS t (t);
EXECUTE person ('Bob', jsonb_build_object('text', repeat('x', 200000)));
ROLLBACK;
BEGIN;
INSERT INTO rf_webhook (campaign_id, url, events, format, template)
SELECT :campaign, 'https://hooks.example/', '{invited.joined}', 'template', jsonb_agg('{{participant}}'::text) FROM generate_series(1, 3000);
EXECUTE person ('Bob', jsonb_build_object('text', repeat('x', 200000)));
ROLLBACK;
\set VERBOSITY default

-- guards 5.23: a restored template is taken as it is, and does no harm
BEGIN;
INSERT INTO rf_webhook (campaign_id, url, events, format, template, created_at)
VALUES (:campaign, 'https://hooks.example/', '{invited.joined}', 'template',
	'["{{nobody}}", "({{nobody}})", "{{{a}}}", "{{participant.name", "a }} {{participant.name}}", {"{{type}}": "{{type}}"}]', '2025-01-01');
EXECUTE person ('Bob', '{}');
EXECUTE bodies;
ROLLBACK;

-- guards: a body made anew for an erased person names nobody; one that would be too large is the standard one
BEGIN;
EXECUTE webhook ('["{{participant.name}}", "{{participant.email}}", "{{participant.meta.secret}}", "{{campaign.slug}}"]');
EXECUTE webhook ('["Bob {{participant.name}}"]');
INSERT INTO rf_webhook (campaign_id, url, events, format) VALUES (:campaign, 'https://hooks.example/', '{invited.joined}', 'cloudevents');
EXECUTE person ('Bob', '{"secret": "bob"}');
UPDATE rf_webhook SET template = to_jsonb(repeat('{{referrer}}', 3000)) WHERE campaign_id = :campaign AND template::text ~ 'Bob';
SELECT rf_erase(id) FROM rf_participant WHERE code = 'TPL-BOB';
SELECT h.format, regexp_replace(b.body, '[0-9]{3,}', '', 'g') ~* 'bob' AS named, jsonb_typeof(b.body::jsonb), b.body ~ '"type": ?"invited.joined"' AS enveloped
FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id, LATERAL convert_from(o.body, 'UTF8') AS b (body)
WHERE h.campaign_id = :campaign
ORDER BY h.id;
ROLLBACK;

-- guards 5.19: two bytes of UTF-8 for what is one in the server's encoding; sizes are those of UTF-8
CREATE DATABASE regress_rf_templates TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc;
SELECT current_database() AS regression \gset
\c regress_rf_templates
SET client_min_messages = error;
CREATE EXTENSION referral;
INSERT INTO rf_campaign (slug, name) VALUES ('latin', 'Fr' || chr(252) || 'hling') RETURNING id AS campaign \gset
INSERT INTO rf_webhook (campaign_id, url, format, template)
VALUES (:campaign, 'https://hooks.example/', 'template', to_jsonb('{{participant.name}} ' || chr(233) || ' {{campaign.name}} {{participant.meta.text}}'));
INSERT INTO rf_webhook (campaign_id, url, format) VALUES (:campaign, 'https://hooks.example/', 'cloudevents');
BEGIN;
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'bob@people.example', 'B' || chr(246) || 'b');
SELECT encode(body, 'escape') FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id WHERE format = 'template';
SELECT position('\x42c3b662'::bytea IN body) > 0 FROM rf_outbox o JOIN rf_webhook h ON h.id = o.webhook_id WHERE format = 'cloudevents';
ROLLBACK;
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, meta) VALUES (:campaign, 'bob@people.example', jsonb_build_object('text', repeat(chr(233), 40000)));
\c :regression
DROP DATABASE regress_rf_templates;
