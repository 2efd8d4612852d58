# What is this side's fault costs no attempt, loses nothing, and is said once a
# minute, however long it lasts: name servers that do not answer, no descriptors,
# no memory.
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
my $starving = temporary_file('starving');
@ENV{qw(REFERRAL_TEST_NAMES REFERRAL_TEST_STARVING)} = ($names, $starving);

my $sink = WebhookSink->new;
my $node = preload('resolver', sub {
		return preload('starving', sub { return served_node('main', 'referral.max_in_flight = 64') });
});

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

sub set_names
{
	my (@lines) = @_;
	open my $file, '>', "$names.new" or die $!;

	print $file "$_\n" foreach @lines;
	close $file;
	rename "$names.new", $names or die $!;
	return;
}

# How often a name was asked for.
sub asked
{
	my ($name) = @_;

	open my $file, '<', "$names.asked" or return 0;
	return scalar grep { $_ eq "$name\n" } <$file>;
}

sub add_host
{
	my ($host, $path) = @_;

	return $node->safe_psql('shop', sprintf
			"INSERT INTO rf_webhook (url, events) VALUES ('http://%s:%d%s', '{referrer.joined}') RETURNING id",
		$host, $sink->{port}, $path);
}

sub join_people
{
	my ($name, $n) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, '$name' || i || '\@example.com' FROM generate_series(1, $n) i");
	return;
}

sub attempts
{
	my (@webhooks) = @_;

	return $node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt WHERE webhook_id IN ('
		  . join(', ', @webhooks) . ')');
}

sub await_success
{
	my ($what, $n, @webhooks) = @_;
	my $of = 'FROM rf_attempt WHERE webhook_id IN (' . join(', ', @webhooks) . ')';

	ok($node->poll_query_until('shop', "SELECT count(*) = $n $of"), "$what: everything arrives");
	is($node->safe_psql('shop', "SELECT count(*) FILTER (WHERE outcome = 'success'), max(attempt) $of"),
		"$n|1", "$what: at the first attempt");
	return;
}

# Lines of the log that complain of what keeps webhooks back.
sub complaints
{
	my ($of) = @_;
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);

	return scalar(() = $log =~ /could not send a webhook: .*(?:$of)/g);
}

sub poll_until
{
	my ($what, $condition) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;

	until ($condition->())
	{
		return fail($what) if time > $end;
		select undef, undef, undef, 0.1;
	}
	return pass($what);
}

sub pause_all { $node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'") }

# ---- name servers -------------------------------------------------------------

# A single webhook: nobody else can tell whether name servers answer.
set_names('* again');
my $only = add_host('only.example', '/ok/only');
join_people('only', 3);
poll_until('its name is looked up again and again', sub { asked('only.example') >= 4 });
is(attempts($only), '0', 'name servers do not answer: no attempt');
cmp_ok(asked('example.'), '>=', 1, 'they were asked for its domain, too');
is(complaints('resolve host'), 1, 'the log says so, once');
set_names('only.example 127.0.0.1');
await_success('name servers answer again', 3, $only);

# One that is slow is no other than one that is not there.
pause_all();
set_names('slow.example later', 'example. again');
my $slow = add_host('slow.example', '/ok/slow');
join_people('slow', 1);
poll_until('its name is looked up twice', sub { asked('slow.example') >= 3 });
is(attempts($slow), '0', 'name servers keep us waiting: no attempt');
set_names('slow.example 127.0.0.1');
await_success('name servers answer in time again', 1, $slow);

# They answer, but not for this one: that is its own fault.
pause_all();
set_names('broken.example again', 'example. none');
my $broken = add_host('broken.example', '/ok/broken');
join_people('broken', 1);
ok($node->poll_query_until('shop', "SELECT count(*) > 0 FROM rf_attempt"
		  . " WHERE webhook_id = $broken AND error_class = 'dns' AND outcome = 'retry'"),
	'name servers answer, but for one name: an attempt that failed');
pause_all();

# ---- memory ----------------------------------------------------------------------

# One that has not complained yet.
my $worker = worker_pid($node, 'shop');
$node->safe_psql('shop', "SELECT pg_terminate_backend($worker)");
ok(other_worker($node, 'shop', $worker), 'another worker');
$worker = worker_pid($node, 'shop');

my @fed = map { add_host('127.0.0.1', "/ok/fed-$_") } 1 .. 4;

join_people('before', 1);
await_success('while there is memory', 4, @fed);
open my $file, '>', $starving or die $!;
close $file;
join_people('starving', 5);
poll_until('libcurl has no memory', sub { complaints('memory') > 0 });
is(attempts(@fed), '4', 'no memory: no attempt');
is(complaints('memory'), 1, 'the log says so, once');
unlink $starving;
await_success('there is memory again', 24, @fed);
is(worker_pid($node, 'shop'), $worker, 'the worker is the same');
pause_all();

# ---- descriptors -----------------------------------------------------------------

SKIP:
{
	my $max = 64;

	skip 'prlimit is not there', 4
	  if system("prlimit --pid $worker --nofile=$max:$max >/dev/null 2>&1") != 0;

	# More connections than there can be: each is held for a while.
	my @held = map { add_host('127.0.0.1', "/hold/held-$_") } 1 .. 80;
	join_people('held', 2);
	$sink->await(10, '/hold');
	$sink->release;
	await_success('few descriptors', 160, @held);
	cmp_ok(complaints('descriptor|open files'), '<=', 1, 'the log says so once, if at all');
	is(worker_pid($node, 'shop'), $worker, 'the worker is the same');
}

$node->stop;
done_testing();
