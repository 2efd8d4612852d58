# The breaker: an endpoint that fails most of the time is left alone, and nothing
# that waits for it burns an attempt. A restart does not change that.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use Time::HiRes qw(time);
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

my $people = 0;
sub join_people
{
	my ($n) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'person' || $people + i || '\@example.com' FROM generate_series(1, $n) i");
	$people += $n;
	return;
}

sub await_row
{
	my ($query, $what) = @_;

	ok($node->poll_query_until('shop', $query), $what);
	return;
}

sub restart_worker
{
	my $pid = worker_pid($node, 'shop');

	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	return other_worker($node, 'shop', $pid);
}

my $never_dead = '{0,' . join(',', ('0 s') x 49) . '}';
my $url = $sink->url('/told/endpoint');
my $state = 'FROM rf_webhook_state';

# Opens.
$sink->tell('endpoint', 500);
my $webhook = $node->safe_psql('shop',
	"INSERT INTO rf_webhook (url, retry_schedule) VALUES ('$url', '$never_dead') RETURNING id");
join_people(1);
await_row("SELECT breaker = 'open' AND openings = 1"
	  . " AND open_until BETWEEN now() + interval '20 s' AND now() + interval '30 s' $state",
	'it opens for 30 s');
my $opened = time;
is(scalar $sink->requests('/told/endpoint'), 10, 'after ten failures');
is($node->safe_psql('shop', 'SELECT attempts FROM rf_retry'), '10', 'which are attempts');

# While it is open: nothing, after a restart either.
join_people(20);
ok(restart_worker(), 'the worker is started again');
join_people(5);
await_row("SELECT state = 'serving' FROM rf_worker_status()", 'and serves');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt"), '10', 'nothing is sent');

# One probe, and twice as long.
my @requests = $sink->await(11, '/told/endpoint');
cmp_ok($requests[10]{at} - $opened, '>', 28, 'a probe after 30 s');
await_row("SELECT breaker = 'open' AND openings = 2"
	  . " AND open_until BETWEEN now() + interval '50 s' AND now() + interval '60 s' $state",
	'it fails: twice as long');
is(scalar $sink->requests('/told/endpoint'), 11, 'no more than one');
is($node->safe_psql('shop', 'SELECT sum(attempts) FROM rf_retry'), '11',
	'what waits has burnt no attempt');

# The time is over, and the endpoint is well again. Another worker reads the row.
$sink->tell('endpoint', 204);
$node->safe_psql('shop', 'UPDATE rf_webhook_state SET open_until = now()');
ok(restart_worker(), 'the worker is started when the time is over');
await_row("SELECT breaker = 'closed' AND openings = 0 AND open_until IS NULL $state",
	'the probe succeeds: closed');
await_row("SELECT count(*) = 26 FROM rf_attempt WHERE outcome = 'success'", 'and all is sent');
@requests = $sink->requests('/told/endpoint');
is(scalar @requests, 37, 'each of them once');

# It is one endpoint's own: another goes on.
my $other = $sink->url('/ok/other');
$node->safe_psql('shop', "INSERT INTO rf_webhook (url) VALUES ('$other')");
$sink->tell('endpoint', 503);
join_people(10);
await_row("SELECT breaker = 'open' $state WHERE webhook_id = $webhook", 'it opens again');
join_people(10);
is(scalar $sink->await(20, '/ok/other'), 20, 'another endpoint gets everything');

# Enabling it again closes it, as another URL does.
$sink->tell('endpoint', 204);
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $webhook;"
	  . " UPDATE rf_webhook SET state = 'enabled' WHERE id = $webhook");
await_row("SELECT breaker = 'closed' $state WHERE webhook_id = $webhook", 'enabled again: closed');
await_row("SELECT count(*) = 46 FROM rf_attempt"
	  . " WHERE webhook_id = $webhook AND outcome = 'success'", 'and sends at once');
$sink->tell('endpoint', 500);
join_people(10);
await_row("SELECT breaker = 'open' $state WHERE webhook_id = $webhook", 'open');
my $moved = $sink->url('/ok/moved');
$node->safe_psql('shop', "UPDATE rf_webhook SET url = '$moved' WHERE id = $webhook");
is(scalar $sink->await(10, '/ok/moved'), 10, 'another URL is tried at once');
await_row("SELECT breaker = 'closed' AND failing_since IS NULL $state WHERE webhook_id = $webhook",
	'and nothing is held against it');

$sink->stop;
$node->stop;
done_testing();
