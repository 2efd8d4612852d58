# CloudEvents and templates arrive as they were frozen when the event happened,
# with their content types, signed; also when they are tried again after the
# template was changed. A header of the user's own may hold the message id.
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
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

my %secret;
sub create_webhook
{
	my ($path, @arguments) = @_;
	my $url = $sink->url($path);

	$secret{$path} = $node->safe_psql('shop',
		'SELECT secret FROM rf_create_webhook(' . join(', ', "'$url'", @arguments) . ')');
	return;
}
my $template = q(format => 'template',
	template => '{"text": "Hello {{participant.name}}", "id": "{{event.id}}", "count": "{{participant.id}}"}');
create_webhook('/ok/cloudevents', "format => 'cloudevents'");
create_webhook('/ok/template', $template);
create_webhook('/ok/put', $template, "method => 'PUT'");
create_webhook('/status/503', $template);
create_webhook('/ok/header', $template,
	q(headers => '{"Idempotency-Key": "{{event.id}}", "X-Both": "<{{event.id}}{{event.id}}>", "X-Text": "{{type}}"}'));
my ($again) = '/status/503';

# The body that the outbox holds of a webhook, as hex. It is read before it commits.
my $frozen = $node->safe_psql('shop', q{
	BEGIN;
	INSERT INTO rf_participant (campaign_id, email, name)
		VALUES (1, 'zoë@example.com', E'Zoë "Z" O\'Neil \\\\ 🎁');
	SELECT format || ' ' || method || ' ' || encode(body, 'hex')
		FROM rf_outbox JOIN rf_webhook ON rf_webhook.id = webhook_id;
	COMMIT;});
my %frozen = map { my ($format, $method, $body) = split / /; ("$format $method" => pack 'H*', $body) }
  split /\n/, $frozen;
my $message_id = $node->safe_psql('shop', 'SELECT rf_message_id(home, id) FROM rf_event');

my ($event) = $sink->await(1, '/ok/cloudevents');
is($event->{body}, $frozen{'cloudevents POST'}, 'a CloudEvent is sent byte by byte');
ok(WebhookSink::is_signed($event, $secret{'/ok/cloudevents'}), 'signed');
is($event->{headers}{'content-type'}, 'application/cloudevents+json', 'its type');
my $cloudevent = decode_json($event->{body});
is($cloudevent->{id}, $event->{headers}{'webhook-id'}, 'its id is that of the message');
is("$cloudevent->{specversion} $cloudevent->{type} $cloudevent->{source}",
	'1.0 referrer.joined /referral/campaign/spring', 'what it is');
is($cloudevent->{data}{participant}{name}, "Zo\x{eb} \"Z\" O'Neil \\ \x{1f381}", 'its data');

my ($filled) = $sink->await(1, '/ok/template');
is($filled->{body}, $frozen{'template POST'}, 'what a template made is sent byte by byte');
ok(WebhookSink::is_signed($filled, $secret{'/ok/template'}), 'signed');
is($filled->{headers}{'content-type'}, 'application/json', 'its type');
is_deeply(decode_json($filled->{body}),
	{ text => "Hello Zo\x{eb} \"Z\" O'Neil \\ \x{1f381}", id => $message_id, count => 1 },
	'with values in it');

my ($put) = $sink->await(1, '/ok/put');
ok($put->{method} eq 'PUT' && $put->{body} eq $filled->{body}
	&& WebhookSink::is_signed($put, $secret{'/ok/put'}), 'PUT carries the same');

my ($header) = map { $_->{headers} } $sink->await(1, '/ok/header');
is_deeply([ @$header{qw(idempotency-key x-both x-text)} ],
	[ $message_id, "<$message_id$message_id>", '{{type}}' ],
	'a header holds the message id, and nothing else is filled in');

# A changed template is for what happens from now on.
my ($first) = $sink->await(1, $again);
$node->poll_query_until('shop', 'SELECT count(*) = 1 FROM rf_retry');
$node->safe_psql('shop', q{
	UPDATE rf_webhook SET template = '"changed"', url = replace(url, '/status/503', '/ok/again')
		WHERE url ~ '503';
	UPDATE rf_retry SET next_at = now();});
my ($second) = $sink->await(1, '/ok/again');
is($second->{body}, $first->{body}, 'another attempt carries the bytes of the first');
ok(WebhookSink::is_signed($second, $secret{$again}), 'signed anew');
$node->safe_psql('shop', join_person('bob@example.com'));
(undef, my $next) = $sink->await(2, '/ok/again');
is($next->{body}, '"changed"', 'the next event is told in the new shape');

$node->stop;
$sink->stop;
done_testing();
