# Who asks, and how often: proxies that are trusted say it, anybody else is taken for
# what the socket says. One client's haste or guessing is not another one's.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Socket;
use Test::More;

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $path = PostgreSQL::Test::Utils::tempdir_short() . '/http';
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop, unix:$path/shop'",
	"referral.trusted_proxies = '127.0.0.9, 10.0.0.0/8, unix'", 'referral.listen_rate = 5',
	'referral.listen_max_connections_per_address = 2', 'referral.log_requests = log');
create_listened($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");
my $token = $node->safe_psql('shop', "SELECT token FROM rf_create_inbound_token('test', 'spring', '{qualify}')");

sub from
{
	my ($address) = @_;

	return caller_to($path) if $address eq 'unix';
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die $!;
	bind($socket, sockaddr_in(0, inet_aton($address))) or die $!;
	connect($socket, sockaddr_in($port, inet_aton('127.0.0.1'))) or die $!;
	return bless $socket, 'IO::Socket::INET';
}

# The status of a request from an address, with these headers.
sub ask
{
	my ($address, $target, @headers) = @_;
	my $socket = from($address);

	$socket->syswrite(join "\r\n", "GET $target HTTP/1.1", 'Host: test', 'Connection: close', @headers, '', '');
	return hear($socket);
}

# Whom the log names for a request.
sub client_of
{
	my ($address, @headers) = @_;
	my $from = -s $node->logfile;
	my $line;

	ask($address, '/nothing', @headers);
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		($line) = slurp_file($node->logfile, $from) =~ m{ GET /nothing: \d+ in [\d.]+ ms, (\S+)};
		last if defined $line;
		select undef, undef, undef, 0.1;
	}
	return $line;
}

# ---- who asks

is(client_of('127.0.0.2'), '127.0.0.2', 'by the socket');
is(client_of('127.0.0.2', 'X-Forwarded-For: 192.0.2.1'), '127.0.0.2', 'nobody is believed');
is(client_of('127.0.0.9', 'X-Forwarded-For: 192.0.2.1'), '192.0.2.1', 'but a trusted proxy');
is(client_of('127.0.0.9', 'X-Forwarded-For: 6.6.6.6, 192.0.2.1'), '192.0.2.1', 'who says only what it saw');
is(client_of('127.0.0.9', 'x-forwarded-for: 192.0.2.1, 10.1.2.3'), '192.0.2.1', 'as another one may');
is(client_of('127.0.0.9', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-For: 10.1.2.3'),
	'192.0.2.1', 'in two headers as in one');
is(client_of('127.0.0.9', 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 192.0.2.1'),
	'192.0.2.1', 'read from their end');
is(client_of('127.0.0.9', 'X-Forwarded-For: [2001:db8::1]:4711'), '2001:db8::1', 'IPv6 with a port');
is(client_of('127.0.0.9', 'X-Forwarded-For: ::ffff:192.0.2.9'), '192.0.2.9', 'IPv4 in its guise');
is(client_of('127.0.0.9', 'X-Forwarded-For: nonsense'), '127.0.0.9', 'nonsense is none');
is(client_of('127.0.0.9'), '127.0.0.9', 'the proxy for itself');
is(client_of('unix', 'X-Forwarded-For: 192.0.2.2'), '192.0.2.2', 'over a unix socket');
is(client_of('unix'), 'unix', 'which has no address');
$node->append_conf('postgresql.conf', "referral.trusted_proxies = ''");
$node->reload;
$node->poll_query_until('postgres', "SELECT setting = '' FROM pg_settings WHERE name = 'referral.trusted_proxies'") or die;
foreach (1 .. 100)
{
	last if client_of('127.0.0.9', 'X-Forwarded-For: 192.0.2.1') eq '127.0.0.9';
	select undef, undef, undef, 0.1;
}
is(client_of('unix', 'X-Forwarded-For: 192.0.2.1'), 'unix', 'trust ends with the setting');
$node->append_conf('postgresql.conf', "referral.trusted_proxies = '127.0.0.9'");
$node->reload;
foreach (1 .. 100)
{
	last if client_of('127.0.0.9', 'X-Forwarded-For: 192.0.2.1') eq '192.0.2.1';
	select undef, undef, undef, 0.1;
}

# ---- how often

my @answers = map { ask('127.0.0.3', '/nothing') } 1 .. 50;
my ($first) = grep { status_of($_) == 429 } @answers;
is(status_of($answers[0]), 404, 'five a second');
like($first, qr{^HTTP/1\.1 429 .*^Retry-After: 1\r}ms, 'and no more, with a hint when to come again');
is(status_of(ask('127.0.0.4', '/nothing')), 404, 'another one may');
ok((grep { status_of(ask('127.0.0.9', '/nothing', "X-Forwarded-For: 198.51.100.$_")) == 429 } 1 .. 40) == 0,
	'a proxy asks for many');
@answers = map { ask('127.0.0.9', '/nothing', 'X-Forwarded-For: 198.51.100.99') } 1 .. 50;
ok((grep { status_of($_) == 429 } @answers) > 0, 'of whom each may as often');
ok((grep { status_of(ask('unix', '/nothing')) == 429 } 1 .. 40) == 0, 'who has no address may always');
ok($node->safe_psql('shop', 'SELECT sum(rejected) > 10 FROM rf_listeners()') eq 't', 'refusals are counted');

# ---- a proxy's connections

my @held = map { from('127.0.0.9') } 1 .. 10;
is(status_of(ask('127.0.0.9', '/nothing', 'X-Forwarded-For: 198.51.100.1')), 404, 'a proxy may have many');
@held = map { from('127.0.0.5') } 1 .. 3;
ok(is_closed($held[2]), 'others may not');

# ---- guessing

$node->append_conf('postgresql.conf', 'referral.listen_rate = 0');
$node->reload;
foreach (1 .. 100)
{
	last if (grep { status_of(ask('127.0.0.6', '/nothing')) == 429 } 1 .. 20) == 0;
}
my ($guesses, $refused) = (0, '');
for ($guesses = 0; $guesses < 2000; $guesses++)
{
	$refused = ask('127.0.0.7', "/webhook/rfi_guess$guesses/participant");
	last if status_of($refused) == 429;
}
cmp_ok($guesses, '>=', 100, 'a hundred tokens may be wrong');
cmp_ok($guesses, '<', 1000, 'not many more');
like($refused, qr/^Retry-After: 1\r/m, 'within a short time');
is(status_of(ask('127.0.0.8', "/webhook/$token/qualify")), 405, 'others call as ever')
  or diag(ask('127.0.0.8', "/webhook/$token/qualify"));
is(status_of(ask('127.0.0.7', '/health')), 200, 'and the guesser may do other things');

$node->stop;
done_testing();
