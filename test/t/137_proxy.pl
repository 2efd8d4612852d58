# A proxy is used if the setting names one, and only then. It is ours: what it
# cannot do costs no attempt, unless it tells that the receiver was not there.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Certificates;
use IO::Socket::INET;
use ServedNode;
use Test::More;
use TestProxy;
use WebhookSink;

plan skip_all => 'no IO::Socket::SSL' unless eval { require IO::Socket::SSL };

# What the environment says of proxies does not count, and neither does whom it
# excepts from them.
$ENV{http_proxy} = $ENV{https_proxy} = $ENV{all_proxy} = 'http://127.0.0.1:9/';
$ENV{no_proxy} = '*';

my $node = served_node('main');
my $sink = WebhookSink->new;
my $proxy = TestProxy->new;
my $authority = authority('authority');
my $certificate = certificate('receiver', $authority, 'DNS:hooks.example');
my $tls = WebhookSink->new(
	SSL_cert_file => pem_file($certificate), SSL_key_file => pem_file($certificate, 'key'));

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

sub set_proxy
{
	my ($url) = @_;

	$node->safe_psql('postgres', "ALTER SYSTEM SET referral.proxy = '$url'");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT current_setting('referral.proxy') = '$url'");
	return;
}

sub add_url
{
	my ($url) = @_;

	return $node->safe_psql('shop', "INSERT INTO rf_webhook (url, events, retry_schedule)"
		  . " VALUES ('$url', '{referrer.joined}', '{0,1h}') RETURNING id");
}

my $people = 0;
sub cause_event
{
	$node->safe_psql('shop', join_person('person' . $people++ . '@example.com'));
	return;
}

sub await_attempt
{
	my ($webhook, $condition, $what) = @_;

	return ok($node->poll_query_until('shop',
			"SELECT count(*) > 0 FROM rf_attempt WHERE webhook_id = $webhook AND $condition"), $what);
}

# From the last renewal of the worker on.
my $log_from = 0;
sub await_log
{
	my ($text, $what) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;

	until (PostgreSQL::Test::Utils::slurp_file($node->logfile, $log_from) =~ $text)
	{
		return fail($what) if time > $end;
		select undef, undef, undef, 0.1;
	}
	return pass($what);
}

sub pause_all { $node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'") }

# A worker that has not complained yet.
sub renew_worker
{
	my $pid = worker_pid($node, 'shop');

	$log_from = -s $node->logfile;
	$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
	return other_worker($node, 'shop', $pid);
}

sub attempts { return $node->safe_psql('shop', "SELECT count(*) FROM rf_attempt WHERE webhook_id = $_[0]") }

# ---- none -------------------------------------------------------------------------

my $literal = add_url($sink->url('/ok/literal'));
cause_event();
await_attempt($literal, "outcome = 'success'", 'without the setting: no proxy is asked');
is($proxy->asked, '', 'not this one either');
pause_all();

# ---- one -------------------------------------------------------------------------

$node->safe_psql('postgres', "ALTER SYSTEM SET referral.allowed_networks = ''");
set_proxy($proxy->url('http'));
my $named = add_url("http://hooks.example:$sink->{port}/ok/named");
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled' WHERE id = $literal");
cause_event();
await_attempt($named, "outcome = 'success' AND peer = '127.0.0.1'",
	'the proxy is asked, wherever it is, and finds the name');
like($proxy->asked, qr{^POST http://hooks\.example:\d+/ok/named }m, 'it was asked by name');
await_attempt($literal, "outcome = 'retry' AND error_class = 'forbidden'",
	'a forbidden address is not dialled by the proxy either');
my $route = IO::Socket::INET->new(PeerAddr => '203.0.113.1:9', Proto => 'udp');
SKIP:
{
	my ($status) = $route
	  ? $node->psql('shop', "SELECT 1 WHERE rf_check_url('http://" . $route->sockhost . "/') IS NULL")
	  : 3;

	skip 'this machine has no public address', 1
	  unless $status == 0 && $route->sockhost !~ /^(10|127|172|192|169)\./;
	my $own = add_url('http://' . $route->sockhost . ':1/');
	cause_event();
	await_attempt($own, "error_class = 'forbidden'", 'nor one of this machine');
}
pause_all();

my $secret = add_url("https://hooks.example:$tls->{port}/ok/tunnel");
$node->safe_psql('shop', sprintf 'SELECT rf_set_tls(%d, $$%s$$)', $secret, pem($authority));
cause_event();
await_attempt($secret, "outcome = 'success'", 'with TLS: through a tunnel');
my ($connect) = $proxy->asked =~ /(CONNECT hooks\.example.*?\r\n\r\n)/s;
unlike($connect // 'webhook-', qr/webhook-|referral-/i, 'of what is sent in it the proxy hears nothing');
is($node->safe_psql('shop', "SELECT response_headers FROM rf_attempt WHERE webhook_id = $secret"), '',
	'and what the proxy said is not taken for an answer');

set_proxy($proxy->url('socks5h'));
cause_event();
await_attempt($secret, "outcome = 'success' AND event_id = (SELECT max(id) FROM rf_event)", 'SOCKS');
like($proxy->asked, qr/^socks 3 hooks\.example:$tls->{port}$/m, 'by name, too');
pause_all();

# ---- what goes wrong -----------------------------------------------------------------

set_proxy($proxy->url('http', 'fails'));
my $unreachable = add_url("https://unreachable.example:$tls->{port}/");
cause_event();
await_attempt($unreachable, "outcome = 'retry' AND error_class = 'connect'",
	'the proxy does not reach the receiver: an attempt that failed');
pause_all();
set_proxy($proxy->url('socks5h', 'fails'));
$unreachable = add_url("https://unreachable.example:$tls->{port}/");
cause_event();
await_attempt($unreachable, "outcome = 'retry' AND error_class = 'connect'", 'the same in SOCKS');
pause_all();

foreach (([ 'https', 'refuses' ], [ 'http', 'refuses' ]))
{
	my ($target, $behaviour) = @$_;
	my $port = $target eq 'https' ? $tls->{port} : $sink->{port};

	renew_worker();
	set_proxy($proxy->url('http', $behaviour));
	my $webhook = add_url("$target://hooks.example:$port/ok/refused-$target");
	$node->safe_psql('shop', sprintf 'SELECT rf_set_tls(%d, $$%s$$)', $webhook, pem($authority));
	cause_event();
	await_log(qr/could not send a webhook: .*407/, "$target: the proxy does not know us: said");
	is(attempts($webhook), '0', "$target: and no attempt");
	set_proxy($proxy->url('http'));
	await_attempt($webhook, "outcome = 'success' AND attempt = 1", "$target: it does: sent");
	pause_all();
}

renew_worker();
my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
my $closed_port = $closed->sockport;
close $closed;
set_proxy("http://127.0.0.1:$closed_port");
my $patient = add_url("http://hooks.example:$sink->{port}/ok/patient");
cause_event();
await_log(qr/could not send a webhook: .*$closed_port/, 'no proxy is there: said');
is(attempts($patient), '0', 'and no attempt');
set_proxy($proxy->url('http'));
await_attempt($patient, "outcome = 'success' AND attempt = 1", 'there it is: sent');

# ---- the setting ---------------------------------------------------------------------

foreach my $wrong ('127.0.0.1:3128', 'ftp://proxy.example', 'socks5://proxy.example', 'http://',
	'http://proxy.example/path', 'http://proxy example')
{
	my (undef, undef, $error) = $node->psql('postgres', "ALTER SYSTEM SET referral.proxy = '$wrong'");
	like($error, qr/invalid value for parameter "referral.proxy"/, "no proxy: $wrong");
}
$node->safe_psql('postgres', 'CREATE ROLE app');
my (undef, undef, $error) = $node->psql('postgres',
	"SET ROLE app; SELECT current_setting('referral.proxy')");
like($error, qr/must be superuser|permission denied/, 'its password is not for everybody');

$node->stop;
done_testing();
