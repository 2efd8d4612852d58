# Addresses are judged when they are dialled: what was allowed when the webhook
# was made, or hides behind a name, is not reached if it is not allowed now.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

# Whatever the environment says, no proxy is asked.
$ENV{http_proxy} = $ENV{https_proxy} = $ENV{all_proxy} = 'http://127.0.0.1:9/';

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");
my %webhook = map {
	$_ => $node->safe_psql('shop', sprintf(
			"INSERT INTO rf_webhook (url, retry_schedule) VALUES ('%s', '{0,1s,1s,1h}')"
			  . " RETURNING id", $sink->url("/ok/$_") =~ s/127\.0\.0\.1/$_/r))
} qw(127.0.0.1 localhost);

sub set_networks
{
	my ($networks) = @_;

	$node->safe_psql('postgres', "ALTER SYSTEM SET referral.allowed_networks = '$networks'");
	$node->reload;
	return;
}

sub await_attempts
{
	my ($what, $condition) = @_;

	ok( $node->poll_query_until('shop', "SELECT count(DISTINCT webhook_id) = 2 FROM rf_attempt"
			  . " WHERE $condition"), $what);
	return;
}

$node->safe_psql('shop', join_person('first@example.com'));
await_attempts('allowed: sent', "outcome = 'success' AND peer = '127.0.0.1'");

# The connections of the first requests are still open.
set_networks('10.0.0.0/8');
$node->safe_psql('shop', join_person('second@example.com'));
await_attempts('not allowed any more: refused, on open connections too',
	"outcome = 'retry' AND error LIKE 'forbidden target: %' AND status IS NULL");
is(scalar $sink->requests, 2, 'nothing was sent');

set_networks('127.0.0.0/8');
await_attempts('allowed again: tried again', "outcome = 'success' AND attempt > 1");

# In SQL the same settings decide.
set_networks('');
$node->poll_query_until('shop', "SELECT current_setting('referral.allowed_networks') = ''");
my ($status, undef, $error) = $node->psql('shop',
	"INSERT INTO rf_webhook (url) VALUES ('http://127.0.0.1/')", extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($error, qr/RF011: .*loopback/, 'a literal address is refused when the webhook is written');
is($node->safe_psql('shop', "SELECT count(*) FROM unnest('{http://127.0.0.1/,http://127.0.0.1:8080,"
		  . "http://localhost/,http://LOCALHOST:1,http://a.localhost/,http://localhost./,"
		  . "http://[::1]/,http://[::ffff:127.0.0.1]/,http://[64:ff9b::7f00:1]/}'::text[]) AS url"
		  . " WHERE rf_check_url(url) IS DISTINCT FROM 'loopback'"), '0', 'loopback in all its forms');
$node->safe_psql('postgres', "ALTER SYSTEM SET referral.allow_http = off");
$node->reload;
ok($node->poll_query_until('shop', "SELECT rf_check_url('http://example.com') LIKE '%not https'"),
	'http is refused unless it is allowed');
is($node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' RETURNING 1"), "1\n1",
	'a webhook that was allowed once can still be paused');
($status, undef, $error) = $node->psql('postgres',
	"ALTER SYSTEM SET referral.allowed_networks = '127.0.0.0/8, nonsense'");
like($error, qr/invalid value.*\n.*not an IPv4 or IPv6 network/, 'a wrong list is refused');

$node->stop;
done_testing();
