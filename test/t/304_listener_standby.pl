# A standby listens and answers 503; promoted, it serves without a restart.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $other = PostgreSQL::Test::Cluster::get_free_port();
my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf',
	"shared_preload_libraries = 'referral'\nmax_worker_processes = 20\nreferral.listen = '127.0.0.1:$port/shop'\n");
$primary->start;
create_listened($primary, 'shop');
my $token = $primary->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('spring', 'Spring', 'https://shop.example/');
	INSERT INTO rf_participant (campaign_id, email, code)
		SELECT id, 'r@example.com', 'RRRR' FROM rf_campaign;
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		SELECT id, 'a@example.com', 'AAAA', 'RRRR' FROM rf_campaign;
	SELECT token FROM rf_create_inbound_token('shop');});
my $call = "POST /webhook/$token/qualify HTTP/1.1\r\nHost: test\r\n"
  . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ncode=AAAA";

$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$other/shop'");
$standby->start;
$primary->wait_for_catchup($standby);

ok(await_listener($standby, 'shop', 'recovery'), 'a standby listens');
my $answer = call_over($other, $call);
is(status_of($answer), 503, 'calls are answered with 503');
like($answer, qr/^Retry-After: \d+/m, 'and when to come again');
is(status_of(get_over($other, '/r/AAAA')), 503, 'so are links');
$answer = get_over($other, '/health');
is(status_of($answer), 503, 'health is bad');
like($answer, qr/recovery/, 'because of recovery');
is(status_of(get_over($other, '/metrics')), 200, 'metrics are there');
my ($pid) = listener_pids($standby);

# A database that is dropped on the primary is not kept by the listener.
$primary->safe_psql('postgres', 'CREATE DATABASE spare TEMPLATE shop');
$primary->wait_for_catchup($standby);

$primary->stop;
$standby->promote;
ok(await_listener($standby, 'shop'), 'promoted, it serves');
is(status_of($answer = call_over($other, $call)), 200, 'calls are answered');
like($answer, qr/"changed": ?true/, 'and carried out');
is(status_of(get_over($other, '/r/AAAA')), 302, 'links lead on');
is_deeply([ listener_pids($standby) ], [$pid], 'by the process that was there before');
$standby->stop;

# A standby whose database is dropped lets go of it.
$primary->start;
$primary->backup('second');
my $second = PostgreSQL::Test::Cluster->new('second');
$second->init_from_backup($primary, 'second', has_streaming => 1);
$second->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$other/spare'");
$second->start;
ok(await_listener($second, 'spare', 'recovery', 'shop'), 'another standby listens');
my $caller = caller_to($other);
$primary->safe_psql('postgres', 'DROP DATABASE spare');
$primary->wait_for_catchup($second);
ok(is_closed($caller), 'a database is dropped under its callers');
ok(await_listener($second, 'spare', 'waiting', 'shop'), 'and waited for');
$second->stop;
$primary->stop;
done_testing();
