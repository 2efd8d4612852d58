# A slow, dead or hostile endpoint is a failure of its own: it holds back no
# other, and costs neither memory nor the connection of the worker.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main', 'referral.max_in_flight = 16');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

# What the endpoint does, and what the attempt then says: status and error.
my %hostile = (
	'/hang' => [ undef, qr/timed out/i ],
	'/drip' => [ 200, qr/timed out/i ],
	'/drip-header' => [ 200, qr/timed out/i ],
	'/reset' => [ undef, qr/reset|empty reply|failure when receiving/i ],
	'/close' => [ undef, qr/empty reply/i ],
	'/garbage' => [ undef, qr/HTTP\/0\.9/ ],
	'/headers' => [ 200, qr/longer than 16384 bytes/ ],
	'/redirect' => [ 302, qr/HTTP status 302/ ],
	'/early' => [ 413, qr/HTTP status 413/ ],
	'/status/404' => [ 404, qr/HTTP status 404/ ],
);
my $refused = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
my %url = map { $_ => $sink->url($_) } keys %hostile, '/flood', '/ok/healthy';
$url{refused} = 'http://127.0.0.1:' . $refused->sockport . '/';
$hostile{refused} = [ undef, qr/connect|refused/i ];
$url{unresolvable} = 'http://no-such-host.invalid/';
close $refused;

my %webhook;
foreach my $name (sort keys %url)
{
	$webhook{$name} = $node->safe_psql('shop',
		"INSERT INTO rf_webhook (url, timeout) VALUES ('$url{$name}', '2 s') RETURNING id");
}

my $pid = worker_pid($node, 'shop');
sub worker_memory
{
	open my $status, '<', "/proc/$pid/status" or return 0;
	my ($kilobytes) = map { /^RssAnon:\s+(\d+)/ ? $1 : () } <$status>;
	return $kilobytes;
}
my $memory = worker_memory();

my $people = 20;
$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'person' || i || '\@example.com' FROM generate_series(1, $people) i");
my $start = time;
$sink->await($people, '/ok/healthy');
cmp_ok(time - $start, '<=', scaled(2), 'a healthy endpoint is served while others hang');

foreach my $name (sort keys %hostile)
{
	my ($status, $error) = @{ $hostile{$name} };
	my $of = "FROM rf_attempt WHERE webhook_id = $webhook{$name} AND attempt = 1";

	ok($node->poll_query_until('shop', "SELECT count(*) > 0 $of AND outcome = 'retry'"),
		"$name is a failure");
	is($node->safe_psql('shop', "SELECT status $of LIMIT 1"), $status // '', "$name: its status");
	like($node->safe_psql('shop', "SELECT error $of LIMIT 1"), $error, "$name: its error");
}
ok($node->poll_query_until('shop',
		"SELECT count(*) = $people FROM rf_attempt WHERE webhook_id = $webhook{'/flood'}"
		  . " AND outcome = 'success' AND status = 200"), 'a 200 with a gigabyte counts');
is($node->safe_psql('shop',
		"SELECT max(octet_length(response)) FROM rf_attempt WHERE webhook_id = $webhook{'/flood'}"),
	'4096', 'of which 4 KiB are kept');
is(scalar $sink->requests('/ok') - $sink->requests('/ok/healthy'), 0, 'no redirect was followed');
is(worker_pid($node, 'shop'), $pid, 'the worker is the same');
cmp_ok(worker_memory() - $memory, '<', scaled(16 * 1024), 'and has not grown');

# At most one request at a time to who does not answer.
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt a JOIN rf_attempt b"
		  . " ON b.webhook_id = a.webhook_id AND b.delivery_id > a.delivery_id"
		  . " AND b.started_at BETWEEN a.started_at AND a.started_at + a.total_us * interval '1 us'"
		  . " WHERE a.webhook_id = $webhook{'/hang'}"), '0',
	'an endpoint that does not answer gets one request at a time');

my $crash = qr/PANIC|terminated by signal|was not properly shut down/;
unlike(slurp_log(), $crash, 'nothing crashed');
sub slurp_log { return PostgreSQL::Test::Utils::slurp_file($node->logfile) }

$node->stop;
done_testing();
