-- Who brought whom (design 5.2, 5.5).
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('attribution', 'Attribution') RETURNING id AS campaign \gset

-- guards 5.5: a referrer precedes their people in the same statement
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@people.example', 'ATTR-ANN', NULL),
	(:campaign, 'bob@people.example', 'ATTR-BOB', 'ATTR-ANN'),
	(:campaign, 'cyd@people.example', 'ATTR-CYD', 'ATTR-BOB'),
	(:campaign, 'dee@people.example', 'ATTR-DEE', 'ATTR-BOB');

-- guards: invited people refer in turn; the tree
SELECT t.depth, t.code, t.state, r.code AS referrer,
	(SELECT string_agg(p.code, ' > ' ORDER BY n)
	 FROM unnest(t.path) WITH ORDINALITY AS u (id, n) JOIN rf_participant p USING (id)) AS path
FROM rf_referral_tree t
LEFT JOIN rf_participant r ON r.id = t.referrer_id
WHERE t.campaign_id = :campaign
ORDER BY t.path;
SELECT code, invited_count FROM rf_participant WHERE campaign_id = :campaign ORDER BY id;

-- guards 5.5: one who comes later does not count as having been there
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'fay@people.example', 'ATTR-FAY', 'ATTR-EVE'),
	(:campaign, 'eve@people.example', 'ATTR-EVE', NULL);
\echo :SQLSTATE
SELECT count(*) FROM rf_participant WHERE campaign_id = :campaign;

-- guards 5.2, 5.5: who is in the campaign is never attributed anew, not by a join
SELECT created FROM rf_join('attribution', 'ann@people.example', referred_by => 'ATTR-DEE');
\set VERBOSITY sqlstate
INSERT INTO rf_participant (campaign_id, email, referred_by)
VALUES (:campaign, 'ann@people.example', 'ATTR-DEE');
-- nor by ON CONFLICT DO UPDATE
INSERT INTO rf_participant (campaign_id, email, referred_by)
VALUES (:campaign, 'ann@people.example', 'ATTR-DEE')
ON CONFLICT (campaign_id, email_key) DO UPDATE SET referred_by = excluded.referred_by;
-- nor by the owner's UPDATE
UPDATE rf_participant SET referred_by = 'ATTR-DEE' WHERE code = 'ATTR-ANN';
UPDATE rf_participant SET referrer_id = id + 1 WHERE code = 'ATTR-BOB';
\set VERBOSITY default
SELECT code, referred_by, state, invited_count FROM rf_participant WHERE campaign_id = :campaign ORDER BY id;

-- guards 5.2: first use wins also when the second comes in the same statement
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'gus@people.example', 'ATTR-GUS', 'ATTR-CYD'),
	(:campaign, 'GUS@people.example', 'ATTR-GUS-2', 'ATTR-DEE')
ON CONFLICT (campaign_id, email_key) DO NOTHING;
SELECT code, referred_by FROM rf_participant WHERE email_key = 'gus@people.example';
SELECT code, invited_count FROM rf_participant WHERE code IN ('ATTR-CYD', 'ATTR-DEE') ORDER BY id;
