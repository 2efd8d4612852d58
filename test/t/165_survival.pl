# A hundred times the worker is killed under load, and twenty times the server is
# stopped at once: every event that was committed arrives, none that was rolled back
# does, and what arrives again bears the same id and was on its way at the time.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IPC::Run ();
use PostgreSQL::Test::Utils ();
use ServedNode;
use Test::More;
use Time::HiRes qw(sleep);
use WebhookSink;

my $kills = $ENV{REFERRAL_KILLS} // 100;
my $stops = $ENV{REFERRAL_STOPS} // 20;
my $clients = 2;
my $in_flight = 16;

my $node = served_node('main', 'restart_after_crash = on',
	"referral.max_in_flight = $in_flight");
my $sink = WebhookSink->new;
my @paths = qw(/ok /slow/15);

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . " INSERT INTO rf_webhook (url) VALUES "
	  . join ', ', map { "('" . $sink->url($_) . "')" } @paths);

# People join one by one; every other transaction, or part of one, is rolled back.
sub load_of
{
	my ($round, $client) = @_;
	my $join = sub { "INSERT INTO rf_participant (campaign_id, email)"
		  . " VALUES (1, '$_[0]-$round-$client-$_[1]\@example.com');" };

	return join "\n", map {
		$join->('kept', $_),
		  'BEGIN;', $join->('never', "$_-a"), 'ROLLBACK;',
		  'BEGIN;', $join->('kept', "$_-b"), 'SAVEPOINT s;', $join->('never', "$_-c"),
		  'ROLLBACK TO s;', 'COMMIT;'
	} 1 .. 60;
}

# Sessions that go on until they are done or the server is gone.
sub begin_load
{
	my ($round) = @_;

	return map {
		my $file = "$PostgreSQL::Test::Utils::tmp_check/load-$_.sql";
		PostgreSQL::Test::Utils::append_to_file($file, load_of($round, $_));
		IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('shop'), '-f', $file ],
			'>', '/dev/null', '2>', '/dev/null')
	} 1 .. $clients;
}

sub end_load
{
	foreach (@_) { eval { $_->finish } }
	unlink glob "$PostgreSQL::Test::Utils::tmp_check/load-*.sql";
	return;
}

sub some_arrive
{
	my $before = -s $sink->{log};

	for (1 .. 2000)
	{
		return if -s $sink->{log} > $before;
		sleep 0.005;
	}
	die 'nothing arrives';
}

# At some moment while requests are under way.
sub at_some_moment
{
	some_arrive();
	sleep rand 0.08;
	return;
}

sub kill_worker
{
	my $pid;

	$node->poll_query_until('shop', 'SELECT pid IS NOT NULL FROM rf_worker_status()');
	$pid = worker_pid($node, 'shop') || return;
	my $offset = -s $node->logfile;
	kill 'KILL', $pid or return;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT true');
	return 1;
}

my $done = 0;
for my $round (1 .. $kills)
{
	my @load = begin_load("k$round");

	at_some_moment();
	$done++ if kill_worker();
	end_load(@load);
}
is($done, $kills, "the worker was killed $kills times");

for my $round (1 .. $stops)
{
	my @load = begin_load("s$round");

	at_some_moment();
	$node->stop('immediate');
	end_load(@load);
	$node->start;
}
my @load = begin_load('last');
end_load(@load);

ok($node->poll_query_until('shop', 'SELECT pending + retrying = 0 FROM rf_status'),
	'all is sent in the end');
my @committed = split /\n/,
  $node->safe_psql('shop', 'SELECT rf_message_id(home, id) FROM rf_event');
my %committed = map { $_ => 1 } @committed;
cmp_ok(scalar @committed, '>', $kills + $stops, scalar @committed . ' events were committed');
foreach my $path (@paths)
{
	my @requests = $sink->requests($path);
	my (%arrived, %body);

	$arrived{ $_->{headers}{'webhook-id'} }++ foreach @requests;
	is(scalar(grep { !$arrived{$_} } @committed), 0, "$path: every committed event arrived");
	is(scalar(grep { !$committed{$_} } keys %arrived), 0, "$path: nothing else did");
	is(scalar(grep { $_->{body} =~ /never/ } @requests), 0, "$path: nor anything rolled back");
	$body{ $_->{headers}{'webhook-id'} }{ $_->{body} } = 1 foreach @requests;
	is(scalar(grep { keys %$_ > 1 } values %body), 0, "$path: repeats are the same");
	note "$path: " . @requests . ' requests, ' . (@requests - keys %arrived) . ' repeats';
	cmp_ok(@requests - keys %arrived, '<=', ($kills + $stops) * $in_flight,
		"$path: repeats are at most what was under way");
}

$node->stop;
$sink->stop;
done_testing();
