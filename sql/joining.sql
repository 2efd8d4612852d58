-- Joining by INSERT and by rf_join (design 5.1, 5.2, 6).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name, landing_url) VALUES
	('joining', 'Joining', 'https://shop.example/welcome'),
	('joining-too', 'Joining too', NULL);
SELECT id AS campaign FROM rf_campaign WHERE slug = 'joining' \gset
SELECT id AS other FROM rf_campaign WHERE slug = 'joining-too' \gset

-- guards 5.1: e-mail is kept as given, trimmed; its key is lower case
INSERT INTO rf_participant (campaign_id, email, name, code)
VALUES (:campaign, E'  Ann.Lee@People.Example\t', 'Ann Lee', 'JOIN-ANN')
RETURNING email, email_key, code, code_key, state, source, meta, referrer_id,
	qualified_at, invited_count, qualified_count, joined_at = now() AS joined_now;

-- guards: with a referrer people are pending, and their source says so
INSERT INTO rf_participant (campaign_id, email, referred_by, code, ip, meta)
VALUES (:campaign, 'bob@people.example', 'join-ann', 'JOIN-BOB', '192.0.2.7', '{"plan": "pro"}')
RETURNING email, state, source, referred_by, ip, meta,
	referrer_id = (SELECT id FROM rf_participant WHERE code = 'JOIN-ANN') AS invited_by_ann;

-- guards: a source of one's own stays
INSERT INTO rf_participant (campaign_id, email, referred_by, code, source)
VALUES (:campaign, 'cyd@people.example', 'JOIN-ANN', 'JOIN-CYD', 'Widget')
RETURNING source;

-- guards 5.7: the referrer's count
SELECT invited_count, qualified_count FROM rf_participant WHERE code = 'JOIN-ANN';

-- guards: imports may set joined_at
INSERT INTO rf_participant (campaign_id, email, code, joined_at)
VALUES (:campaign, 'dee@people.example', 'JOIN-DEE', '2024-02-29 10:00+00')
RETURNING joined_at;

-- guards 5.2: a plain INSERT of somebody who is there is a unique violation
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'ANN.LEE@people.example');
\set VERBOSITY default

-- guards 5.1: e-mail is unique in a campaign, not beyond
INSERT INTO rf_participant (campaign_id, email, code)
VALUES (:other, 'ann.lee@people.example', 'JOIN-ANN-TOO') RETURNING code, state;

-- guards: rf_join creates, and returns id, code and link
SELECT * FROM rf_join('joining', ' Eve@people.example ', 'Eve', referred_by => 'JOIN ANN',
	ip => '2001:db8::1', meta => '{"plan": "free"}') \gset eve_
SELECT :'eve_created'::boolean AS created,
	:'eve_url' = 'https://shop.example/welcome?ref=' || :'eve_code' AS linked;
SELECT id = :eve_participant_id AS same_id, code = :'eve_code' AS same_code,
	email, name, state, source, ip, meta
FROM rf_participant
WHERE email_key = 'eve@people.example' AND id = :eve_participant_id;

-- guards 5.2: again, whatever is said now: the first row, and created = false
SELECT participant_id = :eve_participant_id AS same_id, code = :'eve_code' AS same_code, created
FROM rf_join('joining', 'EVE@people.example', 'Somebody else', referred_by => 'JOIN-BOB');
SELECT name, referred_by FROM rf_participant WHERE id = :eve_participant_id;

-- guards 5.2: who joined on their own stays so
SELECT created FROM rf_join('joining', 'ann.lee@people.example', referred_by => 'JOIN-BOB');
SELECT referred_by, referrer_id, state FROM rf_participant WHERE code = 'JOIN-ANN';

-- guards 5.7: none of that moved a count
SELECT code, invited_count FROM rf_participant
WHERE campaign_id = :campaign AND invited_count > 0;

-- guards: without a landing page there is no link
SELECT url IS NULL AS no_link, created FROM rf_join('joining-too', 'fay@people.example');

-- guards: campaigns are found by slug
SELECT * FROM rf_join('no-such-campaign', 'gus@people.example');
\echo :SQLSTATE
SELECT * FROM rf_join(NULL, 'gus@people.example');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email) VALUES (-1, 'gus@people.example');
\echo :SQLSTATE
INSERT INTO rf_participant (email) VALUES ('gus@people.example');
\echo :SQLSTATE

-- guards 5.19: a rollback takes the person along, and the count
BEGIN;
INSERT INTO rf_participant (campaign_id, email, referred_by)
VALUES (:campaign, 'hal@people.example', 'JOIN-ANN');
SELECT invited_count FROM rf_participant WHERE code = 'JOIN-ANN';
ROLLBACK;
SELECT invited_count FROM rf_participant WHERE code = 'JOIN-ANN';
