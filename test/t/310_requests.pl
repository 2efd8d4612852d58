# Requests as clients make them: methods, paths, bodies in parts, several at once on
# a connection, a client that shuts down its side after asking.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $path = PostgreSQL::Test::Utils::tempdir_short() . '/http';
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop, unix:$path/shop'",
	'referral.listen_rate = 0', 'referral.listen_timeout = 4s');
create_listened($node, 'shop');
$node->safe_psql('shop',
	"INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('spring', 'Spring', 'https://shop.example/')");
my $token = $node->safe_psql('shop',
	"SELECT token FROM rf_create_inbound_token('test', 'spring', '{qualify,join,participant}')");
my $code = $node->safe_psql('shop', "SELECT code FROM rf_join('spring', 'ann\@example.com')");

my $host = "Host: test\r\n";
my $qualify = "POST /webhook/$token/qualify HTTP/1.1\r\n$host";

sub header
{
	my ($answer, $name) = @_;

	return $answer =~ /^$name: (.*?)\r$/m ? $1 : undef;
}

# Everything until the other end closes.
sub all_over
{
	my ($where, $text, $half) = @_;
	my $socket = caller_to($where);
	my $heard = '';

	$socket->syswrite($text);
	$socket->shutdown(1) if $half;
	while (IO::Select->new($socket)->can_read($PostgreSQL::Test::Utils::timeout_default))
	{
		return $heard unless $socket->sysread($heard, 65536, length $heard);
	}
	return "not closed: $heard";
}

sub statuses
{
	return join ' ', $_[0] =~ m{HTTP/1\.1 (\d+) }g;
}

# ---- every answer

my $answer = get_over($port, '/nothing');
is(status_of($answer), 404, 'an unknown path');
is(header($answer, 'Content-Type'), 'application/problem+json', 'is a problem');
like($answer, qr/\{"type":"about:blank","title":"Not Found","status":404,"detail":"no such address"\}$/,
	'that says what it is');
is(header($answer, 'Cache-Control'), 'no-store', 'not to be kept');
is(header($answer, 'X-Content-Type-Options'), 'nosniff', 'nor guessed at');
is(header($answer, 'Server'), undef, 'nobody hears what serves');
is(status_of(get_over($port, '/webhook/rfi_none/qualify')), 404, 'so is an unknown token');
is(status_of(get_over($_, '/health')), 200, "health, asked at $_") foreach $port, $path;
is(status_of(get_over($port, '/health/')), 200, 'with a slash behind it');

$answer = get_over($port, "/r/$code");
is(status_of($answer), 302, 'a link');
is(header($answer, 'Location'), "https://shop.example/?ref=$code", 'leads on');
is(status_of(get_over($port, '/r/%00')), 404, 'a code that cannot be');
is(status_of(get_over($port, '/r/' . ('%2f' x 60))), 404, 'nor that');

# ---- methods

$answer = call_over($port, "DELETE /webhook/x/qualify HTTP/1.1\r\n$host\r\n");
is(status_of($answer), 405, 'DELETE');
is(header($answer, 'Allow'), 'GET, HEAD, POST, OPTIONS', 'what a call allows');
$answer = call_over($port, "POST /r/$code HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n");
is(status_of($answer), 405, 'POST to a link');
is(header($answer, 'Allow'), 'GET, HEAD, OPTIONS', 'what a link allows');
is(status_of(call_over($port, "$_ /health HTTP/1.1\r\n$host\r\n")), 405, $_)
  foreach qw(get PUT TRACE CONNECT FROBNICATE);
$answer = all_over($port, "OPTIONS /health HTTP/1.1\r\n$host\r\nOPTIONS * HTTP/1.1\r\n$host\r\n", 1);
is(statuses($answer), '204 204', 'OPTIONS');
unlike($answer, qr/Access-Control/, 'without a word about other origins');

$answer = call_over($port, "HEAD /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n");
like($answer, qr/^HTTP\/1\.1 200 .*\r\nContent-Length: 15\r\n\r\n\z/s, 'HEAD has no body, but its length');
is(status_of(call_over($port, "HEAD /webhook/$token/participant?code=$code HTTP/1.1\r\n${host}Connection: close\r\n\r\n")),
	200, 'HEAD of a call that reads');

# ---- bodies

sub unknown_code
{
	my ($answer, $named, $how) = @_;

	is(status_of($answer), 422, "understood: $how");
	like($answer, qr/unknown referral code \\"$named\\"/, 'to the last byte');
	return;
}

unknown_code(call_over($port, "${qualify}Content-Length: 11\r\n\r\ncode=NOBODY"), 'NOBODY', 'a length');
unknown_code(
	call_over($port, "${qualify}Transfer-Encoding: chunked\r\n\r\n3\r\ncod\r\n7;x=y\r\ne=NOBOD\r\n1\r\nY\r\n0\r\nTrailer: z\r\n\r\n"),
	'NOBODY', 'chunks');
{
	my $socket = caller_to($port);

	foreach my $byte (split //, "${qualify}Content-Length: 11\r\n\r\ncode=NOBODY")
	{
		$socket->syswrite($byte);
	}
	unknown_code(hear($socket), 'NOBODY', 'byte by byte');
}
{
	my $socket = caller_to($port);

	$socket->syswrite("${qualify}Content-Length: 11\r\nExpect: 100-continue\r\n\r\n");
	$socket->sysread(my $go, 25);
	is($go, "HTTP/1.1 100 Continue\r\n\r\n", 'a client that waits is told to go on');
	$socket->syswrite('code=NOBODY');
	unknown_code(hear($socket), 'NOBODY', 'then');
}

# ---- several on a connection

my $health = "GET /health HTTP/1.1\r\n$host\r\n";
my $nothing = "GET /nothing HTTP/1.1\r\n$host\r\n";
my $nobody = "${qualify}Content-Length: 11\r\n\r\ncode=NOBODY";
$answer = all_over($port, "$health$nothing$nobody$health$nobody$nothing$health", 1);
is(statuses($answer), '200 404 422 200 422 404 200', 'answered in order, and then closed');
is(statuses(all_over($port, $health x 200, 1)), join(' ', (200) x 200), 'two hundred of them');
is(statuses(all_over($port, "$health\r\n\r\n$health", 1)), '200 200', 'empty lines between them');
is(statuses(all_over($port, "GET /health HTTP/1.0\r\n\r\n$health")), '200', 'HTTP/1.0 is for one');
is( statuses(all_over($port, "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /health HTTP/1.0\r\n\r\n")),
	'200 200', 'unless it says more');
is(statuses(all_over($port, "GET /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n$health")),
	'200', 'or less');

# ---- a client that has said all it has to say

is(statuses(all_over($_, $nobody, 1)), '422', 'hears the answer') foreach $port, $path;
is(statuses(all_over($port, $nothing, 1)), '404', 'and a refusal');
is(statuses(all_over($port, "${qualify}Content-Length: 11\r\n\r\ncode=", 1)),
	'', 'half a request has no answer');
is(status_of(get_over($port, '/health')), 200, 'and does no harm');

$node->stop;
done_testing();
