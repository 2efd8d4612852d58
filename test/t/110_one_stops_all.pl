# Nothing that one endpoint answers, one row says or one user's transaction
# holds stops the deliveries of all others.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

sub webhook
{
	my ($path) = @_;
	my $url = $sink->url($path);

	return $node->safe_psql('shop',
		"INSERT INTO rf_webhook (url) VALUES ('$url') RETURNING id");
}

my $people = 0;
sub join_people
{
	my ($n) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'person' || $people + i || '\@example.com' FROM generate_series(1, $n) i");
	$people += $n;
	return;
}

my $healthy = webhook('/ok/healthy');

# libcurl says "out of memory" of a line that is too long: no fault of ours.
my $long = webhook('/long-header');
elapsed_below(5, 'a header of 200 kB holds back nobody', sub {
	join_people(20);
	$sink->await($people, '/ok/healthy');
	join_people(20);
	$sink->await($people, '/ok/healthy');
});
ok($node->poll_query_until('shop', "SELECT count(*) > 0 FROM rf_attempt"
		  . " WHERE webhook_id = $long AND outcome = 'retry' AND error ~ 'too long'"),
	'and is a failure of the endpoint');
$node->safe_psql('shop', "DELETE FROM rf_webhook WHERE id = $long");

# A step that no timestamp can take would make every reading of webhooks fail.
foreach my $schedule ('{0,300000 years}', '{0,31 days}', '{-1 s}')
{
	my ($status, undef, $error) = $node->psql('shop', "\\set VERBOSITY verbose\n"
		  . "INSERT INTO rf_webhook (url, retry_schedule)"
		  . " VALUES ('" . $sink->url('/ok/never') . "', '$schedule')");
	like($error, qr/ERROR:  22023: step \d of the retry schedule is out of range/,
		"$schedule is refused");
}
$node->safe_psql('shop', "UPDATE rf_webhook SET retry_schedule = '{0,30 days}' WHERE id = $healthy");

# Rows that got in before that was checked do no harm.
$node->safe_psql('shop', "SET session_replication_role = replica;"
	  . "UPDATE rf_webhook SET retry_schedule = '{0,300000 years}' WHERE id = $healthy");
$node->safe_psql('shop', "UPDATE rf_webhook SET name = 'absurd' WHERE id = $healthy");
join_people(1);
is(scalar $sink->await($people, '/ok/healthy'), $people, 'an absurd row stops nothing');

# Somebody deletes a webhook that is failing and does not commit.
my $failing = $node->safe_psql('shop', "INSERT INTO rf_webhook (url, retry_schedule) VALUES ('"
	  . $sink->url('/status/500') . "', '{0,1 s,1 s,1 s,1 s,1 s,1 s,1 s,1 s}') RETURNING id");
join_people(5);
ok($node->poll_query_until('shop',
		"SELECT count(*) >= 10 FROM rf_attempt WHERE webhook_id = $failing"),
	'retries are being made');
my $user = $node->background_psql('shop', on_error_die => 1);
$user->query_safe("BEGIN; DELETE FROM rf_webhook WHERE id = $failing");
elapsed_below(5, 'an open DELETE of another webhook holds back nobody', sub {
	for (1 .. 3)
	{
		join_people(5);
		$sink->await($people, '/ok/healthy');
	}
	ok($node->poll_query_until('shop', "SELECT count(*) = $people FROM rf_attempt"
			  . " WHERE webhook_id = $healthy AND outcome = 'success'"), 'all is recorded');
});
$user->query_safe('COMMIT');
$user->quit;
ok($node->poll_query_until('shop',
		"SELECT NOT EXISTS (SELECT FROM rf_retry WHERE webhook_id = $failing)"),
	'nothing is left of the deleted webhook');

$sink->stop;
$node->stop;
done_testing();
