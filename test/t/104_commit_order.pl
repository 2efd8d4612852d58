# Deliveries are numbered when they are written and seen when they commit: each
# is sent once, whatever order transactions commit in, and none before it has
# committed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main', 'max_prepared_transactions = 5');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url) VALUES ('%s')}, $sink->url('/ok')));

my $people = 0;
sub join_with
{
	my ($session) = @_;

	$people++;
	my $join = join_person("person$people\@example.com");
	return defined $session ? $session->query_safe($join) : $node->safe_psql('shop', $join);
}

sub is_sent
{
	my ($n, $what) = @_;
	my %ids;

	$ids{ $_->{headers}{'webhook-id'} }++ foreach $sink->await($n);
	$node->poll_query_until('shop', "SELECT count(*) >= $n FROM rf_attempt");
	is(scalar keys %ids, $n, "$what: as many as committed");
	is((grep { $_ != 1 } values %ids), 0, "$what: each of them once");
	return;
}

# One that began first commits last, with rows on both sides of the other's.
my $slow = $node->background_psql('shop');
$slow->query_safe('BEGIN');
join_with($slow);
join_with();
is_sent(1, 'the later one commits first');
join_with($slow);
join_with();
is_sent(2, 'and another');
$slow->query_safe('COMMIT');
is_sent(4, 'then the first');

# Prepared, forgotten for a while, and committed.
$node->safe_psql('shop', 'BEGIN; ' . join_person('prepared@example.com')
	  . "; PREPARE TRANSACTION 'p'");
join_with();
is_sent(5, 'while one is prepared');
$node->safe_psql('shop', "COMMIT PREPARED 'p'");
is_sent(6, 'committed prepared');

# Rolled back, as a whole and in part.
$slow->query_safe('BEGIN');
$slow->query_safe(join_person('rolled-back@example.com'));
join_with();
$slow->query_safe('ROLLBACK');
$slow->query_safe('BEGIN');
join_with($slow);
$slow->query_safe('SAVEPOINT s');
$slow->query_safe(join_person('undone@example.com'));
$slow->query_safe('ROLLBACK TO s');
join_with($slow);
$slow->query_safe('COMMIT');
is_sent(9, 'rolled back');

# Running when the worker starts.
$slow->query_safe('BEGIN');
join_with($slow);
join_with();
is_sent(10, 'before a new worker');
my $pid = worker_pid($node, 'shop');
$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
other_worker($node, 'shop', $pid);
join_with();
is_sent(11, 'with a new worker');
$slow->query_safe('COMMIT');
is_sent(12, 'running when the worker started');
$slow->quit;

# Asynchronous commits.
$node->safe_psql('shop', 'SET synchronous_commit = off; ' . join_person('async@example.com'));
is_sent(13, 'an asynchronous commit');

# Many at once, of different lengths.
my $script = "$PostgreSQL::Test::Utils::tmp_check/join.sql";
PostgreSQL::Test::Utils::append_to_file($script, q{
	\set wait random(0, 20)
	BEGIN;
	INSERT INTO rf_participant (campaign_id, email)
		VALUES (1, 'bench' || :client_id || '-' || random() || '@example.com');
	\sleep :wait ms
	INSERT INTO rf_participant (campaign_id, email)
		VALUES (1, 'bench' || :client_id || '-' || random() || '@example.com');
	COMMIT;
});
$node->command_ok(
	[ 'pgbench', '-n', '-c', 8, '-t', 50, '-f', $script, 'shop' ], 'many at once');
is_sent(13 + 2 * 8 * 50, 'many at once');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_event'), 13 + 2 * 8 * 50,
	'as many as there are events');

$node->stop;
done_testing();
