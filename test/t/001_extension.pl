# CREATE EXTENSION is all it takes to be served, in any number of databases;
# DROP EXTENSION ends it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main');

# A running server, no setting, no restart.
create_served($node, 'shop');
pass('CREATE EXTENSION starts a worker');
create_served($node, 'club');
pass('and one in another database');
isnt(worker_pid($node, 'shop'), worker_pid($node, 'club'),
	'each database has its own');
is( $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_stat_activity
		WHERE backend_type = 'referral worker'
			AND application_name = 'referral worker' AND state = 'idle'
			AND xact_start IS NULL AND backend_xmin IS NULL}),
	'2', 'workers that wait hold no transaction');
is( $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_stat_activity
		WHERE backend_type = 'referral launcher' AND datname IS NULL
			AND xact_start IS NULL AND backend_xmin IS NULL}),
	'1', 'nor does the launcher');

# Only its own worker leaves.
$node->safe_psql('shop', 'DROP EXTENSION referral');
ok(await_no_worker($node, 'shop'), 'DROP EXTENSION ends the worker');
is($node->safe_psql('club', 'SELECT state FROM rf_worker_status()'),
	'serving', 'and no other');
$node->safe_psql('shop', 'CREATE EXTENSION referral');
ok(await_state($node, 'shop', 'serving'), 'created again, served again');

# In a schema of the user's, and with the schema.
my $schema = '"My.Shop select"';
$node->safe_psql('postgres', 'CREATE DATABASE awkward');
$node->safe_psql('awkward',
	"CREATE SCHEMA $schema; CREATE EXTENSION referral SCHEMA $schema");
ok( $node->poll_query_until('awkward',
		"SELECT state = 'serving' FROM $schema.rf_worker_status()"),
	'served in a schema with an awkward name');
$node->safe_psql('awkward', "DROP SCHEMA $schema CASCADE");
ok(await_no_worker($node, 'awkward'), 'DROP SCHEMA CASCADE ends the worker');

# What is rolled back does not count.
$node->safe_psql('awkward',
	"BEGIN; CREATE EXTENSION referral SCHEMA public; ROLLBACK");
$node->safe_psql('club', 'BEGIN; DROP EXTENSION referral; ROLLBACK');
$node->safe_psql('awkward',
	'BEGIN; CREATE EXTENSION referral SCHEMA public; COMMIT');
ok(await_state($node, 'awkward', 'serving'), 'created in a transaction block');
ok(await_state($node, 'club', 'serving'), 'a DROP that is rolled back ends nothing');

# Templates, and databases nobody may connect to.
$node->safe_psql('postgres', 'ALTER DATABASE club IS_TEMPLATE true');
ok(await_no_worker($node, 'club'), 'a template is not served');
$node->safe_psql('postgres', 'ALTER DATABASE club IS_TEMPLATE false');
ok(await_state($node, 'club', 'serving'), 'served when it is none any more');
$node->safe_psql('postgres', 'ALTER DATABASE club ALLOW_CONNECTIONS false');
ok(await_no_worker($node, 'club'), 'not served without connections');
$node->safe_psql('postgres', 'ALTER DATABASE club ALLOW_CONNECTIONS true');
ok(await_state($node, 'club', 'serving'), 'served when connections are allowed');

# All of it is found again by a server that starts.
$node->restart;
ok(await_state($node, $_, 'serving'), "$_ is served after a restart")
  foreach qw(shop club awkward);

$node->stop;
done_testing();
