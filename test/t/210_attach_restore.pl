# Attached tables are dumped with their triggers, and no way to restore them
# makes anybody join or buy again. Afterwards the copy's tables are attached as
# the original's are.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE shop_owner; CREATE ROLE shop_writer LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE shop');

# Tables of an owner who is no superuser, one of them partitioned and with row
# security: people, orders that came complete, an order that may still be.
$node->safe_psql('shop', q{
	CREATE EXTENSION referral;
	INSERT INTO rf_campaign (slug, name, currency, min_spend) VALUES ('spring', 'Spring', 'EUR', 50);
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
		(1, 'join', 'referrer', 'invited_joins', 1, 'EUR'),
		(1, 'spend', 'referrer', 'invited_qualifies', 5, 'EUR');
	SELECT rf_grant('shop_owner', 'operator');
	GRANT CREATE ON SCHEMA public TO shop_owner;
	SET ROLE shop_owner;
	CREATE TABLE users (mail text, ref text, own_code text);
	CREATE TABLE orders (region int, ref text, total numeric)
		PARTITION BY LIST (region);
	CREATE TABLE orders_1 PARTITION OF orders FOR VALUES IN (1);
	CREATE TABLE orders_2 PARTITION OF orders FOR VALUES IN (2);
	ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
	ALTER TABLE orders FORCE ROW LEVEL SECURITY;
	CREATE POLICY all_rows ON orders USING (true) WITH CHECK (true);
	GRANT INSERT ON users, orders, orders_2 TO shop_writer;
	SELECT rf_attach_joins('users', 'spring', email => 'mail', referred_by => 'ref', code => 'own_code');
	SELECT rf_attach_purchases('orders', 'spring', code => 'ref', amount => 'total');
	INSERT INTO users VALUES ('ann@x.example', NULL, 'ANN');
	INSERT INTO users VALUES ('bob@x.example', 'ANN', 'BOB'), ('bad', NULL, NULL), (NULL, NULL, NULL);
	INSERT INTO orders (region, ref, total) VALUES (1, 'BOB', 60), (2, 'NO-SUCH', 1), (2, 'BOB', NULL);
});

sub rows_of
{
	my ($database) = @_;

	return join "\n", map {
		"$_ " . $node->safe_psql($database, "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)), count(*) FROM $_ AS t")
	} qw(rf_participant rf_purchase rf_reward rf_event rf_unmatched users orders);
}

sub triggers_of
{
	return $node->safe_psql($_[0], q{
		SELECT tgrelid::regclass, pg_get_triggerdef(oid), tgparentid <> 0
		FROM pg_trigger WHERE tgfoid IN ('rf_attached_joins'::regproc, 'rf_attached_purchases'::regproc)
		ORDER BY tgrelid::regclass::text COLLATE "C", 2});
}

# What an application does, with rights on its own tables only.
sub work_goes_on
{
	my ($database) = @_;

	$node->safe_psql($database, q{
		SET ROLE shop_writer;
		INSERT INTO users VALUES ('cat@x.example', 'ANN', 'CAT');
		INSERT INTO orders_2 (region, ref, total) VALUES (2, 'CAT', 50);
		RESET ROLE;
		UPDATE orders SET total = 7 WHERE ref = 'BOB' AND total IS NULL});
	return $node->safe_psql($database, q{
		SELECT string_agg(code || ' ' || state || ' ' || invited_count || ' ' || qualified_count, ', ' ORDER BY id)
			FROM rf_participant;
		SELECT string_agg(amount::text, ', ' ORDER BY id) FROM rf_purchase});
}

my $rows = rows_of('shop');
my $triggers = triggers_of('shop');
is(scalar(split /\n/, $triggers), 8, 'an insert trigger on each table, an update trigger each partition inherits');
my $dump = "$PostgreSQL::Test::Utils::tmp_check/shop";
my $from = $node->connstr('shop');

my %restore = (
	'plain' => sub {
		command_ok([ 'pg_dump', '-f', "$dump.sql", $from ], 'plain dump');
		run_psql($_[0], "$dump.sql");
	},
	'inserts' => sub {
		command_ok([ 'pg_dump', '--inserts', '-f', "$dump.sql", $from ], 'dump of inserts');
		run_psql($_[0], "$dump.sql");
	},
	'root' => sub {
		command_ok([ 'pg_dump', '--load-via-partition-root', '--enable-row-security', '-f', "$dump.sql", $from ],
			'dump by the root');
		run_psql($_[0], "$dump.sql");
	},
	'sections' => sub {
		foreach my $section (qw(pre-data data post-data))
		{
			command_ok([ 'pg_dump', "--section=$section", '-f', "$dump.sql", $from ], "dump of $section");
			run_psql($_[0], "$dump.sql");
		}
	},
	'parallel' => sub {
		command_ok([ 'pg_dump', '-Fc', '-f', "$dump.custom", $from ], 'dump');
		command_ok([ 'pg_restore', '--exit-on-error', '-j', '4', '-d', $node->connstr($_[0]), "$dump.custom" ],
			'parallel restore');
	});

sub run_psql
{
	my ($database, $file) = @_;

	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr($database) ],
		"$database restored");
}

foreach my $how (sort keys %restore)
{
	my $database = "copy_$how";

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$restore{$how}->($database);
	is(rows_of($database), $rows, "$how: every row as it was, nobody joined or bought");
	is(triggers_of($database), $triggers, "$how: the tables are attached");
	is(work_goes_on($database),
		"ANN active 2 2, BOB qualified 0 0, CAT qualified 0 0\n60.00, 50.00, 7.00",
		"$how: and new rows count");
}

# The extension takes its triggers along, the tables stay.
$node->safe_psql('copy_plain', 'DROP EXTENSION referral CASCADE');
$node->safe_psql('copy_plain', q{INSERT INTO users VALUES ('dan@x.example', 'ANN', 'DAN')});
is($node->safe_psql('copy_plain', 'SELECT count(*) FROM users'), '6', 'without the extension the tables go on');

$node->stop;
done_testing();
