# What arrives is what was frozen when the event happened, signed as Standard
# Webhooks says, in each format and by each method, with all its headers.
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
	my ($name, @arguments) = @_;
	my $url = $sink->url("/ok/$name");

	$secret{$name} = $node->safe_psql('shop',
		'SELECT secret FROM rf_create_webhook(' . join(', ', "'$url'", @arguments) . ')');
	return;
}
my $fields = q(fields => '{"who": "participant.name", "mail": "participant.email"}',
	extra => '{"list": "a&b"}');
create_webhook('standard');
create_webhook('put', "method => 'PUT'");
create_webhook('fields', "format => 'fields'", $fields);
create_webhook('form', "format => 'form'", $fields);
create_webhook('get', "format => 'form'", "method => 'GET'", $fields);
create_webhook('get?x=1', "format => 'form'", "method => 'GET'", $fields);
create_webhook('own', q(headers => '{"Authorization": "Bearer abc", "X-Empty": ""}'));
create_webhook('rotated');
$secret{before} = 'whsec_' . 'A' x 32;
$node->safe_psql('shop', qq{
	INSERT INTO rf_secret (webhook_id, kind, value, valid_from, valid_until)
		SELECT max(id), 'signing', '$secret{before}', now(), now() + '1 hour' FROM rf_webhook});

$node->safe_psql('shop', q{
	INSERT INTO rf_participant (campaign_id, email, name)
		VALUES (1, 'zoë@example.com', E'Zoë "Z" O\'Neil & Söhne')});

# The one request to a path; $n tells apart those that share one.
sub request_to
{
	my ($name, $n) = @_;
	my @requests = $sink->await($n // 1, "/ok/$name");

	return wantarray ? @requests : $requests[0];
}

my $standard = request_to('standard');
my $headers = $standard->{headers};
my $stored = $node->safe_psql('shop', "SELECT encode(payload, 'hex') FROM rf_event");
is(unpack('H*', $standard->{body}), $stored, 'the payload is sent byte by byte');
ok(WebhookSink::is_signed($standard, $secret{standard}), 'and signed');
ok(!WebhookSink::is_signed($standard, $secret{put}), 'with the secret of this webhook only');
is($headers->{'webhook-id'},
	$node->safe_psql('shop', 'SELECT rf_message_id(home, id) FROM rf_event'), 'its id');
cmp_ok(abs($headers->{'webhook-timestamp'} - $standard->{at}), '<=', 2,
	'its timestamp is that of the attempt');
is($headers->{'content-type'}, 'application/json', 'its type');
is($headers->{'referral-event'}, 'referrer.joined', 'its event');
is($headers->{'referral-attempt'}, '1', 'its attempt');
like($headers->{'user-agent'}, qr{^referral/\d+\.\d+\.\d+$}, 'who sent it');
ok(!exists $headers->{expect} && !exists $headers->{'accept-encoding'},
	'nothing that invites surprises');
is("$standard->{method} $standard->{version}", 'POST HTTP/1.1', 'POST by HTTP/1.1');
is(decode_json($standard->{body})->{data}{participant}{name}, "Zo\x{eb} \"Z\" O'Neil & S\x{f6}hne",
	'the name comes through');

my $put = request_to('put');
is($put->{method}, 'PUT', 'PUT');
ok($put->{body} eq $standard->{body} && WebhookSink::is_signed($put, $secret{put}),
	'carries the same body');

my $chosen = request_to('fields');
is_deeply(decode_json($chosen->{body}),
	{ who => "Zo\x{eb} \"Z\" O'Neil & S\x{f6}hne", mail => "zo\x{eb}\@example.com", list => 'a&b' },
	'fields of the user\'s choice');
ok(WebhookSink::is_signed($chosen, $secret{fields}), 'signed');

my $form = request_to('form');
is($form->{headers}{'content-type'}, 'application/x-www-form-urlencoded', 'a form');
like($form->{body}, qr{^[A-Za-z0-9=&%+._~*-]+$}, 'is encoded');
ok(WebhookSink::is_signed($form, $secret{form}), 'and signed');

my ($get) = grep { $_->{query} !~ /x=1/ } request_to('get', 2);
is($get->{method}, 'GET', 'GET');
is($get->{query}, $form->{body}, 'has it in the query string');
is($get->{body}, '', 'and no body');
ok(WebhookSink::is_signed($get, $secret{get}), 'the query string is what is signed');
my ($more) = grep { $_->{query} =~ /x=1/ } request_to('get', 2);
is($more->{query}, "x=1&$form->{body}", 'it joins the one of the URL');

my $own = request_to('own');
is($own->{headers}{authorization}, 'Bearer abc', 'a header of the user\'s own');
is($own->{headers}{'x-empty'}, '', 'an empty one');
is($node->safe_psql('shop', "SELECT header_names FROM rf_webhook WHERE header_names <> '{}'"),
	'{X-Empty,Authorization}', 'their names are seen, their values are not');

my $rotated = request_to('rotated');
ok( WebhookSink::is_signed($rotated, $secret{rotated})
	  && WebhookSink::is_signed($rotated, $secret{before}),
	'signed with each live secret');

$node->stop;
done_testing();
