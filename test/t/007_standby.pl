# A standby sends nothing; promoted, it takes over, and sends what the primary could not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'referral'\n"
	  . "referral.allow_http = on\nreferral.allowed_networks = '127.0.0.0/8'\n");
$primary->start;
create_served($primary, 'shop');
my $sink = WebhookSink->new;
$primary->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . " INSERT INTO rf_webhook (url) VALUES ('" . $sink->url('/hold') . "')");

$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is( $standby->safe_psql('shop', 'SELECT pid, state FROM rf_worker_status()'),
	'|no launcher', 'no launcher on a standby');
is( $standby->safe_psql('shop',
		"SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'referral%'"),
	'0', 'nor any other process of ours');

# Ten people join; the receiver holds back the answers.
$primary->safe_psql('shop', join_person("person$_\@example.com")) foreach 1 .. 10;
my $before = $sink->await(1);
$primary->wait_for_catchup($standby);
is($standby->safe_psql('shop', 'SELECT count(*) FROM rf_event'), '10', 'the standby has the events');
$primary->stop('immediate');
is(scalar $sink->requests, $before, 'and sends none of them');

$standby->promote;
ok(await_state($standby, 'shop', 'serving'), 'served after promotion');
$sink->release;
ok( $standby->poll_query_until('shop',
		"SELECT count(DISTINCT event_id) = 10 FROM rf_attempt WHERE outcome = 'success'"),
	'all are sent after promotion');
my %ids = map { $_->{headers}{'webhook-id'} => 1 } $sink->requests;
is(scalar keys %ids, 10, 'under the ids they had');
$sink->stop;

$standby->stop;
done_testing();
