-- The end of the time in which people can qualify (design 5.8, 5.10): who
-- expires, when, and what moves the end.
\set SHOW_CONTEXT never
SET timezone = 'Pacific/Auckland';
-- What earlier tests left must not be counted below.
SET referral.clock_offset = '400 d';
SELECT sum(rf_tick()) >= 0 AS drained FROM generate_series(1, 20);
RESET referral.clock_offset;
INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('windows', 'Windows', '1 month') RETURNING id AS campaign \gset
INSERT INTO rf_campaign (slug, name) VALUES ('windows-none', 'No windows') RETURNING id AS endless \gset
INSERT INTO rf_webhook (campaign_id, name, url, events) VALUES (:campaign, 'Listener', 'https://hooks.example/windows', '{invited.expired}');
INSERT INTO rf_participant (campaign_id, email, code) VALUES
	(:campaign, 'ann@win.example', 'WIN-ANN'), (:endless, 'ann@win.example', 'WINO-ANN');
CREATE VIEW windows AS
	SELECT p.code, p.state, w.ends_at IS NOT NULL AS can_expire,
		w.ends_at AT TIME ZONE 'UTC' - p.joined_at AT TIME ZONE 'UTC' AS length
	FROM rf_participant p LEFT JOIN rf_window w ON w.participant_id = p.id
	WHERE p.code LIKE 'WIN%-%' AND p.referrer_id IS NOT NULL
	ORDER BY p.code;
CREATE FUNCTION counts(OUT invited int, OUT qualified int) LANGUAGE sql AS
	$$SELECT invited_count, qualified_count FROM rf_participant WHERE code = 'WIN-ANN'$$;

-- guards: who joins with a code in a campaign with a window can expire, however
-- they come; who joins on their own, or where there is no window, cannot
SELECT created FROM rf_join('windows', 'bob@win.example', referred_by => 'WIN-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'cyd@win.example', 'WIN-CYD', 'WIN-ANN', '2024-01-31 12:00+00'),
	(:campaign, 'dee@win.example', 'WIN-DEE', 'WIN-ANN', '2024-02-01 12:00+00'),
	(:campaign, 'eve@win.example', 'WIN-EVE', 'WIN-ANN', '2024-02-02 12:00+00'),
	(:endless, 'bob@win.example', 'WINO-BOB', 'WINO-ANN', '2024-02-02 12:00+00');
SELECT count(*) FROM rf_window w JOIN rf_participant p ON p.id = w.participant_id WHERE p.campaign_id IN (:campaign, :endless);
-- guards: the end is reckoned in UTC, whatever the session's time zone: 31
-- January and a month is the 29 February
SELECT * FROM windows;

-- guards: who qualified in time never expires
SELECT state, changed FROM rf_qualify('WIN-EVE', occurred_at => '2024-02-10');
-- guards 5.8: a late call is refused and writes nothing; only the sweep says expired
SELECT rf_qualify('WIN-CYD');
\echo :SQLSTATE
SELECT state FROM rf_participant WHERE code = 'WIN-CYD';
SELECT rf_tick() AS expired;
SELECT * FROM windows;
SELECT rf_tick() AS again;
-- guards 5.7: expired people are still counted as invited
SELECT * FROM counts();
-- guards: the event tells who expired, and shows the referrer as they are
SELECT type, convert_from(payload, 'UTF8')::jsonb #>> '{data,participant,code}' AS code,
	convert_from(payload, 'UTF8')::jsonb #>> '{data,participant,state}' AS state,
	convert_from(payload, 'UTF8')::jsonb #>> '{data,referrer,code}' AS referrer,
	convert_from(payload, 'UTF8')::jsonb #>> '{data,referrer,invited_count}' AS invited
FROM rf_event WHERE campaign_id = :campaign ORDER BY id;

-- guards 5.8: a call that comes late but tells of a time inside the window
-- qualifies the expired person; the sweep leaves them alone
SELECT state, changed FROM rf_qualify('WIN-CYD', occurred_at => '2024-02-28');
SELECT rf_tick() AS expired;
SELECT code, state FROM windows WHERE code = 'WIN-CYD';

-- guards: unqualified within the window they can expire again, and after it they
-- do at the next sweep; whoever qualifies can expire no more
SET referral.clock_offset = '40 d';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'gus@win.example', 'WIN-GUS', 'WIN-ANN');
SELECT state FROM rf_qualify('WIN-GUS');
SELECT state, can_expire FROM windows WHERE code = 'WIN-GUS';
SELECT state FROM rf_unqualify('WIN-GUS', 'returned');
SELECT state, can_expire FROM windows WHERE code = 'WIN-GUS';
SELECT state FROM rf_qualify('WIN-GUS');
RESET referral.clock_offset;
SELECT state FROM rf_unqualify('WIN-EVE', 'returned');
SELECT rf_tick() AS expired;
SELECT * FROM windows WHERE code = 'WIN-EVE';
SELECT * FROM counts();

-- guards: a longer window opens for everybody who is still pending; who has
-- expired stays so
SET referral.clock_offset = '40 d';
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'hal@win.example', 'WIN-HAL', 'WIN-ANN');
RESET referral.clock_offset;
UPDATE rf_campaign SET qualify_within = '3650 days' WHERE id = :campaign;
SELECT * FROM windows;
-- guards: to the engine 12 months are not 360 days, although SQL says they are equal
UPDATE rf_campaign SET qualify_within = '12 months' WHERE id = :campaign;
UPDATE rf_campaign SET qualify_within = '360 days' WHERE id = :campaign;
SELECT DISTINCT length FROM windows WHERE can_expire;
-- guards: a shorter one is over for those whose time has passed
UPDATE rf_campaign SET qualify_within = '1 second' WHERE id = :campaign;
SET referral.clock_offset = '1 d';
SELECT rf_tick() AS expired;
SELECT code <> 'WIN-HAL' AS other, state, can_expire FROM windows WHERE state = 'pending' OR code = 'WIN-HAL' ORDER BY code;
RESET referral.clock_offset;
-- guards: without a window nobody expires any more; with one again they do
UPDATE rf_campaign SET qualify_within = NULL WHERE id = :campaign;
SELECT count(*) FROM windows WHERE can_expire;
SET referral.clock_offset = '400 d';
SELECT rf_tick() AS expired;
UPDATE rf_campaign SET qualify_within = '1 day' WHERE id = :campaign;
SELECT rf_tick() AS expired;
SELECT code, state FROM windows WHERE code IN ('WIN-HAL', 'WINO-BOB');
RESET referral.clock_offset;

-- guards: a change of something else leaves the windows alone
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ida@win.example', 'WIN-IDA', 'WIN-ANN');
SELECT w.ctid AS before FROM rf_window w JOIN rf_participant p ON p.id = w.participant_id WHERE p.code = 'WIN-IDA' \gset
UPDATE rf_campaign SET name = 'Windows again', qualify_within = qualify_within WHERE id = :campaign;
SELECT w.ctid = :'before' AS untouched FROM rf_window w JOIN rf_participant p ON p.id = w.participant_id WHERE p.code = 'WIN-IDA';

-- guards: rows stay within what a sweep takes: 1000 at a time
INSERT INTO rf_participant (campaign_id, email, referred_by, joined_at)
SELECT :campaign, 'n' || n || '@many.example', 'WIN-ANN', '2024-03-01' FROM generate_series(1, 1500) AS n;
SELECT rf_tick() AS first;
SELECT rf_tick() AS second;
SELECT rf_tick() AS third;
SELECT count(*) FROM rf_event WHERE campaign_id = :campaign AND type = 'invited.expired';
SELECT * FROM counts();

-- guards: one whose event cannot be written does not keep the others
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at, meta) VALUES
	(:campaign, 'jim@win.example', 'WIN-JIM', 'WIN-ANN', '2024-03-01', jsonb_build_object('x', repeat('x', 300000))),
	(:campaign, 'kim@win.example', 'WIN-KIM', 'WIN-ANN', '2024-03-01', '{}');
SET client_min_messages = error;
SELECT rf_tick() AS expired;
RESET client_min_messages;
SELECT code, state, can_expire FROM windows WHERE code IN ('WIN-JIM', 'WIN-KIM');
UPDATE rf_participant SET meta = '{}' WHERE code = 'WIN-JIM';
SELECT rf_tick() AS expired;
-- guards: who can expire no more has no row
SELECT count(*) FROM rf_window w JOIN rf_participant p ON p.id = w.participant_id WHERE p.state <> 'pending';
DROP VIEW windows;
DROP FUNCTION counts();

-- guards: rows of a dump that knew no windows get theirs when it is adopted
DELETE FROM rf_window;
SELECT rf_adopt_database();
SELECT count(*) > 0 AS some, bool_and(w.ends_at = p.joined_at + c.qualify_within) AS right,
	count(*) = (SELECT count(*) FROM rf_participant q JOIN rf_campaign d ON d.id = q.campaign_id
		WHERE q.state = 'pending' AND d.qualify_within IS NOT NULL) AS all
FROM rf_window w JOIN rf_participant p ON p.id = w.participant_id JOIN rf_campaign c ON c.id = p.campaign_id;
