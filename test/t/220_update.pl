# A database of an older version after ALTER EXTENSION ... UPDATE is what CREATE
# EXTENSION makes, object by object; its rows are as they were; people go on to
# qualify, and what waited is sent. Its dumps and those of a new database fit each
# other.
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
my $node = served_node('main', "referral.idempotency_retention = '20000 days'",
	'max_worker_processes = 20');

sub load
{
	my ($database, $file) = @_;

	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-o', '/dev/null',
			$node->connstr($database) ], "$database: the rows are loaded");
	return;
}

sub create_old
{
	my ($database, $version) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION referral VERSION '$version'");
	$node->wait_for_log(qr/DETAIL:  The extension there is of version \Q$version\E/);
	return;
}

# The columns that a database has of each table, and which of its rows are dumped; but
# for tables that the worker fills.
sub old_columns
{
	my ($database) = @_;

	return split /\n/, $node->safe_psql($database, q{
		SELECT c.oid::regclass || ' '
			|| string_agg(quote_ident(a.attname) || '::text', ',' ORDER BY a.attnum) || ' ' || d.condition
		FROM pg_extension e
		CROSS JOIN unnest(e.extconfig, e.extcondition) AS d (table_id, condition)
		JOIN pg_class c ON c.oid = d.table_id
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE e.extname = 'referral' AND c.relname !~ '_home$'
		GROUP BY c.oid, d.condition
		ORDER BY 1});
}

sub rows_of
{
	my ($database, @tables) = @_;

	return join "\n", map {
		my ($table, $columns, $condition) = split / /, $_, 3;
		$columns =~ s/,?log_cnt::text//;
		"$table " . $node->safe_psql($database,
			"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text))"
			  . " FROM (SELECT $columns FROM $table $condition) AS t")
	} @tables;
}

# As they are now.
my $dumps = "$PostgreSQL::Test::Utils::tmp_check/update";

sub same_as_new
{
	my ($database) = @_;

	$node->safe_psql($database, "SELECT rf_grant('shop_$_', '$_')")
	  foreach qw(app operator reader);
	same_catalog(catalog_of($node, $database), catalog_of($node, 'fresh'),
		"$database, updated or new: the same catalog");
	return;
}

# What has changed since cannot be called; what has not may be.
my %errors_of_old = ('0.1.0' => qr/HINT: .*ALTER EXTENSION referral UPDATE/, '0.2.0' => qr/^$/, '0.3.0' => qr/^$/);

# A database of a version, with rows and roles, and then updated.
sub update
{
	my ($database, $version, $shape) = @_;

	create_old($database, $version);
	load($database, "$FindBin::RealBin/../data/rows-$version.sql");
	my ($status, $output, $errors) = $node->psql($database, q{BEGIN; SELECT rf_join('spring', 'x@x.example'); ROLLBACK});
	like($errors, $errors_of_old{$version}, 'who calls it is told if it has changed');
	$node->safe_psql($database, q{
		GRANT SELECT ON rf_reward_status, rf_campaign_stats, rf_purchase TO shop_app;
		GRANT INSERT (email, campaign_id) ON rf_participant TO shop_app;
		GRANT EXECUTE ON FUNCTION rf_explain, rf_qualify TO shop_app;
		GRANT SELECT ON rf_coupon TO shop_operator;
		GRANT SELECT ON rf_status TO shop_reader;});
	ok(await_state($node, $database, 'absent'), "$version is not served");
	my @columns = old_columns($database);
	my $rows = rows_of($database, @columns);
	like($rows, $shape, 'there are rows');
	my $rights = rights_of($node, $database);

	$node->safe_psql($database, 'ALTER EXTENSION referral UPDATE');
	is( $node->safe_psql($database, q{
			SELECT installed_version = default_version
			FROM pg_available_extensions WHERE name = 'referral'}),
		't', 'updated');
	is(rows_of($database, @columns), $rows, 'every row as it was');
	my %granted = map { $_ => 1 } @{ rights_of($node, $database) };
	is(join("\n", grep { !$granted{$_} && !/rf_create_webhook|rf_refuse_unbuilt/ } @$rights), '',
		'whoever had a right has it, but on functions that are others now, or gone');
	same_as_new($database);
	return;
}

# Dumps, before anything happens to the rows.
sub dump_both_ways
{
	my ($database, $version) = @_;
	my @all = old_columns($database);
	my $rows = rows_of($database, @all);

	command_ok([ 'pg_dump', '-f', "$dumps.$database", $node->connstr($database) ], "$database: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE ${database}_restored");
	load("${database}_restored", "$dumps.$database");
	is(rows_of("${database}_restored", @all), $rows, 'the dump of an updated database fits a new one');
	same_catalog(catalog_of($node, "${database}_restored"), catalog_of($node, $database),
		'and brings the rights along');
	command_ok([ 'pg_dump', '-f', "$dumps.restored", $node->connstr("${database}_restored") ],
		'restored: dumped');
	create_old("${database}_again", $version);
	$node->safe_psql("${database}_again", 'ALTER EXTENSION referral UPDATE');
	load("${database}_again", "$dumps.restored");
	is(rows_of("${database}_again", @all), $rows, 'the dump of a new database fits an updated one');
	return;
}

$node->safe_psql('postgres', "CREATE ROLE shop_$_") foreach qw(app operator reader);
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION referral');
$node->safe_psql('fresh', "SELECT rf_grant('shop_$_', '$_')") foreach qw(app operator reader);

# ---- 0.1.0 ----

update('shop', '0.1.0', qr/rf_reward 21\|.*rf_webhook 2\|/s);
dump_both_ways('shop', '0.1.0');

# The worker takes it up. These rows come from another place: it waits for a word.
ok(await_state($node, 'shop', 'silent'), 'an updated copy is silent');
$node->safe_psql('shop', "UPDATE rf_webhook SET url = '" . $sink->url('/ok/') . "' || name;"
	  . ' SELECT rf_adopt_database()');
ok(await_state($node, 'shop', 'serving'), 'and then served');
ok($node->poll_query_until('shop', 'SELECT pending + retrying = 0 FROM rf_status'),
	'what waited in 0.1.0 is sent');
my %form = map { ($_->{headers}{'webhook-id'} // $_->{body}) => 1 } $sink->requests('/ok/form');
is(scalar keys %form, 7, 'all of it');
create_old('club', '0.1.0');
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

# ---- 0.2.0 ----

update('store', '0.2.0', qr/rf_dead 5\|.*rf_retry 14\|.*rf_reward 31\|.*rf_webhook 7\|/s);
dump_both_ways('store', '0.2.0');
ok(await_state($node, 'store', 'silent'), 'an updated copy is silent');
$node->safe_psql('store', "UPDATE rf_webhook SET url = '" . $sink->url('/ok/store/')
	  . "' || coalesce(name, 'none'); SELECT rf_adopt_database()");
ok( $node->poll_query_until('store', 'SELECT pending + retrying = 0 FROM rf_status'),
	'what waited in 0.2.0 is sent');

# What each webhook was sent, of what signature.
sub sent_to
{
	my ($name, $signature, $database) = @_;
	$signature //= qr/^v1,\S{44}$/;
	$database //= 'store';

	return scalar grep { ($_->{headers}{'webhook-signature'} // '') =~ $signature }
	  $sink->requests("/ok/$database/$name");
}

is_deeply({ map { $_ => sent_to($_) } qw(ok busy form dead fields gone none) },
	{ ok => 1, busy => 5, form => 4, dead => 0, fields => 0, gone => 0, none => 0 },
	'to whom it was meant, and signed; dead, parked and disabled ones are not');
$node->safe_psql('store', q{UPDATE rf_webhook SET state = 'enabled' WHERE state <> 'enabled'});
is( $node->safe_psql('store', q{SELECT rf_replay_webhook(id, rate => 1000) FROM rf_webhook WHERE name = 'dead'}),
	5, 'what was dead can be replayed');
ok( $node->poll_query_until('store', 'SELECT pending + retrying + parked + dead = 0 FROM rf_status'),
	'and what was parked is sent when its webhook is enabled');
is_deeply([ map { sent_to($_) } qw(dead fields gone) ], [ 5, 3, 3 ], 'all of it');
is( $node->safe_psql('store', q{
		UPDATE rf_campaign SET currency = 'EUR' WHERE id = 1;
		INSERT INTO orders VALUES (3, 'PER2', 50);
		SELECT count(*), sum(amount) FROM rf_purchase;}),
	'3|230.00', 'a table that was attached in 0.2.0 goes on');

# ---- 0.3.0 ----

update('market', '0.3.0', qr/rf_dead 6\|.*rf_retry 10\|.*rf_reward 29\|.*rf_webhook 9\|/s);
dump_both_ways('market', '0.3.0');
ok(await_state($node, 'market', 'silent'), 'an updated copy is silent');
$node->safe_psql('market', "UPDATE rf_webhook SET url = '" . $sink->url('/ok/market/')
	  . "' || name; SELECT rf_set_tls(5); SELECT rf_adopt_database()");
ok( $node->poll_query_until('market', 'SELECT pending + retrying = 0 FROM rf_status'),
	'what waited in 0.3.0 is sent');
is_deeply({ map { $_ => sent_to($_, undef, 'market') } qw(ok busy dead queue template payer fields gone ops) },
	{ ok => 1, busy => 6, dead => 0, queue => 4, template => 0, payer => 1, fields => 0, gone => 0, ops => 0 },
	'to whom it was meant, and signed');
is(sent_to('template', qr/^v1a,\S{88}$/, 'market'), 1, 'by the key pair that was made there');
ok( $node->poll_query_until('market', q{
		SELECT state = 'fulfilled' FROM rf_reward WHERE rule_id = 2 ORDER BY id DESC LIMIT 1}),
	'an answer still fulfills');
my ($token) = $node->safe_psql('market', q{SELECT token FROM rf_create_inbound_token('shop', 'spring')});
is( $node->safe_psql('market', "SELECT status, body ->> 'state' FROM rf_inbound('$token', 'qualify', 'code=PER5')"),
	'200|qualified', 'what is new works');
is( $node->safe_psql('market', q{
		UPDATE rf_campaign SET currency = 'EUR' WHERE id = 1;
		INSERT INTO orders VALUES (3, 'PER2', 50);
		SELECT amount FROM rf_purchase ORDER BY id DESC LIMIT 1;}),
	'50.00', 'a table that was attached in 0.3.0 goes on');

$node->stop;
$sink->stop;
done_testing();
