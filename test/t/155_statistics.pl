# What the views say of endpoints after known traffic: successes, failures, times
# within the bound that is promised, what waits, and what went wrong. The numbers
# outlive a worker, and begin anew by rf_stat_reset() and with the server.
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

sub webhook
{
	my ($path, $more) = @_;
	my %values = (url => "'" . $sink->url($path) . "'", events => "'{referrer.joined}'", %{ $more // {} });

	return $node->safe_psql('shop', sprintf('INSERT INTO rf_webhook (%s) VALUES (%s) RETURNING id',
			join(', ', sort keys %values), join(', ', map { $values{$_} } sort keys %values)));
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

sub status
{
	my ($webhook, $columns) = @_;

	return $node->safe_psql('shop', "SELECT $columns FROM rf_webhook_status WHERE webhook_id = $webhook");
}

sub await_status
{
	my ($webhook, $condition, $what) = @_;

	ok($node->poll_query_until('shop',
			"SELECT $condition FROM rf_webhook_status WHERE webhook_id = $webhook"), $what)
	  or diag status($webhook, '*');
	return;
}

# Nothing yet.
my $slow = webhook('/slow/120');
my $fails = webhook('/status/500', { retry_schedule => "'{0,1 day}'" });
my $held = webhook('/hold', { max_in_flight => 2 });
is(status($slow, 'attempts, attempts_5m, attempts_24h, success_rate_5m IS NULL, total_us_p50_5m IS NULL,'
		  . ' pending, in_flight, oldest_pending IS NULL, http_version IS NULL'),
	'0|0|0|t|t|0|0|t|t', 'nothing was sent yet');

# Known traffic: 40 slow successes, more than a slot holds one by one.
join_people(40);
await_status($slow, 'attempts = 40', 'all attempts are counted');
is(status($slow, 'failures, attempts_5m, attempts_24h, success_rate_5m, success_rate_24h, http_version'),
	'0|40|40|1.0000|1.0000|1.1', 'as successes, in both windows');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt WHERE webhook_id = $slow"
	  . " AND (error_class IS NOT NULL OR outcome <> 'success')"), '0', 'without class of error');

# The true percentiles are in rf_attempt.
foreach my $window ('5m', '24h')
{
	foreach my $phase ('first_byte', 'total')
	{
		is($node->safe_psql('shop', qq{
			SELECT bool_and(abs(s.p - a.p) <= a.p / 8.0 + 1)
			FROM (SELECT unnest(ARRAY[50, 95, 99]) AS percent, unnest(ARRAY[${phase}_us_p50_$window, ${phase}_us_p95_$window, ${phase}_us_p99_$window]) AS p
				FROM rf_webhook_status WHERE webhook_id = $slow) s
			JOIN LATERAL (SELECT percentile_disc(percent / 100.0) WITHIN GROUP (ORDER BY ${phase}_us) AS p
				FROM rf_attempt WHERE webhook_id = $slow) a ON true}), 't',
			"$phase over $window: an eighth off at most");
	}
}
cmp_ok(status($slow, 'total_us_p50_5m'), '>', 120_000 * 7 / 8, 'as slow as the receiver is');
is(status($slow, 'connect_us_p50_5m > 0 AND connect_us_p50_5m < 60000 AND tls_us_p50_5m IS NULL'), 't',
	'connecting is measured by itself, TLS was not spoken');

# Failures, and what they said. So many of them open the breaker.
await_status($fails, "breaker = 'open' AND open_until > now() AND openings > 0", 'the breaker is open, and until when');
is(status($slow, 'breaker, open_until IS NULL, openings'), 'closed|t|0', 'that of the other is not');
await_status($fails, "attempts >= 10 AND failures = attempts AND success_rate_5m = 0 AND pending + retrying = 40",
	'failures are counted');
await_status($fails, "last_error = 'HTTP status 500' AND failing_since IS NOT NULL", 'the last error is shown');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $fails");
await_status($fails, 'pending = 0 AND retrying = 40 AND oldest_pending IS NULL AND in_flight = 0',
	'what is kept for an endpoint that is paused is not pending');
my $failures = status($fails, 'failures');

# What waits: two under way, the others behind them.
await_status($held, 'pending = 40 AND in_flight = 1', 'what waits and what is under way');
await_status($held, "oldest_pending BETWEEN interval '0' AND interval '1 minute'", 'since when');
ok($node->poll_query_until('shop',
	'SELECT (pending, retrying + parked, workers, in_flight) = (40, 40, 1, 1) FROM rf_status'),
	'rf_status adds it up');
is($node->safe_psql('shop', qq{
	SELECT s.oldest_pending = now() - (SELECT min(e.created_at) FROM rf_event e)
	FROM rf_webhook_status s WHERE webhook_id = $held}), 't', 'the oldest is the oldest');

ok($node->poll_query_until('shop', qq{
	SELECT state = 'idle' AND wait_event = CASE WHEN current_setting('server_version_num')::int < 170000 THEN 'Extension' ELSE 'ReferralWorkerAnswers' END
	FROM pg_stat_activity WHERE backend_type = 'referral worker' AND datname = 'shop'}),
	'pg_stat_activity says that the worker waits, and for what where it can');

# Another worker goes on counting where the first one stopped.
my $pid = worker_pid($node, 'shop');
$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
ok(other_worker($node, 'shop', $pid), 'another worker serves');
is(status($slow, 'attempts, attempts_5m'), '40|40', 'what was counted is still there');
await_status($held, 'pending = 40 AND in_flight = 1', 'what waits is known to the new worker');
is($node->safe_psql('shop', 'SELECT pending, attempts, failures FROM rf_status'), '40|' . (40 + $failures) . "|$failures",
	'and to rf_status');
$sink->release;
await_status($held, 'pending = 0 AND in_flight = 0 AND attempts = 40', 'it is sent');
ok($node->poll_query_until('shop', 'SELECT pending = 0 AND in_flight = 0 AND oldest_pending IS NULL FROM rf_status'),
	'nothing waits');

# A new beginning, of one webhook and of all.
$node->safe_psql('shop', "SELECT rf_stat_reset($slow)");
is(status($slow, 'attempts, attempts_5m, attempts_24h, total_us_p99_24h IS NULL'), '0|0|0|t', 'one is counted anew');
is(status($fails, 'failures'), $failures, 'the others are not');
join_people(1);
await_status($slow, 'attempts = 1 AND attempts_5m = 1 AND attempts_24h = 1', 'and from there on');
$node->safe_psql('shop', 'SELECT rf_stat_reset()');
is(status($fails, 'attempts, failures, attempts_24h, success_rate_24h IS NULL'), '0|0|0|t', 'all are counted anew');
is($node->safe_psql('shop', "SELECT attempts, failures, faults, counted_since > now() - interval '1 minute' FROM rf_status"),
	'0|0|0|t', 'so is the whole');

# A deleted webhook leaves nothing, and nothing of it goes to the next one.
$node->safe_psql('shop', "DELETE FROM rf_webhook WHERE id = $held");
my $next = webhook('/ok');
is(status($next, 'attempts'), '0', 'a new webhook begins with nothing');

# Faults of ours are not theirs: a turn that cannot write.
my $locker = $node->background_psql('shop', on_error_die => 1);
$locker->query_safe('BEGIN; LOCK rf_attempt_0, rf_attempt_1, rf_attempt_2, rf_attempt_3 IN SHARE MODE');
join_people(1);
ok($node->poll_query_until('shop', "SELECT faults > 0 AND last_fault ~ 'lock timeout' AND last_fault_at IS NOT NULL FROM rf_status"),
	'a fault of ours is shown');
ok($node->poll_query_until('shop', "SELECT count(*) > 0 FROM pg_stat_activity"
		  . " WHERE backend_type = 'referral worker' AND state = 'active' AND query = 'recording attempts'"),
	'pg_stat_activity says what the worker does');
$locker->query_safe('ROLLBACK');
$locker->quit;
ok($node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_attempt WHERE webhook_id = $next"), 'then it is recorded');

# At rest: no snapshot held, and a wait that has a name where the server can name it.
ok($node->poll_query_until('shop', qq{
	SELECT state = 'idle' AND wait_event_type = 'Extension'
		AND wait_event = CASE WHEN current_setting('server_version_num')::int < 170000 THEN 'Extension' ELSE 'ReferralWorkerMain' END
		AND backend_xmin IS NULL
	FROM pg_stat_activity WHERE backend_type = 'referral worker' AND datname = 'shop'}),
	'a worker at rest waits and holds nothing');
is($node->safe_psql('shop', 'SELECT xmin_age IS NULL FROM rf_status'), 't', 'rf_status says so, too');

# What an attempt tells besides its status: the kind of its error, and headers of
# the answer, whatever bytes they hold.
sub last_attempt
{
	my ($webhook, $columns) = @_;

	$node->poll_query_until('shop', "SELECT count(*) > 0 FROM rf_attempt WHERE webhook_id = $webhook")
	  or die 'nothing was tried';
	return $node->safe_psql('shop',
		"SELECT $columns FROM rf_attempt WHERE webhook_id = $webhook ORDER BY started_at DESC LIMIT 1");
}
my %hooks = map { $_ => webhook($_) } ('/retry-after/1', '/odd-headers', '/reset');
join_people(1);
is(last_attempt($hooks{'/retry-after/1'}, "error_class, response_headers ->> 'retry-after', jsonb_typeof(response_headers)"),
	'http|1|object', 'an answer that is no success keeps what it asked for');
is(last_attempt($hooks{'/odd-headers'}, "response_headers ->> 'x-request-id', response_headers ->> 'location', error_class IS NULL"),
	'a"b\\c: d|sch??n?|t', 'headers are kept as JSON, and as ASCII');
is(last_attempt($hooks{'/reset'}, 'error_class, response_headers IS NULL, status IS NULL'), 'reset|t|t',
	'a connection that is reset has no answer');

# A restart of the server begins anew. What is to be retried must not be counted by then.
await_status($slow, 'attempts > 0', 'something is counted before the restart');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'");
$node->restart;
await_state($node, 'shop', 'serving');
is(status($slow, 'attempts, attempts_24h'), '0|0', 'a restart of the server begins anew');
is($node->safe_psql('shop', 'SELECT attempts FROM rf_status'), '0', 'as a whole, too');

$sink->stop;
$node->stop;
done_testing();
