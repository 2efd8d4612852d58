# What a worker that died has served is served again within a second: by the one
# that replaces it, or, where none comes, by the other workers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use Time::HiRes qw(time sleep);
use WebhookSink;

my $webhooks = 12;
my $people = 100;
my $node = served_node('main', 'referral.workers = 2');
my $sink = WebhookSink->new;
my $inserted = 0;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . 'INSERT INTO rf_webhook (url, max_in_flight) VALUES '
	  . join(', ', map { "('" . $sink->url("/alone/$_") . "', 1)" } 1 .. $webhooks));

sub await_shares
{
	my ($expected) = @_;

	return $node->poll_query_until('shop', "SELECT string_agg(shares::text, ',' ORDER BY worker)"
		  . " = '$expected' FROM rf_workers()");
}

sub pid_of
{
	my ($worker) = @_;

	return $node->safe_psql('shop', "SELECT pid FROM rf_workers() WHERE worker = $worker");
}

sub insert_people
{
	my ($n) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'p' || i || '\@example.com'"
		  . " FROM generate_series($inserted + 1, $inserted + $n) i");
	$inserted += $n;
	return;
}

# Work under way.
sub load
{
	my $before = $inserted;

	insert_people($people);
	$sink->await($webhooks * $before + 100);
	return;
}

# Every endpoint hears again within a second of the end of a worker.
sub terminate
{
	my ($worker, $what) = @_;
	my $pid = pid_of($worker);

	$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
	sleep 0.005 while kill 0, $pid;
	my $before = time;
	insert_people(1);
	my $silent = $webhooks;
	my $end = $before + $PostgreSQL::Test::Utils::timeout_default;
	my $last;
	while ($silent > 0 && time < $end)
	{
		my %first;
		foreach my $request ($sink->requests)
		{
			next if $request->{at} < $before;
			$first{ $request->{path} } //= $request->{at};
		}
		$silent = $webhooks - keys %first;
		($last) = sort { $b <=> $a } values %first;
		sleep 0.1 if $silent > 0;
	}
	is($silent, 0, "$what: every endpoint is served again");
	cmp_ok(($last // $end) - $before, '<', 1,
		sprintf('%s: within a second (%.2f s)', $what, ($last // $end) - $before));
	return;
}

sub check_requests
{
	my ($deaths) = @_;
	my $expected = $webhooks * $inserted;
	my %times;

	ok($node->poll_query_until('shop', "SELECT count(DISTINCT delivery_id) = $expected"
			  . " FROM rf_attempt WHERE outcome = 'success'"), 'all of it is recorded');
	$times{"$_->{path} $_->{headers}{'webhook-id'}"}++ foreach $sink->requests;
	is(scalar keys %times, $expected, 'nothing is lost');
	my $repeats = 0;
	$repeats += $_ - 1 foreach values %times;
	# Under way, or answered and not yet recorded.
	cmp_ok($repeats, '<=', 30 * $deaths, "$repeats repeats are what was under way");
	return;
}

ok(await_shares('32,32'), 'two workers share');
load();
terminate(1, 'the second worker');
ok(await_shares('32,32'), 'another one takes its place');
load();
terminate(0, 'the first worker');
ok(await_shares('32,32'), 'that one is replaced, too');
check_requests(2);

# Nobody replaces it while the launcher does not move.
my $launcher = $node->safe_psql('postgres',
	"SELECT pid FROM pg_stat_activity WHERE backend_type = 'referral launcher'");
load();
kill 'STOP', $launcher;
terminate(0, 'without a replacement');
is($node->safe_psql('shop', 'SELECT shares FROM rf_workers() WHERE worker = 1'), '64',
	'the other worker has all');
is($node->safe_psql('shop', 'SELECT pid FROM rf_worker_status()'), pid_of(1),
	'and does what is done once');
kill 'CONT', $launcher;
ok(await_shares('32,32'), 'a replacement gets back what is its own');
check_requests(3);

$node->stop;
done_testing();
