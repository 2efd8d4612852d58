# Events and attempts past referral.retention are removed, but never what is pending
# or dead; -1 keeps them all.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main', 'max_prepared_transactions = 2', 'referral.retention = -1');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

# One webhook at a time wants the events, and gets three.
sub three_events
{
	my ($path, $schedule, $state) = @_;
	my $webhook = $node->safe_psql('shop', sprintf(
			"INSERT INTO rf_webhook (url, events, retry_schedule, state)"
			  . " VALUES ('%s', '{referrer.joined}', '%s', '%s') RETURNING id",
			$sink->url($path), $schedule, $state));

	$node->safe_psql('shop', join_person("$state$_$webhook\@example.com")) foreach 1 .. 3;
	return $webhook;
}

sub is_settled
{
	my ($query, $what) = @_;

	ok($node->poll_query_until('shop', $query), $what);
	return;
}

sub silence { $node->safe_psql('shop', "UPDATE rf_webhook SET events = '{invited.joined}'"); return }

sub make_old
{
	$node->safe_psql('shop',
		"UPDATE rf_home SET since = since - interval '1 year';"
		  . "UPDATE rf_event SET created_at = created_at - interval '40 days';"
		  . join '', map { "UPDATE rf_attempt_$_ SET started_at = started_at - interval '40 days';" } 0 .. 3);
	return;
}

my $sent = three_events('/ok', '{0}', 'enabled');
is_settled("SELECT count(*) = 3 FROM rf_attempt WHERE webhook_id = $sent", 'three are delivered');
silence();
my $dead = three_events('/status/500', '{0}', 'enabled');
is_settled("SELECT count(*) = 3 FROM rf_dead WHERE webhook_id = $dead", 'three are dead');
silence();
my $parked = three_events('/ok', '{0}', 'paused');
is_settled("SELECT count(*) = 3 FROM rf_retry WHERE webhook_id = $parked", 'three are parked');
$node->safe_psql('shop',
	'BEGIN; ' . join_person('prepared@example.com') . "; PREPARE TRANSACTION 'late'");
make_old();

$node->restart;
await_state($node, 'shop', 'serving');
is_settled("SELECT worker_state = 'serving' FROM rf_status", 'served again');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_event'), '9', 'for ever: all are kept');

# From now on for 30 days.
silence();
$node->safe_psql('shop', "COMMIT PREPARED 'late'");
make_old();
$node->adjust_conf('postgresql.conf', 'referral.retention', "'30 days'");
$node->restart;
is_settled('SELECT count(*) = 7 FROM rf_event', 'what was delivered long ago is removed');
is( $node->safe_psql('shop',
		"SELECT count(*) FROM rf_event WHERE id IN (SELECT event_id FROM rf_dead UNION ALL SELECT event_id FROM rf_retry)"),
	'7', 'what is dead or waits is not');
is_settled('SELECT count(*) = 0 FROM rf_attempt', 'old attempts are removed');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_outbox'), '0',
	'after the deliveries that they tell to be done');

# What came from another place is not ours to remove, nor what was tried before our time.
$node->safe_psql('shop', q{
	INSERT INTO rf_event (home, type, created_at, payload) VALUES (4711, 'webhook.test', now() - interval '1 year', '{}');
	INSERT INTO rf_attempt_1 (delivery_id, event_id, webhook_id, attempt, started_at, outcome)
		VALUES (0, 0, 0, 1, now() - interval '5 years', 'success')});

# What comes late is sent, and then removed: by a new worker at once, else within an hour.
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled' WHERE id = $parked");
is_settled("SELECT count(*) = 4 FROM rf_attempt WHERE webhook_id = $parked",
	'what was parked or prepared long ago arrives');
$node->restart;
is_settled('SELECT count(*) = 3 FROM rf_event WHERE home <> 4711',
	'and goes in its turn; what is dead stays');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_event WHERE home = 4711'), '1',
	'and so does what came from another place');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt'), '5',
	'new attempts stay, and those from before this place');

$node->stop;
$sink->stop;
done_testing();
