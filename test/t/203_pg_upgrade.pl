# pg_upgrade brings every row along, and nothing is born of it. The new cluster is another
# place: silent, until it is adopted; then what waited is sent, under the ids it had.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

my $sink = WebhookSink->new;
my $old = served_node('old');

create_served($old, 'shop');
$old->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
		VALUES (1, 'thanks', 'referrer', 'invited_qualifies', 5, 'EUR');
	INSERT INTO rf_webhook (url) VALUES ('%s');
	INSERT INTO rf_webhook (url, state) VALUES ('%s', 'paused');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@example.com', 'ANN');
	INSERT INTO rf_participant (campaign_id, email, referred_by, code) VALUES (1, 'bob@example.com', 'ANN', 'BOB');
	SELECT rf_qualify('BOB')}, $sink->url('/ok/sent'), $sink->url('/ok/waits')));
ok($old->poll_query_until('shop', 'SELECT parked = 4 AND pending = 0 FROM rf_status'),
	'some is sent, some waits');

my $rows = q{
	SELECT format('%s people, %s rewards, %s events, %s attempts, %s retries, %s secrets', p.n, r.n, e.n, a.n, t.n, s.n)
	FROM (SELECT count(*) n FROM rf_participant) p, (SELECT count(*) n FROM rf_reward) r,
		(SELECT count(*) n FROM rf_event) e, (SELECT count(*) n FROM rf_attempt) a,
		(SELECT count(*) n FROM rf_retry) t, (SELECT count(*) n FROM rf_secret) s};
my $before = $old->safe_psql('shop', $rows);
my $sent = $sink->requests;
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->append_conf('postgresql.conf', join "\n", "shared_preload_libraries = 'referral'",
	'referral.allow_http = on', "referral.allowed_networks = '127.0.0.0/8'", '');
my $bin = $old->config_data('--bindir');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $home = Cwd::getcwd();
chdir $dir or die $!;
command_ok([ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin,
		'-B', $bin, '-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
chdir $home;
$new->start;
ok(await_state($new, 'shop', 'silent'), 'the new cluster is silent');
is($new->safe_psql('shop', $rows), $before, 'every row as it was');
is(scalar $sink->requests, $sent, 'nothing was sent');

$new->safe_psql('shop', "SELECT rf_adopt_database(); UPDATE rf_webhook SET state = 'enabled'");
ok(await_state($new, 'shop', 'serving'), 'adopted, it serves');
ok($new->poll_query_until('shop', 'SELECT parked + retrying + pending = 0 FROM rf_status'),
	'what waited is sent');
my $ids = sub { join ' ', sort map { $_->{headers}{'webhook-id'} } $sink->requests($_[0]) };
is($ids->('/ok/waits'), $ids->('/ok/sent'), 'under the ids it had, and nothing twice');

$new->stop;
$sink->stop;
done_testing();
