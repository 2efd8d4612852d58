# What is dead or delivered is sent once more: soon, under the same id, with the
# same bytes in every format, as slowly as wished, and once, whatever is restarted.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main', 'restart_after_crash = on');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

my %columns = (
	standard => [ 'method', "'PUT'" ],
	fields => [ 'format, fields', q{'fields', '{"mail": "participant.email", "who": "participant.name"}'} ],
	get => [ 'method, format, fields', q{'GET', 'form', '{"mail": "participant.email"}'} ],
	cloudevents => [ 'format', "'cloudevents'" ],
	template => [ 'format, template', q{'template', '{"text": "Hello {{participant.name}} {{event.id}}"}'} ]);
my %webhook = map {
	my ($names, $values) = @{ $columns{$_} };

	($_ => $node->safe_psql('shop', sprintf(
				"INSERT INTO rf_webhook (url, events, retry_schedule, %s)"
				  . " VALUES ('%s', '{referrer.joined}', '{0}', %s) RETURNING id",
				$names, $sink->url("/status/500/$_"), $values)));
} sort keys %columns;
my $webhooks = keys %webhook;

sub await_row
{
	my ($query, $what) = @_;

	ok($node->poll_query_until('shop', $query), $what);
	return;
}

# The same request in all that a receiver looks at.
sub is_same
{
	my ($got, $expected, $what) = @_;

	is_deeply([ @$got{qw(method body query)}, @{ $got->{headers} }{qw(webhook-id referral-event content-type)} ],
		[ @$expected{qw(method body query)}, @{ $expected->{headers} }{qw(webhook-id referral-event content-type)} ], $what);
	return;
}

# Dead ones, of every format.
$node->safe_psql('shop', q{
	INSERT INTO rf_participant (campaign_id, email, name) VALUES (1, 'zoë@example.com', 'Zoë')});
await_row("SELECT count(*) = $webhooks FROM rf_dead", 'dead in all formats');
my %first = map { my ($request) = $sink->requests("/status/500/$_"); ($_ => $request) } keys %webhook;
$node->safe_psql('shop', "UPDATE rf_webhook SET url = replace(url, '/status/500', '/ok')");
elapsed_below(4, 'they are sent soon', sub {
	is($node->safe_psql('shop', 'SELECT sum(rf_replay_webhook(id)) FROM rf_webhook'), $webhooks,
		'all are replayed');
	$sink->await(1, "/ok/$_") foreach keys %webhook;
});
foreach (sort keys %webhook)
{
	my ($request) = $sink->requests("/ok/$_");

	is_same($request, $first{$_}, "$_: a dead one is the same");
	is($request->{headers}{'referral-attempt'}, 1, 'with all attempts before it');
	ok(WebhookSink::is_signed($request,
			$node->safe_psql('shop', "SELECT rf_webhook_secret($webhook{$_})")), 'signed');
}
await_row("SELECT count(*) = $webhooks FROM rf_delivery WHERE state = 'delivered'", 'delivered');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_dead'), '0', 'none is dead any more');

# Delivered ones, one by one.
elapsed_below(4, 'soon, too', sub {
	$node->safe_psql('shop', 'SELECT rf_replay(delivery_id) FROM rf_delivery');
	$sink->await(2, "/ok/$_") foreach keys %webhook;
});
foreach (sort keys %webhook)
{
	my @requests = $sink->requests("/ok/$_");

	is_same($requests[1], $first{$_}, "$_: a delivered one is the same");
}
await_row("SELECT count(*) = 3 * $webhooks FROM rf_attempt", 'each attempt is recorded');
await_row('SELECT count(*) = 0 FROM rf_retry', 'and nothing is left to try');

# While it is on its way it is pending.
$sink->hold;
$node->safe_psql('shop', sprintf "UPDATE rf_webhook SET url = '%s' WHERE id = %d",
	$sink->url('/hold'), $webhook{fields});
my $delivery = $node->safe_psql('shop',
	"SELECT delivery_id FROM rf_delivery WHERE webhook_id = $webhook{fields}");
$node->safe_psql('shop', "SELECT rf_replay($delivery)");
$sink->await(1, '/hold');
my ($code, undef, $error) = $node->psql('shop', "SELECT rf_replay($delivery)");
like($error, qr/delivery $delivery is pending/, 'what is on its way is not replayed');
is($node->safe_psql('shop', "SELECT rf_replay_webhook($webhook{fields}, state => 'all')"), '0',
	'nor with others');

# The worker is killed meanwhile: sent again, and no more than that.
my $pid = worker_pid($node, 'shop');
my $offset = -s $node->logfile;
kill 'KILL', $pid;
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
$node->poll_query_until('postgres', 'SELECT true');
other_worker($node, 'shop', $pid);
$sink->await(2, '/hold');
$sink->release;
await_row('SELECT count(*) = 0 FROM rf_retry', 'what was on its way when the worker was killed arrives');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt WHERE delivery_id = $delivery"), '4',
	'once more');

# A webhook that is paused gets it when it is enabled, over a restart.
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $webhook{standard}");
is($node->safe_psql('shop', "SELECT rf_replay_webhook($webhook{standard}, state => 'delivered')"), '1',
	'one that is paused is replayed');
$node->restart;
await_state($node, 'shop', 'serving');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled' WHERE id = $webhook{standard}");
is_same(($sink->await(3, '/ok/standard'))[2], $first{standard}, 'and gets it when it is enabled');
await_row('SELECT count(*) = 0 FROM rf_retry', 'nothing is left');
# Something else arrives afterwards: were there more to send, it would be there.
$node->safe_psql('shop', "SELECT rf_test_webhook($webhook{standard})");
is(($sink->await(4, '/ok/standard'))[3]{headers}{'referral-event'}, 'webhook.test', 'once');

# As slowly as wished, in the order of events.
my $slow = $node->safe_psql('shop', sprintf(
		"INSERT INTO rf_webhook (url, sources, retry_schedule)"
		  . " VALUES ('%s', '{Slow}', '{0}') RETURNING id", $sink->url('/status/500/slow')));
$node->safe_psql('shop', q{
	INSERT INTO rf_participant (campaign_id, email, source)
	SELECT 1, 'slow' || i || '@example.com', 'Slow' FROM generate_series(1, 9) i});
await_row("SELECT count(*) = 9 FROM rf_dead WHERE webhook_id = $slow", 'nine are dead');
$node->safe_psql('shop', sprintf "UPDATE rf_webhook SET url = '%s' WHERE id = %d",
	$sink->url('/ok/slow'), $slow);
is( $node->safe_psql('shop', qq{
		BEGIN;
		SELECT rf_replay_webhook($slow, rate => 5);
		SELECT array_agg(round(1000 * extract(epoch FROM next_at - before)) ORDER BY event_id)
		FROM (SELECT *, lag(next_at) OVER (ORDER BY event_id) AS before FROM rf_retry) r;
		COMMIT}),
	"9\n{NULL,200,200,200,200,200,200,200,200}", 'replayed, five a second, in the order of events');
$sink->await(9, '/ok/slow');

# With ordering = fifo the old ones go first, whatever happened meanwhile.
my $ordered = $node->safe_psql('shop', sprintf(
		"INSERT INTO rf_webhook (url, sources, ordering, retry_schedule)"
		  . " VALUES ('%s', '{Ordered}', 'fifo', '{0}') RETURNING id", $sink->url('/status/500/ordered')));
sub join_ordered
{
	my ($from, $to) = @_;

	$node->safe_psql('shop', qq{
		INSERT INTO rf_participant (campaign_id, email, source)
		SELECT 1, 'ordered' || i || '\@example.com', 'Ordered' FROM generate_series($from, $to) i});
	return;
}
join_ordered(1, 3);
await_row("SELECT count(*) = 3 FROM rf_dead WHERE webhook_id = $ordered", 'three are dead');
$sink->hold;
$node->safe_psql('shop', sprintf "UPDATE rf_webhook SET url = '%s', timeout = '60 s' WHERE id = %d",
	$sink->url('/hold/ordered'), $ordered);
join_ordered(4, 6);
$sink->await(1, '/hold/ordered');
is($node->safe_psql('shop', "SELECT rf_replay_webhook($ordered, rate => 100)"), '3', 'replayed');
# The worker has looked at rf_retry by the time in which it sends something else.
$node->safe_psql('shop', "SELECT rf_test_webhook($slow)");
$sink->await(10, '/ok/slow');
$sink->release;
my @requests = $sink->await(6, '/hold/ordered');
my @mails = map { $_->{body} =~ /"email":"ordered(\d)/ } @requests;
is("@mails", '4 1 2 3 5 6', 'what is on its way, then in the order of events');

$node->stop;
done_testing();
