# What Prometheus and load balancers ask: the figures are those of the views, in a
# format that promtool takes, whatever there are millions of is not counted row by
# row, and health tells what is wrong with us from what is wrong with endpoints.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IPC::Run;
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

my $sink = WebhookSink->new;
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'referral'\n"
	  . "referral.allow_http = on\nreferral.allowed_networks = '127.0.0.0/8'\n"
	  . "referral.listen = '127.0.0.1:$port/shop'\n");
$node->start;
create_listened($node, 'shop');

sub health { return $node->safe_psql('shop', 'SELECT rf_health()') }

# The value of a sample, which is named with its labels.
sub metric
{
	my ($sample, $text) = @_;
	my ($value) = ($text // $node->safe_psql('shop', 'SELECT rf_metrics()')) =~ /^\Q$sample\E (\S+)$/m;

	return $value;
}

sub await_sql
{
	my ($condition, $what) = @_;

	ok($node->poll_query_until('shop', "SELECT $condition"), $what);
	return;
}

is(health(), '{"status": "ok"}', 'a served database is in order');

# Traffic: successes, failures that are tried again, and one that is given up.
$node->safe_psql('shop', q{INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url, events, retry_schedule) VALUES
		('} . $sink->url('/ok') . q{', '{referrer.joined}', NULL),
		('} . $sink->url('/status/500') . q{', '{referrer.joined}', '{0,1 day}'),
		('} . $sink->url('/status/404') . q{', '{referrer.joined}', '{0}');
	INSERT INTO rf_webhook (url, events) SELECT 'https://idle.example/', '{coupon.low}' FROM generate_series(1, 500);
	INSERT INTO rf_participant (campaign_id, email) SELECT 1, 'p' || i || '@people.example' FROM generate_series(1, 5) i});
await_sql('pending = 0 AND retrying = 5 AND dead = 5 AND attempts = 15 FROM rf_status', 'all is sent');
my $text = $node->safe_psql('shop', 'SELECT rf_metrics()');

is(metric('referral_healthy', $text), '1', 'healthy');
is(metric('referral_workers{state="serving"}', $text), '1', 'one worker serves');
is(metric('referral_attempts_total{outcome="success"}', $text), '5', 'successes');
is(metric('referral_attempts_total{outcome="failure"}', $text), '10', 'failures');
is(metric('referral_deliveries{state="dead"}', $text), '5', 'dead deliveries');
is(metric('referral_webhook_deliveries{webhook="2",state="retrying"}', $text), '5', 'retries of a webhook');
is(metric('referral_webhook_attempts_total{webhook="1",outcome="success"}', $text), '5', 'successes of a webhook');
is(metric('referral_webhook_attempt_seconds_count{webhook="1"}', $text), '5', 'how many times are known');
cmp_ok(metric('referral_webhook_attempt_seconds{webhook="1",quantile="0.99"}', $text), '<', 15, 'in seconds');
unlike($text, qr/webhook="5"/, 'what was never used has no samples');
unlike($text, qr/example|http:/, 'no people, no endpoints');

SKIP:
{
	my $found = grep { -x "$_/promtool" } split /:/, $ENV{PATH};
	skip 'promtool is not there', 1 unless $found;
	my ($output, $errors) = ('', '');
	my $good = IPC::Run::run([ 'promtool', 'check', 'metrics' ], \"$text\n", \$output, \$errors);
	is(($good ? '' : 'failed: ') . $output . $errors, '', 'promtool has no complaint');
}

# Endpoints that fail are not our illness.
await_sql('count(*) = 3 FROM rf_webhook_state', 'what is known of endpoints is written');
$node->safe_psql('shop', q{UPDATE rf_webhook_state SET breaker = 'open', open_until = now() + interval '1 hour' WHERE webhook_id = 2});
is(health(), '{"status": "ok", "warnings": [{"check": "endpoints", "message": "webhooks that fail so often that little is sent to them: 1"}]}',
	'an open breaker is a warning');
$node->safe_psql('shop', q{UPDATE rf_webhook_state SET breaker = 'closed', open_until = NULL});
is(health(), '{"status": "ok"}', 'and then none');

# Over HTTP the same.
my $answer = get_over($port, '/metrics');
is(status_of($answer), 200, 'metrics over HTTP');
like($answer, qr{^content-type: text/plain; version=0\.0\.4; charset=utf-8\r$}im, 'as Prometheus wants them');
is(metric('referral_attempts_total{outcome="failure"}', $answer), '10', 'are these');
is(metric(qq{referral_listener_serving{listen="127.0.0.1:$port",listener="1"}}, $answer), '1', 'of a listener, too');
call_over($port, "GET /r/NOBODY HTTP/1.1\r\nHost: test\r\n\r\n") for 1 .. 3;
$answer = get_over($port, '/metrics');
is(metric(qq{referral_listener_requests_total{listen="127.0.0.1:$port",listener="1",status="4xx"}}, $answer), '3', 'and what it answered');
$answer = get_over($port, '/health');
is(status_of($answer), 200, 'health over HTTP');
like($answer, qr/\r\n\r\n\{"status":"ok"\}$/, 'is in order');

# A table beyond the size of a sample: 30 MB of people in two campaigns, a third of
# them invited.
is(metric('referral_sampled_ratio{table="participants"}', $text), '1', 'a small table is counted');
$node->safe_psql('shop', q{DELETE FROM rf_webhook;
	INSERT INTO rf_campaign (slug, name) VALUES ('summer', 'Summer');
	INSERT INTO rf_participant (campaign_id, email, code, name)
		VALUES (1, 'ada@people.example', 'ADA-1', 'Ada'), (2, 'ada@people.example', 'ADA-2', 'Ada');
	INSERT INTO rf_participant (campaign_id, email, name, referred_by)
		SELECT 1 + i % 2, 'many' || i || '@people.example', repeat('x', 800),
			CASE WHEN i % 3 = 0 THEN 'ADA-' || 1 + i % 2 END
		FROM generate_series(1, 30000) i;});
$text = $node->safe_psql('shop', 'SELECT rf_metrics()');
my $ratio = metric('referral_sampled_ratio{table="participants"}', $text);
ok($ratio > 0.2 && $ratio < 0.9, "a large table is sampled ($ratio)");
foreach my $state ([ active => 10000 ], [ pending => 5000 ])
{
	my $people = metric(qq{referral_participants{campaign="summer",state="$state->[0]"}}, $text);
	cmp_ok(abs($people - $state->[1]), '<', $state->[1] / 5, "$state->[0] people are about as many as there are ($people)");
}
is(metric('referral_participants{campaign="summer",state="active"}'),
	metric('referral_participants{campaign="summer",state="active"}', $text), 'and the same again');

# What waits too long is, unless its endpoint is slow by its own fault or wish.
$node->safe_psql('shop', q{INSERT INTO rf_webhook (url, events, max_in_flight, timeout) VALUES ('} . $sink->url('/hold') . q{', '{referrer.joined}', 1, '60 s')});
$node->safe_psql('shop', q{INSERT INTO rf_participant (campaign_id, email) SELECT 2, 'late' || i || '@people.example' FROM generate_series(1, 3) i});
await_sql('pending = 3 AND in_flight = 1 FROM rf_status', 'deliveries wait');
is(health(), '{"status": "ok"}', 'not for long yet');
$node->safe_psql('shop', q{UPDATE rf_event SET created_at = created_at - interval '6 min'});
like(health(), qr/^\{"status": "failing", "reasons": \[\{"check": "pending", "message": "webhooks whose deliveries wait for more than 5 minutes: 1"/, 'deliveries that wait for long are a reason');
cmp_ok(metric('referral_oldest_pending_seconds'), '>', 300, 'and their age is told');
$node->safe_psql('shop', q{UPDATE rf_webhook SET rate_limit = 0.01});
is(health(), '{"status": "ok"}', 'unless their endpoint takes only so many a minute');
$sink->release;
$node->safe_psql('shop', q{UPDATE rf_webhook SET rate_limit = NULL});
await_sql('pending = 0 FROM rf_status', 'all is sent');

# A worker that is missing.
$node->safe_psql('shop', 'ALTER SYSTEM SET referral.workers = 2; SELECT pg_reload_conf()');
await_sql(q{count(*) = 2 FROM rf_workers() WHERE state = 'serving'}, 'two workers');
is(health(), '{"status": "ok"}', 'both serve');

# A standby tells that it is one; its figures can be read.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
my $other = PostgreSQL::Test::Cluster::get_free_port();
$standby->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$other/shop'");
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('shop', 'SELECT rf_health()'),
	'{"status": "failing", "reasons": [{"check": "recovery", "message": "the server is in recovery"}]}', 'a standby is in recovery');
is(metric('referral_healthy', $standby->safe_psql('shop', 'SELECT rf_metrics()')), '0', 'and has metrics');
await_listener($standby, 'shop', 'recovery');
$answer = get_over($other, '/health');
is(status_of($answer), 503, 'its listener says so, too');
like($answer, qr/"check":"recovery"/, 'and why');
like(get_over($other, '/metrics'), qr/^HTTP.1.1 200 .*\nreferral_healthy 0$/ms, 'with metrics');
$standby->stop;

# Where the extension is not, or not any more.
$node->safe_psql('shop', 'DROP EXTENSION referral CASCADE');
$answer = get_over($port, '/health');
is(status_of($answer), 503, 'no extension, no health');
like($answer, qr/"check":"extension"/, 'and why');
like(get_over($port, '/metrics'), qr/^HTTP.1.1 200 .*\nreferral_healthy 0$/ms, 'metrics say no more than that');

$node->stop;
$sink->stop;
done_testing();
