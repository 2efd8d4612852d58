# A listener that is killed in the middle of calls: each of them was carried out
# whole or not at all, and all that were answered were.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Select;
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main', "referral.listen = '127.0.0.1:$port/shop'",
	'restart_after_crash = on', 'referral.listen_rate = 0');
create_listened($node, 'shop');
my $token = $node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
		SELECT id, 'for both ' || r, r, 'invited_qualifies', 1, 'USD'
		FROM rf_campaign, unnest('{referrer,invited}'::text[]) r;
	INSERT INTO rf_participant (campaign_id, email, code)
		SELECT id, 'r@example.com', 'RRRR' FROM rf_campaign;
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		SELECT id, 'p' || n || '@example.com', 'CODE' || n, 'RRRR'
		FROM rf_campaign, generate_series(1, 6 * 8 * 20) n;
	INSERT INTO rf_webhook (url) VALUES ('http://127.0.0.1:1/');
	SELECT token FROM rf_create_inbound_token('shop');});

sub call_for
{
	my ($code) = @_;
	my $body = "code=$code";

	return "POST /webhook/$token/qualify HTTP/1.1\r\nHost: test\r\n"
	  . "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	  . length($body) . "\r\n\r\n$body";
}

# Eight callers with twenty calls each, sent one behind the other. The listener is
# killed when so many answers came, and the rest is read. Returns whose call was answered.
my $next = 1;

sub kill_among_calls
{
	my ($enough) = @_;
	my ($pid) = listener_pids($node);
	my $select = IO::Select->new;
	my (%codes, %text);
	my $n = 0;

	foreach (1 .. 8)
	{
		my $caller = caller_to($port);
		my @codes = map { 'CODE' . $next++ } 1 .. 20;

		$codes{$caller} = \@codes;
		$text{$caller} = '';
		$select->add($caller);
		$caller->syswrite(join '', map { call_for($_) } @codes);
	}
	while ($select->count && (my @ready = $select->can_read($PostgreSQL::Test::Utils::timeout_default)))
	{
		foreach my $caller (@ready)
		{
			$select->remove($caller) unless $caller->sysread($text{$caller}, 65536, length $text{$caller});
		}
		$n = 0;
		$n += () = /HTTP\/1\.1 /g foreach values %text;
		if ($pid && $n >= $enough)
		{
			kill 'KILL', $pid;
			undef $pid;
		}
	}
	my @answered;
	foreach my $caller (keys %codes)
	{
		my @statuses = $text{$caller} =~ /HTTP\/1\.1 (\d+) .*?\r\n\r\n\{[^}]*\}/sg;

		is_deeply([ grep { $_ != 200 } @statuses ], [], 'all that were answered went well')
		  if grep { $_ != 200 } @statuses;
		push @answered, @{ $codes{$caller} }[ 0 .. $#statuses ];
	}
	return @answered;
}

my @answered;
my $rounds = 6;
foreach my $round (1 .. $rounds)
{
	push @answered, kill_among_calls($round * 16);
	$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	await_listener($node, 'shop');
}
cmp_ok(scalar @answered, '>=', $rounds * 16, 'calls were answered: ' . scalar @answered);
cmp_ok(scalar @answered, '<', $next - 1, 'and some were not');
is( $node->safe_psql('shop',
		"SELECT count(*) FROM rf_participant WHERE state = 'qualified' AND code = ANY ('{"
		  . join(',', @answered) . "}')"),
	scalar @answered,
	'whoever was answered is qualified');
is( $node->safe_psql('shop', q{
		SELECT count(*) FROM rf_participant p
		WHERE p.referred_by IS NOT NULL AND
			((SELECT count(*) FROM rf_reward WHERE subject_id = p.id),
			 (SELECT count(*) FROM rf_event e WHERE e.type = 'invited.qualified' AND e.participant_id = p.id))
			IS DISTINCT FROM
			(CASE WHEN p.state = 'qualified' THEN 2 ELSE 0 END::bigint,
			 CASE WHEN p.state = 'qualified' THEN 1 ELSE 0 END::bigint)}),
	'0', 'nobody is half qualified');
is( $node->safe_psql('shop', q{
		SELECT r.qualified_count - (SELECT count(*) FROM rf_participant p WHERE p.state = 'qualified')
		FROM rf_participant r WHERE r.code = 'RRRR'}),
	'0', 'and the referrer\'s count is right');

# Whoever cancels or ends it by SQL harms nobody either.
my ($pid) = listener_pids($node);
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
is(status_of(get_over($port, '/r/X')), 404, 'cancelled, it goes on');
is_deeply([ listener_pids($node) ], [$pid], 'as the same process');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok( $node->poll_query_until('shop',
		"SELECT state = 'serving' AND pid <> $pid FROM rf_listeners()"),
	'terminated, it is back');
is(status_of(get_over($port, '/r/X')), 404, 'and answers');
$node->stop;
done_testing();
