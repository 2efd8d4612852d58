# A worker or launcher that dies, in whatever way, is replaced within moments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
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
foreach my $victim (worker_pid($node, 'shop'), launcher_pid())
{
	$node->safe_psql('postgres', 'SELECT 1');
	my $offset = -s $node->logfile;
	kill 'KILL', $victim;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT true');
	ok(await_state($node, 'shop', 'serving'), 'served after a crash');
}

# A worker that fails again and again is not started in a tight loop.
$node->safe_psql('shop', 'ALTER TABLE rf_webhook RENAME TO rf_webhook_gone');
$pid = worker_pid($node, 'shop');
my $offset = -s $node->logfile;
$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)") if $pid;
ok( $node->poll_query_until('shop',
		"SELECT state = 'waiting' AND detail LIKE '%rf_webhook%' FROM rf_worker_status()"),
	'the status says why a worker fails');
$node->wait_for_log(qr/ERROR: .*rf_webhook/, $offset);
$node->safe_psql('shop', 'ALTER TABLE rf_webhook_gone RENAME TO rf_webhook');
ok(await_state($node, 'shop', 'serving'), 'served when the cause is gone');
cmp_ok(scalar(() = slurp_file($node->logfile, $offset) =~ /ERROR: .*rf_webhook/g),
	'<', 6, 'with pauses in between');

$node->stop;
done_testing();
