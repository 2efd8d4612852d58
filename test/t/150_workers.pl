# Several workers share the webhooks of a database. Each endpoint is served by one
# of them at any time, whatever becomes of their number; nothing is sent twice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $webhooks = 12;
my $people = 60;
my $node = served_node('main', 'max_worker_processes = 12');
my $sink = WebhookSink->new;
my $batches = 0;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . 'INSERT INTO rf_webhook (url, max_in_flight) VALUES '
	  . join(', ', map { "('" . $sink->url("/alone/$_") . "', 1)" } 1 .. $webhooks));

sub shares
{
	return $node->safe_psql('shop', 'SELECT string_agg(shares::text, \',\' ORDER BY worker)'
		  . " FROM rf_workers() WHERE state = 'serving'");
}

# A batch of work, and another number of workers in the middle of it.
sub change_workers
{
	my ($n, $expected) = @_;

	$batches++;
	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'p$batches-' || i || '\@example.com' FROM generate_series(1, $people) i");
	$node->safe_psql('postgres', "ALTER SYSTEM SET referral.workers = $n");
	$node->reload;
	$node->poll_query_until('shop', "SELECT string_agg(shares::text, ',' ORDER BY worker)"
		  . " FILTER (WHERE pid IS NOT NULL) = '$expected' FROM rf_workers()");
	is(shares(), $expected, "$n workers share evenly");
	return;
}

# Waits for all of it.
sub check_requests
{
	my $expected = $webhooks * $people * $batches;
	my @requests = $sink->await($expected);
	my %times;
	my $disorder = 0;

	ok($node->poll_query_until('shop', "SELECT count(*) = $expected FROM rf_attempt"
			  . " WHERE outcome = 'success'"), 'all of it is recorded');
	@requests = $sink->requests;
	is(scalar @requests, $expected, 'all of it is sent, and nothing twice');
	foreach my $path (map { "/alone/$_" } 1 .. $webhooks)
	{
		my @ids = map { $_->{headers}{'webhook-id'} } grep { $_->{path} eq $path } @requests;

		$disorder += $ids[$_] le $ids[ $_ - 1 ] foreach 1 .. $#ids;
	}
	is($disorder, 0, 'each endpoint gets its deliveries in order');
	is(join(' ', $sink->overlaps), '', 'and one at a time');
	return;
}

change_workers(1, '64');
change_workers(2, '32,32');
change_workers(4, '16,16,16,16');
check_requests();
change_workers(3, '22,21,21');
change_workers(1, '64');
change_workers(2, '32,32');
check_requests();
ok($node->poll_query_until('shop', 'SELECT workers = 2 FROM rf_status'), 'the status counts them');
is($node->safe_psql('shop', 'SELECT count(DISTINCT pid) FROM rf_worker_status()'), '1',
	'and describes one');

# The outbox is emptied by agreement.
$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'q' || i || '\@example.com' FROM generate_series(1, 900) i");
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM rf_outbox'), 'the outbox is emptied');

$node->stop;
done_testing();
