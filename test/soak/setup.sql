-- Programme and endpoints of one database of the soak.
-- Variables: database, port.

CREATE EXTENSION referral;

INSERT INTO rf_campaign (slug, name) VALUES ('busy', 'Much happens'), ('rare', 'Little happens');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, hold) VALUES
	(1, 'Thanks', 'referrer', 'invited_qualifies', 'standard', 10, 'USD', '0'),
	(1, 'Later', 'invited', 'invited_qualifies', 'standard', 5, 'USD', '20 s'),
	(1, 'Steps', 'referrer', 'invited_qualifies', 'milestone', NULL, 'USD', '0'),
	(2, 'Thanks', 'referrer', 'invited_qualifies', 'standard', 10, 'USD', '0');
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (3, 1, 1), (3, 5, 5), (3, 50, 50), (3, 500, 500);

-- No delivery dies before the end: attempts take more than a quarter of an hour.
SELECT array_fill(interval '0', '{1}') || array_fill(interval '1 s', '{2}') ||
	array_fill(interval '3 s', '{7}') || array_fill(interval '25 s', '{40}') AS patient \gset

-- Names are the last part of the paths. What always fails hears of "rare" only.
INSERT INTO rf_webhook (name, campaign_id, events, format, method, fields, timeout, max_in_flight, url, retry_schedule)
SELECT name, campaign_id, events::text[], format, method, fields::jsonb, timeout::interval, max_in_flight,
	format('http://127.0.0.1:%s/%s/%s', :port + (name = 'close')::int, :'database', name),
	:'patient'::interval[]
FROM (VALUES
	('fast', NULL::int, '{*}', 'standard', 'POST', NULL, '15 s', 32),
	('also', NULL, '{*}', 'fields', 'POST', '{"who": "participant.email", "by": "referrer.code"}', '15 s', 16),
	('moody', NULL, '{referrer.*,invited.*}', 'standard', 'PUT', NULL, '2 s', 16),
	-- In one database it falls behind for good, so that the outbox grows from table to table.
	('slow', NULL, CASE :'database' WHEN 'shop' THEN '{*}' ELSE '{reward.*,invited.unqualified}' END,
		'standard', 'POST', NULL, '5 s', 8),
	('fail', NULL, '{invited.qualified}', 'form', 'POST', '{"code": "participant.code"}', '5 s', 8),
	('busy', NULL, '{invited.qualified}', 'fields', 'GET', '{"code": "participant.code"}', '5 s', 8),
	('hang', 2, '{*}', 'standard', 'POST', NULL, '2 s', 8),
	('reset', 2, '{*}', 'standard', 'POST', NULL, '5 s', 8),
	('drip', 2, '{invited.*}', 'standard', 'POST', NULL, '2 s', 8),
	('close', 2, '{invited.*}', 'standard', 'POST', NULL, '5 s', 8)
) AS w (name, campaign_id, events, format, method, fields, timeout, max_in_flight);

-- Chaos changes what this one is, so that nothing definite is expected of it.
INSERT INTO rf_webhook (name, url) VALUES
	('changing', format('http://127.0.0.1:%s/%s/changing', :port, :'database'));

INSERT INTO rf_participant (campaign_id, email, code)
SELECT 1, 'referrer' || i || '@example.com', 'BUSY-' || i FROM generate_series(1, 1000) i
UNION ALL
SELECT 2, 'referrer' || i || '@example.com', 'RARE-' || i FROM generate_series(1, 20) i;
