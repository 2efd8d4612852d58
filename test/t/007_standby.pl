# A standby sends nothing; promoted, it takes over.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'referral'\n");
$primary->start;
create_served($primary, 'shop');

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

$primary->stop;
$standby->promote;
ok(await_state($standby, 'shop', 'serving'), 'served after promotion');

$standby->stop;
done_testing();
