-- The life of a reward (design 5.17; hold and clock: 5.10, 5.25).
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('life', 'Life') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold, auto_issue) VALUES
	(:campaign, '1 at once', 'referrer', 'invited_qualifies', 1, 'USD', '0', true),
	(:campaign, '2 by hand', 'referrer', 'invited_qualifies', 2, 'USD', '0', false),
	(:campaign, '3 held', 'referrer', 'invited_qualifies', 3, 'USD', '14 days', true),
	(:campaign, '4 held, by hand', 'referrer', 'invited_qualifies', 4, 'USD', '1 month', false);
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'LIFE-ANN', NULL, '2024-01-01'),
	(:campaign, 'bob@people.example', 'LIFE-BOB', 'LIFE-ANN', '2024-01-01'),
	(:campaign, 'cyd@people.example', 'LIFE-CYD', 'LIFE-ANN', '2024-01-01');
CREATE VIEW life AS
	SELECT s.rule, s.state, s.reason, r.reference,
		r.issued_at IS NOT NULL AS issued, r.fulfilled_at IS NOT NULL AS fulfilled
	FROM rf_reward_status s JOIN rf_reward r ON r.id = s.reward_id
	WHERE s.code = 'LIFE-ANN' AND s.earned_by = 'LIFE-BOB'
	ORDER BY s.rule COLLATE "C";

-- guards 5.17: where a grant begins: held ones pending, others due or, by
-- themselves, issued
SELECT changed, rewards FROM rf_qualify('LIFE-BOB');
SELECT * FROM life;
SELECT s.rule, rule.hold, s.due_at = s.earned_at + rule.hold AS held
FROM rf_reward_status s
JOIN rf_reward_rule rule ON rule.campaign_id = :campaign AND rule.name = s.rule
WHERE s.earned_by = 'LIFE-BOB'
ORDER BY s.rule COLLATE "C";

-- guards 5.10: a hold that was over when the event is told is no hold
SELECT changed, rewards FROM rf_qualify('LIFE-CYD', occurred_at => '2024-02-01');
SELECT s.rule, s.state, s.due_at FROM rf_reward_status s WHERE s.earned_by = 'LIFE-CYD' ORDER BY rule COLLATE "C";

-- guards 5.17, 5.25: rf_tick ends holds by the domain's clock, not before
SELECT rf_tick() IS NOT NULL AS ticked;
SELECT * FROM life WHERE rule LIKE '%held%';
SET referral.clock_offset = '13 d';
SELECT rf_tick() IS NOT NULL AS ticked;
SELECT * FROM life WHERE rule LIKE '%held%';
SET referral.clock_offset = '15 d';
SELECT rf_tick() IS NOT NULL AS ticked;
SELECT * FROM life;
SELECT rf_tick() AS again;
SET referral.clock_offset = '32 d';
SELECT rf_tick() IS NOT NULL AS ticked;
SELECT * FROM life;
RESET referral.clock_offset;

SELECT max(reward_id) FILTER (WHERE rule = '1 at once') AS r1, max(reward_id) FILTER (WHERE rule = '2 by hand') AS r2,
	max(reward_id) FILTER (WHERE rule = '3 held') AS r3, max(reward_id) FILTER (WHERE rule = '4 held, by hand') AS r4
FROM rf_reward_status WHERE earned_by = 'LIFE-BOB' \gset

-- guards 5.17: issued -> fulfilled, with a reference
SELECT rf_fulfill(:r1, 'payment 7');
-- guards 5.17: due -> issued -> failed -> issued -> fulfilled
SELECT rf_issue(:r2);
SELECT rf_fail(:r2, 'account closed');
SELECT * FROM life WHERE rule = '2 by hand';
SELECT rf_issue(:r2);
SELECT rf_fulfill(:r2);
-- guards 5.17: failed -> cancelled, due -> cancelled
SELECT rf_fail(:r3, 'no address');
SELECT rf_cancel(:r3, 'gave up');
SELECT rf_cancel(:r4);
SELECT rule, state, reference, issued, fulfilled FROM life;

-- guards 5.17: a wrong step is an error, and changes nothing
\set VERBOSITY sqlstate
SELECT rf_issue(:r1);
SELECT rf_fulfill(:r1);
SELECT rf_fail(:r1);
SELECT rf_cancel(:r1);
SELECT rf_issue(:r4);
SELECT rf_fulfill(:r4);
SELECT rf_fail(:r4);
SELECT rf_cancel(:r4);
\set VERBOSITY default
SELECT replace(:'LAST_ERROR_MESSAGE', :'r4', 'N') AS message;
SELECT rule, state FROM life;

-- guards 5.17: one step for many: all of them or none
SELECT array_agg(reward_id ORDER BY reward_id) FILTER (WHERE state = 'issued') AS issued,
	array_agg(reward_id ORDER BY reward_id) FILTER (WHERE state = 'due') AS due,
	array_agg(reward_id ORDER BY reward_id) AS all
FROM rf_reward_status WHERE earned_by = 'LIFE-CYD' \gset
\set VERBOSITY sqlstate
SELECT rf_issue(:'all'::bigint[]);
\set VERBOSITY default
SELECT rule, state FROM rf_reward_status WHERE earned_by = 'LIFE-CYD' ORDER BY rule COLLATE "C";
SELECT rf_issue(:'due'::bigint[]);
SELECT rf_fulfill(:'issued'::bigint[], 'batch 1');
SELECT rf_fail(:'due'::bigint[], 'bank closed');
SELECT rf_cancel(:'due'::bigint[], 'bank closed for good');
SELECT rule, state, reason FROM rf_reward_status WHERE earned_by = 'LIFE-CYD' ORDER BY rule COLLATE "C";
SELECT rf_issue('{}'::bigint[]);

-- guards: rewards that do not exist
SELECT rf_issue(-1);
\echo :SQLSTATE
SELECT rf_issue(ARRAY[-1, NULL]::bigint[]);
\echo :SQLSTATE
SELECT rf_issue(NULL::bigint);
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_issue(NULL::bigint[]);
SELECT rf_fulfill(NULL::bigint);
SELECT rf_fail(NULL::bigint);
SELECT rf_cancel(NULL::bigint[]);
\set VERBOSITY default

DROP VIEW life;
