# Several workers are seen as one: what each of them says adds up, and what one that
# leaves said goes with it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main', 'referral.workers = 2');
my $sink = WebhookSink->new;
my $webhooks = 20;
my $url = $sink->url('/hold');

create_served($node, 'shop');
$node->safe_psql('shop', qq{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url, events) SELECT '$url/' || i, '{referrer.joined}' FROM generate_series(1, $webhooks) i;});
ok($node->poll_query_until('shop', 'SELECT workers = 2 FROM rf_status'), 'two workers');

$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'person' || i || '\@example.com' FROM generate_series(1, 10) i");
my $waits = 10 * $webhooks;
ok($node->poll_query_until('shop', "SELECT pending = $waits AND in_flight > 0 FROM rf_status"), 'what waits adds up')
  or diag $node->safe_psql('shop', 'SELECT * FROM rf_status');
ok($node->poll_query_until('shop', qq{
	SELECT sum(pending) = $waits AND sum(in_flight) = (SELECT in_flight FROM rf_status) AND bool_and(pending = 10)
	FROM rf_webhook_status}), 'that of webhooks, too');

# One leaves, and another takes its place.
my $pid = $node->safe_psql('shop', 'SELECT max(pid) FROM rf_workers()');
$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
ok($node->poll_query_until('shop', "SELECT count(*) = 2 AND bool_and(pid <> $pid) FROM rf_workers() WHERE pid IS NOT NULL"),
	'another worker comes for the one that left');
ok($node->poll_query_until('shop', qq{
	SELECT workers = 2 AND pending = $waits AND (SELECT sum(pending) = $waits FROM rf_webhook_status) FROM rf_status}),
	'nothing is counted twice or forgotten') or diag $node->safe_psql('shop', 'SELECT * FROM rf_status');
$sink->release;
ok($node->poll_query_until('shop', qq{
	SELECT pending = 0 AND in_flight = 0 AND (SELECT bool_and(attempts_5m >= 10 AND pending = 0) FROM rf_webhook_status) FROM rf_status}),
	'all is sent and counted') or diag $node->safe_psql('shop', 'SELECT webhook_id, attempts, attempts_5m, pending FROM rf_webhook_status');

$sink->stop;
$node->stop;
done_testing();
