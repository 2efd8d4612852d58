# What is no request is refused, and the connection ends: nobody can make us and a
# proxy see different requests in the same bytes, and nothing large is read.
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
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'",
	'referral.listen_rate = 0', 'referral.listen_timeout = 4s', 'referral.listen_max_header = 4kB', 'referral.listen_max_body = 64kB');
create_listened($node, 'shop');
my ($pid) = listener_pids($node);

my $host = "Host: test\r\n";
my $post = "POST /webhook/rfi_none/qualify HTTP/1.1\r\n$host";
my $get = "GET /health HTTP/1.1\r\n";
my $smuggled = "GET /metrics HTTP/1.1\r\n$host\r\n";

# Send all, hear all: the answer, and that the connection ended.
sub refused
{
	my ($wanted, $bytes, $name) = @_;
	my $socket = caller_to($port);
	my $heard = '';

	local $SIG{PIPE} = 'IGNORE';
	for (my $sent = 0; $sent < length $bytes;)
	{
		$sent += $socket->syswrite($bytes, 65536, $sent) // last;
	}
	while (IO::Select->new($socket)->can_read($PostgreSQL::Test::Utils::timeout_default))
	{
		my $n = $socket->sysread($heard, 65536, length $heard);
		next if $n;
		return is($heard, '', $name) if $wanted eq '';
		like($heard, qr{^HTTP/1\.1 $wanted }, $name);
		unlike($heard, qr/referral_build_info/, 'and nothing behind it is read');
		return;
	}
	fail("$name: not closed");
	return;
}

# ---- where does the request end?

my %ambiguous = (
	'a length beside chunks' => "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	'chunks beside a length' => "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n",
	'two lengths' => "Content-Length: 0\r\nContent-Length: 50\r\n\r\n",
	'the same length twice' => "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
	'lengths in a list' => "Content-Length: 0, 0\r\n\r\n",
	'a length in hexadecimal' => "Content-Length: 0x0\r\n\r\n",
	'a length with a sign' => "Content-Length: +0\r\n\r\n",
	'a length below nothing' => "Content-Length: -1\r\n\r\n",
	'a blank before the colon' => "Content-Length : 0\r\n\r\n",
	'a tab before the colon' => "Content-Length\t: 0\r\n\r\n",
	'a line that is continued' => "X-A: b\r\n Content-Length: 50\r\n\r\n",
	'a name that is continued' => "Content-Leng:    0\r\n th\r\n\r\n",
	'a first line that is continued' => " X: y\r\nContent-Length: 0\r\n\r\n",
	'a line without a colon' => "Content-Length\r\n\r\n",
	'a line without a name' => ": 0\r\n\r\n",
	'a bare newline' => "X-A: b\nContent-Length: 0\r\n\r\n",
	'a bare newline at the end' => "Content-Length: 0\n\r\n",
	'an empty line without return' => "Content-Length: 0\r\n\n",
	'a bare return' => "X-A: b\rContent-Length: 50\r\n\r\n",
	'a zero byte in a value' => "Content-Length: 0\0\r\n\r\n",
	'a zero byte in a name' => "Content-\0Length: 0\r\n\r\n",
	'a control character' => "X-A: \x01\r\n\r\n",
	'another host' => "${host}Content-Length: 0\r\n\r\n",
	'chunks twice' => "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	'a chunk of no size' => "Transfer-Encoding: chunked\r\n\r\n\r\n",
	'a chunk of a strange size' => "Transfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n",
	'a chunk below nothing' => "Transfer-Encoding: chunked\r\n\r\n-1\r\n0\r\n\r\n",
	'a chunk that goes on' => "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
);
refused(400, "$post$ambiguous{$_}$smuggled", $_) foreach sort keys %ambiguous;
refused(501, "${post}Transfer-Encoding: $_\r\n\r\n0\r\n\r\n$smuggled", "encoded: $_")
  foreach 'gzip', 'gzip, chunked', 'chunked, gzip', 'xchunked', 'identity';
refused(400, "POST /webhook/x/qualify HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$smuggled",
	'chunks in HTTP/1.0');

# ---- what is asked?

refused(400, "$get\r\n$smuggled", 'no host');
refused(400, "GET /health\r\n\r\n$smuggled", 'HTTP/0.9');
refused(400, "GET /health HTTP/banana\r\n$host\r\n", 'no version');
refused(505, "GET /health HTTP/$_\r\n$host\r\n", "HTTP/$_") foreach '0.9', '2.0', '9.9';
refused(400, "GET /health HTTP/11.1\r\n$host\r\n", 'HTTP/11.1');
refused(400, "GET /heal th HTTP/1.1\r\n$host\r\n", 'a blank in the path');
refused(400, "GET  /health HTTP/1.1\r\n$host\r\n", 'two blanks before it');
refused(400, "GET /health\0x HTTP/1.1\r\n$host\r\n", 'a zero byte in it');
refused(400, "GET\0 /health HTTP/1.1\r\n$host\r\n", 'or before');
refused(400, "GET /health\x07 HTTP/1.1\r\n$host\r\n", 'a bell');
refused(400, "GET health HTTP/1.1\r\n$host\r\n", 'a path without its slash');
refused('', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 'TLS');
refused(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 'HTTP/2');

# ---- too much

refused(431, $get . $host . 'X-A: ' . ('a' x 5000) . "\r\n\r\n", 'a long header');
refused(431, $get . $host . 'X-A: ' . ('a' x 500000) . "\r\n\r\n", 'a very long header');
refused(431, $get . $host . ("X-A: a\r\n" x 150) . "\r\n", 'many headers');
refused(431, $get . $host . ("X-A: a\r\n" x 50000) . "\r\n", 'very many headers');
refused(431, 'GET /' . ('a' x 8000) . " HTTP/1.1\r\n$host\r\n", 'a long path');
refused(414, 'GET /' . ('a' x 1000000), 'a path without an end');
refused(413, "${post}Content-Length: 65537\r\n\r\n", 'a length is refused before the body comes');
refused(413, "${post}Content-Length: 65537\r\nExpect: 100-continue\r\n\r\n", 'nobody is told to go on');
refused(413, "${post}Content-Length: 99999999999999999999999999\r\n\r\n", 'a length beyond counting');
refused(413, "${post}Content-Length: 4000000\r\n\r\n" . ('a' x 4000000),
	'a client that sends it all the same hears so');
refused(413, "${post}Transfer-Encoding: chunked\r\n\r\n" . ("8000\r\n" . ('a' x 32768) . "\r\n") x 100,
	'chunks without an end');
refused(413, "${post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 'a chunk beyond counting');

# ---- random bytes

srand 1;
foreach my $i (1 .. 300)
{
	my $bytes = "${post}Content-Length: 4\r\nX-A: b\r\n\r\nabcd";

	substr($bytes, int rand length $bytes, 1) = chr int rand 256 foreach 1 .. 1 + rand 4;
	my $socket = caller_to($port);
	$socket->syswrite($bytes);
	$socket->shutdown(1);
	is_closed($socket) or die "not closed after $i";
}
is(status_of(get_over($port, '/health')), 200, 'after all that, it answers');
is(join(' ', listener_pids($node)), $pid, 'the same process as ever');

$node->stop;
done_testing();
