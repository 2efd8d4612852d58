-- One clock: the transaction's start plus referral.clock_offset (design 5.25).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('clock', 'Clock', '30 days') RETURNING id AS campaign \gset
INSERT INTO rf_webhook (campaign_id, url) VALUES (:campaign, 'https://hooks.example/');
SHOW referral.clock_offset;

-- guards: joins, qualifications and events happen at that time
BEGIN;
SET LOCAL referral.clock_offset = '10 d';
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'ann@people.example', 'CLOCK-ANN')
RETURNING joined_at = now() + interval '10 days' AS joined;
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'bob@people.example', 'CLOCK-BOB', 'CLOCK-ANN');
SELECT changed FROM rf_qualify('CLOCK-BOB');
SELECT qualified_at = now() + interval '10 days' AS qualified FROM rf_participant WHERE code = 'CLOCK-BOB';
SELECT type, created_at = now() + interval '10 days' AS told FROM rf_event WHERE campaign_id = :campaign ORDER BY id;
COMMIT;

-- guards: the transaction's start, not the statement's
BEGIN;
SELECT count(*) FROM rf_campaign WHERE slug = 'clock';
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'cyd@people.example', 'CLOCK-CYD')
RETURNING joined_at = now() AS joined;
COMMIT;

-- guards: windows of qualification and of campaigns move with it
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'dee@people.example', 'CLOCK-DEE', 'CLOCK-CYD');
SET referral.clock_offset = '31 d';
\set VERBOSITY sqlstate
SELECT rf_qualify('CLOCK-DEE');
\set VERBOSITY default
SET referral.clock_offset = '29 d';
SELECT changed FROM rf_qualify('CLOCK-DEE');
UPDATE rf_campaign SET ends_at = now() + interval '1 day' WHERE id = :campaign;
\set VERBOSITY sqlstate
SELECT rf_join('clock', 'eve@people.example');
RESET referral.clock_offset;
\set VERBOSITY default
SELECT created FROM rf_join('clock', 'eve@people.example');

-- guards: what lies in the future is judged by it too
SET referral.clock_offset = '-1 d';
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, joined_at) VALUES (:campaign, 'fay@people.example', now());
\set VERBOSITY default
RESET referral.clock_offset;
DELETE FROM rf_webhook WHERE campaign_id = :campaign;
