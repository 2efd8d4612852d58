# What receivers do wrong, one by one: each is a failure of its own kind or a
# success with what could be read, and none costs memory or the worker.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Socket::INET;
use ServedNode;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

# Receivers that do one thing to whoever comes.
my @children;
sub receiver
{
	my ($serve) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20) // die $!;
	my $port = $listener->sockport;
	my $pid = fork // die $!;

	if ($pid == 0)
	{
		$SIG{PIPE} = 'IGNORE';
		alarm 600;
		while (1)
		{
			my $connection = $listener->accept // next;
			$serve->($connection);
		}
	}
	push @children, $pid;
	return $port;
}

# Nobody accepts, and the kernel does so once only.
my $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 0) // die $!;
my @waiting = map {
	IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $full->sockport, Blocking => 0)
} 1 .. 3;
my @kept;
my $silent = receiver(sub { push @kept, shift });
my $resets = receiver(sub {
		my ($connection) = @_;
		setsockopt $connection, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
		close $connection;
});
my $greets = receiver(sub {
		my ($connection) = @_;
		syswrite $connection, "220 mail.example ESMTP\r\n";
		push @kept, $connection;
});

# What it does: outcome, status, class and text of the error.
my %expected = (
	'before accept' => [ 'retry', '', 'timeout', qr/timed out/i ],
	'after accept' => [ 'retry', '', 'timeout', qr/timed out/i ],
	'reset at once' => [ 'retry', '', 'reset|connect', qr/reset|failure|empty|connect/i ],
	'no HTTP' => [ 'retry', '', 'protocol', qr/HTTP\/0\.9/ ],
	'TLS where there is none' => [ 'retry', '', 'tls', qr/SSL|TLS/i ],
	'/hang' => [ 'retry', '', 'timeout', qr/timed out/i ],
	'/drip' => [ 'retry', 200, 'timeout', qr/timed out/i ],
	'/drip-header' => [ 'retry', '200|', 'timeout', qr/timed out/i ],
	'/reset' => [ 'retry', '', 'reset', qr/reset|empty reply|failure/i ],
	'/close' => [ 'retry', '', 'reset', qr/empty reply/i ],
	'/garbage' => [ 'retry', '', 'protocol', qr/HTTP\/0\.9/ ],
	'/nonsense' => [ 'retry', '', 'protocol', qr/./ ],
	'/flood' => [ 'success', 200, '', qr/^$/ ],
	'/gzip' => [ 'success', 200, '', qr/^$/ ],
	'/headers' => [ 'retry', 200, 'too_large', qr/longer than 16384 bytes/ ],
	'/long-header' => [ 'retry', 200, 'too_large', qr/too long|too large|larger than|longer than/i ],
	'/endless-headers' => [ 'retry', 200, 'too_large', qr/longer than 16384 bytes/ ],
	'/endless-interim' => [ 'retry', '100|', 'too_large', qr/longer than 16384 bytes/ ],
	'/cookies' => [ 'retry', 200, 'too_large', qr/longer than 16384 bytes/ ],
	'/short' => [ 'retry', 200, 'protocol', qr/remaining|closed|missing/i ],
	'/long' => [ 'success', 200, '', qr/^$/ ],
	'/chunks' => [ 'retry', 200, 'protocol|reset', qr/chunk|recv|failure/i ],
	'/early' => [ 'retry', 413, 'http', qr/HTTP status 413/ ],
	'/status/500' => [ 'retry', 500, 'http', qr/HTTP status 500/ ],
	'/redirect' => [ 'retry', 302, 'http', qr/HTTP status 302/ ],
	'/telling' => [ 'retry', 503, 'http', qr/HTTP status 503/ ],
	'/wish/abort-message' => [ 'dead', 503, 'http', qr/asked to give up/ ],
	'/wish/disable' => [ 'disabled', 503, 'http', qr/HTTP status 503/ ],
	'/ok' => [ 'success', 204, '', qr/^$/ ],
);
my %url = (
	'before accept' => 'http://127.0.0.1:' . $full->sockport . '/',
	'after accept' => "http://127.0.0.1:$silent/",
	'reset at once' => "http://127.0.0.1:$resets/",
	'no HTTP' => "http://127.0.0.1:$greets/",
	'TLS where there is none' => "https://127.0.0.1:$greets/",
);

# Without any certificate authority nobody gets as far as that.
delete $expected{'TLS where there is none'}
  unless grep { -e } '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt';

my %webhook = map {
	$_ => $node->safe_psql('shop', sprintf
			"INSERT INTO rf_webhook (url, events, timeout)"
			  . " VALUES ('%s', '{referrer.joined}', '2 s') RETURNING id",
			$url{$_} // $sink->url($_))
} keys %expected;

my $pid = worker_pid($node, 'shop');
sub worker_memory
{
	open my $status, '<', "/proc/$pid/status" or return 0;
	my ($kilobytes) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$status>;
	return $kilobytes;
}
my $memory = worker_memory();

# Versions of libcurl may differ: then what they say is separated by bars.
sub is_among
{
	my ($got, $expected) = @_;

	return scalar grep { $_ eq $got } $expected eq '' ? '' : split /\|/, $expected, -1;
}

$node->safe_psql('shop', join_person('one@example.com'));
foreach my $name (sort keys %expected)
{
	my ($outcome, $status, $class, $error) = @{ $expected{$name} };
	my $first = "FROM rf_attempt WHERE webhook_id = $webhook{$name} AND attempt = 1";

	ok($node->poll_query_until('shop', "SELECT count(*) = 1 $first"), "$name: tried");
	my @got = split /\|/, $node->safe_psql('shop',
		"SELECT outcome, coalesce(status::text, ''), coalesce(error_class, ''), error $first"), 4;
	is($got[0], $outcome, "$name: its outcome");
	ok(is_among($got[1], $status), "$name: its status ($got[1])");
	ok(is_among($got[2], $class), "$name: the class of its error ($got[2])");
	like($got[3], $error, "$name: its error");
}

is($node->safe_psql('shop', "SELECT octet_length(response) FROM rf_attempt"
		  . " WHERE webhook_id IN ($webhook{'/flood'}, $webhook{'/gzip'}) ORDER BY 1"),
	"4096\n4096", 'of an answer 4 KiB are kept, nothing of it unpacked');
is($node->safe_psql('shop', "SELECT response_headers FROM rf_attempt"
		  . " WHERE webhook_id = $webhook{'/telling'} AND attempt = 1"),
	'{"cf-ray": "8f2", "content-type": "text/html", "x-request-id": "r?q?1"}',
	'of its headers those that help');
is($node->safe_psql('shop', "SELECT response_headers ->> 'location' FROM rf_attempt"
		  . " WHERE webhook_id = $webhook{'/redirect'} AND attempt = 1"), '/ok',
	'and where it would have us go');
is(scalar $sink->requests('/ok'), 1, 'where nobody went');
is(worker_pid($node, 'shop'), $pid, 'the worker is the same');
cmp_ok(worker_memory() - $memory, '<', scaled(8 * 1024), 'and has not grown');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile),
	qr/PANIC|terminated by signal|was not properly shut down/, 'nothing crashed');

$node->stop;
kill 'KILL', @children;
done_testing();
