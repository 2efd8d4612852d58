# DDL on a database waits for all its workers no longer than a moment, even while
# a request of each hangs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main', 'referral.workers = 3', 'max_worker_processes = 16');
my @kept;

sub await_all
{
	my ($database) = @_;

	return $node->poll_query_until($database,
		"SELECT sum(shares) = 64 AND count(*) FILTER (WHERE state = 'serving') = 3 FROM rf_workers()");
}

# Six webhooks, so that each worker has some.
sub served_and_hung
{
	my ($database) = @_;
	my $receiver = hung_receiver();
	my $url = 'http://127.0.0.1:' . $receiver->sockport . '/';

	create_served($node, $database);
	await_all($database);
	$node->safe_psql($database, "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
		  . 'INSERT INTO rf_webhook (url) VALUES ' . join(', ', ("('$url')") x 6));
	$node->safe_psql($database, join_person('hung@example.com'));
	push @kept, $receiver, map { await_request($receiver) // die 'no request came' } 1 .. 6;
	return;
}

sub quick
{
	my ($what, $sql) = @_;

	elapsed_below(1, $what, sub { $node->safe_psql('postgres', $sql) });
	return;
}

served_and_hung('shop');
quick('CREATE DATABASE from a served template', 'CREATE DATABASE copy TEMPLATE shop');
ok(await_all('shop'), 'the template is served again');
quick('ALTER DATABASE RENAME', 'ALTER DATABASE shop RENAME TO store');
ok(await_all('store'), 'served under its new name');
quick('DROP DATABASE of a served one', 'DROP DATABASE store');

served_and_hung('club');
elapsed_below(1, 'DROP EXTENSION',
	sub { $node->safe_psql('club', 'DROP EXTENSION referral CASCADE') });
ok(await_no_worker($node, 'club'), 'and ends the workers');
$node->safe_psql('club', 'CREATE EXTENSION referral');
ok(await_all('club'), 'served again with the extension');
elapsed_below(5, 'a fast shutdown', sub { $node->stop('fast') });

done_testing();
