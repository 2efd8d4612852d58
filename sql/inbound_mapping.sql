-- Other systems' payloads, read by the rows of rf_inbound_mapping. What a row finds
-- is shown by rf_map_inbound; that calls do what was found, by inbound_presets.
\set SHOW_CONTEXT never
SET timezone = 'America/New_York';
SET datestyle = 'ISO';

-- guards: of a mapping's rows the first whose condition holds counts
INSERT INTO rf_inbound_mapping (mapping, position, action, "when", code, email, reason) VALUES
	('first', 2, 'qualify', '$.type == "paid"', '$.second', NULL, NULL),
	('first', 1, 'qualify', '$.type == "paid" && $.early == true', '$.first', NULL, NULL),
	('first', 3, 'unqualify', '$.type == "lost"', NULL, '$.email', '$.why');
SELECT * FROM rf_map_inbound('first', '{"type": "paid", "early": true, "first": "A", "second": "B"}');
SELECT * FROM rf_map_inbound('first', '{"type": "paid", "first": "A", "second": "B"}');
SELECT * FROM rf_map_inbound('first', '{"type": "lost", "email": "a@b.example", "why": "gone"}');
-- about something else
SELECT * FROM rf_map_inbound('first', '{"type": "other"}');
SELECT * FROM rf_map_inbound('first', '[1, 2]');
SELECT * FROM rf_map_inbound('first', '"paid"');

-- guards: when a condition holds: true, or anything but a boolean or null
CREATE FUNCTION pg_temp.holds(condition jsonpath, payload jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM rf_inbound_mapping WHERE mapping = 'condition';
	INSERT INTO rf_inbound_mapping (mapping, position, action, "when", code)
		VALUES ('condition', 1, 'qualify', condition, '$.code');
	RETURN (SELECT action IS NOT NULL FROM rf_map_inbound('condition', payload, '{"X-Topic": "paid"}'));
END $$;
SELECT condition, pg_temp.holds(condition::jsonpath, '{"a": 1, "yes": true, "no": false, "none": null, "list": [], "many": [false, false], "text": "x"}')
FROM (VALUES (NULL), ('$.a == 1'), ('$.a == 2'), ('$.a == "1"'), ('$.missing == 1'), ('$.yes'), ('$.no'), ('$.none'), ('$.missing'),
	('$.text'), ('$.list'), ('$.list[*]'), ('$.many[*]'), ('$ ? (@.a == 1)'), ('$ ? (@.a == 2)'), ('exists($.a)'), ('exists($.missing)'),
	('exists($ ? (@.a > 0))'), ('$.a > "x"'), ('strict $.missing'), ('$.text.double() > 1'), ('$.a + $.text'),
	('$headers."x-topic" == "paid"'), ('$headers."X-Topic" == "paid"'), ('$.text like_regex "^x$"'), ('!exists($.missing)')) AS v (condition);
DELETE FROM rf_inbound_mapping WHERE mapping = 'condition';

-- guards: texts are made of strings, numbers and booleans; of several the first that
-- is not empty counts; objects, arrays and nulls are none; but meta is an object
INSERT INTO rf_inbound_mapping (mapping, position, action, email, name, referred_by, source, meta, campaign, message_id) VALUES
	('texts', 1, 'join', '$.emails[*]', '$.name', '$.code', '$.source', '$.extra', 'strict $.a.b.c', '$headers.id');
SELECT * FROM rf_map_inbound('texts', '{"emails": [null, {"x": 1}, ["y"], "", "a@b.example", "c@d.example"], "name": {"first": "Ann"}, "code": 12345678901234567890, "source": true, "extra": {"plan": "pro", "n": [1, 2]}}', '{"ID": "m-1"}');
SELECT * FROM rf_map_inbound('texts', '{"emails": "a@b.example", "name": "", "code": 1.50, "source": null, "extra": "no object"}');
-- arrays are unwrapped by a path that says so
SELECT * FROM rf_map_inbound('texts', '{"emails": "a@b.example", "name": ["Ann"], "extra": ["no object"]}');

-- guards: numbers of occurred_at are seconds or milliseconds, a time without a zone is in UTC
INSERT INTO rf_inbound_mapping (mapping, position, action, code, occurred_at) VALUES ('times', 1, 'qualify', '$.code', '$.at');
SELECT at, arguments ->> 'occurred_at' AS occurred_at, (arguments ->> 'occurred_at')::timestamptz AT TIME ZONE 'UTC' AS read
FROM (VALUES ('1767610800'), ('1767610800678'), ('1767610800.25'), ('0'), ('"2026-01-05T10:18:50.738972Z"'), ('"2026-01-05T12:00:00-05:00"'), ('"2026-01-05T12:00:00"'), ('"2026-01-05 12:00:00.5"'), ('"2026-01-05"')) AS v (at),
	rf_map_inbound('times', jsonb_build_object('code', 'A', 'at', at::jsonb));
-- what is no time is left to the call
SELECT at, arguments ->> 'occurred_at' AS occurred_at
FROM (VALUES ('-1'), ('1e300'), ('"soon"'), ('"1767610800"'), ('true')) AS v (at),
	rf_map_inbound('times', jsonb_build_object('code', 'A', 'at', at::jsonb));

-- guards: minor units by the currency's digits, or the mapping's own; several amounts are one
INSERT INTO rf_inbound_mapping (mapping, position, action, code, amount, minor_units, minor_digits, currency) VALUES
	('minor', 1, 'purchase', '$.code', '$.amount', true, '{"ISK": 2, "MGA": 0}', '$.currency');
INSERT INTO rf_inbound_mapping (mapping, position, action, external_id, amount) VALUES
	('parts', 1, 'refund', '$.order', '$.parts[*].amount');
SELECT currency, amount, arguments ->> 'amount' AS main, arguments ->> 'currency' AS iso
FROM (VALUES ('usd', '1999'), ('USD', '"1999"'), ('eur', '5'), ('jpy', '1999'), ('kwd', '1999'), ('isk', '500'), ('mga', '500'), ('usd', '0'), ('usd', '12.5')) AS v (currency, amount),
	rf_map_inbound('minor', jsonb_build_object('code', 'A', 'currency', currency, 'amount', amount::jsonb));
SELECT arguments FROM rf_map_inbound('parts', '{"order": 1, "parts": [{"amount": "180.00"}, {"amount": 9.5}, {"amount": null}, {}]}');
SELECT arguments FROM rf_map_inbound('parts', '{"order": 1, "parts": [{"amount": "about 5"}]}');
SELECT rf_map_inbound('minor', '{"code": "A", "amount": 1999, "currency": "xyz"}');
SELECT rf_map_inbound('minor', '{"code": "A", "amount": 1999, "currency": ""}');
SELECT rf_map_inbound('minor', '{"code": "A", "amount": "a lot", "currency": "usd"}');
SELECT rf_map_inbound('parts', '{"order": 1, "parts": [{"amount": 1}, {"amount": "a lot"}]}');
-- a refund of nothing that is found would be one of all that is left
SELECT rf_map_inbound('parts', '{"order": 1, "parts": []}');

-- guards: no mapping of that name, nulls, headers that are none
SELECT rf_map_inbound('no such', '{}');
\echo :SQLSTATE
SELECT * FROM rf_map_inbound('first', NULL);
SELECT rf_map_inbound('first', '{}', '[]');
\echo :SQLSTATE

-- guards: which rows are taken
\set VERBOSITY terse
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('bad', 1, 'participant', '$.code');
\set VERBOSITY sqlstate
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('bad', 1, 'qualify', '$.');
\set VERBOSITY terse
INSERT INTO rf_inbound_mapping (mapping, position, action, "when") VALUES ('bad', 1, 'qualify', '$.a == 1');
INSERT INTO rf_inbound_mapping (mapping, position, action, reason) VALUES ('bad', 1, 'unqualify', '$.reason');
INSERT INTO rf_inbound_mapping (mapping, position, action, name) VALUES ('bad', 1, 'join', '$.name');
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('bad', 1, 'purchase', '$.code');
INSERT INTO rf_inbound_mapping (mapping, position, action, amount) VALUES ('bad', 1, 'purchase', '$.amount');
INSERT INTO rf_inbound_mapping (mapping, position, action, amount) VALUES ('bad', 1, 'refund', '$.amount');
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('bad', 1, 'fulfill', '$.code');
INSERT INTO rf_inbound_mapping (mapping, position, action, code, amount, minor_units) VALUES ('bad', 1, 'purchase', '$.code', '$.amount', true);
INSERT INTO rf_inbound_mapping (mapping, position, action, code, amount, minor_units, currency, minor_digits) VALUES ('bad', 1, 'purchase', '$.code', '$.amount', true, '$.currency', '{"USD": 400}');
INSERT INTO rf_inbound_mapping (mapping, position, action, external_id, refunded, refund_id) VALUES ('bad', 1, 'refund', '$.id', '$.amount', '$.refund');
INSERT INTO rf_inbound_mapping (mapping, position, action, code, qualifies) VALUES ('bad', 1, 'qualify', '$.code', true);
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('', 1, 'qualify', '$.code');
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES (NULL, 1, 'qualify', '$.code');
\set VERBOSITY default
-- variables but $headers would be an error only when a payload comes to them
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('bad', 1, 'qualify', '$.a ? (@ == $other)');
\echo :SQLSTATE
INSERT INTO rf_inbound_mapping (mapping, position, action, code, "when") VALUES ('good', 1, 'qualify', '$."$other" ? (@ != "$other \"$x")', 'exists($headers."$x") || $.a like_regex "^[$]other$"');
UPDATE rf_inbound_mapping SET email = '$header.email' WHERE mapping = 'good';
DELETE FROM rf_inbound_mapping WHERE mapping = 'good';

-- guards: what came with the extension stays as it is, and keeps its names to itself
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('stripe', 1, 'qualify', '$.code');
\echo :SQLSTATE
INSERT INTO rf_inbound_mapping (mapping, position, action, code, builtin) VALUES ('own', 1, 'qualify', '$.code', true);
UPDATE rf_inbound_mapping SET code = '$.code' WHERE mapping = 'stripe';
UPDATE rf_inbound_mapping SET mapping = 'stripe', position = 1000 WHERE mapping = 'times';
UPDATE rf_inbound_mapping SET builtin = true WHERE mapping = 'times';
DELETE FROM rf_inbound_mapping WHERE mapping = 'stripe';
TRUNCATE rf_inbound_mapping;
-- but can be copied
INSERT INTO rf_inbound_mapping (mapping, position, action, "when", external_id, refunded, minor_units, minor_digits, currency)
	SELECT 'copied', position, action, "when", external_id, refunded, minor_units, minor_digits, currency
	FROM rf_inbound_mapping WHERE mapping = 'stripe' AND position = 70;
SELECT * FROM rf_map_inbound('copied', '{"type": "charge.refunded", "data": {"object": {"amount_refunded": 1000, "currency": "usd", "payment_intent": "pi_1"}}}');

-- guards: a row that is restored is not looked at
INSERT INTO rf_inbound_mapping (mapping, position, action, code, created_at) VALUES ('stripe', 1, 'qualify', '$other', '2026-01-01');
DELETE FROM rf_inbound_mapping WHERE mapping = 'stripe' AND position = 1;

-- guards: operators write rows of their own, but not the engine's columns; apps none
CREATE ROLE rf_mapping_operator;
CREATE ROLE rf_mapping_app;
SELECT rf_grant('rf_mapping_operator', 'operator');
SELECT rf_grant('rf_mapping_app', 'app');
\set VERBOSITY terse
SET ROLE rf_mapping_operator;
INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('own', 1, 'qualify', '$.code');
UPDATE rf_inbound_mapping SET code = '$.qualified' WHERE mapping = 'own';
SELECT * FROM rf_map_inbound('own', '{"code": "A", "qualified": "B"}');
UPDATE rf_inbound_mapping SET builtin = true WHERE mapping = 'own';
INSERT INTO rf_inbound_mapping (mapping, position, action, code, created_at) VALUES ('own', 2, 'qualify', '$.code', now());
DELETE FROM rf_inbound_mapping WHERE mapping = 'own';
SET ROLE rf_mapping_app;
SELECT * FROM rf_inbound_mapping;
SELECT * FROM rf_map_inbound('stripe', '{}');
RESET ROLE;
\set VERBOSITY default
DROP OWNED BY rf_mapping_operator, rf_mapping_app;
DROP ROLE rf_mapping_operator, rf_mapping_app;

DELETE FROM rf_inbound_mapping WHERE NOT builtin;
