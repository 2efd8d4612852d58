-- rf_import: the good rows are taken, each refused one is returned with its
-- reason (design 4.2; issue 2, part 3).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('import', 'Import') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'ann@people.example', 'IMP-ANN');

-- guards: every kind of bad row, numbered as in the source, and the good ones among them
SELECT * FROM rf_import('import', rows => '[
	{"email": "Bob@people.example", "code": "IMP-BOB", "referred_by": "imp-ann", "name": "Bob", "source": "Import",
		"ip": "192.0.2.1", "meta": {"plan": "pro"}, "joined_at": "2024-01-01T00:00:00Z"},
	{"email": "bob@people.example"},
	{"email": "ANN@people.example"},
	{"email": "cyd@people.example", "code": "IMP-BOB"},
	{"email": null},
	{"name": "nobody"},
	{"email": "no-at-sign"},
	{"email": "cyd@people.example", "referred_by": "NO-SUCH"},
	{"email": "ann@people.example", "referred_by": "IMP-ANN"},
	{"email": "cyd@people.example", "code": "a b"},
	{"email": "cyd@people.example", "ip": "not an address"},
	{"email": "cyd@people.example", "meta": [1, 2]},
	{"email": "cyd@people.example", "meta": "text"},
	{"email": "cyd@people.example", "joined_at": "some day"},
	{"email": "cyd@people.example", "joined_at": "2999-01-01"},
	{"email": "cyd@people.example", "source": ""},
	{"email": "cyd\n@people.example"},
	{"email": "cyd@people.example", "name": "a\tb"},
	"cyd@people.example",
	["cyd@people.example"],
	null,
	{"email": "cyd@people.example", "code": "IMP-CYD", "referred_by": "IMP-BOB", "unknown": "is ignored"}]')
ORDER BY "row";

-- guards: what was taken
SELECT p.email, p.code, p.name, p.source, p.state, p.ip, p.meta, r.code AS referrer,
	CASE WHEN p.joined_at < '2025-01-01' THEN p.joined_at END AS joined_at
FROM rf_participant p LEFT JOIN rf_participant r ON r.id = p.referrer_id
WHERE p.campaign_id = :campaign ORDER BY p.id;
SELECT code, invited_count FROM rf_participant WHERE campaign_id = :campaign AND invited_count > 0 ORDER BY id;

-- guards: fields that are no text are read as text
SELECT * FROM rf_import('import', rows => '[{"email": "dee@people.example", "name": 42, "code": 12345}]');
SELECT name, code FROM rf_participant WHERE campaign_id = :campaign AND email_key = 'dee@people.example';

-- guards: all good, nothing at all
SELECT * FROM rf_import('import', rows => '[{"email": "eve@people.example"}]');
SELECT * FROM rf_import('import', rows => '[]');

-- guards: again: everybody is there already
SELECT "row", email, error FROM rf_import('import', rows => '[{"email": "dee@people.example"}, {"email": "eve@people.example"}]');

-- guards: what is no array, no campaign, no source
SELECT * FROM rf_import('import', rows => '{"email": "fay@people.example"}');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM rf_import('import', rows => '"fay@people.example"');
SELECT * FROM rf_import('import', rows => NULL);
SELECT * FROM rf_import('import', source => NULL);
SELECT * FROM rf_import('no-such-campaign', rows => '[]');
SELECT * FROM rf_import(NULL, rows => '[]');
SELECT * FROM rf_import('import', source => 'no_such_table');
\set VERBOSITY default

-- guards: a table, its columns by name, whatever else it has; rows in its order
CREATE TABLE import_staging (n int, email text, referred_by varchar(64), code text, joined_at text, ip text);
INSERT INTO import_staging VALUES
	(1, 'gus@people.example', 'IMP-ANN', 'IMP-GUS', '2024-02-01 00:00+00', '192.0.2.9'),
	(2, 'gus@people.example', 'IMP-ANN', NULL, NULL, NULL),
	(3, 'hal@people.example', 'IMP-GUS', 'IMP-HAL', NULL, NULL),
	(4, 'ida@people.example', 'IMP-GUS', 'IMP-IDA', NULL, 'nowhere'),
	(5, 'jon@people.example', 'IMP-IDA', NULL, NULL, NULL),
	(6, '', NULL, NULL, NULL, NULL);
SELECT * FROM rf_import('import', 'import_staging'::regclass) ORDER BY "row";
SELECT p.code, p.state, r.code AS referrer
FROM rf_participant p LEFT JOIN rf_participant r ON r.id = p.referrer_id
WHERE p.code IN ('IMP-GUS', 'IMP-HAL', 'IMP-IDA') ORDER BY p.id;

-- guards: a view, a name that needs quotes, a table in another schema
CREATE SCHEMA "import.schema";
CREATE VIEW "import.schema"."Sign Ups" AS
	SELECT 'kim@people.example' AS email, 'IMP-KIM' AS code, now() AS joined_at, '{"a": 1}'::jsonb AS meta
	UNION ALL SELECT 'IMP-LEE', NULL, NULL, NULL;
SELECT * FROM rf_import('import', '"import.schema"."Sign Ups"'::regclass);
SELECT email, meta FROM rf_participant WHERE code = 'IMP-KIM';
DROP VIEW "import.schema"."Sign Ups";
DROP SCHEMA "import.schema";

-- guards: more rows than one portion, bad ones in each
TRUNCATE import_staging;
INSERT INTO import_staging (n, email, referred_by)
SELECT i, CASE WHEN i % 700 = 0 THEN 'bad' ELSE 'many' || i || '@people.example' END, 'IMP-KIM'
FROM generate_series(1, 2500) AS i;
SELECT * FROM rf_import('import', 'import_staging'::regclass);
SELECT invited_count FROM rf_participant WHERE code = 'IMP-KIM';
SELECT count(*) AS refused, min(error), max(error) FROM rf_import('import', 'import_staging'::regclass);

-- guards: an import is one transaction with what surrounds it
BEGIN;
SELECT * FROM rf_import('import', rows => '[{"email": "lea@people.example", "referred_by": "IMP-KIM"}, {"email": "bad"}]');
ROLLBACK;
SELECT count(*) FROM rf_participant WHERE email_key = 'lea@people.example';

-- guards: a closed campaign refuses row by row
INSERT INTO rf_campaign (slug, name, state) VALUES ('import-draft', 'Draft', 'draft');
SELECT * FROM rf_import('import-draft', rows => '[{"email": "a@people.example"}, {"email": "b@people.example"}]');

-- guards: rewards of imported people are granted as if they had come by INSERT
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'import: each', 'referrer', 'invited_joins', 1, 'EUR');
SELECT * FROM rf_import('import', rows => '[
	{"email": "r1@people.example", "referred_by": "IMP-HAL"},
	{"email": "r1@people.example", "referred_by": "IMP-HAL"},
	{"email": "r2@people.example", "referred_by": "IMP-HAL"}]');
SELECT code, rule, amount, unit, count(*) FROM rf_reward_status WHERE rule = 'import: each' GROUP BY 1, 2, 3, 4;
DROP TABLE import_staging;
