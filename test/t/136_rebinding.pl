# Names that lead elsewhere than they did: what a name server says is judged at
# the moment it is dialled, each time. 127.0.0.2 stands for the Internet here,
# and 127.0.0.1 for what must not be reached.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Socket::INET;
use Preloaded;
use ServedNode;
use Test::More;
use WebhookSink;

my $names = temporary_file('names');
$ENV{REFERRAL_TEST_NAMES} = $names;

my $sink = WebhookSink->new(address => '0.0.0.0');
my $node = preload('resolver', sub {
		return served_node('main', "referral.allowed_networks = '127.0.0.2'",
			"listen_addresses = '127.0.0.1, 127.0.0.2'");
});
my $port = $sink->{port};

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

# name => answer ...
sub set_names
{
	my (@answers) = @_;
	open my $file, '>', "$names.new" or die $!;

	while (my ($name, $answer) = splice @answers, 0, 2) { print $file "$name $answer\n" }
	close $file;
	rename "$names.new", $names or die $!;
	return;
}

sub add_host
{
	my ($host, $path) = @_;

	return $node->safe_psql('shop', "INSERT INTO rf_webhook (url, retry_schedule)"
		  . " VALUES ('http://$host:$port$path', '{0,1s,1s,1s,1s,1h}') RETURNING id");
}

my $people = 0;
sub cause_event
{
	$node->safe_psql('shop', join_person('person' . $people++ . '@example.com'));
	return;
}

sub await_attempt
{
	my ($webhook, $condition, $what) = @_;

	return ok($node->poll_query_until('shop',
			"SELECT count(*) > 0 FROM rf_attempt WHERE webhook_id = $webhook AND $condition"), $what);
}

sub pause_all { $node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'") }

my $refused = "outcome = 'retry' AND status IS NULL AND error_class = 'forbidden'";
my $worker = worker_pid($node, 'shop');

# A name that is not there yet, then there, then here.
set_names('flips.example' => 'none');
my $flips = add_host('flips.example', '/leave/flips');
cause_event();
await_attempt($flips, "error_class = 'dns'", 'a name that nobody knows');
set_names('flips.example' => '127.0.0.1');
await_attempt($flips, $refused, 'the name leads here: not dialled');
pause_all();

# Answers of several addresses: only what is allowed is dialled.
set_names('mixed.example' => '127.0.0.1,127.0.0.2', 'other.example' => '127.0.0.2,127.0.0.1',
	'private.example' => '10.0.0.1,127.0.0.1,169.254.169.254,::1,::ffff:127.0.0.1');
my %mixed = map { $_ => add_host("$_.example", "/leave/$_") } qw(mixed other private);
cause_event();
await_attempt($mixed{private}, $refused, 'several addresses, all of them private: refused');
foreach my $name (qw(mixed other))
{
	await_attempt($mixed{$name}, "(outcome = 'success' AND peer = '127.0.0.2' OR $refused)",
		"$name addresses: the allowed one or none");
}
pause_all();

# First there, then here, once the first answer is forgotten.
set_names('moves.example' => '127.0.0.2');
my $moves = add_host('moves.example', '/leave/moves');
cause_event();
await_attempt($moves, "outcome = 'success' AND peer = '127.0.0.2'", 'a name leads outside');
set_names('moves.example' => '127.0.0.1');
$node->safe_psql('shop', "SELECT pg_terminate_backend($worker)");
ok(other_worker($node, 'shop', $worker), 'a worker that has not asked yet');
cause_event();
await_attempt($moves, $refused, 'the same name leads here: not dialled');
pause_all();

# An address of this machine which is not private.
my $route = IO::Socket::INET->new(PeerAddr => '203.0.113.1:9', Proto => 'udp');
SKIP:
{
	skip 'this machine has no network', 1 unless $route && $route->sockhost !~ /^(10|127|192\.168)\./;
	set_names('own.example' => $route->sockhost);
	my $own = add_host('own.example', '/leave/own');
	cause_event();
	await_attempt($own, $refused, "this machine's own address: not dialled");
	pause_all();
}

# Not even in a network that is allowed may a webhook talk to this server.
set_names('server.example' => '127.0.0.2');
my $server = $node->safe_psql('shop', sprintf
		"INSERT INTO rf_webhook (url) VALUES ('http://server.example:%d/') RETURNING id", $node->port);
cause_event();
await_attempt($server, "$refused AND error LIKE '%port of this server'",
	"this server's own port: not dialled");

is(join(' ', grep { $_ ne '127.0.0.2' } map { $_->{address} } $sink->requests), '',
	'nothing arrived where nothing must');
cmp_ok(scalar $sink->requests, '>', 0, 'something arrived where it may');

$node->stop;
done_testing();
