# Behind a proxy a receiver that hangs, or that asks for a password in the proxy's
# name, keeps nobody from being sent to, and has failed in the end.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Socket::INET;
use ServedNode;
use Test::More;

# What it is asked for decides: a tunnel never comes about, asks.example wants a
# password, all others are well. Each connection is for one request.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 100) // die $!;
my $port = $listener->sockport;
my $proxy = fork // die $!;
if ($proxy == 0)
{
	my @kept;

	alarm 600;
	while (1)
	{
		my $connection = $listener->accept // next;
		my $request = '';

		1 while $request !~ /\r\n\r\n/ && sysread $connection, $request, 4096, length $request;
		my ($length) = $request =~ /^content-length: (\d+)/mi;
		my ($head) = $request =~ /^(.*?\r\n\r\n)/s;
		my $all = length($head // '') + ($length // 0);
		1 while length $request < $all && sysread $connection, $request, 4096, length $request;
		if ($request =~ /^CONNECT/)
		{
			push @kept, $connection;
			next;
		}
		my $status = $request =~ m{^POST http://asks} ? '407 Password' : '204 Fine';
		syswrite $connection, "HTTP/1.1 $status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	}
}
close $listener;

my $node = served_node('main', "referral.proxy = 'http://127.0.0.1:$port'");
create_served($node, 'shop');
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (name, url, events, timeout) VALUES
		('silent', 'https://silent.example/', '{referrer.joined}', '1 s'),
		('asks', 'http://asks.example/', '{referrer.joined}', '1 s'),
		('good', 'http://good.example/', '{referrer.joined}', '1 s')});

sub await_good
{
	my ($n) = @_;

	return $node->poll_query_until('shop', "SELECT count(*) >= $n FROM rf_attempt"
		  . " JOIN rf_webhook w ON w.id = webhook_id WHERE w.name = 'good' AND outcome = 'success'");
}

$node->safe_psql('shop', join_person('person0@example.com'));
ok($node->poll_query_until('shop', "SELECT count(*) > 0 FROM rf_attempt"
		  . " JOIN rf_webhook w ON w.id = webhook_id WHERE w.name = 'silent'"),
	'who hangs behind a proxy has failed');
is($node->safe_psql('shop', "SELECT DISTINCT outcome, error_class FROM rf_attempt"
		  . " JOIN rf_webhook w ON w.id = webhook_id WHERE w.name = 'silent'"),
	'retry|timeout', 'for want of an answer');
await_good(1) or die 'not sent';
elapsed_below(3, 'the others are sent to meanwhile', sub {
	for my $i (1 .. 5)
	{
		$node->safe_psql('shop', join_person("person$i\@example.com"));
		await_good($i + 1) or die 'not sent';
	}
});
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt"
		  . " JOIN rf_webhook w ON w.id = webhook_id WHERE w.name = 'asks'"),
	'0', 'who wants a password may be the proxy: that is no attempt yet');

kill 'TERM', $proxy;
waitpid $proxy, 0;
$node->stop;
done_testing();
