-- Codes and links (design 5.1).
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('codes', 'Codes'), ('codes-too', 'Codes too');
INSERT INTO rf_campaign (slug, name, code_prefix, code_length) VALUES ('codes-long', 'Codes, long', 'vip-', 12);
SELECT id AS campaign FROM rf_campaign WHERE slug = 'codes' \gset
SELECT id AS other FROM rf_campaign WHERE slug = 'codes-too' \gset
SELECT id AS long FROM rf_campaign WHERE slug = 'codes-long' \gset

-- guards: codes are made from an alphabet without look-alikes, all of them different
INSERT INTO rf_participant (campaign_id, email)
SELECT :campaign, 'p' || i || '@people.example' FROM generate_series(1, 3000) AS i;
SELECT count(*), count(DISTINCT code_key) AS codes,
	bool_and(code ~ '^[23456789ABCDEFGHJKMNPQRSTVWXYZ]{8}$') AS clean,
	bool_and(code = code_key) AS same_key
FROM rf_participant WHERE campaign_id = :campaign;

-- guards: every character of the alphabet occurs
SELECT string_agg(letter, '' ORDER BY letter COLLATE "C") AS alphabet
FROM (SELECT DISTINCT regexp_split_to_table(code, '') AS letter
	FROM rf_participant WHERE campaign_id = :campaign) AS letters;

-- guards: prefix and length
INSERT INTO rf_participant (campaign_id, email) VALUES (:long, 'a@people.example')
RETURNING code ~ '^vip-[23456789A-Z]{12}$' AS shown, code_key ~ '^VIP[23456789A-Z]{12}$' AS compared;

-- guards: a vanity code is kept as shown and compared without case and dashes
INSERT INTO rf_participant (campaign_id, email, code)
VALUES (:campaign, 'ann@people.example', 'Ann-Loves-You')
RETURNING code, code_key;
SELECT rf_link('ann-loves-you') IS NULL AS known;
SELECT rf_link('ANN LOVES YOU') IS NULL AS known;
SELECT rf_link('annlovesyou') IS NULL AS known;

-- guards: one code in the whole database
INSERT INTO rf_participant (campaign_id, email, code)
VALUES (:campaign, 'bob@people.example', 'ANNLOVESYOU');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, code)
VALUES (:other, 'bob@people.example', 'ann-Loves-you');
\echo :SQLSTATE

-- guards: 3 to 64 letters, digits and dashes
INSERT INTO rf_participant (campaign_id, email, code)
VALUES (:campaign, 'v1@people.example', 'abc'),
	(:campaign, 'v2@people.example', repeat('x', 64)),
	(:campaign, 'v3@people.example', '1-2-3')
RETURNING length(code), code_key;
INSERT INTO rf_participant (campaign_id, email, code)
VALUES (:campaign, 'v4@people.example', 'a b c');
\echo :SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', '');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', 'ab');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', repeat('x', 65));
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', 'a/b/c');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', E'abc\n');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', E'\xc3\xa4bc');
-- dashes do not count
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'v4@people.example', '-----');
\set VERBOSITY default

-- guards: the settings of codes are checked where they are written
\set VERBOSITY sqlstate
INSERT INTO rf_campaign (slug, name, code_length) VALUES ('codes-short', 'x', 5);
INSERT INTO rf_campaign (slug, name, code_length) VALUES ('codes-short', 'x', 33);
INSERT INTO rf_campaign (slug, name, code_prefix) VALUES ('codes-short', 'x', 'a b');
\set VERBOSITY default

-- guards: the link of a code, shown as its owner wrote it
-- (the code's own dashes stay, the place holder wins over ref)
INSERT INTO rf_campaign (slug, name, landing_url) VALUES
	('codes-link-1', 'x', NULL),
	('codes-link-2', 'x', 'https://shop.example/'),
	('codes-link-3', 'x', 'https://shop.example/?utm=x'),
	('codes-link-4', 'x', 'https://shop.example/#top'),
	('codes-link-5', 'x', 'https://shop.example/?utm=x#top'),
	('codes-link-6', 'x', 'https://shop.example/i/{code}/welcome'),
	('codes-link-7', 'x', 'https://shop.example/?invite={code}&utm=x');
INSERT INTO rf_participant (campaign_id, email, code)
SELECT id, 'ann@people.example', 'Ann-' || slug FROM rf_campaign WHERE slug LIKE 'codes-link-%';
SELECT c.landing_url, rf_link(p.code_key)
FROM rf_campaign c JOIN rf_participant p ON p.campaign_id = c.id
WHERE c.slug LIKE 'codes-link-%'
ORDER BY c.slug;
SELECT rf_link('NO-SUCH-CODE');
\echo :SQLSTATE
SELECT rf_link(NULL) IS NULL AS no_code;
