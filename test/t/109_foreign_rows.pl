# Rows are restored table by table into a database that is served: what waits
# for a webhook that is not there yet is neither deleted nor counted as done, and
# is sent when the home it comes from is known.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;
my $rows = 10050;

create_served($node, 'shop');
$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url) VALUES ('%s')}, $sink->url('/ok/own')));

# More than what is worth emptying.
$node->safe_psql('shop', qq{
	INSERT INTO rf_outbox_0 (id, xid, event_id, webhook_id, body)
		SELECT i, '3', 1000, 77, 'x' FROM generate_series(1, $rows) i;
	SELECT setval('rf_outbox_id_seq', 100000);
	INSERT INTO rf_retry (delivery_id, event_id, webhook_id, attempts, next_at)
		VALUES (20001, 1000, 77, 1, now()), (20002, 1000, 77, 1, 'infinity');
	INSERT INTO rf_dead (delivery_id, event_id, webhook_id, attempts, died_at)
		VALUES (20003, 1000, 77, 9, now())});

sub own_event_is_sent
{
	my ($n) = @_;

	$node->safe_psql('shop', join_person("own$n\@example.com"));
	return $node->poll_query_until('shop', "SELECT count(*) = $n FROM rf_attempt"
		  . ' WHERE webhook_id = 1');
}

sub is_whole
{
	my ($own, $what) = @_;

	is($node->safe_psql('shop', "SELECT (SELECT count(*) FROM rf_outbox),"
			  . ' (SELECT count(*) FROM rf_retry), (SELECT count(*) FROM rf_dead)'),
		$rows + $own . '|2|1', "$what: nothing is lost");
	return;
}

ok(own_event_is_sent(1), 'what is ours is sent meanwhile');
ok(own_event_is_sent(2), 'and more');
is_whole(2, 'without events');

$node->safe_psql('shop', q{
	INSERT INTO rf_event (id, home, type, created_at, payload)
		OVERRIDING SYSTEM VALUE VALUES (1000, 42, 'invited.joined', now(), '{}')});
ok(own_event_is_sent(3), 'with events of another home');
ok(own_event_is_sent(4), 'and more');
is_whole(4, 'without webhook and home');

$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_webhook (id, url) OVERRIDING SYSTEM VALUE VALUES (77, '%s')},
	$sink->url('/ok/restored')));
ok(own_event_is_sent(5), 'with the webhook of those rows');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt WHERE event_id = 1000'), '0',
	'nothing is sent while the home is unknown');

$node->safe_psql('shop', q{
	INSERT INTO rf_home SELECT 42, place, since - interval '1 day' FROM rf_home});
ok($node->poll_query_until('shop', "SELECT count(*) = $rows + 2 FROM rf_attempt"
		  . ' WHERE event_id = 1000'),
	'all of it is sent when the home is known');
is($node->safe_psql('shop', 'SELECT count(*) FROM (SELECT FROM rf_attempt'
		  . ' GROUP BY delivery_id HAVING count(*) > 1) AS twice'), '0', 'each delivery once');

$node->stop;
done_testing();
