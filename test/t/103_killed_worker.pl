# A worker that is killed at any point loses nothing: what it had read, sent or
# seen answered but not recorded is sent again, under the same id.
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
$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url, max_in_flight, timeout) VALUES ('%s', 4, '60 s')},
	$sink->url('/hold')));

my $people = 0;
sub join_people
{
	my ($n) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'person' || $people + i || '\@example.com' FROM generate_series(1, $n) i");
	$people += $n;
	return;
}

sub kill_worker
{
	my $pid = worker_pid($node, 'shop');
	my $offset = -s $node->logfile;

	kill 'KILL', $pid;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT true');
	other_worker($node, 'shop', $pid);
	return;
}

# Every event arrived; repeats have the same id and the same body.
sub all_arrived
{
	my ($what, $repeats_max) = @_;
	my (%body, $differs);

	ok( $node->poll_query_until('shop', "SELECT count(DISTINCT delivery_id) = $people"
			  . " FROM rf_attempt WHERE outcome = 'success'"), "$what: all are delivered");
	my @requests = $sink->requests('/hold');
	foreach (@requests)
	{
		my $id = $_->{headers}{'webhook-id'};

		$differs = 1 if exists $body{$id} && $body{$id} ne $_->{body};
		$body{$id} = $_->{body};
	}
	is(join("\n", sort keys %body), $node->safe_psql('shop',
			'SELECT string_agg(id, E\'\n\' ORDER BY id COLLATE "C")'
			  . ' FROM (SELECT rf_message_id(home, id) FROM rf_event) AS e (id)'),
		"$what: under their ids");
	ok(!$differs, "$what: repeats are the same");
	cmp_ok(@requests - $people, '<=', $repeats_max, "$what: few are repeated");
	is($node->safe_psql('shop', 'SELECT count(*) FROM rf_retry'), '0', "$what: nothing is left");
	return scalar @requests;
}

# Read and not sent: one request is held, the others wait in memory.
join_people(10);
$sink->await(1);
kill_worker();
$sink->await(2);
$sink->release;
my $repeats = all_arrived('killed after reading', 4) - $people;

# Sent and not answered: four are held.
$sink->hold;
join_people(10);
$sink->await($people - 10 + $repeats + 4);
kill_worker();
$sink->release;
$repeats = all_arrived('killed after sending', $repeats + 4) - $people;

# Answered and not recorded: the table of attempts is locked.
my $lock = $node->background_psql('shop');
$lock->query_safe('BEGIN');
$lock->query_safe("LOCK rf_attempt_$_") foreach 0 .. 3;
join_people(3);
$sink->await($people + $repeats);
$node->wait_for_log(qr/canceling statement due to lock timeout/);
kill_worker();
$lock->quit;
all_arrived('killed before recording', $repeats + 3 + 8);

# A turn that fails while the worker lives repeats nothing.
my $sent = $sink->requests;
$lock = $node->background_psql('shop');
$lock->query_safe('BEGIN');
$lock->query_safe("LOCK rf_attempt_$_") foreach 0 .. 3;
my $offset = -s $node->logfile;
join_people(3);
$sink->await($sent + 3);
$lock->query_safe('SELECT pg_sleep(0)');
$node->poll_query_until('postgres',
	"SELECT count(*) > 0 FROM pg_locks WHERE NOT granted");
$lock->query_safe('COMMIT');
$lock->quit;
all_arrived('recording failed', 1000);
is(scalar $sink->requests, $sent + 3, 'recording failed: nothing is repeated');

# Stopped in the middle and started again.
$sink->hold;
join_people(5);
$sink->await($sent + 3 + 1);
elapsed_below(5, 'a fast stop with requests under way', sub { $node->stop('fast') });
$sink->release;
$node->start;
all_arrived('restarted', 1000);

$node->stop;
done_testing();
