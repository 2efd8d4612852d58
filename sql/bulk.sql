-- Many people in one statement (design 5.3, 5.5, 5.7, 5.12; issue 2, part 3).
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('bulk', 'Bulk'), ('bulk-too', 'Bulk too');
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('bulk-capped', 'Bulk, capped', 3);
SELECT id AS campaign FROM rf_campaign WHERE slug = 'bulk' \gset
SELECT id AS other FROM rf_campaign WHERE slug = 'bulk-too' \gset
SELECT id AS capped FROM rf_campaign WHERE slug = 'bulk-capped' \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES
	(:campaign, 'ann@people.example', 'BULK-ANN'),
	(:capped, 'cap@people.example', 'BULK-CAP'),
	(:capped, 'nocap@people.example', 'BULK-NOCAP');

-- guards: one bad row fails the statement, wherever it stands
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES
	(:campaign, 'b1@people.example', 'BULK-ANN'),
	(:campaign, 'b2@people.example', 'NO-SUCH'),
	(:campaign, 'b3@people.example', 'BULK-ANN');
\echo :SQLSTATE
SELECT count(*), sum(invited_count) FROM rf_participant WHERE campaign_id = :campaign;

-- guards: more rows than one portion; the count is right, everybody is attributed
INSERT INTO rf_participant (campaign_id, email, referred_by)
SELECT :campaign, 'p' || i || '@people.example', CASE WHEN i % 5 > 0 THEN 'BULK-ANN' END
FROM generate_series(1, 2500) AS i;
SELECT invited_count FROM rf_participant WHERE code = 'BULK-ANN';
SELECT state, source, count(*) FROM rf_participant WHERE campaign_id = :campaign GROUP BY 1, 2 ORDER BY 1;

-- guards: one statement for people of two campaigns, referrers among them
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'c1@people.example', 'BULK-C1', NULL),
	(:campaign, 'c2@people.example', 'BULK-C2', 'BULK-C1'),
	(:other, 'c1@people.example', 'BULK-D1', NULL),
	(:campaign, 'c3@people.example', 'BULK-C3', 'BULK-C2'),
	(:other, 'c2@people.example', 'BULK-D2', 'BULK-D1'),
	(:campaign, 'c4@people.example', 'BULK-C4', 'BULK-C1');
SELECT p.code, p.state, p.invited_count, r.code AS referrer
FROM rf_participant p LEFT JOIN rf_participant r ON r.id = p.referrer_id
WHERE p.code ~ '^BULK-[CD][0-9]' ORDER BY p.code COLLATE "C";

-- guards: COPY, with referrers among its rows. It needs the id of a campaign,
-- which is the column's default for this test.
ALTER TABLE rf_participant ALTER campaign_id SET DEFAULT :campaign;
COPY rf_participant (email, code, referred_by, joined_at) FROM stdin;
k1@people.example	BULK-K1	\N	2024-01-01 00:00+00
k2@people.example	BULK-K2	bulk-k1	\N
k3@people.example	BULK-K3	BULK K2	2024-01-03 00:00+00
k4@people.example	BULK-K4	BULK-ANN	\N
\.
SELECT p.code, p.state, p.invited_count, r.code AS referrer, (p.joined_at AT TIME ZONE 'UTC')::date < '2024-02-01' AS given
FROM rf_participant p LEFT JOIN rf_participant r ON r.id = p.referrer_id
WHERE p.code LIKE 'BULK-K_' ORDER BY p.code COLLATE "C";

-- guards: a COPY with a bad row leaves nothing
\set VERBOSITY sqlstate
COPY rf_participant (email, referred_by) FROM stdin;
k5@people.example	BULK-K1
k1@people.example	BULK-K2
\.
COPY rf_participant (email, referred_by) FROM stdin;
k5@people.example	BULK-K1
k6@people.example	NO-SUCH
\.
\set VERBOSITY default
SELECT invited_count FROM rf_participant WHERE code = 'BULK-K1';
ALTER TABLE rf_participant ALTER campaign_id DROP DEFAULT;

-- guards: ON CONFLICT DO NOTHING drops who is there, counts who is new, once
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'c4@people.example', 'BULK-X1', 'BULK-C3'),
	(:campaign, 'x2@people.example', 'BULK-X2', 'BULK-C3'),
	(:campaign, 'X2@people.example', 'BULK-X3', 'BULK-C3')
ON CONFLICT (campaign_id, email_key) DO NOTHING
RETURNING code;
SELECT invited_count FROM rf_participant WHERE code = 'BULK-C3';
-- the bare form drops doubled codes, too
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'x4@people.example', 'BULK-X2', 'BULK-C3'),
	(:campaign, 'x5@people.example', 'BULK-X5', 'BULK-C3')
ON CONFLICT DO NOTHING
RETURNING code;
SELECT invited_count FROM rf_participant WHERE code = 'BULK-C3';
-- nobody new at all
INSERT INTO rf_participant (campaign_id, email, referred_by)
VALUES (:campaign, 'x2@people.example', 'BULK-C3')
ON CONFLICT (campaign_id, email_key) DO NOTHING;
SELECT invited_count FROM rf_participant WHERE code = 'BULK-C3';

-- guards: a statement without rows
INSERT INTO rf_participant (campaign_id, email) SELECT :campaign, 'nobody@people.example' WHERE false;

-- guards 5.7: a cap holds within one statement, exactly
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES
	(:capped, 'm1@people.example', 'BULK-CAP'),
	(:capped, 'm2@people.example', 'BULK-CAP'),
	(:capped, 'm3@people.example', 'BULK-CAP'),
	(:capped, 'm4@people.example', 'BULK-CAP');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES
	(:capped, 'm1@people.example', 'BULK-CAP'),
	(:capped, 'm2@people.example', 'BULK-CAP');
-- rows that ON CONFLICT drops take no place
INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES
	(:capped, 'm1@people.example', 'BULK-CAP'),
	(:capped, 'm2@people.example', 'BULK-CAP'),
	(:capped, 'm3@people.example', 'BULK-CAP')
ON CONFLICT (campaign_id, email_key) DO NOTHING;
SELECT code, invited_count FROM rf_participant WHERE code = 'BULK-CAP';

-- guards 5.7: rf_import fills up to the cap and reports the rest
SELECT * FROM rf_import('bulk-capped', rows => '[
	{"email": "n1@people.example", "referred_by": "BULK-NOCAP"},
	{"email": "n2@people.example", "referred_by": "BULK-NOCAP"},
	{"email": "n2@people.example", "referred_by": "BULK-NOCAP"},
	{"email": "n3@people.example", "referred_by": "BULK-NOCAP"},
	{"email": "n4@people.example", "referred_by": "BULK-NOCAP"}]');
SELECT code, invited_count FROM rf_participant WHERE code = 'BULK-NOCAP';

-- guards: ON CONFLICT DO UPDATE joins who is new and changes who is there
INSERT INTO rf_participant (campaign_id, email, name, code, referred_by) VALUES
	(:campaign, 'x2@people.example', 'X two', NULL, 'BULK-C4'),
	(:campaign, 'u1@people.example', 'U one', 'BULK-U1', 'BULK-C4')
ON CONFLICT (campaign_id, email_key) DO UPDATE SET name = excluded.name
RETURNING name, code, referred_by, state;
-- guards: MERGE does the same
MERGE INTO rf_participant p
USING (VALUES ('x2@people.example', 'BULK-U1'), ('u2@people.example', 'BULK-U1')) AS v (email, referred_by)
ON p.campaign_id = :campaign AND p.email_key = v.email
WHEN MATCHED THEN UPDATE SET name = 'merged'
WHEN NOT MATCHED THEN INSERT (campaign_id, email, referred_by) VALUES (:campaign, v.email, v.referred_by);
SELECT code, invited_count FROM rf_participant WHERE code IN ('BULK-C4', 'BULK-U1') ORDER BY id;
SELECT name FROM rf_participant WHERE campaign_id = :campaign AND email_key = 'x2@people.example';

-- guards: failures that are caught leave nothing behind
DO $$
BEGIN
	FOR i IN 1..6 LOOP
		BEGIN
			INSERT INTO rf_participant (campaign_id, email, referred_by)
			SELECT id, 'v' || i || j || CASE WHEN i % 3 = 0 AND j = 2 THEN '' ELSE '@people.example' END, 'BULK-U1'
			FROM rf_campaign, generate_series(1, 3) AS j WHERE slug = 'bulk';
		EXCEPTION WHEN invalid_parameter_value THEN NULL;
		END;
	END LOOP;
END $$;
SELECT code, invited_count FROM rf_participant WHERE code = 'BULK-U1';

-- guards 5.12: counts go on from one portion of a statement to the next
INSERT INTO rf_campaign (slug, name) VALUES ('bulk-rewarded', 'Bulk, rewarded') RETURNING id AS rewarded \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, amount, unit)
VALUES (:rewarded, 'every 400', 'referrer', 'invited_joins', 400, 1, 'USD');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:rewarded, 'ann@people.example', 'BULK-REW');
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :rewarded, 'p' || i || '@people.example', 'BULKREW-' || i, 'BULK-REW' FROM generate_series(1, 2500) AS i;
SELECT ordinal, earned_by FROM rf_reward_status WHERE rule = 'every 400' ORDER BY ordinal;

-- guards: two INSERTs in one query
WITH first AS (
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
	VALUES (:campaign, 'w1@people.example', 'BULK-W1', 'BULK-C4') RETURNING id)
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :campaign, 'w2@people.example', 'BULK-W2', 'BULK-C4' FROM first;
SELECT invited_count FROM rf_participant WHERE code = 'BULK-C4';

-- guards: a join inside another table's trigger, and a join inside a join's RETURNING
CREATE TABLE bulk_account (email text, invited_by text);
CREATE FUNCTION bulk_account_join() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM rf_join(''bulk'', new.email, referred_by => new.invited_by); RETURN new; END';
CREATE TRIGGER bulk_account_join AFTER INSERT ON bulk_account
FOR EACH ROW EXECUTE FUNCTION bulk_account_join();
INSERT INTO bulk_account VALUES ('y1@people.example', 'BULK-W1'), ('y2@people.example', 'BULK-W1');
SELECT invited_count FROM rf_participant WHERE code = 'BULK-W1';
INSERT INTO bulk_account VALUES ('y3@people.example', 'BULK-W1'), ('y4@people.example', 'NO-SUCH');
\echo :SQLSTATE
SELECT count(*) FROM bulk_account;
DROP TABLE bulk_account;
DROP FUNCTION bulk_account_join();
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
VALUES (:campaign, 'z1@people.example', 'BULK-Z1', 'BULK-W2')
RETURNING code, (rf_join('bulk', 'z2@people.example', referred_by => 'BULK-W2')).created;
SELECT invited_count FROM rf_participant WHERE code = 'BULK-W2';

-- guards 5.7: after all that, every count is that of the people there are
SELECT p.code
FROM rf_participant p
WHERE p.campaign_id IN (:campaign, :other, :capped)
	AND p.invited_count <> (SELECT count(*) FROM rf_participant c WHERE c.referrer_id = p.id);
