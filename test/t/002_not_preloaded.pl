# Without shared_preload_libraries everything but sending works, and CREATE
# EXTENSION says so.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

my ($status, $out, $warning) = $node->psql('postgres', 'CREATE EXTENSION referral');
is($status, 0, 'CREATE EXTENSION works');
like($warning, qr/WARNING:  referral is not in shared_preload_libraries/, 'and warns');
like($warning, qr/DETAIL:  Everything works except that no webhook is sent\./,
	'with what that means');
like($warning, qr/HINT:  Add referral to shared_preload_libraries and restart/,
	'and what to do');
is( $node->safe_psql('postgres', 'SELECT pid, state FROM rf_worker_status()'),
	'|not preloaded', 'rf_worker_status() says it too');

$node->safe_psql('postgres', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (name, url) VALUES ('crm', 'https://crm.example/hook');
	INSERT INTO rf_participant (campaign_id, email)
		SELECT id, 'ann@example.com' FROM rf_campaign;});
is($node->safe_psql('postgres', 'SELECT type FROM rf_event'),
	'referrer.joined', 'people join, and events wait');
is($node->safe_psql('postgres', 'SELECT count(*) FROM rf_outbox'), '1', 'to be sent');

# The first function called loads the library, and with it the settings.
is( $node->safe_psql('postgres', q{
		SET referral.clock_offset = '1d';
		SELECT count(*) FROM rf_worker_status();
		SHOW referral.clock_offset}),
	"1\n1d", 'settings are there');
($status, $out, $warning) = $node->psql('postgres',
	'SELECT count(*) FROM rf_worker_status(); SET referral.nonsense = 1');
like($warning, qr/invalid configuration parameter name "referral.nonsense"/,
	'and others of the name are refused');

# Preloaded later, it sends what has waited.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'referral'\n");
$node->restart;
ok( $node->poll_query_until('postgres',
		"SELECT state = 'serving' FROM rf_worker_status()"),
	'served once it is preloaded');

$node->stop;
done_testing();
