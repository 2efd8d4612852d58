# A listener and its database: one that is missing, one without the extension or with
# another version, and DDL, which waits for no caller.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $path = PostgreSQL::Test::Utils::tempdir_short() . '/http';
my $node = listening_node('main',
	"referral.listen = '127.0.0.1:$port/shop, unix:$path/shop'", 'referral.listeners = 2');

sub await
{
	my ($state) = @_;

	ok(await_listener($node, 'shop', $state, 'postgres'), "the listeners are: $state");
	return;
}

# Four that wait: idle, idle after an answer, with half a request, with half a body.
sub hang_callers
{
	my @callers = map { caller_to($_) } ($port, $path) x 2;

	$callers[1]->syswrite("GET /health HTTP/1.1\r\nHost: test\r\n\r\n");
	hear($callers[1]);
	$callers[2]->syswrite("POST /webhook/x/qualify HTTP/1.1\r\nHost: te");
	$callers[3]->syswrite("POST /webhook/x/qualify HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\ncode");
	$node->poll_query_until('postgres', 'SELECT sum(connections) = 4 FROM rf_listeners()')
	  or die 'connections are not open';
	return @callers;
}

sub quick_with_callers
{
	my ($what, $sql) = @_;
	my @callers = hang_callers();

	elapsed_below(1, $what, sub { $node->safe_psql('postgres', $sql) });
	is(scalar(grep { is_closed($_) } @callers), 4, 'which ends the calls');
	return;
}

# ---- a database comes

$node->safe_psql('postgres', 'CREATE EXTENSION referral');
await('waiting');
like( $node->safe_psql('postgres', 'SELECT DISTINCT detail FROM rf_listeners()'),
	qr/could not connect to its database/,
	'a database that is missing');
ok($node->log_contains(qr/FATAL: +database "shop" does not exist/), 'said in the log');
is(status_of(get_over($port, '/health')), 0, 'nobody answers');
ok(!-e $path, 'and no socket is there');
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server does not mind');

# Waits become ever longer, but for this one there is no waiting.
$node->poll_query_until('postgres',
	'SELECT count(*) > 0 FROM rf_listeners() WHERE pid IS NOT NULL');
$node->safe_psql('postgres', 'CREATE DATABASE shop');
await('absent');
is(status_of(get_over($port, '/r/X')), 503, 'without the extension it answers 503');
like(get_over($port, '/r/X'), qr/^Retry-After: \d+/m, 'and when to come again');
ok($node->log_contains(qr/referral answers with status 503 on 127.0.0.1:$port.*\n.*DETAIL:.*In database "shop": the extension is not in this database.*\n.*HINT:.*CREATE EXTENSION/),
	'the log says so');

# ---- an extension comes

$node->safe_psql('shop', "CREATE EXTENSION referral VERSION '0.3.0'");
await('other version');
is(status_of(get_over($_, '/r/X')), 503, "an older extension: $_") foreach ($port) x 8, $path;
ok( $node->poll_query_until('postgres',
		"SELECT bool_or(state = 'other version' AND detail LIKE 'the extension is of version 0.3.0, %')"
		  . ' FROM rf_listeners()'),
	'seen in rf_listeners()');
$node->safe_psql('shop', 'ALTER EXTENSION referral UPDATE');
await('serving');
is(status_of(get_over($_, '/r/X')), 404, "an updated one: $_") foreach ($port) x 8, $path;
$node->safe_psql('shop', 'DROP EXTENSION referral');
is(status_of(get_over($port, '/r/X')), 503, 'a dropped one');
$node->safe_psql('shop', 'CREATE EXTENSION referral');
is(status_of(get_over($_, '/r/X')), 404, "and one that is back: $_") foreach ($port) x 8, $path;
await('serving');

# ---- DDL

quick_with_callers('CREATE DATABASE from the one that is called', 'CREATE DATABASE copy TEMPLATE shop');
await('serving');
quick_with_callers('ALTER DATABASE RENAME', 'ALTER DATABASE shop RENAME TO away');
await('waiting');
$node->safe_psql('postgres', 'ALTER DATABASE away RENAME TO shop');
await('serving');
my $tablespace = PostgreSQL::Test::Utils::tempdir;
$node->safe_psql('postgres', "CREATE TABLESPACE side LOCATION '$tablespace'");
quick_with_callers('ALTER DATABASE SET TABLESPACE', 'ALTER DATABASE shop SET TABLESPACE side');
await('serving');
isnt($node->psql('postgres', 'ALTER DATABASE shop RENAME TO copy'), 0, 'a name that is taken');
await('serving');

# While a transaction that renames it is open, nobody connects.
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN; ALTER DATABASE shop RENAME TO other');
await('held');
is(status_of(get_over($port, '/health')), 0, 'nobody answers meanwhile');
$session->query_safe('ROLLBACK');
$session->quit;
await('serving');
is(status_of(get_over($_, '/r/X')), 404, "served again: $_") foreach $port, $path;

# Who may not drop it cannot stop it.
my @pids = listener_pids($node);
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN CREATEDB');
isnt($node->psql('postgres', 'DROP DATABASE shop', extra_params => [ '-U', 'nobody' ]), 0, 'refused');
is_deeply([ listener_pids($node) ], \@pids, 'and it stops nothing');

# What works on other databases, or on all of them, waits for nobody.
my @callers = hang_callers();
elapsed_below(1, 'CREATE DATABASE', sub { $node->safe_psql('postgres', 'CREATE DATABASE other') });
elapsed_below(1, 'DROP DATABASE of another one', sub { $node->safe_psql('postgres', 'DROP DATABASE other') });
is_deeply([ listener_pids($node) ], \@pids, 'and leaves the listeners alone');
$_->close foreach @callers;

quick_with_callers('DROP DATABASE', 'DROP DATABASE shop');
await('waiting');
create_served($node, 'shop');
await('serving');
quick_with_callers('DROP DATABASE WITH (FORCE)', 'DROP DATABASE shop WITH (FORCE)');
await('waiting');

$node->stop;
done_testing();
