# Clients that mean ill: thousands of connections that say nothing, guesses at
# tokens, and a listener that is killed amid calls. Others are served meanwhile,
# and what was called happened once or not at all.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Socket::INET;
use IO::Socket::UNIX;
use Listener;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $local = "$dir/listen";
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main',
	"referral.listen = '127.0.0.1:$port/shop, unix:$local/shop'",
	"restart_after_crash = on");
create_listened($node, 'shop');
$node->safe_psql('shop', q{INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ada@people.example', 'ADA-1');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		SELECT 1, 'p' || i || '@people.example', 'CODE-' || i, 'ADA-1' FROM generate_series(1, 2600) i});
my $token = $node->safe_psql('shop', q{SELECT token FROM rf_create_inbound_token('shop', 'spring', '{qualify,join,participant}')});

sub qualify_request
{
	my ($code, $key) = @_;
	my $body = "code=$code";

	return "POST /webhook/$token/qualify HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	  . (defined $key ? "Idempotency-Key: $key\r\n" : '')
	  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

sub qualify { return status_of(call_over($_[0], qualify_request($_[1]))) }

# A socket from another address of this machine than the first.
sub caller_from
{
	my ($address) = @_;

	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, LocalAddr => $address,
		Timeout => 5);
}

sub call_from
{
	my ($address, $text) = @_;
	my $socket = caller_from($address) // return '';

	$socket->syswrite($text);
	return hear($socket);
}

sub await_sql
{
	my ($condition, $what) = @_;

	ok($node->poll_query_until('shop', "SELECT $condition"), $what)
	  or diag $node->safe_psql('shop', 'SELECT * FROM rf_listeners()');
	return;
}

is(qualify($port, 'CODE-1'), 200, 'a call');

# Ten thousand connections that say nothing, held by ten processes from a hundred
# addresses: each address has no more than it may, all of them have more than a
# listener takes. A process writes how many it began, and holds them until it is told.
sub hold_idle
{
	my ($number) = @_;
	my $pid = fork // die $!;
	my @idle;

	return $pid if $pid;
	foreach my $n (0 .. 999)
	{
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Blocking => 0,
			LocalAddr => '127.0.1.' . (1 + 10 * $number + $n % 10));

		push @idle, $socket if defined $socket;
	}
	append_to_file("$dir/idle", scalar(@idle) . "\n");
	sleep 60;
	POSIX::_exit(0);
}

my @holders = map { hold_idle($_) } 0 .. 9;
my @begun;
my $end = time + $PostgreSQL::Test::Utils::timeout_default;
while (@begun < @holders && time < $end)
{
	@begun = -e "$dir/idle" ? split(/\n/, slurp_file("$dir/idle")) : ();
	sleep 0.05;
}
my $idle = eval { my $n = 0; $n += $_ foreach @begun; $n };
note "$idle of 10000 idle connections were begun";
cmp_ok($idle, '>=', 5000, 'thousands of connections that say nothing');
elapsed_below(2, 'who comes by another way is answered', sub {
	is(qualify($local, 'CODE-' . (2 + $_)), 200, 'while they are there') foreach 0 .. 9;
});
my $open = $node->safe_psql('shop', "SELECT connections FROM rf_listeners() WHERE listen LIKE '127%'");
ok($open > 500 && $open <= 1000, "no more are taken than there is room for ($open)");
kill KILL => @holders;
waitpid $_, 0 foreach @holders;
await_sql(q{sum(connections) < 10 FROM rf_listeners()}, 'they are gone');
is(qualify($port, 'CODE-21'), 200, 'and there is room for others');

# One address fills its own place only.
my @crowd = grep { defined } map { caller_from('127.0.2.1') } 1 .. 150;
elapsed_below(2, 'another address is answered at once', sub {
	is(status_of(call_from('127.0.2.2', qualify_request('CODE-22'))), 200, 'beside a crowd from one');
});
@crowd = ();

# Guessing. A hundred wrong ones are told that there is no such address, what follows is
# not looked at; who guesses is one address, the right token goes on from others.
sub guesses
{
	my ($address, $n) = @_;
	my %seen;

	foreach my $i (1 .. $n)
	{
		my $guess = sprintf 'rfi_%043d', $i;
		my $answer = call_from($address, "POST /webhook/$guess/qualify HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
		$seen{status_of($answer)}++;
		$seen{"later"}++ if status_of($answer) == 429 && $answer =~ /^retry-after: \d+\r$/im;
	}
	return \%seen;
}

my $sizes = q{SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relname LIKE 'rf\_inbound%' OR relname LIKE 'rf\_idempotency%'};
my $before = $node->safe_psql('shop', $sizes);
my $seen = guesses('127.0.3.1', 300);
cmp_ok($seen->{404}, '>=', 100, "wrong tokens: no such address ($seen->{404})");
cmp_ok($seen->{404}, '<', 200, 'until there were too many');
is($seen->{404} + $seen->{429}, 300, 'nothing else');
is($seen->{later}, $seen->{429}, 'with the time after which to try again');
is(status_of(call_from('127.0.3.1', qualify_request('CODE-23'))), 429, 'the right one is not looked at either');
is(status_of(call_from('127.0.3.2', qualify_request('CODE-23'))), 200, 'from elsewhere it is');
is(qualify($local, 'CODE-24'), 200, 'by a socket, too');
is($node->safe_psql('shop', $sizes), $before, 'no table grew');
unlike(slurp_file($node->logfile), qr/rfi_/, 'and no token is in the log');

# Killed amid calls. Four callers, each of whom repeats a call until it is answered,
# with the same key; everybody is qualified once.
my $file = "$dir/answers";
my @callers;
foreach my $caller (0 .. 3)
{
	my $pid = fork // die $!;
	if ($pid == 0)
	{
		my $end = time + 2 * $PostgreSQL::Test::Utils::timeout_default;
		my ($answered, $broken, $changed) = (0, 0, 0);
		foreach my $i (map { 100 + 4 * $_ + $caller } 0 .. 599)
		{
			my $answer = '';
			while (time < $end)
			{
				$answer = call_over($port, qualify_request("CODE-$i", "key-$i"));
				last if status_of($answer) == 200;
				$broken++;
				sleep 0.02;
			}
			$answered++ if status_of($answer) == 200;
			$changed++ if $answer =~ /"changed":true/;
		}
		append_to_file($file, "$answered $broken $changed\n");
		POSIX::_exit(0);
	}
	push @callers, $pid;
}
foreach my $n (200, 1000)
{
	await_sql("count(*) >= $n FROM rf_participant WHERE state = 'qualified'", "$n calls later");
	my ($pid) = listener_pids($node);
	kill KILL => $pid;
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
	await_listener($node, 'shop');
}
waitpid $_, 0 foreach @callers;
my @told = map { [ split ] } split /\n/, slurp_file($file);
is(eval { join '+', map { $_->[0] } @told }, '600+600+600+600', 'everybody was answered in the end');
my $broken = 0;
$broken += $_->[1] foreach @told;
cmp_ok($broken, '>', 0, "some calls had to be repeated ($broken)");
my $changed = 0;
$changed += $_->[2] foreach @told;
is($changed, 2400, 'and was told of the change they made, though it was asked for again');
is($node->safe_psql('shop', q{SELECT count(*) FROM rf_participant WHERE code ~ '^CODE-[0-9]{3}' AND state = 'qualified'}), '2400', 'all are qualified');
is($node->safe_psql('shop', q{SELECT qualified_count = (SELECT count(*) FROM rf_participant WHERE state = 'qualified')
	FROM rf_participant WHERE code = 'ADA-1'}), 't', 'counted once each');

$node->stop;
done_testing();
