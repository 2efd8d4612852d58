-- Mappings that come with the extension. A payment is a purchase that qualifies who
-- paid: at min_spend where the campaign has one, else at once. People are found by
-- their own code, then by a coupon they were given, then by their e-mail address; who
-- is not there yet joins if the payload names the code of somebody who sent them.

-- A checkout's code stands in its metadata or is its client_reference_id. Payments of
-- subscriptions go by their invoice, others by their payment intent; a checkout that
-- begins a subscription and its first invoice are one purchase. From API version
-- 2025-03-31 on charges do not tell their invoice, but credit notes do.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", code, email, amount, qualifies, minor_units, minor_digits,
	 currency, external_id, occurred_at, message_id, note, builtin, created_at)
SELECT 'stripe', stripe.position, 'purchase', stripe."when"::jsonpath, stripe.code::jsonpath,
	stripe.email::jsonpath, stripe.amount::jsonpath, true, true, '{"ISK": 2, "UGX": 2, "MGA": 0}',
	'$.data.object.currency', stripe.external_id::jsonpath, '$.created', '$.id', stripe.note, true,
	pg_catalog.now()
FROM (VALUES
	(10, '($.type == "checkout.session.completed" || $.type == "checkout.session.async_payment_succeeded") && $.data.object.payment_status == "paid" && $.data.object.amount_total > 0 && $.data.object.mode == "subscription" && $.data.object.metadata.referral_code != null',
		'$.data.object.metadata.referral_code', '$.data.object.customer_details.email',
		'$.data.object.amount_total', '$.data.object.invoice',
		'a checkout that began a subscription, with the code in its metadata'),
	(20, '($.type == "checkout.session.completed" || $.type == "checkout.session.async_payment_succeeded") && $.data.object.payment_status == "paid" && $.data.object.amount_total > 0 && $.data.object.mode == "subscription"',
		'$.data.object.client_reference_id', '$.data.object.customer_details.email',
		'$.data.object.amount_total', '$.data.object.invoice',
		'a checkout that began a subscription'),
	(30, '($.type == "checkout.session.completed" || $.type == "checkout.session.async_payment_succeeded") && $.data.object.payment_status == "paid" && $.data.object.amount_total > 0 && $.data.object.metadata.referral_code != null',
		'$.data.object.metadata.referral_code', '$.data.object.customer_details.email',
		'$.data.object.amount_total', '$.data.object.payment_intent',
		'a checkout that was paid, with the code in its metadata'),
	(40, '($.type == "checkout.session.completed" || $.type == "checkout.session.async_payment_succeeded") && $.data.object.payment_status == "paid" && $.data.object.amount_total > 0',
		'$.data.object.client_reference_id', '$.data.object.customer_details.email',
		'$.data.object.amount_total', '$.data.object.payment_intent',
		'a checkout that was paid'),
	(50, '$.type == "invoice.paid" && $.data.object.amount_paid > 0 && $.data.object.billing_reason like_regex "^subscription"',
		'$.data.object.**.referral_code', '$.data.object.customer_email',
		'$.data.object.amount_paid', '$.data.object.id',
		'an invoice of a subscription that was paid; the code stands in the subscription''s metadata')
) AS stripe (position, "when", code, email, amount, external_id, note);

INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", amount, refunded, refund_id, qualifies, minor_units,
	 minor_digits, currency, external_id, occurred_at, message_id, note, builtin, created_at)
SELECT 'stripe', stripe.position, 'refund', stripe."when"::jsonpath, stripe.amount::jsonpath,
	stripe.refunded::jsonpath, stripe.refund_id::jsonpath, true, true,
	'{"ISK": 2, "UGX": 2, "MGA": 0}', '$.data.object.currency', stripe.external_id::jsonpath,
	'$.created', '$.id', stripe.note, true, pg_catalog.now()
FROM (VALUES
	(60, '$.type == "charge.refunded" && $.data.object.invoice != null',
		NULL, '$.data.object.amount_refunded', NULL, '$.data.object.invoice',
		'something was given back of an invoice'),
	(70, '$.type == "charge.refunded"',
		NULL, '$.data.object.amount_refunded', NULL, '$.data.object.payment_intent',
		'something was given back of a payment'),
	(80, '$.type == "credit_note.created" && $.data.object.post_payment_amount > 0',
		'$.data.object.post_payment_amount', NULL, '$.data.object.id', '$.data.object.invoice',
		'something was given back of an invoice, by a credit note'),
	(90, '$.type == "charge.dispute.closed" && $.data.object.status == "lost"',
		NULL, NULL, NULL, '$.data.object.payment_intent',
		'a payment was lost to a dispute')
) AS stripe (position, "when", amount, refunded, refund_id, external_id, note);

-- The same for links that lead to a payment page of Stripe: the campaign's landing
-- page is https://buy.stripe.com/...?client_reference_id={code}, the code is that of
-- whose link it is, and who pays joins.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", referred_by, email, name, amount, refunded, refund_id,
	 qualifies, minor_units, minor_digits, currency, external_id, occurred_at, message_id, note,
	 builtin, created_at)
SELECT 'stripe_links', position, action, "when",
	CASE WHEN code::text LIKE '%client_reference_id%' THEN code END, email,
	CASE WHEN code::text LIKE '%client_reference_id%' THEN '$.data.object.customer_details.name'::jsonpath END,
	amount, refunded, refund_id, qualifies, minor_units, minor_digits, currency, external_id,
	occurred_at, message_id, note, builtin, created_at
FROM @extschema@.rf_inbound_mapping
WHERE mapping = 'stripe' AND position NOT IN (10, 30);

-- Orders: the buyer's own code is the cart attribute referral_code, that of who sent
-- them the attribute ref or a discount code, which may be a coupon they were given, too.
-- Amounts are in the buyer's currency, as the transactions of refunds are.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", code, coupon, email, name, referred_by, ip, amount, qualifies,
	 currency, external_id, occurred_at, message_id, note, builtin, created_at)
SELECT 'shopify', shopify.position, 'purchase', shopify."when"::jsonpath,
	'$.note_attributes[*] ? (@.name == "referral_code").value', '$.discount_codes[*].code', '$.email',
	'$.billing_address.name', shopify.referred_by::jsonpath, '$.browser_ip',
	'$.total_price_set.presentment_money.amount', true,
	'$.total_price_set.presentment_money.currency_code', '$.id', '$.processed_at', '$headers."x-shopify-webhook-id"', shopify.note, true,
	pg_catalog.now()
FROM (VALUES
	(10, '$headers."x-shopify-topic" == "orders/paid" && $.total_price.double() > 0 && exists($.note_attributes[*] ? (@.name == "ref"))',
		'$.note_attributes[*] ? (@.name == "ref").value',
		'an order that was paid, with a cart attribute ref'),
	(20, '$headers."x-shopify-topic" == "orders/paid" && $.total_price.double() > 0',
		'$.discount_codes[*].code',
		'an order that was paid')
) AS shopify (position, "when", referred_by, note);

INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", amount, qualifies, external_id, refund_id, message_id, note,
	 builtin, created_at)
VALUES ('shopify', 30, 'refund',
	'$headers."x-shopify-topic" == "refunds/create" && exists($.transactions[*] ? (@.kind == "refund" && @.status == "success"))',
	'$.transactions[*] ? (@.kind == "refund" && @.status == "success").amount', true, '$.order_id',
	'$.id', '$headers."x-shopify-webhook-id"', 'something was given back of an order', true,
	pg_catalog.now());

-- Orders are told whole at every change: what was given back comes first, as the rest
-- is known by then. Codes as with Shopify, in the order's meta data and coupons.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", refunded, qualifies, external_id, message_id, note, builtin,
	 created_at)
SELECT 'woocommerce', woocommerce.position, 'refund', woocommerce."when"::jsonpath,
	woocommerce.refunded::jsonpath, true, '$.id', '$headers."x-wc-webhook-delivery-id"',
	woocommerce.note, true, pg_catalog.now()
FROM (VALUES
	(10, '$headers."x-wc-webhook-topic" == "order.updated" && exists($.refunds[*])',
		'-$.refunds[*].total.double()', 'something was given back of an order'),
	(20, '$headers."x-wc-webhook-topic" == "order.updated" && $.status == "cancelled"',
		NULL, 'an order was cancelled')
) AS woocommerce (position, "when", refunded, note);

INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", code, coupon, email, name, referred_by, ip, amount, qualifies,
	 currency, external_id, occurred_at, message_id, note, builtin, created_at)
SELECT 'woocommerce', woocommerce.position, 'purchase', woocommerce."when"::jsonpath,
	'$.meta_data[*] ? (@.key == "referral_code").value', '$.coupon_lines[*].code', '$.billing.email',
	'$.billing.first_name', woocommerce.referred_by::jsonpath, '$.customer_ip_address', '$.total',
	true, '$.currency', '$.id', '$.date_paid_gmt', '$headers."x-wc-webhook-delivery-id"',
	woocommerce.note, true, pg_catalog.now()
FROM (VALUES
	(30, '$headers."x-wc-webhook-topic" starts with "order." && ($.status == "processing" || $.status == "completed") && $.date_paid_gmt != null && $.total.double() > 0 && exists($.meta_data[*] ? (@.key == "ref"))',
		'$.meta_data[*] ? (@.key == "ref").value', 'an order that was paid, with meta data ref'),
	(40, '$headers."x-wc-webhook-topic" starts with "order." && ($.status == "processing" || $.status == "completed") && $.date_paid_gmt != null && $.total.double() > 0',
		'$.coupon_lines[*].code', 'an order that was paid')
) AS woocommerce (position, "when", referred_by, note);

-- Notifications tell no e-mail address: it is taken from custom_data, as the codes are.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", code, email, referred_by, amount, qualifies, minor_units,
	 currency, external_id, refund_id, occurred_at, message_id, note, builtin, created_at)
VALUES
	('paddle', 10, 'purchase',
		'$.event_type == "transaction.completed" && $.data.details.totals.grand_total.double() > 0',
		'$.data.custom_data.referral_code', '$.data.custom_data.email', '$.data.custom_data.ref',
		'$.data.details.totals.grand_total', true, true, '$.data.currency_code', '$.data.id', NULL,
		'$.occurred_at', '$.event_id', 'a transaction was completed', true, pg_catalog.now()),
	('paddle', 20, 'refund',
		'($.event_type == "adjustment.created" || $.event_type == "adjustment.updated") && $.data.status == "approved" && ($.data.action == "refund" || $.data.action == "chargeback")',
		NULL, NULL, NULL, '$.data.totals.total', true, true, '$.data.currency_code',
		'$.data.transaction_id', '$.data.id', '$.occurred_at', '$.event_id',
		'something was given back of a transaction', true, pg_catalog.now());

-- Two ways: events of an app, an array, tell a property and its value only, so a
-- workflow copies the code into a property of its own name; and a workflow's webhook
-- sends the properties of the deal or contact.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", code, email, amount, qualifies, currency, external_id,
	 occurred_at, note, builtin, created_at)
VALUES
	('hubspot', 10, 'qualify',
		'$.subscriptionType like_regex "^(deal|contact|object)[.]propertyChange$" && $.propertyName == "qualified_referral_code"',
		'$.propertyValue', NULL, NULL, false, NULL, NULL, '$.occurredAt',
		'the property qualified_referral_code was set to a code', true, pg_catalog.now()),
	('hubspot', 20, 'unqualify',
		'$.subscriptionType like_regex "^(deal|contact|object)[.]propertyChange$" && $.propertyName == "unqualified_referral_code"',
		'$.propertyValue', NULL, NULL, false, NULL, NULL, NULL,
		'the property unqualified_referral_code was set to a code', true, pg_catalog.now()),
	('hubspot', 30, 'purchase',
		'$.properties.dealstage.value == "closedwon" && $.properties.amount.value.double() > 0',
		'$.properties.referral_code.value', '$.properties.email.value', '$.properties.amount.value',
		true, '$.properties.deal_currency_code.value', '$.properties.hs_object_id.value', NULL,
		'a workflow sends a deal that was won', true, pg_catalog.now()),
	('hubspot', 40, 'qualify',
		'$.properties.dealstage.value == "closedwon" || $.properties.lifecyclestage.value == "customer"',
		'$.properties.referral_code.value', '$.properties.email.value', NULL, false, NULL, NULL, NULL,
		'a workflow sends a deal that was won without an amount, or a contact that became a customer',
		true, pg_catalog.now()),
	('hubspot', 50, 'unqualify', '$.properties.dealstage.value == "closedlost"',
		'$.properties.referral_code.value', '$.properties.email.value', NULL, false, NULL, NULL, NULL,
		'a workflow sends a deal that was lost', true, pg_catalog.now());

-- A flat object of our own names, as Zapier, Make and n8n fill in by hand.
INSERT INTO @extschema@.rf_inbound_mapping
	(mapping, position, action, "when", code, coupon, email, campaign, name, referred_by, source, ip,
	 meta, amount, qualifies, currency, external_id, refund_id, occurred_at, reward, reference, reason,
	 message_id, note, builtin, created_at)
SELECT 'zapier', zapier.position, zapier.action, zapier."when"::jsonpath, '$.code', '$.coupon',
	'$.email', '$.campaign', '$.name', '$.referred_by', '$.source', '$.ip', '$.meta',
	zapier.amount::jsonpath, zapier.action IN ('purchase', 'refund'), '$.currency', '$.external_id',
	'$.refund_id', '$.occurred_at', '$.reward', '$.reference', '$.reason', '$.idempotency_key',
	zapier.note, true, pg_catalog.now()
FROM (VALUES
	(10, 'join', '$.action == "join"', NULL, 'somebody joins'),
	(20, 'purchase', '$.action == "purchase"', '$.amount', 'somebody paid'),
	(30, 'refund', '$.action == "refund" && exists($.amount)', '$.amount', 'something was given back'),
	(40, 'refund', '$.action == "refund"', NULL, 'all that is left was given back'),
	(50, 'unqualify', '$.action == "unqualify"', NULL, 'somebody does not count any more'),
	(60, 'fulfill', '$.action == "fulfill"', NULL, 'a reward was handed over'),
	(70, 'qualify', '$.action == "qualify" || !exists($.action)', '$.amount', 'somebody converted')
) AS zapier (position, action, "when", amount, note);

CREATE TRIGGER rf_inbound_mapping_valid
BEFORE INSERT OR UPDATE ON @extschema@.rf_inbound_mapping
FOR EACH ROW EXECUTE FUNCTION @extschema@.rf_inbound_mapping_valid();
-- A dump leaves out what came with the extension, so it would come back.
CREATE TRIGGER rf_inbound_mapping_rows_kept
BEFORE DELETE OR UPDATE ON @extschema@.rf_inbound_mapping
FOR EACH ROW WHEN (OLD.builtin)
EXECUTE FUNCTION @extschema@.rf_rows_kept('It came with the extension: copy it under a name of your own.');
CREATE TRIGGER rf_inbound_mapping_all_kept
BEFORE TRUNCATE ON @extschema@.rf_inbound_mapping
FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.rf_rows_kept('Rows of your own are deleted one by one.');
