-- Who is not let in: each check with its own SQLSTATE, in a fixed order, and
-- nothing written (design 5.3, 5.4).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('refusals', 'Refusals', 2)
RETURNING id AS campaign \gset
INSERT INTO rf_campaign (slug, name) VALUES ('refusals-too', 'Refusals too')
RETURNING id AS other \gset
INSERT INTO rf_campaign (slug, name, state) VALUES ('refusals-paused', 'Paused', 'live')
RETURNING id AS paused \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@people.example', 'REF-ANN', NULL),
	(:campaign, 'capped@people.example', 'REF-CAPPED', NULL),
	(:campaign, 'one@people.example', 'REF-ONE', 'REF-CAPPED'),
	(:campaign, 'two@people.example', 'REF-TWO', 'REF-CAPPED'),
	(:other, 'other@people.example', 'REF-OTHER', NULL),
	(:paused, 'pam@people.example', 'REF-PAM', NULL);
UPDATE rf_campaign SET state = 'paused' WHERE id = :paused;
-- Blocking people comes with a later version; a restored row may be blocked.
-- This one is capped as well.
INSERT INTO rf_participant (campaign_id, email, code, joined_at, email_key, code_key, state, invited_count, qualified_count)
VALUES (:campaign, 'blocked@people.example', 'REF-BLOCKED', '2024-01-01', 'blocked@people.example', 'REFBLOCKED', 'blocked', 2, 0);
CREATE TEMPORARY TABLE before AS TABLE rf_participant;

-- guards 5.3: RF001 campaign not open
INSERT INTO rf_participant (campaign_id, email) VALUES (:paused, 'new@people.example');
\echo :SQLSTATE

-- guards 5.3: RF002 unknown code; another campaign's code is unknown
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'new@people.example', 'NO-SUCH');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'new@people.example', 'REF-OTHER');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'new@people.example', '');
\echo :SQLSTATE

-- guards 5.3: RF003 self-referral, by the key of the e-mail
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'ANN@people.example', 'ref ann');
\echo :SQLSTATE

-- guards 5.3: RF006 referrer blocked
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'new@people.example', 'REF-BLOCKED');
\echo :SQLSTATE

-- guards 5.3: RF005 referrer capped
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'new@people.example', 'REF-CAPPED');
\echo :SQLSTATE

-- guards 5.3: the same through rf_join
\set VERBOSITY sqlstate
SELECT rf_join('refusals-paused', 'new@people.example');
SELECT rf_join('refusals', 'new@people.example', referred_by => 'NO-SUCH');
SELECT rf_join('refusals', 'new@people.example', referred_by => 'REF-BLOCKED');
SELECT rf_join('refusals', 'new@people.example', referred_by => 'REF-CAPPED');

-- guards 5.3: the order, two reasons at a time. Not open before unknown code:
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:paused, 'new@people.example', 'NO-SUCH');
-- not open before self-referral
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:paused, 'pam@people.example', 'REF-PAM');
-- not open before already a participant
INSERT INTO rf_participant (campaign_id, email) VALUES (:paused, 'pam@people.example');
-- unknown code before already a participant
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'ann@people.example', 'REF-OTHER');
-- self-referral before already a participant
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'ann@people.example', 'REF-ANN');
-- self-referral before referrer blocked, and before referrer capped
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'blocked@people.example', 'REF-BLOCKED');
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'capped@people.example', 'REF-CAPPED');
-- already a participant before referrer blocked, and before referrer capped
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'ann@people.example', 'REF-BLOCKED');
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (:campaign, 'ann@people.example', 'REF-CAPPED');
\set VERBOSITY default

-- guards 5.3: nothing was written
SELECT count(*) FROM (TABLE rf_participant EXCEPT TABLE before) AS changed;
SELECT count(*) FROM rf_event WHERE campaign_id IN (:campaign, :other, :paused);

-- guards 5.3: rf_import names the same reasons, in the same order
SELECT * FROM rf_import('refusals', rows => '[
	{"email": "new1@people.example", "referred_by": "NO-SUCH"},
	{"email": "new2@people.example", "referred_by": "REF-OTHER"},
	{"email": "ann@people.example", "referred_by": "REF-ANN"},
	{"email": "ann@people.example", "referred_by": "REF-BLOCKED"},
	{"email": "ann@people.example", "referred_by": "REF-CAPPED"},
	{"email": "new3@people.example", "referred_by": "REF-BLOCKED"},
	{"email": "new4@people.example", "referred_by": "REF-CAPPED"},
	{"email": "ann@people.example"}]');
SELECT * FROM rf_import('refusals-paused', rows => '[{"email": "new@people.example"}]');

-- guards 5.7: a cap that is lifted lets people in
UPDATE rf_campaign SET max_referrals = 3 WHERE id = :campaign;
SELECT created FROM rf_join('refusals', 'three@people.example', referred_by => 'REF-CAPPED');
\set VERBOSITY sqlstate
SELECT created FROM rf_join('refusals', 'four@people.example', referred_by => 'REF-CAPPED');
\set VERBOSITY default
SELECT code, invited_count FROM rf_participant WHERE code = 'REF-CAPPED';

-- guards 5.4: draft, paused and ended take nobody
INSERT INTO rf_campaign (slug, name, state) VALUES ('refusals-draft', 'Draft', 'draft'), ('refusals-ended', 'Ended', 'ended');
SELECT rf_join('refusals-draft', 'new@people.example');
\echo :SQLSTATE
SELECT rf_join('refusals-ended', 'new@people.example');
\echo :SQLSTATE

-- guards 5.4: a window begins at its first instant and ends before its last.
-- Inside a transaction now() is the domain's clock.
BEGIN;
INSERT INTO rf_campaign (slug, name, starts_at, ends_at) VALUES
	('refusals-opens', 'Opens now', now(), NULL),
	('refusals-opens-soon', 'Opens soon', now() + interval '1 microsecond', NULL),
	('refusals-closes', 'Closes now', NULL, now()),
	('refusals-closes-soon', 'Closes soon', now() - interval '1 day', now() + interval '1 microsecond');
SELECT created FROM rf_join('refusals-opens', 'new@people.example');
SELECT created FROM rf_join('refusals-closes-soon', 'new@people.example');
SAVEPOINT s;
SELECT created FROM rf_join('refusals-opens-soon', 'new@people.example');
\echo :SQLSTATE
ROLLBACK TO s;
SELECT created FROM rf_join('refusals-closes', 'new@people.example');
\echo :SQLSTATE
ROLLBACK TO s;
-- guards 5.4: time is never stored as a state
SELECT slug, state FROM rf_campaign WHERE slug ~ '^refusals-(opens|closes)' ORDER BY slug COLLATE "C";
ROLLBACK;

-- guards 5.4: joins are judged at arrival: an imported joined_at may precede the campaign
INSERT INTO rf_campaign (slug, name, starts_at) VALUES ('refusals-young', 'Young', now() - interval '1 hour')
RETURNING id AS young \gset
INSERT INTO rf_participant (campaign_id, email, joined_at)
VALUES (:young, 'old@people.example', '2020-01-01') RETURNING joined_at;

-- guards: a window has a length
\set VERBOSITY sqlstate
INSERT INTO rf_campaign (slug, name, starts_at, ends_at) VALUES ('refusals-never', 'x', '2024-01-02', '2024-01-02');
\set VERBOSITY default
DROP TABLE before;
