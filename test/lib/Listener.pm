# A server that listens, and whoever calls it: each call as the bytes it sends.
package Listener;

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

our @EXPORT = qw(listening_node create_listened await_listener listener_pids
  caller_to hear call_over get_over status_of is_closed maps_of);

# A running server that preloads referral, with these lines in its configuration.
sub listening_node
{
	my ($name, @conf) = @_;

	return served_node($name, 'max_worker_processes = 20', @conf);
}

sub create_listened
{
	my ($node, $database) = @_;

	create_served($node, $database);
	await_listener($node, $database);
	return;
}

# Until all listeners of a database are in that state, as seen from another one
# that has the extension.
sub await_listener
{
	my ($node, $database, $state, $from) = @_;
	$state //= 'serving';
	$from //= $database;

	$node->poll_query_until($from,
		"SELECT count(*) > 0 AND bool_and(state = '$state') FROM rf_listeners()"
		  . " WHERE database = '$database'")
	  or die "listener of $database is not $state: "
	  . $node->safe_psql($from, 'SELECT * FROM rf_listeners()');
	return 1;
}

# By the server's own list: it needs no extension.
sub listener_pids
{
	my ($node) = @_;

	return split /\n/, $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'referral listener' ORDER BY pid");
}

# A connection to a port or a path; undef if nobody takes it.
sub caller_to
{
	my ($where) = @_;

	return IO::Socket::UNIX->new(Peer => $where) if $where =~ m{/};
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $where);
}

# What comes until the connection ends, or the answer is whole by its length.
sub hear
{
	my ($socket) = @_;
	my $text = '';
	my $select = IO::Select->new($socket);

	while ($select->can_read($PostgreSQL::Test::Utils::timeout_default))
	{
		my $n = $socket->sysread($text, 65536, length $text);
		last unless $n;
		my ($head, $body) = split /\r\n\r\n/, $text, 2;
		my ($length) = $head =~ /^content-length: *(\d+)/im;
		last if defined $body && defined $length && length($body) >= $length;
	}
	return $text;
}

# Send a text, hear the answer; '' if there is none.
sub call_over
{
	my ($where, $text) = @_;
	my $socket = caller_to($where) // return '';

	$socket->syswrite($text);
	return hear($socket);
}

sub get_over
{
	my ($where, $path) = @_;

	return call_over($where, "GET $path HTTP/1.1\r\nHost: test\r\n\r\n");
}

# Of an answer; 0: there was none.
sub status_of
{
	my ($answer) = @_;

	return $answer =~ m{^HTTP/1\.1 (\d+) } ? $1 : 0;
}

# Has the other end closed, within the time that tests have?
sub is_closed
{
	my ($socket) = @_;

	while (IO::Select->new($socket)->can_read($PostgreSQL::Test::Utils::timeout_default))
	{
		return 1 unless $socket->sysread(my $text, 65536);
	}
	return 0;
}

# The libraries of a process.
sub maps_of
{
	my ($pid) = @_;

	return slurp_file("/proc/$pid/maps");
}

1;
