-- A campaign of :people, one in twenty of whom joined on their own; ten in a
-- hundred brought somebody, one in five qualified, and three rewards came of two
-- qualifications. Rows are written as a restore writes them: nothing follows.
CREATE EXTENSION referral;
INSERT INTO rf_campaign (slug, name) VALUES ('views', 'Views');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
	SELECT 1, 'rule ' || n, 'referrer', 'invited_qualifies', 10, 'USD' FROM generate_series(1, 4) n;

SET session_replication_role = replica;
INSERT INTO rf_participant (campaign_id, email, name, referred_by, source, code, joined_at, email_key,
	code_key, referrer_id, state, qualified_at, invited_count, qualified_count)
SELECT 1, email, 'Person ' || n, 'R' || referrer, CASE WHEN referrer IS NULL THEN 'Api' ELSE 'Referred' END,
	'R' || n, joined, email, 'R' || n, referrer,
	CASE WHEN referrer IS NULL THEN 'active' WHEN n % 5 = 0 THEN 'qualified' WHEN n % 101 = 0 THEN 'held'
		WHEN n % 103 = 0 THEN 'blocked' WHEN n % 7 = 0 THEN 'expired' ELSE 'pending' END,
	CASE WHEN referrer IS NOT NULL AND n % 5 = 0 THEN joined + n % 40 * interval '6 h' END, 0, 0
FROM (
	SELECT n, 'person' || n || '@example.com' AS email,
		timestamptz '2026-01-01 00:00+00' + n * (interval '1 year' / :people) AS joined,
		CASE WHEN n > 10 AND n % 20 <> 1
			THEN 1 + (n - 1) / 10 * (hashint4(n)::bigint & 65535) / 65536 * 10 END AS referrer
	FROM generate_series(1, :people) n
) s;
UPDATE rf_participant p SET invited_count = c.invited, qualified_count = c.qualified
FROM (
	SELECT referrer_id, count(*) FILTER (WHERE state IN ('pending', 'qualified', 'expired')) AS invited,
		count(*) FILTER (WHERE state = 'qualified') AS qualified
	FROM rf_participant
	GROUP BY referrer_id
) c
WHERE p.id = c.referrer_id;
INSERT INTO rf_reward (rule_id, participant_id, subject_id, metric, amount, unit, state, earned_at, due_at,
	issued_at, changed_at)
SELECT 1 + r, p.referrer_id, p.id, 'amount', 10, 'USD',
	('{pending,due,issued,issued,fulfilled,fulfilled,cancelled,rejected}'::text[])[1 + p.id % 8],
	p.qualified_at, p.qualified_at, p.qualified_at, p.qualified_at
FROM rf_participant p, generate_series(0, 1) r
WHERE p.state = 'qualified' AND (r = 0 OR p.id % 2 = 0);
INSERT INTO rf_click (campaign_id, participant_id, day, visitor, clicks)
SELECT 1, id, joined_at::date + v, decode(md5(v::text), 'hex'), 1 + v
FROM rf_participant, generate_series(0, 1) v
WHERE invited_count > 0;
RESET session_replication_role;
VACUUM ANALYZE;
