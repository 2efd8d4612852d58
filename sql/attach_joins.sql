-- rf_attach_joins: the rows of an application's own table join (design 4.2;
-- issue 3, item 9).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_owner, regress_rf_writer;
RESET client_min_messages;
INSERT INTO rf_campaign (slug, name) VALUES ('attach', 'Attach') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'attach: each', 'referrer', 'invited_joins', 1, 'EUR');
CREATE VIEW attach_people AS
	SELECT p.code, p.email, p.name, p.source, p.state, r.code AS referrer, p.invited_count
	FROM rf_participant p LEFT JOIN rf_participant r ON r.id = p.referrer_id
	WHERE p.campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'attach');
CREATE TABLE users (
	id int GENERATED ALWAYS AS IDENTITY,
	mail varchar(200),
	"Full Name" text,
	ref text,
	own_code char(12),
	addr text,
	extra json,
	created timestamp,
	other int);

-- guards: attaching makes two triggers, which tell the mapping
SELECT rf_attach_joins('users', 'attach', email => 'mail', name => 'Full Name', referred_by => 'ref',
	code => 'own_code', ip => 'addr', meta => 'extra', joined_at => 'created');
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'users'::regclass ORDER BY tgname;

-- guards: INSERT of one row, of many, of a referrer and their people at once; COPY;
-- values of other types become those of a participant; what is empty counts as null
INSERT INTO users (mail, "Full Name", ref, own_code) VALUES ('ann@people.example', 'Ann', '', 'ATT-ANN');
INSERT INTO users (mail, "Full Name", ref, own_code, addr, extra, created) VALUES
	('bob@people.example', 'Bob', 'att-ann', 'ATT-BOB', '192.0.2.1', '{"plan": "pro"}', '2024-01-01 10:00'),
	(NULL, 'nobody', 'ATT-ANN', NULL, NULL, NULL, NULL),
	('', 'nobody either', 'ATT-ANN', NULL, NULL, NULL, NULL),
	('cyd@people.example', NULL, 'ATT-BOB', 'ATT-CYD', NULL, NULL, NULL);
COPY users (mail, ref, own_code) FROM stdin;
dee@people.example	ATT-ANN	ATT-DEE
eve@people.example	\N	ATT-EVE
\N	\N	\N
\.
SELECT * FROM attach_people ORDER BY code;
SELECT ip, meta, joined_at FROM rf_participant WHERE code = 'ATT-BOB';
SELECT code, rule, amount, earned_by FROM rf_reward_status WHERE rule = 'attach: each' ORDER BY code, earned_by;
SELECT count(*) FROM rf_unmatched;

-- guards: an UPDATE that completes a row, once; any other does not call us
INSERT INTO users (mail, ref, own_code) VALUES (NULL, 'ATT-ANN', 'ATT-FAY');
UPDATE users SET mail = 'fay@people.example' WHERE own_code = 'ATT-FAY';
UPDATE users SET mail = 'fay2@people.example', other = 1 WHERE own_code = 'ATT-FAY';
UPDATE users SET other = 2;
SELECT code, email, state, referrer FROM attach_people WHERE code = 'ATT-FAY';
-- guards: first use wins: a code that comes later is told
UPDATE users SET ref = 'ATT-ANN' WHERE own_code = 'ATT-EVE';
SELECT target, reason, sqlstate, "row" FROM rf_unmatched ORDER BY id;
DELETE FROM rf_unmatched;

-- guards: what cannot be credited is recorded, and the application's row is there
INSERT INTO users (mail, "Full Name", ref, own_code, addr, extra) VALUES
	('u1@people.example', NULL, 'NO-SUCH', NULL, NULL, NULL),
	('no-at-sign', NULL, NULL, NULL, NULL, NULL),
	('u2@people.example', NULL, NULL, NULL, 'nowhere', NULL),
	('u3@people.example', NULL, NULL, NULL, NULL, '[1]'),
	('u4@people.example', NULL, NULL, 'ATT-ANN', NULL, NULL),
	('good@people.example', NULL, 'ATT-ANN', 'ATT-GOOD', NULL, NULL),
	('bob@people.example', NULL, 'ATT-ANN', NULL, NULL, NULL),
	('bob@people.example', NULL, NULL, NULL, NULL, NULL);
SELECT reason, sqlstate, "row" FROM rf_unmatched ORDER BY id;
SELECT count(*) FROM users WHERE mail ~ '^u\d@';
SELECT code, referrer FROM attach_people WHERE code = 'ATT-GOOD';
DELETE FROM rf_unmatched;

-- guards: while the campaign is not open, only those with a code are told
UPDATE rf_campaign SET state = 'paused' WHERE id = :campaign;
INSERT INTO users (mail, ref) VALUES ('p1@people.example', NULL), ('p2@people.example', 'ATT-ANN');
UPDATE rf_campaign SET state = 'live' WHERE id = :campaign;
SELECT reason, sqlstate, "row"->>'mail' AS mail FROM rf_unmatched ORDER BY id;
DELETE FROM rf_unmatched;

-- guards: what the transaction undoes was never there
BEGIN;
INSERT INTO users (mail, ref) VALUES ('r1@people.example', 'ATT-ANN'), ('r2@people.example', 'NO-SUCH');
ROLLBACK;
SELECT count(*) FROM attach_people WHERE email LIKE 'r_@people.example';
SELECT count(*) FROM rf_unmatched;

-- guards: on_mismatch => 'error'; attaching again replaces
SELECT rf_attach_joins('users', 'attach', email => 'mail', referred_by => 'ref', code => 'own_code', on_mismatch => 'error');
INSERT INTO users (mail, ref) VALUES ('e1@people.example', 'ATT-ANN'), ('e2@people.example', 'NO-SUCH');
\echo :SQLSTATE
INSERT INTO users (mail) VALUES ('ann@people.example');
SELECT count(*) FROM users WHERE mail LIKE 'e_@people.example';
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'users'::regclass;

-- guards: one table, two campaigns, one of them with a slug as long as slugs are
INSERT INTO rf_campaign (slug, name) VALUES (repeat('Long.slug-', 6) || 'end', 'Long') RETURNING id AS long, slug \gset
SELECT rf_attach_joins('users', :'slug', email => 'mail');
INSERT INTO users (mail, ref, own_code) VALUES ('two@people.example', 'ATT-ANN', 'ATT-TWO');
SELECT campaign_id = :campaign AS attach, campaign_id = :long AS long FROM rf_participant WHERE email_key = 'two@people.example' ORDER BY id;
SELECT count(*), bool_and(length(tgname) <= 63) AS fits FROM pg_trigger WHERE tgrelid = 'users'::regclass;

-- guards: detaching takes all of it away
SELECT rf_detach('users'), rf_detach('users') AS again;
INSERT INTO users (mail, ref) VALUES ('gone@people.example', 'ATT-ANN');
SELECT count(*) FROM attach_people WHERE email = 'gone@people.example';
SELECT rf_detach(NULL);

-- guards: a column that is renamed or dropped is an error with a remedy
SELECT rf_attach_joins('users', 'attach', email => 'mail', referred_by => 'ref');
ALTER TABLE users RENAME mail TO email;
INSERT INTO users (email) VALUES ('x1@people.example');
\echo :SQLSTATE
SELECT rf_attach_joins('users', 'attach', email => 'email', referred_by => 'ref', name => 'Full Name');
INSERT INTO users (email, own_code) VALUES ('x1@people.example', 'ATT-X1');
ALTER TABLE users DROP COLUMN "Full Name";
INSERT INTO users (email) VALUES ('x2@people.example');
INSERT INTO users (other) VALUES (3);
ALTER TABLE users DROP COLUMN ref;
DROP TABLE users;

-- guards: partitions: by the parent, by name, below each other, added later, UPDATE
CREATE TABLE parts (kind int, mail text, ref text, own_code text) PARTITION BY LIST (kind);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2, 3) PARTITION BY LIST (kind);
CREATE TABLE parts_2_2 (own_code text, dropped int, ref text, kind int, mail text);
ALTER TABLE parts_2_2 DROP COLUMN dropped;
ALTER TABLE parts_2 ATTACH PARTITION parts_2_2 FOR VALUES IN (2);
SELECT rf_attach_joins('parts', 'attach', email => 'mail', referred_by => 'ref', code => 'own_code');
INSERT INTO parts VALUES (1, 'pa@people.example', 'ATT-ANN', 'PART-A'), (2, 'pb@people.example', 'ATT-ANN', 'PART-B');
INSERT INTO parts_1 VALUES (1, 'pc@people.example', 'ATT-ANN', 'PART-C');
INSERT INTO parts_2 VALUES (2, 'pd@people.example', 'ATT-ANN', 'PART-D');
INSERT INTO parts_2_2 (kind, mail, own_code) VALUES (2, 'pe@people.example', 'PART-E'), (2, NULL, 'PART-F');
UPDATE parts SET mail = 'pf@people.example' WHERE own_code = 'PART-F';
SELECT code, state FROM attach_people WHERE code LIKE 'PART-%' ORDER BY code;
SELECT * FROM rf_unattached_partition;
CREATE TABLE parts_2_3 PARTITION OF parts_2 FOR VALUES IN (3);
SELECT * FROM rf_unattached_partition;
SELECT unattached_partitions FROM rf_status;
INSERT INTO parts VALUES (3, 'pg@people.example', 'ATT-ANN', 'PART-G');
INSERT INTO parts_2_3 VALUES (3, 'ph@people.example', 'ATT-ANN', 'PART-H');
SELECT rf_attach_joins('parts', 'attach', email => 'mail', referred_by => 'ref', code => 'own_code');
INSERT INTO parts_2_3 VALUES (3, 'pi@people.example', 'ATT-ANN', 'PART-I');
SELECT unattached_partitions FROM rf_status;
SELECT code, state FROM attach_people WHERE code > 'PART-F' AND code LIKE 'PART-%' ORDER BY code;
SELECT rf_detach('parts');
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'rf_attached_joins'::regproc;
DROP TABLE parts;

-- guards: children by inheritance
CREATE TABLE base (mail text, own_code text);
CREATE TABLE derived (more int) INHERITS (base);
SELECT rf_attach_joins('base', 'attach', email => 'mail', code => 'own_code');
INSERT INTO derived VALUES ('ia@people.example', 'INH-A', 1), (NULL, 'INH-B', 2);
UPDATE base SET mail = 'ib@people.example' WHERE own_code = 'INH-B';
SELECT code FROM attach_people WHERE code LIKE 'INH-%' ORDER BY code;
SELECT rf_detach('base');
DROP TABLE base CASCADE;

-- guards: an application role that may only INSERT into its own table
CREATE ROLE regress_rf_owner;
CREATE ROLE regress_rf_writer;
GRANT CREATE ON SCHEMA public TO regress_rf_owner;
SELECT rf_grant('regress_rf_owner', 'operator');
SET ROLE regress_rf_owner;
CREATE TABLE members (mail text, ref text, own_code text);
GRANT INSERT ON members TO regress_rf_writer;
SELECT rf_attach_joins('members', 'attach', email => 'mail', referred_by => 'ref', code => 'own_code');
SET ROLE regress_rf_writer;
INSERT INTO members VALUES ('wa@people.example', 'ATT-ANN', 'WRITE-A'), ('wb@people.example', 'NO-SUCH', NULL);
\set VERBOSITY sqlstate
SELECT rf_attach_joins('members', 'attach', email => 'mail');
SELECT rf_detach('members');
SELECT * FROM rf_unmatched;
SET ROLE regress_rf_owner;
-- nobody attaches a table of another
SELECT rf_attach_joins('pg_class', 'attach', email => 'relname');
SELECT rf_attach_joins('rf_participant', 'attach', email => 'email');
\set VERBOSITY default
SELECT reason, "row" FROM rf_unmatched;
DELETE FROM rf_unmatched;
RESET ROLE;
SELECT code, referrer FROM attach_people WHERE code LIKE 'WRITE-%';
-- guards: the row's own policies do not hide it from us
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
CREATE POLICY members_write ON members FOR INSERT WITH CHECK (true);
SET ROLE regress_rf_writer;
INSERT INTO members VALUES ('wc@people.example', 'ATT-ANN', 'WRITE-C');
RESET ROLE;
SELECT code, referrer FROM attach_people WHERE code = 'WRITE-C';

-- guards: a campaign that has another slug now, or is gone, fails no INSERT: each
-- row is recorded, or raised where that was asked for
INSERT INTO rf_campaign (slug, name) VALUES ('attach-gone', 'Gone');
CREATE TABLE strays (mail text, ref text);
SELECT rf_attach_joins('strays', 'attach-gone', email => 'mail', referred_by => 'ref');
UPDATE rf_campaign SET slug = 'attach-moved' WHERE slug = 'attach-gone';
INSERT INTO strays VALUES ('one@people.example', NULL), (NULL, NULL), ('two@people.example', 'X');
SELECT "row", reason, sqlstate FROM rf_unmatched WHERE target = 'public.strays' ORDER BY id;
UPDATE rf_campaign SET slug = 'attach-gone' WHERE slug = 'attach-moved';
INSERT INTO strays VALUES ('one@people.example', NULL);
SELECT count(*) AS joined FROM rf_participant p JOIN rf_campaign c ON c.id = p.campaign_id WHERE c.slug = 'attach-gone';
UPDATE rf_campaign SET slug = 'attach-moved' WHERE slug = 'attach-gone';
SELECT rf_detach('strays');
SELECT rf_attach_joins('strays', 'attach-moved', email => 'mail', on_mismatch => 'error');
UPDATE rf_campaign SET slug = 'attach-gone' WHERE slug = 'attach-moved';
INSERT INTO strays VALUES ('six@people.example', NULL);
\echo :SQLSTATE
DROP TABLE strays;
DELETE FROM rf_unmatched WHERE target = 'public.strays';

-- guards: what cannot be attached
SELECT rf_attach_joins('rf_participant', 'attach', email => 'email');
\echo :SQLSTATE
\set VERBOSITY sqlstate
CREATE VIEW members_view AS SELECT * FROM members;
CREATE TABLE odd (mail text, mails text[], price money, at time, ref text);
SELECT rf_attach_joins('members_view', 'attach', email => 'mail');
SELECT rf_attach_joins('odd', 'no-such-campaign', email => 'mail');
SELECT rf_attach_joins('odd', NULL, email => 'mail');
SELECT rf_attach_joins('odd', 'attach', email => NULL);
SELECT rf_attach_joins(NULL, 'attach', email => 'mail');
SELECT rf_attach_joins(0, 'attach', email => 'mail');
SELECT rf_detach(0);
SELECT rf_attach_joins('odd', 'attach', email => 'no_such_column');
SELECT rf_attach_joins('odd', 'attach', email => 'ctid');
SELECT rf_attach_joins('odd', 'attach', email => 'mails');
SELECT rf_attach_joins('odd', 'attach', email => 'mail', joined_at => 'at');
SELECT rf_attach_joins('odd', 'attach', email => 'mail', on_mismatch => 'ignore');
SELECT rf_attach_joins('odd', 'attach', email => 'mail', on_mismatch => NULL);
CREATE TRIGGER by_hand BEFORE INSERT ON odd FOR EACH ROW EXECUTE FUNCTION rf_attached_joins('email=mail');
INSERT INTO odd (mail) VALUES ('x');
\set VERBOSITY default
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'odd'::regclass;
DROP VIEW members_view;
DROP TABLE members, odd;
DROP VIEW attach_people;
REVOKE ALL ON SCHEMA public FROM regress_rf_owner;
DROP OWNED BY regress_rf_owner, regress_rf_writer;
DROP ROLE regress_rf_owner, regress_rf_writer;
