# The server stops and reloads promptly while an endpoint hangs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $node = served_node('main');
create_served($node, 'shop');
my $hung = hang_request($node, 'shop');
my $pid  = worker_pid($node, 'shop');

# SIGHUP: the worker reads the file, and begins anew where it must.
elapsed_below(3, 'pg_reload_conf()', sub {
	$node->append_conf('postgresql.conf', "referral.max_in_flight = 7\n");
	$node->reload;
	ok(other_worker($node, 'shop', $pid), 'another referral.max_in_flight starts another worker');
});
$pid = worker_pid($node, 'shop');
$node->append_conf('postgresql.conf', "log_min_messages = debug1\n");
my $offset = -s $node->logfile;
$node->reload;
$node->wait_for_log(qr/log_min_messages/, $offset);
is(worker_pid($node, 'shop'), $pid, 'other settings do not');

my ($status, undef, $error) =
  $node->psql('postgres', "ALTER SYSTEM SET referral.allowed_networks = '10.0.0.0/33'");
isnt($status, 0, 'a list of networks that makes no sense is refused');
like($error, qr/invalid value for parameter "referral.allowed_networks"/, 'with its name');

# The request that hung is on its way again. A connection that we let go of
# would end it, so all are kept.
my $receiver = $hung->[0];
push @$hung, await_request($receiver);
isnt($hung->[-1], undef, 'what was given up is sent again');
elapsed_below(5, 'pg_ctl stop -m fast', sub { $node->stop('fast') });

$node->start;
ok(await_state($node, 'shop', 'serving'), 'served again');
push @$hung, await_request($receiver);
isnt($hung->[-1], undef, 'and again');
elapsed_below(5, 'pg_ctl stop -m immediate', sub { $node->stop('immediate') });

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP|server process .* was terminated/, 'nothing crashed');

done_testing();
