# Requests are answered together, and only when what they did is as durable as
# synchronous_commit says: an answer that left is never undone by a crash. Who is
# kept waiting by others is told to come again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Select;
use Listener;
use PostgreSQL::Test::Cluster;
use ServedNode;
use Test::More;
use Time::HiRes qw(time);

my $crashes = 4;
my $connections = 24;
my $people = 4000;

# The disk gets what nobody waits for every ten seconds; there is no webhook, for which
# the worker would flush.
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main', 'wal_writer_delay = 10s', 'autovacuum = off',
	'wal_level = replica', 'max_wal_senders = 4',
	"referral.listen = '127.0.0.1:$port/shop'", 'referral.listen_timeout = 3s');

create_listened($node, 'shop');
my $token = $node->safe_psql('shop', qq{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
	VALUES (1, 'Thank you', 'referrer', 'invited_qualifies', 10, 'USD');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'referrer\@example.com', 'REFERRER');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
	SELECT 1, 'person' || i || '\@example.com', 'PERSON' || i, 'REFERRER' FROM generate_series(1, $people) i;
	SELECT token FROM rf_create_inbound_token('shop')});
my $next = 1;

sub call
{
	my ($body, $type) = @_;

	$type //= 'application/x-www-form-urlencoded';
	return "POST /webhook/$token/qualify HTTP/1.1\r\nHost: test\r\nContent-Type: $type\r\n"
	  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

# A connection on which somebody has just asked that the person qualifies.
sub asked
{
	my ($person, $socket) = @_;

	$socket //= caller_to($port) // die "nobody listens: $!";
	$socket->syswrite(call("code=PERSON$person"));
	return $socket;
}

sub state_of
{
	my ($person) = @_;

	return $node->safe_psql('shop', "SELECT state FROM rf_participant WHERE code = 'PERSON$person'");
}

sub changed_ok
{
	my ($socket, $what) = @_;
	my $answer = hear($socket);

	ok(status_of($answer) == 200 && $answer =~ /"changed": ?true/, $what) || diag $answer;
	return;
}

sub await_standby_wait
{
	return $node->poll_query_until('postgres', "SELECT wait_event = 'SyncRep' FROM pg_stat_activity"
		  . " WHERE backend_type = 'referral listener'");
}

sub seconds_of
{
	my ($code) = @_;
	my $begun = time;

	$code->();
	return time - $begun;
}

# ---- crashes under load -------------------------------------------------------

my %answered; # who was told that they qualified

# What can be heard now; the callers ask on if they are to.
sub hear_some
{
	my ($callers, $seconds, $go_on) = @_;
	my $heard = 0;

	foreach my $socket (IO::Select->new(map { $_->{socket} } @$callers)->can_read($seconds))
	{
		my ($caller) = grep { $_->{socket} == $socket } @$callers;

		unless ($socket->sysread($caller->{text}, 65536, length $caller->{text}))
		{
			@$callers = grep { $_ != $caller } @$callers;
			next;
		}
		next unless $caller->{text} =~ /\r\n\r\n.*\}\s*\z/s;
		$answered{ $caller->{person} } = 1
		  if status_of($caller->{text}) == 200 && $caller->{text} =~ /"changed": ?true/;
		$heard++;
		$caller->{text} = '';
		if ($go_on)
		{
			$caller->{person} = $next++;
			asked($caller->{person}, $socket);
		}
	}
	return $heard;
}

for my $crash (1 .. $crashes)
{
	my $wanted = 100 + int rand 300;
	my $heard = 0;
	my @callers = map { { person => $next, text => '', socket => asked($next++) } } 1 .. $connections;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;

	$heard += hear_some(\@callers, 1, 1) while $heard < $wanted && time < $end;
	$node->stop('immediate');
	# Answers that had left.
	1 while @callers && hear_some(\@callers, 0, 0);
	$node->start;
	await_listener($node, 'shop');
	my $told = join ',', map { "'PERSON$_'" } keys %answered;
	cmp_ok(scalar keys %answered, '>', 90 * $crash, "crash $crash: many were answered");
	is($node->safe_psql('shop', "SELECT count(*) FROM rf_participant WHERE code IN ($told) AND state = 'qualified'"),
		scalar keys %answered, "crash $crash: all who were told so have qualified");
	is( $node->safe_psql('shop', q{
			SELECT n = (SELECT count(*) FROM rf_reward)
				AND n = (SELECT qualified_count FROM rf_participant WHERE code = 'REFERRER')
			FROM (SELECT count(*) FROM rf_participant WHERE state = 'qualified') q (n)}),
		't', "crash $crash: nobody has by half");
}

# ---- somebody holds a lock ----------------------------------------------------

my $holder = $node->background_psql('shop');
my ($held, $free) = ($next++, $next++);

$holder->query_safe("BEGIN; SELECT FROM rf_participant WHERE code = 'PERSON$held' FOR UPDATE");
my ($first, $second) = (asked($held), asked($free));
my $refusal;
my $took = seconds_of(sub { $refusal = hear($first) });
is(status_of($refusal), 503, 'whoever is locked is refused for now');
like($refusal, qr/^Retry-After: [1-9]/mi, 'and told when to come again');
cmp_ok($took, '>', 1.5, sprintf('after two seconds (%.1f)', $took));
changed_ok($second, 'others are served then');

# Of a batch, what would begin too late is not tried.
my $late = $next++;
my $batch = caller_to($port);
$batch->syswrite(call(qq([{"code":"PERSON$held"},{"code":"PERSON$held"},{"code":"PERSON$late"}]), 'application/json'));
my $answer = hear($batch);
is(status_of($answer), 200, 'a batch is answered');
is(join(' ', $answer =~ /"status": ?(\d+)/g), '503 503 503', 'each of its calls by itself');
is(state_of($late), 'pending', 'the last was not tried: time was over');

$holder->query_safe('ROLLBACK');
$holder->quit;
is(state_of($held), 'pending', 'nothing was written for whoever was refused');
changed_ok(asked($held), 'who comes again is served');

# ---- signals ------------------------------------------------------------------

my ($pid) = listener_pids($node);
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
changed_ok(asked($next++), 'cancelling a listener at rest changes nothing');
is((listener_pids($node))[0], $pid, 'it is the same process');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity"
	  . " WHERE backend_type = 'referral listener' AND pid <> $pid");
await_listener($node, 'shop');
changed_ok(asked($next++), 'terminated, it comes again');

# ---- standbys -----------------------------------------------------------------

$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'");
$node->restart;
await_listener($node, 'shop');

my $person = $next++;
my $waiting = asked($person);
await_standby_wait();
is(state_of($person), 'qualified', 'without a standby, what is committed here');
ok(!IO::Select->new($waiting)->can_read(0), 'is not answered');
($pid) = listener_pids($node);
my $offset = -s $node->logfile;
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
changed_ok($waiting, 'cancelling the wait is as with any commit: it is answered');
ok($node->log_contains('canceling wait for synchronous replication', $offset), 'with a warning in the log');

$waiting = asked($next++);
await_standby_wait();
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
is(hear($waiting), '', 'terminated while it waits, it says nothing');
await_listener($node, 'shop');

$waiting = asked($next++);
await_standby_wait();
elapsed_below(5, 'the server stops while a listener waits', sub { $node->stop('fast') });
is(hear($waiting), '', 'without an answer');
$node->start;
await_listener($node, 'shop');

$waiting = asked($next++);
await_standby_wait();
$node->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = ''");
$node->reload;
changed_ok($waiting, 'when no standby is asked for any more, it is answered');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET synchronous_standby_names');
$node->safe_psql('postgres', "ALTER DATABASE shop SET synchronous_commit = 'local'");
$node->restart;
await_listener($node, 'shop');
changed_ok(asked($next++), 'a database that commits locally waits for nobody');

# ---- who does not want to wait ------------------------------------------------

$node->safe_psql('postgres',
	'SET synchronous_commit = local; ALTER DATABASE shop SET synchronous_commit = off');
$node->restart;
await_listener($node, 'shop');
changed_ok(asked($next++), 'nor does one that does not want to');

$node->stop;
done_testing();
