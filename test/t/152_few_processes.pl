# Where max_worker_processes leaves fewer workers than referral.workers wants, those
# there are serve everything, and each database has one before any has two.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

# One process for the launcher, two for workers.
my $node = served_node('main', 'max_worker_processes = 3', 'referral.workers = 4',
	'max_logical_replication_workers = 0', 'max_parallel_workers = 0');
my $sink = WebhookSink->new;

# So many serve everything, and none of them more than three quarters of it.
sub await_workers
{
	my ($database, $n) = @_;

	return $node->poll_query_until($database, "SELECT sum(shares) = 64 AND count(pid) = $n"
		  . " AND ($n = 1 OR max(shares) <= 48) FROM rf_workers()");
}

create_served($node, 'shop');
ok(await_workers('shop', 2), 'two of four workers share everything');
like($node->safe_psql('shop', 'SELECT detail FROM rf_status'), qr/max_worker_processes/,
	'the status says what is missing');
$node->wait_for_log(qr/LOG:  no background worker process is free for referral/);
$node->wait_for_log(qr/DETAIL:  Fewer workers share the webhooks of a database than referral.workers, 4/);

$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . 'INSERT INTO rf_webhook (url) VALUES '
	  . join(', ', map { "('" . $sink->url("/ok/$_") . "')" } 1 .. 8));
$node->safe_psql('shop', join_person('one@example.com'));
$sink->await(8);
pass('all webhooks are served');

$node->safe_psql('postgres', 'CREATE DATABASE club');
$node->safe_psql('club', 'CREATE EXTENSION referral');
ok(await_state($node, 'club', 'serving'), 'another database gets a worker');
ok(await_workers('shop', 1), 'that the first one gave up');
ok(await_workers('club', 1), 'and both are served as a whole');
is(scalar(() = slurp_file($node->logfile) =~ /DETAIL:  Fewer workers share/g),
	1, 'the log says it once');

$node->safe_psql('shop', join_person('two@example.com'));
$sink->await(16);
pass('all webhooks are still served');

$node->safe_psql('postgres', 'DROP DATABASE club');
ok(await_workers('shop', 2), 'it comes back when the other database is gone');

$node->stop;
done_testing();
