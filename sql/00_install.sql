-- The extension installs, and its catalog is clean. Every later file uses the
-- extension created here. A server that does not preload the library says so
-- in a WARNING, which is the business of test/t.
SET client_min_messages = error;
CREATE EXTENSION referral;
RESET client_min_messages;

-- guards: only a superuser installs it, into a schema that is then fixed
SELECT superuser, trusted, relocatable, requires
FROM pg_available_extension_versions
WHERE name = 'referral' AND installed;

-- What belongs to the extension; the sequence of an identity column is part of
-- that column, and the row type of a table, which PostgreSQL 17 lists, of that table.
CREATE TEMPORARY TABLE member AS
	SELECT d.classid, d.objid, o.type, o.name, o.identity
	FROM pg_depend d,
		LATERAL pg_identify_object(d.classid, d.objid, 0) o
	WHERE d.refclassid = 'pg_extension'::regclass
		AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'referral')
		AND d.classid <> 'pg_type'::regclass
		AND d.deptype = 'e';
CREATE TEMPORARY TABLE identity_sequence AS
	SELECT d.objid, d.refobjid, d.refobjsubid
	FROM pg_depend d
	WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refobjsubid > 0
		AND d.objid IN (SELECT objid FROM member WHERE type = 'sequence');

SELECT DISTINCT type FROM member ORDER BY type;

-- guards: every object has a comment
SELECT identity
FROM member
WHERE obj_description(objid, classid::regclass::name) IS NULL
	AND objid NOT IN (SELECT objid FROM identity_sequence)
ORDER BY identity;

-- guards: every column of a table has a comment (those that LIKE copied, too)
SELECT m.name, a.attname
FROM member m
JOIN pg_attribute a ON a.attrelid = m.objid AND a.attnum > 0 AND NOT a.attisdropped
WHERE m.type = 'table' AND col_description(m.objid, a.attnum) IS NULL
ORDER BY m.name, a.attnum;

-- guards: no name lacks the prefix, nor does that of a constraint, index or trigger
SELECT identity FROM member WHERE identity !~ '^(public\.)?rf_'
UNION ALL
SELECT conname FROM pg_constraint WHERE conrelid IN (SELECT objid FROM member) AND conname !~ '^rf_'
UNION ALL
SELECT indexrelid::regclass::text FROM pg_index
WHERE indrelid IN (SELECT objid FROM member) AND indexrelid::regclass::text !~ '^rf_'
UNION ALL
SELECT tgname FROM pg_trigger
WHERE tgrelid IN (SELECT objid FROM member) AND NOT tgisinternal AND tgname !~ '^rf_';

-- guards: every table and sequence goes into a dump, whole but for what we ship
SELECT m.name, m.type
FROM member m
WHERE m.type IN ('table', 'sequence')
	AND m.objid NOT IN (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'referral')
ORDER BY m.name;
SELECT DISTINCT unnest(extcondition) AS condition FROM pg_extension WHERE extname = 'referral';

-- guards: PUBLIC has nothing but the function that an index needs of whoever inserts
SELECT identity
FROM member
WHERE type = 'function' AND has_function_privilege('public', objid, 'EXECUTE')
ORDER BY identity;
SELECT name
FROM member
WHERE type IN ('table', 'view')
	AND has_table_privilege('public', objid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
ORDER BY name;

-- guards: C and SQL only, and nothing runs as its owner with the caller's search path
SELECT m.identity, l.lanname
FROM member m
JOIN pg_proc p ON p.oid = m.objid AND m.type = 'function'
JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('c', 'sql') OR (p.prosecdef AND p.proconfig IS NULL)
ORDER BY 1;

-- guards: nothing is created at run time, so nothing is unlogged or partitioned
SELECT m.name, c.relkind, c.relpersistence
FROM member m
JOIN pg_class c ON c.oid = m.objid
WHERE m.type = 'table' AND (c.relkind <> 'r' OR c.relpersistence <> 'p');

-- guards: no foreign keys: a parallel restore loads the tables in any order
SELECT conrelid::regclass AS "table", conname
FROM pg_constraint
WHERE contype = 'f' AND conrelid IN (SELECT objid FROM member);

-- guards: ids are the engine's
SELECT s.refobjid::regclass AS "table", a.attname, a.attidentity
FROM identity_sequence s
JOIN pg_attribute a ON a.attrelid = s.refobjid AND a.attnum = s.refobjsubid
ORDER BY s.refobjid::regclass::text COLLATE "C";

-- guards: caches learn of every change of what they hold, TRUNCATE too
SELECT tgrelid::regclass AS "table"
FROM pg_trigger
WHERE tgfoid = 'rf_programme_changed'::regproc
	AND pg_get_triggerdef(oid) LIKE '% AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON %'
ORDER BY tgrelid::regclass::text COLLATE "C";

-- guards: a new database knows its home
SELECT count(*), bool_and(home > 0) AS drawn, rf_home_status() AS here FROM rf_home;

DROP TABLE member, identity_sequence;
