# A proxy for HTTP and SOCKS 5 that finds every name on this machine, and
# remembers what it was asked for. A user name in its URL says how it behaves:
#
#   refuses   wants another password (407)
#   fails     does not reach anybody (502, or the same in SOCKS)
package TestProxy;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use MIME::Base64;
use POSIX ();

use PostgreSQL::Test::Utils;

sub new
{
	my ($class) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 50) // die $!;
	my $self = bless {
		listener => $listener,
		port => $listener->sockport,
		log => PostgreSQL::Test::Utils::tempdir() . '/asked',
		parent => $$ }, $class;

	append_to_file($self->{log}, '');
	$self->{pid} = fork // die $!;
	if ($self->{pid} == 0)
	{
		$SIG{CHLD} = 'IGNORE';
		$SIG{PIPE} = 'IGNORE';
		alarm 600;
		$self->_serve while 1;
	}
	$listener->close;
	return $self;
}

sub url
{
	my ($self, $scheme, $behaviour) = @_;

	return sprintf '%s://%s127.0.0.1:%d', $scheme, $behaviour ? "$behaviour:x@" : '', $self->{port};
}

# What it was asked for: heads of requests, or host and port.
sub asked { return slurp_file($_[0]{log}) }

sub _serve
{
	my ($self) = @_;
	my $connection = $self->{listener}->accept // return;

	return $connection->close if fork;
	alarm 600;
	eval { $self->_serve_connection($connection) };
	POSIX::_exit(0);
}

sub _serve_connection
{
	my ($self, $connection) = @_;
	my $first;

	sysread $connection, $first, 1 or return;
	return ord $first == 5 ? $self->_socks($connection) : $self->_http($connection, $first);
}

sub _http
{
	my ($self, $connection, $head) = @_;

	until ($head =~ /\r\n\r\n/)
	{
		sysread $connection, $head, 65536, length $head or return;
	}
	my ($method, $target) = $head =~ /^(\S+) (\S+)/;
	my ($user) = $head =~ /^proxy-authorization: basic (\S+)/im;
	my $behaviour = $user ? decode_base64($user) : '';

	append_to_file($self->{log}, $head);
	return _say($connection, "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
	  if $behaviour =~ /^refuses/;
	return _say($connection, "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n") if $behaviour =~ /^fails/;
	my ($port) = $target =~ /:(\d+)/;
	my $peer = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) // return;
	if ($method eq 'CONNECT')
	{
		_say($connection, "HTTP/1.1 200 Go on\r\nRetry-After: 1\r\n\r\n");
	}
	else
	{
		$head =~ s{^(\S+) http://[^/]+}{$1 };
		_say($peer, $head);
	}
	return _relay($connection, $peer);
}

sub _socks
{
	my ($self, $connection) = @_;
	my ($methods, $begin, $user, $request);

	_read($connection, 1, \$methods) and _read($connection, ord $methods, \$methods) or return;
	my $asks = index($methods, "\2") >= 0;
	_say($connection, $asks ? "\5\2" : "\5\0");
	if ($asks)
	{
		_read($connection, 2, \$begin) and _read($connection, ord(substr $begin, 1), \$user)
		  and _read($connection, 1, \$begin) and _read($connection, ord $begin, \$begin) or return;
		_say($connection, "\1\0");
	}
	_read($connection, 5, \$request) or return;
	my ($kind, $length) = unpack 'x3CC', $request;
	# A name: the address would be shorter, and is not expected.
	_read($connection, $length + 2, \$request) or return;
	my $port = unpack 'n', substr $request, $length;
	append_to_file($self->{log}, sprintf "socks %d %s:%d\n", $kind, substr($request, 0, $length), $port);
	my $fails = ($user // '') eq 'fails';
	_say($connection, pack('C4 N n', 5, $fails ? 4 : 0, 0, 1, 0, 0));
	return if $fails;
	my $peer = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) // return;
	return _relay($connection, $peer);
}

sub _read
{
	my ($connection, $n, $bytes) = @_;

	$$bytes = '';
	while (length $$bytes < $n)
	{
		sysread $connection, $$bytes, $n - length $$bytes, length $$bytes or return 0;
	}
	return 1;
}

sub _say { return syswrite $_[0], $_[1] }

sub _relay
{
	my ($one, $other) = @_;
	my $select = IO::Select->new($one, $other);

	while (1)
	{
		foreach my $from ($select->can_read)
		{
			sysread $from, my $bytes, 65536 or return;
			_say($from == $one ? $other : $one, $bytes);
		}
	}
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	return unless $self->{pid} && $self->{parent} == $$;
	kill 'TERM', $self->{pid};
	waitpid $self->{pid}, 0;
	return;
}

1;
