# Every few seconds something bad, chosen at random. In the current directory:
# writes what it did to chaos.txt, with its time.
#
#   perl chaos.pl SECONDS DATADIR PORT      PORT of the receiver
#
# The seed of the random numbers is printed first; SOAK_SEED sets it. SOAK_ACTIONS
# is a regular expression for the names of the actions that may be chosen.
use strict;
use warnings;

use POSIX qw(strftime);
use Time::HiRes qw(sleep time);

my ($seconds, $data, $port) = @ARGV;
my $third = 'third';    # the name of the database that DDL is done to
my %done;

# Who waits for ever teaches nothing: prepared transactions lose their clients.
$ENV{PGOPTIONS} = '-c lock_timeout=4s -c statement_timeout=20s';

my $seed = $ENV{SOAK_SEED} // int(time);
srand $seed;
$SIG{TERM} = sub { exit 1 };
open my $diary, '>>', 'chaos.txt' or die $!;
$diary->autoflush;
note("seed $seed");

# What happens, and how often beside the others.
my @actions = (
	[ 4, 'kill a worker', sub { signal('KILL', 'referral worker') } ],
	[ 2, 'kill the launcher', sub { signal('KILL', 'referral launcher') } ],
	[ 6, 'terminate a worker', sub { signal('TERM', 'referral worker') } ],
	[ 1, 'terminate a worker twice', sub { signal('TERM', 'referral worker') for 1 .. 2 } ],
	[ 2, 'terminate the launcher', sub { signal('TERM', 'referral launcher') } ],
	[ 2, 'stop the server at once', sub { pg_ctl('restart', 'immediate') } ],
	[ 3, 'restart the server', sub { pg_ctl('restart', 'fast') } ],
	[ 3, 'kill the receiver', \&kill_receiver ],
	[ 3, 'other max_in_flight', \&change_max_in_flight ],
	[ 2, 'reload', sub { pg_ctl('reload') } ],
	[ 2, 'copy a served database', sub { copy_database($third) } ],
	[ 1, 'copy a busy database', sub { copy_database('shop') } ],
	[ 2, 'create and drop a database', \&create_and_drop ],
	[ 3, 'drop and create the extension', \&recreate_extension ],
	[ 3, 'rename', \&rename_third ],
	[ 3, 'vacuum full', sub { maintain('VACUUM FULL') } ],
	[ 2, 'reindex', sub { maintain('REINDEX TABLE CONCURRENTLY') } ],
	[ 2, 'vacuum analyze', sub { maintain('VACUUM ANALYZE') } ],
	[ 1, 'cluster-wide checkpoint', sub { sql('postgres', 'CHECKPOINT') } ],
	[ 1, 'truncate', sub { sql(busy(), 'TRUNCATE ' . pick(qw(rf_participant rf_reward rf_campaign))) } ],
	[ 4, 'change webhooks', \&change_webhooks ],
	[ 4, 'change the changing webhook', \&change_changing ],
	[ 2, 'lock a table', \&lock_table ],
	[ 2, 'cancel and terminate clients', \&terminate_client ],
);
my $wanted = $ENV{SOAK_ACTIONS} // '';
my @lots = map { ($_) x $_->[0] } grep { $_->[1] =~ /$wanted/ } @actions;

my $end = time + $seconds;
recreate_extension();
while (time < $end)
{
	my $action = pick(@lots);

	note($action->[1]);
	$done{ $action->[1] }++;
	$action->[2]->();
	sleep 1 + rand 3;
	end_prepared();
}
note("done: $_ $done{$_}") foreach sort keys %done;

# What is left must be able to end.
if ($third ne 'third')
{
	until (sql('postgres', "ALTER DATABASE $third RENAME TO third")) { sleep 1 }
}
sql($_, "UPDATE rf_webhook SET state = 'enabled'") || die foreach qw(shop club);
exit;

sub pick { return $_[ rand @_ ] }
sub busy { return pick(qw(shop club)) }

sub note
{
	print $diary strftime('%H:%M:%S ', localtime), "$_[0]\n";
	return;
}

# ---- processes ----------------------------------------------------------------

sub first_line
{
	my ($file) = @_;
	open my $handle, '<', $file or return '';
	my $line = <$handle> // '';

	chomp $line;
	return $line;
}

# Children of our own postmaster whose title begins so.
sub processes
{
	my ($title) = @_;
	my $postmaster = first_line("$data/postmaster.pid") || return;
	my @found;

	foreach my $stat (glob '/proc/[0-9]*/stat')
	{
		my ($pid, $parent) = first_line($stat) =~ /^(\d+) \(.*\) \S (\d+)/ or next;

		push @found, $pid
		  if $parent == $postmaster && first_line("/proc/$pid/cmdline") =~ /^postgres: $title/;
	}
	return @found;
}

sub signal
{
	my ($signal, $title) = @_;
	my $pid = pick(processes($title)) // return;

	note("  $signal $pid");
	kill $signal, $pid;
	return;
}

sub kill_receiver
{
	my $pid = first_line('receiver.pid') || return;

	kill 'KILL', $pid;
	return;
}

sub pg_ctl
{
	my ($what, $mode) = @_;
	my @mode = defined $mode ? ('-m', $mode, '-t', 60) : ();
	my $start = time;

	system("pg_ctl -D '$data' -l '$data/server.log' @mode $what >>chaos.out 2>&1 </dev/null") == 0
	  or note("  pg_ctl $what failed");
	note(sprintf '  pg_ctl %s took %.1f s', $what, time - $start);
	return;
}

# ---- statements ---------------------------------------------------------------

# True if they succeeded. All of one call are one transaction, unless alone.
sub sql
{
	my ($database, @statements) = @_;
	my $start = time;
	my @command = ('psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', $database,
		map { ('-c', $_) } @statements);
	my $pid = fork // return;

	if ($pid == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', 'chaos.out';
		open STDERR, '>>', 'chaos.out';
		exec @command;
	}
	waitpid $pid, 0;
	note(sprintf '  %s: %s%s (%.1f s)', $database, substr($statements[0], 0, 90),
		$? == 0 ? '' : ' FAILED', time - $start);
	return $? == 0;
}

sub change_max_in_flight
{
	sql('postgres', 'ALTER SYSTEM SET referral.max_in_flight = ' . pick(8, 32, 64, 100),
		'SELECT pg_reload_conf()');
	return;
}

# A copy is silent: nothing may arrive at its path.
sub copy_database
{
	my ($template) = @_;

	if (sql('postgres', "CREATE DATABASE copy TEMPLATE $template"))
	{
		sql('copy', "UPDATE rf_webhook SET url = 'http://127.0.0.1:$port/copy/silent'",
			"INSERT INTO rf_participant (campaign_id, email)"
			  . " SELECT id, random() || '\@example.com' FROM rf_campaign WHERE slug = 'busy'");
		sleep rand 3;
	}
	sql('postgres', 'DROP DATABASE IF EXISTS copy WITH (FORCE)');
	return;
}

sub create_and_drop
{
	sql('postgres', 'CREATE DATABASE passing') or return;
	sql('passing', 'CREATE EXTENSION referral') if rand() < 0.7;
	sleep rand 2;
	sql('postgres', 'DROP DATABASE passing');
	return;
}

# With a request that hangs, and with people of before gone.
sub recreate_extension
{
	sql($third, 'DROP EXTENSION IF EXISTS referral');
	sql($third, 'CREATE EXTENSION IF NOT EXISTS referral') or return;
	sql($third, "INSERT INTO rf_campaign (slug, name) VALUES ('busy', 'Busy')",
		"INSERT INTO rf_webhook (url) VALUES ('http://127.0.0.1:$port/third/hang'), ('http://127.0.0.1:$port/third/fast')",
		"INSERT INTO rf_participant (campaign_id, email) SELECT 1, i || '\@example.com' FROM generate_series(1, 100) i");
	return;
}

sub rename_third
{
	my $other = $third eq 'third' ? 'third_b' : 'third';

	$third = $other if sql('postgres', "ALTER DATABASE $third RENAME TO $other");
	return;
}

sub maintain
{
	my ($command) = @_;

	sql(busy(), "$command " . pick(qw(rf_outbox_0 rf_outbox_1 rf_outbox_2 rf_retry rf_event
		rf_webhook rf_webhook_state rf_participant rf_reward rf_home)));
	return;
}

sub lock_table
{
	sql(busy(), 'BEGIN; LOCK ' . pick(qw(rf_retry rf_outbox_0 rf_outbox_1 rf_webhook_state rf_webhook rf_event))
		  . ' IN ' . pick('SHARE', 'ACCESS EXCLUSIVE', 'ACCESS SHARE') . ' MODE; SELECT pg_sleep(' . rand(3) . '); COMMIT');
	return;
}

sub change_webhooks
{
	sql(busy(), pick(
		"UPDATE rf_webhook SET max_in_flight = 1 + random() * 63 WHERE name IN ('fast', 'also')",
		"UPDATE rf_webhook SET state = 'paused' WHERE name IN ('busy', 'also', 'hang')",
		"UPDATE rf_webhook SET state = 'enabled' WHERE name <> 'changing'",
		"UPDATE rf_webhook SET state = 'enabled' WHERE name <> 'changing'",
		"UPDATE rf_webhook SET timeout = '3 s' WHERE name IN ('slow', 'fast')",
		"SELECT rf_set_headers(id, '{\"x-soak\": \"changed\"}') FROM rf_webhook WHERE name = 'fast'"));
	return;
}

sub change_changing
{
	my $database = busy();
	my $url = "http://127.0.0.1:$port/$database/changing";

	sql($database, pick(
		"UPDATE rf_webhook SET state = 'paused' WHERE name = 'changing'",
		"UPDATE rf_webhook SET state = 'enabled' WHERE name = 'changing'",
		"UPDATE rf_webhook SET state = 'disabled' WHERE name = 'changing'",
		"UPDATE rf_webhook SET events = '{invited.*}' WHERE name = 'changing'",
		"DELETE FROM rf_webhook WHERE name = 'changing'",
		"DELETE FROM rf_webhook WHERE name = 'changing';"
		  . " INSERT INTO rf_webhook (name, url) VALUES ('changing', '$url')",
		"INSERT INTO rf_webhook (name, url) SELECT 'changing', '$url'"
		  . " WHERE NOT EXISTS (SELECT FROM rf_webhook WHERE name = 'changing')"));
	return;
}

sub terminate_client
{
	sql('postgres', 'SELECT ' . pick('pg_terminate_backend', 'pg_cancel_backend')
		  . "(pid) FROM pg_stat_activity WHERE application_name = 'pgbench' ORDER BY random() LIMIT 1");
	return;
}

# Whoever prepared them is gone, if they are as old as that.
sub end_prepared
{
	my @rows = `psql -X -q -At -F ' ' -d postgres -c "SELECT database, gid FROM pg_prepared_xacts WHERE prepared < now() - interval '2 s'" 2>>chaos.out </dev/null`;

	foreach (@rows)
	{
		my ($database, $gid) = split;

		sql($database, pick(qw(COMMIT COMMIT ROLLBACK)) . " PREPARED '$gid'");
	}
	return;
}
