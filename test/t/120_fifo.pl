# A webhook with ordering = fifo gets its events one at a time and by their ids:
# a failing one holds back the others, whatever happens meanwhile.
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

sub create_fifo
{
	my ($path, $schedule) = @_;
	my $url = $sink->url($path);

	return $node->safe_psql('shop',
		"INSERT INTO rf_webhook (url, ordering, retry_schedule)"
		  . " VALUES ('$url', 'fifo', '$schedule') RETURNING id");
}

my $people = 0;

# Each in a transaction of its own, unless "at once".
sub join_people
{
	my ($n, $at_once) = @_;
	my $first = $people + 1;

	$people += $n;
	$node->safe_psql('shop', $at_once
		? "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'person' || i || '\@example.com' FROM generate_series($first, $people) i"
		: join ';', map { join_person("person$_\@example.com") } $first .. $people);
	return;
}

# The message ids of all events since the last webhook, in their order.
my $past = 0;
sub events
{
	return split /\n/, $node->safe_psql('shop',
		"SELECT rf_message_id(home, id) FROM rf_event WHERE id > $past ORDER BY id");
}

sub ids { return map { $_->{headers}{'webhook-id'} } @_ }

# Without repeats of the same one in a row.
sub distinct
{
	my @result;

	foreach (@_) { push @result, $_ unless @result && $result[-1] eq $_ }
	return @result;
}

sub drop_webhook
{
	$node->safe_psql('shop', "DELETE FROM rf_webhook WHERE id = $_[0]");
	$past = $node->safe_psql('shop', 'SELECT max(id) FROM rf_event');
	return;
}

sub await_idle
{
	my ($webhook, $n) = @_;

	$node->poll_query_until('shop', "SELECT count(DISTINCT delivery_id) = $n FROM rf_attempt"
		  . " WHERE webhook_id = $webhook AND outcome IN ('success', 'dead')") or die 'not idle';
	return;
}

sub await_idle_again
{
	my ($webhook, $n) = @_;

	$node->poll_query_until('shop', "SELECT count(*) = $n FROM rf_attempt"
		  . " WHERE webhook_id = $webhook AND outcome = 'success'") or die 'not idle';
	return;
}

# One at a time, in order.
my $webhook = create_fifo('/slow/10/order', '{0}');
join_people(30);
join_people(30, 1);
$sink->await(60, '/slow/10/order');
await_idle($webhook, 60);
is_deeply([ ids($sink->requests('/slow/10/order')) ], [ events() ], 'in the order of events');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt a JOIN rf_attempt b"
		  . " ON b.webhook_id = a.webhook_id AND b.delivery_id <> a.delivery_id"
		  . " AND b.started_at > a.started_at"
		  . " AND b.started_at < a.started_at + a.total_us * interval '1 us' - interval '1 ms'"
		  . " WHERE a.webhook_id = $webhook"), '0', 'one at a time');
drop_webhook($webhook);

# A failing head blocks, through a restart of the worker and a pause.
$sink->tell('head', 500);
$webhook = create_fifo('/told/head', '{' . join(',', 0, ('1 s') x 49) . '}');
join_people(20);
$sink->await(2, '/told/head');
join_people(5, 1);
my $pid = worker_pid($node, 'shop');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
other_worker($node, 'shop', $pid);
my $before = $sink->requests('/told/head');
join_people(5);
$sink->await($before + 2, '/told/head');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $webhook");
$node->poll_query_until('shop', "SELECT count(*) = 30 FROM rf_retry WHERE webhook_id = $webhook")
  or die 'not parked';
join_people(5);
$node->poll_query_until('shop', "SELECT count(*) = 35 FROM rf_retry WHERE webhook_id = $webhook")
  or die 'not parked';
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled' WHERE id = $webhook");
join_people(5, 1);
$before = $sink->requests('/told/head');
$sink->await($before + 1, '/told/head');
my @events = events();
is_deeply([ distinct(ids($sink->requests('/told/head'))) ], [ $events[0] ],
	'nothing overtakes a failing head');
$sink->tell('head', 204);
await_idle($webhook, 40);
is_deeply([ distinct(ids($sink->requests('/told/head'))) ], \@events,
	'then all come in the order of events');
drop_webhook($webhook);

# One that is dead makes way.
$sink->tell('dead', 500);
$webhook = create_fifo('/told/dead', '{0,0,0}');
join_people(3);
await_idle($webhook, 3);
@events = events();
is_deeply([ ids($sink->requests('/told/dead')) ], [ map { ($_) x 3 } @events ],
	'the next has its turn when one is dead');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_dead WHERE webhook_id = $webhook"), '3',
	'and each of them had all its attempts');
drop_webhook($webhook);

# More than the queue in memory holds, with a restart and failures in the middle.
$sink->tell('many', 500);
$webhook = create_fifo('/told/many', '{' . join(',', 0, ('1 s') x 49) . '}');
join_people(6000, 1);
$sink->await(1, '/told/many');
join_people(20);
$sink->tell('many', 204);
$sink->await(1500, '/told/many');
$sink->tell('many', 503);
$pid = worker_pid($node, 'shop');
my $offset = -s $node->logfile;
kill 'KILL', $pid;
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
$node->poll_query_until('postgres', 'SELECT true') or die 'no server';
other_worker($node, 'shop', $pid);
$sink->tell('many', 204);
await_idle($webhook, 6020);

# A crash sends again what was not recorded: in order as well.
my %seen;
my @first = grep { !$seen{$_}++ } ids($sink->requests('/told/many'));
is_deeply(\@first, [ events() ], 'beyond the queue in memory, and after a crash, the same order');
drop_webhook($webhook);

# Ordering can be changed while things wait. Ten failures would open the breaker.
$sink->tell('change', 500);
my $url = $sink->url('/told/change');
$webhook = $node->safe_psql('shop',
	"INSERT INTO rf_webhook (url, retry_schedule) VALUES ('$url', '{0,1 s,1 s,1 s,1 s,1 s,1 s,1 s}') RETURNING id");
join_people(3);
$sink->await(3, '/told/change');
$node->safe_psql('shop', "UPDATE rf_webhook SET ordering = 'fifo' WHERE id = $webhook");
$node->poll_query_until('shop', "SELECT count(*) = 3 FROM rf_retry WHERE webhook_id = $webhook")
  or die 'not recorded';
join_people(3);
$before = $sink->requests('/told/change');
$sink->await($before + 2, '/told/change');
$sink->tell('change', 204);
await_idle($webhook, 6);
@events = events();
my @last = split /\n/, $node->safe_psql('shop', "SELECT rf_message_id(e.home, e.id) FROM rf_attempt a"
	  . " JOIN rf_event e ON e.id = a.event_id"
	  . " WHERE a.webhook_id = $webhook AND a.outcome = 'success' ORDER BY a.started_at");
is_deeply(\@last, \@events, 'a webhook can become fifo');
drop_webhook($webhook);

# What is replayed has times of its own, also while another one is on its way.
$sink->tell('paced', 500);
$webhook = create_fifo('/told/paced', '{0}');
join_people(6);
$node->poll_query_until('shop', "SELECT count(*) = 6 FROM rf_dead WHERE webhook_id = $webhook")
  or die 'not dead';
$url = $sink->url('/hold/paced');
$node->safe_psql('shop', "UPDATE rf_webhook SET url = '$url' WHERE id = $webhook");
is($node->safe_psql('shop', "SELECT rf_replay_webhook($webhook, rate => 1)"), '6', 'replayed');
$sink->await(1, '/hold/paced');
$node->poll_query_until('shop', "SELECT count(*) = 3 FROM rf_retry"
	  . " WHERE webhook_id = $webhook AND next_at < clock_timestamp()") or die 'not due';
$sink->release;
await_idle_again($webhook, 6);
is($node->safe_psql('shop', "SELECT max(started_at) - min(started_at) > '4.9 s' FROM rf_attempt"
		  . " WHERE webhook_id = $webhook AND outcome = 'success'"), 't', 'none comes before its time');
drop_webhook($webhook);

$sink->stop;
$node->stop;
done_testing();
