# How fast and how much at a time: rate_limit, and a window that shrinks while an
# endpoint says that it has too much to do.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

my $people = 0;
sub join_people
{
	my ($n) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, 'person' || $people + i || '\@example.com' FROM generate_series(1, $n) i");
	$people += $n;
	return;
}

sub create_webhook
{
	my ($path, $settings, $values) = @_;
	my $url = $sink->url($path);

	return $node->safe_psql('shop',
		"INSERT INTO rf_webhook (url, $settings) VALUES ('$url', $values) RETURNING id");
}

sub drop_webhook { $node->safe_psql('shop', "DELETE FROM rf_webhook WHERE id = $_[0]"); return }

# Times of the requests, counted from the first.
sub spread
{
	my @at = map { $_->{at} } @_;

	return map { $_ - $at[0] } @at;
}

# In no stretch of time more than it allows: what the bucket holds, and the rate.
sub obeys
{
	my ($rate, @times) = @_;
	my $bucket = $rate > 1 ? $rate : 1;

	for my $first (0 .. $#times)
	{
		for my $last ($first .. $#times)
		{
			my $allowed = $bucket + ($times[$last] - $times[$first] + 0.15) * $rate;

			return 0 if $last - $first + 1 > $allowed;
		}
	}
	return 1;
}

# Ten a second.
my $webhook = create_webhook('/ok/ten', 'rate_limit', '10');
join_people(40);
my @times = spread($sink->await(40, '/ok/ten'));
ok(obeys(10, @times), 'ten a second: no more');
cmp_ok($times[-1], '<', 4.5, 'and no fewer');
drop_webhook($webhook);

# Less than one a second, while another webhook has no limit.
$webhook = create_webhook('/ok/half', 'rate_limit', '0.5');
my $other = create_webhook('/ok/free', 'rate_limit', 'NULL');
join_people(4);
$sink->await(4, '/ok/free');
is(scalar $sink->requests('/ok/half'), 1, 'a limit is one webhook\'s own');
@times = spread($sink->await(4, '/ok/half'));
ok(obeys(0.5, @times), 'one in two seconds: no more');
cmp_ok($times[-1], '<', 7, 'and no fewer');
drop_webhook($_) foreach $webhook, $other;

# Retries and the order of events count as well.
$webhook = create_webhook('/recover/3', 'rate_limit, ordering, retry_schedule', "4, 'fifo', '{0,0,0,0,0}'");
join_people(9);
@times = spread($sink->await(12, '/recover/3'));
ok(obeys(4, @times), 'retries count');
drop_webhook($webhook);

# A limit that changes holds at once.
$webhook = create_webhook('/ok/change', 'rate_limit', '0.01');
join_people(10);
$sink->await(1, '/ok/change');
$node->safe_psql('shop', "UPDATE rf_webhook SET rate_limit = 100 WHERE id = $webhook");
elapsed_below(3, 'a new limit does not wait for the old one', sub { $sink->await(10, '/ok/change') });
drop_webhook($webhook);
foreach my $rate ('0', '-1', "'NaN'", "'Infinity'", '1e400', '1e-9')
{
	my ($status) = $node->psql('shop',
		"INSERT INTO rf_webhook (url, rate_limit) VALUES ('" . $sink->url('/ok') . "', $rate)");
	isnt($status, 0, "a rate of $rate is refused");
}

# How many attempts were under way at once, of those that began after this one.
sub most_at_once
{
	my ($id, $after) = @_;

	return $node->safe_psql('shop', qq{
		SELECT max(n) FROM (
			SELECT count(*) AS n FROM rf_attempt a JOIN rf_attempt b
			ON b.webhook_id = a.webhook_id AND b.started_at <= a.started_at
			AND b.started_at + b.total_us * interval '1 us' > a.started_at
			WHERE a.webhook_id = $id AND a.started_at > '$after' AND b.started_at > '$after'
			GROUP BY a.delivery_id, a.attempt) w});
}

sub now { return $node->safe_psql('shop', 'SELECT clock_timestamp()') }

sub await_successes
{
	my ($id, $n) = @_;

	$node->poll_query_until('shop', "SELECT count(*) >= $n FROM rf_attempt"
		  . " WHERE webhook_id = $id AND outcome = 'success'") or die 'not delivered';
	return;
}

# The window: eight at a time, fewer after 503, eight again.
$sink->tell('window', 204, 'Wait: 0.04');
$webhook = create_webhook('/told/window', 'max_in_flight, retry_schedule', "8, '{0,1 s,1 s,1 s}'");
join_people(60);
await_successes($webhook, 60);
is(most_at_once($webhook, '-infinity'), '8', 'as many at a time as the webhook allows');
$sink->tell('window', 503, 'Wait: 0.04');
join_people(6);
$node->poll_query_until('shop', "SELECT count(*) >= 6 FROM rf_attempt"
	  . " WHERE webhook_id = $webhook AND status = 503") or die 'no 503';
$sink->tell('window', 204, 'Wait: 0.04');
my $after = now();
join_people(8);
await_successes($webhook, 74);
my $narrow = most_at_once($webhook, $after);
cmp_ok($narrow, '<', 8, "fewer at a time after 503 ($narrow)");
join_people(100);
await_successes($webhook, 174);
is(most_at_once($webhook, $after), '8', 'and as many as before when it is well again');

$sink->stop;
$node->stop;
done_testing();
