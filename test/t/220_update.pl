# A database of 0.1.0 after ALTER EXTENSION ... UPDATE is what CREATE EXTENSION
# makes, object by object; its rows are as they were; people go on to qualify, and
# what waited is sent. Its dumps and those of a new database fit each other.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ExtensionCatalog;
use ServedNode;
use WebhookSink;
use PostgreSQL::Test::Utils;
use Test::More;

my $sink = WebhookSink->new;
# The rows are old: what the clock would do to them is not what is tested.
my $node = served_node('main', "referral.idempotency_retention = '20000 days'");

sub load
{
	my ($database, $file) = @_;

	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-o', '/dev/null',
			$node->connstr($database) ], "$database: the rows are loaded");
	return;
}

sub create_old
{
	my ($database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, q{CREATE EXTENSION referral VERSION '0.1.0'});
	$node->wait_for_log(qr/DETAIL:  The extension there is of version 0\.1\.0/);
	return;
}

# The columns that 0.1.0 has of each table, but for those that the worker fills.
sub old_columns
{
	my ($database) = @_;

	return split /\n/, $node->safe_psql($database, q{
		SELECT c.oid::regclass || ' '
			|| string_agg(quote_ident(a.attname) || '::text', ',' ORDER BY a.attnum)
		FROM pg_extension e
		JOIN pg_class c ON c.oid = ANY (e.extconfig)
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE e.extname = 'referral' AND c.relname !~ '_home$'
		GROUP BY c.oid
		ORDER BY 1});
}

sub rows_of
{
	my ($database, @tables) = @_;

	return join "\n", map {
		my ($table, $columns) = split / /;
		$columns =~ s/,?log_cnt::text//;
		"$table " . $node->safe_psql($database,
			"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text))"
			  . " FROM (SELECT $columns FROM $table) AS t")
	} @tables;
}

# A database of 0.1.0, with rows and roles.
$node->safe_psql('postgres', "CREATE ROLE shop_$_") foreach qw(app operator reader);
create_old('shop');
load('shop', "$FindBin::RealBin/../data/rows-0.1.0.sql");
$node->safe_psql('shop', q{
	GRANT SELECT ON rf_reward_status, rf_campaign_stats, rf_purchase TO shop_app;
	GRANT INSERT (email, campaign_id) ON rf_participant TO shop_app;
	GRANT EXECUTE ON FUNCTION rf_explain, rf_qualify TO shop_app;
	GRANT SELECT ON rf_coupon TO shop_operator;
	GRANT SELECT ON rf_status TO shop_reader;});
ok(await_state($node, 'shop', 'absent'), 'the older version is not served');
my ($status, $output, $errors) = $node->psql('shop', q{SELECT rf_join('spring', 'x@x.example')});
like($errors, qr/HINT: .*ALTER EXTENSION referral UPDATE/, 'who calls it is told');
my @columns = old_columns('shop');
my $rows = rows_of('shop', @columns);
like($rows, qr/rf_reward 21\|.*rf_webhook 2\|/s, 'there are rows');
my $rights = rights_of($node, 'shop');

$node->safe_psql('shop', 'ALTER EXTENSION referral UPDATE');
is( $node->safe_psql('shop', q{
		SELECT installed_version = default_version
		FROM pg_available_extensions WHERE name = 'referral'}),
	't', 'updated');
is(rows_of('shop', @columns), $rows, 'every row as it was');
my %granted = map { $_ => 1 } @{ rights_of($node, 'shop') };
is(join("\n", grep { !$granted{$_} && !/rf_create_webhook/ } @$rights), '',
	'whoever had a right has it, but on a function that is another one now');

# The same objects as in a new database.
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION referral');
foreach my $database (qw(shop fresh))
{
	$node->safe_psql($database, "SELECT rf_grant('shop_$_', '$_')")
	  foreach qw(app operator reader);
}
same_catalog(catalog_of($node, 'shop'), catalog_of($node, 'fresh'),
	'updated or new: the same catalog');

# Dumps, before anything happens to the rows.
my $dump = "$PostgreSQL::Test::Utils::tmp_check/update";
my @all = old_columns('shop');
$rows = rows_of('shop', @all);
command_ok([ 'pg_dump', '-f', "$dump.shop", $node->connstr('shop') ], 'shop: dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
load('restored', "$dump.shop");
is(rows_of('restored', @all), $rows, 'the dump of an updated database fits a new one');
same_catalog(catalog_of($node, 'restored'), catalog_of($node, 'shop'),
	'and brings the rights along');
command_ok([ 'pg_dump', '-f', "$dump.restored", $node->connstr('restored') ],
	'restored: dumped');
create_old('again');
$node->safe_psql('again', 'ALTER EXTENSION referral UPDATE');
load('again', "$dump.restored");
is(rows_of('again', @all), $rows, 'the dump of a new database fits an updated one');

# The worker takes it up. These rows come from another place: it waits for a word.
ok(await_state($node, 'shop', 'silent'), 'an updated copy is silent');
$node->safe_psql('shop', "UPDATE rf_webhook SET url = '" . $sink->url('/ok/') . "' || name;"
	  . ' SELECT rf_adopt_database()');
ok(await_state($node, 'shop', 'serving'), 'and then served');
ok($node->poll_query_until('shop', 'SELECT pending + retrying = 0 FROM rf_status'),
	'what waited in 0.1.0 is sent');
my %form = map { ($_->{headers}{'webhook-id'} // $_->{body}) => 1 } $sink->requests('/ok/form');
is(scalar keys %form, 7, 'all of it');
create_old('club');
$node->safe_psql('club', 'ALTER EXTENSION referral UPDATE');
ok(await_state($node, 'club', 'serving'), 'a database that was never moved is served at once');

# The programme goes on: times of 0.1.0 are over.
ok( $node->poll_query_until('shop', q{
		SELECT string_agg(code, ' ' ORDER BY code) = 'LATE SPRING-4 SPRING-6'
		FROM rf_participant WHERE state = 'expired'}),
	'windows end');
ok( $node->poll_query_until('shop', q{
		SELECT count(*) = 7 FROM rf_reward_status WHERE rule = 'later' AND state = 'issued'}),
	'holds end');
is( $node->safe_psql('shop', q{
		SELECT state, changed, rewards FROM rf_qualify('LATE', occurred_at => '2025-01-19 12:00+00')}),
	'qualified|t|3', 'somebody who came in time qualifies');
is( $node->safe_psql('shop', q{SELECT state, changed, rewards FROM rf_qualify('CLUB-4')}),
	'qualified|t|0', 'and in a campaign with a currency that is refused today');
is( $node->safe_psql('shop', q{
		INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, percent)
			VALUES (1, 'share', 'referrer', 'purchase', 'commission', 10);
		INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, pool, auto_issue, max_total)
			VALUES (1, 'voucher', 'invited', 'purchase', 'coupon', 'ten', true, 1);
		INSERT INTO rf_coupon (pool, code) VALUES ('ten', 'TEN-1'), ('ten', 'TEN-2');
		SELECT changed, rewards FROM rf_record_purchase('SPRING-1', 20, 'EUR', 'order 1');}),
	't|2', 'what is new works');
is( $node->safe_psql('shop', q{
		SELECT rule, code, amount, coupon, r.state
		FROM rf_reward_status r WHERE rule IN ('share', 'voucher') ORDER BY rule}),
	"share|ANN-1|2.00||issued\nvoucher|SPRING-1||TEN-1|issued", 'as it should');
is( $node->safe_psql('shop', q{
		INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES (1, 'disposable', 'hold');
		SELECT created FROM rf_join('spring', 'fay@yopmail.com', referred_by => 'ANN1');
		SELECT state FROM rf_participant WHERE email = 'fay@yopmail.com';}),
	"t\nheld", 'people join');

$node->stop;
$sink->stop;
done_testing();
