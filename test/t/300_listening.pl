# Nothing listens unless it is told to, and then only processes of their own do:
# no backend has their library.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $ours = qr/referral_listener|microhttpd/;

sub backend_maps
{
	my ($node) = @_;
	my $session = $node->background_psql('shop');

	$session->query('SELECT count(*) FROM rf_listeners()');
	my $maps = maps_of($session->query('SELECT pg_backend_pid()') =~ s/\s//gr);
	$session->quit;
	return $maps;
}

# ---- off

my $node = listening_node('main');
create_served($node, 'shop');
is(scalar listener_pids($node), 0, 'nobody listens by default');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_listeners()'), '0', 'nor is to');
unlike(maps_of($node->safe_psql('shop', 'SELECT pid FROM rf_worker_status()')), $ours,
	'the worker has no library for it');

# ---- what is wrong is refused

foreach my $wrong ('8480', '127.0.0.1:0/shop', '127.0.0.1:8480', '127.0.0.1:1/a,127.0.0.1:1/b')
{
	my ($status, undef, $errors) =
	  $node->psql('postgres', "ALTER SYSTEM SET referral.listen = '$wrong'");
	isnt($status, 0, "refused: $wrong");
	like($errors, qr/Entry \d of the list is wrong/, 'and says which entry');
}
$node->append_conf('postgresql.conf', "referral.listen = 'localhost/shop'");
$node->restart;
ok( $node->log_contains(qr/invalid value for parameter "referral.listen".*\n.*Entry 1 of the list is wrong: no port is named/),
	'said while the server starts');
is(scalar listener_pids($node), 0, 'nobody listens then');

# ---- on

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $other = PostgreSQL::Test::Cluster::get_free_port();
my $path = PostgreSQL::Test::Utils::tempdir_short() . '/http';
$node->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$port/shop'");
$node->restart;
await_listener($node, 'shop');
my @pids = listener_pids($node);
is(scalar @pids, 1, 'one setting starts it');
isnt(status_of(get_over($port, '/health')), 0, 'it answers');
like(maps_of($pids[0]), $ours, 'it has the library');
unlike(backend_maps($node), $ours, 'a backend has not, even one that used the extension');
is( $node->safe_psql('postgres',
		"SELECT application_name || ' ' || datname || ' ' || state FROM pg_stat_activity WHERE pid = $pids[0]"),
	'referral listener shop idle', 'it is seen in pg_stat_activity');
is( $node->safe_psql('shop',
		"SELECT listen, database, listener, pid, detail IS NULL, answered_2xx + answered_5xx FROM rf_listeners()"),
	"127.0.0.1:$port|shop|1|$pids[0]|t|1", 'and in rf_listeners()');

# ---- several, of several databases

$node->append_conf('postgresql.conf',
	"referral.listen = ' localhost:$port/shop , 127.0.0.1:$other/club, unix:$path/shop'\nreferral.listeners = 3");
$node->restart;
await_listener($node, 'shop');
create_served($node, 'club');
await_listener($node, 'club');
is( $node->safe_psql('shop',
		"SELECT string_agg(split_part(listen, ':', 1) || ' ' || database || ' ' || listener, ', '"
		  . " ORDER BY listen = 'unix:$path', database DESC, listener) FROM rf_listeners()"),
	'localhost shop 1, localhost shop 2, localhost shop 3, 127.0.0.1 club 1, 127.0.0.1 club 2, 127.0.0.1 club 3, unix shop 1',
	'three for each port, one for the unix socket');
is(scalar listener_pids($node), 7, 'as many processes');
isnt(status_of(get_over($_, '/health')), 0, "$_ answers") foreach $port, $other, $path;
get_over($port, '/health') foreach 1 .. 60;
ok( $node->poll_query_until('shop',
		"SELECT count(*) = 3 FROM rf_listeners() WHERE listen = 'localhost:$port'"
		  . ' AND answered_2xx + answered_5xx > 0'),
	'the kernel gives each of three some of the calls');
is((stat $path)[2] & 07777, 0660, 'the unix socket is for user and group');

# ---- more than there are processes for

$node->append_conf('postgresql.conf', 'max_worker_processes = 4');
$node->restart;
ok( $node->poll_query_until('shop',
		"SELECT count(*) FILTER (WHERE state = 'serving') > 0 AND count(*) FILTER (WHERE state = 'waiting'"
		  . " AND pid IS NULL AND detail LIKE '%increase max_worker_processes') > 0 FROM rf_listeners()"),
	'those that have no process say what is missing');
$node->append_conf('postgresql.conf', 'max_worker_processes = 20');
$node->restart;

# ---- who may see them

$node->safe_psql('shop', q{
	CREATE ROLE looker LOGIN; CREATE ROLE runner LOGIN; CREATE ROLE app LOGIN;
	SELECT rf_grant('looker', 'reader'), rf_grant('runner', 'operator'), rf_grant('app', 'app');});
is( $node->psql('shop', 'SELECT count(*) FROM rf_listeners()', extra_params => [ '-U', $_->[0] ]) == 0,
	$_->[1], "rf_listeners() for $_->[0]")
  foreach [ 'looker', 1 ], [ 'runner', 1 ], [ 'app', '' ];

$node->stop;
ok(!-e $path, 'the unix socket is gone with the server');

# ---- without the library

my $library = PostgreSQL::Test::Utils::tempdir();
my ($output, $errors) = ('', '');
my $installed = $node->config_data('--pkglibdir');
SKIP:
{
	skip 'referral.so is not where pg_config says', 1 unless -e "$installed/referral.so";
	system('cp', "$installed/referral.so", $library);
	IPC::Run::run(
		[
			'postgres', '--single', '-D', $node->data_dir,
			'-c', "shared_preload_libraries=$library/referral", 'postgres'
		],
		'<', \'', '>', \$output, '2>', \$errors);
	like($errors, qr/WARNING:  referral does not listen.*\n.*referral_listener.*not installed/,
		'where it was not built, the log says so');
}
done_testing();
