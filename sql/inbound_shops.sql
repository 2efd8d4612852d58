-- Shops and payment systems call in their own words, and people qualify: the payloads
-- in test/data/inbound, from the call to rewards and back again.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
\getenv sources PG_ABS_SRCDIR
\set payloads `cd :'sources'/test/data/inbound && separator='{' && for file in *.json; do printf '%s"%s":' "$separator" "${file%.json}" && cat "$file" && separator=,; done; printf '}'`
CREATE TEMPORARY TABLE payload AS
	SELECT key AS name, value AS body FROM jsonb_each(:'payloads');
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('in-shops', 'Shops', 'clawback') RETURNING id AS shops \gset
INSERT INTO rf_campaign (slug, name, on_unqualify, min_spend, currency) VALUES ('in-spend', 'Spend', 'clawback', 100, 'USD') RETURNING id AS spend \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit, percent) VALUES
	(:shops, 'thanks', 'referrer', 'invited_qualifies', 'amount', 10, 'USD', NULL),
	(:shops, 'share', 'referrer', 'purchase', 'commission', NULL, NULL, 10),
	(:spend, 'thanks', 'referrer', 'invited_qualifies', 'amount', 10, 'USD', NULL);
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:shops, 'ann@people.example', 'INB-ANN', NULL, '2024-01-01'),
	(:shops, 'bob@people.example', 'INB-BOB', 'INB-ANN', '2024-01-02'),
	(:shops, 'cyd@people.example', 'INB-CYD', 'INB-ANN', '2024-01-02'),
	(:shops, 'dee@people.example', 'INB-DEE', 'INB-ANN', '2024-01-02'),
	(:shops, 'eve@people.example', 'INB-EVE', 'INB-ANN', '2024-01-02'),
	(:shops, 'fay@people.example', 'INB-FAY', 'INB-ANN', '2024-01-02'),
	(:shops, 'gus@people.example', 'INB-GUS', 'INB-ANN', '2024-01-02'),
	(:shops, 'hal@people.example', 'INB-HAL', 'INB-ANN', '2024-01-02'),
	(:shops, 'ida@people.example', 'INB-IDA', 'INB-ANN', '2024-01-02'),
	(:spend, 'ann@people.example', 'INS-ANN', NULL, '2024-01-01'),
	(:spend, 'bob@people.example', 'INS-BOB', 'INS-ANN', '2024-01-02');
\set actions '{qualify,unqualify,join,purchase,refund}'
CREATE TEMPORARY TABLE token AS
	SELECT mapping, (rf_create_inbound_token(mapping, 'in-shops', :'actions', mapping => mapping)).token
	FROM unnest('{stripe,stripe_links,shopify,woocommerce,paddle,hubspot,zapier}'::text[]) mapping;
INSERT INTO token SELECT 'spend', (rf_create_inbound_token('spend', 'in-spend', :'actions', mapping => 'stripe')).token;
INSERT INTO token SELECT 'narrow', (rf_create_inbound_token('narrow', 'in-shops', '{purchase}', mapping => 'stripe')).token;

-- What a sender posts, with changes; the answer without ids.
CREATE FUNCTION pg_temp.post(sender text, name text, changes jsonb DEFAULT '{}', headers jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	payload jsonb := (SELECT p.body FROM payload p WHERE p.name = post.name);
	change record;
	answer record;
BEGIN
	FOR change IN SELECT key, value FROM jsonb_each(changes) LOOP
		payload := jsonb_set(payload, string_to_array(change.key, '.'), change.value);
	END LOOP;
	SELECT * INTO answer FROM rf_inbound((SELECT t.token FROM token t WHERE t.mapping = sender), '', convert_to(payload::text, 'UTF8'), 'application/json', headers);
	RETURN answer.status || ' ' || CASE WHEN jsonb_typeof(answer.body) = 'object'
		THEN answer.body - '{ok,participant_id,purchase_id,code,url,type,title,status}'::text[]
		ELSE jsonb_path_query_array(answer.body, '$[*].ignored') || jsonb_path_query_array(answer.body, '$[*].state') END::text;
END $$;
CREATE FUNCTION pg_temp.person(code text) RETURNS text LANGUAGE sql AS $$
	SELECT p.state || ', ' || (SELECT count(*) FROM rf_purchase u WHERE u.participant_id = p.id) || ' purchases, net ' ||
		COALESCE((SELECT string_agg(DISTINCT u.currency, ' ') || ' ' || sum(u.amount - u.refunded) FROM rf_purchase u WHERE u.participant_id = p.id), '0') || ', rewards ' ||
		COALESCE((SELECT string_agg(r.amount || ' ' || r.unit || ' ' || r.state, ', ' ORDER BY r.id) FROM rf_reward r WHERE r.subject_id = p.id), 'none')
	FROM rf_participant p WHERE p.code = person.code
$$;
\pset format unaligned
\pset tuples_only on

-- guards: Stripe: a checkout qualifies, its refunds undo what it earned, and all of it
-- when nothing is left. A message twice, or a payment in another message, is no news.
SELECT pg_temp.post('stripe', 'stripe-checkout');
SELECT pg_temp.person('INB-BOB');
SELECT pg_temp.post('stripe', 'stripe-checkout');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_other", "type": "checkout.session.async_payment_succeeded"}');
SELECT pg_temp.post('stripe', 'stripe-charge-refunded');
SELECT pg_temp.person('INB-BOB');
SELECT pg_temp.post('stripe', 'stripe-charge-refunded', '{"id": "evt_third", "data.object.amount_refunded": 4990}');
SELECT pg_temp.person('INB-BOB');
-- the second of three refunds comes last
SELECT pg_temp.post('stripe', 'stripe-charge-refunded', '{"id": "evt_second", "data.object.amount_refunded": 2000}');
SELECT count(*), sum(f.amount) FROM rf_refund f JOIN rf_purchase u ON u.id = f.purchase_id WHERE u.external_id = 'pi_3RlHdzR7UUImIKwk0PYZm2mP';
-- who buys again qualifies again
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_again", "data.object.payment_intent": "pi_again"}');
SELECT pg_temp.person('INB-BOB');

-- guards: a subscription: the checkout and its first invoice are one purchase; yen have
-- no minor unit; a lost dispute takes everything back
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_sub", "data.object.mode": "subscription", "data.object.payment_intent": null, "data.object.invoice": "in_first", "data.object.client_reference_id": "INB-CYD", "data.object.amount_total": 1500, "data.object.currency": "jpy"}');
SELECT pg_temp.post('stripe', 'stripe-invoice-paid', '{"id": "evt_in", "data.object.id": "in_first", "data.object.billing_reason": "subscription_create"}');
SELECT pg_temp.post('stripe', 'stripe-invoice-paid');
SELECT pg_temp.person('INB-CYD');
SELECT pg_temp.post('stripe', 'stripe-credit-note');
SELECT pg_temp.post('stripe', 'stripe-charge-refunded', '{"id": "evt_inv", "api_version": "2024-06-20", "data.object.invoice": "in_first", "data.object.currency": "jpy", "data.object.amount_refunded": 1500}');
SELECT pg_temp.person('INB-CYD');
SELECT pg_temp.post('stripe', 'stripe-charge-refunded', '{"id": "evt_lost", "type": "charge.dispute.closed", "data.object.status": "lost", "data.object.payment_intent": "pi_again"}');
SELECT pg_temp.person('INB-BOB');

-- guards: a code that nobody has falls back to the address
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_cart", "data.object.client_reference_id": "cart_4711", "data.object.payment_intent": "pi_cart"}');

-- guards: what is no news is no error; a retry could mend the rest
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n1", "type": "customer.created"}');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n2", "data.object.client_reference_id": null, "data.object.customer_details.email": "stranger@people.example", "data.object.payment_intent": "pi_n2"}');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n3", "data.object.client_reference_id": "INB-ANN", "data.object.payment_intent": "pi_n3"}');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n4", "data.object.client_reference_id": null, "data.object.customer_details.email": null, "data.object.payment_intent": "pi_n4"}');
SELECT pg_temp.post('stripe', 'stripe-charge-refunded', '{"id": "evt_n5", "data.object.payment_intent": "pi_unknown"}');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n6", "data.object.payment_intent": "pi_again", "data.object.amount_total": 5000}');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n7", "data.object.payment_intent": "pi_n7", "data.object.currency": "btc"}');
SELECT pg_temp.post('stripe', 'stripe-checkout', '{"id": "evt_n8", "data.object.payment_intent": "pi_n8", "created": 32503680000}');
SELECT pg_temp.post('narrow', 'stripe-charge-refunded', '{"id": "evt_n9"}');

-- guards: with min_spend, spend qualifies, and refunds below it undo that
SELECT pg_temp.post('spend', 'stripe-checkout', '{"data.object.client_reference_id": "INS-BOB"}');
SELECT pg_temp.person('INS-BOB');
SELECT pg_temp.post('spend', 'stripe-checkout', '{"id": "evt_more", "data.object.client_reference_id": "INS-BOB", "data.object.payment_intent": "pi_more", "data.object.amount_total": 6000}');
SELECT pg_temp.person('INS-BOB');
SELECT pg_temp.post('spend', 'stripe-charge-refunded');
SELECT pg_temp.person('INS-BOB');
SELECT pg_temp.post('spend', 'stripe-checkout', '{"id": "evt_eur", "data.object.client_reference_id": "INS-BOB", "data.object.payment_intent": "pi_eur", "data.object.currency": "eur"}');

-- guards: a link to Stripe's own page: who pays joins by it, once
SELECT pg_temp.post('stripe_links', 'stripe-checkout', '{"id": "evt_link", "data.object.client_reference_id": "INB-ANN", "data.object.customer_details.email": "liv@people.example", "data.object.customer_details.name": "Liv", "data.object.payment_intent": "pi_link"}');
SELECT p.name, p.referred_by, pg_temp.person(p.code) FROM rf_participant p WHERE p.campaign_id = :shops AND p.email = 'liv@people.example';
SELECT pg_temp.post('stripe_links', 'stripe-checkout', '{"id": "evt_link2", "data.object.client_reference_id": "INB-BOB", "data.object.customer_details.email": "liv@people.example", "data.object.payment_intent": "pi_link2"}');
SELECT p.name, p.referred_by FROM rf_participant p WHERE p.campaign_id = :shops AND p.email = 'liv@people.example';
-- nobody has that code; one's own; who joined on their own
SELECT pg_temp.post('stripe_links', 'stripe-checkout', '{"id": "evt_link3", "data.object.client_reference_id": "cart_1", "data.object.customer_details.email": "new@people.example", "data.object.payment_intent": "pi_link3"}');
SELECT pg_temp.post('stripe_links', 'stripe-checkout', '{"id": "evt_link4", "data.object.client_reference_id": "INB-ANN", "data.object.customer_details.email": "ann@people.example", "data.object.payment_intent": "pi_link4"}');
-- who is held when they join is kept, without the purchase
INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (:shops, 'disposable', 'hold');
SELECT pg_temp.post('stripe_links', 'stripe-checkout', '{"id": "evt_link5", "data.object.client_reference_id": "INB-ANN", "data.object.customer_details.email": "max@mailinator.com", "data.object.payment_intent": "pi_link5"}');
SELECT regexp_replace(pg_temp.post('stripe_links', 'stripe-checkout', '{"id": "evt_link6", "data.object.client_reference_id": "INB-ANN", "data.object.customer_details.email": "max@mailinator.com", "data.object.payment_intent": "pi_link6"}'), 'participant \S+', 'participant');
SELECT pg_temp.person(p.code) FROM rf_participant p WHERE p.campaign_id = :shops AND p.email = 'max@mailinator.com';
-- both are kept for the day when they are released
SELECT "row"->>'external_id', "row"->>'amount', target ~ '^inbound token \d+$', sqlstate FROM rf_unmatched WHERE "row"->>'email' = 'max@mailinator.com' ORDER BY id;

-- guards: Shopify: an order and its refund, in parts; a coupon; a link's code
SELECT pg_temp.post('shopify', 'shopify-orders-paid', headers => '{"x-shopify-topic": "orders/paid", "x-shopify-webhook-id": "1"}');
SELECT pg_temp.person('INB-DEE');
SELECT pg_temp.post('shopify', 'shopify-refunds-create', headers => '{"x-shopify-topic": "refunds/create", "x-shopify-webhook-id": "2"}');
SELECT pg_temp.post('shopify', 'shopify-refunds-create', headers => '{"x-shopify-topic": "refunds/create", "x-shopify-webhook-id": "2"}');
SELECT pg_temp.post('shopify', 'shopify-refunds-create', headers => '{"x-shopify-topic": "refunds/create", "x-shopify-webhook-id": "3"}');
SELECT pg_temp.person('INB-DEE');
SELECT pg_temp.post('shopify', 'shopify-refunds-create', '{"id": 4, "transactions": [{"kind": "refund", "status": "success", "amount": "200.00"}]}', '{"x-shopify-topic": "refunds/create", "x-shopify-webhook-id": "4"}');
SELECT pg_temp.person('INB-DEE');
INSERT INTO rf_coupon (pool, code) VALUES ('in-shops', 'WELCOME-1');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool) VALUES (:shops, 'welcome', 'invited', 'invited_joins', 'coupon', 'in-shops');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES (:shops, 'kim@people.example', 'INB-KIM', 'INB-ANN', '2024-01-02');
SELECT pg_temp.post('shopify', 'shopify-orders-paid', '{"id": 5, "note_attributes": [], "email": "kim@work.example", "discount_codes": [{"code": "WELCOME-1", "amount": "20.00", "type": "fixed_amount"}]}', '{"x-shopify-topic": "orders/paid", "x-shopify-webhook-id": "5"}');
SELECT pg_temp.post('shopify', 'shopify-orders-paid', '{"id": 6, "note_attributes": [{"name": "ref", "value": "inb ann"}], "email": "lee@people.example"}', '{"x-shopify-topic": "orders/paid", "x-shopify-webhook-id": "6"}');
SELECT p.name, p.ip, p.referred_by, pg_temp.person(p.code) FROM rf_participant p WHERE p.campaign_id = :shops AND p.email = 'lee@people.example';
SELECT pg_temp.post('shopify', 'shopify-orders-paid', '{"id": 7, "note_attributes": [], "email": "mia@people.example"}', '{"x-shopify-topic": "orders/paid", "x-shopify-webhook-id": "7"}');

-- guards: WooCommerce: the whole order at every change
SELECT pg_temp.post('woocommerce', 'woocommerce-order-updated', headers => '{"x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "1"}');
SELECT pg_temp.post('woocommerce', 'woocommerce-order-updated', '{"status": "completed"}', '{"x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "2"}');
SELECT pg_temp.person('INB-EVE');
SELECT pg_temp.post('woocommerce', 'woocommerce-order-refunded', headers => '{"x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "3"}');
SELECT pg_temp.post('woocommerce', 'woocommerce-order-refunded', headers => '{"x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "4"}');
SELECT pg_temp.person('INB-EVE');
SELECT pg_temp.post('woocommerce', 'woocommerce-order-updated', '{"status": "cancelled"}', '{"x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "5"}');
SELECT pg_temp.person('INB-EVE');
SELECT status, body FROM rf_inbound((SELECT token FROM token WHERE mapping = 'woocommerce'), '', 'webhook_id=15', 'application/x-www-form-urlencoded');

-- guards: Paddle
SELECT pg_temp.post('paddle', 'paddle-transaction-completed');
SELECT pg_temp.post('paddle', 'paddle-adjustment-updated');
SELECT pg_temp.person('INB-FAY');

-- guards: HubSpot: of an array of events each for itself; a workflow's deal
SELECT pg_temp.post('hubspot', 'hubspot-events');
SELECT pg_temp.person('INB-GUS');
SELECT pg_temp.post('hubspot', 'hubspot-events', '{"1.propertyName": "unqualified_referral_code"}');
SELECT pg_temp.post('hubspot', 'hubspot-workflow');
SELECT pg_temp.person('INB-HAL');

-- guards: Zapier: our own names
SELECT pg_temp.post('zapier', 'zapier');
SELECT pg_temp.person('INB-IDA');
SELECT pg_temp.post('zapier', 'zapier', '{"action": "refund", "amount": 12.5}');
SELECT pg_temp.person('INB-IDA');
SELECT pg_temp.post('zapier', 'zapier', '{"action": "join", "email": "pia@people.example", "referred_by": "INB-ANN"}');
SELECT pg_temp.post('zapier', 'zapier', '{"action": "qualify", "code": "", "email": "pia@people.example", "occurred_at": null}');
SELECT pg_temp.post('zapier', 'zapier', '{"action": "unqualify"}');

-- guards: who was qualified by hand, or has something left, stays qualified
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:shops, 'ray@people.example', 'INB-RAY', 'INB-ANN', '2024-01-02'),
	(:shops, 'sue@people.example', 'INB-SUE', 'INB-ANN', '2024-01-02');
SELECT state FROM rf_qualify('INB-RAY', occurred_at => '2024-01-03');
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-RAY", "external_id": "ray-1"}');
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-RAY", "external_id": "ray-1", "action": "refund"}');
SELECT pg_temp.person('INB-RAY');
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-SUE", "external_id": "sue-1"}');
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-SUE", "external_id": "sue-2", "occurred_at": "2024-01-06"}');
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-SUE", "external_id": "sue-1", "action": "refund"}');
SELECT pg_temp.person('INB-SUE');
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-SUE", "external_id": "sue-2", "action": "refund"}');
SELECT pg_temp.person('INB-SUE');
-- and in SQL a refund alone undoes nothing but what it paid for
SELECT pg_temp.post('zapier', 'zapier', '{"code": "INB-SUE", "external_id": "sue-3", "occurred_at": "2024-01-07"}');
SELECT state, changed FROM rf_record_refund('in-shops', 'sue-3');

-- guards: calls of our own may say so, too
SELECT token AS plain FROM rf_create_inbound_token('plain', 'in-shops', '{purchase,refund}') \gset
SELECT status, body - '{participant_id,purchase_id}'::text[] FROM rf_inbound(:'plain', 'purchase', 'email=ida%40people.example&amount=5&currency=USD&external_id=ida-2');
SELECT status, body - '{participant_id,purchase_id}'::text[] FROM rf_inbound(:'plain', 'purchase', 'code=INB-IDA&amount=5&currency=USD&external_id=ida-3&qualify=true');
SELECT status, body - '{participant_id,purchase_id}'::text[] FROM rf_inbound(:'plain', 'refund', 'external_id=ida-2&refunded=3');
SELECT status, body - '{participant_id,purchase_id}'::text[] FROM rf_inbound(:'plain', 'refund', 'external_id=ida-2&refunded=3');
SELECT status, body->>'detail' FROM rf_inbound(:'plain', 'refund', 'external_id=ida-2&refunded=30');
SELECT status, body->>'detail' FROM rf_inbound(:'plain', 'purchase', 'code=INB-IDA&amount=5&currency=USD&qualify=perhaps');
