# A listener that is asked to leave, or sent away by DDL, in the midst of many calls
# ends in order each time, and is back.
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
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'", 'referral.listen_rate = 0');
create_listened($node, 'shop');

# Callers that send fifty requests at once, again and again, until they are ended.
sub flood
{
	my $requests = "GET /r/X HTTP/1.1\r\nHost: test\r\n\r\n" x 50;

	$SIG{PIPE} = 'IGNORE';
	while (1)
	{
		my $caller = caller_to($port) // (select(undef, undef, undef, 0.02), next);
		my $text = '';
		while ($caller->syswrite($requests))
		{
			my $want = 50;
			while ($want > 0)
			{
				last unless $caller->sysread(my $some, 65536);
				$want -= () = $some =~ /HTTP\/1\.1 /g;
			}
			last if $want > 0;
		}
	}
}

my @children;
foreach (1 .. 4)
{
	my $pid = fork // die "cannot fork: $!";
	if ($pid == 0)
	{
		eval { flood() };
		require POSIX;
		POSIX::_exit(0);
	}
	push @children, $pid;
}

sub await_calls
{
	my $answered = $node->safe_psql('shop', 'SELECT answered_4xx FROM rf_listeners()');

	return $node->poll_query_until('shop',
		"SELECT state = 'serving' AND answered_4xx > $answered + 200 FROM rf_listeners()");
}

foreach my $i (1 .. 6)
{
	ok(await_calls(), 'many calls are answered');
	elapsed_below(1, 'DDL does not wait for them',
		sub { $node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE shop') });
	$node->safe_psql('postgres', 'DROP DATABASE copy');
	ok(await_calls(), 'they go on');
	my ($pid) = listener_pids($node);
	kill 'TERM', $pid;
	$node->poll_query_until('shop', "SELECT pid <> $pid FROM rf_listeners()");
}
ok(await_calls(), 'and at last');
elapsed_below(3, 'the server stops', sub { $node->stop('fast') });
kill 'KILL', @children;
waitpid $_, 0 foreach @children;
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/, 'each time in order');
done_testing();
