# A backlog longer than memory holds is sent as a whole, each delivery once; what
# others wait for is not held back; the outbox is emptied when all is done.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;
my $backlog = 12000;

create_served($node, 'shop');
$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url, timeout, retry_schedule) VALUES
		('%s', '60 s', NULL), ('%s', '15 s', NULL), ('%s', '3 s', '{0,1h}')},
	map { $sink->url($_) } '/hold/first', '/ok/other', '/hang'));

# A transaction that is open all the while, with rows before and after.
my $slow = $node->background_psql('shop');
$slow->query_safe('BEGIN');
$slow->query_safe(join_person('slow1@example.com'));

$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT 1, 'p' || i || '\@example.com' FROM generate_series(1, $backlog) i");
$slow->query_safe(join_person('slow2@example.com'));
ok($node->poll_query_until('shop', "SELECT count(*) = $backlog FROM rf_attempt"
		  . " WHERE webhook_id = 2 AND outcome = 'success'"),
	'an endpoint that answers gets its deliveries while another is held');
$slow->query_safe('COMMIT');
$slow->quit;
$sink->release;

ok($node->poll_query_until('shop', "SELECT count(*) = 2 * $backlog + 4 FROM rf_attempt"
		  . " WHERE webhook_id <= 2 AND outcome = 'success'"),
	'a backlog longer than its queue is sent');
is($node->safe_psql('shop', "SELECT count(*) FROM (SELECT FROM rf_attempt"
		  . " WHERE webhook_id <= 2 GROUP BY delivery_id HAVING count(*) > 1) AS twice"), '0',
	'nothing is sent twice');

# The hung endpoint's deliveries are what keeps the outbox.
isnt($node->safe_psql('shop', 'SELECT count(*) FROM rf_outbox'), '0', 'the outbox waits for all');
$node->safe_psql('shop', 'DELETE FROM rf_webhook WHERE id = 3');
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM rf_outbox'),
	'when all is done it is emptied');

# A new worker sends nothing again.
my $attempts = $node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt');
my $pid = worker_pid($node, 'shop');
$node->safe_psql('shop', "SELECT pg_terminate_backend($pid)");
other_worker($node, 'shop', $pid);
$node->safe_psql('shop', join_person('last@example.com'));
ok($node->poll_query_until('shop', "SELECT count(*) = $attempts + 2 FROM rf_attempt"),
	'a new worker sends what is new, and nothing again');

$node->stop;
done_testing();
