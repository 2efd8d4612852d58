-- What waits for somebody's decision, and deciding on many at once.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
INSERT INTO rf_campaign (slug, name) VALUES ('approval', 'Approval') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue, hold) VALUES
	(:campaign, 'by hand', 'referrer', 'invited_qualifies', 10, 'USD', false, '0'),
	(:campaign, 'by itself', 'invited', 'invited_qualifies', 5, 'USD', true, '0'),
	(:campaign, 'held back', 'invited', 'invited_qualifies', 3, 'USD', false, '100 years');
INSERT INTO rf_participant (campaign_id, email, name, code, joined_at) VALUES (:campaign, 'ann@people.example', 'Ann', 'APPR-ANN', '2024-01-01');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :campaign, 'p' || n || '@people.example', 'APPR-P' || n, 'APPR-ANN', '2024-01-01' FROM generate_series(1, 6) n;
SELECT count(*) FROM generate_series(1, 6) n, rf_qualify('APPR-P' || n, occurred_at => '2024-02-08'::date - n);

-- guards: what is due and not issued by itself, oldest first
CREATE VIEW approval AS
	SELECT reward_id, rule, code, name, earned_by, amount, unit, state, why, due_at FROM rf_approval WHERE campaign_id = (SELECT id FROM rf_campaign WHERE slug = 'approval');
SELECT rule, code, name, earned_by, amount, unit, state, why FROM approval;

-- guards: many at once, straight from the view
SELECT rf_issue(array_agg(reward_id)) FROM (SELECT reward_id FROM approval LIMIT 4) s;
SELECT rf_fail(array_agg(reward_id), 'account closed') FROM rf_reward_status WHERE campaign_id = :campaign AND state = 'issued' AND rule = 'by hand' AND earned_by IN ('APPR-P6', 'APPR-P5');
-- failed ones wait again, with the reason
SELECT earned_by, state, why FROM approval;
SELECT rf_cancel(array_agg(reward_id), 'not worth it') FROM approval WHERE state = 'failed';
SELECT rf_fulfill(array_agg(reward_id), 'payout 7') FROM rf_reward_status WHERE campaign_id = :campaign AND state = 'issued';
SELECT earned_by, state, why FROM approval;
SELECT rule, state, reason, reference, count(*) FROM rf_reward_status WHERE campaign_id = :campaign GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3;

-- guards: all or none: one that is not due spoils the lot
\set VERBOSITY sqlstate
SELECT rf_issue(array_agg(reward_id)) FROM rf_reward_status WHERE campaign_id = :campaign AND state IN ('due', 'fulfilled');
\set VERBOSITY default
SELECT count(*) FROM approval;

-- guards: nothing waits: nothing is done
SELECT rf_issue(array_agg(reward_id)) FROM approval;
SELECT count(*) FROM approval;
DROP VIEW approval;
