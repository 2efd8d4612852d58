# A listener that is asked to leave answers what is whole, waits a moment for the
# rest, and is back. One that is killed leaves the server as any backend would.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use Time::HiRes qw(time);

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $path = PostgreSQL::Test::Utils::tempdir_short() . '/http';
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop, unix:$path/shop'",
	'restart_after_crash = on');
create_listened($node, 'shop');
my $token = $node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('spring', 'Spring', 'https://shop.example/');
	INSERT INTO rf_participant (campaign_id, email, code)
		SELECT id, 'r@example.com', 'RRRR' FROM rf_campaign;
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		SELECT id, 'a@example.com', 'AAAA', 'RRRR' FROM rf_campaign;
	SELECT token FROM rf_create_inbound_token('shop');});
my $call = "POST /webhook/$token/qualify HTTP/1.1\r\nHost: test\r\n"
  . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ncode=AAAA";

sub tcp_pid
{
	return $node->safe_psql('shop', "SELECT pid FROM rf_listeners() WHERE listen = '127.0.0.1:$port'");
}

sub await_other
{
	my ($pid) = @_;

	return $node->poll_query_until('shop',
		"SELECT state = 'serving' AND pid <> $pid FROM rf_listeners() WHERE listen = '127.0.0.1:$port'");
}

sub await_connections
{
	my ($n) = @_;

	$node->poll_query_until('shop', "SELECT sum(connections) = $n FROM rf_listeners()")
	  or die "not $n connections";
	return;
}

# Idle, idle after an answer, half a request; the last one only takes time.
sub hang_callers
{
	my ($half) = @_;
	my @callers = map { caller_to($port) } 1 .. 2 + $half;

	$callers[1]->syswrite("GET /health HTTP/1.1\r\nHost: test\r\n\r\n");
	hear($callers[1]);
	$callers[2]->syswrite(substr $call, 0, 100) if $half;
	await_connections(2 + $half);
	return @callers;
}

# ---- SIGTERM, nothing under way

my $pid = tcp_pid();
my @callers = hang_callers(0);
elapsed_below(0.9, 'idle connections are closed at once', sub {
	kill 'TERM', $pid;
	is_closed($_) or fail('a connection stays open') foreach @callers;
});
ok(await_other($pid), 'another listener comes');

# ---- what was put off

my $clicked = tcp_pid();
is(status_of(get_over($port, '/r/AAAA')), 302, 'a link is followed');
kill 'TERM', $clicked;
ok(await_other($clicked), 'right before the listener leaves');
is($node->safe_psql('shop', 'SELECT sum(clicks) FROM rf_click'), '1', 'and it counts');

# ---- half a request

$pid = tcp_pid();
@callers = hang_callers(1);
kill 'TERM', $pid;
is_closed($callers[0]);
$callers[2]->syswrite(substr $call, 100);
is(status_of(hear($callers[2])), 200, 'a request that becomes whole in time is answered');
ok(await_other($pid), 'and then it leaves');

$pid = tcp_pid();
@callers = hang_callers(1);
elapsed_below(2, 'one that does not is not waited for', sub {
	kill 'TERM', $pid;
	ok(is_closed($callers[2]), 'it is closed');
});
ok(await_other($pid), 'and it leaves');

# ---- a request at work: somebody has the lock that it needs

sub lock_participant
{
	my $session = $node->background_psql('shop');

	$session->query_safe('BEGIN; SELECT FROM rf_participant WHERE code = \'AAAA\' FOR UPDATE');
	return $session;
}

sub await_work
{
	$node->poll_query_until('shop',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'referral listener' AND wait_event_type = 'Lock'")
	  or die 'no call waits for the lock';
	return;
}

$node->safe_psql('shop', "SELECT rf_unqualify('AAAA', 'again')");
$pid = tcp_pid();
my $session = lock_participant();
my $caller = caller_to($port);
$caller->syswrite($call);
await_work();
kill 'TERM', $pid;
$session->query_safe('ROLLBACK');
my $answer = hear($caller);
is(status_of($answer), 200, 'a request at work is answered');
like($answer, qr/"changed": ?true/, 'with what came of it');
ok(await_other($pid), 'before the listener leaves');

# DDL does not wait for it.
$node->safe_psql('postgres', 'CREATE EXTENSION referral');
$node->safe_psql('shop', "SELECT rf_unqualify('AAAA', 'again')");
$session = lock_participant();
$caller = caller_to($port);
$caller->syswrite($call);
await_work();
elapsed_below(1.5, 'DDL while a request is at work', sub {
	# The session that has the lock has to be gone as well, so it is ended by force.
	$node->safe_psql('postgres', 'DROP DATABASE shop WITH (FORCE)');
});
is(status_of(hear($caller)), 0, 'which has no answer');
eval { $session->quit };
create_listened($node, 'shop');

# ---- killed

$pid = tcp_pid();
@callers = hang_callers(1);
kill 'KILL', $pid;
ok(is_closed($callers[2]), 'a listener is killed');
$node->poll_query_until('postgres', 'SELECT 1', '1');
ok(await_other($pid), 'the server recovers, and listens again');
isnt(status_of(get_over($_, '/health')), 0, "on $_") foreach $port, $path;

# ---- the server stops

@callers = hang_callers(1);
my @pids = listener_pids($node);
elapsed_below(3, 'pg_ctl stop', sub { $node->stop('fast') });
is(scalar(grep { kill 0, $_ } @pids), 0, 'no process is left');
is(scalar(grep { is_closed($_) } @callers), 3, 'nor a connection');
ok(!-e $path, 'nor a socket');
done_testing();
