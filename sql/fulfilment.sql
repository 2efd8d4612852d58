-- Rewards that endpoints give (design 4.1): what the worker noted of deliveries is
-- told to rewards. It is written by hand here.
\set SHOW_CONTEXT never

-- guards: what is noted of deliveries is told to rewards: fulfilled with the
-- reference, even where it had failed; failed with the error; nothing where it was issued anew
BEGIN;
INSERT INTO rf_campaign (slug, name) VALUES ('replay-gifts', 'Gifts') RETURNING id AS campaign \gset
INSERT INTO rf_webhook (campaign_id, url, fulfills) VALUES (:campaign, 'https://gifts.example/', true) RETURNING id AS gifts \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, 'each', 'invited', 'invited_joins', 10, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@people.example', 'RG-ANN', NULL),
	(:campaign, 'bob@people.example', 'RG-BOB', 'RG-ANN'),
	(:campaign, 'cid@people.example', 'RG-CID', 'RG-ANN'),
	(:campaign, 'dan@people.example', 'RG-DAN', 'RG-ANN'),
	(:campaign, 'eve@people.example', 'RG-EVE', 'RG-ANN');
CREATE TEMP VIEW gifts AS
	SELECT p.code, r.state, r.reason, r.reference IS NOT DISTINCT FROM CASE WHEN r.state = 'fulfilled' THEN rf_message_id(e.home, e.id) END AS reference,
		r.fulfilled_at = r.changed_at AS at, r.id, e.id AS event_id, e.created_at
	FROM rf_reward r JOIN rf_participant p ON p.id = r.participant_id
	JOIN rf_event e ON e.reward_id = r.id AND e.type = 'reward.issued'
	WHERE p.campaign_id = :campaign ORDER BY p.code;
INSERT INTO rf_fulfilment (delivery_id, event_id, reward_id, issued_at, reference, ok, error)
	SELECT 1, event_id, g.id, g.created_at - n.late, rf_message_id(e.home, event_id), n.ok, n.error
	FROM gifts g JOIN rf_event e ON e.id = g.event_id
	JOIN (VALUES ('RG-BOB', true, interval '0', NULL), ('RG-CID', false, '0', 'HTTP status 402'),
		('RG-DAN', true, '0', NULL), ('RG-EVE', false, '1 day', 'issued again since')) AS n (code, ok, late, error) USING (code);
SELECT rf_fail(id, 'by hand') FROM gifts WHERE code = 'RG-DAN';
SELECT rf_tick() >= 4 AS done;
SELECT code, state, reason, reference, at FROM gifts;
SELECT e.type, p.code FROM rf_event e JOIN rf_participant p ON p.id = e.participant_id
WHERE e.campaign_id = :campaign AND e.type IN ('reward.fulfilled', 'reward.failed') ORDER BY e.id;
SELECT count(*) FROM rf_fulfilment f JOIN rf_reward r ON r.id = reward_id JOIN rf_participant p ON p.id = participant_id AND campaign_id = :campaign;
ROLLBACK;
