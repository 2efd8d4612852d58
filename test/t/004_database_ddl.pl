# DDL on databases, served ones included, waits for us no longer than a
# moment, even while a request hangs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main');
my @kept;

sub served_and_hung
{
	my ($database) = @_;

	create_served($node, $database);
	push @kept, hang_request($node, $database);
	return;
}

sub quick
{
	my ($what, $sql) = @_;

	elapsed_below(1, $what, sub { $node->safe_psql('postgres', $sql) });
	return;
}

served_and_hung('shop');
$node->safe_psql('postgres', 'CREATE DATABASE other');
quick('DROP DATABASE of another one', 'DROP DATABASE other');
quick('CREATE DATABASE', 'CREATE DATABASE other');
quick('DROP DATABASE of a served one', 'DROP DATABASE shop');

served_and_hung('shop');
quick('DROP DATABASE WITH (FORCE)', 'DROP DATABASE shop WITH (FORCE)');

served_and_hung('shop');
quick('CREATE DATABASE from a served template', 'CREATE DATABASE copy TEMPLATE shop');
ok(await_state($node, 'shop', 'serving'), 'the template is served again');
is( $node->safe_psql('copy', 'SELECT count(*) FROM rf_participant'),
	$node->safe_psql('shop', 'SELECT count(*) FROM rf_participant'),
	'the copy has the rows');
ok(await_state($node, 'copy', 'silent'), 'and is silent');
$node->wait_for_log(qr/referral sends nothing from database "copy"/);
$node->safe_psql('copy', 'SELECT rf_adopt_database()');
ok(await_state($node, 'copy', 'serving'), 'until it is adopted');

elapsed_below(1, 'CREATE DATABASE from the one we are in',
	sub { $node->safe_psql('shop', 'CREATE DATABASE twin TEMPLATE shop') });
ok(await_state($node, 'shop', 'serving'), 'which is served again');

quick('ALTER DATABASE RENAME', 'ALTER DATABASE copy RENAME TO clone');
ok(await_state($node, 'clone', 'serving'), 'served under its new name');
my $tablespace = PostgreSQL::Test::Utils::tempdir;
$node->safe_psql('postgres', "CREATE TABLESPACE side LOCATION '$tablespace'");
quick('ALTER DATABASE SET TABLESPACE', 'ALTER DATABASE clone SET TABLESPACE side');
ok(await_state($node, 'clone', 'serving'), 'served from its new place');

# While the transaction that renames it is open, nobody starts in it.
$node->safe_psql('postgres',
	'BEGIN; ALTER DATABASE clone RENAME TO c1; ALTER DATABASE c1 RENAME TO c2; COMMIT');
ok(await_state($node, 'c2', 'serving'), 'renamed twice in a transaction block');
$node->safe_psql('postgres', 'BEGIN; ALTER DATABASE c2 RENAME TO c3; ROLLBACK');
ok(await_state($node, 'c2', 'serving'), 'served after a rename that is rolled back');

# A statement that fails gives the database back.
my $pid = worker_pid($node, 'c2');
isnt($node->psql('postgres', 'ALTER DATABASE c2 RENAME TO shop'), 0, 'a name that is taken');
ok(await_state($node, 'c2', 'serving'), 'does not end its service');

# Who may not drop a database cannot stop its worker either.
$pid = worker_pid($node, 'shop');
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN CREATEDB');
isnt( $node->psql('postgres', $_, extra_params => [ '-U', 'nobody' ]),
	0, "refused: $_")
  foreach ('DROP DATABASE shop', 'CREATE DATABASE mine TEMPLATE shop',
	'ALTER DATABASE shop RENAME TO mine');
is(worker_pid($node, 'shop'), $pid, 'and stops nothing');

# DROP EXTENSION waits for no answer.
elapsed_below(1, 'DROP EXTENSION',
	sub { $node->safe_psql('shop', 'DROP EXTENSION referral CASCADE') });
ok(await_no_worker($node, 'shop'), 'and ends the worker');

$node->stop;
done_testing();
