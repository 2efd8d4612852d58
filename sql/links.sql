-- Links that are followed: where they lead, and how often (design 8). Over HTTP:
-- test/t/330_links.pl.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name, state, landing_url, fallback_url, starts_at, ends_at) VALUES
	('links-live', 'Live', 'live', 'https://shop.example/', 'https://shop.example/sorry', NULL, NULL),
	('links-paused', 'Paused', 'paused', 'https://shop.example/', 'https://shop.example/sorry', NULL, NULL),
	('links-draft', 'Draft', 'live', 'https://shop.example/', 'https://shop.example/sorry', NULL, NULL),
	('links-early', 'Not begun', 'live', 'https://shop.example/', 'https://shop.example/sorry', NULL, NULL),
	('links-late', 'Over', 'live', 'https://shop.example/', 'https://shop.example/sorry', NULL, NULL),
	('links-ended', 'Ended', 'live', 'https://shop.example/', 'https://shop.example/sorry', NULL, NULL),
	('links-end', 'Ended without a fallback', 'live', 'https://shop.example/', NULL, NULL, NULL),
	('links-bare', 'No page', 'live', NULL, NULL, NULL, NULL),
	('links-only', 'No page but the fallback', 'live', NULL, 'https://shop.example/sorry', NULL, NULL);
UPDATE rf_campaign SET state = 'live' WHERE slug = 'links-paused';
INSERT INTO rf_participant (campaign_id, email, code)
SELECT id, 'ann@people.example', 'Ann-' || slug FROM rf_campaign WHERE slug LIKE 'links-%';
UPDATE rf_campaign SET state = 'paused' WHERE slug = 'links-paused';
UPDATE rf_campaign SET state = 'draft' WHERE slug = 'links-draft';
UPDATE rf_campaign SET starts_at = now() + interval '1 day' WHERE slug = 'links-early';
UPDATE rf_campaign SET ends_at = now() - interval '1 day' WHERE slug = 'links-late';
UPDATE rf_campaign SET state = 'ended' WHERE slug IN ('links-ended', 'links-end');

-- guards: a link leads on while its campaign is live or paused, else to the
-- fallback; it counts where it leads on, even if only the application knows whereto
SELECT c.slug, rf_click(p.code, '192.0.2.1', 'browser')
FROM rf_campaign c JOIN rf_participant p ON p.campaign_id = c.id
WHERE c.slug LIKE 'links-%' ORDER BY c.slug COLLATE "C";
SELECT c.slug, k.clicks, k.visitors, octet_length(k.visitor) AS bytes
FROM rf_campaign c JOIN rf_click k ON k.campaign_id = c.id
WHERE c.slug LIKE 'links-%' ORDER BY c.slug COLLATE "C";

-- guards: codes are compared as everywhere, and what cannot be one is nobody's
SELECT code, rf_click(code) AS leads_to FROM unnest(ARRAY['ann-links-live', 'ANN LINKS LIVE', 'annlinkslive',
	'--a n n-links-live', 'NO-SUCH-CODE', '', ' ', '-', E'ANN-LINKS-LIVE\r\nX: y', 'ann%', repeat('x', 65),
	chr(196) || 'NNLINKSLIVE', NULL]) AS code;

-- guards: who is held may be followed, who is blocked may not, nor who was erased
SELECT id AS live FROM rf_campaign WHERE slug = 'links-live' \gset
INSERT INTO rf_fraud_rule (campaign_id, signal, action, threshold, "within") VALUES (:live, 'same_ip', 'hold', 2, '1 day');
INSERT INTO rf_participant (campaign_id, email, code, ip, referred_by) VALUES
	(:live, 'one@people.example', 'LINKS-ONE', '192.0.2.7', 'Ann-links-live'),
	(:live, 'two@people.example', 'LINKS-TWO', '192.0.2.7', 'Ann-links-live'),
	(:live, 'held@people.example', 'LINKS-HELD', '192.0.2.7', 'Ann-links-live'),
	(:live, 'gone@people.example', 'LINKS-GONE', NULL, NULL);
SELECT (rf_block(id, 'test')).state FROM rf_participant WHERE code = 'LINKS-ONE';
SELECT id AS gone FROM rf_participant WHERE code = 'LINKS-GONE' \gset
SELECT rf_erase(:gone);
SELECT code, state, rf_click(code) FROM rf_participant WHERE code IN ('LINKS-ONE', 'LINKS-HELD') ORDER BY code;
SELECT rf_click('LINKS-GONE') AS old_code, rf_click(code) AS new_code FROM rf_participant WHERE id = :gone;
SELECT count(*) FROM rf_click WHERE participant_id = :gone;
DELETE FROM rf_fraud_rule WHERE campaign_id = :live;

-- guards: the same landing page as rf_link's, made fit for a header: nothing that
-- is no URL, no line end, spaces and letters beyond ASCII in their encoded form
INSERT INTO rf_campaign (slug, name, landing_url) VALUES
	('to-01', 'x', 'https://shop.example/?utm=x#top'),
	('to-02', 'x', 'https://shop.example/i/{code}/welcome?c={code}'),
	('to-03', 'x', 'https://{code}.shop.example'),
	('to-04', 'x', E'  https://shop.example/\r\n'),
	('to-05', 'x', E'https://shop.example/\r\nSet-Cookie: a=b'),
	('to-06', 'x', 'https://shop.example/a b?q="<x>"'),
	('to-07', 'x', 'https://sh' || chr(246) || 'p.example/' || chr(8364)),
	('to-08', 'x', 'HTTP://[::1]:8080/%7Euser/?a=[]&b=''c'''),
	('to-09', 'x', 'javascript:alert(1)'),
	('to-10', 'x', '//evil.example/'),
	('to-11', 'x', '/local'),
	('to-12', 'x', 'https:///no-host'),
	('to-13', 'x', 'https://'),
	('to-14', 'x', ''),
	('to-15', 'x', 'data:text/html,https://shop.example/'),
	('to-16', 'x', E'java\nscript:alert(1)'),
	('to-17', 'x', E'ht\ntps://shop.example/\x01'),
	('to-18', 'x', 'https://shop.example/' || repeat('{code}', 330));
INSERT INTO rf_participant (campaign_id, email, code)
SELECT id, 'bob@people.example', 'Bob-' || repeat(slug, CASE slug WHEN 'to-18' THEN 10 ELSE 1 END)
FROM rf_campaign WHERE slug LIKE 'to-%';
SELECT c.slug, rf_click(p.code)
FROM rf_campaign c JOIN rf_participant p ON p.campaign_id = c.id
WHERE c.slug LIKE 'to-%' ORDER BY c.slug COLLATE "C";
-- the fallback too
UPDATE rf_campaign SET fallback_url = 'javascript:alert(1)' WHERE slug = 'links-ended';
SELECT rf_click('ann-links-ended');

-- guards: a visitor is an address with a browser, told apart within a day and link,
-- however the address is written; nothing of either is kept
SELECT id AS ann FROM rf_participant WHERE code = 'Ann-links-live' \gset
DELETE FROM rf_click;
SELECT rf_click('ANN-LINKS-LIVE', a, b) IS NOT NULL FROM (VALUES
	('192.0.2.1'::inet, 'one'), ('192.0.2.1/24', 'one'), ('192.0.2.1', 'two'), ('192.0.2.2', 'one'),
	(NULL, 'one'), ('192.0.2.1', NULL), ('192.0.2.1', ''), (NULL, NULL),
	('2001:db8::1', 'one'), ('2001:db8:0:0::1', 'one'), ('192.0.2.1', repeat('long ', 10000))) AS v (a, b);
SELECT clicks, count(*) FROM rf_click GROUP BY 1 ORDER BY 1;
SELECT rf_click('LINKS-TWO', '192.0.2.1', 'one') IS NOT NULL;
SELECT count(DISTINCT visitor), count(*) FROM rf_click;

-- guards: the first 10,000 of a link and day, about, are told apart; the others are one
SELECT day AS today, campaign_id AS campaign FROM rf_click LIMIT 1 \gset
BEGIN;
DELETE FROM rf_click;
INSERT INTO rf_click (campaign_id, participant_id, day, visitor, clicks)
SELECT :campaign, :ann, :'today', decode(md5(i::text), 'hex'), 1 FROM generate_series(1, 12000) i;
SELECT rf_click('ANN-LINKS-LIVE', '192.0.2.1', i::text) IS NOT NULL FROM generate_series(1, 3) i;
SELECT count(*), sum(clicks), min(octet_length(visitor)) FROM rf_click;
SELECT clicks, visitors FROM rf_click WHERE visitor = '';
SELECT reach, clicks FROM rf_campaign_stats WHERE campaign_id = :campaign;

-- guards: when the day has been over for an hour, its rows become one; statistics
-- and export say what they said
SELECT count(*) AS salts FROM rf_click_salt;
SELECT rf_tick() >= 0 AS ticks;
SELECT count(*) AS rows, (SELECT count(*) FROM rf_click_salt) AS salts FROM rf_click;
SELECT extract(epoch FROM (:'today'::date + 1)::timestamp AT TIME ZONE 'UTC' - now())::int AS to_midnight \gset
SELECT set_config('referral.clock_offset', (:to_midnight + 1800)::text, false) IS NOT NULL AS half_past_midnight;
SELECT rf_tick() >= 0 AS ticks;
SELECT count(*) AS rows FROM rf_click;
SELECT day - :'today'::date AS day FROM rf_click_salt ORDER BY day;
SELECT rf_click('ANN-LINKS-LIVE', '192.0.2.1', '1') IS NOT NULL;
SELECT set_config('referral.clock_offset', (:to_midnight + 3660)::text, false) IS NOT NULL AS after_one;
SELECT sum(rf_tick()) > 0 AS ticks FROM generate_series(1, 20);
SELECT day - :'today'::date AS day, octet_length(visitor) AS bytes, clicks, visitors FROM rf_click ORDER BY day;
SELECT sum(reach) AS reach, sum(clicks) AS clicks FROM rf_daily_stats WHERE campaign_id = :campaign AND day = :'today';
SELECT (rf_export(:ann) #> '{clicks,0}') - 'day' AS exported;
-- what comes late is added
INSERT INTO rf_click (campaign_id, participant_id, day, visitor, clicks) VALUES (:campaign, :ann, :'today', '\x0123', 5);
SELECT rf_tick() > 0 AS ticks;
SELECT clicks, visitors FROM rf_click WHERE day = :'today';
ROLLBACK;
SHOW referral.clock_offset;

-- guards: what was rolled back is no salt for anybody
DELETE FROM rf_click;
DELETE FROM rf_click_salt;
SELECT set_config('referral.clock_offset', (86400 * 40)::text, false) IS NOT NULL AS later;
BEGIN;
SELECT rf_click('ANN-LINKS-LIVE', '192.0.2.1', 'one') IS NOT NULL;
SAVEPOINT here;
SELECT rf_click('ANN-LINKS-LIVE', '192.0.2.1', 'one') IS NOT NULL;
SELECT visitor AS rolled_back FROM rf_click \gset
ROLLBACK;
SELECT rf_click('ANN-LINKS-LIVE', '192.0.2.1', 'one') IS NOT NULL;
SELECT visitor <> :'rolled_back' AS another_salt, clicks FROM rf_click;
SELECT rf_click('ANN-LINKS-LIVE', '192.0.2.1', 'one') IS NOT NULL;
SELECT clicks FROM rf_click;
RESET referral.clock_offset;

-- guards: applications call it and see no salt; a transaction that only reads says so
CREATE ROLE regress_rf_links_app;
SELECT rf_grant('regress_rf_links_app', 'app');
SET ROLE regress_rf_links_app;
SELECT rf_click('ANN-LINKS-LIVE');
\set VERBOSITY sqlstate
SELECT count(*) FROM rf_click_salt;
SELECT count(*) FROM rf_click;
RESET ROLE;
BEGIN READ ONLY;
SELECT rf_click('ANN-LINKS-LIVE');
ROLLBACK;
\set VERBOSITY default
DROP OWNED BY regress_rf_links_app;
DROP ROLE regress_rf_links_app;

-- leave no clicks to other files
DELETE FROM rf_click;
DELETE FROM rf_click_salt;
