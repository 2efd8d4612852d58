# A request has so much time and no more, however busy its client looks: dripping
# headers, a dripping body, an answer that nobody reads, nothing at all. The time of
# others' requests is not taken from it.
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
use Time::HiRes qw(time sleep);

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'",
	'referral.listen_rate = 0', "referral.listen_timeout = '1500ms'");
create_listened($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");
my $token = $node->safe_psql('shop',
	"SELECT token FROM rf_create_inbound_token('test', 'spring', '{qualify,join}')");
my ($pid) = listener_pids($node);
my $host = "Host: test\r\n";

# Clock ticks that the listener has used.
sub cpu
{
	my @stat = split / /, slurp_file("/proc/$pid/stat") =~ s/^.*\) //r;

	return $stat[11] + $stat[12];
}

# Seconds until the connection ends, while these are sent byte by byte.
sub drip
{
	my ($begin, $bytes) = @_;
	my $socket = caller_to($port);
	my $began = time;

	local $SIG{PIPE} = 'IGNORE';
	$socket->syswrite($begin);
	while (time - $began < 60)
	{
		last if defined $bytes && !$socket->syswrite(substr $bytes, rand length $bytes, 1);
		next unless IO::Select->new($socket)->can_read(0.1);
		last unless $socket->sysread(my $ignored, 65536);
	}
	return time - $began;
}

# As it was set, and not much later, on a busy machine.
sub in_time
{
	my ($seconds, $name) = @_;

	ok($seconds >= 1.4 && $seconds < 15, "$name: ended after $seconds s");
	return;
}

in_time(drip(''), 'nothing');
in_time(drip('', 'G'), 'a line without an end');
in_time(drip("GET /health HTTP/1.1\r\n$host", 'X'), 'dripping headers');
in_time(drip("POST /webhook/$token/qualify HTTP/1.1\r\n${host}Content-Length: 9999\r\n\r\n", 'x'),
	'a dripping body');
in_time(
	drip("POST /webhook/$token/qualify HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nfff0\r\n", 'x'),
	'a dripping chunk');
in_time(drip("GET /health HTTP/1.1\r\n$host\r\n"), 'waiting for another request');

# ---- answers that are not read

{
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die $!;
	setsockopt($socket, SOL_SOCKET, SO_RCVBUF, pack('i', 1024)) or die $!;
	connect($socket, sockaddr_in($port, inet_aton('127.0.0.1'))) or die $!;
	my $before = cpu();
	my $began = time;

	local $SIG{PIPE} = 'IGNORE';
	my $requests = "GET /metrics HTTP/1.1\r\n$host\r\n" x 4000;
	$socket->blocking(0);
	while (time - $began < 15)
	{
		my $sent = syswrite $socket, $requests;
		last if !defined $sent && !$!{EAGAIN};
		sleep 0.05;
	}
	in_time(time - $began, 'answers that nobody reads');
	cmp_ok(cpu() - $before, '<', 100, 'for which it does not wait busily');
}

# ---- others

my @slow = map { my $s = caller_to($port); $s->syswrite("GET /health HTTP/1.1\r\n$host"); $s } 1 .. 50;
is(status_of(get_over($port, '/health')), 200, 'others are served meanwhile');
$slow[0]->syswrite("\r\n");
is(status_of(hear($slow[0])), 200, 'and so is who is slow, in time');
is_closed($_) or die foreach @slow[1 .. 49];
pass('the others are closed');

# What a round waits for is not charged to those who came meanwhile.
my $code = $node->safe_psql('shop', "SELECT code FROM rf_join('spring', 'ann\@example.com')");
my $invited = $node->safe_psql('shop', "SELECT code FROM rf_join('spring', 'ben\@example.com', referred_by => '$code')");
my $session = $node->background_psql('shop');
$session->query("BEGIN; SELECT FROM rf_campaign FOR UPDATE; SELECT FROM rf_participant FOR UPDATE");
my $body = "code=$invited";
my $length = length $body;
my $waiting = caller_to($port);
$waiting->syswrite("POST /webhook/$token/qualify HTTP/1.1\r\n${host}Content-Length: $length\r\n\r\n$body");
$node->poll_query_until('shop', "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid AND wait_event_type = 'Lock')")
  or die 'the listener does not wait for the lock';
my $meanwhile = caller_to($port);
$meanwhile->syswrite("GET /health HTTP/1.1\r\n$host\r\n");
like(hear($waiting), qr{^HTTP/1\.1 503 .*^Retry-After: \d}ms, 'a lock is not waited for for ever');
is(status_of(hear($meanwhile)), 200, 'who came meanwhile is answered');
$session->query('ROLLBACK');
$session->quit;

# ---- nothing to do

my $before = cpu();
my $switches = sub { slurp_file("/proc/$pid/status") =~ /^voluntary_ctxt_switches:\s*(\d+)/m; return $1 };
$node->poll_query_until('shop', 'SELECT connections = 0 FROM rf_listeners()') or die;
my $slept = $switches->();
sleep 3;
cmp_ok($switches->() - $slept, '<=', 3, 'without connections it sleeps');
is(join(' ', listener_pids($node)), $pid, 'the same process as ever');

$node->stop;
done_testing();
