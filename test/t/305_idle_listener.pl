# A listener without callers does nothing at all, and takes part in what the server
# asks of all its processes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'the system does not count context switches' unless -r '/proc/self/status';

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main',
	"referral.listen = '*:$port/shop'", 'autovacuum = off', 'log_checkpoints = off');
create_listened($node, 'shop');
my ($pid) = listener_pids($node);

sub switches
{
	my ($all) = (0);

	$all += $_ foreach slurp_file("/proc/$pid/status") =~ /ctxt_switches:\s+(\d+)/g;
	return $all;
}

# Seconds in which nothing happened, of those that it is looked at; it may take some
# until what came before is over.
sub longest_rest
{
	my ($wanted) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	my ($since, $seen) = (time, switches());

	while (time < $end && time - $since < $wanted)
	{
		my $now = switches();
		($since, $seen) = (time, $now) if $now != $seen;
		select undef, undef, undef, 0.05;
	}
	return time - $since;
}

cmp_ok(longest_rest(5), '>=', 5, 'without connections it is not woken');

# Nor by work elsewhere, nor by a connection that was closed.
isnt(status_of(get_over($port, '/health')), 0, 'it is called');
cmp_ok(longest_rest(5), '>=', 5, 'and rests again');
my $before = switches();
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_participant (campaign_id, email)
		SELECT 1, 'p' || n || '@example.com' FROM generate_series(1, 1000) n;});
is(switches(), $before, 'what others do does not wake it');

# Signals by the hundred.
foreach my $i (1 .. 300)
{
	kill 'HUP', $pid;
	get_over($port, '/health') if $i % 50 == 0;
}
isnt(status_of(get_over($port, '/health')), 0, 'it answers after hundreds of SIGHUPs');
is_deeply([ listener_pids($node) ], [$pid], 'and is the same process');

# What all processes have to agree to.
my $tablespace = PostgreSQL::Test::Utils::tempdir;
elapsed_below(1, 'a barrier for all processes passes', sub {
	$node->safe_psql('postgres', "CREATE TABLESPACE side LOCATION '$tablespace'");
	$node->safe_psql('postgres', 'CREATE DATABASE aside TABLESPACE side STRATEGY file_copy');
	$node->safe_psql('postgres', 'DROP DATABASE aside');
	$node->safe_psql('postgres', 'DROP TABLESPACE side');
});
my $held = caller_to($port);
$held->syswrite("GET /health HTTP/1.1\r\n");
is( $node->safe_psql('shop',
		"SELECT count(*) FROM pg_stat_activity WHERE pid = $pid AND (xact_start IS NOT NULL OR backend_xmin IS NOT NULL)"),
	'0', 'no transaction is open while a caller is waited for');

$node->append_conf('postgresql.conf', "referral.listen_timeout = '300ms'");
$node->reload;
ok(is_closed($held), 'a caller who sends no more is cut');
my $begun = time;
ok(is_closed(caller_to($port)), 'one who sends nothing');
cmp_ok(time - $begun, '<', scaled(3), 'after the time that was set while it ran');
$node->stop;
done_testing();
