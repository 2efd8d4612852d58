# Nobody hears of what a crash can still undo: a session that commits without
# waiting for the disk is seen by the worker before the disk has it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

# The disk gets what nobody waits for every ten seconds.
my $node = served_node('main', 'wal_writer_delay = 10s', 'autovacuum = off');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (url) VALUES ('%s')}, $sink->url('/hold')));

# What is held is not answered, so that nothing is recorded and flushed.
$node->safe_psql('shop', 'SET synchronous_commit = off; ' . join_person('anna@example.com'));
my ($heard) = $sink->await(1);
like($heard->{body}, qr/anna\@example\.com/, 'the receiver hears of it');
$node->stop('immediate');
$node->start;
is( $node->safe_psql('shop', 'SELECT (SELECT count(*) FROM rf_participant),'
		  . ' (SELECT rf_message_id(home, id) FROM rf_event)'),
	"1|$heard->{headers}{'webhook-id'}", 'after a crash it is still there');
$sink->release;
$sink->await(2);
ok($node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_attempt WHERE outcome = 'success'"),
	'and is sent again');

$node->stop;
$sink->stop;
done_testing();
