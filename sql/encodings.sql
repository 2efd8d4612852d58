-- Payloads are UTF-8 whatever the server's encoding, and what is no UTF-8 is
-- refused where the server does not check (design 5.19; issue 2).
\set SHOW_CONTEXT never
SELECT current_database() AS regression \gset

-- A server encoding that is not UTF-8: bytes are converted.
CREATE DATABASE regress_rf_latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc;
\c regress_rf_latin1
SET client_min_messages = error;
CREATE EXTENSION referral;
RESET client_min_messages;
INSERT INTO rf_campaign (slug, name) VALUES ('latin', 'Fr' || chr(252) || 'hling') RETURNING id AS campaign \gset
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/');
INSERT INTO rf_webhook (campaign_id, url, format, fields) VALUES (:campaign, 'https://hooks.example/', 'form', '{"who": "participant.name"}');
BEGIN;
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'B' || chr(214) || 'B@people.example', 'B' || chr(246) || 'b')
RETURNING octet_length(name) AS bytes, email_key = 'b' || chr(214) || 'b@people.example' AS ascii_lower;

-- guards 5.19: two bytes for each letter with a dot
SELECT position('\x4672c3bc686c696e67'::bytea IN payload) > 0 AS campaign,
	position('\x42c3b662'::bytea IN payload) > 0 AS name
FROM rf_event;
SELECT encode(body, 'escape') FROM rf_outbox WHERE body IS NOT NULL;
COMMIT;
\c :regression
DROP DATABASE regress_rf_latin1;

-- A database that checks nothing.
CREATE DATABASE regress_rf_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc;
\c regress_rf_ascii
SET client_min_messages = error;
CREATE EXTENSION referral;
RESET client_min_messages;
INSERT INTO rf_campaign (slug, name) VALUES ('ascii', 'ASCII') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'ann@people.example', 'ANN');

-- guards: invalid UTF-8 is refused, wherever it stands
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'bob@people.example', E'B\xf6b');
\echo :SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, E'b\xf6b@people.example');
INSERT INTO rf_participant (campaign_id, email, source) VALUES (:campaign, 'bob@people.example', E'\xff');
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'bob@people.example', E'B\xc0\x80b');
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'bob@people.example', E'B\xed\xa0\x80b');
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'bob@people.example', E'B\xc3');
INSERT INTO rf_participant (campaign_id, email, meta) VALUES (:campaign, 'bob@people.example', jsonb_build_object('city', E'K\xf6ln'));
UPDATE rf_participant SET meta = jsonb_build_object('city', E'\xff') WHERE code = 'ANN';
UPDATE rf_participant SET name = E'\xff' WHERE code = 'ANN';
UPDATE rf_participant SET email = E'\xff@people.example' WHERE code = 'ANN';
SELECT rf_join('ascii', 'bob@people.example', E'\xff');
SELECT error FROM rf_import('ascii', rows => jsonb_build_array(jsonb_build_object('email', 'bob@people.example', 'name', E'\xff')));
\set VERBOSITY default
SELECT count(*) FROM rf_participant;

-- guards: valid UTF-8 is taken and sent as it is
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/');
INSERT INTO rf_participant (campaign_id, email, name) VALUES (:campaign, 'bob@people.example', E'B\xc3\xb6b \xf0\x9f\x8e\x81');
SELECT position('\x42c3b66220f09f8e81'::bytea IN payload) > 0 AS name FROM rf_event;
\c :regression
DROP DATABASE regress_rf_ascii;
