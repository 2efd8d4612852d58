-- Calls of other systems through rf_inbound: every action, as a form and as JSON,
-- what is refused and how, and what a token that is bound to a campaign sees.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
INSERT INTO rf_campaign (slug, name, landing_url, currency) VALUES
	('in-calls', 'Inbound', 'https://shop.example/', 'USD') RETURNING id AS campaign \gset
INSERT INTO rf_campaign (slug, name) VALUES ('in-other', 'Other') RETURNING id AS other \gset
INSERT INTO rf_coupon (pool, code) SELECT 'in-calls', 'IN-COUPON-' || i FROM generate_series(1, 9) i;
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:campaign, 'thanks', 'referrer', 'invited_qualifies', 10, 'USD'),
	(:other, 'thanks', 'referrer', 'invited_qualifies', 10, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool) VALUES
	(:campaign, 'welcome', 'invited', 'invited_joins', 'coupon', 'in-calls');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@in.example', 'IN-ANN', NULL),
	(:campaign, 'bob@in.example', 'IN-BOB', 'IN-ANN'),
	(:campaign, 'cyd@in.example', 'IN-CYD', 'IN-ANN'),
	(:campaign, 'dee@in.example', 'IN-DEE', 'IN-ANN'),
	(:campaign, 'eve@in.example', 'IN-EVE', 'IN-ANN'),
	(:other, 'ott@in.example', 'IN-OTT', NULL),
	(:other, 'ova@in.example', 'IN-OVA', 'IN-OTT');
SELECT token AS one FROM rf_create_inbound_token('one', 'in-calls',
	'{qualify,unqualify,join,purchase,refund,fulfill,participant}') \gset
SELECT token AS every FROM rf_create_inbound_token('every', NULL,
	'{qualify,unqualify,join,purchase,refund,fulfill,participant}') \gset
SELECT token AS narrow FROM rf_create_inbound_token('narrow', 'in-calls') \gset
\pset format unaligned
\pset tuples_only on

-- guards: a code in a form, as curl -d sends it; again, it is no change
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify', 'code=IN-BOB');
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify', 'code=in+bob',
	'application/x-www-form-urlencoded');
SELECT state FROM rf_participant WHERE code = 'IN-BOB';

-- guards: JSON, and an amount to the last digit
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify',
	'{"code": "IN-CYD", "amount": 19.99, "occurred_at": "2024-02-01T12:00:00"}', 'application/json; charset=UTF-8');
SELECT status, body->>'detail' FROM rf_inbound(:'one', 'qualify',
	'{"code": "IN-CYD", "amount": 19.99, "occurred_at": "2124-02-01T12:00:00"}', 'application/vnd.shop+json');
SELECT u.amount, u.currency, u.occurred_at FROM rf_purchase u
JOIN rf_participant p ON p.id = u.participant_id WHERE p.code = 'IN-CYD';

-- guards: a field for codes takes coupons, too; and e-mails have a field
SELECT coupon AS dee FROM rf_reward r JOIN rf_participant p ON p.id = r.participant_id
WHERE p.code = 'IN-DEE' \gset
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify', convert_to('code=' || :'dee', 'UTF8'));
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify', convert_to('coupon=' || :'dee', 'UTF8'));
SELECT state FROM rf_participant WHERE code = 'IN-DEE';
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify', 'email=EVE%40in.example');
SELECT status, body - 'participant_id' FROM rf_inbound(:'every', 'qualify', 'email=eve%40in.example&campaign=in-calls');
SELECT status, body FROM rf_inbound(:'every', 'qualify', 'email=eve%40in.example');

-- guards: unqualify
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'unqualify', 'email=eve%40in.example&reason=returned');
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'unqualify', '{"code": "IN-EVE"}', 'application/json');

-- guards: join, with all that can be said of a person; again, who is there
SELECT status, body - 'participant_id' - 'code' - 'url', body->>'url' = 'https://shop.example/?ref=' || (body->>'code') AS link
FROM rf_inbound(:'one', 'join', '{"email": "flo@in.example", "name": "Flo", "referred_by": "in-ann", "source": "Popup",
	"ip": "192.0.2.7", "meta": {"plan": "pro", "seats": 3}, "unknown": [1]}', 'application/json');
SELECT status, body - 'participant_id' - 'code' - 'url' FROM rf_inbound(:'one', 'join', 'email=flo@in.example');
SELECT name, source, ip, meta FROM rf_participant WHERE email = 'flo@in.example';
SELECT status, body - 'participant_id' - 'code' - 'url' FROM rf_inbound(:'every', 'join',
	'email=gus%40in.example&campaign=in-other&meta=%7B%22a%22%3A1%7D');
SELECT meta FROM rf_participant WHERE email = 'gus@in.example';
SELECT status, body->'url' FROM rf_inbound(:'every', 'join', 'email=gus%40in.example&campaign=in-other');

-- guards: purchase and refund
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'purchase',
	'code=IN-BOB&amount=30&currency=USD&external_id=in-1&occurred_at=1706788800');
SELECT occurred_at FROM rf_purchase WHERE external_id = 'in-1';
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'purchase',
	'{"email": "bob@in.example", "amount": "30.00", "external_id": "in-1"}', 'application/json');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'refund', 'external_id=in-1&amount=10&refund_id=r1');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'refund', 'external_id=in-1&amount=10&refund_id=r1');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'every', 'refund', 'external_id=in-1&campaign=in-calls');
SELECT refunded FROM rf_purchase WHERE external_id = 'in-1';
SELECT status, body FROM rf_inbound(:'one', 'refund', 'external_id=in-1&amount=10&refund_id=r2');

-- guards: a payment may qualify whoever pays, and refunds say what was given back in
-- all; when nothing is left, the person is pending again
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:campaign, 'pay@in.example', 'IN-PAY', 'IN-ANN');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'purchase', 'code=IN-PAY&amount=5&external_id=in-0');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'refund', 'external_id=in-0');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'purchase', '{"code": "IN-PAY", "amount": 20, "external_id": "in-2", "qualify": true}', 'application/json');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'refund', 'external_id=in-2&refunded=15&qualify=true');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'refund', 'external_id=in-2&refunded=15&qualify=true');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'one', 'refund', 'external_id=in-2&refunded=20&qualify=true');
SELECT amount FROM rf_refund WHERE purchase_id = (SELECT id FROM rf_purchase WHERE external_id = 'in-2') ORDER BY id;
SELECT status, body->'detail' FROM rf_inbound(:'one', 'purchase', 'code=IN-PAY&amount=1&qualify=perhaps');

-- guards: a code that nobody has falls back to the e-mail beside it
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'qualify', 'code=SUMMER10&email=pay@in.example');
SELECT status, body - 'participant_id' FROM rf_inbound(:'one', 'unqualify', 'code=SUMMER10&email=pay@in.example');
SELECT status, body->'detail' FROM rf_inbound(:'one', 'unqualify', 'code=SUMMER10');

-- guards: fulfill; told again, it is no change, told otherwise, it is a wrong step
SELECT r.id AS reward FROM rf_reward r JOIN rf_participant p ON p.id = r.subject_id
WHERE p.code = 'IN-BOB' AND r.metric = 'amount' \gset
SELECT status, body - 'reward_id' FROM rf_inbound(:'one', 'fulfill', convert_to('reference=tx-1&reward=' || :reward, 'UTF8'));
SELECT status, body - 'reward_id' FROM rf_inbound(:'one', 'fulfill', convert_to('reference=tx-1&reward=' || :reward, 'UTF8'));
SELECT status, body - 'reward_id' FROM rf_inbound(:'one', 'fulfill', convert_to('{"reward": ' || :reward || '}', 'UTF8'), 'application/json');
SELECT status, body->'code' FROM rf_inbound(:'one', 'fulfill', convert_to('reference=tx-2&reward=' || :reward, 'UTF8'));
SELECT state, reference FROM rf_reward WHERE id = :reward;

-- guards: what is told of a person has no name and no address
SELECT status, body - 'participant_id' - 'joined_at' FROM rf_inbound(:'one', 'participant', 'code=in-ann');
SELECT status, array(SELECT jsonb_object_keys(body) ORDER BY 1) FROM rf_inbound(:'one', 'participant', 'email=bob@in.example');
SELECT body->'referrer', body->'type', (body->>'qualified_at')::timestamptz = p.qualified_at
FROM rf_inbound(:'one', 'participant', '{"code": "IN-BOB"}', 'application/json'), rf_participant p WHERE p.code = 'IN-BOB';
SELECT status, body->'detail' FROM rf_inbound(:'one', 'participant', 'code=IN-NOBODY');
SELECT status, body->'detail' FROM rf_inbound(:'one', 'participant', 'email=nobody@in.example');
SELECT id AS gone FROM rf_participant WHERE email = 'gus@in.example' \gset
SELECT code AS gone_code FROM rf_participant WHERE id = :gone \gset
SELECT rf_erase(:gone);
SELECT status FROM rf_inbound(:'every', 'participant', convert_to('code=' || :'gone_code', 'UTF8'));

-- guards: a bound token sees nothing of another campaign
SELECT status, body->'code' FROM rf_inbound(:'one', 'qualify', 'code=IN-OVA');
SELECT status, body->'code' FROM rf_inbound(:'one', 'unqualify', 'code=IN-OVA');
SELECT status, body->'code' FROM rf_inbound(:'one', 'qualify', 'email=ova@in.example');
SELECT status, body->'detail' FROM rf_inbound(:'one', 'qualify', 'email=ova@in.example&campaign=in-other');
SELECT status, body->'detail' FROM rf_inbound(:'one', 'qualify', 'code=IN-OVA&campaign=in-other');
SELECT status, body->'detail' FROM rf_inbound(:'one', 'qualify', 'code=IN-OVA&campaign=in-no-such');
SELECT status, body->'code' FROM rf_inbound(:'one', 'purchase', 'code=IN-OVA&amount=1&currency=USD');
SELECT status, body->'code' FROM rf_inbound(:'one', 'participant', 'code=IN-OVA');
SELECT status, body->'code' FROM rf_inbound(:'one', 'participant', 'email=ova@in.example');
SELECT status, body - 'participant_id' - 'purchase_id' FROM rf_inbound(:'every', 'purchase', 'code=IN-OVA&amount=1&currency=USD&external_id=in-x');
SELECT status, body->'code' FROM rf_inbound(:'one', 'refund', 'external_id=in-x');
SELECT status, body->'changed' FROM rf_inbound(:'every', 'qualify', 'code=IN-OVA');
SELECT r.id AS foreign FROM rf_reward r JOIN rf_participant p ON p.id = r.subject_id WHERE p.code = 'IN-OVA' \gset
SELECT status, body->>'detail' = 'reward ' || :foreign || ' does not exist' FROM rf_inbound(:'one', 'fulfill', convert_to('reward=' || :foreign, 'UTF8'));
SELECT state FROM rf_reward WHERE id = :foreign;
-- nor its coupons
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:other, 'oda@in.example', 'IN-ODA');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool)
VALUES (:other, 'welcome', 'invited', 'invited_joins', 'coupon', 'in-calls');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES (:other, 'ora@in.example', 'IN-ORA', 'IN-ODA');
SELECT coupon AS ora FROM rf_reward r JOIN rf_participant p ON p.id = r.participant_id WHERE p.code = 'IN-ORA' \gset
SELECT status, body->'code' FROM rf_inbound(:'one', 'qualify', convert_to('coupon=' || :'ora', 'UTF8'));
SELECT status, body->'code' FROM rf_inbound(:'one', 'qualify', convert_to('code=' || :'ora', 'UTF8'));
-- a token of all campaigns that names one sees that one
SELECT status, body->'code' FROM rf_inbound(:'every', 'qualify', 'code=IN-ORA&campaign=in-calls');
SELECT status, body->'changed' FROM rf_inbound(:'every', 'qualify', convert_to('code=' || :'ora', 'UTF8'));

-- guards: what a token is not for
SELECT status, body FROM rf_inbound(:'narrow', 'join', 'email=x@in.example');
SELECT status, body->'title' FROM rf_inbound(:'narrow', 'participant', 'code=IN-ANN');

-- guards: who knows no valid address is told nothing
CREATE TEMPORARY TABLE ended AS
	SELECT kind, inbound_id, token FROM (VALUES ('revoked'), ('expired'), ('no action')) k (kind),
		LATERAL rf_create_inbound_token(kind);
SELECT rf_revoke_inbound_token(inbound_id) IS NULL FROM ended WHERE kind = 'revoked';
UPDATE rf_inbound_token SET expires_at = now() WHERE id IN (SELECT inbound_id FROM ended WHERE kind = 'expired');
SELECT status, body, count(*) FROM (
	SELECT a.* FROM ended, LATERAL rf_inbound(token, CASE kind WHEN 'no action' THEN 'steal' ELSE 'qualify' END, 'code=IN-BOB') a
	UNION ALL SELECT * FROM rf_inbound('', 'qualify', 'code=IN-BOB')
	UNION ALL SELECT * FROM rf_inbound(NULL, NULL, NULL)
	UNION ALL SELECT * FROM rf_inbound(:'one' || 'x', 'qualify', 'code=IN-BOB')
	UNION ALL SELECT * FROM rf_inbound(:'one', '', 'code=IN-BOB')
	UNION ALL SELECT * FROM rf_inbound(:'one', 'QUALIFY', 'code=IN-BOB')) t
GROUP BY 1, 2;
DROP TABLE ended;

-- guards: what is refused comes with its code and nothing that is not the caller's
SELECT status, body FROM rf_inbound(:'one', 'qualify', 'code=IN-ANN');
SELECT status, body FROM rf_inbound(:'one', 'qualify', 'reason=none');
SELECT status, body FROM rf_inbound(:'one', 'qualify', '{"code": "IN-BOB"}', 'application/x-www-form-urlencoded');
SELECT status, body FROM rf_inbound(:'one', 'purchase', 'code=IN-BOB&amount=-1');
SELECT status, body FROM rf_inbound(:'one', 'purchase', 'code=IN-BOB&amount=1&currency=EUR');
SELECT status, body FROM rf_inbound(:'one', 'purchase', 'code=IN-BOB&amount=2&external_id=in-1');
SELECT status, body FROM rf_inbound(:'one', 'join', 'email=nobody');
SELECT status, body FROM rf_inbound(:'one', 'join', convert_to('email=z@in.example&name=' || repeat('x', 1025), 'UTF8'));
SELECT status, body FROM rf_inbound(:'one', 'join', 'email=z@in.example&meta=7');
SELECT status, body FROM rf_inbound(:'one', 'join', 'email=z@in.example&ip=nowhere');
SELECT status, body FROM rf_inbound(:'one', 'fulfill', 'reward=first');
SELECT status, body FROM rf_inbound(:'one', 'fulfill', 'reward=99999999999999999999');
UPDATE rf_campaign SET state = 'draft' WHERE id = :campaign;
SELECT status, body FROM rf_inbound(:'one', 'qualify', 'code=IN-EVE');
UPDATE rf_campaign SET state = 'live' WHERE id = :campaign;

-- guards: what trying again may mend is raised, as the transaction is the caller's
BEGIN READ ONLY;
SELECT rf_inbound(:'one', 'qualify', 'code=IN-EVE');
ROLLBACK;
\echo :LAST_ERROR_SQLSTATE

-- guards: what is refused leaves the transaction of the caller as it was
BEGIN;
SELECT status FROM rf_inbound(:'one', 'qualify', 'code=IN-EVE');
SELECT status FROM rf_inbound(:'one', 'qualify', 'code=IN-NOBODY');
SELECT state FROM rf_participant WHERE code = 'IN-EVE';
ROLLBACK;
SELECT state FROM rf_participant WHERE code = 'IN-EVE';

-- guards: app may call it, and needs no right on any table; nobody else may
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rf_in_app, regress_rf_in_nobody;
CREATE ROLE regress_rf_in_app;
CREATE ROLE regress_rf_in_nobody;
SELECT rf_grant('regress_rf_in_app', 'app') IS NULL;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM regress_rf_in_app;
SET ROLE regress_rf_in_app;
SELECT status, body->'state' FROM rf_inbound(:'one', 'qualify', 'code=IN-EVE', headers => '{"Idempotency-Key": "app"}');
SET ROLE regress_rf_in_nobody;
SELECT rf_inbound(:'one', 'qualify', 'code=IN-EVE');
RESET ROLE;
DROP OWNED BY regress_rf_in_app;
DROP ROLE regress_rf_in_app, regress_rf_in_nobody;
