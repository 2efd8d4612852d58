# A worker or launcher that dies, in whatever way, is replaced within moments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main', 'restart_after_crash = on');
create_served($node, 'shop');

sub launcher_pid
{
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'referral launcher'");
}

my $pid = worker_pid($node, 'shop');
elapsed_below(3, 'replaced at once', sub {
	$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
	ok(other_worker($node, 'shop', $pid), 'a worker that was terminated is replaced');
});

# The launcher is the server's own static worker; its successor finds the
# workers that are there.
my $launcher = launcher_pid();
$pid = worker_pid($node, 'shop');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
ok( $node->poll_query_until('postgres',
		"SELECT pid <> $launcher FROM pg_stat_activity WHERE backend_type = 'referral launcher'"),
	'a launcher that was terminated is replaced');
is(worker_pid($node, 'shop'), $pid, 'workers outlive it');
$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
ok(other_worker($node, 'shop', $pid), 'and are replaced by the new one');

# A crash restarts the server, and with it everything.
sub crash_and_return
{
	my ($what, $victim) = @_;
	my $offset = -s $node->logfile;

	kill 'KILL', $victim;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT true');
	ok(await_state($node, 'shop', 'serving'), "served after a crash of the $what");
	return;
}
crash_and_return('worker', worker_pid($node, 'shop'));
crash_and_return('launcher', launcher_pid());

$node->stop;
done_testing();
