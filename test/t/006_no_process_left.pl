# When max_worker_processes is exhausted, databases are served in turn, and
# the log and the status say why.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

# One process for the launcher, one for workers.
my $node = served_node('main', 'max_worker_processes = 2',
	'max_logical_replication_workers = 0', 'max_parallel_workers = 0');
create_served($node, 'shop');
$node->safe_psql('postgres', 'CREATE DATABASE club');
$node->safe_psql('club', 'CREATE EXTENSION referral');

ok( $node->poll_query_until('club',
		"SELECT state = 'waiting' AND detail LIKE '%max_worker_processes%' FROM rf_worker_status()"),
	'the status says what is missing');
$node->wait_for_log(qr/LOG:  no background worker process is free for referral/);
$node->wait_for_log(qr/DETAIL:  Databases are served in turn/);
$node->wait_for_log(qr/HINT:  Increase max_worker_processes, now 2,/);
ok(await_state($node, 'club', 'serving'), 'its turn comes');
is($node->safe_psql('shop', 'SELECT state FROM rf_worker_status()'),
	'waiting', 'while the other one waits');
is(scalar(() = slurp_file($node->logfile) =~ /no background worker process is free/g),
	1, 'the log says it once');

$node->stop;
done_testing();
