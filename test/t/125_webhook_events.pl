# What goes wrong with sending is told to other webhooks: that a delivery is dead,
# that an endpoint was disabled. Never to the webhook it is about, never about such
# an event itself, and only to those who listen to the same campaign. A trial
# arrives whatever the webhook wants.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use JSON::PP;
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring'), ('autumn', 'Autumn')});

sub create_webhook
{
	my ($path, $events, $columns, $values) = @_;

	return $node->safe_psql('shop', sprintf(
			"INSERT INTO rf_webhook (url, name, events%s) VALUES ('%s', '%s', '%s'%s) RETURNING id",
			$columns ? ", $columns" : '', $sink->url($path), $path, $events,
			$values ? ", $values" : ''));
}

sub requests_of
{
	my ($path) = @_;

	return join ' ', map { $_->{headers}{'referral-event'} } $sink->requests($path);
}

sub data_of { return decode_json($_[0]{body})->{data} }

my $dying = create_webhook('/status/500/dying?key=secret', '{referrer.joined,webhook.*}',
	'campaign_id, retry_schedule', "1, '{0,0s}'");
create_webhook('/ok/all', '{webhook.*}');
create_webhook('/ok/spring', '{webhook.exhausted}', 'campaign_id', '1');
create_webhook('/ok/autumn', '{*}', 'campaign_id', '2');
create_webhook('/ok/sources', '{webhook.*}', 'sources', "'{Api}'");
create_webhook('/ok/text', '{webhook.*}', 'format, template',
	q{'template', '{"text": "{{webhook.name}} at {{webhook.host}}: {{delivery.error}} after {{delivery.attempts}}"}'});
create_webhook('/ok/broken', '{webhook.*}', 'format, template',
	q{'template', to_jsonb(repeat('{{webhook.name}}', 4000))});
# This one dies of being told.
create_webhook('/status/500/told', '{webhook.exhausted}', 'retry_schedule', "'{0}'");

# Exhausted.
$node->safe_psql('shop', join_person('ann@example.com'));
my ($told) = $sink->await(1, '/ok/all');
my ($dead) = split /\n/, $node->safe_psql('shop',
	"SELECT delivery_id || ' ' || event_id FROM rf_dead WHERE webhook_id = $dying");
my ($delivery, $event) = split / /, $dead;
is($told->{headers}{'referral-event'}, 'webhook.exhausted', 'a dead delivery is told');
is_deeply(data_of($told), {
		webhook => { id => $dying, name => '/status/500/dying?key=secret', host => '127.0.0.1',
			state => 'enabled', reason => undef },
		campaign => { id => 1, slug => 'spring', name => 'Spring' },
		delivery => { id => $delivery, event_id => $event, event_type => 'referrer.joined',
			attempts => 2, error => 'HTTP status 500' } },
	'of which webhook and which delivery');
unlike($told->{body} =~ s/"name":"[^"]*"//r, qr/secret/, 'without the URL');
is(data_of(($sink->await(1, '/ok/spring'))[0])->{delivery}{id}, $delivery,
	'who listens to the campaign hears it');
my ($text) = $sink->await(1, '/ok/text');
is(decode_json($text->{body})->{text},
	'/status/500/dying?key=secret at 127.0.0.1: HTTP status 500 after 2', 'in any format');
$sink->await(1, '/status/500/told');
ok($node->poll_query_until('shop', "SELECT count(*) = 2 FROM rf_dead"), 'who is told may fail, too');

# Disabled; one with another campaign, too, so that what comes of the first is over.
my $gone = create_webhook('/status/410/gone-for-ever', '{referrer.joined}');
$node->safe_psql('shop', join_person('bob@example.com'));
$sink->await(3, '/ok/all');
ok($node->poll_query_until('shop', "SELECT state = 'disabled' FROM rf_webhook WHERE id = $gone"),
	'410 disables');
my ($disabled) = grep { $_->{headers}{'referral-event'} eq 'webhook.disabled' }
  $sink->requests('/ok/all');
is_deeply(data_of($disabled), {
		webhook => { id => $gone, name => '/status/410/gone-for-ever', host => '127.0.0.1',
			state => 'disabled', reason => 'the endpoint answered 410 (Gone)' },
		campaign => undef }, 'which is told');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_event WHERE type LIKE 'webhook.%'"), '3',
	'two are dead, one is disabled');
is($node->safe_psql('shop', q{
		SELECT count(*) FROM rf_event WHERE type LIKE 'webhook.%'
		AND convert_from(payload, 'UTF8')::json #>> '{data,delivery,event_type}' LIKE 'webhook.%'}),
	'0', 'that somebody could not be told is told to nobody');
is(requests_of('/ok/autumn'), '', 'another campaign hears nothing');
is(requests_of('/ok/sources'), '', 'nor who wants events of certain people');
is(requests_of('/ok/spring'), 'webhook.exhausted webhook.exhausted',
	'what is about a webhook of all campaigns is not of one');
unlike(requests_of('/status/500/dying'), qr/webhook/, 'nobody hears of themselves');
is(requests_of('/ok/broken'), '', 'whose template makes too much of it gets nothing');

# A trial.
my $quiet = create_webhook('/ok/quiet', '{coupon.low}', 'campaign_id, sources', "1, '{Widget}'");
$delivery = $node->safe_psql('shop', "SELECT rf_test_webhook($quiet)");
my ($trial) = $sink->await(1, '/ok/quiet');
is($trial->{headers}{'referral-event'}, 'webhook.test', 'a trial arrives whatever is wanted');
ok(WebhookSink::is_signed($trial, $node->safe_psql('shop', "SELECT rf_webhook_secret($quiet)")),
	'signed');
ok($node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_attempt"
		  . " WHERE delivery_id = $delivery AND webhook_id = $quiet AND outcome = 'success'"),
	'its delivery is the one that was named');
unlike(requests_of('/ok/all'), qr/test/, 'others are not bothered');

$node->stop;
done_testing();
