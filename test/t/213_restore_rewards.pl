# Rewards of every kind survive a dump: each way to restore gives the rows as they
# were and grants nothing. Afterwards the copy goes on exactly where the original
# is: limits count what was used, coupons are handed out in their order, recurring
# rewards keep their dates, whoever waits is served. Until it is adopted its clock
# stands still.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');

# Something of everything, and something that is not over: a reward on hold, one
# that waits for a coupon, periods still to come, a budget not used up.
$node->safe_psql('shop', q{
	CREATE EXTENSION referral;
	INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('spring', 'Spring', 'clawback');
	INSERT INTO rf_webhook (campaign_id, url) VALUES (1, 'https://hooks.example/');
	INSERT INTO rf_coupon (pool, code) VALUES ('few', 'Z-1'), ('few', 'A-2');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, every, metric, amount, unit, percent, cap, pool, hold, max_per_recipient, max_total, budget, period, levels, condition) VALUES
		(1, 'coupon', 'invited', 'invited_qualifies', 1, 'coupon', NULL, NULL, NULL, NULL, 'few', '0', NULL, NULL, NULL, 'ever', NULL, NULL),
		(1, 'month', 'referrer', 'invited_qualifies', 1, 'amount', 5, 'EUR', NULL, NULL, NULL, '0', NULL, 2, NULL, 'month', NULL, NULL),
		(1, 'person', 'referrer', 'invited_qualifies', 1, 'custom', 2, 'stars', NULL, NULL, NULL, '0', 3, NULL, NULL, 'ever', '[1]', '$.meta.n > 1'),
		(1, 'budget', 'referrer', 'purchase', 1, 'commission', NULL, 'EUR', 10, 7, NULL, '0', NULL, NULL, 20, 'ever', NULL, NULL),
		(1, 'share', 'referrer', 'invited_qualifies', 1, 'commission', NULL, NULL, 50, NULL, NULL, '0', NULL, NULL, NULL, 'ever', '[5]', NULL),
		(1, 'held', 'invited', 'invited_qualifies', 1, 'amount', 3, 'JPY', NULL, NULL, NULL, '40 years', NULL, NULL, NULL, 'ever', NULL, NULL);
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every, recur_times) VALUES
		(1, 'yearly', 'referrer', 'invited_qualifies', 'recurring', 9, 'EUR', '1 year', NULL),
		(1, 'monthly', 'invited', 'invited_qualifies', 'recurring', 1, 'EUR', '1 month', 3);
	INSERT INTO rf_participant (campaign_id, email, code, joined_at) VALUES (1, 'top@x.example', 'TOP', '2024-01-01');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES (1, 'ann@x.example', 'ANN', 'TOP', '2024-01-01');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at, meta)
		SELECT 1, 'p' || i || '@x.example', 'PER' || i, 'ANN', '2024-01-01', jsonb_build_object('n', i) FROM generate_series(1, 9) AS i;
	SELECT rf_record_purchase('PER1', 100, 'EUR', 'one', '2024-01-20');
	SELECT rf_qualify('PER1', 80, 'EUR', '2024-01-31');
	SELECT rf_qualify('PER2', occurred_at => '2024-01-31');
	SELECT rf_qualify('PER3', occurred_at => '2024-01-31');
	SELECT rf_qualify('PER4', 10, 'EUR', '2024-02-03');
	SELECT rf_record_refund('spring', 'one', 30);
	SELECT rf_tick();
	SELECT rf_unqualify('PER3');
	SELECT rf_fail(min(id)) FROM rf_reward WHERE state = 'issued';
	SELECT rf_fulfill(max(id)) FROM rf_reward WHERE state = 'issued' AND coupon IS NOT NULL;
	SELECT rf_tick();
});

# What a dump holds: rows that come with the extension are made by it, anew.
my %held = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('shop',
	q{SELECT config.id::regclass, config.condition FROM pg_extension, unnest(extconfig, extcondition) AS config (id, condition)
	WHERE extname = 'referral' AND config.id <> 'rf_home'::regclass});

sub rows_of
{
	my ($database) = @_;

	return join "\n", map {
		"$_ " . $node->safe_psql($database, /_seq$/
			? "SELECT last_value, is_called FROM $_"
			: "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)), count(*) FROM (SELECT * FROM $_ $held{$_}) AS t")
	} sort keys %held;
}

# What there is of each: an empty table proves nothing.
is($node->safe_psql('shop', q{
	SELECT (SELECT string_agg(DISTINCT state, ' ' ORDER BY state) FROM rf_reward),
		(SELECT count(*) > 3 FROM rf_quota), (SELECT count(*) > 3 FROM rf_recurrence),
		(SELECT count(*) FROM rf_reward WHERE reason LIKE 'no coupon%'), (SELECT count(*) > 0 FROM rf_reward WHERE original_id IS NOT NULL),
		(SELECT string_agg(state, ' ' ORDER BY id) FROM rf_coupon)}),
	'cancelled clawed_back due failed fulfilled issued pending rejected|t|t|1|t|seen seen', 'there is something of everything');

my $rows = rows_of('shop');
my $dump = "$PostgreSQL::Test::Utils::tmp_check/shop";
command_ok([ 'pg_dump', '-Fc', '-f', "$dump.custom", $node->connstr('shop') ], 'dump');
command_ok([ 'pg_dump', '--inserts', '-f', "$dump.inserts", $node->connstr('shop') ], 'dump of inserts');
command_ok([ 'pg_dump', '-f', "$dump.sql", $node->connstr('shop') ], 'plain dump');

my %restore = (
	'plain' => [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.sql" ],
	'inserts' => [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.inserts" ],
	'parallel' => [ 'pg_restore', '--exit-on-error', '-j', '4', "$dump.custom" ]);

# What happens next, in the original and in each copy.
my $later = q{
	SET referral.clock_offset = '366 d';
	SELECT rf_tick();
	SELECT rf_qualify('PER5', 60, 'EUR', '2024-01-31');
	SELECT rf_qualify('PER6', occurred_at => '2024-02-29');
	SELECT rf_qualify('PER3', occurred_at => '2024-03-05');
	SELECT rf_record_purchase('PER4', 55, 'EUR', 'two', '2024-03-01');
	SELECT rf_record_refund('spring', 'one');
	INSERT INTO rf_coupon (pool, code) VALUES ('few', 'M-3'), ('few', 'B-4');
	SELECT rf_apply_rule(id) FROM rf_reward_rule WHERE name = 'budget';
	SELECT rf_tick();
};
my $what = q{
	SELECT rule.name, p.code, s.code, r.ordinal, r.purchase_id, r.n, r.level, r.generation, r.amount, r.unit, r.coupon, r.state, r.reason,
		r.spend_base, r.percent, r.cap, r.last_purchase_id, CASE WHEN r.n IS NULL THEN r.earned_at END
	FROM rf_reward r JOIN rf_reward_rule rule ON rule.id = r.rule_id JOIN rf_participant p ON p.id = r.participant_id JOIN rf_participant s ON s.id = r.subject_id
	ORDER BY r.id;
	SELECT * FROM rf_quota ORDER BY 1, 2, 3;
	SELECT * FROM rf_coupon_pool;
	SELECT pool, code, state, reward_id FROM rf_coupon ORDER BY id;
	SELECT subject_id, rule_id, anchor, n, next_at FROM rf_recurrence ORDER BY 1, 2;
	SELECT id, state, invited_count, qualified_count FROM rf_participant ORDER BY id};

foreach my $how (sort keys %restore)
{
	my $database = "copy_$how";
	my ($program, @arguments) = @{ $restore{$how} };

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	command_ok([ $program, '-d', $node->connstr($database), @arguments ], "$how: restore");
	is(rows_of($database), $rows, "$how: every row as it was");
	is($node->safe_psql($database, q{SET referral.clock_offset = '3660 d'; SELECT rf_tick()}), '0',
		"$how: the clock stands still");
	is(rows_of($database), $rows, "$how: and nothing came of it");
	$node->safe_psql($database, 'SELECT rf_adopt_database()');
}
$node->safe_psql($_, $later) foreach 'shop', map { "copy_$_" } sort keys %restore;
my $went_on = $node->safe_psql('shop', $what);
foreach my $how (sort keys %restore)
{
	is($node->safe_psql("copy_$how", $what), $went_on, "$how: an adopted copy goes on where it was");
}
is($node->safe_psql('shop', q{
	SELECT string_agg(code || ' ' || coupon, ', ' ORDER BY reward_id) FROM rf_reward_status WHERE coupon IN ('M-3', 'B-4')}),
	'PER4 B-4, PER5 M-3', 'and serves who earned it first');

$node->stop;
done_testing();
