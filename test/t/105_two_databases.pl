# Each database has its own worker: two send at once, and neither waits for the
# other's endpoints.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;
my %path = (shop => '/ok/shop', club => '/ok/club', quiet => '/hang');

foreach my $database (sort keys %path)
{
	create_served($node, $database);
	$node->safe_psql($database, sprintf(q{
		INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
		INSERT INTO rf_webhook (url) VALUES ('%s')}, $sink->url($path{$database})));
}
$node->safe_psql($_, "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'p' || i || '\@example.com' FROM generate_series(1, 50) i")
  foreach qw(quiet shop club);

my %ids;
foreach my $database (qw(shop club))
{
	my @requests = $sink->await(50, $path{$database});

	$ids{ $_->{headers}{'webhook-id'} }++ foreach @requests;
	ok($node->poll_query_until($database,
			"SELECT count(*) = 50 FROM rf_attempt WHERE outcome = 'success'"),
		"$database is delivered");
}
is(scalar keys %ids, 100, 'ids differ between databases');
is((grep { $_ != 1 } values %ids), 0, 'each is sent once');

$node->stop;
done_testing();
