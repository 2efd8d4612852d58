-- What a sender was told is done is done once, and what was not done it is not told.
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('in-lost', 'Lost') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'ann@lost.example', 'LOST-ANN', NULL),
	(:campaign, 'bob@lost.example', 'LOST-BOB', 'LOST-ANN');
CREATE VIEW pg_temp.bought AS
	SELECT external_id, amount FROM rf_purchase WHERE campaign_id = :campaign ORDER BY id;

-- guards: a signed message is not made a new one by a header that nobody has signed
SELECT inbound_id AS signed, token AS signed_token FROM rf_create_inbound_token('signed', 'in-lost', '{purchase}') \gset
\set secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
SELECT rf_sign_inbound(:signed, 'standard', :'secret');
CREATE FUNCTION pg_temp.send(token text, secret text, body text, more jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT i.status || ' ' || (i.body->>'changed')
	FROM (SELECT floor(extract(epoch FROM now()))::bigint AS at) AS t,
		rf_inbound(token, 'purchase', convert_to(body, 'UTF8'), 'application/x-www-form-urlencoded',
			jsonb_build_object('webhook-id', 'm1', 'webhook-timestamp', t.at::text,
				'webhook-signature', rf_sign(secret, 'm1', t.at, convert_to(body, 'UTF8'))) || more) AS i
$$;
SELECT pg_temp.send(:'signed_token', :'secret', 'code=LOST-BOB&amount=5&currency=USD', more)
FROM unnest(ARRAY['{}', '{}', '{"Idempotency-Key": "x"}', '{"Idempotency-Key": "y"}']::jsonb[]) more;
SELECT * FROM pg_temp.bought;

-- guards: of a mapped batch the sender is told the worst; what is wrong here is no news of theirs
INSERT INTO rf_inbound_mapping (mapping, position, action, coupon, code, amount, currency, external_id)
VALUES ('lost-till', 1, 'purchase', '$.coupon', '$.code', '$.total', '$.currency', '$.receipt');
SELECT token AS till FROM rf_create_inbound_token('till', 'in-lost', '{purchase}', mapping => 'lost-till') \gset
CREATE FUNCTION fail_of_our_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.external_id = 'own-index' THEN
		RAISE unique_violation USING CONSTRAINT = 'own_index';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER fail_of_our_own BEFORE INSERT ON rf_purchase FOR EACH ROW EXECUTE FUNCTION fail_of_our_own();
SELECT i.status, jsonb_path_query_array(i.body, '$.status') AS each
FROM unnest(ARRAY['{r1}', '{r2,own-index,r3}', '{r1}']::text[]) AS receipts,
	LATERAL rf_inbound(:'till', '', convert_to((
		SELECT jsonb_agg(jsonb_build_object('code', 'LOST-BOB', 'total', 7, 'currency', 'USD', 'receipt', receipt))
		FROM unnest(receipts::text[]) AS receipt)::text, 'UTF8'), 'application/json') AS i;
SELECT * FROM pg_temp.bought;
DROP TRIGGER fail_of_our_own ON rf_purchase;
DROP FUNCTION fail_of_our_own;

-- guards: a till may know a person by a coupon alone
INSERT INTO rf_inbound_mapping (mapping, position, action, coupon, amount)
VALUES ('lost-coupons', 1, 'purchase', '$.coupon', '$.total');
INSERT INTO rf_inbound_mapping (mapping, position, action, coupon)
VALUES ('lost-coupons', 2, 'unqualify', '$.coupon');

-- guards: a few bytes do not become a hundred thousand
SELECT token AS plain FROM rf_create_inbound_token('plain', 'in-lost', '{join}') \gset
SELECT status, body->>'detail'
FROM unnest(ARRAY['1e308', '1E+309', '-1e-131071', '"1e131071"', 'true']) AS number,
	LATERAL rf_inbound(:'plain', 'join',
		convert_to(format('{"email": "%s@lost.example", "meta": {"n": %s}}', md5(number), number), 'UTF8'), 'application/json');
