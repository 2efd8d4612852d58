# What one endpoint does costs the others nothing: not one that hangs, not one with
# a long backlog, not one that hangs with large bodies in memory.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use Time::HiRes qw(time);
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');

# A campaign and a webhook of its own.
sub create_endpoint
{
	my ($slug, $path, $settings) = @_;
	my $url = $sink->url($path);

	$settings //= '8, NULL';
	return $node->safe_psql('shop', "WITH c AS (INSERT INTO rf_campaign (slug, name)"
		  . " VALUES ('$slug', '$slug') RETURNING id)"
		  . " INSERT INTO rf_webhook (campaign_id, url, events, timeout, max_in_flight, rate_limit)"
		  . " SELECT id, '$url', '{referrer.joined}', '60 s', $settings FROM c RETURNING id");
}

my $people = 0;
sub join_people
{
	my ($slug, $n, $bytes) = @_;

	$bytes //= 10;
	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email, meta)"
		  . " SELECT c.id, 'person' || $people + i || '\@example.com',"
		  . " jsonb_build_object('note', repeat('x', $bytes))"
		  . " FROM rf_campaign c, generate_series(1, $n) i WHERE c.slug = '$slug'");
	$people += $n;
	return;
}

# Single transactions for the healthy one: the slowest, in seconds from their begin.
sub slowest
{
	my ($n) = @_;
	my $last = $node->safe_psql('shop', 'SELECT coalesce(max(id), 0) FROM rf_event');

	join_people('healthy', 1) foreach 1 .. $n;
	$node->poll_query_until('shop', "SELECT count(*) >= $n FROM rf_attempt"
		  . " WHERE event_id > $last AND webhook_id = 1 AND outcome = 'success'")
	  or die 'the healthy one got nothing';
	return $node->safe_psql('shop',
		'SELECT max(extract(epoch FROM a.started_at - e.created_at)) FROM rf_attempt a'
		  . " JOIN rf_event e ON e.id = a.event_id WHERE e.id > $last AND a.webhook_id = 1");
}

# A machine with other things to do may be slow, but a request that waits for
# another endpoint waits for a minute.
sub is_prompt
{
	my ($what) = @_;
	my $slowest = slowest(30);

	cmp_ok($slowest, '<', 2, sprintf('%s (%.0f ms)', $what, 1000 * $slowest));
	return;
}

is(create_endpoint('healthy', '/ok/healthy'), '1', 'one that is well');
is_prompt('alone');

create_endpoint('hung', '/hang');
join_people('hung', 500);
is_prompt('beside one that hangs');

create_endpoint('pile', '/ok/pile', '8, 100');
join_people('pile', 20000);
is_prompt('beside one with 20,000 pending');

# Of large bodies, memory takes only so many: those of endpoints that do not answer
# shall not be what it is full of.
foreach my $i (1 .. 12)
{
	create_endpoint("large$i", "/told/large$i", '4, NULL');
	join_people("large$i", 1);
}
$sink->await(1, "/told/large$_") foreach 1 .. 12;
$sink->tell("large$_", 204, 'Wait: 300') foreach 1 .. 12;
join_people("large$_", 40, 200_000) foreach 1 .. 12;
$sink->await(2, "/told/large$_") foreach 1 .. 12;
is_prompt('beside twelve that hang with large bodies');

# Hundreds that were never tried, and do not answer.
$node->safe_psql('shop', "WITH c AS (INSERT INTO rf_campaign (slug, name)"
	  . " SELECT 'silent' || i, 'silent' FROM generate_series(1, 300) i RETURNING id)"
	  . " INSERT INTO rf_webhook (campaign_id, url, events, timeout)"
	  . " SELECT id, '" . $sink->url('/hang/silent') . "', '{referrer.joined}', '60 s' FROM c;"
	  . "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT id, 'silent\@example.com' FROM rf_campaign WHERE name = 'silent'");
is_prompt('beside 300 that are silent');

# Many webhooks are read in several turns. Whatever changes meanwhile is noticed.
$node->safe_psql('shop', "DELETE FROM rf_webhook WHERE url LIKE '%/hang%' OR url LIKE '%large%'");
$node->safe_psql('shop', "INSERT INTO rf_webhook (url, events, state)"
	  . " SELECT '" . $sink->url('/ok/idle') . "', '{coupon.low}', 'enabled' FROM generate_series(1, 1500)");
is_prompt('beside 1,500 others');
foreach my $i (1 .. 5)
{
	$node->safe_psql('shop', "UPDATE rf_webhook SET name = 'again' WHERE id % 7 = $i;"
		  . "DELETE FROM rf_webhook WHERE events = '{coupon.low}' AND id % 20 = $i");
	create_endpoint("new$i", "/ok/new$i");
	join_people("new$i", 3);
	$node->safe_psql('shop', "UPDATE rf_webhook SET name = 'and again' WHERE id % 7 = $i");
}
is(scalar $sink->await(3, "/ok/new$_"), 3, "new webhook $_ gets what is its own") foreach 1 .. 5;
$node->safe_psql('shop', "UPDATE rf_webhook SET url = '" . $sink->url('/ok/moved') . "' WHERE id = 1");
join_people('healthy', 1);
is(scalar $sink->await(1, '/ok/moved'), 1, 'what changes is obeyed');

$sink->stop;
$node->stop('immediate');
done_testing();
