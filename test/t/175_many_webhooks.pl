# Webhooks that ask for too much. A statement that makes bodies for thousands of them
# can be cancelled. One whose body of a webhook.* event would be too large does not
# hear of it, and keeps it from nobody else.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use Time::HiRes qw(time);
use WebhookSink;

my $sink = WebhookSink->new;
my $node = served_node('main');

create_served($node, 'shop');
$node->safe_psql('shop', q{INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')});

$node->safe_psql('shop', q{
	INSERT INTO rf_webhook (url, format, fields, extra, events)
		VALUES ('} . $sink->url('/ok/large') . q{', 'fields', '{"name": "webhook.name"}',
			jsonb_build_object('constant', repeat('x', 300000)), '{webhook.exhausted}');
	INSERT INTO rf_webhook (url, events) VALUES ('} . $sink->url('/ok/small') . q{', '{webhook.exhausted}');
	INSERT INTO rf_webhook (name, url, events, retry_schedule)
		VALUES ('gone', 'http://127.0.0.1:1/', '{referrer.joined}', '{0}')});
my $offset = -s $node->logfile;
$node->safe_psql('shop', q{SELECT rf_join('spring', 'ann@x.example')});
is(scalar $sink->await(1, '/ok/small'), 1, 'who takes it hears of a delivery that was given up');
is(scalar $sink->requests('/ok/large'), 0, 'who cannot does not');
$node->wait_for_log(qr/WARNING:  webhook 1 is not sent an event "webhook.exhausted"/, $offset);

$node->safe_psql('shop', q{
	DELETE FROM rf_webhook;
	INSERT INTO rf_webhook (url, events, format, template)
		SELECT 'https://x.example/', '{referrer.joined}', 'template', '{"a": "{{participant.meta}}"}'
		FROM generate_series(1, 5000)});
my $began = time;
my ($status, $output, $errors) = $node->psql('shop', q{
	SET statement_timeout = '300 ms';
	SELECT rf_join('spring', 'bob@x.example', meta => ('{"a": ' || repeat('[', 6000) || repeat(']', 6000) || '}')::jsonb)});
like($errors, qr/canceling statement due to statement timeout/, 'thousands of bodies can be cancelled');
cmp_ok(time - $began, '<', 3, 'soon');

$node->stop;
$sink->stop;
done_testing();
