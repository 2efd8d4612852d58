# A receiver of webhooks whose answers are told by the path of the URL, and
# which remembers every request:
#
#   /ok                  204
#   /status/503          that status
#   /recover/3           500 three times, then 204
#   /retry-after/VALUE   503 with that header
#   /redirect            302 to /ok
#   /told/NAME           what tell() said last for that name, 204 before; with a header
#                        "Hold" once release() was called
#   /hold                204 once release() was called
#   /slow/120            204 after so many milliseconds
#   /alone               204 after a moment; see overlaps()
#   /hang                reads, and never answers
#   /drip                a byte of an answer's body each second, without end
#   /drip-header         the same before the body
#   /reset               resets the connection after the request
#   /close               closes it without an answer
#   /garbage             not HTTP
#   /flood               200 and a gigabyte
#   /headers             200 with 100 kB of headers
#   /odd-headers         204 with headers that hold quotes, control characters and UTF-8
#   /long-header         200 with one header of 200 kB
#   /early               413 and a close before the body was read
#   /leave               204, and closes the connection
#   /once                held, then 204, once for each connection; later ones are
#                        read, and their connection is closed
#   /endless-headers     200 and headers without end
#   /endless-interim     100 again and again
#   /cookies             200 and 4 MB of Set-Cookie
#   /gzip                200 and 10 kB that unpack to 10 MB
#   /short               200 with a body shorter than it said
#   /long                the same, but longer
#   /chunks              200 in chunks that are none
#   /nonsense            a status line that is none
#   /telling             503 with headers that are worth keeping
#   /wish/WISH           503 that asks for something
#
# Whatever follows in the path ("/ok/anything") tells requests apart.
#
# new(address => ...) listens there, if not on 127.0.0.1. Its other arguments are
# those of IO::Socket::SSL: then it speaks TLS, and its
# requests also say whose certificate the client has shown (client).
package WebhookSink;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Fcntl qw(:flock);
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

use PostgreSQL::Test::Utils;

# Nothing a test does takes as long; a process left over by one that died ends.
my $lifetime = 600;

sub new
{
	my ($class, %tls) = @_;
	my $address = delete $tls{address};
	my $listener = IO::Socket::INET->new(
		LocalAddr => $address // '127.0.0.1',
		Listen    => 200,
		ReuseAddr => 1) // die "cannot listen: $!";
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $self = bless {
		listener => $listener,
		port     => $listener->sockport,
		log      => "$dir/requests",
		gate     => "$dir/released",
		tries    => "$dir/tries",
		told     => "$dir/told",
		alone    => "$dir/alone",
		parent   => $$,
		known    => [],
		offset   => 0,
		tls      => \%tls,
	}, $class;

	open my $log, '>', $self->{log} or die $!;
	mkdir $self->{alone} or die $!;
	$self->{pid} = fork // die "cannot fork: $!";
	$self->_serve if $self->{pid} == 0;
	$listener->close;
	return $self;
}

sub url
{
	my ($self, $path) = @_;

	return (%{ $self->{tls} } ? 'https' : 'http') . "://127.0.0.1:$self->{port}$path";
}

# All requests so far, or those to a path and below: path, method, query,
# headers (names in lower case), body, at, connection (the same number on the same one).
sub requests
{
	my ($self, $path) = @_;
	my $known = $self->{known};
	open my $log, '<', $self->{log} or die $!;

	# Lines that were read before are not read again.
	seek $log, $self->{offset}, 0;
	while (my $line = <$log>)
	{
		last unless $line =~ /\n\z/;
		push @$known, decode_json($line);
		$known->[-1]{body} = decode_base64($known->[-1]{body});
		$self->{offset} += length $line;
	}
	return @$known unless defined $path;
	return grep { $_->{path} =~ m{^\Q$path\E(/|$)} } @$known;
}

# Wait until so many requests came; returns them, or dies.
sub await
{
	my ($self, $n, $path) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	my @requests;

	while (time < $end)
	{
		@requests = $self->requests($path);
		return @requests if @requests >= $n;
		sleep 0.05;
	}
	die sprintf 'only %d of %d requests came', scalar @requests, $n;
}

# Answer what is held, and hold no longer.
sub release
{
	my ($self) = @_;

	open my $gate, '>', $self->{gate} or die $!;
	return;
}

# Answer /told/NAME from now on with that status and those headers, of which
# "Wait: SECONDS" tells when.
sub tell
{
	my ($self, $name, $status, @headers) = @_;
	my $file = "$self->{told}-$name";

	open my $told, '>', "$file.new" or die $!;
	print $told join "\n", $status, @headers;
	close $told;
	rename "$file.new", $file or die $!;
	return;
}

# Hold again.
sub hold
{
	my ($self) = @_;

	unlink $self->{gate};
	return;
}

# Paths below /alone to which a request came while another one was being answered.
sub overlaps
{
	my ($self) = @_;

	return glob "$self->{alone}/*.overlap";
}

# Does a signature of the request fit the secret? As Standard Webhooks says, with
# nothing of ours. What is signed of a GET is its query string.
sub is_signed
{
	my ($request, $secret) = @_;
	my $headers = $request->{headers};
	my $key = decode_base64($secret =~ s/^whsec_//r);
	my $body = $request->{method} eq 'GET' ? $request->{query} : $request->{body};
	my $expected = 'v1,' . encode_base64(hmac_sha256(
			"$headers->{'webhook-id'}.$headers->{'webhook-timestamp'}.$body", $key), '');

	return 0 + grep { $_ eq $expected } split / /, $headers->{'webhook-signature'};
}

sub stop
{
	my ($self) = @_;

	return unless $self->{pid} && $self->{parent} == $$;
	kill 'TERM', $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	$self->stop;
	return;
}

# ---- the receiver's processes -------------------------------------------------

# One process listens, and one serves each connection.
sub _serve
{
	my ($self) = @_;
	my %children;

	# Of PostgreSQL::Test's clean-up at exit, a child must do nothing.
	local $SIG{TERM} = sub { kill 'KILL', keys %children; POSIX::_exit(0) };
	local $SIG{CHLD} = sub {
		while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) { delete $children{$pid} }
	};
	local $SIG{ALRM} = $SIG{TERM};
	alarm $lifetime;
	while (1)
	{
		my $connection = $self->{listener}->accept // next;
		my $pid = fork // next;

		if ($pid == 0)
		{
			$SIG{$_} = 'DEFAULT' foreach qw(TERM CHLD ALRM);
			alarm $lifetime;
			$self->{listener}->close;
			eval { $self->_serve_connection($connection) };
			POSIX::_exit(0);
		}
		$children{$pid} = 1;
		$connection->close;
	}
}

sub _serve_connection
{
	my ($self, $connection) = @_;
	my $client;

	$SIG{PIPE} = 'IGNORE';
	if (%{ $self->{tls} })
	{
		require IO::Socket::SSL;
		IO::Socket::SSL->start_SSL($connection, SSL_server => 1, %{ $self->{tls} }) or return;
		$client = $connection->peer_certificate('cn');
	}
	for (my $nth = 1; my $request = _read_request($connection); $nth++)
	{
		$request->{nth} = $nth;
		@$request{qw(client connection)} = ($client, $$);
		$request->{address} = $connection->sockhost;
		$self->_remember($request);
		$self->_answer($connection, $request) or last;
	}
	return;
}

sub _read_request
{
	my ($connection) = @_;
	my ($text, $head, $body) = ('');

	until (defined $body)
	{
		sysread($connection, $text, 65536, length $text) or return;
		($head, $body) = split /\r\n\r\n/, $text, 2;
	}
	my ($line, @lines) = split /\r\n/, $head;
	my ($method, $target, $version) = split / /, $line;
	my ($path, $query) = split /\?/, $target, 2;
	my %headers;
	foreach (@lines)
	{
		my ($name, $value) = split /:\s*/, $_, 2;
		push @{ $headers{ lc $name } }, $value;
	}
	$_ = join ', ', @$_ foreach values %headers;
	unless ($path =~ m{^/early})
	{
		while (length $body < ($headers{'content-length'} // 0))
		{
			sysread($connection, $body, 65536, length $body) or return;
		}
	}
	return {
		method => $method, path => $path, query => $query, version => $version,
		headers => \%headers, body => $body, at => time };
}

sub _remember
{
	my ($self, $request) = @_;
	open my $log, '>>', $self->{log} or die $!;
	my $line = encode_json({ %$request, body => encode_base64($request->{body}, '') });

	flock $log, LOCK_EX;
	syswrite $log, "$line\n";
	return;
}

# True if the connection goes on.
sub _answer
{
	my ($self, $connection, $request) = @_;
	my (undef, $how, $with) = split m{/}, $request->{path};
	my $answer = __PACKAGE__->can("_answer_" . ($how =~ tr/-/_/r)) // \&_answer_unknown;

	return $self->$answer($connection, $with, $request);
}

sub _send
{
	my ($connection, $status, $headers, $body) = @_;
	my $text = join "\r\n", "HTTP/1.1 $status Told", @$headers,
	  ($status == 204 ? () : 'Content-Length: ' . length $body), '', $body;

	return _write($connection, $text);
}

sub _write
{
	my ($connection, $text) = @_;

	while (length $text)
	{
		my $n = syswrite($connection, $text) or return 0;
		substr($text, 0, $n, '');
	}
	return 1;
}

sub _answer_ok { return _send($_[1], 204, [], '') }
sub _answer_status { return _send($_[1], $_[2], [], "status $_[2]") }
sub _answer_unknown { return _send($_[1], 404, [], '') }
sub _answer_redirect { return _send($_[1], 302, ['Location: /ok'], '') }
sub _answer_retry_after { return _send($_[1], 503, ["Retry-After: $_[2]"], '') }
sub _answer_garbage { _write($_[1], "hello, world\r\n\r\n"); return 0 }
sub _answer_close { return 0 }
sub _answer_hang { sleep 1 while 1 }

sub _answer_slow
{
	my ($self, $connection, $milliseconds) = @_;

	sleep $milliseconds / 1000;
	return _send($connection, 204, [], '');
}

sub _answer_odd_headers
{
	my ($self, $connection) = @_;

	return _send($connection, 204, ["X-Request-Id: a\"b\\c: d", "Location: sch\xc3\xb6n\x01"], '');
}

sub _answer_early
{
	_send($_[1], 413, ['Connection: close'], '');
	return 0;
}

sub _answer_told
{
	my ($self, $connection, $name) = @_;
	my @told = (204);

	if (open my $told, '<', "$self->{told}-$name")
	{
		chomp(@told = <$told>);
	}
	my ($status, @headers) = @told;
	my ($wait) = map { /^Wait: (.*)/ ? $1 : () } @headers;
	sleep $wait if $wait;
	$self->_await_release if grep { /^Hold:/ } @headers;
	return _send($connection, $status, \@headers, '');
}

sub _answer_recover
{
	my ($self, $connection, $failures) = @_;
	open my $tries, '>>', $self->{tries} or die $!;

	flock $tries, LOCK_EX;
	syswrite $tries, 'x';
	return _send($connection, -s $self->{tries} > $failures ? 204 : 500, [], '');
}

sub _answer_hold
{
	my ($self, $connection) = @_;

	$self->_await_release;
	return _send($connection, 204, [], '');
}

sub _await_release
{
	my ($self) = @_;

	sleep 0.02 until -e $self->{gate};
	return;
}

sub _answer_alone
{
	my ($self, $connection, $with) = @_;
	open my $turn, '>>', "$self->{alone}/$with" or die $!;

	flock $turn, LOCK_EX | LOCK_NB
	  or open my $overlap, '>', "$self->{alone}/$with.overlap";
	sleep 0.005;
	close $turn;
	return _send($connection, 204, [], '');
}

sub _answer_drip
{
	my ($self, $connection) = @_;

	_write($connection, "HTTP/1.1 200 Slowly\r\nContent-Length: 1000000\r\n\r\n");
	sleep 1 while _write($connection, '.');
	return 0;
}

sub _answer_drip_header
{
	my ($self, $connection) = @_;

	_write($connection, "HTTP/1.1 200 Slowly\r\nX-Slow: ");
	sleep 1 while _write($connection, '.');
	return 0;
}

sub _answer_reset
{
	my ($self, $connection) = @_;

	setsockopt $connection, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
	close $connection;
	return 0;
}

sub _answer_flood
{
	my ($self, $connection) = @_;
	my $block = 'x' x 1048576;

	_write($connection, "HTTP/1.1 200 Much\r\nContent-Length: 1073741824\r\n\r\n");
	for (1 .. 1024) { _write($connection, $block) or return 0 }
	return 1;
}

sub _answer_long_header
{
	my ($self, $connection) = @_;

	return _send($connection, 200, [ 'X-Long: ' . 'x' x 200_000 ], '');
}

# Forever, as far as the other side takes it.
sub _pour
{
	my ($connection, $begin, $more) = @_;

	_write($connection, $begin);
	1 while _write($connection, $more);
	return 0;
}

sub _answer_endless_headers
{
	return _pour($_[1], "HTTP/1.1 200 Endless\r\n", "X-More: and more\r\n" x 100);
}

sub _answer_endless_interim
{
	return _pour($_[1], '', "HTTP/1.1 100 Continue\r\n\r\n" x 100);
}

sub _answer_cookies
{
	return _send($_[1], 200, [ map { "Set-Cookie: c$_=" . 'x' x 4000 } 1 .. 1000 ], '');
}

sub _answer_gzip
{
	my ($self, $connection) = @_;
	my $zeros = "\0" x (10 * 1024 * 1024);

	require Compress::Zlib;
	return _send($connection, 200, ['Content-Encoding: gzip'], Compress::Zlib::memGzip($zeros));
}

sub _answer_short
{
	_write($_[1], "HTTP/1.1 200 Short\r\nContent-Length: 100\r\n\r\nnot so much");
	return 0;
}

sub _answer_long
{
	_write($_[1], "HTTP/1.1 200 Long\r\nContent-Length: 4\r\n\r\nwell, more than that");
	return 0;
}

sub _answer_chunks
{
	_write($_[1], "HTTP/1.1 200 Chunks\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n");
	return 0;
}

sub _answer_nonsense
{
	_write($_[1], "HTTP/9.9 minus one\r\n\r\n");
	return 0;
}

sub _answer_leave
{
	_send($_[1], 204, ['Connection: close'], '');
	return 0;
}

sub _answer_telling
{
	return _send($_[1], 503, [
			'Content-Type: text/html', "X-Request-Id: r\xe9q\x011", 'Set-Cookie: secret=1',
			'CF-Ray:  8f2 ', 'X-Other: nothing' ], '');
}

sub _answer_wish { return _send($_[1], 503, ["Webhook-Delivery: $_[2]"], '') }

sub _answer_once
{
	my ($self, $connection, $with, $request) = @_;

	return $request->{nth} == 1 && $self->_answer_hold($connection);
}

sub _answer_headers
{
	my ($self, $connection) = @_;

	return _send($connection, 200, [ map { "X-Header-$_: " . 'x' x 90 } 1 .. 1000 ], '');
}

1;
