-- Spend that qualifies: min_spend, the window it is counted in, and refunds that
-- take the qualification back.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- guards: the currency of a campaign is one of ISO 4217, min_spend a finite sum in it
\set VERBOSITY sqlstate
INSERT INTO rf_campaign (slug, name, min_spend) VALUES ('spend-x', 'X', 50);
INSERT INTO rf_campaign (slug, name, min_spend, currency) VALUES ('spend-x', 'X', 'NaN', 'USD');
INSERT INTO rf_campaign (slug, name, min_spend, currency) VALUES ('spend-x', 'X', 0, 'USD');
\set VERBOSITY default
INSERT INTO rf_campaign (slug, name, min_spend, currency) VALUES ('spend-x', 'X', 50, 'XXX');
\echo :SQLSTATE

INSERT INTO rf_campaign (slug, name, min_spend, currency) VALUES ('spend', 'Spend', 100, 'USD')
RETURNING id AS spend \gset
UPDATE rf_campaign SET currency = 'DOLLAR' WHERE id = :spend;
UPDATE rf_campaign SET currency = 'ZZZ' WHERE id = :spend;
\echo :SQLSTATE
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue) VALUES
	(:spend, 'each', 'referrer', 'invited_qualifies', 10, 'USD', false);
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :spend, p || '@people.example', 'SPEND-' || upper(p), CASE WHEN p <> 'ann' THEN 'SPEND-ANN' END, '2024-01-01'
FROM unnest('{ann,bob,cyd,dee,eve,fay}'::text[]) AS p;

-- guards: what is below min_spend is recorded and qualifies nobody
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-BOB', 60, external_id => 'b1', occurred_at => '2024-02-01');
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-BOB', 39.99, external_id => 'b2', occurred_at => '2024-02-02');
-- guards: reaching it exactly does, at the time of the purchase that reached it
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-BOB', 0.01, external_id => 'b3', occurred_at => '2024-02-03');
SELECT code, state, qualified_at, qualified_count FROM rf_participant
WHERE code IN ('SPEND-ANN', 'SPEND-BOB') ORDER BY code;
SELECT earned_by, amount, state, earned_at FROM rf_reward_status WHERE campaign_id = :spend;
-- guards: more spend does not qualify again
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-BOB', 500, occurred_at => '2024-02-04');

-- guards: rf_qualify is the manual decision, whatever min_spend says; its amount is a purchase too
SELECT state, changed, rewards FROM rf_qualify('SPEND-CYD', 5);
SELECT p.code, u.amount, u.currency, u.external_id, u.refunded
FROM rf_purchase u JOIN rf_participant p ON p.id = u.participant_id WHERE p.code = 'SPEND-CYD';
-- already qualified: nothing is recorded
SELECT state, changed, rewards FROM rf_qualify('SPEND-CYD', 7);
SELECT count(*) FROM rf_purchase u JOIN rf_participant p ON p.id = u.participant_id WHERE p.code = 'SPEND-CYD';

-- guards: a refund that takes net spend below min_spend takes the qualification back
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-DEE', 70, external_id => 'd1');
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-DEE', 80, external_id => 'd2');
SELECT state, changed, rewards FROM rf_record_refund('spend', 'd1', 50, 'r1');
SELECT state, changed, rewards FROM rf_record_refund('spend', 'd1', 0.01, 'r2');
SELECT earned_by, amount, state, reason FROM rf_reward_status WHERE earned_by = 'SPEND-DEE';
SELECT qualified_count FROM rf_participant WHERE code = 'SPEND-ANN';
-- and the next purchase qualifies anew
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-DEE', 0.01, external_id => 'd3');
SELECT r.generation, r.state FROM rf_reward r JOIN rf_participant p ON p.id = r.subject_id WHERE p.code = 'SPEND-DEE' ORDER BY r.id;

-- guards: who never reached it (a manual qualification) does not fall below it
SELECT state, changed, rewards FROM rf_record_purchase('SPEND-CYD', 20, external_id => 'c1');
SELECT state, changed, rewards FROM rf_record_refund('spend', 'c1');
-- guards: after a manual unqualification it is the next purchase that qualifies
SELECT state FROM rf_unqualify('SPEND-BOB');
SELECT state, changed, rewards FROM rf_record_refund('spend', 'b1', 1, 'r1');
SELECT state, changed FROM rf_record_purchase('SPEND-BOB', 1);

-- guards: the window: what lies outside is recorded and does not count
INSERT INTO rf_campaign (slug, name, min_spend, currency, qualify_within) VALUES ('spend-window', 'Window', 100, 'EUR', '30 days')
RETURNING id AS window \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :window, p || '@people.example', 'SWIN-' || upper(p), CASE WHEN p <> 'ann' THEN 'SWIN-ANN' END, '2024-01-01'
FROM unnest('{ann,bob,cyd}'::text[]) AS p;
SELECT state, changed, rewards FROM rf_record_purchase('SWIN-BOB', 200, external_id => 'late', occurred_at => '2024-01-31');
SELECT state, changed, rewards FROM rf_record_purchase('SWIN-BOB', 200, external_id => 'early', occurred_at => '2023-12-31 23:59:59.999999');
SELECT state, changed, rewards FROM rf_record_purchase('SWIN-BOB', 99.99, external_id => 'first', occurred_at => '2024-01-01');
SELECT state, changed, rewards FROM rf_record_purchase('SWIN-BOB', 0.01, external_id => 'last', occurred_at => '2024-01-30 23:59:59.999999');
SELECT qualified_at FROM rf_participant WHERE code = 'SWIN-BOB';
-- guards: a refund of what lies outside takes nothing back
SELECT state, changed FROM rf_record_refund('spend-window', 'late');
SELECT state, changed FROM rf_record_refund('spend-window', 'early');
SELECT state, changed FROM rf_record_refund('spend-window', 'last');
-- guards: pending again, and the window is over: the next tick says so; spend in
-- the window still qualifies
SELECT rf_tick() > 0 AS expired;
SELECT state FROM rf_participant WHERE code = 'SWIN-BOB';
SELECT state, changed FROM rf_record_purchase('SWIN-BOB', 1, occurred_at => '2024-01-30');
SELECT state, changed FROM rf_record_purchase('SWIN-CYD', 100, occurred_at => '2024-01-15');

-- guards: other currencies are refused where the campaign has one
SELECT rf_record_purchase('SWIN-CYD', 5, 'USD');
\echo :SQLSTATE

-- guards: policy keep keeps the rewards, not the qualification
INSERT INTO rf_campaign (slug, name, min_spend, currency, on_unqualify) VALUES ('spend-keep', 'Keep', 10, 'USD', 'keep')
RETURNING id AS keep \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, auto_issue) VALUES
	(:keep, 'each', 'referrer', 'invited_qualifies', 10, 'USD', false);
INSERT INTO rf_webhook (campaign_id, url, events, state) VALUES (:keep, 'https://hooks.example/', '{*}', 'paused');
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:keep, 'ann@people.example', 'SKEEP-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:keep, 'bob@people.example', 'SKEEP-BOB', 'SKEEP-ANN');
SELECT state, rewards FROM rf_record_purchase('SKEEP-BOB', 12, external_id => 'k1');
SELECT state, changed, rewards FROM rf_record_refund('spend-keep', 'k1', 3);
SELECT state, reason FROM rf_reward_status WHERE campaign_id = :keep;
SELECT type FROM rf_event WHERE campaign_id = :keep ORDER BY id;

-- guards: the session's time zone decides nothing
SET timezone = 'Pacific/Auckland';
INSERT INTO rf_campaign (slug, name, min_spend, currency, qualify_within) VALUES ('spend-zone', 'Zone', 10, 'USD', '1 mon')
RETURNING id AS zone \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
SELECT :zone, p || '@people.example', 'SZONE-' || upper(p), CASE WHEN p <> 'ann' THEN 'SZONE-ANN' END, '2024-01-31 12:00:00+00'
FROM unnest('{ann,bob,cyd}'::text[]) AS p;
SELECT state FROM rf_record_purchase('SZONE-BOB', 10, occurred_at => '2024-02-29 11:59:59+00');
SELECT state FROM rf_record_purchase('SZONE-CYD', 10, occurred_at => '2024-02-29 12:00:00+00');
SET timezone = 'America/Los_Angeles';
SELECT state FROM rf_record_purchase('SZONE-CYD', 10, occurred_at => '2024-02-29 12:00:00+00');
SELECT state FROM rf_record_purchase('SZONE-CYD', 10, occurred_at => '2024-02-29 11:59:59+00');
