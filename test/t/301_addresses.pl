# An address that is not to be had is waited for, and harms nobody: not the server,
# and not whoever has it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Socket::INET;
use IO::Socket::IP;
use IO::Socket::UNIX;
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Socket;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $path = "$dir/http";
my $plain = "$dir/plain";

sub await_detail
{
	my ($node, $place, $detail) = @_;

	return $node->poll_query_until('shop',
		"SELECT bool_and(state = 'no address' AND detail LIKE '$detail') FROM rf_listeners() WHERE listen = '$place'");
}

sub await_serving
{
	my ($node, $place) = @_;

	return $node->poll_query_until('shop',
		"SELECT bool_and(state = 'serving') FROM rf_listeners() WHERE listen = '$place'");
}

# Somebody else is there: on a port, as one who would share it, and on a socket.
my $stranger = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5, ReuseAddr => 1);
my $sharer = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5, ReuseAddr => 1, ReusePort => 1);
my $local = IO::Socket::UNIX->new(Local => $path, Listen => 5);
my $port = $stranger->sockport;
my $shared = $sharer->sockport;
append_to_file($plain, "not a socket\n");

my $node = listening_node('main',
	"referral.listen = '127.0.0.1:$port/shop,127.0.0.1:$shared/shop,unix:$path/shop,"
	  . "unix:$plain/shop,unix:$dir/missing/http/shop,192.0.2.1:8480/shop,no.such.invalid:8480/shop'",
	'referral.listeners = 2');
create_served($node, 'shop');
ok(await_detail($node, "127.0.0.1:$port", 'Address already in use'), 'a port is taken');
ok(await_detail($node, "127.0.0.1:$shared", 'Address already in use'),
	'and is, by somebody who would share it');
ok(await_detail($node, "unix:$path", 'Address already in use'), 'a unix socket is taken');
ok(await_detail($node, "unix:$plain", 'File exists'), 'there is a file that is no socket');
ok(await_detail($node, "unix:$dir/missing/http", 'No such file%'), 'a directory is missing');
ok(await_detail($node, '192.0.2.1:8480', 'Cannot assign%'), 'an address is another machine\'s');
ok(await_detail($node, 'no.such.invalid:8480', '%'), 'a name is not known');

# It is said once, with what helps.
my $said = qr/referral cannot listen on 127\.0\.0\.1:$port: Address already in use\n.*DETAIL:.*every 3 seconds.*\n.*HINT:.*Another process listens there/;
ok($node->log_contains($said), 'the log says why, and what helps');

# Whoever has it keeps it.
my $call = caller_to($path);
ok($local->accept, 'the other one still has its unix socket');
is(slurp_file($plain), "not a socket\n", 'the file is as it was');
$call = caller_to($port);
ok($stranger->accept, 'and the other one its port');

# When they leave, it is taken over.
$_->close foreach $stranger, $sharer, $local, $call;
unlink $plain;
ok(await_serving($node, $_), "$_ is taken over")
  foreach "127.0.0.1:$port", "127.0.0.1:$shared", "unix:$path", "unix:$plain";
isnt(status_of(get_over($_, '/health')), 0, "$_ answers") foreach $port, $shared, $path, $plain;
my $lines = () = slurp_file($node->logfile) =~ /cannot listen on 127\.0\.0\.1:$port: /g;
is($lines, 2, 'said once by each of two processes, however often it was tried');
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server never minded');

# A server that dies leaves its file behind, which is no obstacle.
$node->stop('immediate');
ok(-S $path, 'the file of a server that died');
$node->start;
ok(await_serving($node, "unix:$path"), 'is replaced');
isnt(status_of(get_over($path, '/health')), 0, 'and answers');

# A file that somebody put in place of ours is not ours to remove.
unlink $path;
$local = IO::Socket::UNIX->new(Local => $path, Listen => 5);
$node->stop;
ok(-S $path, 'another one\'s file is left alone');
ok(!-e $plain, 'ours is gone');

# Two servers that would share an address do not, without knowing: the second waits.
unlink $path;
my $second = listening_node('second', "referral.listen = '127.0.0.1:$port/shop'", 'referral.listeners = 2');
create_listened($second, 'shop');
$node->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$port/shop'");
$node->start;
ok(await_detail($node, "127.0.0.1:$port", 'Address already in use'), 'two servers do not share a port');
$second->stop;
ok(await_serving($node, "127.0.0.1:$port"), 'until the other one stops');

# IPv6, and all addresses.
SKIP:
{
	skip 'no IPv6 here', 4 unless IO::Socket::IP->new(LocalHost => '::1', Listen => 1);
	my $any = PostgreSQL::Test::Cluster::get_free_port();
	$node->append_conf('postgresql.conf', "referral.listen = '[::1]:$port/shop, *:$any/shop'");
	$node->restart;
	ok(await_serving($node, $_), "$_ is served") foreach "[::1]:$port", "*:$any";
	is(caller_to($port), undef, 'an address of one family is not one of the other');
	my @six = map { IO::Socket::IP->new(PeerHost => '::1', PeerPort => $_) } $port, $any;
	$_->syswrite("GET /r/X HTTP/1.1\r\nHost: test\r\n\r\n") foreach @six;
	is_deeply(
		[ map { status_of($_) } (map { hear($_) } @six), get_over($any, '/r/X') ],
		[ 404, 404, 404 ],
		'all addresses are of both');
}
$node->stop;
done_testing();
