# While a secret that was rotated out is kept, requests bear signatures of both,
# and only of the new one from the moment on at which its time is over; whatever
# versions of signature they are. HTTP basic and bearer are headers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

my $n = 0;

# Cause an event; the request it makes to that path.
sub next_request
{
	my ($path) = @_;

	$n++;
	$node->safe_psql('shop', join_person("number$n\@example.com"));
	return ($sink->await($n, $path))[-1];
}

# The versions of the request's signatures, newest secret first.
sub versions
{
	return join ' ', map { s/,.*//r } split / /, $_[0]->{headers}{'webhook-signature'};
}

# As rf_verify sees it, at the receiver.
sub verifies
{
	my ($request, $secret) = @_;
	my $headers = $request->{headers};

	return $node->safe_psql('shop', sprintf(
			"SELECT rf_verify('%s', '%s', %s, decode('%s', 'base64'), '%s')", $secret,
			@$headers{qw(webhook-id webhook-timestamp)}, encode_base64($request->{body}, ''),
			$headers->{'webhook-signature'})) eq 't';
}

# The same with nothing of ours: the program openssl, where it knows ed25519.
sub openssl_verifies
{
	my ($request, $public) = @_;
	my $headers = $request->{headers};
	my ($signature) = $headers->{'webhook-signature'} =~ /v1a,(\S+)/;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	# The prefix of RFC 8410 makes a key in DER of 32 bytes.
	my %file = (
		key => pack('H*', '302a300506032b6570032100') . decode_base64($public =~ s/^whpk_//r),
		signature => decode_base64($signature),
		message => "$headers->{'webhook-id'}.$headers->{'webhook-timestamp'}.$request->{body}");

	foreach my $name (keys %file)
	{
		open my $out, '>:raw', "$dir/$name" or die $!;
		print $out $file{$name};
		close $out;
	}
	return IPC::Run::run([ qw(openssl pkeyutl -verify -pubin -keyform DER -rawin),
			'-inkey', "$dir/key", '-sigfile', "$dir/signature", '-in', "$dir/message" ],
		'>', \my $output, '2>&1');
}

sub rotate
{
	my ($id, $arguments) = @_;

	return $node->safe_psql('shop', "SELECT rf_rotate_secret($id, $arguments)");
}

my $url = $sink->url('/ok/shared');
my ($id, $first) = split /\|/, $node->safe_psql('shop', "SELECT * FROM rf_create_webhook('$url')");
my $request = next_request('/ok/shared');
ok(versions($request) eq 'v1' && WebhookSink::is_signed($request, $first), 'one secret, one signature');

# Kept.
my $second = rotate($id, "'10 seconds'");
isnt($second, $first, 'another secret');
$request = next_request('/ok/shared');
is(versions($request), 'v1 v1', 'two signatures while the old one is kept');
ok(WebhookSink::is_signed($request, $first) && WebhookSink::is_signed($request, $second),
	'one of each secret');

# The old one ends by itself: nobody tells the worker.
$node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_secret WHERE webhook_id = $id"
	  . " AND (valid_until IS NULL OR valid_until > clock_timestamp())") or die 'the old secret goes on';
$request = next_request('/ok/shared');
is(versions($request), 'v1', 'and one from then on');
ok(!WebhookSink::is_signed($request, $first) && WebhookSink::is_signed($request, $second),
	'of the new secret');

# Another version of signature beside the old one.
my $public = rotate($id, "'1 hour', 'v1a'");
like($public, qr/^whpk_/, 'the receiver gets the public key');
$request = next_request('/ok/shared');
is(versions($request), 'v1a v1', 'signatures of both versions');
ok(WebhookSink::is_signed($request, $second), 'a receiver that knows only v1 goes on');
ok(verifies($request, $public) && verifies($request, $second), 'both verify');
SKIP:
{
	skip 'no openssl that knows ed25519', 1
	  unless IPC::Run::run([qw(openssl genpkey -algorithm ed25519)], '>', \my $key, '2>', \my $error);
	ok(openssl_verifies($request, $public), 'OpenSSL says so too');
}

# Nothing is kept: what leaked signs no more.
my $last = rotate($id, "'0'");
$request = next_request('/ok/shared');
is(versions($request), 'v1a', 'all others end at once');
ok(verifies($request, $last) && !verifies($request, $public), 'and the version stays');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_secret WHERE webhook_id = $id"), '1',
	'nothing is left of them');

# A clock that was set back: the secret is not valid yet, but nobody else's is.
$node->safe_psql('shop',
	"UPDATE rf_secret SET valid_from = now() + interval '1 hour' WHERE webhook_id = $id");
$request = next_request('/ok/shared');
ok(verifies($request, $last), 'the current secret signs whatever the clock says');

# A key pair from the start, and the schemes of HTTP.
$url = $sink->url('/ok/pair');
($id, $public) = split /\|/,
  $node->safe_psql('shop', "SELECT * FROM rf_create_webhook('$url', signature => 'v1a')");
$node->safe_psql('shop', "SELECT rf_set_headers($id, jsonb_build_object('Authorization',"
	  . " 'Basic ' || encode(convert_to('user:' || 'pass word', 'UTF8'), 'base64')))");
$node->safe_psql('shop', join_person('pair@example.com'));
$request = ($sink->await(1, '/ok/pair'))[0];
ok(versions($request) eq 'v1a' && verifies($request, $public), 'a key pair from the start');
is($request->{headers}{authorization}, 'Basic dXNlcjpwYXNzIHdvcmQ=', 'HTTP basic');
$node->safe_psql('shop', qq{SELECT rf_set_headers($id, '{"Authorization": "Bearer abc"}')});
$node->safe_psql('shop', join_person('bearer@example.com'));
$request = ($sink->await(2, '/ok/pair'))[-1];
is($request->{headers}{authorization}, 'Bearer abc', 'HTTP bearer');

$node->stop;
done_testing();
