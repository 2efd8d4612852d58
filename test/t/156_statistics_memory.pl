# Statistics never stand in the way of sending: not without memory for them, nor
# while they are read and reset all the time. What belonged to an extension that
# was dropped is not shown of the next one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $sink = WebhookSink->new;
my $node = served_node('main', "referral.statistics_memory = '64kB'");
my $webhooks = 60;

sub set_up
{
	create_served($node, 'shop');
	set_up_programme();
	return;
}

sub set_up_programme
{
	my $url = $sink->url('/ok');

	$node->safe_psql('shop', qq{
		INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
		INSERT INTO rf_webhook (url, events) SELECT '$url/' || i, '{referrer.joined}' FROM generate_series(1, $webhooks) i;});
	return;
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

sub all_recorded
{
	my ($n, $what) = @_;

	ok($node->poll_query_until('shop', "SELECT count(*) = $n FROM rf_attempt WHERE outcome = 'success'"), $what)
	  or diag $node->safe_psql('shop', 'SELECT * FROM rf_status');
	return;
}

# 32 pages, and 61 wanted.
set_up();
join_people(30);
all_recorded(30 * $webhooks, 'all is sent where memory lacks');
is($node->safe_psql('shop', 'SELECT attempts, failures, faults FROM rf_status'), 30 * $webhooks . '|0|0',
	'the whole is counted');
is($node->safe_psql('shop', "SELECT count(*) FILTER (WHERE attempts = 30) > 0, count(*) FILTER (WHERE attempts > 30), count(*) FILTER (WHERE attempts = 0) > 0 FROM rf_webhook_status"),
	't|0|t', 'and those for whom there was memory');
ok($node->poll_query_until('shop', 'SELECT pending = 0 FROM rf_status'), 'nothing waits');

# Somebody who goes makes room for others.
$node->safe_psql('shop', 'DELETE FROM rf_webhook WHERE id <= 50');
my $end = time + $PostgreSQL::Test::Utils::timeout_default;
my $all;
do
{
	join_people(1);
	$node->poll_query_until('shop', "SELECT count(*) >= $people FROM rf_attempt WHERE webhook_id = 51");
	$all = $node->safe_psql('shop', 'SELECT bool_and(attempts > 0) FROM rf_webhook_status');
} until $all eq 't' || time > $end;
is($all, 't', 'memory of deleted webhooks is used again');

# None at all.
$node->append_conf('postgresql.conf', 'referral.statistics_memory = 0');
$node->restart;
await_state($node, 'shop', 'serving');
my $before = $node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt');
join_people(5);
ok($node->poll_query_until('shop', "SELECT count(*) >= $before + 5 * 10 FROM rf_attempt"), 'all is sent without any memory');
ok($node->poll_query_until('shop', 'SELECT pending = 0 FROM rf_status'), 'what waits is counted in the tables');
is($node->safe_psql('shop', 'SELECT attempts IS NULL, workers FROM rf_status'), 't|0', 'nothing is counted');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_webhook_status WHERE attempts IS NULL AND pending = 0'), '10',
	'of no webhook either');
my (undef, undef, $error) = $node->psql('shop', "\\set VERBOSITY verbose\nSELECT rf_stat_reset()");
like($error, qr/ERROR:  55000: no statistics are kept.*HINT:.*statistics_memory/s, 'so nothing is reset');

# Enough: read and reset all the time. The numbers are right in the end.
$node->append_conf('postgresql.conf', "referral.statistics_memory = '1MB'");
$node->restart;
await_state($node, 'shop', 'serving');
my @users = map { $node->background_psql('shop', on_error_die => 1) } 1 .. 3;
my $busy = "SELECT count(*), sum(attempts), sum(total_us_p99_5m) FROM rf_webhook_status; SELECT pending FROM rf_status;";
$before = $node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt');
for my $round (1 .. 10)
{
	join_people(10);
	$users[$_]->query_safe($busy x 3) foreach 0 .. 1;
	$users[2]->query_safe('SELECT rf_stat_reset(id) FROM rf_webhook; SELECT rf_stat_reset();');
}
ok($node->poll_query_until('shop', "SELECT count(*) = $before + 10 * 10 * 10 FROM rf_attempt"), 'all is sent under the eyes of many');
$_->quit foreach @users;
$node->safe_psql('shop', 'SELECT rf_stat_reset()');
join_people(40);
ok($node->poll_query_until('shop', "SELECT bool_and(attempts = 40 AND attempts_5m = 40 AND attempts_24h = 40 AND success_rate_24h = 1 AND total_us_p99_24h BETWEEN 100 AND 60000000) FROM rf_webhook_status"),
	'and the numbers are right afterwards') or diag $node->safe_psql('shop', 'SELECT webhook_id, attempts, attempts_5m, attempts_24h FROM rf_webhook_status');

# Another extension of that name.
$node->safe_psql('shop', 'DROP EXTENSION referral');
ok(await_no_worker($node, 'shop'), 'the worker is gone with the extension');
$node->safe_psql('shop', 'CREATE EXTENSION referral');
await_state($node, 'shop', 'serving');
set_up_programme();
is($node->safe_psql('shop', 'SELECT sum(attempts), count(*) FROM rf_webhook_status'), "0|$webhooks",
	'the next extension begins with nothing');
is($node->safe_psql('shop', 'SELECT attempts FROM rf_status'), '0', 'as a whole, too');

$sink->stop;
$node->stop;
done_testing();
