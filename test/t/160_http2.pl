# HTTP/2 is spoken with who understands it, by libraries in which it works, and
# nobody else is asked for it twice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Certificates;
use IO::Socket::INET;
use Nginx;
use ServedNode;
use Test::More;
use WebhookSink;

my ($libcurl) = `curl-config --version 2>/dev/null` =~ /(\d+)\./;
plan skip_all => 'the version of libcurl is not known' unless defined $libcurl;
my $has_http2 = $libcurl >= 8;

my $node = served_node('main');
my $sink = WebhookSink->new;
my $people = 300;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

sub add_url
{
	my ($url, $version) = @_;

	return $node->safe_psql('shop', "INSERT INTO rf_webhook (url, events, max_in_flight, http_version)"
		  . " VALUES ('$url', '{referrer.joined}', 40, $version) RETURNING id");
}

# How often which version, whether all succeeded, and the last attempt.
sub await_attempts
{
	my ($webhook, $n, $expected, $what) = @_;
	my $of = "FROM rf_attempt WHERE webhook_id = $webhook";

	ok($node->poll_query_until('shop', "SELECT count(*) = $n $of"), "$what: all arrive");
	is($node->safe_psql('shop', "SELECT string_agg(DISTINCT http_version, ',' ORDER BY http_version)"
			  . ", bool_and(outcome = 'success'), max(attempt) $of"), "$expected|t|1", $what);
	return;
}

# ---- who does not understand it --------------------------------------------------

# It is asked for without TLS, where one cannot ask whether it is understood.
my $plain = add_url($sink->url('/ok/plain'), "'2'");
my $unasked = add_url($sink->url('/ok/unasked'), 'NULL');

# One that seems to understand, and then breaks the rules.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20) // die $!;
my $asked = PostgreSQL::Test::Utils::tempdir() . '/asked';
my $child = fork // die $!;
if ($child == 0)
{
	alarm 600;
	while (1)
	{
		my $connection = $listener->accept // next;
		my $begin = '';

		sysread $connection, $begin, 65536;
		PostgreSQL::Test::Utils::append_to_file($asked, substr($begin, 0, 3) . "\n");
		# A frame of settings, and one whose type and length make no sense.
		syswrite $connection, $begin =~ /^PRI/
		  ? pack('H*', '000000040000000000' . '00000806000000000001ffffff')
		  : "HTTP/1.1 204 Well\r\nConnection: close\r\n\r\n";
		sleep 1 if $begin =~ /^PRI/;
		close $connection;
	}
}
my $broken = add_url('http://127.0.0.1:' . $listener->sockport . '/', "'2'");

$node->safe_psql('shop', join_person("person$_\@example.com")) foreach 1 .. 3;
await_attempts($plain, 3, '1.1', 'a receiver that knows HTTP/1.1 alone');
await_attempts($unasked, 3, '1.1', 'nobody is asked for it without TLS');
await_attempts($broken, 3, '1.1', 'a receiver that breaks the rules of HTTP/2');
my @asked = split /\n/, PostgreSQL::Test::Utils::slurp_file($asked);
is(scalar(grep { $_ eq 'PRI' } @asked), $has_http2 ? 1 : 0, 'it was tried once with that one');
is(scalar(grep { $_ eq 'POS' } @asked), 3, 'and each arrived once');
kill 'KILL', $child;
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'");

# ---- who does -----------------------------------------------------------------------

SKIP:
{
	my $authority = authority('authority');
	my $nginx = Nginx->new($authority, 50);
	my $version = $has_http2 ? '2' : '1.1';

	skip 'nginx is not there', 9 unless defined $nginx;
	# What one asks for is not given to another that shares its connections.
	foreach (([ 'best', 'NULL', $version ], [ 'two', "'2'", $version ], [ 'one', "'1.1'", '1.1' ]))
	{
		my ($name, $asked_for, $spoken) = @$_;
		my $webhook = add_url($nginx->url("/$name"), $asked_for);

		$node->safe_psql('shop', sprintf 'SELECT rf_set_tls(%d, $$%s$$)', $webhook, pem($authority));
		$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
			  . " SELECT 1, '$name' || i || '\@example.com' FROM generate_series(1, $people) i");
		await_attempts($webhook, $people, $spoken, "asked for: $asked_for");
		$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $webhook");
	}

	my @requests = grep { defined $_->[3] } $nginx->requests;
	my %connections = map { $_->[0] => 1 } grep { $_->[1] =~ /^HTTP\/\Q$version\E/ } @requests;
	my $shared = grep { $_->[1] =~ /^HTTP\/\Q$version\E/ } @requests;
	is(scalar(grep { $_->[2] != 204 } @requests), 0, 'the receiver is content');
	cmp_ok($shared / keys %connections, '>=', $has_http2 ? 30 : 10, 'requests share connections');
	cmp_ok(scalar @requests, '<=', 3 * $people + 40, 'next to none is repeated');
}

unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/PANIC|terminated by signal/,
	'nothing crashed');
$node->stop;
done_testing();
