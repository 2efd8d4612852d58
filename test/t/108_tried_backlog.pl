# A new worker meets a backlog longer than its queue with deliveries behind it
# that were tried already: the outbox is not emptied before all is sent.
use strict;
use warnings;

use FindBin;
use IO::Select;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main');
my $receiver = hung_receiver();
my $backlog = 4150;
my $tried = 20;

# Answers that many requests, one at a time, and no more.
my $connection;
my %ids;

sub answer
{
	my ($n) = @_;

	while ($n > 0)
	{
		$connection //= await_request($receiver) // return;
		IO::Select->new($connection)->can_read($PostgreSQL::Test::Utils::timeout_default)
		  or return;
		my $text = '';
		1 while $text !~ /\r\n\r\n/ && $connection->sysread($text, 65536, length $text);
		my ($head, $body) = split /\r\n\r\n/, $text, 2;
		my ($length) = $text =~ /^content-length: (\d+)/im;
		while (length($body // '') < ($length // 0))
		{
			$connection->sysread($body, 65536, length $body) or last;
		}
		unless (defined $length)
		{
			undef $connection;
			next;
		}
		my ($id) = $text =~ /^webhook-id: (\S+)/im;
		$ids{$id}++;
		$connection->syswrite("HTTP/1.1 204 No Content\r\n\r\n");
		$n--;
	}
	return;
}

# Bodies of its own are in the outbox only. Those of the other two webhooks make
# the table large enough to be emptied.
create_served($node, 'shop');
my $url = 'http://127.0.0.1:' . $receiver->sockport . '/';
$node->safe_psql('shop', qq{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url, format, fields, max_in_flight)
		VALUES ('$url', 'fields', '{"who": "participant.email"}', 1);
	INSERT INTO rf_webhook (url) VALUES ('$url'), ('$url')});

my $slow = $node->background_psql('shop');
$slow->query_safe('BEGIN');
$slow->query_safe("INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'p' || i || '\@example.com' FROM generate_series(1, $backlog) i");
$node->safe_psql('shop', 'DELETE FROM rf_webhook WHERE id > 1');
$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'q' || i || '\@example.com' FROM generate_series(1, $tried) i");
answer($tried);
ok($node->poll_query_until('shop', "SELECT count(*) = $tried FROM rf_attempt"), 'some are tried');

my $pid = worker_pid($node, 'shop');
$slow->query_safe("SELECT pg_terminate_backend($pid)");
$slow->query_safe('COMMIT');
$slow->quit;

# As many are left as were tried before.
answer($backlog - $tried);
ok($node->poll_query_until('shop', "SELECT count(*) = $backlog FROM rf_attempt"),
	'most of the backlog is sent');
answer($tried);
is(scalar keys %ids, $backlog + $tried, 'all of it is sent');
is((grep { $_ != 1 } values %ids), 0, 'each delivery once');
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM rf_outbox'),
	'then the outbox is emptied');

$node->stop;
done_testing();
