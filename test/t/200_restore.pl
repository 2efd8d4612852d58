# Every way to restore a dump gives back the rows as they were: no event, no
# reward, no delivery is born of it. A copy is silent until it is adopted, and
# then sends what waits under the ids it had.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = served_node('main');
my $receiver = hung_receiver();

# Rows of every kind, and deliveries that wait: the receiver never answers.
create_served($node, 'shop');
add_webhook($node, 'shop', $receiver);
$node->safe_psql('shop', q{
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, unit)
		VALUES (1, 'steps', 'referrer', 'invited_qualifies', 'milestone', 'EUR');
	INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (1, 1, 5), (1, 2, 7);
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@x.example', 'ANN');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		VALUES (1, 'bob@x.example', 'BOB', 'ANN'), (1, 'cat@x.example', 'CAT', 'ANN');
	SELECT rf_qualify('BOB');
	SELECT rf_qualify('CAT');
	SELECT rf_unqualify('CAT');
	SELECT rf_record_purchase('BOB', 10, 'EUR', 'order');
	SELECT rf_record_refund((SELECT slug FROM rf_campaign), 'order', 3);
	SELECT rf_set_headers(1, '{"x-key": "secret"}');
	INSERT INTO rf_fraud_rule (campaign_id, signal, action) VALUES
		(1, 'plus_alias', 'hold'), (1, 'disposable', 'block');
	INSERT INTO rf_blocked (email) VALUES ('Bad@x.example');
	INSERT INTO rf_blocked (network) VALUES ('192.0.2.0/24');
	INSERT INTO rf_disposable_domain (domain, disposable) VALUES ('own.example', true), ('yopmail.com', false);
	SELECT rf_sign_inbound(inbound_id, 'stripe', 'whsec_first')
		FROM rf_create_inbound_token('stripe', mapping => 'stripe');
	SELECT rf_sign_inbound(1, 'stripe', 'whsec_second', keep => '1 hour');
	SELECT rf_rotate_inbound_token(1, '1 hour');
	SELECT rf_create_inbound_token('crm', (SELECT slug FROM rf_campaign), expires_at => '2099-01-01');
	SELECT rf_revoke_inbound_token(2);
	INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('till', 1, 'qualify', '$.code');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		VALUES (1, 'eve+2@x.example', 'EVE', 'ANN'), (1, 'fay@yopmail.net', 'FAY', 'ANN');});

# The rows that are dumped, of all tables but those the worker writes while we look.
my @tables = split /\n/, $node->safe_psql('shop', q{
	SELECT d.table_id::regclass || ' ' || d.condition
	FROM pg_extension, unnest(extconfig, extcondition) AS d (table_id, condition)
	WHERE extname = 'referral' AND d.table_id <> ALL (ARRAY['rf_home', 'rf_retry',
		'rf_webhook_state', 'rf_dead',
		'rf_attempt_0', 'rf_attempt_1', 'rf_attempt_2', 'rf_attempt_3']::regclass[])});

sub rows_of
{
	my ($database) = @_;

	return join "\n", map {
		my ($table, $condition) = split / /, $_, 2;
		"$table " . $node->safe_psql($database, $table =~ /_seq$/
			? "SELECT last_value, is_called FROM $table"
			: "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM $table AS t $condition")
	} sort @tables;
}

my $rows = rows_of('shop');
my $expected = $node->safe_psql('shop',
	'SELECT string_agg(rf_message_id(home, id), E\'\n\' ORDER BY id) FROM rf_event');
my $dump = "$PostgreSQL::Test::Utils::tmp_check/shop";
command_ok([ 'pg_dump', '-Fc', '-f', "$dump.custom", $node->connstr('shop') ], 'dump');

my %restore = (
	'plain' => sub {
		my ($database) = @_;
		command_ok([ 'pg_dump', '-f', "$dump.sql", $node->connstr('shop') ], 'plain dump');
		command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.sql",
				$node->connstr($database) ], 'plain restore');
	},
	'inserts' => sub {
		my ($database) = @_;
		command_ok([ 'pg_dump', '--inserts', '-f', "$dump.sql", $node->connstr('shop') ],
			'dump of inserts');
		command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.sql",
				$node->connstr($database) ], 'restore of inserts');
	},
	'parallel' => sub {
		my ($database) = @_;
		command_ok([ 'pg_restore', '--exit-on-error', '-j', '4', '-d',
				$node->connstr($database), "$dump.custom" ], 'parallel restore');
	});

foreach my $how (sort keys %restore)
{
	my $database = "copy_$how";

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$restore{$how}->($database);
	is(rows_of($database), $rows, "$how: every row as it was");
	ok(await_state($node, $database, 'silent'), "$how: the copy is silent");
	is($node->safe_psql($database, 'SELECT at_home FROM rf_status'), 'f',
		"$how: and says so");
}
ok($node->log_contains(qr/rf_adopt_database/), 'the log tells how to adopt a copy');

# The copy takes over: what waits is sent, under the ids it had.
my $sent = hung_receiver();
$node->safe_psql('copy_parallel',
	"UPDATE rf_webhook SET url = 'http://127.0.0.1:" . $sent->sockport . "/'");
$node->safe_psql('copy_parallel', 'SELECT rf_adopt_database()');
ok(await_state($node, 'copy_parallel', 'serving'), 'an adopted copy is served');
my %seen;
while (keys %seen < split /\n/, $expected)
{
	my $request = await_request($sent) or last;
	$seen{$1} = 1 if answer_request($request) =~ /^webhook-id: (\S+)/im;
}
is(join("\n", sort keys %seen), join("\n", sort split /\n/, $expected),
	'an adopted copy sends what waited, under the same ids');

# New events of the two databases cannot be mistaken for each other.
$node->safe_psql($_, join_person('dan@x.example')) foreach 'shop', 'copy_parallel';
my $new = q{SELECT rf_message_id(home, id) FROM rf_event ORDER BY id DESC LIMIT 1};
isnt($node->safe_psql('shop', $new), $node->safe_psql('copy_parallel', $new),
	'new events of a copy have ids of their own');

# A place may have a name: another name is another place.
$node->append_conf('postgresql.conf', "referral.deliver_as = 'staging'");
$node->reload;
ok(await_state($node, 'shop', 'silent'), 'under another name a database is silent');
$node->append_conf('postgresql.conf', "referral.deliver_as = ''");
$node->reload;
ok(await_state($node, 'shop', 'serving'), 'and speaks again under its own');

$node->stop;
done_testing();
