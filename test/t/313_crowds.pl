# More connections than there may be: nobody waits busily, whoever is idle gives way,
# an address has its share, and requests are served all the while and afterwards.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Errno qw(EAGAIN EINPROGRESS);
use IO::Poll qw(POLLIN POLLHUP POLLERR);
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Socket;
use Test::More;
use Time::HiRes qw(time sleep);

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'",
	'referral.listen_rate = 0', 'referral.listen_timeout = 5s',
	'referral.listen_max_connections = 200', 'referral.listen_max_connections_per_address = 20');
create_listened($node, 'shop');
my ($pid) = listener_pids($node);

sub cpu
{
	my @stat = split / /, slurp_file("/proc/$pid/stat") =~ s/^.*\) //r;

	return $stat[11] + $stat[12];
}

# A connection from one of loopback's many addresses.
sub from
{
	my ($address) = @_;

	socket(my $socket, PF_INET, SOCK_STREAM, 0) or die $!;
	bind($socket, sockaddr_in(0, inet_aton($address))) or die $!;
	connect($socket, sockaddr_in($port, inet_aton('127.0.0.1'))) or return;
	bless $socket, 'IO::Socket::INET';
	return $socket;
}

sub get_from
{
	my ($address) = @_;
	my $socket = from($address) or return '';

	$socket->syswrite("GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
	return hear($socket);
}

sub connections
{
	return $node->safe_psql('shop', 'SELECT connections FROM rf_listeners()');
}

# ---- one address

my @greedy = map { from('127.0.0.2') } 1 .. 20;
my $refused = from('127.0.0.2');
ok(is_closed($refused), 'one more than the share of an address is closed at once');
is(status_of(get_from('127.0.0.3')), 200, 'another address is served');
close shift @greedy;
$node->poll_query_until('shop', 'SELECT connections < 20 FROM rf_listeners()') or die;
is(status_of(get_from('127.0.0.2')), 200, 'one less leaves room for one');
ok($node->safe_psql('shop', 'SELECT rejected > 0 FROM rf_listeners()') eq 't', 'and it is counted');

# ---- all of them idle: they give way

my @idle = map { from('127.0.1.' . (1 + $_ % 40)) } 1 .. 400;
is(status_of(get_from('127.0.0.3')), 200, 'served among twice as many idle ones as there may be');
cmp_ok(connections(), '<=', 200, 'never more than there may be');
close $_ foreach splice(@idle), splice(@greedy);
$node->poll_query_until('shop', 'SELECT connections = 0 FROM rf_listeners()') or die;

# ---- all of them busy: whoever comes waits for its turn

my @busy = map { my $s = from('127.0.1.' . (1 + $_ % 40)); $s->syswrite("GET /health HTTP/1.1\r\n"); $s } 1 .. 200;
$node->poll_query_until('shop', 'SELECT connections = 200 FROM rf_listeners()')
  or die 'there are ' . connections();
my $before = cpu();
my $began = time;
is(status_of(get_from('127.0.0.3')), 200, 'served when the others have had their time');
cmp_ok(time - $began, '<', 20, 'which is limited');
cmp_ok(cpu() - $before, '<', 100, 'without busy waiting meanwhile');
close $_ foreach splice @busy;

# ---- ten thousand, with the limits that nobody set

$node->append_conf('postgresql.conf',
	"referral.listen_max_connections = 1000\nreferral.listen_max_connections_per_address = 100");
$node->restart;
await_listener($node, 'shop');
($pid) = listener_pids($node);
SKIP:
{
	my ($hard) = slurp_file('/proc/self/limits') =~ /^Max open files\s+\d+\s+(\d+|unlimited)/m;
	my $wanted = $hard ne 'unlimited' && $hard < 11000 ? $hard - 500 : 10000;
	my @crowd;

	system('prlimit', "--pid=$$", "--nofile=$hard:$hard") == 0 or skip 'no more files may be open', 4;
	foreach my $i (1 .. $wanted)
	{
		socket(my $socket, PF_INET, SOCK_STREAM, 0) or die $!;
		$socket->blocking(0);
		bind($socket, sockaddr_in(0, pack 'C4', 127, 1, $i / 200, 1 + $i % 200)) or die $!;
		connect($socket, sockaddr_in($port, inet_aton('127.0.0.1'))) or $!{EINPROGRESS} or $!{EAGAIN} or die $!;
		push @crowd, $socket;
	}
	is($node->safe_psql('shop', 'SELECT 1'), '1', "the server is unharmed by $wanted connections");
	is(status_of(get_from('127.0.0.3')), 200, 'requests are served while they stand there');
	cmp_ok(connections(), '<=', 1000, 'most of them outside');
	close $_ foreach splice @crowd;
	$node->poll_query_until('shop', 'SELECT connections = 0 FROM rf_listeners()') or die;
	is(status_of(get_from('127.0.0.3')), 200, 'and afterwards');
}
is(join(' ', listener_pids($node)), $pid, 'by the same process as ever');

$node->stop;
done_testing();
