# What the server's log says, line by line: how often what is a consequence of
# what was done to the server, and everything else in full.
#
#   perl log.pl server.log      exit status 1 if there was anything else
#
# Lines begin "TIME [PID] KIND/DATABASE SEVERITY:", see log_line_prefix in run.sh.
use strict;
use warnings;

# Details, hints, statements and contexts belong to the line before them.
my $aside = qr/^(DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION)$/;

# Kind of process, severity, message.
my @expected = map { qr/^(?:$_)/ } (
	'\S.* LOG: (skipping vacuum of|starting PostgreSQL|listening on|database system (is|was)|received (fast|immediate|smart) shutdown|aborting any active|shutting down|checkpoint|restartpoint|redo|background worker "logical replication launcher"|all server processes terminated|terminating any other active|received SIGHUP|parameter "|automatic (vacuum|analyze)|invalid record length|recovering prepared transaction|performing immediate)',
	# How a server that was killed finds the end of its WAL.
	'startup LOG: (invalid (magic number|resource manager ID|record length|info bits|contrecord)|unexpected pageaddr|record with incorrect prev-link|incorrect resource manager data|there is no contrecord)',
	# It drops databases that are gone once more.
	'startup WARNING: (could not open directory "base/\d+": No such file|some useless files may be left behind in old database directory)',
	# A process that we killed, and what the server then tells the others.
	'postmaster LOG: background worker "referral (launcher|worker)" \(PID \d+\) (was terminated by signal 9: Killed|exited with exit code 1)',
	'postmaster LOG: background worker ".*" \(PID \d+\) was terminated by signal (9|3)',
	'\S.* WARNING: terminating connection because of (crash of another server process|unexpected SIGQUIT|immediate shutdown)',
	'client backend FATAL: (the database system is (in recovery mode|starting up|shutting down|not yet accepting connections)|terminating connection due to administrator command)',
	'referral (worker|launcher) FATAL: terminating (background worker "referral (worker|launcher).*"|connection) due to administrator command',
	'client backend LOG: (could not (send data to|receive data from) client|unexpected EOF on client|connection to client lost)',
	'client backend FATAL: connection to client lost',
	'client backend ERROR: canceling statement due to (user request|lock timeout|statement timeout)',
	'autovacuum worker FATAL: terminating autovacuum process due to administrator command',
	# REINDEX CONCURRENTLY that did not end leaves an index behind.
	'(client backend|referral worker) WARNING: cannot reindex invalid index',
	'autovacuum worker ERROR: canceling autovacuum task',
	# DDL in the way of other DDL.
	'client backend ERROR: source database "shop" is being accessed by other users',
	'client backend FATAL: database "(third|third_b|passing|copy)" (does not exist|is not currently accepting)',
	'client backend ERROR: (participants|rewards|campaigns|rows of) .*(deleted|kept)',
	'client backend ERROR: .*cannot be (deleted|truncated)',
	'client backend ERROR: cannot (truncate|TRUNCATE)',
	'client backend ERROR: prepared transaction with identifier "soak-\d+" (does not exist|is busy)',
	# A worker waits one second for a lock.
	'referral worker ERROR: canceling statement due to lock timeout',
	'referral worker LOG: referral sends nothing from database "copy"',
);

my (%times, @other, $skips);
while (my $line = <>)
{
	chomp $line;
	my ($time, $pid, $kind, $database, $severity, $message) =
	  $line =~ m{^(\S+ \S+ \S+) \[(\d+)\] (.*?)/(\S*) (\w+):\s+(.*)};

	unless (defined $severity)
	{
		push @other, $line unless $skips;
		next;
	}
	if ($severity =~ $aside)
	{
		push @other, $line unless $skips;
		next;
	}
	my $text = "$kind $severity: $message";
	$skips = grep { $text =~ $_ } @expected;
	push @other, $line unless $skips;
	$text =~ s/\d+/N/g;
	$times{$text}++;
}
printf "%7d  %s\n", $times{$_}, $_ foreach sort { $times{$b} <=> $times{$a} } keys %times;
print "\n", scalar @other, " lines of anything else\n";
print "$_\n" foreach @other;
exit(@other ? 1 : 0);
