# Calls that are signed by the senders' own packages, Stripe's and that of Standard
# Webhooks, are let through, in SQL and over HTTP; what was changed on its way, or is
# old, is not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $clients = "$FindBin::RealBin/../clients";
plan skip_all => 'Node is not installed, or not the packages of test/clients (see test/setup/run-tests.sh)'
  unless -d "$clients/node_modules/stripe" && grep { -x "$_/node" } split /:/, $ENV{PATH};

my $json = JSON::PP->new->canonical->ascii;
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = served_node('main', 'max_worker_processes = 20');
my $library = $node->config_data('--pkglibdir') . '/referral_listener.so';
my $listens = -e $library;

# One task of Node's.
sub client
{
	my (%task) = @_;
	my ($answer, $errors) = ('', '');

	IPC::Run::run([ 'node', "$clients/client.mjs" ], '<', \$json->encode([ \%task ]),
		'>', \$answer, '2>', \$errors)
	  or die "client: $errors";
	return $json->decode($answer)->[0];
}

# The answer's status and what it says, of a call in SQL.
sub call_sql
{
	my ($token, $action, $body, $headers) = @_;
	my $given = $json->encode($headers) =~ s/'/''/gr;
	my $answer = $node->safe_psql('shop',
		"SELECT status || ' ' || body FROM rf_inbound('$token', '$action', decode('"
		  . unpack('H*', $body) . "', 'hex'), 'application/json', '$given')");
	my ($status, $said) = split / /, $answer, 2;

	return { status => $status, body => $json->decode($said) };
}

# And over HTTP. Node gets the body as characters, and sends their UTF-8.
sub call_http
{
	my ($token, $action, $body, $headers) = @_;
	my $path = $action eq '' ? $token : "$token/$action";

	utf8::decode($body);
	return client(task => 'call', url => "http://127.0.0.1:$port/webhook/$path",
		headers => $headers, body => $body);
}

sub signed
{
	my ($sender, $body, %given) = @_;

	utf8::decode($body);
	return client(task => $sender, body => $body, timestamp => time, %given);
}

sub said
{
	my ($answer) = @_;

	return join ' ', grep { defined } $answer->{status},
	  map { JSON::PP::is_bool($_) ? ($_ ? 'true' : 'false') : $_ } @{ $answer->{body} }{qw(changed detail)};
}

# ---- people, and whose calls are about them

create_served($node, 'shop');
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@x.example', 'ANN');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		SELECT 1, lower(name) || '@x.example', name, 'ANN'
		FROM unnest('{SQL1,SQL2,HTTP1,HTTP2}'::text[]) name});

my $secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
my ($stripe) = $node->safe_psql('shop', "SELECT token FROM rf_create_inbound_token('stripe', 'spring', mapping => 'stripe')");
my ($standard) = $node->safe_psql('shop', "SELECT token FROM rf_create_inbound_token('standard', 'spring')");
$node->safe_psql('shop', q{
	SELECT rf_sign_inbound(1, 'stripe', 'whsec_of_stripe');
	SELECT rf_sign_inbound(2, 'standard', '} . $secret . q{');});

# As Stripe writes them: with blanks, and with letters of every kind.
sub checkout
{
	my ($event, $code) = @_;

	return qq({\n  "id": "$event",\n  "object": "event",\n  "type": "checkout.session.completed",\n)
	  . qq(  "created": ) . time . qq(,\n  "data": {\n    "object": {\n      "object": "checkout.session",\n)
	  . qq(      "id": "cs_$event",\n      "payment_intent": "pi_$event",\n      "mode": "payment",\n)
	  . qq(      "client_reference_id": "$code",\n      "amount_total": 1999,\n      "currency": "eur",\n)
	  . qq(      "payment_status": "paid",\n      "metadata": {"note": "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80"}\n    }\n  }\n});
}

# ---- the same for both ways to call

sub test_calls
{
	my ($how, $call) = @_;
	my $name = uc $how;
	my $body = checkout("evt_$how", "${name}1");
	my $headers = signed('stripe', $body, secret => 'whsec_of_stripe');

	is(said($call->($stripe, '', $body =~ s/1999/2000/r, $headers)), '401 the signature is not right',
		"$how: Stripe, another amount");
	is(said($call->($stripe, '', $body, {})), '401 header "stripe-signature" is missing', "$how: not signed");
	is(said($call->($stripe, '', $body, signed('stripe', $body, secret => 'whsec_of_stripe', timestamp => time - 400))),
		'401 the time of the signature is more than 5 minutes from ours', "$how: Stripe, old");
	is(said($call->($stripe, '', $body, signed('stripe', $body, secret => 'whsec_of_another'))),
		'401 the signature is not right', "$how: Stripe, another secret");
	is($node->safe_psql('shop', "SELECT count(*) FROM rf_purchase WHERE external_id = 'pi_evt_$how'"), '0',
		"$how: nothing has happened");
	is(said($call->($stripe, '', $body, $headers)), '200 true', "$how: Stripe, signed by its own package");
	is(said($call->($stripe, '', $body, signed('stripe', $body, secret => 'whsec_of_stripe'))), '200 true',
		"$how: an event that is sent again is answered as the first time");
	is( $node->safe_psql('shop', q{
			SELECT p.code, p.state, s.amount, s.currency
			FROM rf_purchase s JOIN rf_participant p ON p.id = s.participant_id}
			  . " WHERE s.external_id = 'pi_evt_$how'"),
		"${name}1|qualified|19.99|EUR", "$how: it is that person's purchase, once");

	$body = qq({"code": "${name}2", "note": "Zo\xc3\xab"});
	$headers = signed('standard', $body, secret => $secret, id => "msg_$how");
	is(said($call->($standard, 'qualify', "$body ", $headers)), '401 the signature is not right',
		"$how: Standard Webhooks, a blank more");
	is(said($call->($standard, 'qualify', $body, $headers)), '200 true',
		"$how: Standard Webhooks, signed by its own package");
	is(said($call->($standard, 'qualify', $body, $headers)), '200 true',
		"$how: a message that is sent again is answered as the first time");
	is(said($call->($standard, 'qualify', $body, signed('standard', $body, secret => $secret, id => "msg_2_$how"))),
		'200 false', "$how: another message about it changes nothing");
	my %older = map { (s/webhook/svix/r) => $headers->{$_} } keys %$headers;
	is(said($call->($standard, 'qualify', $body, \%older)), '200 true', "$how: by the older names of its headers");
	return;
}

test_calls('sql', \&call_sql);
SKIP:
{
	skip 'this server is built without libmicrohttpd', 15 unless $listens;
	my $before = -s $node->logfile;
	$node->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$port/shop'");
	$node->restart;
	await_state($node, 'shop', 'serving');
	$node->poll_query_until('shop', "SELECT bool_and(state = 'serving') FROM rf_listeners()")
	  or die 'nobody listens';
	test_calls('http', \&call_http);
	unlike(slurp_file($node->logfile, $before), qr/rfi_|whsec_|$stripe|$standard/,
		'http: the log shows neither tokens nor secrets');
	my $answer = call_http('rfi_' . '0' x 43, 'qualify', '{}', {});
	is("$answer->{status} $answer->{type}", '404 application/problem+json', 'http: an unknown token');
}

# ---- the other way round

my $now = time;
my $signature = $node->safe_psql('shop', "SELECT rf_sign('$secret', 'msg_ours', $now, '{\"a\": 1}')");
ok( client(task => 'verify', secret => $secret, body => '{"a": 1}', headers => {
			'webhook-id' => 'msg_ours', 'webhook-timestamp' => "$now", 'webhook-signature' => $signature }),
	'what we sign, the package of Standard Webhooks verifies');

$node->stop;
done_testing();
