-- What the body of a call may be: media types, encodings, names that come twice,
-- numbers of any size. What cannot be read is 400, what cannot be done is 422.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
INSERT INTO rf_campaign (slug, name) VALUES ('in-bodies', 'Bodies') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@bodies.example', 'BODY-ANN', NULL),
	(:campaign, 'bob@bodies.example', 'BODY-BOB', 'BODY-ANN');
SELECT token FROM rf_create_inbound_token('bodies', 'in-bodies', '{qualify,join,purchase}') \gset
SELECT token AS other FROM rf_create_inbound_token('others', 'in-bodies', '{participant}') \gset
\pset format unaligned
\pset tuples_only on

-- guards: types that are a form, and JSON
SELECT type, status
FROM (VALUES (1, NULL), (2, ''), (3, 'application/x-www-form-urlencoded'),
	(4, 'APPLICATION/X-WWW-Form-Urlencoded ; Charset="utf-8"'), (5, 'application/x-www-form-urlencoded;charset=utf8;x=y')) t (n, type),
	LATERAL rf_inbound(:'token', 'qualify', 'code=BODY-BOB', type)
ORDER BY n;
SELECT type, status
FROM (VALUES (1, 'application/json'), (2, 'Application/JSON;charset=UTF-8'), (3, 'application/cloudevents+json')) t (n, type),
	LATERAL rf_inbound(:'token', 'qualify', '{"code":"BODY-BOB"}', type)
ORDER BY n;
-- the type may be among the headers, whose names are in any case
SELECT status FROM rf_inbound(:'token', 'qualify', '{"code":"BODY-BOB"}', headers => '{"Content-Type": "application/json"}');

-- guards: types that are neither, and encodings that are not ours
SELECT type, status, body->>'detail'
FROM (VALUES (1, 'text/plain'), (2, 'multipart/form-data; boundary=x'), (3, 'application/jsonp'), (4, '+json'),
	(5, 'application/json; charset=iso-8859-1'), (6, 'application/x-www-form-urlencoded; charset=utf-16')) t (n, type),
	LATERAL rf_inbound(:'token', 'qualify', 'code=BODY-BOB', type)
ORDER BY n;
SELECT status FROM rf_inbound(:'token', 'qualify', '{"code":"BODY-BOB"}');
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB', headers => '{"content-encoding": "gzip"}');
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB', headers => '{"content-encoding": "identity"}');

-- guards: headers are an object of strings
\set VERBOSITY terse
SELECT rf_inbound(:'token', 'qualify', 'code=BODY-BOB', headers => '["x"]');
SELECT rf_inbound(:'token', 'qualify', 'code=BODY-BOB', headers => '{"x": 1}');
SELECT rf_inbound(:'token', 'qualify', 'code=BODY-BOB', headers => '3');
\set VERBOSITY default
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB', headers => NULL);

-- guards: forms: escapes, empty fields, fields without values, fields of others
SELECT status, body->'changed' FROM rf_inbound(:'token', 'qualify', '&&c%6fde=%42ODY%2dBOB&amount=&currency=&x&=&%&%4=%zz&items[]=1&items[]=2&');
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', '');
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', NULL);
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', 'code=');
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', 'code=50%&amount=1');

-- guards: a field of ours that comes twice might mean either
SELECT status, body FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB&code=BODY-ANN');
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB&c%6Fde=');
-- of members of an object the last one counts
SELECT status FROM rf_inbound(:'token', 'qualify', '{"code":"NONE","code":"BODY-BOB"}', 'application/json');

-- guards: what is no UTF-8 cannot be read, whoever's field it is in; nor can zeros
SELECT status, body->>'code', body->>'detail' FROM rf_inbound(:'token', 'qualify', 'code=%ff');
SELECT status FROM rf_inbound(:'token', 'qualify', '\x636f64653dc328');
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB&other=%c3%28');
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB&%ff=1');
SELECT status FROM rf_inbound(:'token', 'qualify', 'code=BODY-BOB%00');
SELECT status FROM rf_inbound(:'token', 'qualify', '\x636f64653d00');
SELECT status FROM rf_inbound(:'token', 'qualify', '\x7b22636f6465223a22ff227d', 'application/json');
SELECT status FROM rf_inbound(:'token', 'qualify', '\x7b22636f6465223a2200227d', 'application/json');
SELECT status, body->>'code' FROM rf_inbound(:'token', 'qualify', E'{"code":"\\\\u0000"}', 'application/json');
SELECT status FROM rf_inbound(:'token', 'qualify', E'{"x":"\\\\ud800"}', 'application/json');

-- guards: letters of any language, both ways
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', convert_to('code=' || U&'\5BB6\00F6', 'UTF8'));
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', 'code=%e5%ae%b6%C3%B6');
SELECT status, body->>'detail' FROM rf_inbound(:'token', 'qualify', E'{"code":"\\\\u5bb6\\\\u00f6 \\\\"\\\\\\\\ \\\\ud83d\\\\ude00"}', 'application/json');

-- guards: what is no JSON, and JSON that is no call
SELECT text, status, body->>'code', body->>'detail'
FROM (VALUES (1, ''), (2, '{'), (3, '{"code":"BODY-BOB"'), (4, '{"code":"BODY-BOB"} x'), (5, 'code=BODY-BOB'),
	(6, '"BODY-BOB"'), (7, '3'), (8, 'null'), (9, 'true'), (10, '{"code":{"is":"BODY-BOB"}}'), (11, '{"code":["BODY-BOB"]}'),
	(12, '{}'), (13, '{"code":null}'), (14, '{"code":""}'), (15, '{"code":false}'), (16, '{"CODE":"BODY-BOB"}')) t (n, text),
	LATERAL rf_inbound(:'token', 'qualify', convert_to(text, 'UTF8'), 'application/json')
ORDER BY n;

-- guards: no depth hurts, and some is allowed
SELECT n, status, body->>'detail'
FROM (VALUES (60), (65), (100000)) t (n),
	LATERAL rf_inbound(:'token', 'qualify',
		convert_to('{"code":"BODY-BOB","x":' || repeat('[', n) || repeat(']', n) || '}', 'UTF8'), 'application/json');
SELECT status FROM rf_inbound(:'token', 'qualify', convert_to('{"code":"BODY-BOB","x":"' || repeat('[{\"', 1000) || '"}', 'UTF8'), 'application/json');

-- guards: numbers are taken to the last digit, whether they are written as numbers
-- or as text, and any size is told apart
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'cyd@bodies.example', 'BODY-CYD', 'BODY-ANN');
SELECT n, status, body->>'code', left(body->>'detail', 70)
FROM (VALUES (1, '19.99'), (2, '"19.99"'), (3, '0.1'), (4, '1e2'), (5, '123456789012345678901234567890.12'),
	(6, '1e308'), (7, '1e-308'), (8, '1e200000'), (9, '"NaN"'), (10, '"Infinity"'), (11, '"twelve"'), (12, '-0'), (13, '" 7 "'), (14, 'true')) t (n, amount),
	LATERAL rf_inbound(:'token', 'purchase',
		convert_to(format('{"code":"BODY-CYD","currency":"USD","amount":%s,"external_id":"body-%s"}', amount, n), 'UTF8'), 'application/json')
ORDER BY n;
SELECT external_id, CASE WHEN length(amount::text) > 100 THEN length(amount::text) || ' digits and point' ELSE amount::text END
FROM rf_purchase WHERE external_id ~ '^body-' ORDER BY id;

-- guards: times: of a zone, in UTC without one, in seconds and milliseconds since 1970
SELECT n, status, body->>'code'
FROM (VALUES (1, '2024-01-02T03:04:05+02:00'), (2, '2024-01-02 03:04:05'), (3, '2024-01-02'), (4, '20240102'), (5, '1704164645'),
	(6, '1704164645.5'), (7, '1704164645123'), (8, 'soon'), (9, 'infinity')) t (n, text),
	LATERAL rf_inbound(:'token', 'purchase',
		convert_to(format('{"code":"BODY-CYD","currency":"USD","amount":1,"external_id":"time-%s","occurred_at":"%s"}', n, text), 'UTF8'), 'application/json')
ORDER BY n;
SET datestyle = 'ISO';
SET timezone = 'Asia/Tokyo';
SELECT status FROM rf_inbound(:'token', 'purchase', 'code=BODY-CYD&currency=USD&amount=1&external_id=time-10&occurred_at=2024-01-02T03:04:05');
SET timezone = 'UTC';
SELECT external_id, occurred_at FROM rf_purchase WHERE external_id ~ '^time-' ORDER BY id;

-- guards: a database of another encoding: what it has no letter for cannot be read
SELECT current_database() AS regression \gset
CREATE DATABASE regress_rf_inbound TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc;
\c regress_rf_inbound
SET client_min_messages = error;
CREATE EXTENSION referral;
INSERT INTO rf_campaign (slug, name) VALUES ('latin', 'Latin');
SELECT token FROM rf_create_inbound_token('latin', 'latin', '{qualify,join}') \gset
SELECT status FROM rf_inbound(:'token', 'join', 'email=ann%40x.example&name=Fl%c3%b6');
SELECT status FROM rf_inbound(:'token', 'join', '{"email": "bob@x.example", "name": "B\\u00f6b"}', 'application/json');
SELECT encode(convert_to(name, 'LATIN1'), 'hex') FROM rf_participant ORDER BY id;
SELECT status, body->>'code' FROM rf_inbound(:'token', 'join', 'email=cyd%40x.example&name=%e5%ae%b6');
SELECT status, body->>'code' FROM rf_inbound(:'token', 'join', '{"email": "cyd@x.example", "name": "\\u5bb6"}', 'application/json');
SELECT status, body->>'detail' = 'unknown referral code "' || chr(246) || '"' FROM rf_inbound(:'token', 'qualify', 'code=%c3%b6');
\c :regression
DROP DATABASE regress_rf_inbound;
CREATE DATABASE regress_rf_inbound TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc;
\c regress_rf_inbound
SET client_min_messages = error;
CREATE EXTENSION referral;
INSERT INTO rf_campaign (slug, name) VALUES ('ascii', 'ASCII');
SELECT token FROM rf_create_inbound_token('ascii', 'ascii', '{qualify,join}') \gset
SELECT status FROM rf_inbound(:'token', 'join', 'email=ann%40x.example&name=Fl%c3%b6');
SELECT status FROM rf_inbound(:'token', 'join', 'email=bob%40x.example&name=Fl%f6');
SELECT encode(name::bytea, 'hex') FROM rf_participant ORDER BY id;
SELECT status, encode((body->>'detail')::bytea, 'escape') FROM rf_inbound(:'token', 'qualify', 'code=%c3%b6');
\c :regression
DROP DATABASE regress_rf_inbound;
