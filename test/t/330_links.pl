# Links over HTTP: where they lead, who counts, and what becomes of clicks when a
# process or a day ends (design 8). What is decided of each link: sql/links.sql.
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
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'",
	"referral.trusted_proxies = '127.0.0.1/32'", 'referral.listen_rate = 0', 'wal_level = replica',
	'max_wal_senders = 4', 'restart_after_crash = on');
create_listened($node, 'shop');
$node->safe_psql('shop', <<'SQL');
INSERT INTO rf_campaign (slug, name, landing_url) VALUES
	('spring', 'Spring', 'https://shop.example/welcome?lang=en#top'),
	('broken', 'Broken', E'https://shop.example/\r\nX-Injected: yes\r\n\r\n<b>'),
	('nowhere', 'Nowhere', 'javascript:alert(1)');
INSERT INTO rf_campaign (slug, name, landing_url, fallback_url)
VALUES ('over', 'Over', 'https://shop.example/', 'https://shop.example/sorry');
INSERT INTO rf_participant (campaign_id, email, code) SELECT id, 'ann@people.example', upper(slug) || '-ANN' FROM rf_campaign;
UPDATE rf_campaign SET state = 'ended' WHERE slug = 'over';
SQL

# The bytes of a visit by someone with this address and browser.
sub visit
{
	my ($code, $address, $agent, $method, @headers) = @_;

	return join "\r\n", ($method // 'GET') . " /r/$code HTTP/1.1", 'Host: go.example',
	  "X-Forwarded-For: $address", "User-Agent: $agent", @headers, '', '';
}

sub follow { return call_over($port, visit(@_)) }

sub location { return $_[0] =~ /^location: ([^\r]*)\r$/im ? $1 : undef }

sub reach
{
	return $node->safe_psql('shop', "SELECT reach, clicks FROM rf_campaign_stats WHERE slug = 'spring'");
}

sub await_reach
{
	my ($visitors, $clicks, $name) = @_;

	ok( $node->poll_query_until('shop',
			"SELECT (reach, clicks) = ($visitors, $clicks) FROM rf_campaign_stats WHERE slug = 'spring'"),
		$name) or diag('reach: ' . reach());
	return;
}

# Many visits over one connection; how many were answered by a redirect.
sub crowd
{
	my ($n, $agent) = @_;
	my $socket = caller_to($port);
	my $redirected = 0;

	for (my $i = 0; $i < $n; $i += 50)
	{
		$socket->syswrite(join '', map { visit('spring-ann', '198.51.100.7', "$agent $_") } $i + 1 .. $i + 50);
		my $text = '';
		while (($text =~ s{HTTP/1\.1 302 .*?\r\n\r\n}{}s ? ++$redirected : 0) % 50 != 0 || $redirected < $i + 50)
		{
			next if $text =~ /\r\n\r\n/;
			last unless $socket->sysread($text, 65536, length $text);
		}
		last if $redirected < $i + 50;
	}
	return $redirected;
}

# ---- where links lead

my $answer = follow('SPRING-ANN', '192.0.2.1', 'browser');
is(status_of($answer), 302, 'a link leads on');
is(location($answer), 'https://shop.example/welcome?lang=en&ref=SPRING-ANN#top', 'to the landing page, with the code');
unlike($answer, qr/^set-cookie:/im, 'and sets nothing');
like($answer, qr/^cache-control: no-store\r$/im, 'nor is it kept, lest the next click go uncounted');
foreach my $code ('spring-ann', 'SPRING%2DANN', 'spring%20ann', 'springann', 'SPRING-ANN/')
{
	is(location(follow($code, '192.0.2.1', 'browser')),
		'https://shop.example/welcome?lang=en&ref=SPRING-ANN#top', "by the code as $code");
}
await_reach(1, 6, 'they count for one visitor');

is(location(follow('over-ann', '192.0.2.1', 'browser')), 'https://shop.example/sorry', 'one that is closed leads to the fallback');
foreach my $code ('no-such-code', 'spring-ann%0d%0aX-Injected:%20yes', 'spring-ann%00', '%C3%84NN', '%FF', '', '-', 'x' x 2000, 'nowhere-ann')
{
	$answer = follow($code, '192.0.2.1', 'browser');
	is(status_of($answer), 404, 'nowhere: ' . substr($code, 0, 40));
	unlike($answer, qr/^x-injected/im, 'and nothing of it comes back');
}
$answer = follow('broken-ann', '192.0.2.1', 'browser');
is(location($answer), 'https://shop.example/X-Injected:%20yes%3Cb%3E?ref=BROKEN-ANN', 'line ends in a landing page');
unlike($answer, qr/^x-injected/im, 'make no header');

# ---- who counts

$answer = follow('spring-ann', '192.0.2.9', 'previewer', 'HEAD');
is(status_of($answer) . ' ' . location($answer),
	'302 https://shop.example/welcome?lang=en&ref=SPRING-ANN#top', 'HEAD is led on');
is(status_of(follow('spring-ann', '192.0.2.9', 'browser', 'GET', "$_: prefetch")), 302, "so is a prefetch by $_")
  foreach 'Purpose', 'Sec-Purpose';
is(status_of(follow('spring-ann', '192.0.2.9', 'browser', 'POST', 'Content-Length: 0')), 405, 'POST is refused');
follow('spring-ann', '192.0.2.1', 'another browser');
follow('spring-ann', '192.0.2.2', 'browser');
follow('spring-ann', '2001:db8::1', 'browser');
await_reach(4, 9, 'none of them counts, but other browsers and addresses do');
is( $node->safe_psql('shop', "SELECT rf_click('spring-ann', '192.0.2.2', 'browser') IS NOT NULL"),
	't', 'an application counts a click');
await_reach(4, 10, 'for the same visitor');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_click k WHERE k::text ~ '192|browser'"), '0', 'who they were is kept nowhere');

# ---- many

is(crowd(3000, 'crowd'), 3000, 'a crowd is led on');
await_reach(3004, 3010, 'and counted, each of them');

# Nobody can write clicks for a while: visitors do not notice.
my $locker = $node->background_psql('shop');
$locker->query_safe('BEGIN; LOCK TABLE rf_click IN SHARE MODE');
my $log = -s $node->logfile;
is(crowd(11000, 'kept waiting'), 11000, 'all are led on while none can be counted');
ok( $node->poll_query_until('postgres',
		"SELECT pg_read_file('" . $node->logfile . "', $log, 10000000) LIKE '%clicks on links are no longer all counted%'"),
	'that not all will be counted is said');
$locker->query_safe('COMMIT');
$locker->quit;
ok( $node->poll_query_until('shop',
		"SELECT sum(clicks) BETWEEN 3010 + 10000 AND 3010 + 11000 FROM rf_click"),
	'those that were kept are counted later') or diag(reach());
cmp_ok($node->safe_psql('shop', 'SELECT count(*) FROM rf_click'), '<', 14500, 'and no more are told apart than there is room for');

# ---- when the process ends

my $before = $node->safe_psql('shop', 'SELECT sum(clicks) FROM rf_click');
follow('spring-ann', '192.0.2.50', "leaving $_") foreach 1 .. 5;
kill 'TERM', listener_pids($node);
ok($node->poll_query_until('shop', "SELECT sum(clicks) = $before + 5 FROM rf_click"), 'a listener that leaves writes what it gathered');
await_listener($node, 'shop');
follow('spring-ann', '192.0.2.50', "stopping $_") foreach 1 .. 5;
$node->restart;
await_listener($node, 'shop');
is($node->safe_psql('shop', 'SELECT sum(clicks) FROM rf_click'), $before + 10, 'also when the server stops');

follow('spring-ann', '192.0.2.50', 'counted');
ok($node->poll_query_until('shop', "SELECT sum(clicks) = $before + 11 FROM rf_click"), 'counted within a second');
$node->safe_psql('shop', 'CREATE TABLE durable_up_to_here ()');
follow('spring-ann', '192.0.2.50', 'lost, perhaps');
$log = -s $node->logfile;
kill 'KILL', listener_pids($node);
$node->wait_for_log(qr/database system is ready to accept connections/, $log);
await_listener($node, 'shop');
my $after = $node->safe_psql('shop', 'SELECT sum(clicks) FROM rf_click');
ok($after == $before + 11 || $after == $before + 12, 'one that is killed loses what it had just gathered, and no more');
is(status_of(follow('spring-ann', '192.0.2.50', 'again')), 302, 'its successor goes on');
ok($node->poll_query_until('shop', "SELECT sum(clicks) = $after + 1 FROM rf_click"), 'and counts');

# ---- when the day ends

my $visitors = 'SELECT count(DISTINCT visitor) FROM rf_click WHERE octet_length(visitor) = 16';
$node->safe_psql('shop', 'DELETE FROM rf_click');
follow('spring-ann', '192.0.2.1', 'browser');
ok($node->poll_query_until('shop', 'SELECT count(*) = 1 FROM rf_click'), 'a visitor of today');
my $salt = $node->safe_psql('shop', 'SELECT salt FROM rf_click_salt ORDER BY day LIMIT 1');
$node->safe_psql('shop', "ALTER SYSTEM SET referral.clock_offset = '26h'; SELECT pg_reload_conf()");
ok( $node->poll_query_until('shop', "SELECT current_setting('referral.clock_offset') = '26h'"), 'the day after');
ok(poll_by(sub { follow('spring-ann', '192.0.2.1', 'browser') }, 'SELECT count(DISTINCT day) = 2 FROM rf_click'), 'the same visitor on that day');
is($node->safe_psql('shop', $visitors), '2', 'is not known to be the same');
$node->safe_psql('shop', 'SELECT rf_tick()');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_click_salt WHERE salt = '$salt'"), '0', 'by nobody: the first salt is gone');
is($node->safe_psql('shop', $visitors), '1', 'and so is the first hash');
is($node->safe_psql('shop', 'SELECT count(*), min(visitors) FROM rf_click'), '2|1', 'the number stays');
$node->safe_psql('shop', "ALTER SYSTEM RESET referral.clock_offset; SELECT pg_reload_conf()");

# ---- a standby

$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
my $there = PostgreSQL::Test::Cluster::get_free_port();
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "referral.listen = '127.0.0.1:$there/shop'");
$standby->start;
my $request = visit('spring-ann', '192.0.2.1', 'browser');
ok(wait_for(sub { status_of($answer = call_over($there, $request)) == 503 }), 'a standby leads nobody on');
like($answer, qr/^retry-after: \d+\r$/im, 'but says that it may later');
$node->stop;
$standby->promote;
ok(wait_for(sub { status_of($answer = call_over($there, $request)) == 302 }), 'promoted it does');
ok( $standby->poll_query_until('shop', "SELECT count(*) > 0 FROM rf_click WHERE octet_length(visitor) = 16"), 'and counts');
$standby->stop;

done_testing();

# Do it again and again until the query is true.
sub poll_by
{
	my ($do, $query) = @_;

	return wait_for(sub { $do->(); $node->safe_psql('shop', $query) eq 't' });
}

sub wait_for
{
	my ($is_so) = @_;

	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return 1 if $is_so->();
		select undef, undef, undef, 0.1;
	}
	return 0;
}
