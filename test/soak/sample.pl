# Once a second, what the workers of a server use, to samples.txt: time, process,
# private memory in kB, ticks of CPU. Once in two, the outbox tables: relations
# and sizes, to outbox.txt.
#
#   perl sample.pl DATADIR
use strict;
use warnings;

$SIG{TERM} = sub { exit };
my ($data) = @ARGV;
open my $samples, '>>', 'samples.txt' or die $!;
$samples->autoflush;

sub content
{
	my ($file) = @_;
	local $/;
	open my $handle, '<', $file or return '';
	return scalar <$handle> // '';
}

for (my $i = 0;; $i++)
{
	my ($postmaster) = content("$data/postmaster.pid") =~ /^(\d+)/;
	foreach my $stat ($postmaster ? glob '/proc/[0-9]*/stat' : ())
	{
		my ($pid, $parent, @more) = content($stat) =~ /^(\d+) \(.*\) \S (\d+) (.*)/ or next;
		next if $parent != $postmaster;
		next unless content("/proc/$pid/cmdline") =~ /^postgres: referral worker \d+ for database (\d+)/;
		my $oid = $1;
		my ($kilobytes) = content("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m or next;
		my @fields = split ' ', $more[0];
		print $samples join(' ', time, $oid, $pid, $kilobytes, $fields[9] + $fields[10]), "\n";
	}
	if ($i % 2 == 0)
	{
		system(q{psql -X -q -At -F ' ' -d } . $_ . q{ -c "SELECT extract(epoch FROM now())::int, current_database(), relname, relfilenode, pg_relation_size(oid) / 1024, reltuples FROM pg_class WHERE relname ~ '^rf_outbox_.$' ORDER BY relname" >>outbox.txt 2>/dev/null </dev/null})
		  foreach qw(shop club);
	}
	sleep 1;
}
