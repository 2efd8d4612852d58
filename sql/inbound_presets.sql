-- What the mappings that come with the extension make of the payloads in
-- test/data/inbound, which have the shape that their senders publish.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
\getenv sources PG_ABS_SRCDIR
\set payloads `cd :'sources'/test/data/inbound && separator='{' && for file in *.json; do printf '%s"%s":' "$separator" "${file%.json}" && cat "$file" && separator=,; done; printf '}'`
CREATE TEMPORARY TABLE payload AS
	SELECT key AS name, value AS body FROM jsonb_each(:'payloads');
CREATE FUNCTION pg_temp.payload(text) RETURNS jsonb LANGUAGE sql AS 'SELECT body FROM payload WHERE name = $1';

-- guards: every payload is read as what it says
\pset format unaligned
\pset tuples_only on
\pset null '-'
SELECT v.name, mapped.*
FROM (VALUES (1, 'stripe-checkout', 'stripe', NULL), (2, 'stripe-charge-refunded', 'stripe', NULL),
	(3, 'stripe-invoice-paid', 'stripe', NULL), (4, 'stripe-credit-note', 'stripe', NULL),
	(5, 'stripe-checkout', 'stripe_links', NULL),
	(6, 'shopify-orders-paid', 'shopify', '{"X-Shopify-Topic": "orders/paid", "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"}'),
	(7, 'shopify-refunds-create', 'shopify', '{"X-Shopify-Topic": "refunds/create", "X-Shopify-Webhook-Id": "f0d3c9e2-6a5f-4d0b-b3bb-2d4ac2b9ed53"}'),
	(8, 'woocommerce-order-updated', 'woocommerce', '{"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Delivery-ID": "d3a3f5a1"}'),
	(9, 'woocommerce-order-refunded', 'woocommerce', '{"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Delivery-ID": "e7c1a0b4"}'),
	(10, 'paddle-transaction-completed', 'paddle', NULL), (11, 'paddle-adjustment-updated', 'paddle', NULL),
	(12, 'hubspot-workflow', 'hubspot', NULL), (13, 'zapier', 'zapier', NULL)) AS v (position, name, mapping, headers),
	LATERAL rf_map_inbound(v.mapping, pg_temp.payload(v.name), COALESCE(v.headers, '{}')::jsonb) mapped
ORDER BY v.position;
-- of HubSpot's events, those that name a code
SELECT mapped.*
FROM jsonb_array_elements(pg_temp.payload('hubspot-events')) event,
	LATERAL rf_map_inbound('hubspot', event) mapped;

-- guards: where the code may stand
CREATE FUNCTION pg_temp.mapped(mapping text, name text, path text[], changed jsonb, headers jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT action || ' ' || (arguments - '{qualify,currency,occurred_at,name,ip}'::text[])::text
	FROM rf_map_inbound(mapping, jsonb_set(pg_temp.payload(name), path, changed), headers)
$$;
SELECT pg_temp.mapped('stripe', 'stripe-checkout', '{data,object,metadata}', '{"referral_code": "META"}');
SELECT pg_temp.mapped('stripe', 'stripe-checkout', '{data,object,client_reference_id}', 'null');
SELECT pg_temp.mapped('stripe', 'stripe-checkout', '{data,object}', pg_temp.payload('stripe-checkout') #> '{data,object}' || '{"mode": "subscription", "payment_intent": null, "invoice": "in_1"}');
SELECT pg_temp.mapped('stripe', 'stripe-checkout', '{data,object}', pg_temp.payload('stripe-checkout') #> '{data,object}' || '{"mode": "subscription", "payment_intent": null, "invoice": "in_1", "metadata": {"referral_code": "META"}}');
SELECT pg_temp.mapped('stripe', 'stripe-checkout', '{type}', '"checkout.session.async_payment_succeeded"');
-- an invoice as API versions from 2025-03-31 on tell it
SELECT pg_temp.mapped('stripe', 'stripe-invoice-paid', '{data,object}', (pg_temp.payload('stripe-invoice-paid') #> '{data,object}') - '{subscription_details,lines,payment_intent,charge,subscription}'::text[] || '{"parent": {"type": "subscription_details", "quote_details": null, "subscription_details": {"metadata": {"referral_code": "PARENT"}, "subscription": "sub_1"}}}');
SELECT pg_temp.mapped('stripe', 'stripe-invoice-paid', '{data,object}', (pg_temp.payload('stripe-invoice-paid') #> '{data,object}') - '{subscription_details,lines}'::text[]);
-- a charge of an invoice as earlier versions tell it
SELECT pg_temp.mapped('stripe', 'stripe-charge-refunded', '{data,object,invoice}', '"in_1"');
SELECT pg_temp.mapped('stripe', 'stripe-charge-refunded', '{data,object,invoice}', 'null');
SELECT pg_temp.mapped('shopify', 'shopify-orders-paid', '{note_attributes}', '[]', '{"X-Shopify-Topic": "orders/paid"}');
SELECT pg_temp.mapped('shopify', 'shopify-orders-paid', '{note_attributes}', '[{"name": "ref", "value": "ANN"}]', '{"X-Shopify-Topic": "orders/paid"}');
SELECT pg_temp.mapped('shopify', 'shopify-orders-paid', '{discount_codes}', '[]', '{"X-Shopify-Topic": "orders/paid"}');
-- what was paid, in the currency it was paid in, as refunds are
SELECT arguments ->> 'amount', arguments ->> 'currency' FROM rf_map_inbound('shopify', jsonb_set(pg_temp.payload('shopify-orders-paid'), '{total_price_set,presentment_money}', '{"amount": "530.10", "currency_code": "CAD"}'), '{"X-Shopify-Topic": "orders/paid"}');
SELECT pg_temp.mapped('woocommerce', 'woocommerce-order-updated', '{meta_data}', '[{"id": 1, "key": "ref", "value": "ANN"}, {"id": 2, "key": "other", "value": {"a": 1}}]', '{"X-WC-Webhook-Topic": "order.created"}');
SELECT pg_temp.mapped('woocommerce', 'woocommerce-order-updated', '{coupon_lines}', '[{"id": 1, "code": "summer", "discount": "5.00"}]', '{"X-WC-Webhook-Topic": "order.updated"}');

-- guards: what is no payment, or no refund, is about something else
SELECT pg_temp.mapped('stripe', 'stripe-checkout', '{data,object,payment_status}', '"unpaid"') AS unpaid,
	pg_temp.mapped('stripe', 'stripe-checkout', '{data,object,payment_status}', '"no_payment_required"') AS free,
	pg_temp.mapped('stripe', 'stripe-checkout', '{data,object,amount_total}', '0') AS zero,
	pg_temp.mapped('stripe', 'stripe-checkout', '{type}', '"checkout.session.expired"') AS expired,
	pg_temp.mapped('stripe', 'stripe-invoice-paid', '{data,object,amount_paid}', '0') AS trial,
	pg_temp.mapped('stripe', 'stripe-invoice-paid', '{data,object,billing_reason}', '"manual"') AS manual,
	pg_temp.mapped('stripe', 'stripe-credit-note', '{data,object,post_payment_amount}', '0') AS unpaid_note;
SELECT pg_temp.mapped('shopify', 'shopify-orders-paid', '{email}', 'null') AS no_topic,
	pg_temp.mapped('shopify', 'shopify-orders-paid', '{email}', 'null', '{"X-Shopify-Topic": "orders/updated"}') AS updated,
	pg_temp.mapped('shopify', 'shopify-orders-paid', '{total_price}', '"0.00"', '{"X-Shopify-Topic": "orders/paid"}') AS free,
	pg_temp.mapped('shopify', 'shopify-refunds-create', '{transactions}', '[]', '{"X-Shopify-Topic": "refunds/create"}') AS restocked;
SELECT pg_temp.mapped('woocommerce', 'woocommerce-order-updated', '{status}', '"pending"', '{"X-WC-Webhook-Topic": "order.updated"}') AS pending,
	pg_temp.mapped('woocommerce', 'woocommerce-order-updated', '{date_paid_gmt}', 'null', '{"X-WC-Webhook-Topic": "order.updated"}') AS on_delivery,
	pg_temp.mapped('woocommerce', 'woocommerce-order-updated', '{status}', '"cancelled"', '{"X-WC-Webhook-Topic": "order.updated"}') AS cancelled,
	(SELECT action FROM rf_map_inbound('woocommerce', '{"webhook_id": "15"}')) AS ping;
SELECT pg_temp.mapped('paddle', 'paddle-adjustment-updated', '{data,status}', '"pending_approval"') AS pending,
	pg_temp.mapped('paddle', 'paddle-adjustment-updated', '{data,action}', '"credit"') AS credit,
	pg_temp.mapped('paddle', 'paddle-transaction-completed', '{data,details,totals,grand_total}', '"0"') AS trial;
SELECT pg_temp.mapped('hubspot', 'hubspot-workflow', '{properties,amount,value}', '""') AS no_amount,
	pg_temp.mapped('hubspot', 'hubspot-workflow', '{properties,dealstage,value}', '"closedlost"') AS lost,
	pg_temp.mapped('hubspot', 'hubspot-workflow', '{properties,dealstage,value}', '"presentationscheduled"') AS other;
SELECT pg_temp.mapped('zapier', 'zapier', '{action}', '"refund"') AS refund,
	pg_temp.mapped('zapier', 'zapier', '{action}', '"qualify"') AS qualify,
	(SELECT action FROM rf_map_inbound('zapier', '{"code": "A"}')) AS unsaid,
	(SELECT action FROM rf_map_inbound('zapier', '{"code": "A", "action": "dance"}')) AS other;
