# A line for each request, at the level that was chosen, that says what was asked by
# whom and what became of it, and never a token.
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
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'", 'referral.log_requests = log');
create_listened($node, 'shop');
$node->safe_psql('shop',
	"INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('spring', 'Spring', 'https://shop.example/')");
my ($id, $token) = split /\|/, $node->safe_psql('shop',
	"SELECT * FROM rf_create_inbound_token('test', 'spring', '{qualify,participant}')");
my $code = $node->safe_psql('shop', "SELECT code FROM rf_join('spring', 'ann\@example.com')");
my $host = "Host: test\r\n";
my $seen = -s $node->logfile;

# The line that a request leaves.
sub line_of
{
	my ($request) = @_;
	my $from = -s $node->logfile;
	my @lines;

	call_over($port, $request);
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		@lines = grep { / ms, / } split /\n/, slurp_file($node->logfile, $from);
		last if @lines;
		select undef, undef, undef, 0.1;
	}
	return join "\n", map { s/^.*? LOG:  //r =~ s/ in [\d.]+ ms/ in N ms/r } @lines;
}

sub post
{
	my ($path, $body) = @_;

	return "POST $path HTTP/1.1\r\n${host}Content-Length: " . length($body) . "\r\n\r\n$body";
}

is(line_of(post("/webhook/$token/qualify", 'code=NOBODY')),
	"POST /webhook/***/qualify: 422 in N ms, 127.0.0.1, token $id, RF002", 'a call');
is(line_of("GET /webhook/$token/participant?code=$code HTTP/1.1\r\n$host\r\n"),
	"GET /webhook/***/participant: 200 in N ms, 127.0.0.1, token $id", 'without its query');
is(line_of("GET /r/$code HTTP/1.1\r\n$host\r\n"), "GET /r/$code: 302 in N ms, 127.0.0.1", 'a link');
is(line_of("HEAD /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n"),
	'HEAD /health: 200 in N ms, 127.0.0.1', 'health');
is(line_of("GET /metrics HTTP/1.1\r\n$host\r\n"), 'GET /metrics: 200 in N ms, 127.0.0.1', 'metrics');
is(line_of(post('/webhook/rfi_none/qualify', '')),
	'POST /webhook/***/qualify: 404 in N ms, 127.0.0.1', 'an unknown token');
is(line_of("FROB /nothing HTTP/1.1\r\n$host\r\n"), '? /nothing: 404 in N ms, 127.0.0.1', 'a strange method');
is(line_of("GET /nothing?token=$token HTTP/1.1\r\n$host\r\n"), 'GET /nothing: 404 in N ms, 127.0.0.1',
	'a token in a query');
is(line_of(post("/Webhook/$token/qualify", '')), 'POST /Webhook/***/qualify: 404 in N ms, 127.0.0.1',
	'in a path that is none of ours');
is(line_of(post("/api/webhook/$token", '')), 'POST /api/webhook/***: 404 in N ms, 127.0.0.1', 'or that');
is(line_of(post("/webhook/x/$token", '')), 'POST /webhook/x/***: 404 in N ms, 127.0.0.1',
	'or in the wrong part');
is(line_of("GET /r/$token HTTP/1.1\r\n$host\r\n"), 'GET /r/***: 404 in N ms, 127.0.0.1', 'or as a code');
is(line_of("POST /webhook/$token/qualify HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
	'POST /webhook/***/qualify: 400 in N ms, 127.0.0.1', 'in a malformed request');
is(line_of("POST /webhook/$token/qualify HTTP/1.1\r\n${host}Content-Length: 9999999\r\n\r\n"),
	'POST /webhook/***/qualify: 413 in N ms, 127.0.0.1', 'in one that is too large');
is(line_of("GET /no\e[31m%0aLOG:x HTTP/1.1\r\n$host\r\n"), 'GET /no?[31m%0aLOG:x: 400 in N ms, 127.0.0.1',
	'nothing harms a terminal');
{
	my $from = -s $node->logfile;
	my $socket = caller_to($port);

	$socket->syswrite("POST /webhook/$token/qualify HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nco");
	close $socket;
	ok($node->wait_for_log(qr/\?? \/webhook\/\*\*\*\/?\S*: no answer in/, $from), 'who leaves halfway is seen, too');
}

# ---- the level

$node->append_conf('postgresql.conf', 'referral.log_requests = debug1');
$node->reload;
foreach (1 .. 100)
{
	my $from = -s $node->logfile;

	get_over($port, '/once');
	get_over($port, '/twice');
	last if slurp_file($node->logfile, $from) !~ m{ms, 127};
}
my $from = -s $node->logfile;
get_over($port, '/unseen') foreach 1 .. 3;
unlike(slurp_file($node->logfile, $from), qr{/unseen}, 'nothing is said below the level of the log');

# ---- never

my $secret = substr $token, 4;
unlike(slurp_file($node->logfile, $seen), qr/\Q$secret\E/, 'no token is in the log');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%$secret%' AND pid <> pg_backend_pid()"),
	'0', 'nor in the activity');

$node->stop;
done_testing();
